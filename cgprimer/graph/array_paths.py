"""Paths of a graph with arrays: products of matrices, not of numbers.

    W → xh → xo → xl    outer((V' @ bar_xo)*(1 - xh^2), xx)

The adjoint of the output goes back along one path, equation by equation; what arrives
at its end is that path's part of the derivative. `graph.paths` asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cgprimer.diff.array_rules import fitted
from cgprimer.errors import PointError
from cgprimer.expr.node import Node
from cgprimer.expr.ops import ONE, name
from cgprimer.graph.array_edges import pulled_shares
from cgprimer.graph.array_point import ArrayPoint
from cgprimer.graph.gradient import bodies_for, check_scalar
from cgprimer.graph.graph import Graph
from cgprimer.graph.local import LARGE, sole_output
from cgprimer.graph.paths import Path, Paths, check_products, ways_between
from cgprimer.graph.rows import graph_of
from cgprimer.graph.walks import edges_along
from cgprimer.keeping import lazy
from cgprimer.notation.array_numbers import is_short, summed_up, written
from cgprimer.notation.numbers import rounded
from cgprimer.notation.text import show, tree_size
from cgprimer.types import Value


@dataclass(frozen=True)
class ArrayPath(Path):
    """A path through arrays, and its part of the derivative.

    partials : one formula, of the whole path. part : its value, at a point.
    """

    part: Value | None = None

    @lazy
    def product(self) -> Any:
        """The value of the path's part; None without a point."""
        return self.part

    @property
    def text(self) -> str:
        """The part as a formula: `outer(W2' @ (xo - xt), xx)`."""
        [formula] = self.partials
        return show(formula) if tree_size(formula) <= LARGE else "…"

    def cells(self) -> tuple[str, ...]:
        """A line of the table; between the ends stand matrices, and no numbers."""
        value = () if self.part is None else ("", array_text(self.part))
        return (" → ".join(self.names), self.text, *value)


def array_text(value: Any) -> str:
    """A value in a table: a number, a small array, or what a large one is like."""
    if np.ndim(value) == 0:
        return rounded(float(value))
    return written(value, rounded) if is_short(value, rounded) else summed_up(value)


@dataclass(frozen=True, repr=False)
class ArrayPaths(Paths):
    """All paths from `source` to `output`; prints as a table."""

    @lazy
    def total(self) -> Any:
        """The sum of the parts: d output / d source. None without a point."""
        parts = [path.product for path in self.paths]
        if not parts:
            return 0.0
        return None if parts[0] is None else sum(parts)

    def _shown(self, total: Any) -> str:
        return array_text(total)


def find_array_paths(
    graph: Graph,
    source: str,
    output: str | None = None,
    at: Mapping[str, ArrayLike] | None = None,
    *,
    limit: int = 1000,
) -> Paths:
    """What `Graph.paths` returns for a graph with arrays."""
    output = sole_output(graph, output)
    ways = ways_between(graph, source, output, limit)
    check_scalar(graph, output)
    check_products(graph, {user for way in ways for user in way[1:]})
    formulas = [_along(graph, way) for way in ways]
    values: Sequence[Value | None] = [None] * len(ways)
    if at is not None:
        values = _values(graph, output, formulas, at)
    paths = tuple(
        ArrayPath(way, (formula,), part=value)
        for way, formula, value in zip(ways, formulas, values, strict=True)
    )
    return ArrayPaths(source, output, paths)


def _along(graph: Graph, names: tuple[str, ...]) -> Node:
    """What the first name gets of an adjoint of 1, along one way."""
    assert graph.sizing is not None
    sizing = graph.sizing.copy()
    arriving: Node = ONE
    for user, used in reversed(edges_along(names)):
        arriving = pulled_shares(graph, user, arriving)[used]
    return fitted(arriving, name(names[0]), sizing)


def _values(
    graph: Graph,
    output: str,
    formulas: Sequence[Node],
    at: Mapping[str, ArrayLike],
) -> list[Value]:
    """The formulas at one point: equations more of the same graph."""
    point = ArrayPoint.of(graph, at)
    if point.samples is not None:
        array = min(point.sampled)
        raise PointError(
            f"one point is wanted, but {array!r} has {point.samples} samples\n"
            f"  hint: take one of them, as in at | {{{array!r}: {array}[0]}}"
        )
    assert graph.sizing is not None
    sizing = graph.sizing.copy()
    bodies = bodies_for(graph, output)
    called = []
    for number, formula in enumerate(formulas):
        own = f"path_{number}"
        while own in graph.names or own in graph.spare:
            own += "_"
        sizing.names[own] = sizing.of(formula)
        bodies[own] = formula
        called.append(own)
    kinds = graph.parameters, graph.inputs
    unused = {*graph.inputs, *graph.parameters, *graph.spare}
    more = graph_of(bodies, called, *kinds, sizing=sizing)
    spare = unused - {*more.inputs, *more.parameters}
    values = Graph(more.table, more.outputs, spare, sizing=sizing).evaluate(at)
    return [values[own] for own in called]
