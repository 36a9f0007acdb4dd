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
from cgprimer.graph.accumulation import below
from cgprimer.graph.point import Point
from cgprimer.grouping import grouped
from cgprimer.notation.text import tree_size
from cgprimer.types import Edge

if TYPE_CHECKING:
    from cgprimer.graph.graph import Graph


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
    return grouped(
        (used, variable)
        for variable in equations_for(graph, output)
        for used in names_in(graph, variable)
    )


def equations_for(graph: Graph, output: str) -> list[str]:
    """The defined variables that `output` needs, in topological order."""
    defined = [variable for variable in graph.order if variable in graph.sources]
    needed = below([(v, used) for v in defined for used in graph.sources[v]], output)
    return [variable for variable in defined if variable in needed]


def names_in(graph: Graph, variable: str) -> list[str]:
    """The variables and parameters in the equation of `variable`."""
    return graph.table.names(graph.equation_number(variable))


def edge_formulas(graph: Graph, edges: Iterable[Edge]) -> dict[Edge, Node]:
    """∂node/∂wrt for every edge, from the equations as their author wrote them.

    Where the whole right side appears in its own derivative, as in `1 - tanh(…)^2`, it
    is called by its name, unless it is as short itself.
    """
    formulas: dict[Edge, Node] = {}
    for node, names in grouped(edges).items():
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
    graph: Graph,
    variable: str,
    values: Mapping[str, float],
    adjoint: float | None = None,
) -> dict[Edge, float]:
    """∂variable/∂wrt as numbers, for every name in its equation.

    values : of every name, inputs and parameters included.
    adjoint : of the variable; then what each name gets of it.
    """
    equation = graph.equation_number(variable)
    shape, leaves = graph.table.shape_of(equation), graph.table.leaves(equation)
    given = [
        values[str(leaf.value)] if leaf.op is NAME else float(leaf.value or 0.0)
        for leaf in leaves
    ]
    given.append(values[variable])
    kernel = shape.partial_kernel(shape.names)
    if adjoint is not None:
        kernel = shape.pullback_kernel(shape.names)
        given.append(adjoint)
    with np.errstate(all="ignore"):
        numbers = map(float, kernel(*given))
    names = names_in(graph, variable)
    return {(variable, wrt): x for wrt, x in zip(names, numbers, strict=True)}
