"""Windows of images: largest entries, who gets their adjoints, patches."""

from __future__ import annotations

from math import prod
from typing import Any

from cgprimer.run.llvm.arrays.builder import ADD, DIV, Builder
from cgprimer.run.llvm.arrays.expression import CHOOSE, EQUAL, Expr, Shape, Windows
from cgprimer.run.llvm.arrays.operations.call import Call, Operation, Value, first
from cgprimer.run.llvm.arrays.operations.moves import put_in


def pair(value: Any) -> tuple[int, int]:
    """A size in rows and columns, given as one number or as two."""
    return (value, value) if isinstance(value, int) else tuple(value)


def _geometry(call: Call) -> tuple[Shape, Shape, Shape]:
    """Size, stride and padding of windows."""
    size = pair(call.attrs["size"])
    stride = call.attrs.get("stride")
    return (
        size,
        size if stride is None else pair(stride),
        pair(call.attrs.get("padding") or 0),
    )


def _reached(n: int, size: int, stride: int) -> int:
    return (n - size) // stride + 1


def _padded(b: Builder, expr: Expr, padding: Shape, value: float) -> Expr:
    """Images with a border."""
    if not any(padding):
        return expr
    dims, rank = expr.shape[:-1], len(expr.shape) - 1
    new, ranges = list(dims), [range(n) for n in dims]
    for k, p in zip((rank - 2, rank - 1), padding, strict=True):
        new[k] += 2 * p
        ranges[k] = range(p, p + dims[k])
    return put_in(b, expr, tuple(new), ranges, value)


def _windowed(
    b: Builder, call: Call, value: Value, border: float
) -> tuple[Expr, tuple[int, int]]:
    """(…, U, P, V, Q, samples): windows of images, and where U and V stand."""
    size, stride, padding = _geometry(call)
    expr = _padded(b, b.settled(value), padding, border)
    rank = len(expr.shape) - 1
    i, j = rank - 2, rank - 1
    out = tuple(
        _reached(expr.shape[k], n, s)
        for k, n, s in zip((i, j), size, stride, strict=True)
    )
    return b.views.windows(expr, (i, j), size, stride, out), (i, i + 2)


def _maxpool(b: Builder, call: Call) -> Value:
    cut, (i, j) = _windowed(b, call, call.args[0], -float("inf"))
    return b.folded(cut, [i + 1, j + 1], "max")


def _avgpool(b: Builder, call: Call) -> Value:
    cut, (i, j) = _windowed(b, call, call.args[0], 0.0)
    total = b.folded(cut, [i + 1, j + 1], "sum")
    return b.entries(DIV, total, b.number(float(prod(_geometry(call)[0]))))


def _hits(b: Builder, call: Call, image: Value, pooled: Value) -> tuple[Expr, Expr]:
    """Where a window is at its largest; how often it is."""
    cut, (i, j) = _windowed(b, call, image, -float("inf"))
    size, _, _ = _geometry(call)
    back = b.inserted(b.settled(pooled), [i + 1, j + 1], size)
    hits = b.entries(EQUAL, cut, back)
    return hits, b.folded(hits, [i + 1, j + 1], "sum")


def _unpool(b: Builder, call: Call) -> Value:
    adjoint, image, pooled = call.args
    hits, count = _hits(b, call, image, pooled)
    size, stride, padding = _geometry(call)
    i = call.rank - 2
    share = b.entries(DIV, b.settled(adjoint), count)
    share = b.stored(share)
    back = b.inserted(share, [i + 1, i + 3], size)
    values = b.entries(CHOOSE, hits, back, b.number(0.0))
    return _from_windows(b, values, call.dims[1], size, stride, padding)


def _from_windows(
    b: Builder, values: Expr, dims: Shape, size: Shape, stride: Shape, padding: Shape
) -> Value:
    """Windows added up where they overlap, (…, U, P, V, Q, samples)."""
    rank = len(dims)
    i = rank - 2
    whole = all(
        s == t and n == s * u and not p
        for s, t, p, n, u in zip(
            size, stride, padding, dims[i:], (values.shape[i], values.shape[i + 2]),
            strict=True,
        )
    )  # fmt: skip
    if whole:
        return Windows(values, (*dims, values.shape[-1]))
    new = list(dims)
    for k, p in zip((i, i + 1), padding, strict=True):
        new[k] += 2 * p
    shape = (*new, values.shape[-1])
    total = b.new(shape)
    b.run(b.views.stretched(b.number(0.0, rank), shape), b.where(total))
    for p in range(size[0]):
        for q in range(size[1]):
            every = [range(n) for n in values.shape]
            every[i + 1], every[i + 3] = range(p, p + 1), range(q, q + 1)
            one = b.views.dropped(b.views.sliced(values, every), [i + 1, i + 3])
            places = [range(n) for n in shape]
            places[i] = range(p, p + stride[0] * (one.shape[i] - 1) + 1, stride[0])
            places[i + 1] = range(
                q, q + stride[1] * (one.shape[i + 1] - 1) + 1, stride[1]
            )
            spot = b.views.sliced(total, places)
            b.run(b.entries(ADD, spot, one), b.where(spot))
    ranges = [range(n) for n in shape]
    for k, p in zip((i, i + 1), padding, strict=True):
        ranges[k] = range(p, p + dims[k])
    return b.views.sliced(total, ranges)


def _pool_like(b: Builder, call: Call) -> Value:
    value, image, pooled = call.args
    hits, count = _hits(b, call, image, pooled)
    cut, (i, j) = _windowed(b, call, value, 0.0)
    chosen = b.entries(CHOOSE, hits, cut, b.number(0.0))
    return b.entries(DIV, b.folded(chosen, [i + 1, j + 1], "sum"), count)


def _patches(b: Builder, call: Call) -> Value:
    cut, (i, j) = _windowed(b, call, call.args[0], 0.0)
    last = len(cut.shape) - 1
    return b.views.permuted(cut, [*range(i), i + 1, j + 1, i, j, last])


def _unpatches(b: Builder, call: Call) -> Value:
    expr, rank = first(b, call), len(call.dims[1])
    i = rank - 2
    last = len(expr.shape) - 1
    cut = b.views.permuted(expr, [*range(i), i + 2, i, i + 3, i + 1, last])
    return _from_windows(b, b.stored(cut), call.dims[1], *_geometry(call))


WINDOWS: dict[str, Operation] = {
    "maxpool2d": _maxpool,
    "avgpool2d": _avgpool,
    "unpool2d": _unpool,
    "pool_like2d": _pool_like,
    "patches": _patches,
    "unpatches": _unpatches,
}
