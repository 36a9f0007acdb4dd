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

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np

from cgprimer import takes
from cgprimer.derivation.hints import Case, Point, hint, same
from cgprimer.derivation.identity import shown
from cgprimer.derivation.meanings import Meanings
from cgprimer.derivation.reader import read_derivation
from cgprimer.derivation.report import (
    DEFINED,
    DerivationReport,
    DerivationRow,
    one_line,
)
from cgprimer.derivation.script import Equality, Script, Side
from cgprimer.diagnosis.extended import Number, decimal, is_finite, values
from cgprimer.errors import OptionError
from cgprimer.expr.node import Node, leaves
from cgprimer.interrupts import contained
from cgprimer.judge.verdict import FAIL, INCONCLUSIVE, PASS

BOXES = (
    (0.1, 1.0), (-1.0, 1.0), (0.5, 4.0), (-3.0, 3.0),
    (-4.0, -0.5), (1.0, 12.0), (-12.0, 12.0), (-60.0, 60.0),
)  # fmt: skip
"""Where points come from, in turn: one sign and both, small and far out."""
TRIES = 10  # boxes and points tried for each point that is wanted
MOST = 10_000  # points asked for; each is computed to 50 digits
FEWEST = 3  # points that vouch for an equality
HUGE = 1e10  # sides beyond it, or below its inverse, swallow what is added to them
WRITTEN = 3  # significant digits from which a bare decimal counts as rounded


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
        said = takes.shown(points)
        raise OptionError(
            f"points is {said}: it must be {FEWEST} or more, and at most {MOST:,}"
        )
    script = read_derivation(text, variables)
    meanings = Meanings(script)
    pool = _pool(script, takes.generator(rng), points * TRIES)
    rows = []
    head: Side | None = None
    previous: Equality | None = None
    for equality in script.equalities:
        # A = B = C is one chain, which is also held against its first side.
        follows = previous is not None and equality.left is previous.right
        if not follows or head is None:
            head = equality.left
        rows.append(_row(equality, meanings, pool, points, head, symbolic))
        previous = equality
    return DerivationReport(tuple(rows))


def _pool(script: Script, rng: np.random.Generator, count: int) -> list[Point]:
    """Random values for the free names."""
    return [
        # All names of one point from one box: log(a - b) needs a and b of like sizes.
        {name: float(rng.uniform(*BOXES[i % len(BOXES)])) for name in script.free}
        for i in range(count)
    ]


@dataclass(frozen=True)
class _Sample:
    """Both sides at one point."""

    at: Point
    left: Number
    right: Number

    @property
    def compares(self) -> bool:
        return is_finite(self.left) and is_finite(self.right)

    @property
    def is_telling(self) -> bool:
        """Whether a term of common size would show: not beside 1e30."""
        size = abs(self.left)
        return bool(not size or 1 / HUGE < size < HUGE)


def _row(
    equality: Equality,
    meanings: Meanings,
    pool: list[Point],
    points: int,
    head: Side,
    ask: bool,
) -> DerivationRow:
    if equality.defines:
        return _result(equality, DEFINED)
    left, right = map(meanings.close, (equality.left.node, equality.right.node))
    samples = list(_samples(left, right, pool, points))
    met = [sample for sample in samples if sample.compares]
    names = {*leaves(left), *leaves(right)}
    # 1 + 1 = 2 has one value only.
    wanted = FEWEST if names else 1
    apart = [s for s in met if not _agree(s, equality)]
    if apart:
        # Points that agree speak for a condition that is missing; those where both
        # sides are 1e30 agree by swallowing the difference.
        agreed = [s for s in met if s not in apart and s.is_telling]
        case = Case(equality, meanings, [s.at for s in apart[:3] + agreed[:3]])
        # A guess is tried at three points where the sides part, and three where they
        # agree.
        remark = hint(case) or _condition(len(agreed), len(agreed + apart))
        example = _clearest(apart, names)
        return _result(equality, FAIL, "", remark, example, len(met))
    if len(met) < wanted:
        return _result(equality, INCONCLUSIVE, "", _reason(samples), None, len(met))
    rounded = not all(same(s.left, s.right) for s in met)
    # A decimal that was rounded is never equal symbolically.
    symbolic = shown(left, right) if ask and not rounded else ""
    remark = "to the digits written" if rounded else _aside(samples)
    remark = _against_head(equality, head, meanings, met) or remark
    example = _clearest(met, names)
    return _result(equality, PASS, symbolic, remark, example, len(met))


