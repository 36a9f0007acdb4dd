"""The edges behind wrong total derivatives.

A total derivative is a polynomial in the edge partials, of degree one in each. So one
wrong edge (u, v) changes every total through it by the same factor q on its share:

    share   = d output/d u · ∂u/∂v · d v/d wrt
    claimed = total - share + q · share

and where one q fits several claims, q·∂ is what the author took for the edge.

xu = a·x and xy = xu² at a = 2, x = 3: ∂xy/∂xu is 12, ∂xu/∂a 3 and ∂xu/∂x 2, so the
totals by a and x are 36 and 24. Claimed are 18 and 12. All of both totals goes through
(xy, xu), so q = 1/2 there fits both, and 12/2 = 6 is xu: the 2 of the power is missing.
On (xu, a) the same q explains the first only. `stories` looks for such edges.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from cgprimer.graph.accumulation import below, tangents, totals
from cgprimer.grouping import grouped
from cgprimer.judge.mistakes.wrong import Wrong
from cgprimer.keeping import lazy, memo
from cgprimer.types import Array, Edge

RESOLVED = 1e-4  # a share of a total that cannot be told so well says nothing
VAGUE = 0.1  # what may be said at the lesser half of the points


@dataclass(frozen=True)
class Culprit:
    """Edges that explain some wrong totals, with what was taken for their partials.

    edges : one, or all that lead into one node; `factor` is their common q.
    names : those whose totals they explain.
    """

    edges: tuple[Edge, ...]
    names: tuple[str, ...]
    factor: Array
    slack: Array

    def wrong(self, own: Mapping[Edge, Array], edge: Edge, where: str = "") -> Wrong:
        """What was taken for the partial of `edge`, beside what it is."""
        size = np.abs(own[edge])
        return Wrong(self.factor * own[edge], own[edge], self.slack * size, where)


def _is_resolved(unsure: Array) -> bool:
    """Whether a share is known well enough to tell mistakes by it."""
    return bool(np.median(unsure) < RESOLVED and (unsure < VAGUE).all())


class Totals:
    """The totals of one output over given edges, and claims held against them.

    edges : (node, wrt) → partial (n,), nodes in topological order.
    claimed : name → claimed d output / d name (n,); `slack`: how well they are known,
        relative to the sum of all terms.
    """

    def __init__(
        self,
        edges: Mapping[Edge, Array],
        output: str,
        claimed: Mapping[str, Array],
        slack: float,
    ) -> None:
        inside = below(edges, output)
        self.edges = {edge: p for edge, p in edges.items() if edge[0] in inside}
        self.output, self.claimed, self.slack = output, claimed, slack

    @lazy
    def true(self) -> dict[str, Array]:
        """d output / d name."""
        return totals(self.edges, self.output)

    @lazy
    def scale(self) -> dict[str, Array]:
        """The sums of the sizes of all their terms."""
        sizes = {edge: np.abs(partial) for edge, partial in self.edges.items()}
        return totals(sizes, self.output)

    @lazy
    def groups(self) -> list[tuple[Edge, ...]]:
        """Single edges in topological order, then all edges into one node."""
        into = grouped((edge[0], edge) for edge in self.edges)
        # A mistake in the backward of a whole equation, as a lost factor, is one factor
        # on all edges into it: it is a group of its own.
        single = [(edge,) for group in into.values() for edge in group]
        return [*single, *(tuple(group) for group in into.values() if len(group) > 1)]

    def size(self, wrt: str) -> Array:
        """What may be off in a claim and in its truth."""
        scale = self.scale.get(wrt, np.zeros(1))
        return self.slack * np.maximum(scale, np.abs(self.claimed[wrt])) + 1e-300

    def share(self, group: tuple[Edge, ...], wrt: str) -> Array | None:
        """The part of a total that goes through some edges; None where none does."""
        tangent = self._tangents(wrt)
        ways = [edge for edge in group if edge[1] in tangent and edge[0] != wrt]
        if not ways:
            return None
        flow = sum(self.edges[edge] * tangent[edge[1]] for edge in ways)
        # The group leads into one node, so that all of it shares d output/d node.
        share: Array = self.true[group[0][0]] * flow
        return share

    @memo
    def _tangents(self, wrt: str) -> dict[str, Array]:
        return tangents(self.edges, wrt)

    def culprits(self, names: Sequence[str]) -> Iterator[Culprit]:
        """Edges that, wrong by a factor, give the claimed totals of some of `names`.

        For each edge the names fall into groups that one factor explains.
        """
        return chain.from_iterable(self._of(group, names) for group in self.groups)

    def _of(self, group: tuple[Edge, ...], names: Sequence[str]) -> Iterator[Culprit]:
        shares = {wrt: self.share(group, wrt) for wrt in names}
        left = {wrt: share for wrt, share in shares.items() if share is not None}
        with np.errstate(all="ignore"):
            unsure = {w: self.size(w) / np.abs(share) for w, share in left.items()}
        while left:
            # The total whose share is known best tells the factor. y = 3·a + 1e-9·b:
            # the factor on an edge above both is read from the total by a, and tried on
            # the one by b.
            best = min(left, key=lambda w: np.nan_to_num(unsure[w], nan=9e9).max())
            # If the best is not known well, no other is, and every factor would fit.
            if not _is_resolved(unsure[best]):
                return
            gap = self.claimed[best] - self.true[best]
            factor = 1 + gap / left[best]
            same = [w for w in left if self._fits(w, left[w], factor, unsure[best])]
            yield Culprit(group, tuple(same), factor, unsure[best])
            # The other names form groups of their own, each with a factor of its own.
            left = {w: share for w, share in left.items() if w not in (*same, best)}

    def _fits(self, wrt: str, share: Array, factor: Array, unsure: Array) -> bool:
        gap = self.claimed[wrt] - self.true[wrt] - (factor - 1) * share
        return bool((np.abs(gap) <= self.size(wrt) + unsure * np.abs(share)).all())

    def spares(self, culprit: Culprit, names: Iterable[str]) -> bool:
        """Whether other totals would be as they are claimed with these edges wrong."""
        shares = ((wrt, self.share(culprit.edges, wrt)) for wrt in names)
        return all(
            share is None or self._fits(wrt, share, culprit.factor, culprit.slack)
            for wrt, share in shares
        )
