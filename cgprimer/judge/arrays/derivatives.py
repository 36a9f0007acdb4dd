"""Derivatives by arrays: of an edge, of an output, and of what an adjoint brings.

ArraysAtPoint, node, wrt ─▶ EdgeAt, TotalAt or ShareAt: our own, and what is differenced

Each has its own `jacobian`, the slopes of its entries or along directions, which are
taken once, and its formula as text. `at_points` makes them, `evidence` judges them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cgprimer.diff.array_textbook import textbook_arrays
from cgprimer.diff.chain_rule import plus
from cgprimer.diff.sweep import partials
from cgprimer.errors import OpError
from cgprimer.expr.custom import inexact_ops
from cgprimer.expr.dims import Sizing, count
from cgprimer.expr.node import Node, leaves, substitute
from cgprimer.expr.ops import ONE, ZERO, name
from cgprimer.graph.graph import Graph
from cgprimer.judge.arrays.cells import joined
from cgprimer.judge.arrays.disturbed import terms
from cgprimer.judge.arrays.maps import ArrayMap
from cgprimer.judge.slopes import Slope
from cgprimer.keeping import lazy
from cgprimer.notation.text import show
from cgprimer.run.arrays.evaluation import run
from cgprimer.run.arrays.kernel import ArrayKernel
from cgprimer.types import Array, Edge

if TYPE_CHECKING:
    from cgprimer.judge.arrays.at_points import ArraysAtPoint

DIRECTIONS = 3  # in which all entries move at once
ROWS = 1 << 20  # numbers of `wrt`, in all that one call moves


@dataclass(frozen=True, eq=False)
class ToldEntries:
    """A derivative at n samples: (n, *dims), and its Σ|terms|."""

    values: Array
    terms: Array


class ArrayDerivative:
    """A derivative by an array: what our rules say, and what differences are taken of.

    jacobian : our own, (n, *dims of node, *dims of wrt). What differences say is taken
    once, however many claims are held against it.
    """

    kind = "edge"

    def __init__(self, at: ArraysAtPoint, node: str, wrt: str) -> None:
        self.at, self.node, self.wrt = at, node, wrt

    @property
    def edge(self) -> Edge:
        """(node, wrt)."""
        return self.node, self.wrt

    @property
    def map(self) -> ArrayMap:
        """What is differentiated, as a function of `wrt`."""
        raise NotImplementedError

    @property
    def jacobian(self) -> ToldEntries:
        """Our own derivative."""
        raise NotImplementedError

    def pullback(self, seeds: Array) -> ToldEntries:
        """What `wrt` gets of seeds (m, n, *dims of node): (m, n, *dims of wrt)."""
        raise NotImplementedError

    @property
    def declared(self) -> str:
        """`op is declared surrogate` where its way leads through such, or nothing."""
        return ""

    def beside(self) -> ArrayDerivative | None:
        """The same derivative at a point nearby, where no two numbers are alike."""
        return None

    @property
    def formula(self) -> str:
        """The derivative as text, in adjoints that are written `dxh`."""
        raise NotImplementedError

    @property
    def here(self) -> Array:
        """The value that is differentiated, (n, *dims of node)."""
        return self.at.full(self.node)

    @lazy
    def entry_slopes(self) -> Slope:
        """The slope of every entry: (entries of wrt · entries of node, n)."""
        m = self.map
        outside, inside = count(m.outside), count(m.inside)
        many = max(1, ROWS // (8 * outside * m.width * inside))
        blocks = (range(k, min(k + many, inside)) for k in range(0, inside, many))
        slopes = joined([m.entry_slopes(block) for block in blocks])
        return slopes.each(lambda a: a.reshape(-1, m.width))

    @lazy
    def directions(self) -> tuple[Array, Array, Slope]:
        """Random u (d, n, *inside) and v (d, n, *outside), and the slopes v'Ju."""
        # Always the same directions: a report on one point is the same twice.
        rng, m = np.random.default_rng(0), self.map
        u = drawn(rng, m.x)
        v = drawn(rng, self.here) if m.outside else np.ones((DIRECTIONS, m.width))
        return u, v, m.direction_slopes(u, v)


