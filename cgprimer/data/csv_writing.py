"""Tables of text from columns: name → array (n, *dims) ─ write_table ─▶ a CSV file.

An array has a column for each entry, W[0,0], W[0,1] and so on, as `entries` reads them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from itertools import chain
from os import PathLike
from typing import Any

from numpy.typing import NDArray

from cgprimer.data.binary_file import write_bytes
from cgprimer.data.entries import titles

BLOCK = 2**16  # numbers that are spelled out at a time


def write_table(
    path: str | PathLike[str], columns: Mapping[str, NDArray[Any]], size: int
) -> None:
    """Write columns of `size` samples each, every number with all its digits."""
    write_bytes(path, map(str.encode, _texts(columns, size)))


def _texts(columns: Mapping[str, NDArray[Any]], size: int) -> Iterator[str]:
    names = [titles(name, column.shape[1:]) for name, column in columns.items()]
    flat = [column.reshape(size, -1) for column in columns.values()]
    yield _lines([[*chain.from_iterable(names)]])
    step = max(1, BLOCK // sum(column.shape[1] for column in flat))
    for first in range(0, size, step):
        parts = [column[first : first + step].tolist() for column in flat]
        yield _lines(
            [*chain.from_iterable(cells)] for cells in zip(*parts, strict=True)
        )


def _lines(rows: Any) -> str:
    made = io.StringIO(newline="")
    csv.writer(made, lineterminator="\n").writerows(rows)
    return made.getvalue()
