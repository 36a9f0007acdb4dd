"""Derivatives of a whole graph by finite differences: the output along its names.

A variable that an equation defines is cut loose from it, so that d output / d name
means for every name what `Graph.gradient_at` gives; here it is known by values alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cgprimer.graph.graph import Graph
from cgprimer.graph.point import Point
from cgprimer.judge.differences.schemes import Function, Told
from cgprimer.judge.rounding import is_opaque, sweep_rounding
from cgprimer.run.sweeps import Sweeps, sweeps_of
from cgprimer.types import Array


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

    def along(self, names: Sequence[str]) -> Function:
        """f(v)[…, k, :]: the output where names[k] has the values v[…, k, :] (n,)."""
        row = self.graph.variable_number[self.output]

        def f(value: Any) -> Any:
            values, _ = self._move(names, value)
            return values[row].reshape(value.shape)

        return f

    def _move(self, names: Sequence[str], value: Any) -> tuple[Array, Array]:
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
            [values[group.defined]] = group.shape.forward(*slots)
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