class EdgeAt(ArrayDerivative):
    """∂node/∂wrt, all other names of the equation held."""

    @lazy
    def declared(self) -> str:
        """`op is declared surrogate`, or nothing."""
        ops = inexact_ops(self.body, self.wrt)
        return f"{ops[0].name} is declared {ops[0].contract}" if ops else ""

    def beside(self) -> ArrayDerivative:
        """The same edge at a point nearby."""
        return self.at.beside.edges[self.edge]

    @property
    def body(self) -> Node:
        """The right side of the equation as its author wrote it."""
        return self.at.graph.equation(self.node).body

    @lazy
    def map(self) -> ArrayMap:
        """The node as a function of `wrt`."""
        return self.at.map({self.node: self.at.bodies[self.node]}, *self.edge)

    @property
    def seed(self) -> str:
        """The name of what arrives at the node: `dxh`, or one that is free."""
        return free_name(f"d{self.node}", self.at.sizing)

    @lazy
    def share(self) -> Node:
        """What `wrt` gets of that, by our own rules."""
        own, seed = self.at.sizing.copy(), name(self.seed)
        own.names[self.seed] = self.at.dims(self.node)
        wrt = name(self.wrt)
        try:
            return partials(self.at.bodies[self.node], [wrt], seed, sizing=own)[wrt]
        except OpError as error:
            raise error.within([self.node]) from error.__cause__

    @lazy
    def formula(self) -> str:
        """The same as text: `outer(dxh*(1 - xh^2), xx)`; of a number by itself."""
        return show(shown_share(self.at.graph, [self.node], self.wrt))

    def pullback(self, seeds: Array) -> ToldEntries:
        """What `wrt` gets of seeds (m, n, *dims of node): (m, n, *dims of wrt)."""
        m, at = len(seeds), self.at
        sizing = at.sizing.copy()
        sizing.names[self.seed] = at.dims(self.node)
        held = {n: at.values[n] for n in leaves(at.bodies[self.node])}
        held |= {self.node: at.values[self.node]}
        given: dict[str, Any] = {
            n: np.tile(v, (m, *(1,) * (v.ndim - 1))) if n in at.sampled else v
            for n, v in held.items()
        }
        given[self.seed] = seeds.reshape(m * at.width, *at.dims(self.node))
        sampled = (at.sampled & held.keys()) | {self.seed}
        kernel = ArrayKernel({"share": self.share}, ["share"], sizing, sampled)
        shape = (m * at.width, *at.dims(self.wrt))
        parts = (run(kernel, given), terms(kernel, given))
        return ToldEntries(
            *(
                np.broadcast_to(p, shape).reshape(m, at.width, *shape[1:])
                for [p] in parts
            )
        )

    @lazy
    def jacobian(self) -> ToldEntries:
        """Our own partial: (n, *dims of node, *dims of wrt)."""
        at = self.at
        outside, inside = at.dims(self.node), at.dims(self.wrt)
        unit = np.eye(count(outside))[:, None, :]
        seeds = np.broadcast_to(unit, (count(outside), at.width, count(outside)))
        rows = self.pullback(seeds.reshape(-1, at.width, *outside))
        shape = (at.width, *outside, *inside)
        return ToldEntries(
            *(np.moveaxis(a, 0, 1).reshape(shape) for a in (rows.values, rows.terms))
        )


