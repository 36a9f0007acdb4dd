"""Entries in other places: reshape, permute, slices, concat, pad, and their adjoints.

    a ─▶ the same entries in other dims, some left out, or zeros between them

Rows of the table `expr.array_ops`.
"""

from __future__ import annotations

from typing import Any

from cgprimer.expr.array_forwards.axes import (
    Ranks,
    at_axis,
    axes_of,
    checked_axes,
    samples_of,
)
from cgprimer.expr.array_forwards.sizes import (
    parted,
    product_of,
    reshaped,
    sum_of,
    unknown_in,
)
from cgprimer.expr.array_forwards.writing import put_at, zeros
from cgprimer.expr.dims import DimsError, One, show_dims


def permute_dims(_: Any, a: Any, axes: Any) -> Any:
    """Dims in the order of the axes, each of which is named once."""
    order = axes if isinstance(axes, tuple) else (axes,)
    found = sorted(k % len(a) for k in order if a and -len(a) <= k < len(a))
    if found != list(range(len(a))) or len(order) != len(a):
        hint = f"name each of 0 to {len(a) - 1} once"
        raise DimsError(f"axes={axes} is no order of {show_dims(a)}", hint)
    return [a[k] for k in order]


def permute(xp: Any, ranks: Ranks, a: Any, axes: Any) -> Any:
    """The axes in another order."""
    lead, rank = a.ndim - ranks[0], ranks[0]
    order = axes if isinstance(axes, tuple) else (axes,)
    # moveaxis, and not transpose, which is another function in torch.
    places = tuple(range(lead, a.ndim))
    return xp.moveaxis(a, tuple(lead + k % rank for k in order), places)


def reshape_dims(sizing: Any, a: Any, shape: Any) -> Any:
    """The new sizes; -1 is what is left."""
    return reshaped(sizing, a, shape)


def reshape(xp: Any, ranks: Ranks, a: Any, shape: Any) -> Any:
    """The entries in order, in other dims."""
    own = a.shape[a.ndim - ranks[0] :]
    size = 1
    for dim in own:
        size *= dim
    wanted = shape if isinstance(shape, tuple) else (shape,)
    for dim in wanted:
        size = size // dim if dim != -1 else size
    full = (size if dim == -1 else dim for dim in wanted)
    return xp.reshape(a, (*samples_of(ranks[0], a), *full))


def reshape_to_dims(sizing: Any, a: Any, like: Any) -> Any:
    """The dims of `like`, which has as many entries."""
    reshaped(sizing, a, like)
    return like


def reshape_to(xp: Any, ranks: Ranks, a: Any, like: Any) -> Any:
    """The entries in order, in the dims of `like`."""
    return xp.reshape(a, (*samples_of(ranks[0], a), *like))


def flatten_dims(sizing: Any, a: Any, start: Any) -> Any:
    """Dims with the axes from `start` on as one."""
    [k] = checked_axes(a, start) if a else [0]
    return (*a[: len(a) + k], product_of(sizing, a[len(a) + k :])) if a else (1,)


def flatten(xp: Any, ranks: Ranks, a: Any, start: Any) -> Any:
    """The axes from `start` on as one."""
    k = start % ranks[0] - ranks[0] if ranks[0] else 0
    size = 1
    for dim in a.shape[a.ndim + k :]:
        size *= dim
    return xp.reshape(a, (*a.shape[: a.ndim + k], size))


def squeeze_dims(_: Any, a: Any, axis: Any) -> Any:
    """Dims without axes of 1."""
    gone = checked_axes(a, axis)
    for k in gone:
        if a[k] != 1:
            hint = "an axis is left out by sum, mean or max, or by an index"
            raise DimsError(f"axis {len(a) + k} is {a[k]} long, not 1", hint)
    return [dim for k, dim in enumerate(a, -len(a)) if k not in gone]


def squeeze(xp: Any, ranks: Ranks, a: Any, axis: Any) -> Any:
    """Without axes of 1."""
    return xp.squeeze(a, axis=axes_of(axis, ranks[0]))


