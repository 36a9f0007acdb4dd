"""A graph in single operations: v1 = xa^2, v2 = ab*v1, …, each computed once.

    Graph, output ─▶ another Graph, the author's names in it; asked by `trace`

xy = ab*xa^2 + sin(xa^2) is v1 = xa^2, v2 = ab*v1, v3 = sin(v1), v4 = v2 + v3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count

from cgprimer.expr.dims import Sizing
from cgprimer.expr.node import Node, intern, postorder
from cgprimer.expr.ops import NAME, name
from cgprimer.graph.gradient import bodies_for
from cgprimer.graph.graph import Graph
from cgprimer.graph.rows import graph_of

LETTERS = "vuwtszqr"


def single_operations(graph: Graph, output: str) -> tuple[Graph, dict[str, str]]:
    """What `output` needs in single operations, and the new name of every variable.

    Constants stay inline. Where every equation is a single operation already, the graph
    is returned as it is.
    """
    bodies = bodies_for(graph, output)
    # Its author's names say more than v1, v2, ….
    if all(map(_is_single, bodies.values())):
        return graph, {}
    sizing = graph.sizing.copy() if graph.sizing else None
    steps = _Steps(_fresh_names(graph), sizing)
    for variable, body in bodies.items():
        steps.add(variable, body)
    called = {variable: str(leaf.value) for variable, leaf in steps.called.items()}
    called.setdefault(output, output)  # an input
    last, names = [called[output]], (graph.parameters, graph.inputs)
    return graph_of(steps.bodies, last, *names, sizing=sizing), called


class _Steps:
    """Operations as they come, one name for equal ones.

    bodies : new name → operation. called : the author's variable → its new name.
    """

    def __init__(self, fresh: Iterator[str], sizing: Sizing | None = None) -> None:
        self.fresh = fresh
        self.sizing = sizing  # gets the dims of the new names
        self.bodies: dict[str, Node] = {}
        self.called: dict[str, Node] = {}
        self.names: dict[Node, Node] = {}

    def add(self, variable: str, body: Node) -> None:
        """The operations of one equation."""
        short: dict[Node, Node] = {}
        fixed: set[Node] = set()
        for node in postorder([body]):
            args = tuple(short[arg] for arg in node.args)
            if node.op is NAME:
                short[node] = self.called.get(str(node.value), node)
            # An operation on constants alone stays inside: 2*pi is no step of a trace.
            elif all(arg in fixed for arg in node.args):
                fixed.add(node)
                short[node] = node
            else:
                short[node] = self._name(intern(node.op, args, node.value))
        last = short[body]
        ours = str(last.value) in self.bodies
        # y = x, or y = 2, is no operation, and yet a variable with a line of its own.
        self.called[variable] = last if ours else self._name(last)

    def _name(self, operation: Node) -> Node:
        if operation not in self.names:
            called = next(self.fresh)
            if self.sizing is not None:
                self.sizing.names[called] = self.sizing.of(operation)
            self.bodies[called] = operation
            self.names[operation] = name(called)
        return self.names[operation]


def _is_single(body: Node) -> bool:
    """Whether a body is one operation on names and constants, or no operation."""
    return all(arg.op is NAME or _is_fixed(arg) for arg in body.args)


def _is_fixed(node: Node) -> bool:
    return all(below.op is not NAME for below in postorder([node]))


def _fresh_names(graph: Graph) -> Iterator[str]:
    """v1, v2, …, or another letter where the author has such names."""
    taken = {*graph.variable_number, *graph.parameters}
    # An author with v3 gets u1, u2, …, so that no name stands for two things.
    numbered = {n[: m.start()] for n in taken if (m := re.search(r"\d+$", n))}
    letter = next((c for c in LETTERS if c not in numbered), "step_")
    while any(n.startswith(letter) and letter[-1] == "_" for n in taken):
        letter += "_"
    return (f"{letter}{i}" for i in count(1))
