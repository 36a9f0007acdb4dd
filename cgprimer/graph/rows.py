"""Equations gathered one by one into the arrays of a graph."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from cgprimer.errors import GraphError, listing
from cgprimer.expr.node import Node, leaves, substitute
from cgprimer.expr.ops import CONSTANTS
from cgprimer.expr.ops import name as name_node
from cgprimer.graph.graph import Graph
from cgprimer.graph.shape import Shape
from cgprimer.graph.table import Table


def graph_of(
    bodies: Mapping[str, Node],
    outputs: Sequence[str],
    parameters: Sequence[str],
    variables: Sequence[str],
) -> Graph:
    """The graph of ready-made expressions: name → right side.

    `parameters` and `variables` tell the kinds of names that no expression defines;
    parameters come in the order given, and those that are not used are left out.
    """
    used = {name for body in bodies.values() for name in leaves(body)}
    parameters = [name for name in parameters if name in used]
    rows = Rows(Names(bodies, parameters, variables))
    for name in parameters:
        rows.names.enter(name)
    for name, body in bodies.items():
        rows.add_body(name, body)
    return Graph(rows.table(None), outputs)


class Names:
    """The names met so far, numbered by first appearance, and their kinds."""

    def __init__(
        self,
        defined: Iterable[str],
        parameters: Sequence[str],
        variables: Sequence[str],
    ) -> None:
        self.variables: dict[str, int] = {}
        self.parameters: dict[str, int] = {}
        self.constants: dict[float, int] = {}
        self.known: dict[str, tuple[str, int]] = {}
        self.defined = frozenset(defined)
        self.declared_parameters = frozenset(parameters)
        self.declared = frozenset((*parameters, *variables, *self.defined))
        both = self.declared_parameters & {*variables, *self.defined}
        if both:
            raise GraphError(
                f"{listing(sorted(both))}: declared a parameter, and also a variable "
                "or on the left of '='"
            )

    def is_variable(self, name: str) -> bool:
        """What is defined or declared decides; other names go by their first letter."""
        if name in self.declared:
            return name not in self.declared_parameters
        return name[0] == "x"

    def is_constant(self, name: str) -> bool:
        """Whether the name is that of a constant, and not declared otherwise."""
        return name in CONSTANTS and name not in self.declared

    def enter(self, name: str) -> tuple[str, int]:
        """(kind x or p, number among its kind) of a name, numbered now if it is new."""
        found = self.known.get(name)
        if found is None:
            variable = self.is_variable(name)
            table = self.variables if variable else self.parameters
            number = table.setdefault(name, len(table))
            found = self.known[name] = ("x" if variable else "p", number)
        return found


class Rows:
    """Equations gathered as arrays."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.shapes: dict[Shape, int] = {}
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
            by[name_node(leaf)] = name_node(f"{kind}{i}")
            slots.append(number)
        self.add(name, Shape.from_body(substitute([body], by)[0]), slots)

    def table(self, texts: Sequence[str] | None) -> Table:
        """The finished arrays."""
        arrays = (np.array(x, dtype=np.int64) for x in (self.defined, self.shape))
        defined, shape = arrays
        return Table(
            tuple(self.names.variables),
            tuple(self.names.parameters),
            np.array(list(self.names.constants), dtype=np.float64),
            defined,
            tuple(self.shapes),
            shape,
            np.array(self.slots, dtype=np.int64),
            np.array(self.start, dtype=np.int64),
            texts,
        )
