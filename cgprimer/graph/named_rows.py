"""Which rows of an array belong to which name.

    names ─▶ NamedRows;  name → column (n,) or number  ⇄  array (rows, n)

`graph.table` makes them: one for the variables, one for the inputs alone, one for the
parameters. Whoever packs values, or looks for a name's values in an array, asks here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count

import numpy as np

from cgprimer.types import Array


class NamedRows(dict[str, int]):
    """Name → its row in arrays (size, n).

    A name has one row, in the order of the names; nobody else needs to know that.

    >>> rows = NamedRows(["xa", "xb"])
    >>> rows.pack({"xa": np.array(1.0), "xb": np.array([2.0, 3.0])}, 2).tolist()
    [[1.0, 1.0], [2.0, 3.0]]
    """

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(zip(names, count()))

    @property
    def size(self) -> int:
        """How many rows all names have together."""
        return len(self)

    def pack(self, columns: Mapping[str, Array], width: int) -> Array:
        """An array (size, width) of columns (width,), or of numbers for all of it."""
        packed = np.empty((self.size, width))
        for name, row in self.items():
            packed[row] = columns[name]
        return packed

    def unpack(self, array: Array) -> dict[str, Array]:
        """Name → its row of an array (size, …)."""
        return dict(zip(self, array, strict=True))

    def names_of(self, rows: Iterable[int]) -> list[str]:
        """The names that some rows belong to."""
        names = list(self)
        return [names[row] for row in rows]
