"""Ground-truth data: sample the inputs, evaluate the graph, add noise.

graph, parameters, size ─▶ Dataset
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cgprimer import takes
from cgprimer.data.dataset import Dataset, Seed, generator, is_count
from cgprimer.errors import DataError, PointError, listing, shorten, visible
from cgprimer.graph.arrays import as_number, as_numbers
from cgprimer.graph.graph import Graph
from cgprimer.graph.point import Point
from cgprimer.interrupts import contained
from cgprimer.types import Array

Sampler = Callable[[np.random.Generator, int], ArrayLike]


@contained
def generate(
    graph: Graph,
    parameters: Mapping[str, float],
    size: int,
    *,
    low: float | Mapping[str, float] = -1.0,
    high: float | Mapping[str, float] = 1.0,
    sampler: Sampler | Mapping[str, Sampler] | None = None,
    noise: float | Mapping[str, float] = 0.0,
    rng: Seed = None,
) -> Dataset:
    """`size` samples of the graph's inputs, and of its outputs at `parameters`.

    low, high : the range from which inputs are drawn uniformly, or dicts input → it.
    sampler : instead, a function (rng, size) → array (size,) for all inputs, or a dict
        input → function; inputs that the dict leaves out are drawn uniformly.
    noise : standard deviation of normal noise on the outputs, or a dict output → it;
        where none of them is zero, it becomes the data's `sigma`.
    rng : a seed or a numpy Generator; without it every call draws anew, so that data to
        train with and data to test with differ.

    Raises DataError for an impossible size or range, and where an output is not finite.
    """
    takes.kind(Graph, graph=graph)
    takes.mapping(parameters=parameters)
    size = checked_size(graph, size)
    rng = generator(rng)
    lows, highs = _ranges(graph, low, "low"), _ranges(graph, high, "high")
    _check_names(graph.inputs, sampler, "sampler")
    inputs = {
        name: _sample(name, _sampler(sampler, name), lows[name], highs[name], size, rng)
        for name in graph.inputs
    }
    if not graph.inputs:
        raise DataError("the graph has no inputs: every sample would be the same")
    outputs = _outputs(graph, {**inputs, **_numbers(parameters)})
    deviations = _ranges_of(graph.outputs, noise, 0.0, "noise")
    if any(not np.isfinite(d) or d < 0 for d in deviations.values()):
        raise DataError("noise is a standard deviation: zero or a positive number")
    targets = {
        name: value + deviations[name] * rng.standard_normal(size)
        if deviations[name]
        else value
        for name, value in outputs.items()
    }
    # A deviation of zero would be an infinite weight: sigma is told only where every
    # output has noise.
    noisy = all(deviations.values())
    return Dataset(inputs, targets, deviations if noisy else None)


def checked_size(graph: Graph, size: int) -> int:
    """`size`, if that many samples make sense and fit in memory; else DataError."""
    if not is_count(size):
        raise DataError(
            f"the size of a data set is a whole number from 1, not {takes.shown(size)}"
        )
    size = int(size)
    wanted = size * 8 * (2 * len(graph.order) + 2 * len(graph.outputs))
    memory = _memory()
    if wanted > memory / 2:
        raise DataError(
            f"{size:,} samples of this graph need about {wanted / 2**30:,.0f} GiB, and "
            f"this machine has {memory / 2**30:,.0f}\n  hint: generate less at a time"
        )
    return size


def _memory() -> float:
    """Bytes of memory in this machine, or a careful guess."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, OSError, ValueError):
        return 4.0 * 2**30


def _ranges(graph: Graph, value: Any, keyword: str) -> dict[str, float]:
    return _ranges_of(graph.inputs, value, {"low": -1.0, "high": 1.0}[keyword], keyword)


def _ranges_of(
    names: tuple[str, ...], value: Any, default: float, keyword: str
) -> dict[str, float]:
    """One number for each name, from a number or from a dict with gaps."""
    if not isinstance(value, Mapping):
        return dict.fromkeys(names, as_number(f"{keyword}=", value, DataError))
    _check_names(names, value, keyword)
    return {
        name: as_number(f"{keyword}= of {name!r}", value.get(name, default), DataError)
        for name in names
    }


def _check_names(names: tuple[str, ...], value: Any, keyword: str) -> None:
    if not isinstance(value, Mapping):
        return
    if unknown := [name for name in value if name not in set(names)]:
        raise DataError(f"{keyword}= names {listing(unknown)}; known: {listing(names)}")


def _sampler(sampler: Any, name: str) -> Sampler | None:
    found = sampler.get(name) if isinstance(sampler, Mapping) else sampler
    return found if found is None or callable(found) else _refuse_sampler(name)


def _refuse_sampler(name: str) -> Sampler:
    raise DataError(f"the sampler of {name!r} is not a function (rng, size) → array")


def _sample(
    name: str,
    sampler: Sampler | None,
    low: float,
    high: float,
    size: int,
    rng: np.random.Generator,
) -> Array:
    if sampler is None:
        # high - low too: from -1e308 to 1e308 it overflows, and every sample would be
        # inf.
        if not (np.isfinite([low, high, high - low]).all() and low <= high):
            raise DataError(f"{name!r} cannot be drawn from {low} to {high}")
        return rng.uniform(low, high, size)
    try:
        drawn = sampler(rng, size)
    except Exception as error:
        said = f"{type(error).__name__}: {visible(str(error))}"
        raise DataError(f"the sampler of {name!r} raised {said}") from error
    values = as_numbers(f"the sampler of {name!r}", drawn, DataError)
    if values.shape != (size,):
        raise DataError(
            f"the sampler of {name!r} returned shape {values.shape}, not ({size},)"
        )
    return values


def _numbers(parameters: Mapping[str, float] | None) -> dict[str, float]:
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
    outputs = {}
    for name in graph.outputs:
        row = np.broadcast_to(values[graph.variable_number[name]], (point.width,))
        bad = np.flatnonzero(~np.isfinite(row))
        if len(bad):
            where = ", ".join(
                f"{n} = {point.inputs[i, bad[0]]:.6g}"
                for n, i in graph.table.input_rows.items()
            )
            raise DataError(
                f"{name!r} is {row[bad[0]]} in {len(bad)} of {len(row)} samples, first "
                f"at {shorten(where, 120)}\n  hint: choose ranges where it is finite"
            )
        outputs[name] = row.copy()
    return outputs
