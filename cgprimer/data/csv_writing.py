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

from cgprimer.data.binary_file import shown_path, write_bytes
from cgprimer.data.entries import titles
from cgprimer.errors import DataError

BLOCK = 2**16  # numbers that are spelled out at a time


def write_table(
    path: str | PathLike[str],
    columns: Mapping[str, NDArray[Any]],
    sigma: Mapping[str, NDArray[Any]],
) -> None:
    """Write columns (n, …), then those of sigma, every number with all its digits."""
    if (shown := shown_path(path)).endswith(".gz"):
        raise DataError(
            f"a table is written as plain text, so {shown} would not be read",
            "leave .gz out of the name",
        )
    noise = {f"sigma {name}": column for name, column in sigma.items()}
    if taken := [name for name in noise if name in columns]:
        raise DataError(f"{taken[0]!r} is the name of a column already")
    write_bytes(path, map(str.encode, _texts({**columns, **noise})))


def _texts(columns: Mapping[str, NDArray[Any]]) -> Iterator[str]:
    size = len(next(iter(columns.values())))
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
