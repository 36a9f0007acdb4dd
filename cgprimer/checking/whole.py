"""Derivatives of a whole graph by finite differences: the output along one name.

A variable that an equation defines is cut loose from it, so that d output / d name
means for every name what `Graph.gradient_at` gives; here it is known by values alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cgprimer.errors import GraphError, listing, suggest
from cgprimer.graph.graph import Graph
from cgprimer.graph.point import Point
from cgprimer.graph.shape import Shape
from cgprimer.lower.program import Program
from cgprimer.lower.to_numpy import Kernel
from cgprimer.numeric import disturb
from cgprimer.numeric.edges import checked_sizes, refuse_kinks, shape_noise
from cgprimer.numeric.finite import Difference, check_scheme, difference
from cgprimer.numeric.schemes import Array, Function

KernelOf = Callable[[Shape], Kernel]


def total_differences(
    graph: Graph,
    output: str,
    at: Mapping[str, ArrayLike] | Point,
    wrt: Sequence[str] | None = None,
    scheme: str = "ridders",
    step: float | None = None,
    *,
    typical: Mapping[str, float] | None = None,
) -> dict[str, Difference]:
    """d output / d name by finite differences of the whole graph, with error bounds.

    wrt : variables or parameters; by default every input and parameter.
    scheme, step, typical : as in `edge_partials`.
    Values and bounds have shape (1,), or (n,) for samples. Raises GraphError for an
    unknown name, DifferenceError for a scheme or step that cannot work.
    """
    check_scheme(scheme, step)
    [output] = graph.checked_outputs([output])
    names = _checked_names(graph, wrt)
    sizes = checked_sizes(graph, typical)
    point = at if isinstance(at, Point) else Point.of(graph, at)
    program = graph.program([output])
    if scheme == "complex":
        for group in program.groups:
            refuse_kinks(graph, group)
    values = program.forward(point.inputs, point.parameters)
    noise = _noise(graph, program, point, values, output)
    known = {output, *_names_in(graph, program)}
    found = {}
    for name in names:
        x = _values_of(graph, point, values, name)
        if name not in known:
            found[name] = _constant(x)
            continue
        f = _along(graph, program, point, output, name, _forward)
        found[name] = difference(
            f, x, scheme, step, noise, typical=sizes.get(name, 1.0)
        )
        if scheme == "complex":
            runs = [
                _along(graph, program, point, output, name, _disturbed(run))
                for run in disturb.RUNS
            ]
            found[name] = disturb.with_rounding(found[name], runs, x)
    return found


def _constant(x: Array) -> Difference:
    """Of what does not depend on x."""
    zero = np.zeros_like(x)
    return Difference(zero, zero, zero, zero, zero, zero)


def _checked_names(graph: Graph, wrt: Sequence[str] | None) -> Sequence[str]:
    known = (*graph.variable_number, *graph.parameters)
    if wrt is None:
        return (*graph.inputs, *graph.parameters)
    names = [wrt] if isinstance(wrt, str) else list(wrt)
    for name in names:
        if name not in known:
            hint = suggest(str(name), known) or f"the names are {listing(known)}"
            raise GraphError(f"unknown name {name!r}\n  hint: {hint}")
    return names


def _names_in(graph: Graph, program: Program) -> set[str]:
    """Every name in the equations that the output needs."""
    return {
        name
        for group in program.groups
        for equation in group.equations.tolist()
        for name in graph.table.names(equation)
    }


def _values_of(graph: Graph, point: Point, values: Array, name: str) -> Array:
    """What a name is at the point, (n,)."""
    if name in graph.parameter_number:
        row = point.parameters[graph.parameter_number[name]]
    else:
        row = values[graph.variable_number[name]]
    return np.broadcast_to(row, (point.width,))


def _forward(shape: Shape) -> Kernel:
    return shape.forward


def _disturbed(run: int) -> KernelOf:
    return lambda shape: disturb.disturbed(shape, run)


def _along(
    graph: Graph,
    program: Program,
    point: Point,
    output: str,
    name: str,
    kernel_of: KernelOf,
) -> Function:
    """The output as a function of the values (n,) of one name, the others held."""
    place = graph.parameter_number.get(name)
    row = graph.variable_number.get(name)
    shape = (len(graph.variable_number), point.width)

    def f(value: Any) -> Any:
        value = np.asarray(value)
        values = np.full(shape, np.nan, dtype=value.dtype)
        values[program.inputs] = point.inputs
        parameters = point.parameters
        if place is not None:
            full = (len(parameters), point.width)
            parameters = np.broadcast_to(parameters, full).astype(value.dtype)
            parameters[place] = value
        if row is not None:
            values[row] = value
        for group in program.groups:
            slots = program.slots(group, values, parameters)
            [values[group.defined]] = kernel_of(group.shape)(*slots)
            if row is not None:
                values[row] = value
        return values[graph.variable_number[output]]

    return f


def _noise(
    graph: Graph, program: Program, point: Point, values: Array, output: str
) -> Array | None:
    """What rounding in all equations does to the output; None where it must be probed.

    Each equation's own share arrives multiplied by the adjoint of its result.
    """
    total = np.zeros(point.width)
    seed = {graph.variable_number[output]: np.ones(point.width)}
    shares = []
    for group in program.groups:
        slots = program.slots(group, values, point.parameters)
        own = shape_noise(group.shape, slots)
        if own is None:
            return None
        shares.append((group.defined, own))
    adjoints, _ = program.backward(values, point.parameters, seed)
    with np.errstate(all="ignore"):
        for defined, own in shares:
            total = total + (np.abs(adjoints[defined]) * own).sum(axis=0)
    return total
