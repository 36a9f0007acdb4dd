"""A table at one point: rows that were judged at many, told at the same one.

rows, judged at n points ─▶ the point that shows most ─▶ rows of values at that point

There the product of partials along a path, summed over paths, is the total derivative.
A verdict that was reached at another point keeps that point as its `Spot`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cgprimer.judge.arrival import MISTAKE
from cgprimer.judge.claims import Claim
from cgprimer.judge.report import CheckRow, Spot
from cgprimer.judge.verdict import (
    FAIL,
    INCONCLUSIVE,
    NARROW,
    PASS,
    REMARK,
    SHARP,
    judge,
)
from cgprimer.judge.witness import Evidence
from cgprimer.types import Edge

if TYPE_CHECKING:
    from cgprimer.judge.witness import Witness

# Second derivatives and kinks are in no product along a path.
CHAINED = ("edge", "total")  # what a reader multiplies; the rest stands for itself


class CheckRows:
    """The rows of one check, at whichever of its points.

    local, whole : claims of edges, and of totals by name.
    """

    def __init__(
        self,
        witness: Witness,
        rows: Sequence[CheckRow],
        local: Mapping[Edge, Claim],
        whole: Mapping[str, Claim],
    ) -> None:
        self.witness, self.rows = witness, rows
        self.local, self.whole = local, whole
        self.evidence = [self._evidence(row) for row in rows]

    def _evidence(self, row: CheckRow) -> Evidence | None:
        """What a row was judged by at the check's points; None beside them."""
        total = row.kind == "total"
        claim = self.whole.get(row.wrt) if total else self.local.get(row.edge)
        if claim is not None:
            return self._taken(row, claim)
        kept, key = self.witness.evidence, (row.kind, row.edge)
        if key not in kept:
            kept[key] = self._taken(row, None)
        return kept[key]

    def _taken(self, row: CheckRow, claim: Claim | None) -> Evidence | None:
        witness = self.witness
        if row.kind == "edge":
            return witness.edge(row.edge, claim)[0]
        if row.kind == "second":
            return witness.second(row.edge, claim)
        total = row.kind == "total"
        return witness.total(row.node, row.wrt, claim) if total else None

    def at_one_point(self) -> tuple[tuple[CheckRow, ...], dict[str, float]]:
        """The rows with values at the point that shows most, and all names there."""
        i = self._chosen()
        graph, values = self.witness.graph, self.witness.values
        names = (*graph.inputs, *graph.parameters, *graph.order)
        at = {text: float(values[text][i]) for text in names}
        told = []
        for row, one in zip(self.rows, self.evidence, strict=True):
            told += [self._told(row, one, i), *self._at_kinks(row, i)]
        return tuple(told), at

    def _chosen(self) -> int:
        """Where the first row that did not pass shows it, with the fewest vague ones.

        Of points alike, where the claim is furthest off; else the first.
        """
        vague = np.zeros(self.witness.width)
        for row, one in zip(self.rows, self.evidence, strict=True):
            if one is not None and row.kind in CHAINED:
                # A point where many differences are vague is no place for a reader to
                # multiply them.
                vague += ~(one.found.bound <= SHARP * np.abs(one.found.value))
        for row, one in zip(self.rows, self.evidence, strict=True):
            # Rows are in topological order, edges first: the first that failed is what
            # the sentence will be about.
            if one is not None and row.verdict in (FAIL, INCONCLUSIVE):
                shown = [i for i in range(len(vague)) if _is_shown(row, one, i)]
                if shown:
                    return min(shown, key=lambda i: (vague[i], -_gap(one, i), i))
        return int(np.argmin(vague))

    def _at_kinks(self, row: CheckRow, i: int) -> Iterable[CheckRow]:
        """The same edge at its kinks, with all other names as at the point."""
        witness, claim = self.witness, self.local.get(row.edge)
        if row.kind != "edge" or witness.surrogate(row.edge):
            return ()
        if claim is not None:
            return _kink_rows(row, claim, witness.kinks(row.edge, claim, i))
        key = "kink", row.edge, i
        if key not in witness.rows:
            found = witness.kinks(row.edge, None, i)
            witness.rows[key] = tuple(_kink_rows(row, None, found))
        return witness.rows[key]

    def _told(self, row: CheckRow, one: Evidence | None, i: int) -> CheckRow:
        if one is None:
            return row
        spot = Spot(row.at, row.claimed, row.difference, row.bound)
        at = {text: float(value[i]) for text, value in one.at.items()}
        # A backward that misuses what arrives fails at no point of its edge.
        judged = row.verdict in (FAIL, INCONCLUSIVE) and row.mistake != MISTAKE
        elsewhere = judged and row.at != at
        return replace(
            row,
            claimed=float(one.claimed[i]),
            difference=float(one.found.value[i]),
            bound=float(one.found.bound[i]),
            at=at,
            decided=spot if elsewhere and not _is_shown(row, one, i) else None,
        )


def _kink_rows(
    row: CheckRow, claim: Claim | None, kinks: Iterable[Evidence]
) -> Iterator[CheckRow]:
    """At a kink that nobody asked for a claim between the slopes is a subgradient.

    Any other is worth a remark. None where the equation or a slope is not finite, as
    at a jump, a cusp or a pole: there is nothing to be claimed.
    """
    for one in kinks:
        known = one.found
        sides = known.value, known.bound, known.left, known.right
        value, bound, left, right = (float(side[0]) for side in sides)
        claimed, terms = float(one.claimed[0]), float(one.terms[0])
        found = judge(claimed, known, 0, terms, NARROW)
        # Undecided, and without two slopes: there is no kink to say anything of.
        vague = found.verdict == INCONCLUSIVE and left == right
        if vague or not np.isfinite([left, right, bound]).all():
            continue
        verdict, reason = PASS, one.slopes(0)
        if found.verdict == FAIL or not np.isfinite(claimed):
            outside = claim is not None and np.isfinite(claimed)
            more = ": the claim is not between them" if outside else f", {one.but(0)}"
            verdict, reason = REMARK, reason + more
        yield CheckRow(
            "kink",
            *row.edge,
            row.claim,
            row.where,
            claimed,
            value,
            bound,
            verdict,
            reason,
            1,
            {text: float(v[0]) for text, v in one.at.items()},
            slopes=known.sides(0),
        )


def _is_shown(row: CheckRow, one: Evidence, i: int) -> bool:
    """Whether the verdict would be the same at this point alone."""
    return one.judged(i).verdict == row.verdict


def _gap(one: Evidence, i: int) -> float:
    gap = abs(float(one.claimed[i]) - float(one.found.value[i]))
    return gap if np.isfinite(gap) else np.inf
