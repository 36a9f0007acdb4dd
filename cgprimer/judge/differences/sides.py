"""Kinks: the slopes to the left and to the right of a point.

    f, x, a difference ─▶ gaps at five steps ─▶ Difference; called by `finite`

The gap between the two is odd in the step t for a smooth f: without its linear part it
shrinks as t³. At a kink it stays, at a jump or a cusp it grows. When t is divided by 8,
the gap that is extrapolated to t = 0 changes by

    x⁴ at 0: 1/512    |x|^1.5: 1/√8 = 0.35    |x|: 1    √|x|: √8    a jump: 8
"""

from __future__ import annotations

import numpy as np

from cgprimer.judge.differences.bounded import Difference
from cgprimer.judge.differences.schemes import NEAREST, Function, apply, step_taken
from cgprimer.judge.differences.search import Found
from cgprimer.types import Array, Mask

PARTS = (8.0, 1.0, 1 / 8, 1 / 64, 1 / 512)  # of a difference's step: of both sides
RESOLVED = 512  # units in the last place of x that such a step has at least
# Between |x|^1.5, whose gap goes to 0, and |x|, where it stays; and above |x|.
STAYS, GROWS = 0.6, 1.3  # a gap over what it was at steps eight times as long
BENDS = 1 / 32  # the same beside |x|^1.5, say; that of a smooth f falls 512-fold


def with_sides(
    f: Function, x: Array, order: int, known: Found
) -> tuple[Difference, Array]:
    """`known`, with both slopes where there is a kink, which its bound then spans.

    Elsewhere the mean of the slopes at the shortest steps must agree with it, up to
    rounding and to what that mean still changes; where it does not, the bound is
    widened to the gap. Beside it, how far apart rounding may make the slopes look.
    """
    # A step of a few units in the last place would have slopes of rounding alone.
    longest = np.maximum(known.h, RESOLVED * np.spacing(np.abs(x)))
    steps = [step_taken(x, part * longest) for part in PARTS]
    rows = [_at(f, x, order, t, known.noise) for t in steps]
    gaps, means, noises = ([row[i] for row in rows] for i in range(3))
    # |x| at 0: all gaps are 1 - (-1) = 2, and so is what the line through two of
    # them has at 0: before = gap = 2 > 0.6·2, a kink, with the slopes 0 ± 2/2. The
    # bound is 1. x² at 0: gaps of 2t, whose line meets 0 at 0: no kink, however large
    # the steps are. x⁴ at 0: gaps of 2t³; the line gives -144·t³, of which 1/512 is
    # left at t/8.
    lines = [_at_zero(steps[i : i + 2], gaps[i : i + 2]) for i in range(4)]
    before, gap = lines[-2:]
    # With steps t and t/8 the line at 0 is (8·near - far)/7: so do the noises add up.
    hazes = [(8 * noises[i + 1] + noises[i]) / 7 for i in range(4)]
    noise = hazes[-1]
    kink = np.abs(gap) > STAYS * np.abs(before) + noise
    value = np.where(kink, _at_zero(steps[-2:], means[-2:]), known.value)
    bound = np.where(
        kink,
        _across(before, gap, noise),
        _bound_by_means(known, means[-2:], noises[-1]),
    )
    bound = _bound_over_hidden(bound, kink, lines, hazes)
    half = np.where(kink, gap / 2, 0.0)
    # A slope that may change unseen is no reason to widen the bound, which would keep
    # right claims from a PASS; it only keeps claims so near from a FAIL.
    bends = ~kink & (np.abs(gap) > BENDS * np.abs(before) + noise)
    rough = np.where(bends, np.abs(gap), 0.0)
    sides = value - half, value + half
    return Difference(value, bound, known.h, known.rounding, *sides, rough), noise


def _across(before: Array, gap: Array, noise: Array) -> Array:
    """The bound at a kink, which spans both slopes; inf where the gap grows."""
    # Half the gap spans both slopes; what the gap still changed between two
    # extrapolations is what it may change further.
    across = np.abs(gap) / 2 + np.abs(gap - before) + noise
    endless = np.abs(gap) > GROWS * np.abs(before) + noise
    return np.where(endless, np.inf, across)


def _bound_by_means(known: Found, means: list[Array], noise: Array) -> Array:
    """The bound where there is no kink, widened where the sides' mean contradicts."""
    # The mean of two one-sided slopes is a central difference at a step 512 times
    # shorter. It is off by next to no truncation, so that it betrays a value that is by
    # chance the same over several long steps.
    change = np.abs(means[0] - means[1])
    astray = np.abs(known.value - means[1])
    widened = astray - noise > 2 * known.bound + change / 5
    return np.where(widened, astray + noise + change, known.bound)


def _bound_over_hidden(
    bound: Array, kink: Mask, lines: list[Array], hazes: list[Array]
) -> Array:
    """The bound, as wide as a kink that longer steps show and rounding then hides."""
    # 1e12 + 2·|x| near 0 rounds to 1e-4: the slopes at the shortest steps are ± 4, and
    # hide what those at longer ones show, -2 and 2, whose mean of 0 is exact at all.
    for i in (1, 2):
        long, seen, short = np.abs(lines[i - 1 : i + 2])
        stays = seen > STAYS * long + hazes[i]
        hidden = ~kink & stays & (short + hazes[i + 1] > STAYS * seen)
        bound = np.where(hidden, np.fmax(bound, seen), bound)
    return bound


def _at(
    f: Function, x: Array, order: int, t: Array, noise: Array
) -> tuple[Array, Array, Array]:
    """(right - left, their mean, rounding) at step t."""
    nearest = NEAREST[order]
    right, left = (apply(s, f, x, t, noise) for s in (nearest, nearest.mirror()))
    return right[0] - left[0], (right[0] + left[0]) / 2, right[1] + left[1]


def _at_zero(steps: list[Array], rows: list[Array]) -> Array:
    """Where the line through the values at two steps meets step 0."""
    (long, short), (far, near) = steps, rows
    limit: Array = (long * near - short * far) / (long - short)
    return limit
