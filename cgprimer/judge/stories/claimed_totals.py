"""Claimed total derivatives one by one, whatever the edges between.

claimed d output/d wrt ─▶ another name's total · a path less · a term less · a ratio
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from cgprimer.expr.ops import ZERO
from cgprimer.graph.accumulation import path_products
from cgprimer.judge.claim import Claim
from cgprimer.judge.graph_check import GraphCheck
from cgprimer.judge.mistakes.blame import SLACK, is_transposed
from cgprimer.judge.mistakes.culprits import Totals
from cgprimer.judge.mistakes.explain import Candidate, Cause, WrongDerivative, explain
from cgprimer.judge.mistakes.terms import MissingTerm, missing_term
from cgprimer.judge.mistakes.wrong import Wrong
from cgprimer.judge.report import CheckRow
from cgprimer.types import Array, Edge

ON_A_PATH = (
    ("missing path", "is missing", 0),
    ("path twice", "is counted twice", 2),
    ("sign", "has the wrong sign", -1),
)


class ClaimedTotals(Totals):
    """The totals of one output at points, and claims for them.

    bad : the names whose totals are wrong, by `claims` or, without one, by our rules.
    good : those whose claims are right.
    doubted : edges whose own partial is wrong, so that differences stand for the truth.
    """

    def __init__(
        self,
        at: GraphCheck,
        output: str,
        claims: Mapping[str, Claim],
        bad: Sequence[str],
        doubted: Sequence[Edge],
    ) -> None:
        edges = at.own | {edge: at.edges[edge].slope.value for edge in doubted}
        claimed = {
            w: claim.values(at.values, at.width)[0] for w, claim in claims.items()
        }
        own = at.outputs[output]
        claimed |= {wrt: own.gradient[wrt] for wrt in bad if wrt not in claims}
        super().__init__(edges, output, claimed, SLACK)
        self.at, self.bad = at, bad
        self.good = [w for w in claimed if w not in bad and self.is_right(w)]

    def wrong(self, wrt: str) -> Wrong:
        """The claim beside the truth, which is zero where there is no way."""
        claimed = self.claimed[wrt]
        true = self.true.get(wrt, np.zeros_like(claimed))
        return Wrong(claimed, true, self.size(wrt), self.at.where)

    def is_right(self, wrt: str) -> bool:
        """Whether a claimed total is the true one at every point."""
        wrong = self.wrong(wrt)
        return wrong.agrees(wrong.true)

    def mark(self, row: CheckRow, cause: Cause, says: str) -> CheckRow:
        """The row with what its total looks like."""
        ratios = self.wrong(row.wrt).ratios()
        span = (float(ratios.min()), float(ratios.max())) if len(ratios) else None
        return replace(row, ratio=span, mistake=cause.kind, looks_like=says)

    def has(self, wrt: str, other: str) -> bool:
        """Whether the claim for one name is the total of another."""
        both = other in self.true and wrt in self.true
        return both and self.wrong(wrt).agrees(self.true[other])

    def others(self, wrt: str) -> Iterator[Candidate]:
        """The names whose totals are claimed for `wrt`: transposed and wrong first."""
        defined = self.at.graph.depends_on
        # Inputs and parameters are mistaken for one another, and so are variables with
        # equations, but not one kind for the other.
        alike = [text for text in self.true if (text in defined) == (wrt in defined)]
        same = [text for text in alike if text != wrt and self.has(wrt, text)]
        right = {text: text not in self.claimed or self.is_right(text) for text in same}
        # d/d w12 given for w21 is a transposed matrix; a name whose own claim is wrong
        # as well is more likely to have changed places than one whose claim is right.
        same.sort(key=lambda text: (not is_transposed(wrt, text), right[text]))
        for text in same:
            kind = "transposed" if is_transposed(wrt, text) else "swapped names"
            says = f"d {self.output}/d {wrt} is given what belongs to {text}"
            yield kind, f"{kind}: {says}", self.true[text]

    def term(self, wrt: str) -> MissingTerm | None:
        """The term of a penalty that the claim lacks, or has too much."""
        term = missing_term(wrt, self._near(wrt), self.wrong(wrt))
        return term if term and term.is_penalty else None

    def looks_like(self, wrt: str) -> Cause:
        """What the claim was taken for."""
        extra = [*self.others(wrt), *self._paths(wrt)]
        inside = {by for _, by in self.edges}
        values, wrong = self._near(wrt), self.wrong(wrt)
        cause = explain(
            WrongDerivative(ZERO, self.output, wrt, values, wrong, extra, inside)
        )
        if cause.kind == "zero":
            return replace(cause, says=f"it is zero, so nothing reaches {wrt}")
        if cause.kind == "should be zero" and wrt not in self.true:
            says = f"{self.output} does not depend on {wrt}: it is zero"
            return replace(cause, says=says)
        return cause

    def _paths(self, wrt: str) -> Iterator[Candidate]:
        """The total with one path left out, counted twice, or of the wrong sign."""
        paths = path_products(self.edges, self.output, wrt)
        # With one path a missing path is a zero, and a path twice a factor 2: others
        # say so.
        if len(paths) < 2:
            return
        for kind, says, times in ON_A_PATH:
            for path, product in paths.items():
                whole = self.true[wrt] + (times - 1) * product
                yield kind, f"the path {' → '.join(path)} {says}", whole

    def _near(self, wrt: str) -> dict[str, Array]:
        """The values of all names, those first that stand in an equation with `wrt`."""
        values = self.at.values
        users = {node for node, by in self.edges if by == wrt}
        near = [by for node, by in self.edges if node in users]
        # A missing term is sought among few names only; those that stand beside `wrt`
        # come first.
        return {text: values[text] for text in dict.fromkeys([*near, *values])}

    def entry(self, wrt: str) -> Edge:
        """The first edge by which `wrt` enters, in topological order."""
        return next((e for e in self.edges if e[1] == wrt), (self.output, wrt))
