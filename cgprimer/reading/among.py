r"""Equations in LaTeX among plain ones.

    ["xy = ab*xa", r"z = \frac{x_y}{2}"] ─ read_among ─▶ xy = ab*xa, z = xy/2

`graph.read` asks where equations are none of the language, and what is one stays as it
is. Names are those of the plain equations where they are spelled alike.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import NamedTuple

from cgprimer.errors import ExpressionError, Mistake, shorten
from cgprimer.expr.node import leaves
from cgprimer.expr.ops import CONSTANTS, FUNCTIONS
from cgprimer.expr.spelled import Spelled
from cgprimer.expr.tokens import NAME, is_latex
from cgprimer.graph.given import Note
from cgprimer.grouping import grouped
from cgprimer.reading.alphabet import called, spellings
from cgprimer.reading.definitions import (
    Definition,
    definitions,
    passed_by,
    wrong_lines,
)
from cgprimer.reading.from_latex import keywords
from cgprimer.reading.letters import FEW
from cgprimer.reading.reader import read_lines
from cgprimer.reading.script import Equality, Script

_DISPLAY = re.compile(
    r"\\begin\s*\{([a-z]+\*?)\}.*?\\end\s*\{\1\}|\$\$.*?\$\$|\\\[.*?\\\]", re.DOTALL
)


class Among(NamedTuple):
    """All equations as texts, and how those in LaTeX are read.

    notes : as of `given.texts_of`. declared : parameters and variables. said : which of
    two readings was taken.
    """

    texts: list[str]
    notes: list[Note]
    readings: dict[int, Spelled]
    declared: tuple[tuple[str, ...], tuple[str, ...]]
    said: list[str]


def read_among(
    whole: str | None,
    texts: Sequence[str],
    notes: Sequence[Note],
    problems: Mapping[int, list[Mistake]],
    declared: tuple[tuple[str, ...], tuple[str, ...]],
) -> Among:
    """The equations of a list, or of the `whole` text, of which some have problems.

    Raises ExpressionError with all that is wrong.
    """
    if whole is None:
        ours = {n for n in problems if is_latex(texts[n])}
    else:
        ours = {*problems, *_displayed(whole, notes)}
    plain = {n: text for n, text in enumerate(texts) if n not in ours}
    lines = [note[0][1] for note in notes] or [2 * n + 1 for n in range(len(texts))]
    source = _listed(texts, ours) if whole is None else _without(whole, notes, plain)
    words = {word for text in plain.values() for word in NAME.findall(text)}
    told = {*words, *declared[0], *declared[1]} - {*FUNCTIONS, *CONSTANTS}
    script = read_lines(source, stated=spellings(told), latex=True)
    wrong = [*wrong_lines(script)]
    if wrong:
        wrong += [(lines[n], each) for n in plain for each in problems.get(n, ())]
        raise ExpressionError(
            replace(each, message=f"line {number}: " * bool(notes) + each.message)
            for number, each in sorted(wrong, key=itemgetter(0))
        )
    found = definitions(script, told)
    entries: list[tuple[int, str, Spelled | None]] = [
        *((lines[n], text, None) for n, text in plain.items()),
        *((one.number, one.text, one.spelled) for one in found.values()),
    ]
    entries.sort(key=itemgetter(0))
    more = keywords(found, told)
    return Among(
        [text for _, text, _ in entries],
        [((0, line),) for line, _, _ in entries if notes],
        {n: read for n, (_, _, read) in enumerate(entries) if read},
        ((*declared[0], *more[0]), (*declared[1], *more[1])),
        [
            *_said(script, found),
            *_doubts(plain.values(), found, declared),
            *_alike(found, told),
        ],
    )


def _listed(texts: Sequence[str], ours: Collection[int]) -> str:
    """Texts below one another; the empty lines between are the ends of each."""
    return "\n\n".join(
        text.replace("\n", " ") if n in ours else "" for n, text in enumerate(texts)
    )


def _without(whole: str, notes: Sequence[Note], plain: Collection[int]) -> str:
    """The text with the lines of plain equations empty."""
    empty = {number for n in plain for _, number in notes[n]}
    lines = enumerate(whole.replace("\u2028", "\n").split("\n"), 1)
    return "\n".join("" if number in empty else line for number, line in lines)


def _displayed(whole: str, notes: Sequence[Note]) -> Iterator[int]:
    """The equations in displays: there all lines are LaTeX, also `z = ax`."""
    inside = set[int]()
    for found in _DISPLAY.finditer(whole):
        first = whole.count("\n", 0, found.start()) + 1
        inside.update(range(first, first + found[0].count("\n") + 1))
    return (n for n, note in enumerate(notes) if any(k in inside for _, k in note))


def _said(script: Script, found: Mapping[str, Definition]) -> Iterator[str]:
    """A sentence for each choice that another would have made otherwise."""
    for one in passed_by(script):
        yield f"'{_shown(one)}' is passed by, as it follows from the equations"
    for each in found.values():
        if each.equality.note:
            yield f"{each.equality.note} in '{_shown(each.equality)}'"


def _doubts(
    plain: Iterable[str],
    found: Mapping[str, Definition],
    declared: Iterable[Iterable[str]],
) -> Iterator[str]:
    """A sentence for each name of a plain equation that is a product in LaTeX."""
    letters = {text for one in found.values() for text in (one.name, *leaves(one.body))}
    known = letters.union(*declared, FUNCTIONS, CONSTANTS)
    for text in plain:
        for word in NAME.findall(text):
            if 1 < len(word) <= FEW and letters.issuperset(word) and word not in known:
                mend = f"write {'*'.join(word)} for a product"
                yield f"{word} is one name in '{shorten(text.strip(), 60)}': {mend}"


def _alike(found: Mapping[str, Definition], told: Collection[str]) -> Iterator[str]:
    """A sentence for each name that x_{1} may be as well, where x1 and x_1 are two."""
    used = {text for one in found.values() for text in (one.name, *leaves(one.body))}
    by = grouped((called(text), text) for text in told)
    for text in sorted(used.intersection(told)):
        for other in by[called(text)]:
            if other != text:
                yield f"{text} is read where {other} may be meant"


def _shown(one: Equality) -> str:
    return shorten(one.left.line[one.left.start : one.right.end], 60)
