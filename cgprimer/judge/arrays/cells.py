"""Claimed numbers beside slopes, at n samples each: judged, and the worst of them.

claimed (k, n), Slope (k, n), our own (k, n) ─▶ Cells ─▶ verdict, where
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cgprimer.judge.differences.schemes import EPSILON
from cgprimer.judge.evidence import SEVERITY
from cgprimer.judge.slopes import Slope
from cgprimer.judge.verdict import (
    FAIL,
    INCONCLUSIVE,
    NEGLIGIBLE,
    PASS,
    PASSED,
    Judgement,
    K,
    judge,
)
from cgprimer.keeping import lazy
from cgprimer.types import Array


@dataclass(frozen=True, eq=False)
class Cells:
    """k numbers at n samples, each beside a slope.

    own : what our rules give. given : whether every sample has to decide.
    """

    claimed: Array
    terms: Array
    own: Array
    slope: Slope
    given: bool

    @lazy
    def flat(self) -> Slope:
        """The slopes in one row, (k·n,)."""
        return self.slope.each(np.ravel)

    @lazy
    def judgements(self) -> list[list[Judgement]]:
        """The verdict on each of k numbers at each of n samples."""
        k, n = self.claimed.shape
        return [[self._judge(i, s) for s in range(n)] for i in range(k)]

    def _judge(self, i: int, s: int) -> Judgement:
        claim, terms = float(self.claimed[i, s]), float(self.terms[i, s])
        at = i * self.claimed.shape[1] + s
        judged = judge(claim, self.flat, at, terms)
        if judged.verdict == INCONCLUSIVE and self._is_small(i, s, at):
            return PASSED
        if judged.verdict == FAIL and (why := self._excuse(i, s, at)):
            return Judgement(INCONCLUSIVE, why)
        return judged

    def _is_small(self, i: int, s: int, at: int) -> bool:
        """Whether a difference confirms a number as well as its array asks for.

        In a saturated layer entries of 1e-10 stand beside some of 1, and of a
        difference ± 1e-13 nobody wants more digits: a bound below a millionth of the
        largest is sharp enough.
        """
        left, right = self.flat.sides(at)
        bound, own = float(self.flat.bound[at]), EPSILON * float(self.terms[i, s])
        sharp = bound + own <= NEGLIGIBLE * float(self.largest[s])
        return bool(left == right and sharp and self.gaps[i, s] <= K * (bound + own))

    @lazy
    def largest(self) -> Array:
        """The largest of the slopes at each sample, (n,)."""
        size = np.abs(self.slope.value)
        largest: Array = np.where(np.isfinite(size), size, 0.0).max(axis=0)
        return largest

    def _excuse(self, i: int, s: int, at: int) -> str:
        """Why nobody is blamed for what is not the slope there, or nothing."""
        claim, own = self.claimed[i, s], self.own[i, s]
        if not np.isclose(claim, own, rtol=1e-9, atol=0, equal_nan=True):
            return ""
        left, right = self.flat.sides(at)
        # relu(x) at 0 has the slope 0 by the rule and 0 and 1 by differences; what the
        # chain rule makes of that is no slope of anything.
        if left != right:
            return (
                f"slopes {left:.6g} before, {right:.6g} after, but the formula gives "
                f"{claim:.6g} at this very point"
            )
        return "" if np.isfinite(claim) else f"the formula gives {claim} here"

    @lazy
    def gaps(self) -> Array:
        """How far claims are from differences; nan counts as endless."""
        with np.errstate(all="ignore"):
            gaps = np.abs(self.claimed - self.slope.value)
        return np.nan_to_num(gaps, nan=np.inf)

    def worst(self) -> tuple[Judgement, int, int]:
        """The verdict on all of them; which one shows it, and at which sample."""
        severity = np.array([[SEVERITY[x.verdict] for x in r] for r in self.judgements])
        passed = (severity == 0).sum(axis=1)
        n = severity.shape[1]
        decided = passed >= (n if self.given else (n + 1) // 2)
        # What some samples leave open others have decided, where nobody asked for them.
        severity = np.where((severity == 1) & decided[:, None], 0, severity)
        worst = severity.max()
        gaps = np.where(severity == worst, self.gaps, -1.0)
        if worst == 0:
            kept = [[x.verdict == PASS for x in row] for row in self.judgements]
            gaps = np.where(np.array(kept), self.gaps, -1.0)
        i, s = (int(k) for k in np.unravel_index(int(gaps.argmax()), gaps.shape))
        return self.judgements[i][s], i, s


def joined(parts: Sequence[Slope]) -> Slope:
    """Slopes of several blocks as one, along the first axis."""
    if len(parts) == 1:
        return parts[0]
    full = [part.each(lambda a: a) for part in parts]
    arrays = (
        np.concatenate([getattr(p, key) for p in full])
        for key in ("value", "bound", "typical", "left", "right", "rough")
    )
    value, bound, typical, left, right, rough = arrays
    again = None
    if all(part.again for part in parts):
        again = _again(parts)
    return Slope(value, bound, typical, left, right, again, rough)


def _again(parts: Sequence[Slope]):  # type: ignore[no-untyped-def]
    def take() -> Slope:
        return joined([part.again() for part in parts if part.again])

    return take
