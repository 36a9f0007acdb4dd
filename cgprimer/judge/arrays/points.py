"""Random points for graphs with arrays: values and derivatives are finite there.

graph, how many ─▶ name → random values (n, *dims), one point a sample

Sizes that nobody has told are small and differ, so that a transpose left out shows.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cgprimer import takes
from cgprimer.errors import OptionError, PointError, listing
from cgprimer.expr.dims import DimsError, count
from cgprimer.graph.array_point import ArrayPoint
from cgprimer.graph.graph import Graph
from cgprimer.judge.arrays.at_points import ArraysAtPoint, index_names
from cgprimer.judge.arrays.maps import Sizes
from cgprimer.judge.points import MOST_POINTS, RANGES
from cgprimer.run.arrays.evaluation import values_at
from cgprimer.types import Array, Mask

TRIES = 16
SPARE = 4  # times as many points are drawn as are wanted
LARGE = 10**7  # numbers: of larger arrays no more are drawn than are wanted
WIDE = 8  # columns, from which on the entries of a matrix are made smaller
FIRST = (2, 5, 8, 16)  # the first of the sizes that are tried


def random_arrays(
    graph: Graph, points: int, rng: np.random.Generator | int | None
) -> dict[str, Array]:
    """Random values (points, *dims) of every input and parameter; PointError if none.

    OptionError where no points are asked for, or too many to be drawn.
    """
    if not takes.is_count(points) or int(points) > MOST_POINTS:
        raise OptionError(
            f"points={takes.quote(points)}: at least one point is needed, and at most "
            f"{MOST_POINTS:,}"
        )
    rng, points = takes.generator(rng), int(points)
    kept: dict[str, list[Array]] = {}
    for dims in _all_dims(graph):
        numbers = sum(map(count, dims.values()))
        many = points * (SPARE if numbers * points * SPARE < LARGE else 1)
        kept = {name: [] for name in dims}
        for attempt in range(TRIES):
            drawn = _drawn(graph, dims, many, rng, attempt)
            try:
                good = _finite(graph, drawn)
            except (DimsError, PointError, ValueError):
                break
            for name, value in drawn.items():
                kept[name].extend(value[good][: points - len(kept[name])])
            if all(len(values) == points for values in kept.values()):
                return {name: np.array(values) for name, values in kept.items()}
    raise PointError(
        f"no {points} random points found where all of {listing(graph.order)} is finite"
        "\n  hint: give points of your own: at={…}"
    )


def _all_dims(graph: Graph) -> Iterator[dict[str, Sizes]]:
    """The dims of every input and parameter, with several choices of the sizes."""
    names = (*graph.inputs, *graph.parameters)
    own = {name: graph.dims(name) for name in names}
    symbols = dict.fromkeys(
        d for dims in own.values() for d in dims if isinstance(d, str)
    )
    for first in FIRST[: None if symbols else 1]:
        size = dict(zip(symbols, range(first, first + len(symbols)), strict=True))
        yield {
            name: tuple(size[d] if isinstance(d, str) else int(d) for d in dims)
            for name, dims in own.items()
        }


def _drawn(
    graph: Graph,
    dims: dict[str, Sizes],
    many: int,
    rng: np.random.Generator,
    attempt: int,
) -> dict[str, Array]:
    """Values from ranges that grow in number, and matrices that are symmetric."""
    indices, drawn = _indices(graph), {}
    for name, own in dims.items():
        low, high = RANGES[int(rng.integers(0, min(len(RANGES), 1 + attempt // 2)))]
        value = rng.uniform(low, high, (many, *own))
        if len(own) > 1 and own[-1] > WIDE:
            value = value / np.sqrt(own[-1])
        if attempt % 2 and len(own) > 1 and own[-1] == own[-2]:
            # Determinants and Cholesky factors ask for positive definite matrices.
            value = value @ np.swapaxes(value, -1, -2) + 0.1 * np.eye(own[-1])
        drawn[name] = value
    for name in indices & drawn.keys():
        drawn[name] = rng.integers(0, 2, drawn[name].shape).astype(float)
    return drawn


def _indices(graph: Graph) -> set[str]:
    """The names whose values are numbers of entries."""
    bodies = (graph.equation(name).body for name in graph.dependents)
    return {name for body in bodies for name in index_names(body)}


def _finite(graph: Graph, at: dict[str, Array]) -> Mask:
    """At which samples all values and all adjoints of numbers are finite."""
    point = ArrayPoint.of(graph, at)
    width = point.samples or 1
    good = np.ones(width, bool)
    here = ArraysAtPoint(graph, at, given=False)
    arrays = list(values_at(graph, point, graph.order).values())
    for output in scalar_outputs(graph):
        arrays += [one.values for one in here.adjoints(output).values()]
    for array in arrays:
        flat = np.broadcast_to(array, (width, *array.shape[1:])).reshape(width, -1)
        good &= np.isfinite(flat).all(axis=1)
    return good


def scalar_outputs(graph: Graph) -> list[str]:
    """The outputs that are numbers: those that have total derivatives."""
    return [name for name in graph.outputs if not graph.dims(name)]