def unsqueeze_dims(_: Any, a: Any, axis: Any) -> Any:
    """Dims with an axis of 1 more, which may be stretched."""
    [k] = checked_axes(a, axis, new=1)
    place = len(a) + 1 + k
    return (*a[:place], One(1), *a[place:])


def unsqueeze(xp: Any, ranks: Ranks, a: Any, axis: Any) -> Any:
    """With an axis of 1 more."""
    return xp.expand_dims(a, axes_of(axis, ranks[0] + 1)[0])


# Parts


def slice_dims(sizing: Any, a: Any, at: Any) -> Any:
    """Dims of what a subscript takes."""
    if not a:
        raise DimsError("a scalar has no entries")
    if len(at) > len(a):
        axes = "its only axis" if len(a) == 1 else f"the {len(a)} axes"
        raise DimsError(f"{len(at)} indices for {axes} of {show_dims(a)}")
    kept = []
    for dim, item in zip(a, at, strict=False):
        if isinstance(item, tuple):
            kept.append(parted(sizing, dim, *item))
        elif isinstance(item, str):
            raise DimsError(f"the entry {item} is no number", "write 0 for the first")
        elif isinstance(dim, int) and not -dim <= item < dim:
            entries = f"0 to {dim - 1}" if dim > 1 else "0 alone"
            raise DimsError(f"there is no entry {item}", f"the axis has {entries}")
    return (*kept, *a[len(at) :])


def _index(at: Any, rank: int) -> tuple[Any, ...]:
    items = (slice(*item) if isinstance(item, tuple) else item for item in at)
    return (..., *items, *(slice(None),) * (rank - len(at)))


def slice_of(xp: Any, ranks: Ranks, a: Any, at: Any) -> Any:
    """The entries that a subscript takes."""
    return a[_index(at, ranks[0])]


def place_dims(sizing: Any, a: Any, like: Any, at: Any) -> Any:
    """The dims of `like`, of which `a` is a part."""
    sizing.same_dims(a, tuple(slice_dims(sizing, like, at)))
    return like


def place(xp: Any, ranks: Ranks, a: Any, like: Any, at: Any) -> Any:
    """Zeros, and `a` where a subscript takes entries."""
    made = zeros(xp, (*samples_of(ranks[0], a), *like), a)
    return put_at(made, _index(at, len(like)), a)


def concat_dims(sizing: Any, *given: Any, axis: Any) -> Any:
    """Dims with the sizes along an axis added, all others being the same."""
    first = given[0]
    for dims in given[1:]:
        if len(dims) != len(first):
            raise DimsError(f"{show_dims(first)} and {show_dims(dims)} differ")
    if not first:
        raise DimsError("scalars have no axis", "write stack for a vector of scalars")
    [k] = checked_axes(first, axis)
    made = list(first)
    for dims in given[1:]:
        for i, dim in enumerate(dims):
            if i != len(first) + k:
                made[i] = sizing.same(made[i], dim, f"axis {i}")
    made[k] = sum_of(sizing, *(dims[k] for dims in given))
    return made


def concat(xp: Any, ranks: Ranks, *args: Any, axis: Any) -> Any:
    """Arrays behind one another along an axis."""
    return xp.concatenate(
        _with_samples(xp, ranks, args), axis=axes_of(axis, ranks[0])[0]
    )


def _with_samples(xp: Any, ranks: Ranks, args: tuple[Any, ...]) -> list[Any]:
    """All with samples in front, if some have them."""
    lead: tuple[int, ...] = max(
        (samples_of(r, a) for r, a in zip(ranks, args, strict=True)), key=len
    )
    return [
        a if a.ndim > rank or not lead else xp.broadcast_to(a, (*lead, *a.shape))
        for a, rank in zip(args, ranks, strict=True)
    ]


def stack_dims(sizing: Any, *given: Any, axis: Any) -> Any:
    """Dims with one axis more, as long as there are arrays."""
    first = given[0]
    for dims in given[1:]:
        first = sizing.same_dims(first, dims)
    [k] = checked_axes(first, axis, new=1)
    place = len(first) + 1 + k
    return (*first[:place], len(given), *first[place:])


