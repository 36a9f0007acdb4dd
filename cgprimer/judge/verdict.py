"""The one rule by which a claimed derivative is judged against a difference.

    claim, Slope (value ± bound, by two schemes) ─▶ Judgement; asked by `evidence`,
    `code` and `compare`

    |claim - difference| ≤ k·(bound + ε·Σ|terms|)                  PASS
    the difference excludes the claim, and is known to 1 %          FAIL
    everything else                                         INCONCLUSIVE

A difference that is itself too vague would let a wrong claim pass, so it vouches for
nothing: PASS asks that the bound be sharp beside the claim or, for a claim of zero,
beside the slope that the function can be expected to have. Bounds are estimates, so a
second scheme must condemn as well. At a kink every slope between those to either side
is a subgradient: nothing there is praised, and only what lies outside is condemned.

xz = tanh(w·xa) at w = 0.68, xa = -1.84: differences give ∂xz/∂w as -0.51214 ± 9e-14.
Our own partial of -0.51214 passes, as 9e-14 is far below 1e-4 of it. A claim of xa,
-1.84, is 1.32 off, far beyond 2·9e-14, and the difference is known to 1 %: five-point
differences are taken as well, exclude it too, and it fails.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cgprimer.judge.differences.schemes import EPSILON
from cgprimer.judge.slopes import Slope

PASS, FAIL, INCONCLUSIVE = "PASS", "FAIL", "INCONCLUSIVE"
SURROGATE = "SURROGATE"  # declared to be something else than the derivative
REMARK = "REMARK"  # about a point that nobody asked for; no part of any verdict
COLOURS = {
    FAIL: "bold red", INCONCLUSIVE: "yellow", PASS: "green",
    SURROGATE: "cyan", REMARK: "cyan",
}  # fmt: skip
UNJUDGED = frozenset({SURROGATE, REMARK})
K = 2.0  # bounds are estimates: an error twice as large condemns nobody
CLEAR = 10.0  # so far outside, a second scheme too vague to tell is not waited for
SHARP = 1e-4  # a bound that would let an error of 0.05 % by is no witness
NARROW = 0.01  # a bound this small beside the partial is allowed to condemn
NEGLIGIBLE = 1e-6  # of the slope to expect; below it a partial counts as zero


@dataclass(frozen=True)
class Judgement:
    """A verdict at one point, with the reason where there is one."""

    verdict: str
    reason: str = ""


# One of each for all points: evidence keeps what was judged, at up to a million.
PASSED, FAILED = Judgement(PASS), Judgement(FAIL)


def judge(
    claim: float, slope: Slope, i: int, terms: float, sharp: float = SHARP
) -> Judgement:
    """The rule, at point `i`; `terms` is Σ|terms| of the claim.

    sharp : how small a bound must be beside the claim to confirm it.
    """
    value, bound = float(slope.value[i]), float(slope.bound[i])
    if not (np.isfinite(value) and np.isfinite(bound)):
        return Judgement(INCONCLUSIVE, "no finite difference can be taken here")
    left, right = float(slope.left[i]), float(slope.right[i])
    # |x| at 0: value 0 ± 1, left -1, right 1, so half is 1 and what is known of the
    # sides is sure = 0. A claim of 0.5 has the gap 0.5 - 1 < 0 and is within; one of
    # 1.2 has 0.2.
    half = abs(right - left) / 2  # of a kink: its bound spans both slopes
    gap, sure = abs(claim - value) - half, bound - half
    own = _rounding(claim, terms)
    size = max(abs(claim), abs(left), abs(right))
    # A claim of nan at a kink claims nothing there, which is as good as any
    # subgradient.
    within = gap <= K * (sure + own) or (np.isnan(claim) and half)
    if within and not half:
        # Rounding of the claim widens the bound only for a claim that needs it.
        needed = sure if gap <= K * sure else sure + own
        # A claim of 2 with sharp = 1e-4 asks for a bound of 2e-4 or less; twice that, K
        # times the bound, would let an error of 0.02 % by.
        if needed <= max(sharp * size, _sharp_for_zero(claim, own, slope, i)):
            return PASSED
    # Where f bends sharply the claim may be off by `rough` without being condemned, but
    # it takes the bound alone to be confirmed.
    rough = float(np.broadcast_to(slope.rough, slope.value.shape)[i])
    excluded = not (within or gap <= K * (sure + own) + rough)
    # 3 against 2 ± 0.1 is excluded, but by an estimate that is itself known to 5 %
    # only: nobody is condemned by that.
    if excluded and sure + own <= NARROW * _reference_size(claim, slope, i, size):
        if slope.again is None:
            return FAILED
        # `again` has no further scheme, so that this ends.
        other = judge(claim, slope.again(), i, terms, sharp)
        return _by_both(other, clear=gap > CLEAR * K * (sure + own))
    return Judgement(INCONCLUSIVE, _doubt(slope, i, half, bound + rough))


def _rounding(claim: float, terms: float) -> float:
    """How far a claim may be off because it is computed; nothing where it is inf."""
    if not np.isfinite(claim):
        return 0.0
    # A Σ|terms| of inf says nothing of the rounding; eight times the claim stand for
    # it, as for numbers without a formula.
    terms = max(terms, abs(claim)) if np.isfinite(terms) else 8 * abs(claim)
    return EPSILON * terms


def _sharp_for_zero(claim: float, own: float, slope: Slope, i: int) -> float:
    """The bound that confirms a claim of zero; 0 for any other claim.

    Claims as small as rounding count as zero and have no size that a bound could be
    held against: the slope to expect stands in.
    """
    typical = float(slope.typical[i])
    zero = abs(claim) <= 8 * (own + EPSILON * typical)
    return NEGLIGIBLE * typical * zero


def _reference_size(claim: float, slope: Slope, i: int, size: float) -> float:
    """What a bound is held against; a claim of inf must not make any bound small."""
    if np.isfinite(claim):
        return size
    sides = (abs(float(side[i])) for side in (slope.left, slope.right))
    return max(float(slope.typical[i]), *sides)


def _by_both(other: Judgement, clear: bool) -> Judgement:
    """Where the first scheme excludes a claim: a PASS by the other overrules it.

    clear : whether it is so far off that an `other` too vague to tell changes nothing.
    """
    if other.verdict != INCONCLUSIVE:
        return other
    if clear:
        return FAILED
    says = f"one scheme excludes it, but by another {other.reason}"
    return Judgement(INCONCLUSIVE, says)


def _doubt(slope: Slope, i: int, half: float, bound: float) -> str:
    if half:
        before, after = slope.sides(i)
        return f"at a kink: the slope is {before:.6g} before, {after:.6g} after"
    return f"differences say no more than {slope.value[i]:.3g} ± {bound:.1g} here"
