"""Slopes of plain code along lines, each by itself: value ± bound, rounding probed.

each: values (m,) ─▶ f on m lines ─ rounding ─▶ Slopes
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cgprimer.judge.code.rounding import COARSE, COARSEST, Each, Noise
from cgprimer.judge.code.rounding import noise as probed
from cgprimer.judge.code.smoothed import smooth
from cgprimer.judge.differences.bounded import Difference, choose
from cgprimer.judge.differences.finite import difference
from cgprimer.judge.slopes import SCHEMES, Slope, by_schemes
from cgprimer.judge.verdict import NEGLIGIBLE
from cgprimer.types import Array

ULPS = 64.0  # a claim is computed from terms: it is off by so many ulps of theirs
FAR = (0.5, 10.0, 1e3, 1e6)  # sizes away: where f is looked at that stands still nearby
ABOUT = 2  # of these are about x; farther away the next change counts


@dataclass(frozen=True)
class Slopes:
    """Derivatives along m lines, and what they rest on: arrays (m,).

    precision : relative, of one value of f.
    terms : the size of what a claim is computed from, as far as it shows.
    """

    slope: Slope
    precision: Array
    terms: Array


def slopes(each: Each, x: Array, scale: Array) -> Slopes:
    """The derivative of `each` at `x`, elementwise; nan is not called, and gives nan.

    scale : the size that x usually has, for where it is 0.
    """
    size = np.where(x == 0, scale, np.abs(x))
    usual = np.where(x == 0, scale, 1.0)
    with np.errstate(all="ignore"):
        known = probed(each, x, size, usual)

        @functools.cache
        def by(scheme: str) -> Difference:
            with np.errstate(all="ignore"):
                return _difference(each, x, scheme, known, size, usual)

        # f may be rounded to its own value over short steps: the step that the
        # difference rests on is one that shows a slope.
        local = _steepest(each, x, by("ridders").h)
        level = np.where(known.absorbed, 0.0, np.abs(each(x)) / size)
        terms = np.where(local > 0, local, level)
        typical = _typical(each, x, size, local, known)
    own = np.minimum(known.precision, COARSEST)
    # Single precision leaves slopes of zero a noise of 1e-7 beside others; a claim of 0
    # is confirmed within that much of the usual slope.
    typical = typical * np.maximum(1.0, 100 * own / NEGLIGIBLE)
    return Slopes(by_schemes(by, typical), known.precision, ULPS * terms)


def _difference(
    each: Each, x: Array, scheme: str, known: Noise, size: Array, usual: Array
) -> Difference:
    """The difference; where f works in single precision its noise grows with it.

    Then both long and short steps are tried, each with the noise at its own reach, and
    a fit over many points.
    """
    longer, coarse = np.maximum(size, usual), known.precision > COARSE
    still = known.where_flat()
    # Where f stands still to both sides a difference would be of rounding, or of what
    # comes after the flat part.
    if (known.flat > 0).all():
        return still
    x = np.where(known.flat > 0, np.nan, x)
    noise = known.at_reach(each, x, size, longer)
    slope = difference(each, x, scheme, None, noise, typical=usual)
    slope = choose(known.flat > 0, still, slope)
    coarse &= ~(known.flat > 0)
    if not coarse.any():
        return slope
    # x = 1e-3 with a usual size of 1: steps of 0.1 are sharp in float32, and may be too
    # long for f; steps of 1e-4 are the reverse. Where the two contradict, the short
    # ones count.
    if (coarse & (size < longer)).any():
        close = np.where(coarse & (size < longer), x, np.nan)
        noise = known.at_reach(each, close, size, size)
        other = difference(each, close, scheme, None, noise, typical=size)
        better = (other.bound < slope.bound) | _differ(other, slope)
        slope = choose(better, other, slope)
    close = np.where(coarse, x, np.nan)
    for reach in (size, longer) if scheme == SCHEMES[0] else ():
        other = smooth(each, close, reach, known.precision)
        # A fit over a wide interval is believed only where a difference does not
        # contradict it.
        better = (other.bound < slope.bound) & ~_differ(other, slope)
        slope = choose(better, other, slope)
    return slope


def _differ(one: Difference, two: Difference) -> NDArray[np.bool_]:
    apart: NDArray[np.bool_] = np.abs(one.value - two.value) > one.bound + two.bound
    return apart


def _steepest(each: Each, x: Array, step: Array) -> Array:
    here = each(x)
    rises = [np.abs(each(x + s * step) - here) / np.abs(step) for s in (-1, 1)]
    rise: Array = np.nan_to_num(np.fmax(*rises), posinf=0.0)
    return rise


def _typical(each: Each, x: Array, size: Array, local: Array, known: Noise) -> Array:
    """The slope to expect: about x, or farther away where f stands still."""
    about = np.fmax(
        local, _steepest(each, x, np.where(known.absorbed, np.nan, size / 2))
    )
    still = local == 0
    if not still.any():
        return about
    level = np.where(known.absorbed, 0.0, np.abs(each(x)) / size)
    steps = [np.where(still, part * size, np.nan) for part in FAR]
    rises = np.array([_steepest(each, x, step) for step in steps])
    nearest = rises[(rises > 0).argmax(axis=0), np.arange(len(x))]
    # What a large number absorbs nearby is rounding, not a slope that f has there.
    most = np.where(known.absorbed, 0.0, rises[:ABOUT].max(axis=0))
    farther = np.where(most > 0, most, nearest)
    return np.where(still, np.fmax(level, farther), about)
