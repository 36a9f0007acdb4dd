"""Slopes of plain code along lines, each by itself: value ± bound, rounding probed.

    each: values (m,) ─▶ f on m lines ─▶ noise, precision ─▶ Slopes

What rounding does to f is taken from how f moves near the point, never from f(x) alone:
of a sum that cancels f(x) may be 0 while its terms are large. The precision of the code
is the smallest noise that is seen beside a value of f, at the point and away from it,
so that single precision inside f is told from terms that cancel.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from cgprimer.numeric.finite import EPSILON, Difference, difference
from cgprimer.numeric.verdict import NEGLIGIBLE, Slope, by_schemes

Array = NDArray[np.float64]
Each = Callable[[Array], Array]

COARSE = 1e-9  # noise beside f: single precision has 6e-8, double 1e-16
AWAY = 0.37  # of the size of x: where the precision of f is looked at once more
REACH = 0.1  # of the size of x: the longest step of a difference
HALVES = np.arange(-120, 41) / 2  # exponents of ten of steps that may change f
NEAR = 116  # the number of those that stay close to x
FIRST = 84  # of those, the first that may change an x that is not 0
SHORTEST = 1.5  # units in the last place of x: a step that leaves out no shorter one
ULPS = 64.0  # a claim is computed from terms: it is off by so many ulps of theirs
FAR = (0.5, 10.0, 1e3, 1e6)  # sizes away: where f is looked at that stands still nearby
CURVED = 200.0  # times the first step of a staircase, over 64 of them
CLOSER = (1 / 30, 1e-3)  # of a step: where a kink must still be seen
EVEN = np.arange(-4.0, 5.0)


@dataclass(frozen=True)
class Slopes:
    """Derivatives along m lines, and what they rest on: arrays (m,).

    precision : relative, of one value of f.
    terms : the size of what a claim is computed from, as far as it shows.
    """

    found: Slope
    precision: Array
    terms: Array


def slopes(each: Each, x: Array, scale: Array) -> Slopes:
    """The derivative of `each` at `x`, elementwise; nan is not called, and gives nan.

    scale : the size that x usually has, for where it is 0.
    """
    size = np.where(x == 0, scale, np.abs(x))
    usual = np.where(x == 0, scale, 1.0)
    with np.errstate(all="ignore"):
        known = _noise(each, x, size, usual)

        @functools.cache
        def by(scheme: str) -> Difference:
            with np.errstate(all="ignore"):
                return _difference(each, x, scheme, known, size, usual)

        local = _steepest(each, x, by("ridders").h)
        level = np.where(known.absorbed, 0.0, np.abs(each(x)) / size)
        terms = np.where(local > 0, local, level)
        typical = _typical(each, x, size, local, known)
    typical = typical * np.maximum(1.0, 100 * known.precision / NEGLIGIBLE)
    return Slopes(by_schemes(by, typical), known.precision, ULPS * terms)


def _difference(
    each: Each, x: Array, scheme: str, known: _Noise, size: Array, usual: Array
) -> Difference:
    """The difference; where f works in single precision its noise grows with it.

    Then both long and short steps are tried, each with the noise at its own reach.
    """
    longer, coarse = np.maximum(size, usual), known.precision > COARSE
    still = known.where_flat()
    if (known.flat > 0).all():
        return still
    x = np.where(known.flat > 0, np.nan, x)
    noise = known.at_reach(each, x, longer)
    found = difference(each, x, scheme, None, noise, typical=usual)
    found = _either(known.flat > 0, still, _closer(each, x, scheme, noise, found))
    twice = coarse & (size < longer) & ~(known.flat > 0)
    if not twice.any():
        return found
    close = np.where(twice, x, np.nan)
    noise = known.at_reach(each, close, size)
    other = difference(each, close, scheme, None, noise, typical=size)
    apart = np.abs(other.value - found.value) > other.bound + found.bound
    return _either((other.bound < found.bound) | apart, other, found)


def _closer(
    each: Each, x: Array, scheme: str, noise: Array, found: Difference
) -> Difference:
    """`found`, with shorter steps where it saw a kink: there may be none so close.

    About a point where it is even, a central difference of a wave is right for steps of
    many waves, to both sides of which its slopes are not alike.
    """
    for k in np.flatnonzero(found.kink | ~np.isfinite(found.bound)).tolist():
        only = np.where(np.arange(len(x)) == k, x, np.nan)
        for step in (part * float(found.h[k]) for part in CLOSER):
            if not (np.isfinite(step) and x[k] + step != x[k]):
                break
            d = difference(each, only, scheme, step, noise)
            if np.isfinite(d.bound[k]) and not d.kink[k]:
                found = _either(np.isfinite(only), d, found)
                break
    return found


def _either(first: NDArray[np.bool_], one: Difference, two: Difference) -> Difference:
    pairs = ((getattr(d, part.name) for d in (one, two)) for part in fields(one))
    return Difference(*(np.where(first, *pair) for pair in pairs))


def _steepest(each: Each, x: Array, step: Array) -> Array:
    here = each(x)
    rises = [np.abs(each(x + s * step) - here) / np.abs(step) for s in (-1, 1)]
    found: Array = np.nan_to_num(np.fmax(*rises), posinf=0.0)
    return found


def _typical(each: Each, x: Array, size: Array, local: Array, known: _Noise) -> Array:
    """The slope to expect: over the step, or farther away where f stands still."""
    still = local == 0
    if not still.any():
        return local
    level = np.where(known.absorbed, 0.0, np.abs(each(x)) / size)
    steps = [np.where(still, part * size, np.nan) for part in FAR]
    rises = np.array([_steepest(each, x, step) for step in steps])
    nearest = rises[(rises > 0).argmax(axis=0), np.arange(len(x))]
    farther = np.where(known.absorbed, nearest, rises.max(axis=0))
    return np.where(still, np.fmax(level, farther), local)


@dataclass(frozen=True)
class _Noise:
    """What rounding does to a value of f near x, the precision of f, elementwise.

    flat : how far to either side f stands still, or 0.
    absorbed : where it does so near x because x is lost in a larger number.
    """

    noise: Array
    precision: Array
    flat: Array
    absorbed: NDArray[np.bool_]

    def at_reach(self, each: Each, x: Array, size: Array) -> Array:
        """The noise over steps of that size: of coarse code it is in proportion to f."""
        coarse = np.where(self.precision > COARSE, x, np.nan)
        around = [np.abs(each(coarse + k * size)) for k in (-REACH, REACH)]
        found: Array = np.fmax(self.noise, self.precision * np.fmax(*around))
        return found

    def where_flat(self) -> Difference:
        """The slope 0, known by how far f stands still."""
        zero, bound = np.zeros(len(self.flat)), 2 * self.noise / self.flat
        return Difference(zero, bound, self.flat, bound, zero, zero)


def _noise(each: Each, x: Array, size: Array, usual: Array) -> _Noise:
    here, longer = each(x), np.maximum(size, usual)
    noise, own = _scatter(each, x, size)
    still = np.isnan(own)
    flat, absorbed = np.zeros(len(x)), np.zeros(len(x), dtype=bool)
    share = np.full(len(x), np.nan)
    if still.any():
        only = np.where(still, size, np.nan)
        hidden, share, flat, absorbed = _flat(each, x, only, usual)
        noise = np.where(still, hidden, noise)
    share = np.fmin(share, np.fmin(_share(own, here), _away(each, x, size, longer)))
    precision = np.nan_to_num(share, nan=EPSILON)
    noise = np.nan_to_num(np.fmax(noise, EPSILON * np.abs(here)), posinf=0.0)
    return _Noise(noise, precision, flat, absorbed)


def _away(each: Each, x: Array, size: Array, longer: Array) -> Array:
    """The noise of f beside its value aside, where it shows and no terms cancel."""
    found = np.full(len(x), np.nan)
    for step in (longer, -longer, size, -size):
        there = np.where(found <= COARSE, np.nan, x + AWAY * step)
        if not np.isnan(there).all():
            own = _scatter(each, there, np.abs(step))[1]
            found = np.fmin(found, _share(own, each(there)))
    return found


def _share(noise: Array, value: Array) -> Array:
    share = noise / np.abs(value)
    return np.where((share > 0) & np.isfinite(share), share, np.nan)


def _scatter(each: Each, x: Array, size: Array) -> tuple[Array, Array]:
    """(noise of f near x, the part that is its own), whatever its precision.

    Where f works in single precision it is flat over short steps. So the shortest step
    that changes f at all is sought, and the change there is a quantum of f; beyond it
    the values scatter about a parabola. Where x has no shorter step, the quantum says
    something about x and is not f's own. Nothing is, nan, where f does not change.
    """
    side = np.where(np.isnan(each(x + 1e-8 * size)), -1.0, 1.0)
    low = np.where(x == 0, 0, FIRST)
    step, seen = _shortest(each, x, side * size, low, np.full(len(x), NEAR))
    quantum = np.abs(each(x + step) - each(x))
    spread = _off_a_parabola(each, x, step, EVEN)
    cut = np.isnan(spread)
    if cut.any():  # at the edge of a domain
        aside = _off_a_parabola(each, x, np.where(cut, step, np.nan), EVEN - EVEN[0])
        spread = np.where(cut, np.nan_to_num(aside), spread)
    stairs = np.abs(step) > SHORTEST * np.spacing(np.abs(x))
    own = 2 * np.where(seen, np.fmax(spread, np.where(stairs, quantum, 0.0)), np.nan)
    return 2 * np.fmax(quantum, spread), own


def _off_a_parabola(each: Each, x: Array, apart: Array, at: Array) -> Array:
    """How far values of f lie off a parabola through them; nan where f is not finite.

    With the steps that floating point really takes.
    """
    steps = np.array([(x + k * apart) - x for k in at])
    rows = np.array([each(x + step) for step in steps])
    t = np.nan_to_num(steps / np.abs(steps).max(axis=0)).T
    powers = np.stack([t**0, t, t**2], axis=-1)
    y = np.nan_to_num(rows, posinf=0.0, neginf=0.0).T[:, :, None]
    rest = np.abs(y - powers @ (np.linalg.pinv(powers) @ y)).max(axis=(1, 2))
    return np.where(np.isfinite(rows).all(axis=0), rest, np.nan)


def _shortest(
    each: Each, x: Array, size: Array, low: Array, high: Array
) -> tuple[Array, NDArray[np.bool_]]:
    """(the shortest step that changes f, whether there is one), by bisection."""
    here, end = each(x), high
    while (low < high).any():
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


def _is_of_rounding(quantum: Array, far: Array) -> NDArray[np.bool_]:
    """Whether a staircase is of a sum that loses x, not of code that rounds x.

    Then its steps are a power of two, or it is a curve that is resolved farther away.
    """
    binary = (np.frexp(quantum)[0] == 0.5) & (quantum != 1)
    return binary | (far > CURVED * quantum)


def _flat(
    each: Each, x: Array, size: Array, usual: Array
) -> tuple[Array, Array, Array, NDArray[np.bool_]]:
    """(noise, that beside f, how far f stands still, whether x is absorbed) there.

    f may be constant up to a kink, or x be lost in a larger number: 1e16 + x - 1e16 is
    a staircase. Where f changes at last, it is looked at closely: a relu has fine steps
    there, a jump has nothing more to come, a staircase has.
    """
    farthest = NEAR + 2 * np.log10(1e8 * np.maximum(1, usual / size))
    end = np.nan_to_num(np.minimum(farthest, len(HALVES) - 1)).astype(int)
    low = np.full(len(x), NEAR)
    noise, flat = np.zeros(len(x)), np.where(np.isnan(size), 0.0, np.inf)
    share = np.full(len(x), np.nan)
    absorbed = np.zeros(len(x), dtype=bool)
    for side in (1, -1):
        step, seen = _shortest(each, x, side * size, low, end)
        inside = np.where(seen, np.abs(step), np.nan)
        fine, own = _scatter(each, x + 2 * side * inside, inside)
        share = np.fmin(share, _share(own, each(x + 2 * side * inside)))
        rises = [each(x + side * k * inside) for k in (0, 1, 2, 8, 64)]
        quantum, far = (np.abs(rises[k] - rises[0]) for k in (1, 4))
        more = (np.abs(rises[3] - rises[2]) > 0) & (np.abs(rises[4] - rises[3]) > 0)
        lost = more & np.isnan(own) & _is_of_rounding(quantum, far)
        noise = np.fmax(noise, np.where(lost, 2 * quantum, fine))
        reach = np.where(inside > size * 10 ** HALVES[NEAR], np.abs(step) / 4, 0.0)
        flat = np.minimum(flat, np.where(seen, reach, np.abs(step)))
        absorbed |= lost
    return noise, share, np.where(absorbed | np.isnan(flat), 0.0, flat), absorbed
