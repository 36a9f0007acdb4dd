"""Columns of a data set as they are given, checked and frozen.

dict or DataFrame ─ by_name ─▶ dict ─ frozen_columns ─▶ arrays (n,) that nobody changes
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from cgprimer.errors import DataError, counted, listing
from cgprimer.graph.arrays import as_numbers
from cgprimer.graph.names import by_plain_name
from cgprimer.types import Array


def by_name(columns: Any, field: str) -> dict[str, Any]:
    """The columns as a dict, also of a pandas DataFrame; `field` says what they are.

    Raises DataError for what has no names.
    """
    # Told by what it can do: pandas need not be installed.
    if hasattr(columns, "columns") and hasattr(columns, "to_dict"):
        columns = {str(name): columns[name].to_numpy() for name in columns.columns}
    if not isinstance(columns, Mapping) or not all(isinstance(n, str) for n in columns):
        raise DataError(
            f"{field} are given as a dict name → values, not {type(columns).__name__}"
        )
    return dict(by_plain_name(columns, DataError))


def check_columns(columns: Mapping[str, Array]) -> int:
    """How many samples they have; DataError unless each is (n,), and n is not 0."""
    lengths = {name: value.shape for name, value in columns.items()}
    for name, shape in lengths.items():
        if len(shape) != 1:
            raise DataError(f"{name!r} has shape {shape}; a column has shape (n,)")
    (first, (size,)), *others = lengths.items()
    for name, (length,) in others:
        if length != size:
            raise DataError(
                f"{first!r} has {counted(size, 'sample')} but {name!r} has {length}: "
                "every column holds one value per sample"
            )
    if not size:
        raise DataError("a data set needs at least one sample")
    return int(size)


def freeze(columns: Mapping[str, Array], size: int) -> Mapping[str, Array]:
    """Frozen copies; DataError for a value that is not finite."""
    return MappingProxyType({k: _column(k, v, size) for k, v in columns.items()})


def _column(name: str, value: Array, size: int) -> Array:
    """A frozen copy of one column, all numbers finite."""
    # A copy, so that a caller who goes on writing to his array changes no data that
    # were checked.
    column = np.array(np.broadcast_to(value, (size,)))
    bad = np.flatnonzero(~np.isfinite(column))
    if len(bad):
        raise DataError(
            f"{name!r} is {column[bad[0]]} in sample {bad[0]} "
            f"({counted(len(bad), 'such value')})",
            "leave these samples out",
        )
    column.flags.writeable = False
    return column


def freeze_sigma(
    sigma: Any, targets: tuple[str, ...], size: int
) -> Mapping[str, Array]:
    """Standard deviations by target, (n,) each, from a number, an array or a dict.

    Raises DataError for other names or shapes, and for what is not positive.
    """
    by_name = sigma if isinstance(sigma, Mapping) else dict.fromkeys(targets, sigma)
    by_name = by_plain_name(by_name, DataError)
    if set(by_name) != set(targets):
        raise DataError(
            f"sigma names {listing(by_name)}, but the targets are {listing(targets)}"
        )
    columns = {}
    for name in targets:
        value = as_numbers(f"sigma of {name!r}", by_name[name], DataError)
        if value.shape not in ((), (size,)):
            raise DataError(
                f"sigma of {name!r} has shape {value.shape}; expected () or ({size},)"
            )
        columns[name] = _column(f"sigma of {name}", value, size)
    for name, column in columns.items():
        if not (column > 0).all():
            raise DataError(f"sigma of {name!r} must be positive")
    return MappingProxyType(columns)
