"""Entries by number or by condition: pick, take, where, comparisons, order.

    a, whole numbers ─▶ entries of a, and back to their places

Whole numbers arrive as floats: what is none, or counts beyond the axis, is BadIndex,
in which the caller puts the names. Rows of the table `expr.array_ops`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cgprimer.errors import PointError
from cgprimer.expr.array_forwards.axes import (
    Ranks,
    aligned,
    axes_of,
    checked_axes,
    samples_of,
)
from cgprimer.expr.array_forwards.writing import add_at, cast, is_numpy, zeros
from cgprimer.expr.dims import DimsError, show_dims


class BadIndex(PointError):
    """An index that names no entry: its value, and how many entries there are."""

    def __init__(
        self, value: float, entries: int, index: str = "", of: str = ""
    ) -> None:
        self.value, self.entries = value, entries
        shown = f"{value:.16g}"
        head = (
            f"{index or 'an index'} holds {shown}" if index else f"an index is {shown}"
        )
        if value != np.rint(value) or not np.isfinite(value):
            super().__init__(f"{head}: an index is a whole number")
        else:
            last = f"0 to {entries - 1}" if entries > 1 else "0 alone"
            many = f"{entries} entr{'ies' if entries > 1 else 'y'}"
            super().__init__(f"{head}: {of or 'the axis'} has {many}, {last}")

    def named(self, index: str, of: str) -> PointError:
        """The same with the names of the index, and of what it is taken of."""
        return PointError(BadIndex(self.value, self.entries, index, of).args[0])


def whole(index: Any, entries: int) -> Any:
    """Indexes as integers; BadIndex for the first that names no entry."""
    index = np.asarray(index)
    with np.errstate(invalid="ignore"):
        numbers = index.astype(np.intp)
    good = (numbers == index) & (numbers >= 0) & (numbers < entries)
    if not good.all():
        raise BadIndex(float(index.ravel()[np.argmin(good.ravel())]), entries)
    return numbers


def numbers_of(index: Any, entries: int) -> Any:
    """Indexes as integers; of what another library traces no value can be checked."""
    if is_numpy(index):
        return whole(index, entries)
    return cast(index, int) if hasattr(index, "astype") else index.long()


def take_dims(_: Any, a: Any, index: Any, axis: Any) -> Any:
    """Dims with those of the index in the place of an axis."""
    [k] = checked_axes(a, axis)
    place = len(a) + k
    return (*a[:place], *index, *a[place + 1 :])


def take(xp: Any, ranks: Ranks, a: Any, index: Any, axis: Any) -> Any:
    """Entries along an axis by their numbers."""
    k = axes_of(axis, ranks[0])[0]
    numbers = numbers_of(index, a.shape[k])
    if index.ndim == ranks[1]:
        return xp.take(a, numbers, axis=k)
    if a.ndim == ranks[0]:
        return xp.moveaxis(xp.take(a, numbers, axis=k), ranks[0] + k, 0)
    rows = xp.arange(len(a)).reshape(-1, *(1,) * ranks[1])
    made = xp.moveaxis(a, k, 1)[rows, numbers]
    new = range(1, 1 + ranks[1])
    return xp.moveaxis(made, tuple(new), tuple(ranks[0] + k + i for i in new))


def put_dims(sizing: Any, a: Any, index: Any, like: Any, axis: Any) -> Any:
    """The dims of `like`."""
    sizing.same_dims(a, take_dims(sizing, like, index, axis))
    return like


def put(xp: Any, ranks: Ranks, a: Any, index: Any, like: Any, axis: Any) -> Any:
    """Zeros with the dims of `like`, and each entry added where take finds it."""
    k = axes_of(axis, len(like))[0]
    numbers = numbers_of(index, like[k])
    lead: Any = max(samples_of(ranks[0], a), samples_of(ranks[1], index), key=len)
    place = len(like) + k
    if not lead:
        made = zeros(xp, (like[k], *like[:place], *like[place + 1 :]), a)
        new = range(place, place + ranks[1])
        a = xp.moveaxis(a, tuple(new), tuple(range(ranks[1])))
        return xp.moveaxis(add_at(made, (numbers,), a), 0, place)
    a = xp.broadcast_to(a, (*lead, *a.shape[a.ndim - ranks[0] :]))
    made = zeros(xp, (*lead, like[k], *like[:place], *like[place + 1 :]), a)
    new = range(1, 1 + ranks[1])
    a = xp.moveaxis(a, tuple(place + i for i in new), tuple(new))
    rows = xp.arange(lead[0]).reshape(-1, *(1,) * ranks[1])
    return xp.moveaxis(add_at(made, (rows, numbers), a), 1, place + 1)


def put_summed(xp: Any, ranks: Ranks, a: Any, index: Any, like: Any, axis: Any) -> Any:
    """Σ over samples of put: all indexes as one list, none in an array of its own."""
    place = axes_of(axis, len(like))[0] + len(like)
    more = (ranks[0] + 1, ranks[1] + 1)
    # Samples are the first axis of the index, so they stand there in `a` too.
    return put(xp, more, xp.moveaxis(a, 0, place), index, like, axis)


def pick_dims(sizing: Any, a: Any, index: Any) -> Any:
    """Dims without the last axis, of which the index takes one entry each."""
    if not a:
        raise DimsError("a scalar has no entries to pick from")
    if len(index) == len(a) - 1:
        return sizing.same_dims(a[:-1], index)
    rest = show_dims(a[:-1])
    raise DimsError(
        f"one index is expected for each of {rest}, not {show_dims(index)}"
        if len(a) > 1
        else f"one index is expected, not {show_dims(index)}",
        "take(x, i, axis=0) takes several along an axis",
    )


def pick(xp: Any, ranks: Ranks, a: Any, index: Any) -> Any:
    """Of the last axis one entry each."""
    numbers = numbers_of(index, a.shape[-1])
    shape = np.broadcast_shapes(a.shape[:-1], numbers.shape)
    if not shape and is_numpy(index):
        return a[int(numbers)]
    a = xp.broadcast_to(a, (*shape, a.shape[-1]))
    numbers = xp.broadcast_to(numbers, shape)[..., None]
    return xp.take_along_axis(a, numbers, axis=-1)[..., 0]


def unpick_dims(sizing: Any, a: Any, index: Any, like: Any) -> Any:
    """The dims of `like`."""
    sizing.same_dims(a, tuple(pick_dims(sizing, like, index)))
    return like


def unpick(xp: Any, ranks: Ranks, a: Any, index: Any, like: Any) -> Any:
    """Zeros with the dims of `like`, and each entry where pick finds it."""
    numbers = numbers_of(index, like[-1])
    shape = np.broadcast_shapes(a.shape, numbers.shape)
    numbers = xp.broadcast_to(numbers, shape)[..., None]
    a = xp.broadcast_to(a, shape)[..., None]
    if not is_numpy(a):
        own = xp.arange(like[-1]) == numbers
        return xp.where(own, a, xp.zeros_like(a))
    made = xp.zeros((*shape, like[-1]), dtype=a.dtype)
    np.put_along_axis(made, numbers, a, axis=-1)
    return made


def comparison(of: str) -> Callable[..., Any]:
    """A forward by numpy's comparison: 1 where it holds, 0 elsewhere."""

    def forward(xp: Any, ranks: Ranks, a: Any, b: Any) -> Any:
        a, b = aligned(ranks, xp.asarray(a), xp.asarray(b))
        return cast(getattr(xp, of)(a, b), xp.result_type(a, b))

    return forward


