"""Arrays as columns of a table: one for each entry, named as W[0,3] is.

names of columns, wanted names ─ folded, columns_for ─▶ which columns hold which array
columns by name ─ gather ─▶ arrays (n, *dims);  arrays ─ titles ─▶ names of columns

Indices begin with zero. A name is only taken apart where somebody wants what stands
before its bracket and no column has that name: else T[0] is the name of a column.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cgprimer.errors import DataError, shorten
from cgprimer.expr.dims import show_dims
from cgprimer.types import Array

Index = tuple[int, ...]
_ENTRY = re.compile(r"([^\[\]]*[^\[\]\s])\s*\[\s*(\d{1,9}(?:\s*,\s*\d{1,9})*)\s*\]")


def title(name: str, index: Iterable[int]) -> str:
    """The name of the column of one entry; of a number its own.

    >>> title("W", (0, 3)), title("b", ())
    ('W[0,3]', 'b')
    """
    inside = ",".join(map(str, index))
    return f"{name}[{inside}]" if inside else name


def titles(name: str, dims: Sequence[int]) -> list[str]:
    """The names of the columns of an array, in the order of its entries in memory."""
    return [title(name, index) for index in np.ndindex(*dims)]


def _entry(column: str) -> tuple[str, Index] | None:
    """The name and the index that a column is called by, if it is."""
    # Most names have no bracket; a heading is looked for in up to a thousand rows.
    found = _ENTRY.fullmatch(column) if column[-1:] == "]" else None
    return found and (found[1], tuple(map(int, found[2].split(","))))


def _entries(names: Iterable[str], wanted: Collection[str]) -> dict[str, list[str]]:
    """Wanted name that is no column → the columns of its entries."""
    names = [*names]
    open_ = {*wanted}.difference(names)
    found: dict[str, list[str]] = {}
    for column in names if open_ else ():
        entry = _entry(column)
        if entry and entry[0] in open_:
            found.setdefault(entry[0], []).append(column)
    return found


def folded(names: Sequence[str], wanted: Collection[str]) -> list[str]:
    """Names of columns, those of an array's entries replaced by its name, once."""
    by = {c: name for name, some in _entries(names, wanted).items() for c in some}
    if not by:
        return [*names]
    return [*dict.fromkeys(by.get(column, column) for column in names)]


def columns_for(names: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """The wanted names, arrays replaced by the columns of their entries."""
    entries = _entries(names, wanted)
    return [column for name in wanted for column in entries.get(name, (name,))]


def check_entries(names: Sequence[str], wanted: Sequence[str]) -> None:
    """DataError where an entry of an array has no column, or two."""
    for name, columns in _entries(names, wanted).items():
        _placed(name, columns)


def gather(columns: Mapping[str, Array], wanted: Iterable[str]) -> dict[str, Array]:
    """Name → column (n,), or array (n, *dims) where there are columns of entries."""
    wanted = [*dict.fromkeys(wanted)]
    entries = _entries(columns, wanted)
    return {
        name: _gathered(name, entries[name], columns)
        if name in entries
        else columns[name]
        for name in wanted
    }


def _gathered(
    name: str, entries: Sequence[str], columns: Mapping[str, NDArray[np.float64]]
) -> Array:
    placed, dims = _placed(name, entries)
    table = np.stack([columns[placed[index]] for index in sorted(placed)], axis=1)
    return table.reshape(-1, *dims)


def _placed(name: str, entries: Sequence[str]) -> tuple[dict[Index, str], Index]:
    """The column of each entry, and the dims; DataError unless each is there once."""
    placed: dict[Index, str] = {}
    for column in entries:
        entry = _entry(column)
        assert entry is not None  # as they were found by it
        other = placed.setdefault(entry[1], column)
        if other != column:
            raise DataError(
                f"the columns {shorten(other)!r} and {shorten(column)!r} hold the same "
                "entry"
            )
        first = next(iter(placed))
        if len(first) != len(entry[1]):
            raise DataError(
                f"the columns {shorten(placed[first])!r} and {shorten(column)!r} have "
                f"{len(first)} and {len(entry[1])} indices",
                "every entry of an array has one index for each axis",
            )
    dims = tuple(max(axis) + 1 for axis in zip(*placed, strict=True))
    # One of the first is missing if any is, however far off an index may be.
    first_ones = range(min(math.prod(dims), len(placed) + 1))
    lacking = (at for k in first_ones if (at := _index(k, dims)) not in placed)
    if (missing := next(lacking, None)) is not None:
        greatest = title(name, (size - 1 for size in dims))
        raise DataError(
            f"there is no column {title(shorten(name), missing)!r}, but the entries of "
            f"{shorten(name)!r} go up to {shorten(greatest)!r}, so it is "
            f"{show_dims(dims)}"
        )
    return placed, dims


def _index(number: int, dims: Index) -> Index:
    """The index of an entry, from its place in memory; of any size."""
    found = []
    for size in reversed(dims):
        number, index = divmod(number, size)
        found.append(index)
    return tuple(reversed(found))
