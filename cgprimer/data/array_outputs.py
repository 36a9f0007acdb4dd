"""The outputs of a graph with arrays at drawn samples.

graph, inputs (n, *dims), parameters ─ array_outputs ─▶ name → array (n, *dims)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cgprimer.data.entries import title
from cgprimer.errors import CGPrimerError, DataError, PointError, counted
from cgprimer.graph.array_point import ArrayPoint
from cgprimer.graph.graph import Graph
from cgprimer.run.arrays.evaluation import values_at
from cgprimer.types import Array


def array_outputs(
    graph: Graph, inputs: Mapping[str, Array], parameters: Mapping[str, Any]
) -> dict[str, Array]:
    """The values of all outputs; DataError where one is not finite, or has no value."""
    try:
        point = ArrayPoint.of(graph, {**inputs, **parameters})
    except PointError as error:
        raise DataError(f"parameters: {error}") from error
    try:
        values = values_at(graph, point, graph.outputs)
    except CGPrimerError as error:  # such as an index that is no whole number
        raise DataError(f"the outputs cannot be computed: {error}") from error
    outputs = {}
    for name, value in values.items():
        if value.ndim == len(graph.dims(name)):  # an output that no input reaches
            value = np.broadcast_to(value, (point.samples or 1, *value.shape))
        outputs[name] = np.array(value, dtype=np.float64)
        _check_finite(name, outputs[name])
    return outputs


def _check_finite(name: str, values: Array) -> None:
    """DataError, with the first place, where an output is not finite."""
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        sample, *index = bad[0].tolist()
        count = len(np.unique(bad[:, 0]))
        raise DataError(
            f"{title(name, index)!r} is {values[tuple(bad[0])]} in sample {sample} "
            f"({count} of {counted(len(values), 'sample')} have such values)",
            "choose ranges where it is finite",
        )
