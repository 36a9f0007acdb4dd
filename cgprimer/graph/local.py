"""Edges one by one: who uses a name, and the partials as formulas and as numbers.

Whole arrays of samples are the business of `run.sweeps`; here a derivation is
prepared to be read, at one point and for the names that one output needs.

`graph.paths` and the derivation read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from cgprimer.diff.sweep import partials
from cgprimer.diff.textbook import textbook
from cgprimer.errors import GraphError, PointError, listing
from cgprimer.expr.node import Node, postorder, substitute
from cgprimer.expr.ops import NAME, name
from cgprimer.graph.point import Point
from cgprimer.notation.text import tree_size
from cgprimer.types import Edge

if TYPE_CHECKING:
    from cgprimer.graph.graph import Graph
    from cgprimer.graph.shape import Shape


LARGE = 300  # nodes of a formula, written out, above which only its symbol is shown
LITTLE = 4  # nodes of an expression that is written out rather than named


def sole_output(graph: Graph, output: str | None) -> str:
    """`output`, or the only output there is; GraphError where that is no choice."""
    if output is not None:
        [output] = graph.checked_outputs([output])
        return output
    if len(graph.outputs) != 1:
        raise GraphError(
            f"the graph has {len(graph.outputs)} outputs, {listing(graph.outputs)}: "
            f"choose one\n  hint: output={graph.outputs[0]!r}"
        )
    return graph.outputs[0]


def users_of(graph: Graph, output: str) -> dict[str, list[str]]:
    """Name → the variables that use it, in order, for every name `output` needs."""
    needed = {output}
    users: dict[str, list[str]] = {}
    # Users come after what they use: from the back, all users of a name are known to be
    # needed, or not, when its own equation is reached.
    for variable in reversed(graph.order):
        if variable in needed and variable in graph.sources:
            for used in names_in(graph, variable):
                needed.add(used)
                users.setdefault(used, []).append(variable)
    return {used: variables[::-1] for used, variables in users.items()}


def names_in(graph: Graph, variable: str) -> list[str]:
    """The variables and parameters in the equation of `variable`."""
    return graph.table.names(graph.equation_number(variable))


def edge_formulas(graph: Graph, edges: Iterable[Edge]) -> dict[Edge, Node]:
    """∂node/∂wrt for every edge, from the equations as their author wrote them.

    Where the whole right side appears in its own derivative, as in `1 - tanh(…)^2`, it
    is called by its name, unless it is as short itself.
    """
    wanted: dict[str, list[str]] = {}
    for node, wrt in edges:
        wanted.setdefault(node, []).append(wrt)
    formulas: dict[Edge, Node] = {}
    for node, names in wanted.items():
        body = graph.equation(node).body
        # The body as written, not its stable form: this is what a reader compares with
        # his own derivation.
        local = list(partials(body, map(name, names)).values())
        if len(postorder([body])) > LITTLE:
            local = substitute(local, {body: name(node)})
        for wrt, formula in zip(names, local, strict=True):
            formulas[node, wrt] = short_form(formula)
    return formulas


def short_form(formula: Node) -> Node:
    """A derivative as a textbook prints it, unless it is too large to be read."""
    return textbook(formula) if tree_size(formula) <= LARGE else formula


def values_at(graph: Graph, at: Mapping[str, ArrayLike]) -> dict[str, float]:
    """The value of every name of the graph; PointError where `at` is not one point."""
    point = Point.of(graph, at)
    if point.samples is not None:
        array = next(name for name, value in at.items() if np.ndim(value))
        raise PointError(
            f"one point is wanted, but {array!r} has {point.samples} samples\n"
            f"  hint: take one of them, as in at | {{{array!r}: {array}[0]}}"
        )
    given = graph.table.given_rows(point.inputs[:, 0], point.parameters[:, 0])
    return {name: float(v) for name, v in (given | graph.evaluate(at)).items()}


def edge_values(
    graph: Graph, variable: str, values: Mapping[str, float]
) -> dict[Edge, float]:
    """∂variable/∂wrt as numbers, for every name in its equation.

    values : of every name, inputs and parameters included.
    """
    shape, slots = _filled_slots(graph, variable, values)
    with np.errstate(all="ignore"):
        slopes = shape.partial_kernel(shape.names)(*slots, values[variable])
    return {
        (variable, wrt): float(number)
        for wrt, number in zip(names_in(graph, variable), slopes, strict=True)
    }


def pulled_values(
    graph: Graph, variable: str, values: Mapping[str, float], adjoint: float
) -> dict[str, float]:
    """What every name in the equation of `variable` gets of its adjoint."""
    shape, slots = _filled_slots(graph, variable, values)
    with np.errstate(all="ignore"):
        shares = shape.pullback_kernel(shape.names)(*slots, values[variable], adjoint)
    return {
        wrt: float(number)
        for wrt, number in zip(names_in(graph, variable), shares, strict=True)
    }


def _filled_slots(
    graph: Graph, variable: str, values: Mapping[str, float]
) -> tuple[Shape, list[float]]:
    equation = graph.equation_number(variable)
    leaves = graph.table.leaves(equation)
    slots = [
        values[str(leaf.value)] if leaf.op is NAME else float(leaf.value or 0.0)
        for leaf in leaves
    ]
    return graph.table.shape_of(equation), slots
