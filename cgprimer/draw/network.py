"""The picture of a graph: variables as boxes, dependencies as arrows, left to right.

Graph ─▶ what to write in boxes and on edges ─ measure ─▶ sizes ─▶ Layout ─▶ Axes
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from cgprimer import takes
from cgprimer.draw.coefficients import edge_names, sole_coefficients
from cgprimer.draw.layout import layered_layout
from cgprimer.draw.paint import INK, Box, paint
from cgprimer.draw.ranks import ranks
from cgprimer.draw.text import Line
from cgprimer.errors import GraphError, PointError, listing, shorten
from cgprimer.expr.custom import inexact_ops
from cgprimer.expr.dims import show_dims
from cgprimer.expr.ops import Op
from cgprimer.graph.array_point import ArrayPoint
from cgprimer.graph.arrays import as_numbers
from cgprimer.graph.graph import Graph
from cgprimer.graph.names import by_plain_name
from cgprimer.grouping import grouped
from cgprimer.interrupts import contained, load
from cgprimer.notation.numbers import number, without_noise
from cgprimer.types import Edge

if TYPE_CHECKING:
    from matplotlib.axes import Axes


LIMIT = 2_000  # variables in one picture
SPAN_LIMIT = 50_000  # layers passed by all edges together
LABELLED = 300  # variables, and edges, up to which edges carry labels

INPUT, OUTPUT, INNER = "#e3effb", "#fdebd8", "white"
VALUE, ADJOINT, PARTIAL = "#0b7a2b", "#b8151f", "#4c1d95"
DIMS = "#5b6470"


@contained
def draw_graph(
    graph: Graph, *, at: Mapping[str, ArrayLike] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the variables of a graph and what depends on what.

    Inputs are blue, outputs orange. An edge u→v carries the parameters that multiply
    u in the equation of v. An edge is dashed where what is passed back along it is
    declared to be something else than the derivative; the caption names the operation.

    Parameters
    ----------
    at : values of inputs and parameters. Then each variable shows its value and its
        adjoint, the derivative of the output (of the sum of all outputs) by it, and
        each edge shows its partial ∂v/∂u, by name where it is just a parameter.
        In a graph with arrays edges show the dims of what goes along them, and only
        variables that are numbers show theirs.
    ax : where to draw, scaled to fit; by default a new figure as large as needed.

    Raises
    ------
    GraphError
        For more than 2 000 variables, or edges that pass 50 000 layers in all.

    Above 300 variables or edges, nothing is written on the edges.
    """
    takes.kind(Graph, graph=graph)
    takes.mapping(at=at)
    takes.axes(ax)
    at = by_plain_name(at, PointError)
    _check_point(graph, at or {})
    edges = [(u, v) for v in graph.order for u in graph.sources.get(v, ())]
    names = [*graph.inputs, *(n for n in graph.order if n not in set(graph.inputs))]
    _check_size(names, edges)
    # Numbers first: a bad point is refused before matplotlib is loaded.
    numbers = _Numbers() if at is None else _numbers_of(graph, edges, at)
    load("matplotlib.pyplot")
    boxes = {name: _box(graph, name, numbers) for name in names}
    # A label has a vertex of its own, and doubles the layers.
    busy = max(len(names), len(edges)) > LABELLED
    labels = {} if busy else _labels(graph, edges, numbers)
    layout = layered_layout(
        {name: box.size for name, box in boxes.items()},
        edges,
        label_sizes={
            e: (line.width + 4, line.height + 2) for e, line in labels.items()
        },
    )
    caption = [] if at is None else _caption(graph, bool(labels), numbers)
    dashed = _surrogates(graph, edges)
    caption += _dashed_caption(dashed, at is not None and bool(labels))
    return paint(layout, boxes, labels, caption, ax, dashed)


def _check_point(graph: Graph, at: Mapping[str, ArrayLike]) -> None:
    """Raise PointError where a value is no single number, or array of given dims."""
    if graph.sizing is not None:
        samples = ArrayPoint.of(graph, at).samples if at else None
        if samples is not None:
            raise PointError(
                f"a picture shows one point, but there are {samples} samples\n"
                "  hint: give one value for each input and parameter"
            )
        return
    for name, value in at.items():
        if shape := as_numbers(f"the value of {shorten(name)!r}", value).shape:
            raise PointError(
                f"a picture shows one point, but {name!r} has shape {shape}\n"
                "  hint: give one number for each input and parameter"
            )


def _surrogates(graph: Graph, edges: list[Edge]) -> dict[Edge, tuple[Op, ...]]:
    """The edges along which no derivative is passed back, and what stands there."""
    # One look at the shapes spares a walk through every equation.
    if not any(shape.is_inexact for shape in graph.table.shapes):
        return {}
    inexact = {(u, v): inexact_ops(graph.equation(v).body, u) for u, v in edges}
    return {edge: ops for edge, ops in inexact.items() if ops}


def _dashed_caption(dashed: dict[Edge, tuple[Op, ...]], labelled: bool) -> list[Line]:
    ops = dict.fromkeys(op for found in dashed.values() for op in found)
    names = grouped((op.contract, op.name) for op in ops)
    texts = [f"dashed: {kind} gradient of {listing(names[kind])}" for kind in names]
    if texts and labelled:
        texts.append("(along it: what an adjoint of 1 becomes)")
    return [Line(text, 9, INK) for text in texts]


