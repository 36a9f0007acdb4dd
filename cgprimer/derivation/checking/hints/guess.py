"""A guess of what is wrong: a sentence, and the right side without the mistake.

Every module of this folder yields some; `hint` takes the first that is right.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

from cgprimer.derivation.checking.case import Case, times
from cgprimer.derivation.checking.samples import same
from cgprimer.diagnosis.extended import context
from cgprimer.expr.node import Node
from cgprimer.expr.ops import OPS, const
from cgprimer.expr.tidy import tidy

SIMPLE = 1000  # the largest denominator of a factor that is named


class Guess(NamedTuple):
    """What a mistake looks like, and the right side without it, where that is known."""

    says: str
    mended: Node | None = None


def is_right(case: Case, node: Node, sign: int = 1, wrong: bool = False) -> bool:
    """Whether an expression is the left side, or `sign` times the wrong right side."""
    # There are hundreds to try: one point refuses most of them.
    for points in (case.points[:1], case.points):
        told = [case.column_at(node, points), (case.right if wrong else case.left)]
        if not case.holds(times(told[0], sign), told[1][: len(points)]):
            return False
    return True


def spell_factor(ratio: Any) -> str:
    """A factor as people write it: 2, 1/3, -pi/2, 1.2345."""
    mp = context()
    # 3.14159… is π, and 1.5707… is 1/2·π.
    for unit, text in ((mp.one, ""), (mp.pi, "pi"), (1 / mp.pi, "1/pi")):
        part = Fraction(str(mp.nstr(ratio / unit, 30))).limit_denominator(SIMPLE)
        # What is 1 in fifty digits is told in those that differ, or not at all.
        is_one = part == 1 and not text
        if (
            part
            and not is_one
            and same(ratio, unit * part.numerator / part.denominator)
        ):
            return f"{part}·{text}" if text and part != 1 else text or str(part)
    texts = (str(mp.nstr(ratio, digits)) for digits in (6, 9, 12, 15, 18, 21))
    # 1.0000001 in six digits is 1.
    return next((t for t in texts if float(t) != 1), "nearly 1")


def divided(node: Node, ratio: Any) -> Node | None:
    """`node` over a simple fraction."""
    part = Fraction(str(context().nstr(ratio, 30))).limit_denominator(SIMPLE)
    if not part or not same(ratio, context().mpf(part.numerator) / part.denominator):
        return None
    times_below = tidy(OPS["mul"], const(part.denominator), node)
    return tidy(OPS["div"], times_below, const(part.numerator))
