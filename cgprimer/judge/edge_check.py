"""The check of one edge: ∂node/∂wrt by differences, and claims held against them.

    claim ─▶ evidence at the points, and beside kinks ─▶ row ─▶ what is wrong, and what
             └─ evidence on the second derivative ─────▶ row    to change it to

Without a claim our own partial is judged. What does not depend on the claim is taken
once, when it is first asked for; thousands of claims may be judged by one EdgeCheck.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from cgprimer.expr.node import Node, substitute
from cgprimer.expr.ops import name
from cgprimer.judge.arrival import MISTAKE, mark
from cgprimer.judge.at_points import GraphAtPoints
from cgprimer.judge.claim import Claim
from cgprimer.judge.evidence import (
    Evidence,
    JudgedRow,
    declared_row,
    judged_row,
    kink_row,
)
from cgprimer.judge.kinks import either_side, kink_mask, kinks
from cgprimer.judge.mistakes.blame import SLACK, elsewhere, faulty_operation
from cgprimer.judge.mistakes.explain import Candidate, Cause, WrongDerivative, explain
from cgprimer.judge.mistakes.wrong import Wrong
from cgprimer.judge.mistakes.wrong_derivatives import derivative
from cgprimer.judge.report import CheckRow
from cgprimer.judge.rounding import second_partial
from cgprimer.judge.sites import Site
from cgprimer.judge.slopes import Slope, curvature, slope
from cgprimer.judge.verdict import FAIL, PASS
from cgprimer.keeping import lazy, memo
from cgprimer.notation.text import show
from cgprimer.types import Array, Edge, Mask

SHARP_SECOND = 1e-2  # second differences are known to half as many digits
SQUARED = 1e-153  # a step of the size of a smaller x underflows where it is squared


class EdgeCheck:
    """One edge of a graph at points."""

    def __init__(self, at: GraphAtPoints, edge: Edge) -> None:
        self.at, self.edge = at, edge
        self.node, self.wrt = edge
        self.site, self.own = at.sites[self.node], at.own[edge]  # our partial (n,)

    @property
    def body(self) -> Node:
        """The right side of its equation, as its author wrote it."""
        return self.at.body(self.node)

    @lazy
    def wide(self) -> EdgeCheck:
        """The same edge at enough points to tell mistakes apart."""
        wide = self.at.wide
        return self if wide is self.at else EdgeCheck(wide, self.edge)

    @property
    def surrogate(self) -> str:
        """`op is declared surrogate`, or nothing: such an edge is not judged."""
        return self.at.surrogate(self.edge)

    @property
    def misuse(self) -> str:
        """How a backward on this edge misuses what arrives, or nothing."""
        return self.at.misuses.get(self.edge, "")

    @lazy
    def formula(self) -> str:
        """The right ∂node/∂wrt as text, short by the node itself: `(1 - z1^2)*x1`."""
        right = derivative(self.body, name(self.wrt), {})
        # tanh(w·x) by w is (1 - tanh(w·x)²)·x, and said by its node z: (1 - z²)·x.
        if self.body.args:
            [right] = substitute([right], {self.body: name(self.node)})
        return show(right)

    # What differences say.

    @lazy
    def slope(self) -> Slope:
        """∂node/∂wrt by differences, at the points."""
        return self._by_differences(slope)

    def _by_differences(self, take: Callable[..., Slope]) -> Slope:
        group, row = self.at.place[self.node]
        return group.slope(row, self.site.slot(self.wrt), take)

    @lazy
    def truth(self) -> tuple[Array, Array]:
        """Our own partial where differences confirm it, else the differences.

        The second array is what either of them may be off.
        """
        own, slope = self.own, self.slope
        gap = np.abs(own - slope.value)
        # Our own partial has sixteen digits, a difference ten: mistakes are told better
        # by it, where differences have confirmed it.
        if not (gap > 2 * slope.bound + SLACK * np.abs(own)).any():
            return own, SLACK * np.abs(own)
        return slope.value, 2 * slope.bound + SLACK * np.abs(slope.value)

    @property
    def is_confirmed(self) -> bool:
        """Whether our own partial is what differences give."""
        return self.truth[0] is self.own

    # Claims beside them.

    def evidence(self, claim: Claim | None = None) -> Evidence:
        """The evidence at the points alone."""
        return self._evidence(self.site, claim, self.slope)

    def everywhere(self, claim: Claim | None) -> list[Evidence]:
        """The evidence at the points, and beside the kinks next to them."""
        evidence = [self.evidence(claim)]
        # An array of numbers says nothing of other points than the given ones.
        if claim is None or claim.everywhere:
            evidence += [self._evidence(at, claim, known) for at, known in self._beside]
        return evidence

    @lazy
    def _beside(self) -> list[tuple[Site, Slope]]:
        """The equation on either side of each kink, and its slopes there."""
        kinked = kinks(self.site, self.wrt)
        there = [self.site.with_value(self.wrt, either_side(at)) for at in kinked]
        finite = (site for site in there if np.isfinite(site.result).all())
        return [(site, site.slope(self.wrt)) for site in finite]

    def kink_rows(self, claim: Claim | None, i: int) -> tuple[CheckRow, ...]:
        """What is at kinks that are no points, other names as at point `i`."""
        return self._kink_rows(claim, i) if claim else self._own_kink_rows(i)

    @memo
    def _own_kink_rows(self, i: int) -> tuple[CheckRow, ...]:
        return self._kink_rows(None, i)

    def _kink_rows(self, claim: Claim | None, i: int) -> tuple[CheckRow, ...]:
        if self.surrogate or (claim is not None and not claim.everywhere):
            return ()
        site, wrt = self.site.at(i), self.wrt
        # A kink at one of the points has been judged with the points.
        others = [at for at in kinks(site, wrt) if at not in self.site.values[wrt]]
        there = [site.with_value(wrt, np.array([at])) for at in others]
        evidence = (self._evidence(one, claim, one.slope(wrt)) for one in there)
        rows = (kink_row(self.edge, claim, one) for one in evidence)
        return tuple(row for row in rows if row is not None)

    def _evidence(self, site: Site, claim: Claim | None, known: Slope) -> Evidence:
        own, own_terms, at_kink = self._by_rules(site)
        claimed, terms = own, own_terms
        if claim is not None:
            claimed, terms = claim.values(site.values, len(site.result))
        excused = self.at.excuses(claim, claimed, own, at_kink)
        return Evidence(claimed, terms, known, site.values, excused)

    def _by_rules(self, site: Site) -> tuple[Array, Array, Mask]:
        """Our own partial, its Σ|terms|, and where there is a kink.

        Those at the points are there already.
        """
        at, edge, wrt = self.at, self.edge, self.wrt
        if site is self.site:
            return at.own[edge], at.terms[edge], at.kink_mask(edge)
        return site.partial(wrt), site.partial_terms(wrt), kink_mask(site, wrt)

    def second(self, claim: Claim | None) -> Evidence | None:
        """The claim differentiated once more, beside second differences.

        None where the claim is no formula, or where no second derivative is known or
        finite, and at kinks: xa^1.5 and abs(xa) have none at 0, nor has anybody
        claimed one.
        """
        rows = self._twice(claim)
        if rows is None:
            return None
        claimed, terms = (np.broadcast_to(row, (self.at.width,)) for row in rows)
        x, none = np.abs(self.site.values[self.wrt]), self.at.kink_mask(self.edge)
        # At one such point the row is left out altogether: second derivatives are a
        # second look, and no verdict is lost without it.
        if (none | ~np.isfinite(claimed) | ((x > 0) & (x < SQUARED))).any():
            return None
        slope = self._by_differences(curvature)
        return Evidence(claimed, terms, slope, self.site.values, none, SHARP_SECOND)

    def _twice(self, claim: Claim | None) -> list[Array] | None:
        """The second derivative and its Σ|terms|, not in full; None where unknown."""
        site = self.site
        if claim is not None:
            return claim.second_derivative(self.body, site.values)
        kernel = second_partial(site.shape, site.slot(self.wrt))
        with np.errstate(all="ignore"):
            return kernel(*site.slots) if kernel else None

    # The rows of a report.

    def judge(self, claim: Claim | None) -> tuple[JudgedRow, ...]:
        """The row on a claim and, where it passes, that on its own derivative."""
        if claim is None:
            return self._own_rows
        rows = self._rows(claim)
        return tuple(replace(one, row=self._mend(one.row, claim)) for one in rows)

    @lazy
    def _own_rows(self) -> tuple[JudgedRow, ...]:
        first, *others = self._rows(None)
        return replace(first, row=mark(first.row, self.misuse)), *others

    def _rows(self, claim: Claim | None) -> Iterator[JudgedRow]:
        if self.surrogate:
            one = self.evidence(claim)
            row = self._row("edge", claim, [one])
            yield JudgedRow(declared_row(row, one, self.own, self.surrogate), one)
            return
        every = self.everywhere(claim)
        row = self._row("edge", claim, every)
        blamed = self._blame(row, claim) if row.verdict == FAIL else row
        yield JudgedRow(blamed, every[0])
        # The formula is differentiated once more, and so are our own rules: right
        # values alone say nothing of that.
        second = self.second(claim) if row.verdict == PASS else None
        if second is not None:
            yield JudgedRow(self._row("second", claim, [second]), second)

    def _row(
        self, kind: str, claim: Claim | None, evidence: Sequence[Evidence]
    ) -> CheckRow:
        return judged_row(kind, self.edge, claim, evidence, given=self.at.given)

    def _blame(self, row: CheckRow, claim: Claim | None) -> CheckRow:
        """The row with what its claim looks like."""
        seen, wrong = self, self.wrong(claim)
        # At the caller's one point every ratio is constant and every mistake fits; more
        # points tell them apart, unless the claim is right there and wrong at the given
        # point alone.
        if (claim is None or claim.everywhere) and self.wide is not self:
            more = self.wide.wrong(claim)
            if not more.agrees(more.true):  # else it is wrong at the given points only
                seen, wrong = self.wide, more
        cause = seen.explain(wrong, seen.others())
        kind, says = cause.kind, cause.says
        if claim is None:
            says = (
                faulty_operation(seen.body, self.wrt, seen.site.values, seen.at.where)
                or seen.misuse
                or f"our own rules give something else: {says}"
            )
            kind = MISTAKE if says == seen.misuse else kind
        return replace(row, ratio=cause.ratio, mistake=kind, looks_like=says)

    def others(self) -> Iterator[Candidate]:
        """Right derivatives of something else, which may be claimed instead."""
        return elsewhere(self.at.own, self.at.graph.outputs, self.edge)

    def explain(self, wrong: Wrong, others: Iterable[Candidate]) -> Cause:
        """What a wrong partial looks like; `others` may be claimed instead of it."""
        of = self.body, self.node, self.wrt, self.site.values
        return explain(WrongDerivative(*of, wrong, others))

    def wrong(self, claim: Claim | None) -> Wrong:
        """A claim beside the truth, for what it looks like."""
        claimed = self.own
        if claim is not None:
            claimed, _ = claim.values(self.site.values, self.at.width)
        return Wrong(claimed, *self.truth, self.at.where)

    @np.errstate(all="ignore")
    def _mend(self, row: CheckRow, claim: Claim) -> CheckRow:
        """The row of a wrong claim with what to change it to.

        Nothing where only a wrong rule of ours would give it.
        """
        if row.verdict != FAIL or not (self.surrogate or self.is_confirmed):
            return row
        where = f" ({claim.where})" if claim.where else ""
        right = self.formula
        if ";" in right:
            right = f"what graph.partial({self.node!r}, {self.wrt!r}) says"
        return replace(row, mend=f"change {claim.text}{where} to {right}")
