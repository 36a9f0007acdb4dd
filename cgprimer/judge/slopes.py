"""Slopes by two schemes: what a claimed derivative is held against.

    f, x (n,) ─▶ Slope: value ± bound, the slope to expect, the slopes beside a kink
                   └─ the same by a second scheme, when it is asked for

Taken for equations by `sites`, for totals by `total_check`, for code by `code`, and
judged by `verdict`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cgprimer.judge.differences.bounded import Difference
from cgprimer.judge.differences.finite import difference, second_difference
from cgprimer.judge.differences.schemes import TINY, Function, Noise, rounding
from cgprimer.types import Array

# One-sided slopes are made of rounded values: a side that is 0 may come out as 1e-17,
# which would read as if f rose there.
FLAT = 1e-9  # of the slope to the other side of a kink: told as zero
SCHEMES = "ridders", "five-point"  # the second is asked where the first condemns
LONG = (1.0, 2.0**-4, 2.0**-8)  # of the size of x: where f is finite, its usual slope


@dataclass(frozen=True)
class Slope:
    """A derivative by differences at n points: `value` ± `bound`, arrays (n,).

    typical : the size of slope to expect there, |Δf|/|Δx| over a long step, or that of
        the terms of f over |x|, which counts for no more than 1.
    left, right : the slopes to either side; they differ at a kink.
    again : the same by another scheme, taken when it is needed.
    rough : how much the slope may change unseen; so near no claim is condemned.
    """

    value: Array
    bound: Array
    typical: Array
    left: Array
    right: Array
    again: Callable[[], Slope] | None = None
    rough: Array | float = 0.0

    def __getitem__(self, row: int | tuple[int, ...]) -> Slope:
        """One function of several that were differenced together, arrays (…, n)."""
        return self.each(lambda part: part[row])

    def each(self, take: Callable[[Array], Array]) -> Slope:
        """The slopes whose arrays are `take` of these."""
        again, full = self.again, np.broadcast_to(self.rough, self.value.shape)
        arrays = self.value, self.bound, self.typical, self.left, self.right, full
        value, bound, typical, left, right, rough = map(take, arrays)
        other = again and (lambda: again().each(take))
        return Slope(value, bound, typical, left, right, other, rough)

    def sides(self, i: int) -> tuple[float, float]:
        """Both slopes at point `i`; next to the steeper one, rounding is nothing."""
        left, right = float(self.left[i]), float(self.right[i])
        nothing = FLAT * max(abs(left), abs(right))
        before, after = (0.0 if abs(s) <= nothing else s for s in (left, right))
        return before, after


def slope(f: Function, x: Array, noise: Noise = None, stacks: bool = False) -> Slope:
    """The derivative of `f` at `x` (n,).

    noise : what rounding does to one value of f, in units of ROUNDING; else it is
        probed.
    stacks : whether functions take arrays (k, *x.shape) as well, which is faster.
    """

    def take(scheme: str) -> Difference:
        return difference(f, x, scheme, None, rounding(noise), stacks=stacks)

    return by_schemes(take, _typical(f, x, noise))


def curvature(
    f: Function, x: Array, noise: Noise = None, stacks: bool = False
) -> Slope:
    """The second derivative of `f` at `x` (n,), by second differences."""

    def take(scheme: str) -> Difference:
        noises = rounding(noise)
        return second_difference(f, x, noises, scheme=scheme, stacks=stacks)

    typical = _typical(f, x, noise) / np.maximum(np.abs(x), 1.0)
    return by_schemes(take, typical, (SCHEMES[0], "three-point"))


def by_schemes(
    take: Callable[[str], Difference],
    typical: Array,
    schemes: tuple[str, str] = SCHEMES,
) -> Slope:
    """What the first scheme gives, and the second as soon as it is asked for."""

    @functools.cache
    def by(scheme: str) -> Slope:
        # The second scheme costs as much as the first and only matters where that
        # condemns: it is made when it is asked for, and once for all points of the
        # slope.
        d = take(scheme)
        again = functools.partial(by, schemes[1]) if scheme == schemes[0] else None
        return Slope(d.value, d.bound, typical, d.left, d.right, again, d.rough)

    return by(schemes[0])


def zero_slope(x: Array) -> Slope:
    """That of what does not depend on `x`."""
    zero = np.zeros_like(x)
    return Slope(zero, zero, zero, zero, zero)


def _typical(f: Function, x: Array, noise: Noise) -> Array:
    """The slope to expect: of f over long steps, or of its terms over x.

    A large number that f is offset by must not make every slope look like nothing, so
    terms count up to 1, the size that a value has where nobody tells.
    """
    long = np.maximum(np.abs(x), 1.0)
    with np.errstate(all="ignore"):
        here = f(x)
        sizes = np.abs(here) if noise is None else np.fmax(noise.at(x), np.abs(here))
        # cos at x = 0: its value is 1, so that a slope of 1 may be expected, though the
        # true one is 0. A claim of 0 has no size of its own: its bound must be small
        # beside 1.
        usual = np.minimum(np.where(np.isfinite(sizes), sizes, 0.0), 1.0) / long
        seen = np.zeros(np.shape(x))
        for part in LONG:
            steps = [np.abs(f(x + s * part * long / 2) - here) for s in (-1, 1)]
            rise = np.fmax(*(np.where(np.isfinite(s), s, np.nan) for s in steps))
            # Shorter steps count only where f does not change over longer ones, or is
            # not finite.
            seen = np.where(seen > 0, seen, np.nan_to_num(rise) / (part * long))
    slope: Array = np.maximum(np.maximum(usual, seen), TINY)
    return slope
