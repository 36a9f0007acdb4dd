"""Notations of papers and programs for arrays, in those of the language of arrays.

    "Wᵀx ⊙ h" ─ read_array_print ─▶ "W'x*h"        "np.dot(a, b)" ─▶ "(a @ b)"

A sign or a function is a row of a table. What may mean two things, as A·B, is left as
it is, and so refused. `expr.array_syntax` asks, as its parent asks `printed` and
`pasted`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cgprimer.expr.pasted import read_line, read_pasted
from cgprimer.expr.printed import read_print
from cgprimer.expr.spelled import Edit, Spelled
from cgprimer.expr.tokens import STRAY

_PRINTED = {"⊙": "*", "∘": "*", "⊤": "'", "ᵀ": "'", "′": "'", "’": "'", "″": "''"}
# A product of numbers where one of them is a number, and else of two meanings.
_PRODUCT = re.compile("[·⋅∙•×✕]")
_NUMBER_BEFORE = re.compile(r"(?:^|[^\w.])[\d.]+\s*$|[½⅓⅔¼¾]\s*$")
_NUMBER_BEHIND = re.compile(r"\s*(?:[\d.]+(?![\w.])|[½⅓⅔¼¾])")
_SIGN = re.compile(rf"\^?\s*[⊤ᵀ]|[{''.join(_PRINTED)}]")


def read_array_print(text: str | Spelled, start: int = 0) -> Spelled:
    """The text with `text[start:]` in signs of the language and letters."""
    spelled = Spelled(text) if isinstance(text, str) else text
    if spelled.text.isascii():
        return spelled
    spelled = spelled.rewrite(_signs(spelled.text, start))
    return read_print(spelled, start)


def read_array_pasted(spelled: Spelled, start: int = 0) -> Spelled:
    """The same for notations of programs."""
    return read_pasted(spelled, start)


def read_array_line(spelled: Spelled) -> Spelled:
    """The same for a whole equation, with what stands round it."""
    return read_line(spelled)


def _signs(text: str, start: int) -> Iterator[Edit]:
    for match in _SIGN.finditer(text, start):
        yield Edit(*match.span(), _PRINTED[match[0][-1]])
    for match in _PRODUCT.finditer(text, start):
        at, end = match.span()
        before, behind = text[max(0, at - 40) : at], text[end : end + 40]
        if not (_NUMBER_BEFORE.search(before) or _NUMBER_BEHIND.match(behind)):
            yield Edit(at, end, STRAY)
