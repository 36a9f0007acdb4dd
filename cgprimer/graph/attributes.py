"""Attributes that an author writes by name: axis=batch, shape=(batch, 5).

    attributes, dims of the arguments ─▶ attributes in numbers

A name of an axis is that of its size; in `shape=` a name stands for the size itself.
`graph.inference` asks for every operation that has some.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cgprimer.errors import listing, suggest
from cgprimer.expr.dims import Dims, DimsError, show_dims
from cgprimer.expr.ops import Op
from cgprimer.graph.declarations import Declared

AXES = frozenset(["axis", "axes", "start"])
_NEW = frozenset(["unsqueeze", "stack"])
"""Operations whose axis is one of the result, which has one more."""


def resolved(
    op: Op, attrs: Mapping[str, Any], given: Sequence[Dims], declared: Declared
) -> tuple[tuple[str, Any], ...]:
    """The attributes with numbers for names; DimsError for what names nothing."""
    return tuple(
        (key, _resolved(op, key, value, given[0], declared))
        for key, value in attrs.items()
    )


def _resolved(op: Op, key: str, value: Any, dims: Dims, declared: Declared) -> Any:
    if key in AXES and value is not None:
        items = value if isinstance(value, tuple) else (value,)
        found = tuple(_axis(op, key, item, dims, declared) for item in items)
        if dims:
            _check_twice(op, key, found, dims)
        return found if isinstance(value, tuple) else found[0]
    if key == "shape":
        items = value if isinstance(value, tuple) else (value,)
        return tuple(_size(op, item, declared) for item in items)
    return value


def _axis(op: Op, key: str, axis: Any, dims: Dims, declared: Declared) -> Any:
    """The number of an axis."""
    rank = len(dims) + (op.name in _NEW)
    if isinstance(axis, int):
        if dims and not -rank <= axis < rank:
            axes = (
                "its only axis is 0" if rank == 1 else f"its axes are 0 to {rank - 1}"
            )
            raise DimsError(f"there is no axis {axis} in {show_dims(dims)}", axes)
        return axis
    if not isinstance(axis, str):
        return axis
    size = declared.numbers.get(axis, axis)
    places = [k for k, dim in enumerate(dims) if dim == size]
    if len(places) == 1:
        return places[0]
    called = axis if size == axis else f"{axis} = {size}"
    if places:
        hint = " or ".join(f"{key}={k}" for k in places)
        raise DimsError(
            f"{len(places)} axes of {show_dims(dims)} are {called}", f"write {hint}"
        )
    known = [dim for dim in dims if isinstance(dim, str) and not dim.startswith("?")]
    hint = suggest(axis, known) or (
        f"its axes are 0 to {len(dims) - 1}" if len(dims) > 1 else "write axis=0"
    )
    raise DimsError(f"no axis of {show_dims(dims)} is {called}", hint)


def _check_twice(op: Op, key: str, axes: Sequence[Any], dims: Dims) -> None:
    rank = len(dims) + (op.name in _NEW)
    numbers = [axis % rank for axis in axes if isinstance(axis, int)]
    twice = [axis for axis in numbers if numbers.count(axis) > 1]
    if twice:
        raise DimsError(f"axis {twice[0]} is named twice in {key}=")


def _size(op: Op, size: Any, declared: Declared) -> Any:
    """A size, by its number where the name has one."""
    if not isinstance(size, str):
        return size
    known = declared.sizes
    if size in declared.numbers:
        return declared.numbers[size]
    if size not in known:
        every = f"the sizes are {listing(known)}" if known else "no size has a name"
        raise DimsError(
            f"{size!r} is the name of no size", suggest(size, known) or every
        )
    return size
