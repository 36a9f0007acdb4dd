"""Notations of papers and programs for arrays, in those of the language of arrays.

    "Wᵀ@x ⊙ h" ─ read_array_print ─▶ "W'@x*h"
    "np.dot(a, b.T).sum(axis=0)" ─ read_array_pasted ─▶ "sum(((a) @ (b.T)), axis=0)"

A sign or a function is a row of a table. What may mean two things, as A·B, or means
another thing there, as `np.cumsum(x)` of a whole array, is left as it is, and so
refused. `expr.array_syntax` asks, as its parent asks `printed` and `pasted`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cgprimer.expr.array_tokens import ARRAY_TOKEN
from cgprimer.expr.ops import FUNCTIONS
from cgprimer.expr.pasted import MODULE, STEPS, read_line, read_pasted
from cgprimer.expr.printed import read_print
from cgprimer.expr.spelled import Edit, Spelled
from cgprimer.expr.tokens import STRAY

_PRINTED = {
    "⊙": "*",
    "∘": "*",
    "⊤": "'",
    "ᵀ": "'",
    "′": "'",
    "’": "'",
    "″": "''",
}
# Of a matrix it is the inverse, of a number 1/x.
_INVERSE = re.compile("⁻¹(?![⁰¹²³⁴-⁹])")
_SIGN = re.compile(rf"\^?\s*[⊤ᵀ]|[{''.join(_PRINTED)}]")
# A product of numbers where one of them is a number, and else of two meanings.
_PRODUCT = re.compile("[·⋅∙•×✕]")
_NUMBER_BEFORE = re.compile(r"(?:^|[^\w.])[\d.]+\s*$|[½⅓⅔¼¾]\s*$")
_NUMBER_BEHIND = re.compile(r"\s*(?:[\d.]+(?![\w.])|[½⅓⅔¼¾])")

_PLAIN = r"(?:np|numpy|jnp)\."  # whose defaults are ours; those of torch differ
_TOP = (
    r"\^\s*(?:\\top|\\intercal|\{\s*(?:\\top|\\intercal|\\mathsf\s*\{\s*T\s*\})\s*\})"
)
_ALIKE = (
    "sum", "mean", "prod", "where", "outer", "trace", "einsum", "tril", "matmul",
    "logsumexp",
)  # fmt: skip
_OF_AN_AXIS = ("cumsum", "flip", "softmax", "stack", "take", "squeeze", "logsumexp")
# Pattern, and what is read in place of its first group; the rest of a call is as it is.
_SPELLINGS: tuple[tuple[str, str], ...] = (
    (rf"({MODULE}(?:maximum|fmax))\s*\(", "max"),
    (rf"({MODULE}(?:minimum|fmin))\s*\(", "min"),
    (rf"({MODULE}(?:fabs|absolute))\s*\(", "abs"),
    (rf"({MODULE}(?:pi|PI))\b(?!\s*\()", "pi"),
    (rf"({MODULE})(?:{'|'.join(_ALIKE)})\s*\(", ""),
    (rf"({_PLAIN})var\s*\(", ""),
    (rf"({MODULE})(?:{'|'.join(_OF_AN_AXIS)})\s*\((?=[^()]*\baxis\s*=)", ""),
    # Of a whole array, or along an axis that is named; max(a, b) is of two.
    (rf"({MODULE}(?:amax|max))\s*\(\s*[\w.']+\s*(?:\)|,\s*axis\s*=)", "max"),
    (rf"({MODULE}(?:amin|min))\s*\(\s*[\w.']+\s*(?:\)|,\s*axis\s*=)", "min"),
    (rf"({MODULE}linalg\.)(?:inv|det|solve|cholesky)\s*\(", ""),
    (rf"({MODULE}(?:linalg\.)?norm)\s*\(\s*[\w.']+\s*\)", "norm2"),
    (_TOP.join("()"), "'"),
)
_COMPILED = [(re.compile(pattern), new) for pattern, new in _SPELLINGS]
_OF_MODULE = re.compile(rf"({MODULE})([^\W\d_]\w*+)\s*\(")
_FORM = re.compile(r"einsum\s*\(\s*(')[\w\s,>-]*(')")
_BY_ENTRY = re.compile(r"(\.)[*/^']")
_OF_NUMBER = re.compile(r"(?<![\w.])[\d.]++\s*+\*(?!\*)|(?<![.*])\*\s*+[\d.]++(?!\w)")
_STAR = re.compile(r"(?<![.*])\*(?!\*)")
_PRODUCTS = frozenset(["dot", "matmul", "mm", "mv"])
_NUMPY = frozenset(["np", "numpy", "jnp", "torch"])
_METHODS = {
    name: name for name in ("sum", "mean", "prod", "trace", "det", "flatten")
} | {"max": "max", "min": "min", "norm": "norm2", "inverse": "inv"}
_MOST, _LONG = 50, 10_000  # methods of one text, and its characters


def read_array_print(text: str | Spelled, start: int = 0) -> Spelled:
    """The text with `text[start:]` in signs of the language and letters."""
    spelled = Spelled(text) if isinstance(text, str) else text
    if spelled.text.isascii():
        return spelled
    spelled = spelled.rewrite(_signs(spelled.text, start))
    return read_print(spelled, start)


def read_array_pasted(spelled: Spelled, start: int = 0) -> Spelled:
    """The same for notations of programs."""
    steps = STEPS | {"spellings": _spellings, "bars": _forms}
    spelled = read_pasted(spelled, start, steps.values())
    for _ in range(_MOST * (len(spelled.text) < _LONG)):
        after = spelled.rewrite(_method(spelled.text, start))
        if after is spelled:
            break
        spelled = after
    return spelled


def read_array_line(spelled: Spelled) -> Spelled:
    """The same for a whole equation, with what stands round it."""
    return read_line(spelled, read_array_pasted)


def _signs(text: str, start: int) -> Iterator[Edit]:
    for match in _SIGN.finditer(text, start):
        yield Edit(*match.span(), _PRINTED[match[0][-1]])
    for match in _INVERSE.finditer(text, start):
        yield Edit(*match.span(), STRAY)
    for match in _PRODUCT.finditer(text, start):
        at, end = match.span()
        before, behind = text[max(0, at - 40) : at], text[end : end + 40]
        if not (_NUMBER_BEFORE.search(before) or _NUMBER_BEHIND.match(behind)):
            yield Edit(at, end, STRAY)


def _spellings(text: str, start: int) -> Iterator[Edit]:
    for pattern, new in _COMPILED:
        for match in pattern.finditer(text, start):
            yield Edit(*match.span(1), new)
    for match in _OF_MODULE.finditer(text, start):
        if match[2] in FUNCTIONS and match[2] not in ("max", "min"):
            yield Edit(*match.span(1), "")
    # In MATLAB, which writes .* for entries, * is the product of matrices.
    if not _STAR.search(_OF_NUMBER.sub(" ", text[start:])):
        for match in _BY_ENTRY.finditer(text, start):
            yield Edit(*match.span(1), "")


def _forms(text: str, start: int) -> Iterator[Edit]:
    """The string of an einsum in the quotes of the language."""
    for match in _FORM.finditer(text, start):
        yield Edit(*match.span(1), '"')
        yield Edit(*match.span(2), '"')


class _Call:
    """The calls in a text: tokens, and for each bracket the other one."""

    def __init__(self, text: str, start: int) -> None:
        self.matches = [*ARRAY_TOKEN.finditer(text, start)]
        self.texts = [match[0] for match in self.matches] + ["", "", ""]
        self.other: dict[int, int] = {}
        opened: list[int] = []
        for at, token in enumerate(self.texts):
            if token in ("(", "["):
                opened.append(at)
            elif token in (")", "]") and opened:
                begin = opened.pop()
                self.other[begin], self.other[at] = at, begin

    def commas(self, opened: int) -> list[int]:
        """The commas of a call, not those of calls within it."""
        found, at, end = [], opened + 1, self.other[opened]
        while at < end:
            if self.texts[at] == ",":
                found.append(at)
            at = max(at, self.other.get(at, at)) + 1
        return found

    def begin(self, at: int) -> int | None:
        """Where the value that ends at a token begins: a name, call or bracket."""
        texts = self.texts
        while True:
            before = texts[at - 1] if at else ""
            if texts[at] == "'" and at:
                at -= 1
            elif texts[at] == "T" and before == "." and at > 1:
                at -= 2
            elif texts[at] == "]" and self.other.get(at):
                at = self.other[at] - 1
            elif texts[at] == ")" and at in self.other:
                opened = self.other[at]
                if not opened or not texts[opened - 1][:1].isalpha():
                    return opened
                at = opened - 1
                return None if at and texts[at - 1] == "." else at
            else:
                return at if texts[at][:1].isalpha() and before != "." else None


def _product(calls: _Call, at: int) -> Iterator[Edit]:
    """np.dot(a, b) is ((a) @ (b)); `at` is the point."""
    opened = at + 2
    commas = calls.commas(opened)
    if calls.texts[at - 1] not in _NUMPY or len(commas) != 1:
        return
    yield Edit(calls.matches[at - 1].start(), calls.matches[opened].end(), "((")
    yield Edit(*calls.matches[commas[0]].span(), ") @ (")
    yield Edit(*calls.matches[calls.other[opened]].span(), "))")


def _method(text: str, start: int) -> Iterator[Edit]:
    """The first method of a value in a text as a function: x.sum(axis=0)."""
    if "." not in text:
        return
    calls = _Call(text, start)
    for at, token in enumerate(calls.texts):
        end = calls.other.get(at + 2)
        if token != "." or not at or end is None or calls.texts[at + 2] != "(":
            continue
        name, begin = calls.texts[at + 1], calls.begin(at - 1)
        if name in _PRODUCTS and (edits := [*_product(calls, at)]):
            yield from edits
            return
        place = slice(calls.matches[at].start(), calls.matches[at + 2].end())
        if begin is None:
            continue
        first = calls.matches[begin].start()
        alone = end == at + 3
        if name in _PRODUCTS and not alone and not calls.commas(at + 2):
            yield Edit(first, first, "(")
            yield Edit(place.start, place.stop, " @ (")
            yield Edit(*calls.matches[end].span(), "))")
            return
        if name in ("t", "transpose") and alone:
            yield Edit(place.start, calls.matches[end].end(), "'")
            return
        function = _METHODS.get(name) or (name if name in FUNCTIONS else "")
        if function and (alone or calls.texts[at + 4] == "="):
            yield Edit(first, first, f"{function}(")
            yield Edit(place.start, place.stop, "" if alone else ", ")
            return
