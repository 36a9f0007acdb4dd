"""The rule by which a claimed derivative is judged against a difference.

    |claim - difference| ≤ k·(bound + ε·Σ|terms|)                  PASS
    the difference excludes the claim, and is known to 1 %          FAIL
    everything else                                         INCONCLUSIVE

A difference that is itself too vague would let a wrong claim pass, so it vouches for
nothing: PASS asks that the bound be sharp beside the claim or, for a claim of zero,
beside the slope that the function has on average. Bounds are estimates, so a second
scheme must condemn as well. At a kink the bound spans the slopes to either side, so
nothing is condemned there that lies between them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cgprimer.numeric.compare import FAIL, INCONCLUSIVE, NARROW, PASS, SURROGATE
from cgprimer.numeric.finite import (
    EPSILON,
    ROUNDING,
    Difference,
    difference,
    second_difference,
)

Array = NDArray[np.float64]
Function = Callable[[Any], Any]

COLOURS = {FAIL: "bold red", INCONCLUSIVE: "yellow", PASS: "green", SURROGATE: "cyan"}
K = 2.0  # bounds are estimates: an error twice as large condemns nobody
CLEAR = 10.0  # so far outside, a second scheme too vague to tell is not waited for
SHARP = 1e-4  # a bound that would let an error of 0.05 % by is no witness
NEGLIGIBLE = 1e-6  # of the average slope; below it a partial counts as zero
SCHEMES = "ridders", "five-point"  # the second is asked where the first condemns


@dataclass(frozen=True)
class Slope:
    """A derivative by differences at n points: `value` ± `bound`, arrays (n,).

    typical : the size of slope to expect there, |Δf|/|Δx| over a long step or |f|/|x|.
    left, right : the slopes to either side; they differ at a kink.
    again : the same by another scheme, taken when it is needed.
    """

    value: Array
    bound: Array
    typical: Array
    left: Array
    right: Array
    again: Callable[[], Slope] | None = None


@dataclass(frozen=True)
class Judgement:
    """A verdict at one point, with the reason where there is one."""

    verdict: str
    reason: str = ""


def slope(f: Function, x: Array, noise: Array | None = None) -> Slope:
    """The derivative of `f` at `x` (n,).

    noise : what rounding does to one value of f, in units of ROUNDING; else probed.
    """
    rounding = None if noise is None else ROUNDING * noise
    return by_schemes(lambda s: difference(f, x, s, None, rounding), _typical(f, x))


def curvature(f: Function, x: Array, noise: Array | None = None) -> Slope:
    """The second derivative of `f` at `x` (n,), by second differences."""
    rounding = None if noise is None else ROUNDING * noise
    typical = _typical(f, x) / np.maximum(np.abs(x), 1.0)
    schemes = (SCHEMES[0], "three-point")
    return by_schemes(
        lambda s: second_difference(f, x, rounding, scheme=s), typical, schemes
    )


def by_schemes(
    take: Callable[[str], Difference],
    typical: Array,
    schemes: tuple[str, str] = SCHEMES,
) -> Slope:
    """What the first scheme gives, and the second as soon as it is asked for."""

    @functools.cache
    def by(scheme: str) -> Slope:
        d = take(scheme)
        again = functools.partial(by, schemes[1]) if scheme == schemes[0] else None
        return Slope(d.value, d.bound, typical, d.left, d.right, again)

    return by(schemes[0])


def _typical(f: Function, x: Array) -> Array:
    long = np.maximum(np.abs(x), 1.0)
    with np.errstate(all="ignore"):
        here = f(x)
        steps = [np.abs(f(x + sign * long / 2) - here) for sign in (-1, 1)]
        sizes = [np.where(np.isfinite(s), s, 0.0) for s in (np.abs(here), *steps)]
    found: Array = np.maximum(np.maximum(sizes[0], sizes[1]), sizes[2]) / long
    return found


def judge(
    claim: float, found: Slope, i: int, terms: float, sharp: float = SHARP
) -> Judgement:
    """The rule, at point `i`; `terms` is Σ|terms| of the claim."""
    value, bound = float(found.value[i]), float(found.bound[i])
    left, right = float(found.left[i]), float(found.right[i])
    if not (np.isfinite(value) and np.isfinite(bound)):
        return Judgement(INCONCLUSIVE, "no finite difference can be taken here")
    size = max(abs(claim), abs(value))
    rounding = EPSILON * max(terms, abs(claim)) if np.isfinite(claim) else 0.0
    gap, allowed = abs(claim - value), K * (bound + rounding)
    if gap <= allowed:
        zero = claim == 0 or abs(claim) <= 8 * rounding
        enough = max(sharp * size, NEGLIGIBLE * float(found.typical[i]) * zero)
        if bound <= enough:
            return Judgement(PASS)
    elif not (np.isfinite(claim) and bound > NARROW * size):
        if found.again is None:
            return Judgement(FAIL)
        other = judge(claim, found.again(), i, terms, sharp)
        clear = gap > CLEAR * allowed and left == right
        return Judgement(FAIL) if other.verdict != PASS and clear else other
    if left != right:
        text = f"a kink: the slope is {left:.6g} before, {right:.6g} after"
        return Judgement(INCONCLUSIVE, text)
    text = f"differences say no more than {value:.3g} ± {bound:.1g} here"
    return Judgement(INCONCLUSIVE, text)
