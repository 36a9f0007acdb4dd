"""The witnesses of a gradient check: differences of a graph at points, taken once.

Claims are then held against them, one set after another, without a new difference.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cgprimer.checking.arrival import misused
from cgprimer.checking.claims import Claim, Edge, rounding
from cgprimer.checking.sites import (
    Site,
    beside,
    kinks,
    random_points,
    second_node,
    sites,
)
from cgprimer.checking.suspects import derivative
from cgprimer.checking.totals import below, totals
from cgprimer.checking.verdict import Slope, by_schemes, curvature, slope
from cgprimer.checking.whole import total_differences
from cgprimer.errors import OpError, PointError
from cgprimer.expr.custom import declared_inexact
from cgprimer.expr.memo import memo
from cgprimer.expr.node import Node, leaves, substitute
from cgprimer.expr.ops import name
from cgprimer.expr.show import show
from cgprimer.graph.graph import Graph
from cgprimer.graph.point import Point
from cgprimer.graph.shape import Shape
from cgprimer.lower.to_numpy import Kernel
from cgprimer.numeric.finite import Difference

if TYPE_CHECKING:
    from cgprimer.checking.report import CheckRow

Array = NDArray[np.float64]

ENOUGH = 5


@dataclass(frozen=True)
class Evidence:
    """A claim beside differences at n points.

    at : name → values (n,); terms : Σ|terms| of the claim, for its rounding.
    """

    claimed: Array
    terms: Array
    found: Slope
    at: Mapping[str, Array]


@dataclass(frozen=True)
class Kink:
    """The claim at a kink, beside the slopes there: arrays (1,)."""

    at: Mapping[str, Array]
    claimed: float
    found: Slope


class Witness:
    """Differences of every edge, and of every output, at the points of `at`.

    given : whether the caller chose the points.
    """

    def __init__(self, graph: Graph, at: Mapping[str, ArrayLike], given: bool) -> None:
        self.graph, self.given = graph, given
        self.point = Point.of(graph, at)
        self.width = self.point.width
        self.sites = sites(graph, self.point)
        self.edges = [
            (node, wrt) for node, site in self.sites.items() for wrt in site.names
        ]
        self.own = {e: self.sites[e[0]].partial(e[1]) for e in self.edges}
        self.rows: dict[Any, tuple[CheckRow, ...]] = {}  # of our own derivatives
        self.evidence: dict[Any, Evidence | None] = {}  # the same at the points alone
        self._bodies: dict[str, Node] = {}
        self._sides: dict[Edge, list[tuple[Site, Slope]]] = {}
        self._slopes: dict[Edge, Slope] = {}
        self._curvatures: dict[Edge, Slope] = {}
        self._totals: dict[Edge, Slope] = {}

    @functools.cached_property
    def values(self) -> dict[str, Array]:
        """Every variable and parameter at the points, (n,)."""
        rows = self.graph.program().forward(self.point.inputs, self.point.parameters)
        found = dict(zip(self.graph.table.variables, rows, strict=True))
        shape = (len(self.graph.parameters), self.width)
        parameters = np.broadcast_to(self.point.parameters, shape)
        return found | dict(zip(self.graph.parameters, parameters, strict=True))

    @functools.cached_property
    def wide(self) -> Witness:
        """This, or where it has too few points to tell mistakes apart, one with more.

        At a single point every ratio is constant.
        """
        if self.width >= ENOUGH:
            return self
        try:
            at = random_points(self.graph, ENOUGH, np.random.default_rng(0))
        except PointError:
            return self
        return Witness(self.graph, at, given=False)

    def body(self, node: str) -> Node:
        """The right side of the equation of `node`, as its author wrote it."""
        if node not in self._bodies:
            self._bodies[node] = self.graph.equation(node).body
        return self._bodies[node]

    def formula(self, edge: Edge) -> str:
        """The right ∂node/∂wrt as text, short by the node itself: `(1 - z1^2)*x1`."""
        node, wrt = edge
        body = self.body(node)
        right = derivative(body, name(wrt), {})
        if body.args:
            [right] = substitute([right], {body: name(node)})
        return show(right)

    @functools.cached_property
    def misused(self) -> dict[Edge, str]:
        """Edges through a backward that is not in proportion to what arrives."""
        return misused(self)

    @memo
    def surrogate(self, edge: Edge) -> str:
        """`op is declared surrogate`, where the way of an edge leads through such."""
        ops = declared_inexact(self.body(edge[0]), edge[1])
        return f"{ops[0].name} is declared {ops[0].contract}" if ops else ""

    def surrogate_between(self, output: str, wrt: str) -> str:
        """A variable between `wrt` and `output` whose equation holds a surrogate."""
        inside = below(self.own, output)
        for node, by in self._surrogates:
            if node in inside and wrt in below(self.own, by):
                return node
        return ""

    @functools.cached_property
    def _surrogates(self) -> list[Edge]:
        return [edge for edge in self.edges if self.surrogate(edge)]

    def edge(self, edge: Edge, claim: Claim | None) -> list[Evidence]:
        """The evidence on one edge: at the points, and beside its kinks."""
        node, wrt = edge
        site = self.sites[node]
        if edge not in self._slopes:
            f, x = site.along(wrt), site.values[wrt]
            self._slopes[edge] = slope(f, x, site.noise)
        found = [self._evidence(site, wrt, claim, self._slopes[edge])]
        if claim is None or claim.everywhere:
            for moved, slopes in self._beside_kinks(edge):
                found.append(self._evidence(moved, wrt, claim, slopes))
        return found

    def _evidence(
        self, site: Site, wrt: str, claim: Claim | None, found: Slope
    ) -> Evidence:
        claimed, terms = self._claimed(site, wrt, claim)
        return Evidence(claimed, terms, found, site.values)

    def _claimed(
        self, site: Site, wrt: str, claim: Claim | None
    ) -> tuple[Array, Array]:
        if claim is not None:
            return claim.values(site.values, len(site.result))
        shape, i = site.shape, site.slot(wrt)
        with np.errstate(all="ignore"):
            [terms] = _terms(shape, i)(*site.slots)
        return site.partial(wrt), np.broadcast_to(terms, site.result.shape)

    def _beside_kinks(self, edge: Edge) -> list[tuple[Site, Slope]]:
        if edge not in self._sides:
            site = self.sites[edge[0]]
            moved = [site.moved(edge[1], beside(at)) for at in kinks(site, edge[1])]
            self._sides[edge] = [
                (m, slope(m.along(edge[1]), m.values[edge[1]], m.noise)) for m in moved
            ]
        return self._sides[edge]

    def kinks(self, edge: Edge, claim: Claim | None) -> list[Kink]:
        """The slopes at the kinks of one edge, and the claim there."""
        node, wrt = edge
        site = self.sites[node]
        if claim is not None and not claim.everywhere:
            return []
        found = []
        for at in kinks(site, wrt):
            moved = site.moved(wrt, np.array([at]))
            claimed, _ = self._claimed(moved, wrt, claim)
            slopes = slope(moved.along(wrt), np.array([at]), moved.noise)
            found.append(Kink(moved.values, float(claimed[0]), slopes))
        return found

    def second(self, edge: Edge, claim: Claim | None) -> Evidence | None:
        """The claim differentiated once more, beside second differences.

        None where the claim is no formula, or where no second derivative is known.
        """
        node, wrt = edge
        site = self.sites[node]
        root = self._twice(site, wrt, claim)
        if root is None:
            return None
        slots = dict(zip(site.shape.slots, site.slots, strict=True))
        values = slots if claim is None else site.values
        names = leaves(root)
        kernel = Kernel([root, rounding(root)], names)
        with np.errstate(all="ignore"):
            rows = kernel(*(values[text] for text in names))
        claimed, terms = (np.broadcast_to(row, (self.width,)) for row in rows)
        if edge not in self._curvatures:
            f, x = site.along(wrt), site.values[wrt]
            self._curvatures[edge] = curvature(f, x, site.noise)
        return Evidence(claimed, terms, self._curvatures[edge], site.values)

    def _twice(self, site: Site, wrt: str, claim: Claim | None) -> Node | None:
        """The claim differentiated: over the slots of the shape where it is our own."""
        try:
            if claim is None:
                return second_node(site.shape, site.slot(wrt))
            if claim.node is None:
                return None
            by = {name(site.node): self.body(site.node)}
            return derivative(substitute([claim.node], by)[0], name(wrt), {})
        except OpError:
            return None

    @memo
    def totals(self, output: str) -> dict[str, Array]:
        """d output / d name by our own sweep, for every name below it."""
        wanted = [n for n in self.values if n in below(self.own, output)]
        names = (*self.graph.inputs, *self.graph.parameters)
        at = {name: self.values[name] for name in names}
        found = self.graph.gradient_at(output, at, wanted)
        return {name: np.asarray(value) for name, value in found.items()}

    def total(self, output: str, wrt: str, claimed: Array, terms: Array) -> Evidence:
        """The evidence on d output / d wrt."""
        x, graph = self.values[wrt], self.graph
        if (output, wrt) not in self._totals:
            paths = self.total_terms(output).get(wrt, np.zeros(self.width))
            whole = np.abs(self.values[output]) / np.maximum(np.abs(x), 1.0)

            def take(scheme: str) -> Difference:
                found = total_differences(graph, output, self.point, [wrt], scheme)
                return found[wrt]

            self._totals[output, wrt] = by_schemes(take, np.maximum(paths, whole))
        names = (*graph.inputs, *graph.parameters)
        at = {name: self.values[name] for name in names} | {wrt: x}
        return Evidence(claimed, terms, self._totals[output, wrt], at)

    @memo
    def total_terms(self, output: str) -> dict[str, Array]:
        """Σ|terms| of every total derivative, counted over its paths."""
        sizes = {edge: np.abs(partial) for edge, partial in self.own.items()}
        found = totals(sizes, output)
        return {name: 8 * value for name, value in found.items()}


@functools.lru_cache(maxsize=4096)
def _terms(shape: Shape, i: int) -> Kernel:
    return Kernel([rounding(shape.partials[i])], shape.slots)
