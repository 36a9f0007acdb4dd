"""Where the entries of arrays lie in one flat vector, and what they are called.

    names, dims ─▶ Entries: flat (p,) ⇄ name → array;  "W[0,3]" ⇄ its place

Each array is a stretch of the vector, its last axis fastest. Whoever works on vectors
of parameters works on arrays by it.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import overload

import numpy as np

from cgprimer.expr.dims import Dims
from cgprimer.types import Array


class Entries(Sequence[str]):
    """The entries of some arrays in order, each by name; numbers are called as such.

    dims : name → how long its axes are, in numbers.

    >>> entries = Entries({"W": (2, 2), "c": ()})
    >>> list(entries), entries.split(np.arange(5.0))["W"].tolist()
    (['W[0,0]', 'W[0,1]', 'W[1,0]', 'W[1,1]', 'c'], [[0.0, 1.0], [2.0, 3.0]])
    """

    def __init__(self, dims: Mapping[str, Dims]) -> None:
        self.dims = {name: tuple(map(int, own)) for name, own in dims.items()}
        sizes = map(math.prod, self.dims.values())
        self.bounds = [*itertools.accumulate(sizes, initial=0)]
        self.spans = {
            name: slice(low, high)
            for name, low, high in zip(
                self.dims, self.bounds, self.bounds[1:], strict=False
            )
        }

    def __len__(self) -> int:
        return self.bounds[-1]

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> list[str]: ...

    def __getitem__(self, at: int | slice) -> str | list[str]:
        # Made when they are asked for: a layer has ten thousands of them.
        if isinstance(at, slice):
            return [self[k] for k in range(*at.indices(len(self)))]
        k = range(len(self))[at]
        number = bisect_right(self.bounds, k) - 1
        name, dims = [*self.dims.items()][number]
        place = [*map(int, np.unravel_index(k - self.bounds[number], dims or (1,)))]
        return entry(name, place if dims else ())

    def __iter__(self) -> Iterator[str]:
        for name, dims in self.dims.items():
            yield from (entry(name, place) for place in np.ndindex(*dims))

    def split(self, flat: Array) -> dict[str, Array]:
        """Name → its array; views of `flat` (p,), or of its rows (…, p)."""
        return {
            name: flat[..., self.spans[name]].reshape((*flat.shape[:-1], *dims))
            for name, dims in self.dims.items()
        }

    def join(self, arrays: Mapping[str, Array]) -> Array:
        """The vector (p,) of arrays with these dims; numbers fill theirs."""
        flat = np.empty(len(self))
        for name, view in self.split(flat).items():
            view[...] = arrays[name]
        return flat


def entry(name: str, place: Sequence[int]) -> str:
    """What an entry is called.

    >>> entry("W", (0, 3)), entry("c", ())
    ('W[0,3]', 'c')
    """
    return f"{name}[{','.join(map(str, place))}]" if len(place) else name
