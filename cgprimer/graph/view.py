"""The graph as networkx sees it, for its algorithms and for other tools.

Every attribute is a text, a number or a truth value, so that GraphML, GML and GEXF
can be written; what there is none of is an empty text.

    graph, level ─▶ networkx.DiGraph, for `Graph.to_networkx`
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cgprimer.expr.node import Node, postorder
from cgprimer.notation.text import number

if TYPE_CHECKING:
    import networkx

    from cgprimer.graph.graph import Graph


def variables(graph: Graph) -> networkx.DiGraph:
    """One node per variable, one arc per use; parameters stand on the arcs."""
    import networkx

    view = networkx.DiGraph()
    outputs = set(graph.outputs)
    for name in graph.inputs:
        view.add_node(
            name, kind="input", output=name in outputs, equation="", parameters=""
        )
    for equation in graph.equations:
        name = equation.name
        view.add_node(
            name,
            kind="dependent",
            output=name in outputs,
            equation=str(equation),
            parameters=" ".join(equation.parameters),
        )
        for source in equation.variables:
            view.add_edge(source, name, parameters=" ".join(equation.parameters))
    return view


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
        count = 0
        for node in postorder([equation.body]):
            # A body that is a mere name, as in xw = xz, gets a node of its own, so that
            # every variable is in the view: it is labelled = and has one arc.
            key = equation.name
            if node.op.name == "name":
                called[node] = str(node.value)
                if node is not equation.body:
                    continue
            if node is not equation.body:
                if node in called:
                    continue
                count += 1
                key = f"{equation.name}:{count}"
            variable = equation.name if node is equation.body else ""
            view.add_node(key, op=node.op.name, label=_label(node), variable=variable)
            sources = [node] if node.op.name == "name" else node.args
            for position, arg in enumerate(sources):
                view.add_edge(called[arg], key, position=position)
            if node.op.name != "name":
                called.setdefault(node, key)
    return view


def _label(node: Node) -> str:
    if node.op.name == "const":
        return number(float(node.value or 0.0))
    return "=" if node.op.name == "name" else node.op.symbol or node.op.name


VIEWS: dict[str, Callable[[Graph], networkx.DiGraph]] = {
    "variables": variables,
    "operations": operations,
}
