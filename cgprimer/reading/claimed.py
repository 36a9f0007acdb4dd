r"""Claims in LaTeX: which derivative each line is about, and its formula.

    \frac{\partial x_z}{\partial w} = x_a   ─ claimed_lines ─▶  (x_z, w), a span
    x_a \left(1 - x_z^2\right)              ─ read_formula ─▶  xa*(1 - xz^2)

`judge.claims` asks for both; names are those of a graph where they are spelled alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import NamedTuple

from cgprimer.errors import ExpressionError, Mistake
from cgprimer.expr.node import Node, leaves, substitute
from cgprimer.expr.ops import name
from cgprimer.reading.alphabet import matched, spellings
from cgprimer.reading.differentials import Differentials
from cgprimer.reading.formula import Formula, Stretch
from cgprimer.reading.letters import Letters
from cgprimer.reading.lexicon import Lexicon
from cgprimer.reading.lines import Span, Statement, statements
from cgprimer.reading.names import derivative_like
from cgprimer.reading.readings import Readings
from cgprimer.reading.scaffolding import bare
from cgprimer.reading.specials import Differentiated
from cgprimer.reading.translate import translate
from cgprimer.reading.vocabulary import Vocabulary
from cgprimer.types import Edge


class Claimed(NamedTuple):
    """A line that claims a derivative: of what, where it says so, and the formula.

    edge : None where it claims none.
    """

    edge: Edge | None
    number: int
    line: str
    left: Span
    right: Span


def claimed_lines(text: str) -> Iterator[Claimed]:
    """What each statement of a text claims."""
    for one in statements(text):
        spans, edge = _sides(one)
        yield Claimed(edge, one.number, one.line, *spans)


def _sides(statement: Statement) -> tuple[list[Span], Edge | None]:
    """Both sides of `∂y/∂x = …`, and (y, x)."""
    try:
        spans, _ = statement.sides(follows=False)
        tokens = Differentials(statement.clean, *spans[0], Lexicon())
        found = tokens.derivative(0)
        named = tokens.name(found.of[0]) if found else None
    except ExpressionError:
        return [statement.trimmed] * 2, None
    if not (found and named and len(found.by) == 1 and len(spans) == 2):
        return [statement.trimmed] * 2, None
    ends = named[1] == found.of[1] and not tokens.tokens[found.to]
    return spans, (named[0], found.by[0].text) if ends else None


def read_formula(
    line: str, span: Span, names: Collection[str]
) -> tuple[Node, dict[str, Span]]:
    """A formula over the names of a graph, and where each name stands.

    Names that are none of these are left as they are. ExpressionError, with carets.
    """
    clean = bare(line)
    letters = Letters.of(clean[slice(*span)], latex=True)
    told = spellings(names)
    context = Lexicon(told, letters=letters, told=True)
    try:
        formula = translate(clean, *span, context)
    except ExpressionError as error:
        raise ExpressionError([replace(error.problems[0], text=line)]) from None
    formula = replace(formula, line=line)
    for place in _derivatives(formula, line):
        mistake = Mistake(
            "a claim holds no other derivative", line, place.start, place.end,
            "write its formula",
        )  # fmt: skip
        raise ExpressionError([mistake])
    vocabulary = Vocabulary(None)
    vocabulary.free |= dict.fromkeys(told)
    root = Readings(vocabulary, context, line).node(formula)
    new = matched(leaves(root), names)
    by = {name(text): name(new[text]) for text in new}
    places = {piece.text: (piece.start, piece.end) for piece in formula.names}
    return substitute([root], by)[0], places


def _derivatives(formula: Formula, line: str) -> Iterator[Stretch]:
    """Where derivatives stand in a formula."""
    yield from (piece for piece in formula.names if derivative_like(piece, line))
    yield from (
        place for place, what in formula.specials if isinstance(what, Differentiated)
    )