class TotalAt(ArrayDerivative):
    """d output / d wrt along all paths; an output that is a number."""

    kind = "total"

    @lazy
    def map(self) -> ArrayMap:
        """The output as a function of `wrt`, cut loose from its own equation."""
        inside = self.at.below(self.node)
        bodies = {
            n: body
            for n, body in self.at.bodies.items()
            if n in inside and n != self.wrt and self.wrt in self.at.below(n)
        }
        return self.at.map(bodies, *self.edge)

    @lazy
    def declared(self) -> str:
        """Through which edge a gradient is declared, or nothing."""
        at, inside = self.at, self.at.below(self.node)
        for edge, one in at.edges.items():
            if edge[0] in inside and self.wrt in at.below(edge[1]) and one.declared:
                return f"through {edge[0]}, where a gradient is declared, not derived"
        return ""

    def beside(self) -> ArrayDerivative:
        """The same total at a point nearby."""
        return self.at.beside.total(*self.edge)

    @lazy
    def formula(self) -> str:
        """The right side of its claim in adjoints of others: `outer(dxz, xx)`."""
        at, inside = self.at, self.at.below(self.node)
        users = [n for n, b in at.bodies.items() if self.wrt in leaves(b)]
        nodes = [n for n in users if n in inside]
        return show(shown_share(at.graph, nodes, self.wrt, self.node))

    @lazy
    def jacobian(self) -> ToldEntries:
        """Our own total derivative (n, *dims of wrt)."""
        return self.at.adjoints(self.node)[self.wrt]

    def pullback(self, seeds: Array) -> ToldEntries:
        """Our own derivative times seeds (m, n)."""
        return _times(seeds, self.jacobian)


class ShareAt(ArrayDerivative):
    """What `wrt` gets of one adjoint of a node: Σ adjoint·∂node/∂wrt."""

    def __init__(self, edge: EdgeAt, adjoint: Array) -> None:
        super().__init__(edge.at, edge.node, edge.wrt)
        self.of, self.adjoint = edge, adjoint

    @lazy
    def map(self) -> ArrayMap:
        """The sum of adjoint·node as a function of `wrt`."""
        return self.of.map.weighed(self.adjoint)

    @lazy
    def jacobian(self) -> ToldEntries:
        """Our own share (n, *dims of wrt)."""
        own = self.of.pullback(self.adjoint[None])
        return ToldEntries(own.values[0], own.terms[0])

    def pullback(self, seeds: Array) -> ToldEntries:
        """Our own share times seeds (m, n)."""
        return _times(seeds, self.jacobian)

    @property
    def declared(self) -> str:
        """That of the edge."""
        return self.of.declared

    @property
    def formula(self) -> str:
        """Our own share, as text."""
        return self.of.formula


def _times(seeds: Array, own: ToldEntries) -> ToldEntries:
    by = seeds.reshape(*seeds.shape, *(1,) * (own.values.ndim - 1))
    return ToldEntries(by * own.values, np.abs(by) * own.terms)


def drawn(rng: np.random.Generator, here: Array) -> Array:
    """Directions (d, n, *dims) in which each entry moves by about its own size."""
    size = np.where((here == 0) | ~np.isfinite(here), 1.0, np.abs(here))
    shape = (DIRECTIONS, *here.shape)
    # Sizes between 0.5 and 1, not ± 1 alone: errors of +e and -e would cancel in half
    # of all directions with whole signs.
    signs: Array = rng.choice([-1.0, 1.0], shape)
    return signs * rng.uniform(0.5, 1.0, shape) * size


def shown_share(
    graph: Graph, nodes: Iterable[str], wrt: str, output: str | None = None
) -> Node:
    """What `wrt` gets of the adjoints of some nodes, as a reader would write it.

    The adjoint of `output`, or of one node that is a number, is 1.
    """
    assert graph.sizing is not None
    own, by, total = graph.sizing.copy(), name(wrt), ZERO
    for node in nodes:
        body, seed = graph.equation(node).body, ONE
        if own.of_name(node) or (output is not None and node != output):
            text = free_name(f"d{node}", graph.sizing)
            own.names[text], seed = own.of_name(node), name(text)
        share = partials(body, [by], seed, sizing=own)[by]
        if body.args:
            [share] = substitute([share], {body: name(node)})
        total = plus(total, share)
    short = textbook_arrays(total, own)
    # One number is that of every entry.
    while short.op.name in ("spread", "expand_to") and not own.of(short.args[0]):
        short = short.args[0]
    return short


def free_name(text: str, sizing: Sizing) -> str:
    """`dxh`, or where the graph has that name `dxh_`."""
    while text in sizing.names:
        text += "_"
    return text
