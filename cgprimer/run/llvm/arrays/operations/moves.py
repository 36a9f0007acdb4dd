"""Entries in other places: distances change; parts of arrays are put into others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cgprimer.run.llvm.arrays.builder import Builder
from cgprimer.run.llvm.arrays.expression import Expr, Shape
from cgprimer.run.llvm.arrays.operations.call import (
    Call,
    Operation,
    Value,
    first,
    with_samples_of,
)


def _transpose(b: Builder, call: Call) -> Value:
    expr, rank = first(b, call), call.rank
    axes = [*range(rank - 2), rank - 1, rank - 2, rank]
    return b.views.permuted(expr, axes)


def _permute(b: Builder, call: Call) -> Value:
    axes = [k % call.rank for k in call.attrs["axes"]]
    return b.views.permuted(first(b, call), [*axes, call.rank])


def _reshape(b: Builder, call: Call) -> Value:
    expr = first(b, call)
    return b.reshaped(expr, with_samples_of(expr, call.out))


def _flip(b: Builder, call: Call) -> Value:
    expr, axes = first(b, call), call.axes()
    ranges = [
        range(n - 1, -1, -1) if k in axes else range(n)
        for k, n in enumerate(expr.shape)
    ]
    return b.views.sliced(expr, ranges)


def _ranges(at: Sequence[Any], dims: Shape) -> tuple[list[range], list[int]]:
    """The indices of a subscript along each axis, and the axes that go."""
    ranges, gone = [range(n) for n in dims], []
    for k, item in enumerate(at):
        if isinstance(item, tuple):
            ranges[k] = range(dims[k])[slice(*item)]
        else:
            place = int(item) % dims[k]
            ranges[k] = range(place, place + 1)
            gone.append(k)
    return ranges, gone


def _slice(b: Builder, call: Call) -> Value:
    expr = first(b, call)
    ranges, gone = _ranges(call.attrs["at"], call.dims[0])
    part = b.views.sliced(expr, [*ranges, range(expr.shape[-1])])
    return b.views.dropped(part, gone)


def put_in(
    b: Builder, expr: Expr, dims: Shape, ranges: Sequence[range], value: float = 0.0
) -> Expr:
    """An array of one number, with another at these places of it."""
    shape = with_samples_of(expr, dims)
    result = b.new(shape)
    b.run(b.views.stretched(b.number(value, len(dims)), shape), b.where(result))
    part = b.views.sliced(result, [*ranges, range(shape[-1])])
    b.run(expr, b.where(part))
    return result


def _place(b: Builder, call: Call) -> Value:
    expr, like = first(b, call), call.dims[1]
    ranges, gone = _ranges(call.attrs["at"], like)
    full = b.views.inserted(expr, gone, [1] * len(gone))
    return put_in(b, full, like, ranges)


def _part(b: Builder, call: Call) -> Value:
    expr = first(b, call)
    ranges = _end(call, call.dims[0], call.dims[1])
    return b.views.sliced(expr, [*ranges, range(expr.shape[-1])])


def _unpart(b: Builder, call: Call) -> Value:
    return put_in(
        b, first(b, call), call.dims[1], _end(call, call.dims[1], call.dims[0])
    )


def _end(call: Call, full: Shape, part: Shape) -> list[range]:
    """The first or the last entries along an axis."""
    axis = call.attrs["axis"] % len(full)
    ranges = [range(n) for n in full]
    n, m = full[axis], part[axis]
    ranges[axis] = range(n - m, n) if call.attrs["end"] else range(m)
    return ranges


def _stack(b: Builder, call: Call) -> Value:
    axis = call.attrs["axis"] % len(call.out)
    parts = [b.views.inserted(b.settled(arg), [axis], [1]) for arg in call.args]
    return _joined(b, parts, call.out, axis)


def _concat(b: Builder, call: Call) -> Value:
    axis = call.attrs["axis"] % call.rank
    return _joined(b, [b.settled(arg) for arg in call.args], call.out, axis)


def _joined(b: Builder, exprs: list[Expr], dims: Shape, axis: int) -> Expr:
    """Arrays one behind the other along an axis."""
    samples = max(expr.shape[-1] for expr in exprs)
    result = b.new((*dims, samples))
    start = 0
    for expr in exprs:
        ranges = [range(n) for n in result.shape]
        ranges[axis] = range(start, start + expr.shape[axis])
        start += expr.shape[axis]
        full = b.views.stretched(expr, (*expr.shape[:-1], samples))
        b.run(full, b.where(b.views.sliced(result, ranges)))
    return result


def _pad(b: Builder, call: Call) -> Value:
    expr = first(b, call)
    ranges = [
        range(w[0], w[0] + n) for w, n in zip(_widths(call), call.dims[0], strict=True)
    ]
    return put_in(b, expr, call.out, ranges)


def _crop(b: Builder, call: Call) -> Value:
    expr = first(b, call)
    ranges = [
        range(w[0], n - w[1]) for w, n in zip(_widths(call), call.dims[0], strict=True)
    ]
    return b.views.sliced(expr, [*ranges, range(expr.shape[-1])])


def _widths(call: Call) -> list[tuple[int, int]]:
    return [w if isinstance(w, tuple) else (w, w) for w in call.attrs["widths"]]


MOVES: dict[str, Operation] = {
    "transpose": _transpose,
    "permute": _permute,
    "reshape": _reshape,
    "reshape_to": _reshape,
    "flatten": _reshape,
    "squeeze": _reshape,
    "unsqueeze": _reshape,
    "flip": _flip,
    "slice": _slice,
    "place": _place,
    "part": _part,
    "unpart": _unpart,
    "concat": _concat,
    "stack": _stack,
    "pad": _pad,
    "crop": _crop,
}
