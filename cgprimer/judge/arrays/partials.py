"""The Jacobians on the edges of a graph with arrays, by our rules or by differences.

graph, at, method ─▶ (node, wrt) → (*dims of node, *dims of wrt), behind the samples

`edge_partials` comes here where a name is an array.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from cgprimer.errors import DifferenceError, GraphError
from cgprimer.expr.dims import count
from cgprimer.graph.graph import Graph
from cgprimer.judge.arrays.at_points import ArraysAtPoint
from cgprimer.judge.arrays.derivatives import EdgeAt
from cgprimer.judge.arrays.evidence import BUDGET
from cgprimer.types import Array, Edge, Value

MOST = 10**8  # numbers in one Jacobian


def array_partials(
    graph: Graph,
    at: Mapping[str, ArrayLike],
    method: str,
    scheme: str,
    step: float | None,
    sizes: Mapping[str, float],
) -> dict[Edge, Value]:
    """∂node/∂wrt of every edge; see `edge_partials`."""
    if scheme == "complex" and method == "finite":
        raise DifferenceError(
            "the complex step takes graphs of numbers, and this one has arrays\n"
            "  hint: use scheme='central' or 'ridders'"
        )
    here = ArraysAtPoint(graph, at, given=True)
    found: dict[Edge, Value] = {}
    for edge, one in here.edges.items():
        if method == "finite":
            array = finite(one, scheme, step, sizes.get(edge[1], 1.0))
        else:
            _refuse_long(one)
            array = one.jacobian.values
        found[edge] = _shown(array if here.point.samples else array[0])
    # An index has no derivative, so there is none by it.
    return {edge: found[edge] for edge in graph.arcs if edge in found}


def finite(one: EdgeAt, scheme: str, step: float | None, typical: float) -> Array:
    """The Jacobian (n, *dims of node, *dims of wrt) by differences of each entry."""
    m = one.map
    if m.entries > BUDGET:
        raise DifferenceError(
            f"∂{one.node}/∂{one.wrt} has {m.entries:,} entries, and each of them would "
            f"need a difference: {BUDGET} are the most\n"
            "  hint: compare_partials checks it along random directions; "
            "method='adjoint' gives all entries"
        )
    slopes = m.entry_differences(range(count(m.inside)), scheme, step, typical)
    value: Array = slopes.value.transpose(2, 1, 0)
    return value.reshape(m.width, *m.outside, *m.inside)


def _refuse_long(one: EdgeAt) -> None:
    numbers = one.map.entries * one.at.width
    if numbers > MOST:
        raise GraphError(
            f"∂{one.node}/∂{one.wrt} is {numbers:,} numbers",
            "ask for gradient_at of one number, which needs no such array",
        )


def _shown(value: Array) -> Value:
    """A float, or an array that is read-only."""
    if not value.ndim:
        return float(value)
    view = np.ascontiguousarray(value)
    view.flags.writeable = False
    return view
