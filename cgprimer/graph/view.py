"""The graph as networkx sees it, for its algorithms and for other tools.

Every attribute is a text, a number or a truth value, so that GraphML, GML and GEXF
can be written; what there is none of is an empty text.

    graph, level ─▶ networkx.DiGraph, for `Graph.to_networkx`
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING

from cgprimer.expr.dims import Dims, show_dims
from cgprimer.expr.node import Node, postorder
from cgprimer.notation.numbers import exact

if TYPE_CHECKING:
    import networkx

    from cgprimer.graph.graph import Graph


def variables(graph: Graph) -> networkx.DiGraph:
    """One node per variable, one arc per use; parameters stand on the arcs."""
    import networkx

    view = networkx.DiGraph()
    outputs = set(graph.outputs)
    for name in (*graph.inputs, *graph.dependents):
        equation = graph.equation(name) if name in graph.sources else None
        kind, text = "dependent" if equation else "input", str(equation or "")
        parameters = " ".join(equation.parameters if equation else ())
        view.add_node(
            name,
            kind=kind,
            output=name in outputs,
            equation=text,
            parameters=parameters,
        )
        for source in equation.variables if equation else ():
            view.add_edge(source, name, parameters=parameters)
    return _with_dims(view, {name: graph.dims(name) for name in view}, graph)


def operations(graph: Graph) -> networkx.DiGraph:
    """One node per single operation, shared where equations share; leaves are names.

    The operation that completes an equation is called by the variable's name, others
    `xw:1`, `xw:2`, …, after the first equation that needs them.
    """
    import networkx

    view = networkx.DiGraph()
    for name in graph.inputs:
        view.add_node(name, op="input", label=name, variable=name)
    for name in graph.parameters:
        view.add_node(name, op="parameter", label=name, variable="")
    called: dict[Node, str] = {}
    for equation in graph.equations:
        _add_operations(view, equation.name, equation.body, called)
    if graph.sizing is None:
        return view
    sizing = graph.sizing.copy()
    dims = {key: sizing.of(node) for node, key in called.items()}
    return _with_dims(view, dims | {n: graph.dims(n) for n in graph.names}, graph)


def _with_dims(
    view: networkx.DiGraph, dims: Mapping[str, Dims], graph: Graph
) -> networkx.DiGraph:
    """The view with dims as text, of a graph with arrays."""
    if graph.sizing is not None:
        for key, data in view.nodes(data=True):
            data["dims"] = show_dims(dims[key])
        for source, _, data in view.edges(data=True):
            data["dims"] = show_dims(dims[source])
    return view


def _add_operations(
    view: networkx.DiGraph, variable: str, body: Node, called: dict[Node, str]
) -> None:
    """The operations of one equation; `called` holds those that have a node already."""
    keys = (f"{variable}:{number}" for number in count(1))
    for node in postorder([body]):
        is_name = node.op.name == "name"
        if is_name:
            called[node] = str(node.value)
        # A body has a node of its own, so that every variable is in the view. Where it
        # is a mere name, as in xw = xz, that node is labelled = and has one arc.
        if node is not body and node in called:
            continue
        key = variable if node is body else next(keys)
        completes = variable if node is body else ""
        view.add_node(key, op=node.op.name, label=_label(node), variable=completes)
        for position, arg in enumerate([node] if is_name else node.args):
            view.add_edge(called[arg], key, position=position)
        if not is_name:
            called.setdefault(node, key)


def _label(node: Node) -> str:
    if node.op.name == "const":
        return exact(float(node.value or 0.0))
    return "=" if node.op.name == "name" else node.op.symbol or node.op.name


VIEWS = {"variables": variables, "operations": operations}
