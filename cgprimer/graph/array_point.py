"""Points of graphs with arrays: the values a caller gives, checked against the dims.

    name → array ─▶ ArrayPoint(values, sizes, samples, names that have samples)

An array with the axes that its name is declared with is one value; with one axis more,
in front, it is n of them, one for each sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from cgprimer.errors import PointError, counted
from cgprimer.expr.dims import Dims, is_unknown, show_dims
from cgprimer.graph.arrays import as_numbers
from cgprimer.graph.names import by_plain_name
from cgprimer.graph.point import check_names
from cgprimer.types import Array

if TYPE_CHECKING:
    from cgprimer.graph.graph import Graph

Sizes = tuple[tuple[str, int], ...]


@dataclass(frozen=True, eq=False)
class ArrayPoint:
    """Values of inputs and parameters, by name.

    samples : n, or None where no name has samples. sampled : the names that have them.
    sizes : what the symbols of the graph's dims stand for here.
    """

    values: dict[str, Array]
    samples: int | None
    sampled: frozenset[str]
    sizes: Sizes

    @classmethod
    def of(cls, graph: Graph, at: Mapping[str, ArrayLike]) -> ArrayPoint:
        """Check `at` against the graph; PointError says what is wrong."""
        at = by_plain_name(at, PointError)
        check_names(graph, at)
        values = {
            name: as_numbers(f"the value of {name!r}", value)
            for name, value in at.items()
        }
        bound = bind(graph, {name: array.shape for name, array in values.items()})
        values |= {
            name: np.zeros(bound.concrete(graph.dims(name)))
            for name in (*graph.inputs, *graph.parameters)
            if name not in values
        }
        return cls(values, bound.samples, bound.sampled, tuple(bound.sizes.items()))


def bind(graph: Graph, shapes: Mapping[str, tuple[int, ...]]) -> Bound:
    """What arrays of these shapes say of the sizes in a graph, and of samples.

    Raises PointError where a shape is not that of its name, or of others.
    """
    bound = Bound()
    lengths: dict[str, int] = {}
    for name, shape in shapes.items():
        dims, own = graph.dims(name), shape
        if len(shape) == len(dims) + 1:
            lengths[name], own = shape[0], shape[1:]
        elif len(shape) != len(dims):
            raise PointError(_wrong_rank(name, shape, dims))
        bound.bind(name, dims, own, shape)
    for name in (*graph.inputs, *graph.parameters):
        if name not in shapes:
            bound.free(graph.dims(name))
    bound.samples, bound.sampled = _common(lengths), frozenset(lengths)
    return bound


class Bound:
    """What symbols stand for, and the name whose value told it."""

    def __init__(self) -> None:
        self.samples: int | None = None
        self.sampled: frozenset[str] = frozenset()
        self.sizes: dict[str, int] = {}
        self.by: dict[str, str] = {}

    def bind(
        self, name: str, dims: Dims, own: tuple[int, ...], whole: tuple[int, ...]
    ) -> None:
        """Take the sizes of one value; PointError where they are not those wanted."""
        if 0 in whole:
            raise PointError(f"the value of {name!r} is an empty array: {show(whole)}")
        for dim, size in zip(dims, own, strict=True):
            wanted = self.sizes.setdefault(dim, size) if isinstance(dim, str) else dim
            if isinstance(dim, str) and wanted == size:
                self.by.setdefault(dim, name)
            if wanted != size:
                raise PointError(self._conflict(name, dims, own, dim, wanted))

    def _conflict(
        self, name: str, dims: Dims, own: tuple[int, ...], dim: object, wanted: int
    ) -> str:
        start = f"the value of {name!r} is {show(own)}, but {name} is {show_dims(dims)}"
        if isinstance(dim, str) and not is_unknown(dim):
            return f"{start}, and {dim} is {wanted}, as {self.by[dim]!r} has it"
        if isinstance(dim, str):
            return f"{start}, where ? is {wanted}, as {self.by[dim]!r} has it"
        return start

    def free(self, dims: Dims) -> None:
        """Sizes that nobody told, of a name that is not used: 1."""
        for dim in dims:
            if isinstance(dim, str):
                self.sizes.setdefault(dim, 1)

    def concrete(self, dims: Dims) -> tuple[int, ...]:
        """Dims as numbers."""
        return tuple(self.sizes[d] if isinstance(d, str) else int(d) for d in dims)


def show(shape: Iterable[int]) -> str:
    """The shape of an array, as dims are declared."""
    return show_dims(tuple(shape))


def _wrong_rank(name: str, shape: tuple[int, ...], dims: Dims) -> str:
    many = " x ".join(("n", *(() if not dims else (show_dims(dims),))))
    return (
        f"the value of {name!r} has shape {shape}, but {name} is "
        f"{show_dims(dims)}\n"
        f"  hint: give {show_dims(dims) if dims else 'a number'}, or {many} "
        "for n samples"
    )


def _common(lengths: Mapping[str, int]) -> int | None:
    """The n that all have that have samples."""
    first = next(iter(lengths), None)
    for name, length in lengths.items():
        if length != lengths[first]:  # type: ignore[index]
            raise PointError(
                f"{first!r} has {counted(lengths[first], 'sample')} "  # type: ignore[index]
                f"but {name!r} has {length}"
            )
    return None if first is None else lengths[first]
