"""One node of a graph at a point: its value, operation, inputs, gradient and dims.

    graph, name, at ─ node_of ─▶ NodeView(.value, .op, .inputs, .grad, .dims)

`Graph.node` returns it: what a node of a tape holds, for whoever knows those.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from cgprimer.errors import GraphError, shorten, unknown
from cgprimer.expr.dims import Dims
from cgprimer.expr.ops import CONST, NAME
from cgprimer.graph.local import names_in, sole_output
from cgprimer.types import Value

if TYPE_CHECKING:
    from cgprimer.graph.graph import Graph


@dataclass(frozen=True, eq=False)
class NodeView:
    """A variable or a parameter, at a point.

    op : the operation that its equation does last, `tanh` of tanh(W @ xx + b); `input`
        and `parameter` of a name without one, `=` where it is a name or a number.
    inputs : the names in its equation.
    value, grad : at the point, None without one; grad is d output / d node.
    dims : how long its axes are, () of a number.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    dims: Dims = ()
    value: Value | None = None
    grad: Value | None = None


def node_of(
    graph: Graph,
    name: str,
    at: Mapping[str, ArrayLike] | None = None,
    output: str | None = None,
) -> NodeView:
    """What `Graph.node` returns."""
    if not isinstance(name, str) or name not in graph.names:
        said = name if isinstance(name, str) else repr(name)
        raise GraphError(unknown(f"name {shorten(said)!r}", said, graph.names))
    inputs = tuple(names_in(graph, name)) if name in graph.sources else ()
    view = NodeView(name, _operation(graph, name), inputs, graph.dims(name))
    if at is None:
        if output is not None:
            graph.checked_outputs([output])
        return view
    output = sole_output(graph, output)
    grad = graph.gradient_at(output, at, [name])[name]
    known: dict[str, Any] = {**at, **graph.evaluate(at)}
    value = np.asarray(known[name], dtype=float)
    shown = value if value.ndim else float(value)
    return NodeView(name, view.op, inputs, view.dims, shown, grad)


def _operation(graph: Graph, name: str) -> str:
    if name in graph.sources:
        body = graph.equation(name).body
        return "=" if body.op in (NAME, CONST) else body.op.name
    return "parameter" if name in graph.parameters else "input"
