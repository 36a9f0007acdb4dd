"""A graph with arrays at a point: values, maps of edges and totals, own derivatives.

graph, at ─▶ ArraysAtPoint ─▶ EdgeAt of each edge, TotalAt of each (output, name)
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from cgprimer.expr.array_op import ArrayOp
from cgprimer.expr.dims import Sizing, count
from cgprimer.expr.node import Node, leaves, postorder
from cgprimer.expr.ops import NAME
from cgprimer.graph.array_point import ArrayPoint
from cgprimer.graph.graph import Graph
from cgprimer.judge.arrays.derivatives import EdgeAt, ToldEntries, TotalAt
from cgprimer.judge.arrays.disturbed import terms
from cgprimer.judge.arrays.maps import ArrayMap, Sizes
from cgprimer.keeping import lazy, memo
from cgprimer.run.arrays.evaluation import (
    Bodies,
    concrete,
    derived_graph,
    kernel_of,
    run,
    sampled_names,
    values_at,
)
from cgprimer.run.arrays.kernel import ArrayKernel
from cgprimer.types import Array, Edge

ASIDE = 0.05  # of its size: how far a point nearby is off, for each entry
INSIDE = frozenset(["solve", "inv", "det", "logdet", "cholesky"])
"""Operations that round inside by more than what arguments that are off would do."""


class ArraysAtPoint:
    """A graph with arrays at one point, or at the n samples of one.

    given : whether these are points of the caller, every one of which has to decide.
    """

    def __init__(self, graph: Graph, at: Mapping[str, ArrayLike], given: bool) -> None:
        self.graph, self.given = graph, given
        self.point = ArrayPoint.of(graph, at)
        self.width = self.point.samples or 1
        self.bodies: Bodies
        self.sizing: Sizing
        self.bodies, self.sizing = concrete(graph, self.point.sizes)

    @lazy
    def beside(self) -> ArraysAtPoint:
        """The graph at a point nearby: no ties, and off all kinks but by chance."""
        rng = np.random.default_rng(0)
        moved = {}
        for text, value in self.point.values.items():
            size = np.where(value == 0, 1.0, np.abs(value))
            off = 0 if text in self.indices else ASIDE * size
            moved[text] = value + off * rng.uniform(0.5, 1.0, value.shape)
        names = (*self.graph.inputs, *self.graph.parameters)
        return ArraysAtPoint(self.graph, {n: moved[n] for n in names}, self.given)

    @lazy
    def values(self) -> dict[str, Array]:
        """Every variable and parameter; those with samples (n, *dims)."""
        names = (*self.graph.order, *self.graph.parameters)
        return values_at(self.graph, self.point, names)

    @lazy
    def sampled(self) -> set[str]:
        """The names that have samples."""
        return sampled_names(self.graph, self.point.sampled)

    def dims(self, name: str) -> Sizes:
        """The dims of a name here, in numbers."""
        return tuple(int(dim) for dim in self.sizing.of_name(name))

    def full(self, name: str) -> Array:
        """The values of a name as (n, *dims)."""
        return np.broadcast_to(self.values[name], (self.width, *self.dims(name)))

    @lazy
    def edges(self) -> dict[Edge, EdgeAt]:
        """Every edge, in topological order; by numbers of entries there is none."""
        return {
            (node, wrt): EdgeAt(self, node, wrt)
            for node, body in self.bodies.items()
            for wrt in leaves(body)
            if wrt not in self.indices
        }

    @lazy
    def indices(self) -> set[str]:
        """The names that are numbers of entries somewhere: nothing varies with them."""
        return {name for body in self.bodies.values() for name in index_names(body)}

    @memo
    def total(self, output: str, wrt: str) -> TotalAt:
        """d output / d wrt."""
        return TotalAt(self, output, wrt)

    @memo
    def below(self, output: str) -> set[str]:
        """Every name that an output depends on, and itself."""
        inside = {output}
        for node in reversed([*self.bodies]):
            if node in inside:
                inside |= set(leaves(self.bodies[node]))
        return inside

    @memo
    def adjoints(self, output: str) -> dict[str, ToldEntries]:
        """d output / d name for every name below it, by our own rules."""
        inside = self.below(output)
        wrt = tuple(n for n in self.values if n in inside)
        derived = derived_graph(self.graph, output, wrt)
        point = self.point
        kernel = kernel_of(derived, point.sizes, point.sampled, derived.outputs)
        values, sizes = run(kernel, point.values), terms(kernel, point.values)
        return {
            name: ToldEntries(
                *(np.broadcast_to(a, (self.width, *self.dims(name))) for a in pair)
            )
            for name, *pair in zip(wrt, values, sizes, strict=True)
        }

    def map(self, bodies: Bodies, node: str, wrt: str) -> ArrayMap:
        """`node` as a function of `wrt`, by some of the equations."""
        sampled = frozenset(self.sampled - bodies.keys() | {wrt})
        kernel = ArrayKernel(bodies, [node], self.sizing, sampled)
        ops = [n.op for body in bodies.values() for n in postorder([body])]
        told = not any(op.name in INSIDE or op.pullback for op in ops)
        dims = [self.sizing.of_name(n) for n in {*bodies, wrt}]
        weight = sum(map(count, dims))
        weight += sum(
            count(self.sizing.of(n))
            for body in bodies.values()
            for n in postorder([body])
            if n.args
        )
        values = {n: self.values[n] for _, n in kernel.given}
        values.pop(wrt, None)
        return ArrayMap(
            kernel, values, sampled, node, wrt, self.full(wrt),
            self.dims(node), self.dims(wrt), weight, told,
        )  # fmt: skip


def index_names(body: Node) -> set[str]:
    """The names whose values an expression takes for numbers of entries."""
    return {
        str(node.args[i].value)
        for node in postorder([body])
        if isinstance(node.op, ArrayOp)
        for i in node.op.whole
        if node.args[i].op is NAME
    }
