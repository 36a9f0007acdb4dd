"""Equations from ready-made expressions to a Graph, one by one.

    name → Node ─▶ rows of arrays ─▶ Table ─▶ Graph

Gradients, copies and derivations are made so; texts go by `graph.from_texts`.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from cgprimer.expr.node import Node, leaves, substitute
from cgprimer.expr.ops import name as name_node
from cgprimer.graph.graph import Graph
from cgprimer.graph.numbering import Names
from cgprimer.graph.shape import Shape
from cgprimer.graph.table import Table


def graph_of(
    bodies: Mapping[str, Node],
    outputs: Sequence[str],
    parameters: Sequence[str],
    variables: Sequence[str],
    spare: Collection[str] = (),
) -> Graph:
    """The graph of ready-made expressions: name → right side.

    `parameters` and `variables` tell the kinds of names that no expression defines;
    parameters come in the order given, and those that are neither used nor in `spare`
    are left out.
    """
    used = {name for body in bodies.values() for name in leaves(body)}
    parameters = [name for name in parameters if name in used or name in spare]
    rows = EquationRows(Names(bodies, parameters, variables))
    for name in parameters:
        rows.names.enter(name)
    for name, body in bodies.items():
        rows.add_body(name, body)
    return Graph(rows.table(), outputs, spare)


class EquationRows:
    """Equations gathered as arrays."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.shapes: dict[Shape, int] = {}
        # Arrays that grow in place, with 8 bytes a number where a list would hold
        # objects.
        self.defined, self.shape, self.slots = array("q"), array("q"), array("q")
        self.start = array("q", [0])

    def add(self, name: str, shape: Shape, slots: Iterable[int]) -> None:
        """Append one equation, whose slots hold the numbers of its names."""
        self.defined.append(self.names.enter(name)[1])
        self.shape.append(self.shapes.setdefault(shape, len(self.shapes)))
        self.slots.extend(slots)
        self.start.append(len(self.slots))

    def add_body(self, name: str, body: Node) -> None:
        """Append one equation given as an expression over names."""
        self.names.enter(name)
        by: dict[Node, Node] = {}
        slots: list[int] = []
        for i, leaf in enumerate(leaves(body)):
            kind, number = self.names.enter(leaf)
            by[name_node(leaf)] = name_node(kind.slot(i))
            slots.append(number)
        self.add(name, Shape.from_body(substitute([body], by)[0]), slots)

    def table(self) -> Table:
        """The finished arrays."""
        arrays = (np.array(x, dtype=np.int64) for x in (self.defined, self.shape))
        defined, shape = arrays
        return Table(
            tuple(self.names.variables),
            tuple(self.names.parameters),
            np.zeros(0),
            defined,
            tuple(self.shapes),
            shape,
            np.array(self.slots, dtype=np.int64),
            np.array(self.start, dtype=np.int64),
        )
