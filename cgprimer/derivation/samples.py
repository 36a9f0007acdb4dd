"""Both sides of an equality at random points, to more digits than a coincidence has.

    names ─ draw_points ─▶ points ─ samples ─▶ BothSides ─ agrees ─▶ yes or no

`check` draws the points once for a derivation; each equality takes what it needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cgprimer.derivation.script import Equality
from cgprimer.diagnosis.extended import Number, decimal, is_finite, values
from cgprimer.expr.node import Node, leaves

BOXES = (
    (0.1, 1.0), (-1.0, 1.0), (0.5, 4.0), (-3.0, 3.0),
    (-4.0, -0.5), (1.0, 12.0), (-12.0, 12.0), (-60.0, 60.0),
)  # fmt: skip
"""Where points come from, in turn: one sign and both, small and far out."""
SAME = 1e-20  # relative; sides are known to some 25 digits
HUGE = 1e10  # sides beyond it, or below its inverse, swallow what is added to them
WRITTEN = 3  # significant digits from which a bare decimal counts as rounded

Point = dict[str, float]


def draw_points(
    names: Iterable[str], rng: np.random.Generator, count: int
) -> list[Point]:
    """Random values for the free names."""
    names = list(names)
    return [
        # All names of one point from one box: log(a - b) needs a and b of like sizes.
        {name: float(rng.uniform(*BOXES[i % len(BOXES)])) for name in names}
        for i in range(count)
    ]


def same(a: Number, b: Number) -> bool:
    """Whether two numbers agree to all the digits that are known."""
    return bool(abs(a - b) <= SAME * max(abs(a), abs(b)))


@dataclass(frozen=True)
class BothSides:
    """Both sides at one point."""

    at: Point
    left: Number
    right: Number

    @property
    def compares(self) -> bool:
        """Whether both sides are real and finite."""
        return is_finite(self.left) and is_finite(self.right)

    @property
    def is_telling(self) -> bool:
        """Whether a term of common size would show: not beside 1e30."""
        size = abs(self.left)
        return bool(not size or 1 / HUGE < size < HUGE)

    def agrees(self, equality: Equality) -> bool:
        """Whether the sides are equal, or a bare decimal is the other one, rounded."""
        if same(self.left, self.right):
            return True
        gap = abs(self.left - self.right)
        sides = (equality.left, equality.right)
        return any(side.is_number and gap <= half_unit(side.text) for side in sides)


def samples(
    left: Node, right: Node, pool: Sequence[Point], points: int
) -> Iterator[BothSides]:
    """Both sides at points of the pool, until `points` of them compare."""
    used = {*leaves(left), *leaves(right)}
    met = 0
    # More points are in the pool than are wanted, for those where a side is not real.
    for at in pool if used else pool[:1]:
        numbers = values([left, right], at, decimal)
        sample = BothSides(at, numbers[left], numbers[right])
        yield sample
        met += sample.compares
        if met == points:
            return


def half_unit(text: str) -> float:
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


def clearest(samples: Sequence[BothSides], names: set[str]) -> BothSides:
    """The example with the tamest numbers, told in the names that matter."""

    def size(sample: BothSides) -> float:
        numbers = [sample.left, sample.right, *map(sample.at.get, names)]
        # Of a number and its inverse the larger: 0.001 is as wild as 1000.
        return max(float(max(abs(x), 1 / (abs(x) + 1e-9))) for x in numbers)

    best = min(samples, key=size)
    return replace(best, at={k: v for k, v in best.at.items() if k in names})
