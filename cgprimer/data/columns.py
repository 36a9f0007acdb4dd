"""Columns of a data set as they are given, checked and frozen.

dict or DataFrame ─ by_name ─▶ dict ─ freeze ─▶ arrays (n, *dims) that nobody changes

Columns (n,) are double precision. Arrays keep their type where that holds the same
numbers: images of bytes would be eight times as large.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cgprimer.data.entries import title
from cgprimer.errors import DataError, counted, listing
from cgprimer.graph.arrays import as_numbers
from cgprimer.graph.names import by_plain_name
from cgprimer.types import Array

KEPT = {*map(np.dtype, ("u1", "i1", "u2", "i2", "u4", "i4", "f2", "f4", "f8"))}


def by_name(columns: Any, field: str) -> dict[str, Any]:
    """The columns as a dict, also of a pandas DataFrame; `field` says what they are.

    Raises DataError for what has no names.
    """
    # Told by what it can do: pandas need not be installed.
    if hasattr(columns, "columns") and hasattr(columns, "to_dict"):
        columns = {str(name): frame_column(columns, name) for name in columns.columns}
    if not isinstance(columns, Mapping) or not all(isinstance(n, str) for n in columns):
        raise DataError(
            f"{field} are given as a dict name → values, not {type(columns).__name__}"
        )
    return dict(by_plain_name(columns, DataError))


def frame_column(frame: Any, label: Any) -> NDArray[Any]:
    """A column of a DataFrame; DataError where several have this label."""
    column = frame[label].to_numpy()
    if column.ndim != 1:
        raise DataError(f"the frame has several columns {str(label)!r}")
    return np.asarray(column)


def read_column(name: str, value: Any) -> NDArray[Any]:
    """Numbers as they are given: (n,) in double precision, arrays in their own type.

    Raises DataError for what is no array of real numbers.
    """
    if isinstance(value, np.ndarray) and value.ndim > 1:
        native = value.dtype.newbyteorder("=")
        if native in KEPT and not np.ma.is_masked(value):
            return np.asarray(value, native, order="C")
    return as_numbers(repr(name), value, DataError)


def check_columns(columns: Mapping[str, NDArray[Any]]) -> int:
    """How many samples they have; DataError unless all have as many, and some."""
    for name, value in columns.items():
        if not value.ndim:
            raise DataError(f"{name!r} has shape (); a column has shape (n,)")
        if len(value) and not value.size:
            raise DataError(
                f"{name!r} has shape {value.shape}: its samples hold no number"
            )
    (first, size), *others = ((name, len(value)) for name, value in columns.items())
    for name, length in others:
        if length != size:
            raise DataError(
                f"{first!r} has {counted(size, 'sample')} but {name!r} has {length}: "
                "every column holds one value per sample"
            )
    if not size:
        raise DataError("a data set needs at least one sample")
    return size


def freeze(columns: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
    """Frozen copies; DataError for a value that is not finite."""
    return MappingProxyType({k: _frozen(k, v) for k, v in columns.items()})


def _frozen(name: str, value: NDArray[Any]) -> NDArray[Any]:
    """A frozen copy of one column, all numbers finite."""
    # A copy, so that a caller who goes on writing to his array changes no data that
    # were checked.
    column = value if value.ndim > 1 and _is_read_only(value) else np.array(value)
    check_finite(name, column)
    column.flags.writeable = False
    return column


def check_finite(name: str, column: NDArray[Any]) -> None:
    """DataError, with the first place, where some number is nan or inf."""
    if column.dtype.kind != "f":
        return
    bad = np.argwhere(~np.isfinite(column))
    if len(bad):
        sample, *index = bad[0].tolist()
        raise DataError(
            f"{title(name, index)!r} is {column[tuple(bad[0])]} in sample {sample} "
            f"({counted(len(bad), 'such value')})",
            "leave these samples out",
        )


def _is_read_only(value: NDArray[Any]) -> bool:
    """Whether an array, and all that it is a view of, is closed to writing."""
    below: Any = value
    while isinstance(below, np.ndarray):
        if below.flags.writeable:
            return False
        below = below.base
    return below is None or isinstance(below, bytes)


def freeze_sigma(
    sigma: Any, targets: Mapping[str, NDArray[Any]]
) -> Mapping[str, Array]:
    """Standard deviations by target, of its shape, from a number, an array or a dict.

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
        shape: tuple[int, ...] = targets[name].shape
        if value.shape not in (fitting := dict.fromkeys([(), shape[:1], shape])):
            raise DataError(
                f"sigma of {name!r} has shape {value.shape}; expected "
                f"{' or '.join(map(str, fitting))}"
            )
        own = np.array(value.reshape(*value.shape, *[1] * (len(shape) - value.ndim)))
        check_finite(f"sigma of {name}", own if value.ndim else np.full(shape[:1], own))
        columns[name] = _spread(own, shape)
    for name, column in columns.items():
        if not (column > 0).all():
            raise DataError(f"sigma of {name!r} must be positive")
    return MappingProxyType(columns)


def _spread(value: Array, shape: tuple[int, ...]) -> Array:
    """A frozen array of this shape; of an array (n, …) one number may stand for all."""
    value.flags.writeable = False
    full = np.broadcast_to(value, shape)
    if len(shape) > 1:
        return full
    column = np.array(full)
    column.flags.writeable = False
    return column


def take_rows(
    columns: Mapping[str, NDArray[Any]], rows: Any
) -> Mapping[str, NDArray[Any]]:
    """Some samples of frozen columns, frozen as well; a slice is a view if it can."""
    taken = {n: np.ascontiguousarray(column[rows]) for n, column in columns.items()}
    for column in taken.values():
        column.flags.writeable = False
    return MappingProxyType(taken)
