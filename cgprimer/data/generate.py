"""Ground-truth data: sample the inputs, evaluate the graph, add noise.

graph, parameters, size ─▶ Dataset
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cgprimer import takes
from cgprimer.data.array_dims import dims_of
from cgprimer.data.array_outputs import array_outputs
from cgprimer.data.dataset import Dataset, Seed
from cgprimer.data.draws import Sampler, draws_of, numbers_by_name
from cgprimer.data.index_inputs import check_indices
from cgprimer.errors import DataError, PointError, counted, shorten
from cgprimer.graph.arrays import as_numbers
from cgprimer.graph.graph import Graph
from cgprimer.graph.point import Point
from cgprimer.interrupts import contained
from cgprimer.types import Array


@contained
def generate(
    graph: Graph,
    parameters: Mapping[str, ArrayLike],
    size: int,
    *,
    low: float | Mapping[str, float] = -1.0,
    high: float | Mapping[str, float] = 1.0,
    sampler: Sampler | Mapping[str, Sampler] | None = None,
    noise: float | Mapping[str, float] = 0.0,
    sizes: Mapping[str, int] | None = None,
    rng: Seed = None,
) -> Dataset:
    """`size` samples of the graph's inputs, and of its outputs at `parameters`.

    parameters : name → number, or an array of the name's dims.
    low, high : the range from which inputs are drawn uniformly, or dicts input → it.
    sampler : instead, a function (rng, size) → array (size, *dims), (size,) of numbers,
        for all inputs, or a dict input → function; inputs that the dict leaves out are
        drawn uniformly.
    noise : standard deviation of normal noise on every entry of the outputs, or a dict
        output → it; where none of them is zero, it becomes the data's `sigma`.
    sizes : what sizes with names stand for, as {"p": 3}, where no parameter tells it.
    rng : a seed or a numpy Generator; without it every call draws anew, so that data to
        train with and data to test with differ.

    Raises DataError for an impossible size or range, for arrays that do not fit their
    names, and where an output is not finite.
    """
    takes.kind(Graph, graph=graph)
    takes.mapping(parameters=parameters, sizes=sizes)
    dims = dims_of(graph, parameters, sizes)
    size = check_size(graph, size, dims)
    rng = takes.generator(rng, DataError)
    own = {name: dims.get(name, ()) for name in graph.inputs}
    draws = draws_of(own, low, high, sampler)
    if graph.sizing is not None:
        check_indices(graph, dims, [draw.name for draw in draws if draw.sampler])
    inputs = {draw.name: draw.sample(size, rng) for draw in draws}
    if not graph.inputs:
        raise DataError("the graph has no inputs: every sample would be the same")
    if graph.sizing is None:
        outputs = _outputs(graph, {**inputs, **_numbers(parameters)})
    else:
        outputs = array_outputs(graph, inputs, parameters)
    deviations = numbers_by_name(graph.outputs, noise, 0.0, "noise")
    if any(not np.isfinite(d) or d < 0 for d in deviations.values()):
        raise DataError("noise is a standard deviation: zero or a positive number")
    targets = {
        name: _with_noise(value, deviations[name], rng)
        for name, value in outputs.items()
    }
    # A deviation of zero would be an infinite weight: sigma is told only where every
    # output has noise.
    noisy = all(deviations.values())
    return Dataset(inputs, targets, deviations if noisy else None)


def _with_noise(values: Array, deviation: float, rng: np.random.Generator) -> Array:
    """Values (n,) with normal noise; nothing is drawn where there is none."""
    if not deviation:
        return values
    return values + deviation * rng.standard_normal(values.shape)


def check_size(
    graph: Graph, size: int, dims: Mapping[str, tuple[int, ...]] = MappingProxyType({})
) -> int:
    """`size`, if that many samples make sense and fit in memory; else DataError."""
    if not takes.is_count(size):
        raise DataError(
            f"the size of a data set is a whole number from 1, not {takes.quote(size)}"
        )
    size = int(size)
    more = sum(math.prod(d) - 1 for n, d in dims.items() if n in graph.variable_number)
    wanted = size * 8 * (2 * len(graph.order) + 2 * len(graph.outputs) + 2 * more)
    memory = _memory()
    if wanted > memory / 2:
        raise DataError(
            f"{size:,} samples of this graph need about {wanted / 2**30:,.0f} GiB, and "
            f"this machine has {memory / 2**30:,.0f}",
            "generate less at a time",
        )
    return size


def _memory() -> float:
    """Bytes of memory in this machine, or a careful guess."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, OSError, ValueError):
        return 4.0 * 2**30


def _numbers(parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    for name, value in (parameters or {}).items():
        if as_numbers(f"the value of {shorten(name)!r}", value, DataError).ndim:
            raise DataError(f"the parameter {shorten(name)!r} is one number, no array")
    return dict(parameters or {})


def _outputs(graph: Graph, at: Mapping[str, Any]) -> dict[str, Array]:
    try:
        point = Point.of(graph, at)
    except PointError as error:
        raise DataError(f"parameters: {error}") from error
    values = graph.forward(point.inputs, point.parameters)
    rows = {name: values[graph.variable_number[name]] for name in graph.outputs}
    outputs = {n: np.array(np.broadcast_to(r, point.width)) for n, r in rows.items()}
    for name, row in outputs.items():
        _check_finite(graph, name, row, point)
    return outputs


def _check_finite(graph: Graph, name: str, row: Array, point: Point) -> None:
    """Raise DataError, with the first place, where an output is not finite."""
    bad = np.flatnonzero(~np.isfinite(row))
    if len(bad):
        where = ", ".join(
            f"{n} = {point.inputs[i, bad[0]]:.6g}"
            for n, i in graph.table.input_rows.items()
        )
        raise DataError(
            f"{name!r} is {row[bad[0]]} in {len(bad)} of "
            f"{counted(len(row), 'sample')}, first at {shorten(where, 120)}",
            "choose ranges where it is finite",
        )
