"""What rounding does to plain code near a point, whatever precision it works in.

    each: values (m,) ─▶ f on m lines ─▶ Noise

It is taken from how f moves, never from f(x) alone: of a sum that cancels f(x) may be 0
while its terms are large. Where f stands still it is looked for where f moves again.
The precision of the code is the smallest noise that is seen beside a value of f, at the
point and away from it; so single precision is told from terms that cancel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cgprimer.judge.differences.bounded import Difference
from cgprimer.judge.differences.schemes import EPSILON, Told
from cgprimer.types import Array, Mask

Each = Callable[[Array], Array]

COARSE = 1e-9  # noise beside f: single precision has 6e-8, double 1e-16
COARSEST = 1e-6  # noise of f above this is no precision that a claim could have
AWAY = 0.37  # of the size of x: where the precision of f is looked at once more
REACH = 0.1  # of the size of x: the longest step of a difference
BENDING = 2.0**-10  # of the size of x: where f is looked at for how it bends
HALVES = np.arange(-120, 41) / 2  # exponents of ten of steps that may change f
NEAR = 116  # the number of those that stay close to x
FIRST = 84  # of those, the first that may change an x that is not 0
SHORTEST = 1.5  # units in the last place of x: a step that leaves out no shorter one
HALT = 100.0  # ulps of x: f that does not change over them stands still
SMOOTH = 1e-3  # of what f does beyond: noise as small is of no staircase
CURVED = 200.0  # times the first step of a staircase, over 64 of them
EVEN = np.arange(-3.0, 4.0)  # points near x, in steps
UNEVEN = np.arange(8) + np.arange(8) * 0.618 % 1  # so that no rounding keeps step
WIDER = 11.0  # times that: of next neighbours the rounding may be alike by chance
APART = 2.0**-33  # of the size of x: 1 + x has the same rounding at next neighbours
CLOSE = 1e-6  # of the size of x: a step this short shows rounding and nothing else


@dataclass(frozen=True)
class Noise:
    """What rounding does to a value of f near x, the precision of f, elementwise.

    flat : how far to either side f stands still, or 0.
    absorbed : where it does so near x because x is lost in a larger number.
    """

    noise: Array
    precision: Array
    flat: Array
    absorbed: Mask

    def at_reach(self, each: Each, x: Array, size: Array, longest: Array) -> Told:
        """The noise over steps of such sizes: of coarse code it grows with f.

        And with the slope, as what is computed from x is rounded as x is: the square of
        a difference that cancels at x has no noise there, and some beside it.
        """
        # nan is not called: in double precision noise does not grow over such steps to
        # matter.
        coarse = np.where(self.precision > COARSE, x, np.nan)
        around = (np.abs(each(coarse + k * longest)) for k in (-REACH, REACH))
        level = np.nan_to_num(np.fmax(*around), posinf=0.0)
        near = np.fmax(self.noise, self.precision * level)
        # (x - 1)² at x = 1: its value, and so its noise, is 0; a step h aside, x - 1 =
        # h carries the rounding of x, ε, and h² is off by 2h·ε. The bend 2 times ε·|x|
        # gives that.
        aside = BENDING * size
        bend = np.abs(each(x + aside) - 2 * each(x) + each(x - aside)) / aside**2
        more = EPSILON * size * np.nan_to_num(bend, posinf=0.0)
        return Told(lambda at: near + more * np.abs(at - x))

    def where_flat(self) -> Difference:
        """The slope 0, known by how far f stands still."""
        zero, bound = np.zeros(len(self.flat)), 2 * self.noise / self.flat
        return Difference(zero, bound, self.flat, bound, zero, zero)


def noise(each: Each, x: Array, size: Array, usual: Array) -> Noise:
    """The noise of `each` at x, elementwise; `size` is that of x, `usual` its scale."""
    here, longer = each(x), np.maximum(size, usual)
    noise, own, step = _scatter(each, x, size)
    apart = np.fmax(WIDER * np.abs(step), APART * size)
    # Only near x: over long steps f itself would count as scatter.
    apart = np.where(np.abs(step) <= CLOSE * size, apart, np.nan)
    noise = np.fmax(noise, 4 * _beside(each, x, apart))
    still = np.isnan(own)
    flat, absorbed = np.zeros(len(x)), np.zeros(len(x), dtype=bool)
    share = np.full(len(x), np.nan)
    halting = still | (np.abs(step) > HALT * EPSILON * size)
    # These points need a search farther away, which costs dozens of calls; most need
    # none.
    if halting.any():
        only = np.where(halting, size, np.nan)
        hidden, share, flat, absorbed = _flat(each, x, only, usual)
        noise = np.where(still | (flat > 0), hidden, noise)
    # The least of all noise beside its value: where terms cancel the share is larger
    # than the precision, and never smaller.
    share = np.fmin(share, np.fmin(_share(own, here), _away(each, x, size, longer)))
    precision = np.nan_to_num(share, nan=EPSILON)
    noise = np.nan_to_num(np.fmax(noise, EPSILON * np.abs(here)), posinf=0.0)
    return Noise(noise, precision, flat, absorbed)


def _away(each: Each, x: Array, size: Array, longer: Array) -> Array:
    """The noise of f beside its value aside, where it shows and no terms cancel."""
    share = np.full(len(x), np.nan)
    for step in (longer, -longer, size, -size):
        there = np.where(share <= COARSE, np.nan, x + AWAY * step)
        if not np.isnan(there).all():
            own = _scatter(each, there, np.abs(step))[1]
            share = np.fmin(share, _share(own, each(there)))
    return share


def _share(noise: Array, value: Array) -> Array:
    share = noise / np.abs(value)
    return np.where((share > 0) & np.isfinite(share), share, np.nan)


def _scatter(each: Each, x: Array, size: Array) -> tuple[Array, Array, Array]:
    """(noise of f near x, the part that is its own, the shortest step that shows it).

    Where f works in single precision it is flat over short steps. So the shortest step
    that changes f at all is sought, and the change there is a quantum of f; beyond it
    the values scatter about a parabola. Where x has no shorter step, the quantum says
    something about x and is not f's own. Nothing is, nan, where f does not change.
    """
    # At x = 1 - 1e-12 of sqrt(1 - x²) there is nothing to the right.
    side = np.where(np.isnan(each(x + 1e-8 * size)), -1.0, 1.0)
    low = np.where(x == 0, 0, FIRST)
    step, seen = _shortest(each, x, side * size, low, np.full(len(x), NEAR))
    quantum = np.abs(each(x + step) - each(x))
    spread = _off_a_curve(each, x, step, EVEN)
    cut = np.isnan(spread)
    if cut.any():  # at the edge of a domain
        aside = _off_a_curve(each, x, np.where(cut, step, np.nan), EVEN - EVEN[0])
        spread = np.where(cut, np.nan_to_num(aside), spread)
    # If the least step of x changes f, one quantum of f is the slope times that step;
    # only a longer first step shows a staircase of f's own.
    stairs = np.abs(step) > SHORTEST * np.spacing(np.abs(x))
    own = 2 * np.where(seen, np.fmax(spread, np.where(stairs, quantum, 0.0)), np.nan)
    return 2 * np.fmax(quantum, spread), own, step


def _beside(each: Each, x: Array, apart: Array) -> Array:
    """How f scatters to one side of x, the quieter one: the other may have a kink."""
    scatter: Array = np.fmin(
        *(_off_a_curve(each, x, apart, side * UNEVEN, 4) for side in (1, -1))
    )
    return scatter


def _off_a_curve(
    each: Each, x: Array, apart: Array, at: Array, degree: int = 2
) -> Array:
    """How far values of f lie off a polynomial through them; nan where one is nan.

    With the steps that floating point really takes.
    """
    steps = np.array([(x + k * apart) - x for k in at])
    rows = np.array([each(x + step) for step in steps])
    # In units of the longest step, so that powers do not underflow.
    t = np.nan_to_num(steps / np.abs(steps).max(axis=0)).T
    powers = np.stack([t**k for k in range(degree + 1)], axis=-1)
    rises = rows - rows[0]  # beside a large number the fit would round, not f
    y = np.nan_to_num(rises, posinf=0.0, neginf=0.0).T[:, :, None]
    rest = np.abs(y - powers @ (np.linalg.pinv(powers) @ y)).max(axis=(1, 2))
    return np.where(np.isfinite(rows).all(axis=0), rest, np.nan)


def _shortest(
    each: Each, x: Array, size: Array, low: Array, high: Array
) -> tuple[Array, Mask]:
    """(the shortest step that changes f, whether there is one), by bisection."""
    here, end = each(x), high
    while (low < high).any():
        # HALVES are exponents of ten by halves, from -60 to 20: bisection takes five to
        # seven calls. It supposes that f, once it changes, changes over all longer
        # steps.
        middle = (low + high) // 2
        step = np.where(low < high, size * 10 ** HALVES[middle], np.nan)
        changed = np.abs(each(x + step) - here) > 0
        high = np.where(changed, middle, high)
        low = np.where(changed | (low >= high), low, middle + 1)
    step = size * 10 ** HALVES[high]
    changed = (high < end) | (
        np.abs(each(x + np.where(high == end, step, np.nan)) - here) > 0
    )
    return step, changed


def _is_of_rounding(quantum: Array, far: Array) -> Mask:
    """Whether a staircase is of a sum that loses x, not of code that rounds x.

    Then its steps are a power of two, or it is a curve that is resolved farther away.
    """
    # 1e16 + x - 1e16 moves by 2, which is a power of two; round(x) moves by 1, which is
    # the one power of two that code makes by itself.
    binary = (np.frexp(quantum)[0] == 0.5) & (quantum != 1)
    lost: Mask = binary | (far > CURVED * quantum)
    return lost


def _flat(
    each: Each, x: Array, size: Array, usual: Array
) -> tuple[Array, Array, Array, Mask]:
    """(noise, that beside f, how far f stands still, whether x is absorbed) there.

    f may be constant up to a kink, or x be lost in a larger number: 1e16 + x - 1e16 is
    a staircase. Where f changes at last, it is looked at closely: a relu has fine steps
    there, a jump has nothing more to come, a staircase has.
    """
    farthest = NEAR + 2 * np.log10(1e8 * np.maximum(1, usual / size))
    end = np.nan_to_num(np.minimum(farthest, len(HALVES) - 1)).astype(int)
    low = np.where(x == 0, 0, FIRST)
    noise, flat = np.zeros(len(x)), np.where(np.isnan(size), 0.0, np.inf)
    share = np.full(len(x), np.nan)
    absorbed = np.zeros(len(x), dtype=bool)
    for side in (1, -1):
        step, seen = _shortest(each, x, side * size, low, end)
        inside = np.where(seen, np.abs(step), np.nan)
        fine, own, _ = _scatter(each, x + 2 * side * inside, inside)
        share = np.fmin(share, _share(own, each(x + 2 * side * inside)))
        # At one, two, eight and 64 times the first step that changes f.
        rises = [each(x + side * k * inside) for k in (0, 1, 2, 8, 64)]
        quantum, rise, far = (np.abs(rises[k] - rises[0]) for k in (1, 2, 4))
        more = (np.abs(rises[3] - rises[2]) > 0) & (np.abs(rises[4] - rises[3]) > 0)
        lost = more & np.isnan(own) & _is_of_rounding(quantum, far)
        noise = np.fmax(noise, np.where(lost, 2 * quantum, fine))
        away = inside > size * 10 ** HALVES[NEAR]
        smooth = (own <= SMOOTH * rise) & (inside > HALT * EPSILON * size)
        # A quarter: the bisection knows the step to √10 only.
        reach = np.where(away | smooth, np.abs(step) / 4, 0.0)
        flat = np.minimum(flat, np.where(seen, reach, np.abs(step)))
        absorbed |= lost & away
    return noise, share, np.where(absorbed | np.isnan(flat), 0.0, flat), absorbed
