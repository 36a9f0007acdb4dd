"""What the names of a derivation with matrices are worth at a point.

    bodies, dims, random arrays ─▶ values of definitions, adjoints and derivatives

Adjoints and derivatives are the true ones, by reverse accumulation from the
definitions. Sizes that have names get distinct numbers, so that a transpose left out
does not conform, or differs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from cgprimer.expr.array_op import attrs_of
from cgprimer.expr.dims import Dims, Sizing, count
from cgprimer.expr.node import Node, leaves, postorder
from cgprimer.expr.ops import NAME, ONE
from cgprimer.graph.array_edges import raw_shares
from cgprimer.graph.array_point import ArrayPoint
from cgprimer.graph.gradient import gradient
from cgprimer.graph.graph import Graph
from cgprimer.graph.rows import graph_of
from cgprimer.graph.sizes import with_sizes
from cgprimer.reading.names import adjoint_of, derivative_of
from cgprimer.run.arrays.evaluation import run, values_at
from cgprimer.run.arrays.kernel import ArrayKernel
from cgprimer.types import Array

NUMBERS = (3, 2, 4, 5, 7, 6, 8, 9, 11, 10, 13, 12)  # for sizes that have names
MOST = 10**6  # entries of one array that is drawn


class Truths:
    """Definitions of a script, and what follows from them.

    bodies : name → node. free : names without a definition. sizing : the dims of all
    names, adjoints and derivatives included. derived : definitions made of those.
    output : the name whose adjoint is 1, or None where there is none.
    """

    def __init__(
        self,
        bodies: Mapping[str, Node],
        free: Collection[str],
        sizing: Sizing,
        output: str | None,
        derived: Mapping[str, Node] | None = None,
    ) -> None:
        self.derived = dict(derived or {})
        self.bodies, self.sizing, self.output = dict(bodies), sizing, output
        self.free = [n for n in free if n not in bodies and n not in self.derived]
        self.names = {*self.bodies, *self.free}
        self.sizes = _sizes(sizing)
        self.concrete = Sizing(
            {name: self.numbers(sizing.of_name(name)) for name in sizing.names}
        )
        self.graphs: dict[str, Graph] = {}

    def numbers(self, dims: Dims) -> tuple[int, ...]:
        """Dims with a number for every size."""
        return tuple(self.sizes[d] if isinstance(d, str) else int(d) for d in dims)

    def draw(self, names: Collection[str], rng: np.random.Generator, tame: bool) -> Any:
        """Random arrays for free names; positive ones where that is asked for."""
        indexed = self._indices()
        point: dict[str, Array] = {}
        for name in names:
            dims = self.numbers(self.sizing.of_name(name))
            if count(dims) > MOST:
                raise MemoryError(name)
            if name in indexed:
                drawn = rng.integers(0, indexed[name], dims).astype(float)
            else:
                drawn = rng.normal(size=dims)
                drawn = np.abs(drawn) + 0.1 if tame else drawn
            point[name] = np.asarray(drawn)
        return point

    def _indices(self) -> dict[str, int]:
        """Names that pick entries, with how many there are to pick from."""
        found: dict[str, int] = {}
        for node in postorder(self.bodies.values()):
            if node.op.name in ("pick", "take") and node.args[1].op is NAME:
                dims = self.numbers(self.sizing.of(node.args[0]))
                axis = attrs_of(node).get("axis", -1)
                found[str(node.args[1].value)] = dims[axis]
        return found

    def values(
        self, point: Mapping[str, Array], names: Collection[str]
    ) -> dict[str, Any]:
        """The values of names at a point: free ones, definitions, derivatives."""
        found: dict[str, Any] = {}
        for name in names:
            if name in point:
                found[name] = point[name]
            elif name in self.bodies:
                found |= self.of_graph(name, point)
            elif name in self.derived:
                node = self.derived[name]
                values = self.values(point, leaves(node))
                [found[name]] = self.evaluated([node], values)
            elif base := adjoint_of(name, self.names):
                found[name] = self.total(str(self.output), base, point)
            elif asked := derivative_of(name, self.names):
                through = asked.kind == "d" or asked.wrt not in self._beside(asked.of)
                by = self.total if through else self.edge
                found[name] = by(asked.of, asked.wrt, point)
        return found

    def _beside(self, name: str) -> list[str]:
        return leaves(self.bodies[name]) if name in self.bodies else []

    def of_graph(self, name: str, point: Mapping[str, Array]) -> dict[str, Any]:
        """The value of a definition."""
        graph = self.graph(name)
        return values_at(graph, self._point(graph, point), [name])

    def graph(self, name: str) -> Graph:
        """The graph whose output is a definition."""
        if name not in self.graphs:
            needed = _below(self.bodies, name)
            bodies = {n: body for n, body in self.bodies.items() if n in needed}
            self.graphs[name] = graph_of(
                bodies, [name], (), self.free, sizing=self.sizing.copy()
            )
        return self.graphs[name]

    def _point(self, graph: Graph, point: Mapping[str, Array]) -> ArrayPoint:
        names = (*graph.inputs, *graph.parameters)
        values = {n: np.asarray(point[n]) for n in names}
        return ArrayPoint(values, None, frozenset(), tuple(self.sizes.items()))

    def total(self, of: str, wrt: str, point: Mapping[str, Array]) -> Any:
        """d of / d wrt, through all paths."""
        dims = self.numbers(self.sizing.of_name(wrt))
        if of == wrt:
            return np.ones(dims)
        if of not in self.bodies or wrt not in self.graph(of).names:
            return np.zeros(dims)
        key = f"d {of} d {wrt}"
        if key not in self.graphs:
            self.graphs[key] = gradient(self.graph(of), of, [wrt])
        graph = self.graphs[key]
        [name] = graph.outputs
        return values_at(graph, self._point(graph, point), [name])[name]

    def edge(self, of: str, wrt: str, point: Mapping[str, Array]) -> Any:
        """∂ of / ∂ wrt of one equation, all else in it being fixed."""
        names = leaves(self.bodies[of])
        shares = raw_shares(self.bodies[of], names, ONE, self.sizing, of)
        values = self.values(point, names)
        [value] = self.evaluated([shares[names.index(wrt)]], values)
        return np.broadcast_to(value, self.numbers(self.sizing.of_name(wrt)))

    def evaluated(self, nodes: list[Node], values: Mapping[str, Any]) -> list[Array]:
        """Some nodes at the values of their names."""
        bodies = {
            f"side {k}": with_sizes(node, self.sizes) for k, node in enumerate(nodes)
        }
        used = {n for node in nodes for n in leaves(node)}
        given = {name: np.asarray(values[name], dtype=float) for name in used}
        sizing = self.concrete.copy()
        sizing.names |= {name: np.shape(value) for name, value in given.items()}
        return run(ArrayKernel(bodies, list(bodies), sizing, frozenset()), given)


def _sizes(sizing: Sizing) -> dict[str, int]:
    """A number for every size that has a name, each another one."""
    every = [d for name in sizing.names for d in sizing.of_name(name)]
    taken = {d for d in every if not isinstance(d, str)}
    numbers = iter([n for n in NUMBERS if n not in taken] + [*range(14, 400)])
    return {d: next(numbers) for d in dict.fromkeys(every) if isinstance(d, str)}


def _below(bodies: Mapping[str, Node], name: str) -> set[str]:
    found, stack = set(), [name]
    while stack:
        at = stack.pop()
        if at in bodies and at not in found:
            found.add(at)
            stack += leaves(bodies[at])
    return found
