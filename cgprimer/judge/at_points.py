"""A graph at points: what a check knows before anything is claimed of it.

    graph, points ─▶ GraphAtPoints: values · our own partials · their rounding
                                    sites, to take differences of · kinks · surrogates

`edge_check` and `total_check` add the differences, one edge or total each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from cgprimer.errors import PointError
from cgprimer.expr.custom import inexact_ops
from cgprimer.expr.node import Node
from cgprimer.graph.accumulation import below
from cgprimer.graph.graph import Graph
from cgprimer.graph.point import Point
from cgprimer.judge.arrival import misuses
from cgprimer.judge.claim import Claim
from cgprimer.judge.differences.edges import alike_equations, by_formula
from cgprimer.judge.kinks import kink_mask
from cgprimer.judge.points import random_points
from cgprimer.judge.rounding import partial_rounding
from cgprimer.judge.sites import Site, SiteGroup
from cgprimer.keeping import lazy, memo
from cgprimer.run.sweeps import Sweeps, sweeps_of
from cgprimer.run.values import spread
from cgprimer.types import Array, Edge, Mask

# Points that tell mistakes apart: constants and products of two values at five random
# points do not agree to 1e-7 by chance.
ENOUGH = 5


class GraphAtPoints:
    """A graph at the n points of `at`: its values and our own partials there.

    given : whether the caller chose the points.
    sites : node → its equation, in topological order; place : where it is among those
        of its shape.
    own : (node, wrt) → our partial (n,), in the order of `sites`.
    """

    def __init__(self, graph: Graph, at: Mapping[str, ArrayLike], given: bool) -> None:
        self.graph, self.given = graph, given
        self.point = Point.of(graph, at)
        self.width = self.point.width
        self.groups = [SiteGroup(one) for one in alike_equations(graph, self.point)]
        self.place: dict[str, tuple[SiteGroup, int]] = {}
        sites: dict[str, Site] = {}
        for group in self.groups:
            for row, site in enumerate(group.sites(graph)):
                sites[site.node], self.place[site.node] = site, (group, row)
        self.sites = {node: sites[node] for node in graph.order if node in sites}
        own = by_formula(graph, self.point, "adjoint")
        # In topological order, as totals and their terms need it.
        self.own = {
            (node, wrt): own[node, wrt]
            for node, site in self.sites.items()
            for wrt in site.names
        }

    @lazy
    def sweeps(self) -> Sweeps:
        """The sweeps of the equations as they are written."""
        return sweeps_of(self.graph)

    @lazy
    def values(self) -> dict[str, Array]:
        """Every variable and parameter at the points, (n,)."""
        rows = self.sweeps.forward(self.point.inputs, self.point.parameters)
        shape = (len(self.point.parameters), self.width)
        parameters = np.broadcast_to(self.point.parameters, shape)
        return self.graph.table.by_name(rows, parameters)

    @lazy
    def terms(self) -> dict[Edge, Array]:
        """Σ|terms| of each of our own partials: times ε, what rounding does to it."""
        sums: dict[Edge, Array] = {}
        for group in self.groups:
            alike = group.equations
            with np.errstate(all="ignore"):
                columns = partial_rounding(alike.shape)(*alike.slots)
            sums.update(spread(self.graph, alike.equations, columns, self.width))
        return sums

    @property
    @memo
    def wide(self) -> Self:
        """This, or where it has too few points to tell mistakes apart, one with more.

        At a single point every ratio is constant.
        """
        if self.width >= ENOUGH:
            return self
        # Where no five points are finite, the few that the caller knows have to do.
        try:
            at = random_points(self.graph, ENOUGH, np.random.default_rng(0))
        except PointError:
            return self
        return type(self)(self.graph, at, given=False)

    @property
    def where(self) -> str:
        """`over 5 random points`: where ratios come from."""
        kind = "given" if self.given else "random"
        if self.width == 1:
            return f"at the one {kind} point"
        return f"over {self.width} {kind} points"

    @memo
    def body(self, node: str) -> Node:
        """The right side of the equation of `node`, as its author wrote it."""
        return self.graph.equation(node).body

    @memo
    def below(self, output: str) -> set[str]:
        """Every name that `output` depends on, and itself."""
        return below(self.own, output)

    def between(self, edges: Iterable[Edge], output: str, wrt: str) -> Iterator[Edge]:
        """Those of some edges that lie on a way from `wrt` to `output`."""
        inside = self.below(output)
        for node, by in edges:
            if node in inside and wrt in self.below(by):
                yield node, by

    @memo
    def surrogate(self, edge: Edge) -> str:
        """`op is declared surrogate`, where the way of an edge leads through such."""
        # Shapes without a surrogate are most, and no walk through the body is needed
        # for them.
        if not self.sites[edge[0]].shape.is_inexact:
            return ""
        ops = inexact_ops(self.body(edge[0]), edge[1])
        return f"{ops[0].name} is declared {ops[0].contract}" if ops else ""

    @lazy
    def surrogates(self) -> list[Edge]:
        """The edges that lead through an operation whose gradient is declared."""
        return [edge for edge in self.own if self.surrogate(edge)]

    @lazy
    def misuses(self) -> dict[Edge, str]:
        """Edges through a backward that is not in proportion to what arrives."""
        by_edge: dict[Edge, str] = {}
        for node, site in self.sites.items():
            # The rules of our own operations are multiplied by what arrives outside of
            # them.
            if site.shape.has_pullback:
                on_names = misuses(self.body(node), site.values)
                by_edge |= {(node, wrt): says for wrt, says in on_names.items()}
        return by_edge

    @memo
    def kink_mask(self, edge: Edge) -> Mask:
        """At which points (n,) the equation of an edge has a kink along its name."""
        return kink_mask(self.sites[edge[0]], edge[1])

    @lazy
    def kink_masks(self) -> dict[Edge, Mask]:
        """The edges that are at a kink at some point, and at which."""
        return {e: mask for e in self.own if (mask := self.kink_mask(e)).any()}

    def at_kinks(self, edges: Iterable[Edge]) -> Mask:
        """At which points (n,) one of some edges is at a kink: any of `kink_masks`."""
        masks = (self.kink_masks[edge] for edge in edges)
        mask: Mask = np.any([np.zeros(self.width, dtype=bool), *masks], axis=0)
        return mask

    def excuses(
        self, claim: Claim | None, claimed: Array, own: Array, at_kink: Mask
    ) -> Mask:
        """Where a claim (n,) is nothing that its author could be blamed for.

        own : what our rules give there; claim : None for those.
        """
        # A claim of sin(x)/x is nan at 0 and finite elsewhere: it is right as a
        # formula, and what cannot be told is about this point alone.
        none = ~np.isfinite(claimed)
        # abs(x) at 0 is 0 by our rules, the slopes are -1 and 1: a claim may say the
        # same as the rules.
        same = np.isclose(claimed, own, rtol=1e-9, atol=0, equal_nan=True)
        excused: Mask = same & (at_kink | (none & self._by_rules))
        if none.any() and claim is not None and self._has_values(claim):
            excused |= none
        return excused

    def _has_values(self, claim: Claim) -> bool:
        """Whether a formula is finite anywhere; what is not is no derivative at all."""
        wide = self.wide
        return claim.node is not None and bool(
            np.isfinite(claim.values(wide.values, wide.width)[0]).any()
        )

    @lazy
    def _by_rules(self) -> bool:
        """Whether no code of anybody's has a say in our own derivatives."""
        return not any(group.equations.shape.has_pullback for group in self.groups)