def stack(xp: Any, ranks: Ranks, *args: Any, axis: Any) -> Any:
    """Arrays of the same dims along a new axis."""
    return xp.stack(_with_samples(xp, ranks, args), axis=axes_of(axis, ranks[0] + 1)[0])


def part_dims(sizing: Any, a: Any, like: Any, axis: Any, end: Any) -> Any:
    """The dims of `like`, a part of `a` along an axis."""
    _same_but(sizing, a, like, axis)
    return like


def unpart_dims(sizing: Any, a: Any, like: Any, axis: Any, end: Any) -> Any:
    """The dims of `like`, of which `a` is a part along an axis."""
    _same_but(sizing, like, a, axis)
    return like


def _same_but(sizing: Any, whole: Any, piece: Any, axis: Any) -> None:
    """DimsError unless `piece` is a part of `whole` along the axis."""
    [k] = checked_axes(whole, axis)
    if len(whole) == len(piece):
        others = [*whole]
        others[k] = piece[k]
        sizing.same_dims(tuple(others), piece)
        both = isinstance(whole[k], int) and isinstance(piece[k], int)
        if not both or unknown_in((whole[k], piece[k])) or piece[k] <= whole[k]:
            return
    raise DimsError(f"{show_dims(piece)} is no part of {show_dims(whole)}")


def _piece(length: int, axis: Any, end: Any, rank: int) -> tuple[Any, ...]:
    """The first entries of an axis, or the last."""
    item = slice(-length, None) if end else slice(0, length)
    return at_axis(axes_of(axis, rank)[0], item)


def part(xp: Any, ranks: Ranks, a: Any, like: Any, axis: Any, end: Any) -> Any:
    """The first entries along an axis, or at end=1 the last: as many as `like` has."""
    length = like[axes_of(axis, ranks[0])[0]]
    return a[_piece(length, axis, end, ranks[0])]


def unpart(xp: Any, ranks: Ranks, a: Any, like: Any, axis: Any, end: Any) -> Any:
    """Zeros with the dims of `like`, and `a` first along an axis, or last."""
    made = zeros(xp, (*samples_of(ranks[0], a), *like), a)
    length = a.shape[axes_of(axis, ranks[0])[0]]
    return put_at(made, _piece(length, axis, end, ranks[0]), a)


def _widths(dims: Any, widths: Any) -> Any:
    """The widths, one pair for each axis; DimsError if there are more or fewer."""
    if len(widths) != len(dims):
        pairs = f"{len(widths)} pair{'s' * (len(widths) != 1)}"
        hint = "write before and behind for each axis: widths=((1, 2), (0, 1))"
        raise DimsError(f"widths= has {pairs} for {len(dims)} axes", hint)
    names = [width for pair in widths for width in pair if isinstance(width, str)]
    if names:
        raise DimsError(
            f"the width {names[0]} is no number",
            "give each as a number: (0, 1) is one entry behind",
        )
    if any(width < 0 for pair in widths for width in pair):
        raise DimsError("a width is no less than 0", "crop takes entries away")
    return widths


def pad_dims(sizing: Any, a: Any, widths: Any) -> Any:
    """Dims with the widths added."""
    pairs = zip(a, _widths(a, widths), strict=True)
    return [sum_of(sizing, dim, before + behind) for dim, (before, behind) in pairs]


def crop_dims(sizing: Any, a: Any, widths: Any) -> Any:
    """Dims with the widths taken away; DimsError where nothing would be left."""
    made = []
    for dim, (before, behind) in zip(a, _widths(a, widths), strict=True):
        if isinstance(dim, int) and before + behind >= dim:
            raise DimsError(f"nothing is left of {dim} less {before} and {behind}")
        made.append(sum_of(sizing, dim, -before - behind))
    return made


def pad(xp: Any, ranks: Ranks, a: Any, widths: Any) -> Any:
    """Zeros around."""
    return xp.pad(a, ((0, 0),) * (a.ndim - ranks[0]) + tuple(widths))


def crop(xp: Any, ranks: Ranks, a: Any, widths: Any) -> Any:
    """Without the entries at the borders."""
    return a[(..., *(slice(before, -behind or None) for before, behind in widths))]
