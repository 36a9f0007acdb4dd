"""Every operation of a graph, and the place where it is first needed.

    Graph ─→ operation, over inputs and parameters → Place, for `evaluation`

The equations are put into one another with sharing kept, so that an operation is one
node however many equations use it; each remembers the place where it was first needed:
in an equation as written, in an edge partial, or in the gradient of an output.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cgprimer.diff.sweep import partials
from cgprimer.expr.node import Node, fold, intern, leaves
from cgprimer.expr.ops import NAME, name
from cgprimer.graph.graph import Graph
from cgprimer.keeping import lazy


class Place(NamedTuple):
    """Where an operation stands.

    kind : "value", "edge" or "gradient", of `node`, the latter two by `wrt`.
    operation, formula : as expressions over the graph's names.
    """

    kind: str
    node: str
    wrt: str | None
    operation: Node
    formula: Node


class Operations:
    """All operations in the order in which values and then derivatives are computed.

    places : operation, over inputs and parameters only → its place.
    bodies : variable → its value over inputs and parameters only.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.bodies: dict[str, Node] = {}
        self.places: dict[Node, Place] = {}
        self.roots: dict[tuple[str, str, str | None], Node] = {}
        self._values()
        self._edges()
        self._gradients()

    def _values(self) -> None:
        for variable in self.graph.order:
            if variable in self.graph.depends_on:
                body = self.graph.equation(variable).body
                self.bodies[variable] = self._enter("value", variable, None, body)

    def _edges(self) -> None:
        """The edge partials, last equation first, as a reverse sweep needs them."""
        for variable in reversed(self.bodies):
            equation = self.graph.equation(variable)
            names = (*equation.variables, *equation.parameters)
            # As our rules write them for the equation as written: stable forms would
            # hide what goes wrong in them.
            self._enter_partials("edge", variable, equation.body, names)

    def _gradients(self) -> None:
        """What the shares of all paths add up to, for every output."""
        for output in self.graph.outputs:
            if output in self.bodies:
                body = self.bodies[output]
                self._enter_partials("gradient", output, body, leaves(body))

    def _enter_partials(
        self, kind: str, node: str, body: Node, names: Sequence[str]
    ) -> None:
        slopes = partials(body, map(name, names))
        for wrt, formula in zip(names, slopes.values(), strict=True):
            self._enter(kind, node, wrt, formula)

    def later(self, variable: str, most: int) -> list[str]:
        """At most so many variables computed from `variable`, nearest first."""
        reached = [variable]
        for text in reached:
            new = [u for u in self._users.get(text, ()) if u not in reached]
            reached += new[: most + 1 - len(reached)]
        return reached[1:]

    @lazy
    def _users(self) -> dict[str, list[str]]:
        return self.graph.leads_to

    @lazy
    def named(self) -> dict[Node, Node]:
        """The value of a variable, over inputs and parameters → its name."""
        return {body: name(text) for text, body in self.bodies.items() if body.args}

    def _enter(self, kind: str, node: str, wrt: str | None, formula: Node) -> Node:
        """Note every operation of `formula` that is new; return it over the inputs."""

        def visit(part: Node, args: list[Node]) -> Node:
            if part.op is NAME:
                # Over inputs and parameters, one node for one operation: a name would
                # hide that two equations compute the same.
                return self.bodies.get(str(part.value), part)
            made = intern(part.op, tuple(args), part.value) if args else part
            if args:
                place = Place(kind, node, wrt, part, formula)
                # The first place where it is needed is where it is told.
                self.places.setdefault(made, place)
            return made

        root = fold([formula], visit)[formula]
        self.roots[kind, node, wrt] = root
        return root
