"""Stories of wrong totals that one edge explains, or all edges into one node.

    culprits: edges, a factor, the totals it gives ─▶ the likeliest ─▶ Story

`stories` tells them of all wrong totals, of some, or of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from cgprimer.judge.at_points import GraphAtPoints
from cgprimer.judge.mistakes.culprits import Culprit
from cgprimer.judge.mistakes.explain import VAGUE, Cause, ratio_text
from cgprimer.judge.mistakes.terms import sentence
from cgprimer.judge.stories.claimed_totals import ClaimedTotals
from cgprimer.types import Edge

SWAPPED = 64  # names that are held against one another
LOOKED_AT = 24  # edges whose mistake is sought; a long chain has thousands that fit


@dataclass(frozen=True)
class Story:
    """Totals d output / d `names`, the edge behind them, and what it says: a clause.

    single : whether one edge explains them, not all edges of a node or no edge.
    alike : edges that would explain as much.
    """

    output: str
    names: tuple[str, ...]
    edge: Edge
    cause: Cause
    says: str
    single: bool = True
    alike: tuple[Edge, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether it tells of a mistake on the edge, which a plain number is not."""
        return self.cause.kind not in (*VAGUE, "a number")

    @property
    def clause(self) -> str:
        """The clause, with the edges that would explain as much."""
        if not self.alike:
            return self.says
        edges = ", ".join(f"∂{node}/∂{wrt}" for node, wrt in self.alike[:4])
        return f"{self.says}; the same could have happened on {edges}"


@dataclass(frozen=True)
class EdgeStories:
    """The stories of one output's totals that edges explain."""

    totals: ClaimedTotals

    def likeliest(self, culprits: Sequence[Culprit]) -> Story | None:
        """The first recognised story, with the edges that would do as well."""
        # Innocent is an edge whose factor would have spoilt a total that is right.
        fit = (c for c in culprits if self.totals.spares(c, self.totals.good))
        likely = sorted(islice(fit, LOOKED_AT), key=self._likelihood)
        told = ((self.story(culprit), culprit) for culprit in likely)
        known = ((story, culprit) for story, culprit in told if story.is_known)
        first, found = next(known, (None, None))
        # All edges of a node are named by their node, not one by one.
        if first is None or found is None or not first.single:
            return first
        rank, kind = self._likelihood(found), first.cause.kind
        alike = (
            story.edge
            for story, culprit in known
            if story.cause.kind == kind and self._likelihood(culprit) == rank
        )
        return replace(first, alike=tuple(islice(alike, 4)))

    def _likelihood(self, culprit: Culprit) -> tuple[int, bool, int]:
        """The more it explains the better; then the fewer it makes wrong besides."""
        bad = self.totals.bad
        others = [wrt for wrt in bad if wrt not in culprit.names][:SWAPPED]
        # Wrong totals that this edge would have made wrong in another way need a second
        # mistake.
        more = sum(not self.totals.spares(culprit, [wrt]) for wrt in others)
        return -len(culprit.names), len(culprit.edges) > 1, more

    def story(self, culprit: Culprit, only: bool = False) -> Story:
        """What was taken for the edge; `only` in this total, as others are right."""
        edge, single = culprit.edges[0], len(culprit.edges) == 1
        cause = self._on_edge(culprit, edge)
        node, wrt = edge
        where = f"as if in the equation of {node}, whatever the name,"
        if single:
            formula = self.totals.at.edges[edge].formula
            where = f"as if on the edge ∂{node}/∂{wrt} = {formula}"
        if only:
            where = f"in this one, {where}{',' * single}"
        says = f"{where} {cause.says} (there {_ratio(cause, self.totals.at)})"
        lacks = cause.kind in ("missing path", "missing term")
        penalty = self.penalty(culprit.names) if lacks else ""
        if penalty and penalty not in says:
            says += f": {penalty}"
        return Story(self.totals.output, culprit.names, edge, cause, says, single)

    def penalty(self, names: Sequence[str]) -> str:
        """The penalty whose gradient all of them lack, or nothing."""
        terms = [self.totals.term(wrt) for wrt in names[:SWAPPED]]
        known = [term for term in terms if term]
        return sentence(known) if len(known) == len(names) else ""

    def _on_edge(self, culprit: Culprit, edge: Edge) -> Cause:
        node, wrt = edge
        own, above = self.totals.edges, self.totals.true[node]
        check = self.totals.at.edges[edge]
        extra = list(check.others())
        # At an output what arrives is 1, and to use it twice or never changes nothing.
        if not (above == 1).all():
            says = f"what arrives from above, d {self.totals.output}/d {node}, "
            extra.append(
                ("upstream twice", says + "is counted twice", own[edge] * above)
            )
            with np.errstate(all="ignore"):
                missing = own[edge] / above
            extra.append(("upstream missing", says + "is left out", missing))
        wrong = culprit.wrong(own, edge, check.at.where)
        cause = check.explain(wrong, extra)
        if cause.kind == "zero":
            says = f"nothing is passed: the way from {wrt} through {node} is missing"
            return replace(cause, kind="missing path", says=says)
        return cause


def _ratio(cause: Cause, at: GraphAtPoints) -> str:
    """`claimed / true 2`, or a range with where it comes from."""
    low, high = cause.ratio
    text = f"claimed / true {ratio_text(cause.ratio)}"
    same = ratio_text((low, low)) == ratio_text((high, high)) and at.width > 1
    return text if same else f"{text} {at.where}"
