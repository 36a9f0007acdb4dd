"""Both sides of an equality at random points, to more digits than a coincidence has.

    names ─ draw_points ─▶ points ─ samples ─▶ BothSides ─ agrees ─▶ yes or no

`check` draws the points once for a derivation; each equality takes what it needs. Two
sides that share 20 digits need not be equal, as sigmoid(60) and 1 are not: `is_equal`
asks for all digits there are.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cgprimer.diagnosis.extended import Number, decimal, is_finite, values
from cgprimer.expr.node import Node, leaves
from cgprimer.expr.ops import OPS

BOXES = (
    (0.1, 1.0), (-1.0, 1.0), (0.5, 4.0), (-3.0, 3.0),
    (-4.0, -0.5), (1.0, 12.0), (-12.0, 12.0), (-60.0, 60.0),
)  # fmt: skip
"""Where points come from, in turn: one sign and both, small and far out."""
SAME = 1e-20  # relative; sides are known to some 25 digits
DIGITS = 400  # in which a difference is computed that should be zero
HUGE = 1e10  # sides beyond it, or below its inverse, swallow what is added to them

Point = dict[str, float]


def draw_points(
    names: Iterable[str], rng: np.random.Generator, count: int
) -> list[Point]:
    """Random values for the free names."""
    names = list(names)
    # All names of one point from one box: log(a - b) needs a and b of like sizes.
    drawn = (rng.uniform(*BOXES[i % len(BOXES)], len(names)) for i in range(count))
    return [dict(zip(names, values.tolist(), strict=True)) for values in drawn]


def same(a: Number, b: Number) -> bool:
    """Whether two numbers agree to all the digits that are known."""
    return bool(abs(a - b) <= SAME * max(abs(a), abs(b)))


@dataclass(frozen=True)
class BothSides:
    """Both sides at one point; `slack` is how far apart they may be."""

    at: Point
    left: Number
    right: Number
    slack: float = 0.0

    @property
    def compares(self) -> bool:
        """Whether both sides are real and finite."""
        return is_finite(self.left) and is_finite(self.right)

    @property
    def is_telling(self) -> bool:
        """Whether a term of common size would show: not beside 1e30."""
        sizes = abs(self.left), abs(self.right)
        return all(not size or 1 / HUGE < size < HUGE for size in sizes)

    @property
    def agrees(self) -> bool:
        """Whether the sides are equal, or as near as written digits can tell."""
        return same(self.left, self.right) or abs(self.left - self.right) <= self.slack

    def size(self, names: Iterable[str]) -> float:
        """The wildest of its numbers: of a number and its inverse the larger."""
        numbers = [self.left, self.right, *map(self.at.__getitem__, names)]
        return max(float(max(abs(x), 1 / (abs(x) + 1e-9))) for x in numbers)


def both_sides(left: Node, right: Node, at: Point, slack: float = 0.0) -> BothSides:
    """Both sides, over free names, at one point."""
    numbers = values([left, right], at, decimal)
    return BothSides(at, numbers[left], numbers[right], slack)


def samples(
    left: Node, right: Node, pool: Sequence[Point], points: int, slack: float = 0.0
) -> Iterator[BothSides]:
    """Both sides at points of the pool, until `points` of them compare."""
    used = {*leaves(left), *leaves(right)}
    met = 0
    # More points are in the pool than are wanted, for those where a side is not real.
    for at in pool if used else pool[:1]:
        sample = both_sides(left, right, at, slack)
        yield sample
        met += sample.compares
        if met == points:
            return


def is_equal(left: Node, right: Node, at: Point, digits: int = DIGITS) -> bool:
    """Whether nothing but rounding is left of the difference, to half of the digits."""
    return _is_equal(OPS["sub"](left, right), tuple(at.items()), digits)


@functools.lru_cache(maxsize=64)
def _is_equal(gap: Node, at: tuple[tuple[str, float], ...], digits: int) -> bool:
    number = values([gap], dict(at), decimal, digits)[gap]
    # What wanders to the end is known no better than by `same`.
    return not is_finite(number) or number == 0


def clearest(samples: Sequence[BothSides], names: set[str]) -> BothSides:
    """The example with the tamest numbers, told in the names that matter."""
    best = min(samples, key=lambda sample: sample.size(names))
    return replace(best, at={k: v for k, v in best.at.items() if k in names})
