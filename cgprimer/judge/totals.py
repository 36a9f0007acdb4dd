"""Total derivatives as sums over edges, and the edges behind wrong ones.

A total derivative is a polynomial in the edge partials, of degree one in each. So one
wrong edge (u, v) changes every total through it by the same factor q on its share:

    share   = d output/d u · ∂u/∂v · d v/d wrt
    claimed = total - share + q · share

and where one q fits several claims, q·∂ is what the author took for the edge.

xu = a·x and xy = xu² at a = 2, x = 3: ∂xy/∂xu is 12, ∂xu/∂a 3 and ∂xu/∂x 2, so the
totals by a and x are 36 and 24. Claimed are 18 and 12. All of both totals goes through
(xy, xu), so q = 1/2 there fits both, and 12/2 = 6 is xu: the 2 of the power is missing.
On (xu, a) the same q explains the first only. `mistakes` looks for such edges.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cgprimer.judge.mistakes.wrong import Wrong
from cgprimer.keeping import lazy
from cgprimer.types import Array, Edge

RESOLVED = 1e-4  # a share of a total that cannot be told so well says nothing
VAGUE = 0.1  # what may be said at the lesser half of the points
PATHS = 64  # of one name to one output that are looked at one by one


def totals(edges: Mapping[Edge, Array], output: str) -> dict[str, Array]:
    """d output / d name for every name below it: reverse accumulation over edges.

    edges : (node, wrt) → partial (n,), nodes in topological order.
    """
    width = len(next(iter(edges.values()), np.zeros(1)))
    adjoint = {output: np.ones(width)}
    with np.errstate(all="ignore"):
        for (node, wrt), partial in reversed(list(edges.items())):
            if node in adjoint:
                # Nodes are in topological order, so in reverse every user of a node
                # comes before it and its adjoint is complete.
                share = adjoint[node] * partial
                adjoint[wrt] = adjoint[wrt] + share if wrt in adjoint else share
    return adjoint


def terms(
    edges: Mapping[Edge, Array], sizes: Mapping[Edge, Array], output: str
) -> dict[str, Array]:
    """Σ|terms| of every total derivative: times ε, what rounding does to it.

    sizes : Σ|terms| of every partial. A path carries the rounding of each partial on
        it, and one more for every product and sum.
    """
    paths = totals({edge: np.abs(partial) for edge, partial in edges.items()}, output)
    found = {output: np.zeros_like(paths[output])}
    with np.errstate(all="ignore"):
        for (node, wrt), partial in reversed(list(edges.items())):
            if node in found:
                # The same recursion as in `totals`, of sizes. For each path: what the
                # partial of this edge is off, one product and one sum, and what has
                # been carried down to the node.
                own = paths[node] * (sizes[node, wrt] + 2 * np.abs(partial))
                carried = found[node] * np.abs(partial)
                found[wrt] = found.get(wrt, 0.0) + own + carried
    return found


def below(edges: Iterable[Edge], output: str) -> set[str]:
    """Every name that `output` depends on, and itself."""
    found = {output}
    for node, wrt in reversed(list(edges)):
        if node in found:
            found.add(wrt)
    return found


def tangents(edges: Mapping[Edge, Array], wrt: str) -> dict[str, Array]:
    """d name / d wrt for every name that depends on it: forward accumulation."""
    width = len(next(iter(edges.values()), np.zeros(1)))
    found = {wrt: np.ones(width)}
    for (node, by), partial in edges.items():
        # `wrt` may be a variable with an equation of its own: what that is computed
        # from has no part in a derivative by it.
        if by in found and node != wrt:
            share = found[by] * partial
            found[node] = found[node] + share if node in found else share
    return found


def path_products(
    edges: Mapping[Edge, Array], output: str, wrt: str
) -> dict[tuple[str, ...], Array]:
    """Each path `wrt`, …, `output` and its product of partials; {} beyond PATHS."""
    users: dict[str, list[str]] = {}
    inside = below(edges, output)
    for node, by in edges:
        if node in inside:
            users.setdefault(by, []).append(node)
    width = len(next(iter(edges.values())))
    found: dict[tuple[str, ...], Array] = {}
    waiting: list[tuple[tuple[str, ...], Array]] = [((wrt,), np.ones(width))]
    while waiting:
        path, product = waiting.pop()
        if path[-1] == output:
            found[path] = product
        for node in users.get(path[-1], ()):
            waiting.append(((*path, node), product * edges[node, path[-1]]))
        # Layers of n nodes have n^layers paths. To tell one left out among so many
        # would take as many candidates, some of which fit by chance.
        if len(found) + len(waiting) > PATHS:
            return {}
    return found


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
        self._tangents: dict[str, dict[str, Array]] = {}

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
        into: dict[str, list[Edge]] = {}
        for edge in self.edges:
            into.setdefault(edge[0], []).append(edge)
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
        if wrt not in self._tangents:
            self._tangents[wrt] = tangents(self.edges, wrt)
        tangent = self._tangents[wrt]
        ways = [edge for edge in group if edge[1] in tangent and edge[0] != wrt]
        if not ways:
            return None
        flow = sum(self.edges[edge] * tangent[edge[1]] for edge in ways)
        # The group leads into one node, so that all of it shares d output/d node.
        found: Array = self.true[group[0][0]] * flow
        return found

    def culprits(self, names: Sequence[str]) -> Iterator[Culprit]:
        """Edges that, wrong by a factor, give the claimed totals of some of `names`.

        For each edge the names fall into groups that one factor explains.
        """
        for group in self.groups:
            yield from self._of(group, names)

    def _of(self, group: tuple[Edge, ...], names: Sequence[str]) -> Iterator[Culprit]:
        shares = {wrt: self.share(group, wrt) for wrt in names}
        left = {wrt: share for wrt, share in shares.items() if share is not None}
        with np.errstate(all="ignore"):
            unsure = {w: self.size(w) / np.abs(share) for w, share in left.items()}
        while left:
            # The total whose share is known best tells the factor. y = 3·a + 1e-9·b:
            # the factor on an edge above both is read from the total by a, and tried on
            # the one by b.
            best = min(
                left, key=lambda w: float(np.nan_to_num(unsure[w], nan=9e9).max())
            )
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

    def spares(self, found: Culprit, names: Iterable[str]) -> bool:
        """Whether other totals would be as they are claimed with these edges wrong."""
        for wrt in names:
            share = self.share(found.edges, wrt)
            if share is not None and not self._fits(
                wrt, share, found.factor, found.slack
            ):
                return False
        return True
