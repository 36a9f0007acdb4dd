"""Where a wrong equality holds: for positive x, or where a relu is active.

    relu(x) = x, points where it holds, points where it does not  ─▶  "x > 0"

`check` says so of a line that fails at some points only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cgprimer.derivation.checking.samples import BothSides
from cgprimer.diagnosis.extended import decimal, values
from cgprimer.diff.kinks import kink_conditions
from cgprimer.expr.node import Node, leaves
from cgprimer.expr.ops import OPS, ZERO, name
from cgprimer.notation.text import show
from cgprimer.reading.meanings import Meanings
from cgprimer.reading.script import Equality

FEWEST = 2  # points where it holds; a single one may hold by chance


def condition(agreed: Sequence[BothSides], apart: Sequence[BothSides]) -> str:
    """`it holds at 8 of 16 points: does it need a condition?`"""
    if len(agreed) < FEWEST:
        return ""
    return f"it holds {_count(agreed, apart)}: does it need a condition?"


def switch(
    equality: Equality,
    meanings: Meanings,
    agreed: Sequence[BothSides],
    apart: Sequence[BothSides],
) -> str:
    """The same with the sign that decides; nothing where none does."""
    for node in _switches(equality, meanings) if len(agreed) >= FEWEST else ():
        closed = meanings.close(node)
        signs = [[_sign(closed, one) for one in some] for some in (agreed, apart)]
        for relation, towards in ((">", 1), ("<", -1)):
            # A line that holds on one side of a kink, and nowhere on the other.
            if {*signs[0]} == {towards} and towards not in signs[1]:
                where = f"only where {_comparison(node, relation)}"
                count = _count(agreed, apart)
                return f"it holds {where}, {count}: does it need a condition?"
    return ""


def _count(agreed: Sequence[BothSides], apart: Sequence[BothSides]) -> str:
    return f"at {len(agreed)} of {len(agreed) + len(apart)} points"


def _switches(equality: Equality, meanings: Meanings) -> Iterator[Node]:
    """Expressions whose sign may decide: arguments of relu, abs, max, then names."""
    seen: set[Node] = set()
    for side in (equality.left, equality.right):
        written = kink_conditions(side.node)
        for node in (*written, *kink_conditions(meanings.close(side.node))):
            if node not in seen:
                seen.add(node)
                yield node
    closed = [meanings.close(side.node) for side in (equality.left, equality.right)]
    yield from map(name, dict.fromkeys(text for c in closed for text in leaves(c)))


def _sign(node: Node, sample: BothSides) -> int:
    value = values([node], sample.at, decimal)[node]
    return int(value > 0) - int(value < 0)


def _comparison(node: Node, relation: str) -> str:
    """`x > 0`, and `a > b` for the sign of a - b."""
    if node.op is OPS["sub"]:
        left, right = node.args
        return f"{show(left)} {relation} {show(right)}"
    return f"{show(node)} {relation} {show(ZERO)}"
