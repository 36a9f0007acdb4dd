"""Whether the arrays of some data have the dims that a graph declares.

graph, columns by name ─ check_dims ─▶ what each size stands for, or a DataError
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from cgprimer.errors import DataError
from cgprimer.expr.dims import Dims, is_unknown, show_dims
from cgprimer.graph.graph import Graph

Told = dict[str, tuple[int, str]]  # size → its number, and the name that told it


def check_dims(graph: Graph, columns: Mapping[str, NDArray[Any]]) -> dict[str, int]:
    """What the sizes of the graph stand for, as columns (n, *dims) tell it.

    Names that are not in the graph are passed by. Raises DataError, with both shapes,
    for an array whose dims are not those of its name.
    """
    told: Told = {}
    plain = graph.sizing is None
    for name, column in columns.items():
        # The names of a large graph are only gone through where arrays are met.
        if not (plain and column.ndim == 1) and name in graph.names:
            bind(told, name, graph.dims(name), column.shape[1:], "each sample of ")
    return {size: number for size, (number, _) in told.items()}


def bind(
    told: Told, name: str, dims: Dims, shape: tuple[int, ...], each: str = ""
) -> None:
    """Learn the sizes in `dims` from an array; DataError where it does not fit.

    each : what stands before the name in a message.
    """
    said = f"{each}{name!r} is {_shown(shape)}, but in the graph {name} is "
    said += show_dims(dims)
    if len(shape) != len(dims):
        raise DataError(said, _squeezed(name, shape, dims))
    for dim, size in zip(dims, shape, strict=True):
        if not isinstance(dim, str):
            wanted, by = int(dim), ""
        else:
            wanted, by = told.setdefault(dim, (size, name))
        if wanted != size:
            what = "?" if is_unknown(dim) else dim
            raise DataError(
                said + f", and {what} is {wanted}, as {by!r} has it" * bool(by)
            )


def _shown(shape: tuple[int, ...]) -> str:
    return show_dims(shape) if shape else "a number"


def _squeezed(name: str, shape: tuple[int, ...], dims: Dims) -> str:
    """A hint at a column (n, 1) where numbers (n,) are expected, or the other way."""
    if not dims and shape and set(shape) == {1}:
        return f"give {name!r} without its axes of 1: a column is (n,)"
    if len(dims) == 1 and not shape:
        return f"give {name!r} with an axis more: (n, {show_dims(dims)})"
    return ""
