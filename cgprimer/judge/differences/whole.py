"""Derivatives of a whole graph by finite differences: the output along its names.

A variable that an equation defines is cut loose from it, so that d output / d name
means for every name what `Graph.gradient_at` gives; here it is known by values alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cgprimer.expr.kernel import Kernel
from cgprimer.graph.graph import Graph
from cgprimer.graph.names import known_names
from cgprimer.graph.point import Point
from cgprimer.graph.shape import Shape
from cgprimer.judge.differences import disturb
from cgprimer.judge.differences.bounded import Difference
from cgprimer.judge.differences.edges import refuse_kinks, typical_sizes
from cgprimer.judge.differences.finite import check_scheme, difference
from cgprimer.judge.differences.schemes import Function, Told, rounding
from cgprimer.judge.rounding import is_opaque, sweep_rounding
from cgprimer.keeping import lazy
from cgprimer.run.sweeps import Sweeps, sweeps_of
from cgprimer.types import Array

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
    names = _names_to_move(graph, wrt)
    sizes = typical_sizes(graph, typical)
    point = at if isinstance(at, Point) else Point.of(graph, at)
    whole = OutputFunction.of(graph, output, point)
    if scheme == "complex":
        for group in whole.program.groups:
            refuse_kinks(graph, group)
    slopes = {}
    for name in names:
        x = whole.at(name)
        # A name that the output does not depend on has a slope of exactly 0, with no
        # bound.
        if name not in whole.names:
            slopes[name] = Difference(*(np.zeros_like(x) for _ in fields(Difference)))
            continue
        f, size = whole.along([name]), sizes.get(name, 1.0)
        noise, row = rounding(whole.terms([name])), x[None]
        own = difference(f, row, scheme, step, noise, typical=size, stacks=True)
        if scheme == "complex":
            runs = [whole.along([name], _kernels_of_run(run)) for run in disturb.RUNS]
            own = disturb.with_rounding(own, runs, row)
        slopes[name] = own[0]
    return slopes


def _names_to_move(graph: Graph, wrt: Sequence[str] | None) -> Sequence[str]:
    if wrt is None:
        return (*graph.inputs, *graph.parameters)
    return known_names(wrt, "wrt", graph.names)


def _forward(shape: Shape) -> Kernel:
    return shape.forward


def _kernels_of_run(run: int) -> KernelOf:
    return lambda shape: disturb.disturbed_kernel(shape, run)


@dataclass(frozen=True, eq=False)
class OutputFunction:
    """One output of a graph at a point, as a function of the values of any name."""

    graph: Graph
    output: str
    point: Point
    program: Sweeps
    values: Array

    @classmethod
    def of(cls, graph: Graph, output: str, point: Point) -> OutputFunction:
        """With what the output needs computed once at the point."""
        program = sweeps_of(graph, (output,))
        values = program.forward(point.inputs, point.parameters)
        return cls(graph, output, point, program, values)

    @lazy
    def names(self) -> set[str]:
        """Every name in the equations that the output needs, and itself."""
        inside = map(self.graph.table.names, self.program.equations)
        return {self.output, *itertools.chain(*inside)}

    def at(self, name: str) -> Array:
        """What a name is at the point, (n,)."""
        if name in self.graph.parameter_number:
            row = self.point.parameters[self.graph.parameter_number[name]]
        else:
            row = self.values[self.graph.variable_number[name]]
        return np.broadcast_to(row, (self.point.width,))

    def along(self, names: Sequence[str], kernel_of: KernelOf = _forward) -> Function:
        """f(v)[…, k, :]: the output where names[k] has the values v[…, k, :] (n,)."""
        row = self.graph.variable_number[self.output]

        def f(value: Any) -> Any:
            values, _ = self._move(names, value, kernel_of)
            return values[row].reshape(value.shape)

        return f

    def _move(
        self, names: Sequence[str], value: Any, kernel_of: KernelOf = _forward
    ) -> tuple[Array, Array]:
        """Values (V, v.size) and parameters (P, v.size), each name moved by itself."""
        graph = self.graph
        inputs = self._columns(self.point.inputs, value)
        parameters = self._columns(self.point.parameters, value)
        values = np.full((len(self.values), value.size), np.nan, dtype=value.dtype)
        values[self.program.inputs] = inputs
        cut = []
        for k, name in enumerate(names):
            if name in graph.parameter_number:
                row = parameters[graph.parameter_number[name]]
            else:
                row = values[graph.variable_number[name]]
                # A variable that an equation defines would be overwritten by its own
                # equation: after every group it is set again to what it has been moved
                # to.
                cut += [(row, k)] * (name in graph.depends_on)
            row.reshape(value.shape)[..., k, :] = value[..., k, :]
        for group, slots in self.program.steps(values, parameters):
            [values[group.defined]] = kernel_of(group.shape)(*slots)
            for row, k in cut:
                row.reshape(value.shape)[..., k, :] = value[..., k, :]
        return values, parameters

    def _columns(self, rows: Array, value: Any) -> Array:
        """Rows (r, 1|n) repeated for values (…, n): (r, v.size)."""
        full = np.broadcast_to(rows, (len(rows), self.point.width))
        return np.tile(full, value.size // self.point.width).astype(value.dtype)

    def terms(self, names: Sequence[str]) -> Told | None:
        """Σ|terms| of the output for any such values; None where they are not known.

        Each equation's own share arrives multiplied by the adjoint of its result.
        """
        program, row = self.program, self.graph.variable_number[self.output]
        rounding_at = sweep_rounding(program)
        if rounding_at is None:
            return None

        def terms(value: Any) -> Any:
            values, parameters = self._move(names, value)
            seeds = {row: np.ones(value.size)}
            adjoints, _ = program.backward(values, parameters, seeds)
            return rounding_at(values, parameters, adjoints).reshape(value.shape)

        return Told(terms, not any(map(is_opaque, program.shapes)))