def _check_size(names: list[str], edges: list[Edge]) -> None:
    hint = "draw a part of it, for example the equations around one variable"
    if len(names) > LIMIT:
        raise GraphError(
            f"a picture of {len(names)} variables cannot be read"
            f" (the limit is {LIMIT}); {hint}"
        )
    # An edge over k layers makes k - 1 vertices: it is they that take the time.
    rank = ranks(names, edges)
    span = sum(rank[v] - rank[u] for u, v in edges)
    if span > SPAN_LIMIT:
        raise GraphError(
            f"the edges of this graph pass {span} layers, too many for a picture"
            f" (the limit is {SPAN_LIMIT}); {hint}"
        )


@dataclass(frozen=True)
class _Numbers:
    """What a picture tells about one point; empty for a picture without."""

    values: Mapping[str, float] = field(default_factory=dict)
    adjoints: Mapping[str, float] = field(default_factory=dict)
    partials: Mapping[Edge, float] = field(default_factory=dict)


def _numbers_of(
    graph: Graph, edges: list[Edge], at: Mapping[str, ArrayLike]
) -> _Numbers:
    if graph.sizing is not None:
        return _scalar_numbers(graph, at)
    return _numbers(graph, edges, {n: float(np.asarray(x)) for n, x in at.items()})


def _scalar_numbers(graph: Graph, at: Mapping[str, ArrayLike]) -> _Numbers:
    """What a picture of a graph with arrays tells: values and adjoints of numbers."""
    names = [name for name in graph.variable_number if not graph.dims(name)]
    given = {**at, **graph.evaluate(at)}
    values = {name: float(np.asarray(given[name])) for name in names}
    adjoints = dict.fromkeys(names, 0.0)
    # The outputs are added up where all of them are numbers; else there is no sum.
    if any(map(graph.dims, graph.outputs)):
        return _Numbers(values)
    for output in graph.outputs:
        for name, slope in graph.gradient_at(output, at, names).items():
            adjoints[name] += float(slope)
    return _Numbers(values, adjoints)


def _numbers(graph: Graph, edges: list[Edge], at: Mapping[str, float]) -> _Numbers:
    from cgprimer.judge.differences.edges import edge_partials

    given = graph.evaluate(at)  # which refuses what is no point
    values = {n: float(x) for n, x in {**at, **given}.items()}
    # the symbolic method would load sympy for the same numbers
    by_edge = edge_partials(graph, at, method="adjoint")
    partials = {(u, v): float(d) for (v, u), d in by_edge.items()}
    before = grouped((v, (u, d)) for (u, v), d in partials.items())
    computed = [name for name in graph.order if name not in at]
    shown = without_noise(values, [*at, *computed], before)
    adjoints = _adjoints(graph, at)
    # A backward of the user's own need not be in proportion to what arrives.
    if not any(shape.has_pullback for shape in graph.table.shapes):
        after = grouped((u, (v, d)) for (u, v), d in partials.items())
        adjoints = without_noise(adjoints, graph.order[::-1], after)
    return _Numbers(shown, adjoints, partials)


def _adjoints(graph: Graph, at: Mapping[str, float]) -> dict[str, float]:
    """Derivative of the sum of outputs by each variable, by a reverse sweep."""
    from cgprimer.graph.point import Point

    point, program = Point.of(graph, at), graph.program()
    values = program.forward(point.inputs, point.parameters)
    # An output that others use as well has both its own 1 and what comes back from
    # them.
    seeds = {graph.variable_number[name]: np.ones(1) for name in graph.outputs}
    adjoints, _ = program.backward(values, point.parameters, seeds)
    rows = graph.table.rows.unpack(adjoints)
    return {name: float(row[0]) for name, row in rows.items()}


def _box(graph: Graph, name: str, numbers: _Numbers) -> Box:
    lines = [Line(name, 13, italic=True)]
    if name in numbers.values:
        lines.append(Line(number(numbers.values[name]), 10, VALUE))
    if name in numbers.adjoints:
        lines.append(Line(number(numbers.adjoints[name]), 10, ADJOINT))
    inner = OUTPUT if name in graph.outputs else INNER
    return Box(tuple(lines), INPUT if name in graph.inputs else inner)


def _labels(graph: Graph, edges: list[Edge], numbers: _Numbers) -> dict[Edge, Line]:
    if graph.sizing is not None:
        return _dims_labels(graph, edges)
    named = edge_names if not numbers.partials else sole_coefficients
    of = {v: named(graph.equation(v).body, graph.parameters) for _, v in edges}
    names = {(u, v): of[v][u] for u, v in edges if u in of[v]}
    if not numbers.partials:
        return {e: Line(n, 10, PARTIAL, italic=True) for e, n in names.items()}
    return {e: _partial_line(names.get(e), numbers.partials[e]) for e in edges}


def _dims_labels(graph: Graph, edges: list[Edge]) -> dict[Edge, Line]:
    """The dims of what goes along each edge; of numbers none."""
    dims = {edge: show_dims(graph.dims(edge[0])) for edge in edges}
    return {
        edge: Line(text, 8, DIMS) for edge, text in dims.items() if graph.dims(edge[0])
    }


def _partial_line(name: str | None, partial: float) -> Line:
    text = number(partial) if name is None else f"{name} = {number(partial)}"
    return Line(text, 10, PARTIAL, italic=name is not None)


def _caption(graph: Graph, labelled: bool, numbers: _Numbers) -> list[Line]:
    outputs = " + ".join(graph.outputs)
    # A caption that names twenty outputs would be wider than the picture.
    if len(graph.outputs) > 3:
        outputs = "the sum of all outputs"
    lines = [Line("value", 9, VALUE), Line(f"derivative of {outputs}", 9, ADJOINT)]
    if graph.sizing is not None:
        return lines[: 1 + bool(numbers.adjoints)] if numbers.values else []
    return lines + [Line("partial along the edge", 9, PARTIAL)] * labelled
