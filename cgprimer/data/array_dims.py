"""The dims of arrays in data, against those that a graph declares.

graph, columns by name ─ check_dims ─▶ nothing, or a DataError
graph, parameters, sizes ─ dims_of ─▶ dims of all names in numbers, to make data by
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import ArrayLike, NDArray

from cgprimer import takes
from cgprimer.errors import DataError, listing, shorten, unknown
from cgprimer.expr.dims import Dim, Dims, is_unknown, show_dims
from cgprimer.graph.arrays import as_numbers
from cgprimer.graph.graph import Graph
from cgprimer.graph.names import by_plain_name

Concrete = dict[str, tuple[int, ...]]
Told = dict[str, tuple[int, str]]  # size → its number, and who told it


def check_dims(graph: Graph, columns: Mapping[str, NDArray[Any]]) -> None:
    """DataError, with both shapes, for an array that has not the dims of its name.

    columns : name → (n, *dims); names that are not in the graph are passed by.
    """
    told: Told = {}
    plain = graph.sizing is None
    for name, column in columns.items():
        # The names of a large graph are only gone through where arrays are met.
        if not (plain and column.ndim == 1) and name in graph.names:
            said = f"each sample of {name!r}"
            _bind(told, said, name, graph.dims(name), column.shape[1:])


def dims_of(
    graph: Graph, parameters: Mapping[str, ArrayLike], sizes: Mapping[str, int] | None
) -> Concrete:
    """The dims of all names that have some, in numbers; {} of a graph of numbers.

    sizes : what a size stands for; parameters tell it as well. Raises DataError for a
    parameter of other dims, and for an input of which nobody tells them.
    """
    if graph.sizing is None:
        if sizes:
            raise DataError("sizes= are those of arrays, and this graph has none")
        return {}
    told = _given(graph, sizes or {})
    for name, value in by_plain_name(parameters, DataError).items():
        if name in graph.parameter_number:
            shape = as_numbers(f"the value of {name!r}", value, DataError).shape
            _bind(told, f"the parameter {name!r}", name, graph.dims(name), shape)
    for name in graph.inputs:
        for dim in graph.dims(name):
            if isinstance(dim, str) and dim not in told:
                raise DataError(*_untold(name, dim, graph.dims(name)))
    every = {name: graph.dims(name) for name in graph.names}
    return {
        name: tuple(told[d][0] if isinstance(d, str) else int(d) for d in dims)
        for name, dims in every.items()
        if all(d in told for d in dims if isinstance(d, str))
    }


def _bind(told: Told, said: str, name: str, dims: Dims, shape: tuple[int, ...]) -> None:
    """Learn the sizes in `dims` from a shape; DataError where it does not fit."""
    said += f" is {_array(shape)}, but in the graph {name} is {_array(dims)}"
    if len(shape) != len(dims):
        alone = not dims and {*shape} == {1}
        raise DataError(said, "leave its axes of 1 out: array.ravel()" if alone else "")
    for dim, size in zip(dims, shape, strict=True):
        if not isinstance(dim, str):
            wanted, by = int(dim), ""
        else:
            wanted, by = told.setdefault(dim, (size, repr(name)))
        if wanted != size:
            called = "?" if is_unknown(dim) else dim
            raise DataError(said + f", and {called} is {wanted} by {by}" * bool(by))


def _array(dims: Sequence[Dim]) -> str:
    return f"an array of {show_dims(dims)}" if dims else "a number"


def _given(graph: Graph, sizes: Mapping[str, int]) -> Told:
    """The sizes that the caller tells; DataError for what is none."""
    dims = (dim for name in graph.names for dim in graph.dims(name))
    known = dict.fromkeys(d for d in dims if isinstance(d, str) and not is_unknown(d))
    for size, value in sizes.items():
        if size not in known:
            every = f"the sizes of this graph are {listing(known) or 'all numbers'}"
            raise DataError(unknown(f"size {shorten(str(size))!r}", size, known, every))
        if not takes.is_count(value):
            said = takes.quote(value)
            raise DataError(f"the size {size!r} is a whole number from 1, not {said}")
    return {size: (int(value), "sizes=") for size, value in sizes.items()}


def _untold(name: str, dim: str, dims: Dims) -> tuple[str, str]:
    """What is said of an input whose dims are not known, and the hint."""
    said = f"the input {name!r} is {_array(dims)}, and no parameter tells "
    if is_unknown(dim):
        return said + "its size", f"declare it: {name}: {_example(dims)}"
    return said + dim, f"pass sizes={{{dim!r}: 3}}, say"


def _example(dims: Dims) -> str:
    """Dims with a number in place of what is unknown."""
    return show_dims([3 if is_unknown(dim) else dim for dim in dims]) + ", say"
