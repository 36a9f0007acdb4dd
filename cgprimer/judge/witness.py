"""The witnesses of a gradient check: differences of a graph at points, taken once.

    graph, points ─▶ Witness; claim ─▶ Evidence on an edge or a total

Claims are held against them, one set after another, without a new difference: by
`check`, `compare`, `mutation` and, for the sentences on what is wrong, `mistakes`.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from cgprimer.errors import NonFiniteWarning, OpError, PointError
from cgprimer.expr.custom import declared_inexact
from cgprimer.expr.kernel import Kernel
from cgprimer.expr.node import Node, leaves, substitute
from cgprimer.expr.ops import name
from cgprimer.graph.accumulation import below, path_terms
from cgprimer.graph.graph import Graph
from cgprimer.graph.point import Point
from cgprimer.graph.shape import Shape
from cgprimer.judge.arrival import misused
from cgprimer.judge.claims import Claim
from cgprimer.judge.differences.edges import AT_ONCE, Alike, alike, by_formula
from cgprimer.judge.differences.whole import OutputFunction
from cgprimer.judge.mistakes.suspects import derivative
from cgprimer.judge.rounding import path_rounding, rounding
from cgprimer.judge.sites import (
    Site,
    beside,
    kinked,
    kinks,
    random_points,
    second_node,
    sites,
)
from cgprimer.judge.together import DIRECTIONS, claimed, difference, mixture
from cgprimer.judge.verdict import (
    FAIL,
    INCONCLUSIVE,
    SHARP,
    Judgement,
    Slope,
    curvature,
    judge,
    slope,
    unchanging,
)
from cgprimer.keeping import lazy, memo
from cgprimer.notation.text import show
from cgprimer.run.values import spread
from cgprimer.types import Array, Edge, Mask

if TYPE_CHECKING:
    from cgprimer.judge.report import CheckRow


# Points that tell mistakes apart: constants and products of two values at five random
# points do not agree to 1e-7 by chance.
ENOUGH = 5
SQUARED = 1e-153  # a step of the size of a smaller x underflows where it is squared


@dataclass(frozen=True)
class Evidence:
    """A claim beside differences at n points.

    at : name → values (n,); terms : Σ|terms| of the claim, for its rounding.
    excused : where the claim is what our rules give at a kink: some number, not always
        one that the chain rule can be applied to; and where a formula, ours or theirs,
        divides 0 by 0.
    """

    claimed: Array
    terms: Array
    found: Slope
    at: Mapping[str, Array]
    excused: Mask

    def judged(self, i: int, sharp: float = SHARP) -> Judgement:
        """The verdict at point `i`; a claim that is excused there is not condemned."""
        claim, terms = float(self.claimed[i]), float(self.terms[i])
        found = judge(claim, self.found, i, terms, sharp)
        if found.verdict == FAIL and self.excused[i]:
            return Judgement(INCONCLUSIVE, f"{self.slopes(i)}, {self.but(i)}")
        return found

    def slopes(self, i: int) -> str:
        """Those to either side of a kink, in words."""
        left, right = self.found.sides(i)
        return f"slopes {left:.6g} before, {right:.6g} after"

    def but(self, i: int) -> str:
        """What the rules of the operations give there."""
        return f"but the formula gives {self.claimed[i]:.6g} at this very point"


class Witness:
    """Differences of every edge, and of every output, at the points of `at`.

    given : whether the caller chose the points.
    """

    def __init__(self, graph: Graph, at: Mapping[str, ArrayLike], given: bool) -> None:
        self.graph, self.given = graph, given
        self.point = Point.of(graph, at)
        self.width = self.point.width
        self.alike = list(alike(graph, self.point))
        self.sites = sites(graph, self.alike)
        self.edges = [
            (node, wrt) for node, site in self.sites.items() for wrt in site.names
        ]
        # In the order of `edges`, which is topological, as totals and their terms need
        # it.
        own = by_formula(graph, self.point, "adjoint")
        self.own = {edge: own[edge] for edge in self.edges}
        self.rows: dict[Any, tuple[CheckRow, ...]] = {}  # of our own derivatives
        self.evidence: dict[Any, Evidence | None] = {}  # the same at the points alone
        self._place = {
            graph.dependents[number]: (group, row)
            for group in self.alike
            for row, number in enumerate(group.equations.tolist())
        }

    @lazy
    def values(self) -> dict[str, Array]:
        """Every variable and parameter at the points, (n,)."""
        rows = self.graph.program().forward(self.point.inputs, self.point.parameters)
        shape = (len(self.point.parameters), self.width)
        parameters = np.broadcast_to(self.point.parameters, shape)
        return self.graph.table.by_name(rows, parameters)

    @lazy
    def wide(self) -> Witness:
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
        return Witness(self.graph, at, given=False)

    @memo
    def below(self, output: str) -> set[str]:
        """Every name that `output` depends on, and itself."""
        return below(self.own, output)

    @memo
    def body(self, node: str) -> Node:
        """The right side of the equation of `node`, as its author wrote it."""
        return self.graph.equation(node).body

    def formula(self, edge: Edge) -> str:
        """The right ∂node/∂wrt as text, short by the node itself: `(1 - z1^2)*x1`."""
        node, wrt = edge
        body = self.body(node)
        right = derivative(body, name(wrt), {})
        # tanh(w·x) by w is (1 - tanh(w·x)²)·x, and said by its node z: (1 - z²)·x.
        if body.args:
            [right] = substitute([right], {body: name(node)})
        return show(right)

    @lazy
    def misused(self) -> dict[Edge, str]:
        """Edges through a backward that is not in proportion to what arrives."""
        return misused(self)

    @memo
    def surrogate(self, edge: Edge) -> str:
        """`op is declared surrogate`, where the way of an edge leads through such."""
        # Shapes without a surrogate are most, and no walk through the body is needed
        # for them.
        if not self.sites[edge[0]].shape.is_inexact:
            return ""
        ops = declared_inexact(self.body(edge[0]), edge[1])
        return f"{ops[0].name} is declared {ops[0].contract}" if ops else ""

    def surrogate_between(self, output: str, wrt: str) -> str:
        """A variable between `wrt` and `output` whose equation holds a surrogate."""
        inside = self.below(output)
        for node, by in self._surrogates:
            if node in inside and wrt in self.below(by):
                return node
        return ""

    @lazy
    def _surrogates(self) -> list[Edge]:
        return [edge for edge in self.edges if self.surrogate(edge)]

    def edge(self, edge: Edge, claim: Claim | None) -> list[Evidence]:
        """The evidence on one edge: at the points, and beside its kinks."""
        found = [self.at_points(edge, claim)]
        # An array of numbers says nothing of other points than the given ones.
        if claim is None or claim.everywhere:
            for moved, slopes in self._beside_kinks(edge):
                found.append(self._evidence(moved, edge[1], claim, slopes))
        return found

    def at_points(self, edge: Edge, claim: Claim | None = None) -> Evidence:
        """The evidence on one edge at the points alone."""
        found = self._taken(edge, slope)
        return self._evidence(self.sites[edge[0]], edge[1], claim, found)

    def _taken(self, edge: Edge, take: Callable[..., Slope]) -> Slope:
        # A layer of 100 equations of one shape is one call, and not a hundred.
        group, row = self._place[edge[0]]
        i = self.sites[edge[0]].slot(edge[1])
        moved = next(slots for slots in group.blocks if i in slots)
        return self._together(group, moved, take)[moved.index(i), row]

    @memo
    def _together(
        self, group: Alike, moved: tuple[int, ...], take: Callable[..., Slope]
    ) -> Slope:
        """The differences of all equations of one shape along some of its slots."""
        at, noise = group.at(moved), group.terms(moved)
        return take(group.along(moved), at, noise, stacks=True)

    def _evidence(
        self, site: Site, wrt: str, claim: Claim | None, found: Slope
    ) -> Evidence:
        own, own_terms = self._own(site, wrt)
        claimed, terms = own, own_terms
        if claim is not None:
            claimed, terms = claim.values(site.values, len(site.result))
        # abs(x) at 0 is 0 by our rules, the slopes are -1 and 1: a claim that says the
        # same as the rules is nothing that its author could be blamed for.
        excused = self._excused(claim, claimed, own, kinked(site, wrt))
        return Evidence(claimed, terms, found, site.values, excused)

    def _own(self, site: Site, wrt: str) -> tuple[Array, Array]:
        """Our own partial and its Σ|terms|; those at the points are there already."""
        edge = site.node, wrt
        if site is self.sites[site.node]:
            return self.own[edge], self._edge_terms[edge]
        return site.partial(wrt), _own_terms(site, wrt)

    def _excused(
        self, claim: Claim | None, claimed: Array, own: Array, at_kink: Mask
    ) -> Mask:
        # A claim of sin(x)/x is nan at 0 and finite elsewhere: it is right as a
        # formula, and what cannot be told is about this point alone.
        none = ~np.isfinite(claimed)
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
        return not any(group.shape.has_pullback for group in self.alike)

    @memo
    def _beside_kinks(self, edge: Edge) -> list[tuple[Site, Slope]]:
        site, wrt = self.sites[edge[0]], edge[1]
        moved = [site.moved(wrt, beside(at)) for at in kinks(site, wrt)]
        return [(m, _of_site(m, wrt)) for m in moved if np.isfinite(m.result).all()]

    def kinks(self, edge: Edge, claim: Claim | None, i: int) -> list[Evidence]:
        """The slopes at kinks of one edge that are no points, the claim there: (1,).

        Other names are held as at point `i`.
        """
        site, wrt = self.sites[edge[0]], edge[1]
        if claim is not None and not claim.everywhere:
            return []
        # A kink at one of the points has been judged with the points.
        others = [at for at in kinks(site.at(i), wrt) if at not in site.values[wrt]]
        moved = [site.at(i).moved(wrt, np.array([at])) for at in others]
        return [self._evidence(m, wrt, claim, _of_site(m, wrt)) for m in moved]

    def second(self, edge: Edge, claim: Claim | None) -> Evidence | None:
        """The claim differentiated once more, beside second differences.

        None where the claim is no formula, or where no second derivative is known or
        finite, and at kinks: xa^1.5 and abs(xa) have none at 0, nor has anybody
        claimed one.
        """
        node, wrt = edge
        site = self.sites[node]
        if claim is None:
            kernel, values = _second(site.shape, site.slot(wrt)), list(site.slots)
        else:
            root = self._twice(site, wrt, claim)
            names = leaves(root) if root else []
            kernel = Kernel([root, rounding(root)], names) if root else None
            values = [site.values[text] for text in names]
        if kernel is None:
            return None
        with np.errstate(all="ignore"):
            rows = kernel(*values)
        claimed, terms = (np.broadcast_to(row, (self.width,)) for row in rows)
        x, none = np.abs(site.values[wrt]), kinked(site, wrt)
        # At one such point the row is left out altogether: second derivatives are a
        # second look, and no verdict is lost without it.
        if (none | ~np.isfinite(claimed) | ((x > 0) & (x < SQUARED))).any():
            return None
        return Evidence(claimed, terms, self._taken(edge, curvature), site.values, none)

    def _twice(self, site: Site, wrt: str, claim: Claim) -> Node | None:
        """The claim differentiated."""
        try:
            if claim.node is None:
                return None
            # A claim of z·(1 - z) depends on the name through z too; its equation is
            # put in first.
            by = {name(site.node): self.body(site.node)}
            return derivative(substitute([claim.node], by)[0], name(wrt), {})
        except OpError:
            return None

    @memo
    def totals(self, output: str) -> dict[str, Array]:
        """d output / d name by our own sweep, for every name below it."""
        inside = self.below(output)
        # Also by the variables in the middle: claims may be about any of them.
        wanted = [n for n in self.values if n in inside]
        names = (*self.graph.inputs, *self.graph.parameters)
        at = {name: self.values[name] for name in names}
        with warnings.catch_warnings():  # the report says it itself
            warnings.simplefilter("ignore", NonFiniteWarning)
            found = self.graph.gradient_at(output, at, wanted)
        return {name: np.asarray(value) for name, value in found.items()}

    def total(self, output: str, wrt: str, claim: Claim | None) -> Evidence:
        """The evidence on d output / d wrt."""
        zero = np.zeros(self.width)
        own = self.totals(output).get(wrt, zero)
        claimed, terms = own, self.total_terms(output).get(wrt, zero)
        if claim is not None:
            claimed, terms = claim.values(self.values, self.width)
        names = (*self.graph.inputs, *self.graph.parameters, wrt)
        at = {name: self.values[name] for name in names}
        excused = self._excused(claim, claimed, own, self._kinked_between(output, wrt))
        return Evidence(claimed, terms, self._total(output, wrt), at, excused)

    def _total(self, output: str, wrt: str) -> Slope:
        if wrt not in self.below(output):
            return unchanging(self.values[wrt])
        # Variables in the middle are in no block: they are cut loose from their
        # equations, one at a time.
        block = next((b for b in self._blocks(output) if wrt in b), (wrt,))
        return self._totals_of(output, block)[block.index(wrt)]

    @memo
    def _blocks(self, output: str) -> list[tuple[str, ...]]:
        """Names below an output, as many at a time as arrays have room for."""
        ends = (*self.graph.inputs, *self.graph.parameters)
        names = [name for name in ends if name in self.below(output)]
        # Every name that is moved repeats all values of the graph.
        many = max(1, AT_ONCE // (len(self.values) * self.width))
        return [tuple(names[k : k + many]) for k in range(0, len(names), many)]

    @memo
    def _totals_of(self, output: str, names: tuple[str, ...]) -> Slope:
        """d output / d name for several names, each moved by itself: (names, n)."""
        x = np.array([self.values[name] for name in names])
        whole = self._whole(output)
        return slope(whole.along(names), x, whole.terms(names), stacks=True)

    def together(self, outputs: tuple[str, ...], names: tuple[str, ...]) -> Evidence:
        """The evidence on all totals of some outputs, along directions mixing them."""
        mixed = mixture(self.graph, self.point, self.values, outputs, names)
        total, terms = claimed(mixed, self.own, self._edge_terms)
        at_kink = np.any([*self._kinked.values(), np.zeros(self.width, bool)], axis=0)
        excused = self._excused(None, total, total, np.tile(at_kink, DIRECTIONS))
        at = {n: np.tile(self.values[n], DIRECTIONS) for n in names}
        return Evidence(total, terms, difference(mixed), at, excused)

    def mixable(self, outputs: Collection[str]) -> set[str]:
        """What some outputs depend on, but not through a surrogate, which declares."""
        found, declared = set(outputs), set[str]()
        # A difference along a direction cannot leave out one way to the output: a name
        # with a surrogate on any of its ways is judged by itself.
        for node, wrt in reversed(self.edges):
            if node in found:
                found.add(wrt)
                # All that lies below a surrogate gets there through it.
                if node in declared or self.surrogate((node, wrt)):
                    declared.add(wrt)
        return found - declared - set(outputs)

    @memo
    def _whole(self, output: str) -> OutputFunction:
        return OutputFunction.of(self.graph, output, self.point)

    def _kinked_between(self, output: str, wrt: str) -> Mask:
        """At which points an equation between the two is at a kink."""
        found = np.zeros(self.width, dtype=bool)
        inside = self.below(output)
        for (node, by), at in self._kinked.items():
            if node in inside and wrt in self.below(by):
                found = found | at
        return found

    @lazy
    def _kinked(self) -> dict[Edge, Mask]:
        found = {e: kinked(self.sites[e[0]], e[1]) for e in self.edges}
        return {edge: at for edge, at in found.items() if at.any()}

    @memo
    def total_terms(self, output: str) -> dict[str, Array]:
        """Σ|terms| of every total derivative, counted over its paths."""
        return path_terms(self.own, self._edge_terms, {output: np.ones(self.width)})

    @lazy
    def _edge_terms(self) -> dict[Edge, Array]:
        found: dict[Edge, Array] = {}
        for own in self.alike:
            with np.errstate(all="ignore"):
                columns = _terms(own.shape)(*own.slots)
            found.update(spread(self.graph, own.equations, columns, self.width))
        return found


def _of_site(site: Site, wrt: str) -> Slope:
    return slope(site.along(wrt), site.values[wrt], site.terms(wrt))


def _own_terms(site: Site, wrt: str) -> Array:
    with np.errstate(all="ignore"):
        found = _terms(site.shape)(*site.slots)[site.names.index(wrt)]
    return np.broadcast_to(found, site.result.shape)


@functools.lru_cache(maxsize=4096)
def _second(shape: Shape, i: int) -> Kernel | None:
    """Numpy code for our own second derivative by slot `i`, and its Σ|terms|."""
    try:
        root = second_node(shape, i)
    except OpError:
        return None
    return Kernel([root, rounding(root)], shape.slots)


@functools.lru_cache(maxsize=4096)
def _terms(shape: Shape) -> Kernel:
    """Numpy code for Σ|terms| of our own partial by each of its names."""
    roots = [shape.partials[i] for i in shape.names]
    terms = map(rounding, roots) if shape.asks_sympy else path_rounding(roots)
    return Kernel(terms, shape.slots)
