"""Axes: which ones an attribute names, and arrays aligned behind their samples.

    axis=(0, -1), rank ─▶ axes from the end     arrays, ranks ─▶ arrays that broadcast

All other modules of the folder count axes by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cgprimer.expr.dims import DimsError, show_dims

Ranks = tuple[int, ...]


def axes_of(axis: Any, rank: int) -> tuple[int, ...]:
    """The axes that `axis=` names, counted from the end: more in front go along.

    >>> axes_of(None, 2), axes_of(0, 2), axes_of((0, -1), 3)
    ((-2, -1), (-2,), (-3, -1))
    """
    if axis is None:
        return tuple(range(-rank, 0))
    items = axis if isinstance(axis, tuple) else (axis,)
    return tuple(sorted(k % rank - rank for k in items))


def checked_axes(dims: Sequence[Any], axis: Any, new: int = 0) -> tuple[int, ...]:
    """`axes_of` an array of these dims; DimsError for one that it has not.

    new : how many axes more the result has, where the axes are meant to be of that.
    """
    rank = len(dims) + new
    if axis is None:
        return axes_of(None, rank)
    items = axis if isinstance(axis, tuple) else (axis,)
    for k in items:
        if isinstance(k, str):  # the name of a size, which the array has not
            raise DimsError(f"no axis of {show_dims(dims)} is {k}")
        if not -rank <= k < rank:
            if not rank:
                raise DimsError(f"a scalar has no axis {k}")
            hint = f"its axes are 0 to {rank - 1}" if rank > 1 else "its only axis is 0"
            raise DimsError(f"there is no axis {k} in {show_dims(dims)}", hint)
    found = axes_of(axis, rank)
    twice = [k for k in found if found.count(k) > 1]
    if twice:
        raise DimsError(f"axis {twice[0] + rank} is named twice")
    return found


def samples_of(rank: int, a: Any) -> tuple[int, ...]:
    """The axes of `a` in front of its own: (n,) where it has samples, or ()."""
    return tuple(a.shape[: a.ndim - rank])


def aligned(ranks: Ranks, *args: Any) -> list[Any]:
    """Arguments of which the own axes, and the samples, broadcast with one another."""
    most = max(ranks)
    return [
        a.reshape(*a.shape[:1], *(1,) * (most - rank), *a.shape[1:])
        if a.ndim > rank and rank < most
        else a
        for rank, a in zip(ranks, args, strict=True)
    ]


def at_axis(k: int, item: Any) -> tuple[Any, ...]:
    """An index of the axis k, counted from the end, and of all others everything."""
    return (..., item, *(slice(None),) * (-k - 1))
