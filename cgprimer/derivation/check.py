r"""A derivation checked, equality by equality: does it hold, and where does it part?

    v1 = 1/x
    v2 = \sin x
    v3 = v_1 v_2
    \bar v_1 = \bar v_3 v_2 = \cos x        the second '=' is wrong

Both sides are evaluated at random points to more digits than any coincidence has, and
sympy is asked whether they are equal everywhere.

In the last line \bar v_3 v_2 is 1·sin(x) to `Meanings`, which takes adjoints from the
definitions and not from the author: the first '=' passes. At x = -0.73 the second has
-0.669 on its left and 0.743 on its right: it fails, and of the guesses in `hints`
sin(x) in place of cos(x) makes both sides equal at all points.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cgprimer import takes
from cgprimer.derivation.case import Case
from cgprimer.derivation.hints import hint
from cgprimer.derivation.identity import prove
from cgprimer.derivation.meanings import Meanings
from cgprimer.derivation.reader import read_derivation
from cgprimer.derivation.report import (
    DEFINED,
    DerivationReport,
    DerivationRow,
    one_line,
)
from cgprimer.derivation.samples import (
    BothSides,
    Point,
    clearest,
    draw_points,
    same,
    samples,
)
from cgprimer.derivation.script import Equality, Script, Side
from cgprimer.diagnosis.extended import decimal, is_finite, values
from cgprimer.errors import ExpressionError, OptionError
from cgprimer.expr.node import leaves
from cgprimer.interrupts import contained
from cgprimer.judge.verdict import FAIL, INCONCLUSIVE, PASS

TRIES = 10  # boxes and points tried for each point that is wanted
MOST = 10_000  # points asked for; each is computed to 50 digits
FEWEST = 3  # points that vouch for an equality
GUESSED = 3  # points of each kind at which a guess of what is wrong is tried


@contained
def check_derivation(
    text: str,
    *,
    variables: Collection[str] | None = None,
    rng: np.random.Generator | int | None = None,
    points: int = 16,
    symbolic: bool = True,
) -> DerivationReport:
    r"""Check every '=' of a written derivation, numerically and symbolically.

    text : one chain `A = B = C` a line, plain or in a subset of LaTeX; `#` and `%`
        start comments; a line that begins with '=' goes on from the line before.
        A fresh single name on the left is a definition, `v1 = 1/x`; all else claims.
    variables : the names that no line defines; by default every such name.
    rng, points : how many random points each claim must hold at, and their source.
    symbolic : whether to ask sympy, too, which may take some seconds for a claim.

    Adjoints (`\bar v_1`, `\bar{v}_1`, `bar_v1`, `v1_bar`) and derivatives
    (`\frac{\partial v_3}{\partial v_1}`, `∂v3/∂v1`, `dv3/dv1`) are the true ones, from
    the definitions by reverse accumulation. The output, whose adjoint is 1, is the
    name v with a line `\bar v = 1`, or else the last one defined. ∂ is the partial of
    one equation where the name occurs in it, and otherwise the same as d. `e` is
    Euler's number unless it is defined or one of `variables`.

    A claim passes where both sides agree to 20 digits at every point at which both are
    real and finite. Bare decimals of three digits or more count as rounded.
    Raises ExpressionError, with carets, for what cannot be read.

    >>> from cgprimer import check_derivation
    >>> report = check_derivation("y = x^2*sin(x)\ndy/dx = 2*x*sin(x) - x^2*cos(x)")
    >>> print(report.first_wrong.remark)
    the term - x^2*cos(x) has the wrong sign on one side
    """
    takes.text(text=text)
    takes.flag(symbolic=symbolic)
    if not takes.is_count(points) or not FEWEST <= points <= MOST:
        said = takes.quote(points)
        raise OptionError(
            f"points is {said}: it must be {FEWEST} or more, and at most {MOST:,}"
        )
    script = read_derivation(text, variables)
    if script.unread:
        raise ExpressionError(script.problems())
    pool = draw_points(script.free, takes.generator(rng), points * TRIES)
    checking = _Checking(Meanings(script), pool, points, symbolic)
    return DerivationReport(tuple(checking.rows(script)))


@dataclass(frozen=True)
class _Checking:
    """What the equalities of one script are held against.

    points : how many of the pool each of them is compared at.
    symbolic : whether sympy is asked.
    """

    meanings: Meanings
    pool: Sequence[Point]
    points: int
    symbolic: bool

    def rows(self, script: Script) -> list[DerivationRow]:
        """One for every equality."""
        rows = []
        head = last = None
        for equality in script.equalities:
            # A = B = C is one chain, which is also held against its first side.
            if head is None or equality.left is not last:
                head = equality.left
            rows.append(self._row(equality, head))
            last = equality.right
        return rows

    def _row(self, equality: Equality, head: Side) -> DerivationRow:
        if equality.defines:
            return _row(equality, DEFINED)
        sides = equality.left.node, equality.right.node
        left, right = map(self.meanings.close, sides)
        tried = list(samples(left, right, self.pool, self.points))
        met = [sample for sample in tried if sample.compares]
        names = {*leaves(left), *leaves(right)}
        if not all(sample.agrees(equality) for sample in met):
            return self._wrong(equality, met, names)
        # 1 + 1 = 2 has one value only.
        if len(met) < (FEWEST if names else 1):
            return _row(equality, INCONCLUSIVE, _reason(tried), points=len(met))
        rounded = not all(same(s.left, s.right) for s in met)
        # A decimal that was rounded is never equal symbolically.
        symbolic = prove(left, right) if self.symbolic and not rounded else ""
        remark = "to the digits written" if rounded else _aside(tried)
        remark = self._against_head(equality, head, met) or remark
        example = clearest(met, names)
        return _row(equality, PASS, remark, example, len(met), symbolic)

    def _wrong(
        self, equality: Equality, met: Sequence[BothSides], names: set[str]
    ) -> DerivationRow:
        apart = [sample for sample in met if not sample.agrees(equality)]
        # Points that agree speak for a condition that is missing; those where both
        # sides are 1e30 agree by swallowing the difference.
        agreed = [s for s in met if s.agrees(equality) and s.is_telling]
        some = [*apart[:GUESSED], *agreed[:GUESSED]]
        case = Case(equality, self.meanings, [sample.at for sample in some])
        remark = hint(case) or _condition(len(agreed), len(agreed) + len(apart))
        return _row(equality, FAIL, remark, clearest(apart, names), len(met))

    def _against_head(
        self, equality: Equality, head: Side, met: Sequence[BothSides]
    ) -> str:
        """That a chain agrees with itself and yet not with what it set out from."""
        if head is equality.left:
            return ""
        node = self.meanings.close(head.node)
        for sample in met:
            truth = values([node], sample.at, decimal)[node]
            # A = B wrong and B = C right: C agrees with B and not with A.
            against = replace(sample, left=truth)
            if is_finite(truth) and not against.agrees(equality):
                return f"but neither is {one_line(head.text)}"
        return ""


def _row(
    equality: Equality,
    verdict: str,
    remark: str = "",
    sample: BothSides | None = None,
    points: int = 0,
    symbolic: str = "",
) -> DerivationRow:
    left, right = equality.left, equality.right
    return DerivationRow(
        line=right.number,
        left=left.text,
        right=right.text,
        verdict=verdict,
        symbolic=symbolic,
        remark=remark,
        at=sample.at if sample else {},
        left_value=float(sample.left) if sample else None,
        right_value=float(sample.right) if sample else None,
        points=points,
        text=right.line,
        start=right.start,
        end=right.end,
    )


def _condition(agreed: int, met: int) -> str:
    if not agreed:
        return ""
    return f"it holds at {agreed} of {met} points: does it need a condition?"


def _reason(samples: Sequence[BothSides]) -> str:
    """Why there is nothing to compare."""
    sides = {"left": [s.left for s in samples], "right": [s.right for s in samples]}
    for side, column in sides.items():
        if not any(map(is_finite, column)):
            return f"the {side} side has no real finite value at any point tried"
    count = sum(sample.compares for sample in samples)
    return f"both sides are real and finite at only {count} of {len(samples)} points"


def _aside(samples: Sequence[BothSides]) -> str:
    """That one side goes further than the other, where it does."""
    for side, other in (("left", "right"), ("right", "left")):
        if any(
            is_finite(getattr(s, side)) and not is_finite(getattr(s, other))
            for s in samples
        ):
            return f"only where the {other} side is real and finite, too"
    return ""
