"""Attributes that an author writes by name: axis=batch, shape=(batch, 5).

    attributes, dims of the arguments ─▶ attributes in numbers

A name of an axis is that of its size; in `shape=` a name stands for the size itself.
`graph.inference` asks for every operation that has some.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cgprimer.errors import listing, suggest
from cgprimer.expr.dims import Dims, DimsError, Sizing, show_dims
from cgprimer.expr.node import Node, fold, intern
from cgprimer.graph.declarations import Declared

AXES = frozenset(["axis", "axes", "start"])


def resolved(
    attrs: Mapping[str, Any], given: Sequence[Dims], declared: Declared
) -> tuple[tuple[str, Any], ...]:
    """The attributes with numbers for names; DimsError for what names nothing."""
    return tuple(
        (key, _resolved(key, value, given[0], declared)) for key, value in attrs.items()
    )


def with_axes(root: Node, sizing: Sizing) -> Node:
    """An expression with the names of axes as numbers, by the dims of its names."""
    names = Declared()

    def visit(node: Node, args: list[Node]) -> Node:
        if not args:
            return node
        value = node.value
        if isinstance(value, tuple) and any(key in AXES for key, _ in value):
            dims = sizing.of(args[0])
            value = tuple(
                (k, _resolved(k, x, dims, names) if k in AXES else x) for k, x in value
            )
        return intern(node.op, tuple(args), value)

    return fold([root], visit)[root]


def _resolved(key: str, value: Any, dims: Dims, declared: Declared) -> Any:
    if key in AXES and value is not None:
        items = value if isinstance(value, tuple) else (value,)
        found = tuple(_axis(key, item, dims, declared) for item in items)
        return found if isinstance(value, tuple) else found[0]
    if key == "shape":
        items = value if isinstance(value, tuple) else (value,)
        return tuple(_size(item, declared) for item in items)
    return value


def _axis(key: str, axis: Any, dims: Dims, declared: Declared) -> Any:
    """The number of an axis."""
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


def _size(size: Any, declared: Declared) -> Any:
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