def where(xp: Any, ranks: Ranks, condition: Any, a: Any, b: Any) -> Any:
    """`a` where the condition is not 0, `b` elsewhere."""
    condition, a, b = aligned(ranks, *map(xp.asarray, (condition, a, b)))
    return xp.where(condition != 0, a, b)


# Order


def vector_dims(_: Any, a: Any) -> Any:
    """The dims, of a vector alone."""
    if len(a) != 1:
        raise DimsError(f"a vector is expected, not {show_dims(a)}")
    return a


def argsort(xp: Any, ranks: Ranks, a: Any) -> Any:
    """The indexes of the entries from the least to the largest."""
    return cast(xp.argsort(a, axis=-1, kind="stable"), a.dtype)


def sort(xp: Any, ranks: Ranks, a: Any) -> Any:
    """The entries from the least to the largest."""
    return xp.sort(a, axis=-1)


def argmax_dims(_: Any, a: Any, axis: Any) -> Any:
    """Dims without the axis."""
    [k] = checked_axes(a, axis)
    return (*a[: len(a) + k], *a[len(a) + k + 1 :])


def argmax(xp: Any, ranks: Ranks, a: Any, axis: Any) -> Any:
    """The index of the largest entry along an axis, the first of several."""
    return cast(xp.argmax(a, axis=axes_of(axis, ranks[0])[0]), a.dtype)