def _result(
    equality: Equality,
    verdict: str,
    symbolic: str = "",
    remark: str = "",
    sample: _Sample | None = None,
    points: int = 0,
) -> DerivationRow:
    left, right = equality.left, equality.right
    return DerivationRow(
        right.number,
        left.text,
        right.text,
        verdict,
        symbolic,
        remark,
        sample.at if sample else {},
        float(sample.left) if sample else None,
        float(sample.right) if sample else None,
        points,
        right.line,
        right.start,
        right.end,
    )


def _samples(
    left: Node, right: Node, pool: list[Point], points: int
) -> Iterator[_Sample]:
    """Both sides at points of the pool, until enough of them compare."""
    used = {*leaves(left), *leaves(right)}
    met = 0
    # More points are in the pool than are wanted, for those where a side is not real.
    for at in pool if used else pool[:1]:
        found = values([left, right], at, decimal)
        sample = _Sample(at, found[left], found[right])
        yield sample
        met += sample.compares
        if met == points:
            return


def _agree(sample: _Sample, equality: Equality) -> bool:
    """Whether the sides are equal, or a bare decimal is the other one, rounded."""
    if same(sample.left, sample.right):
        return True
    gap = abs(sample.left - sample.right)
    sides = (equality.left, equality.right)
    return any(side.is_number and gap <= _half_unit(side.text) for side in sides)


def _half_unit(text: str) -> float:
    """Half of the last place of a decimal with enough digits to be a rounded one."""
    mantissa, _, exponent = text.strip(" -+()").lower().partition("e")
    whole, point, decimals = mantissa.partition(".")
    # 0.5 and 25 are meant exactly, 0.333 is not.
    if not point or len((whole + decimals).lstrip("0")) < WRITTEN:
        return 0.0
    # 2.718: three decimals, so half of 1e-3, and a little more for the rounding of
    # that.
    place: float = 10.0 ** (int(exponent or 0) - len(decimals))
    return 0.5000001 * place


def _clearest(samples: list[_Sample], names: set[str]) -> _Sample:
    """The example with the tamest numbers, told in the names that matter."""

    def size(sample: _Sample) -> float:
        numbers = [sample.left, sample.right, *map(sample.at.get, names)]
        # Of a number and its inverse the larger: 0.001 is as wild as 1000.
        return max(float(max(abs(x), 1 / (abs(x) + 1e-9))) for x in numbers)

    best = min(samples, key=size)
    return replace(best, at={k: v for k, v in best.at.items() if k in names})


def _condition(agreed: int, met: int) -> str:
    if not agreed:
        return ""
    return f"it holds at {agreed} of {met} points: does it need a condition?"


def _reason(samples: list[_Sample]) -> str:
    """Why there is nothing to compare."""
    sides = {"left": [s.left for s in samples], "right": [s.right for s in samples]}
    for side, column in sides.items():
        if not any(map(is_finite, column)):
            return f"the {side} side has no real finite value at any point tried"
    count = sum(sample.compares for sample in samples)
    return f"both sides are real and finite at only {count} of {len(samples)} points"


def _aside(samples: list[_Sample]) -> str:
    """That one side goes further than the other, where it does."""
    for side, other in (("left", "right"), ("right", "left")):
        if any(
            is_finite(getattr(s, side)) and not is_finite(getattr(s, other))
            for s in samples
        ):
            return f"only where the {other} side is real and finite, too"
    return ""


def _against_head(
    equality: Equality, head: Side, meanings: Meanings, met: list[_Sample]
) -> str:
    """That a chain agrees with itself and yet not with what it set out from."""
    if head is equality.left:
        return ""
    node = meanings.close(head.node)
    for sample in met:
        truth = values([node], sample.at, decimal)[node]
        # A = B wrong and B = C right: C agrees with B and not with A.
        against = replace(sample, left=truth)
        if is_finite(truth) and not _agree(against, equality):
            return f"but neither is {one_line(head.text)}"
    return ""
