"""Claims beside differences at points, and the row that comes of them.

claimed (n,), Slope, at which points ─▶ Evidence ─▶ a Judgement at each point
evidence at the points and beside kinks ─▶ one CheckRow: the worst that was found
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cgprimer.judge.claim import Claim
from cgprimer.judge.report import CheckRow, Spot
from cgprimer.judge.slopes import Slope
from cgprimer.judge.verdict import (
    FAIL,
    INCONCLUSIVE,
    NARROW,
    PASS,
    REMARK,
    SHARP,
    SURROGATE,
    Judgement,
    judge,
)
from cgprimer.keeping import lazy
from cgprimer.types import Array, Edge, Mask

SEVERITY = {PASS: 0, SURROGATE: 0, INCONCLUSIVE: 1, FAIL: 2}


@dataclass(frozen=True)
class Evidence:
    """A claim beside differences at n points.

    at : name → values (n,); terms : Σ|terms| of the claim, for its rounding.
    excused : where the claim is what our rules give at a kink: some number, not always
        one that the chain rule can be applied to; and where a formula, ours or theirs,
        divides 0 by 0.
    sharp : how small a bound must be beside the claim to confirm it.
    """

    claimed: Array
    terms: Array
    slope: Slope
    at: Mapping[str, Array]
    excused: Mask
    sharp: float = SHARP

    @lazy
    def judgements(self) -> list[Judgement]:
        """The verdict at each point; a claim that is excused there is not condemned."""
        return [self._judgement(i) for i in range(len(self.claimed))]

    def _judgement(self, i: int) -> Judgement:
        claim, terms = float(self.claimed[i]), float(self.terms[i])
        judgement = judge(claim, self.slope, i, terms, self.sharp)
        if judgement.verdict == FAIL and self.excused[i]:
            return Judgement(INCONCLUSIVE, f"{self.slopes(i)}, {self.but(i)}")
        return judgement

    @lazy
    def gaps(self) -> Array:
        """How far the claim is from the difference at each point."""
        with np.errstate(all="ignore"):
            gaps = np.abs(self.claimed - self.slope.value)
        # nan beside a number is the largest gap there is.
        return np.nan_to_num(gaps, nan=np.inf)

    @lazy
    def vague(self) -> Mask:
        """At which points the difference tells too little to be multiplied with."""
        return ~(self.slope.bound <= SHARP * np.abs(self.slope.value))

    def slopes(self, i: int) -> str:
        """Those to either side of a kink, in words."""
        left, right = self.slope.sides(i)
        return f"slopes {left:.6g} before, {right:.6g} after"

    def but(self, i: int) -> str:
        """What the rules of the operations give there."""
        return f"but the formula gives {self.claimed[i]:.6g} at this very point"

    def __getitem__(self, i: int) -> Spot:
        """The claim and the difference at point `i`."""
        return Spot(
            {text: float(value[i]) for text, value in self.at.items()},
            float(self.claimed[i]),
            float(self.slope.value[i]),
            float(self.slope.bound[i]),
        )

    def row(
        self, kind: str, edge: Edge, claim: Claim | None, i: int, found: Judgement
    ) -> CheckRow:
        """The row with the values at point `i`, and what was found."""
        text, where = (claim.text, claim.where) if claim else ("", "")
        spot, (node, wrt) = vars(self[i]), edge
        return CheckRow(kind, node, wrt, text, where, **spot, **vars(found), points=1)


@dataclass(frozen=True)
class JudgedRow:
    """A row of a report, and what it was judged by at the points of the check.

    evidence : None where those points have no part in it.
    """

    row: CheckRow
    evidence: Evidence | None = None


def judged_row(
    kind: str,
    edge: Edge,
    claim: Claim | None,
    evidence: Sequence[Evidence],
    *,
    given: bool,
) -> CheckRow:
    """One row from all points: FAIL where one fails, PASS where enough decide.

    evidence : at the points, then beside kinks.
    given : whether these are the caller's own points, of which every one must decide;
        of random ones, half.
    """
    every = [(one, i) for one in evidence for i in range(len(one.claimed))]

    def rank(place: tuple[Evidence, int]) -> tuple[int, float]:
        one, i = place
        return SEVERITY[one.judgements[i].verdict], one.gaps[i]

    worst, i = max(every, key=rank)
    found = worst.judgements[i]
    # Evidence 0 is that at the points; what follows is beside kinks, and is no part of
    # the count of points that decide.
    passed = [one.verdict == PASS for one in evidence[0].judgements]
    # Of five random points three must pass. A domain's edge or a wave too fast for one
    # of them then leaves no doubt about a derivative that the others confirm.
    needed = len(passed) if given else (len(passed) + 1) // 2
    if found.verdict == INCONCLUSIVE and sum(passed) >= needed:
        undecided = sum(one.judgements[k].verdict == INCONCLUSIVE for one, k in every)
        found = Judgement(PASS, f"undecided at {undecided} of {len(every)}")
    return replace(worst.row(kind, edge, claim, i, found), points=len(every))


def declared_row(row: CheckRow, one: Evidence, own: Array, declared: str) -> CheckRow:
    """A row that is not judged: a claim must only be the gradient that is declared."""
    if np.allclose(one.claimed, own, rtol=1e-9, atol=0, equal_nan=True):
        return replace(row, verdict=SURROGATE, reason=declared)
    says = f"{declared}, and the claim is another gradient than that"
    return replace(row, verdict=FAIL, reason=says)


def kink_row(edge: Edge, claim: Claim | None, one: Evidence) -> CheckRow | None:
    """The row on evidence at a kink itself, (1,).

    At a kink that nobody asked for a claim between the slopes is a subgradient. Any
    other is worth a remark. None where the equation or a slope is not finite, as at a
    jump, a cusp or a pole: there is nothing to be claimed.
    """
    claimed, terms = float(one.claimed[0]), float(one.terms[0])
    judgement = judge(claimed, one.slope, 0, terms, NARROW)
    bound, left, right = (
        float(side[0]) for side in (one.slope.bound, one.slope.left, one.slope.right)
    )
    # Undecided, and without two slopes: there is no kink to say anything of.
    vague = judgement.verdict == INCONCLUSIVE and left == right
    if vague or not np.isfinite([left, right, bound]).all():
        return None
    verdict, reason = PASS, one.slopes(0)
    if judgement.verdict == FAIL or not np.isfinite(claimed):
        outside = claim is not None and np.isfinite(claimed)
        more = ": the claim is not between them" if outside else f", {one.but(0)}"
        verdict, reason = REMARK, reason + more
    row = one.row("kink", edge, claim, 0, Judgement(verdict, reason))
    return replace(row, slopes=one.slope.sides(0))
