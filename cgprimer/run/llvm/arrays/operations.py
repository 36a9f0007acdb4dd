"""How each operation of the table is computed by the engine: one row per operation.

    OPERATIONS["logsumexp"](builder, Call) ─▶ Expr

What only moves entries changes distances; what works entry by entry becomes part of an
expression; folds, products and convolutions make steps. An operation that is not here
has no machine code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, NamedTuple

from cgprimer.expr.array_forwards.axes import axes_of
from cgprimer.expr.ops import OPS, Op
from cgprimer.run.llvm.arrays.builder import ADD, DIV, MUL, Builder
from cgprimer.run.llvm.arrays.expression import (
    AT_MOST,
    CHOOSE,
    EQUAL,
    LESS,
    Expr,
    Shape,
    Windows,
)
from cgprimer.run.llvm.arrays.steps import Convolution, Fold

SUB, EXP, LOG, SQRT = (OPS[n] for n in ("sub", "exp", "log", "sqrt"))
Value = Expr | Windows


class NoCode(Exception):
    """An operation that the engine has no code for, in this form."""


class Call(NamedTuple):
    """One operation to be computed.

    args : values of the arguments; of those in `like` only the shape is true.
    dims : of the arguments, without samples. out : of the result. attrs : by keyword.
    """

    args: Sequence[Value]
    dims: Sequence[Shape]
    out: Shape
    attrs: dict[str, Any]
    sampled: Sequence[bool] = ()

    @property
    def rank(self) -> int:
        """Axes of the first argument, without samples."""
        return len(self.dims[0])

    def axes(self, position: int = 0) -> list[int]:
        """The axes that `axis=` names, counted from the front."""
        rank = len(self.dims[position])
        return [k + rank for k in axes_of(self.attrs.get("axis"), rank)]


Operation = Callable[[Builder, Call], Value]


def _first(b: Builder, call: Call) -> Expr:
    return b.settled(call.args[0])


def _with_samples(expr: Expr, dims: Shape) -> Shape:
    """The shape of an array of these dims with as many samples as another."""
    return (*dims, expr.shape[-1])


# Folds


def _fold(fold: Fold) -> Operation:
    def compute(b: Builder, call: Call) -> Value:
        return b.folded(call.args[0], call.axes(), fold)

    return compute


def _count(call: Call) -> float:
    return float(prod(call.dims[0][k] for k in call.axes()))


def _mean(b: Builder, call: Call) -> Value:
    return b.folded(call.args[0], call.axes(), "sum", 1 / _count(call))


def _largest_kept(b: Builder, expr: Expr, axes: list[int]) -> Expr:
    return _spread_back(b, b.folded(expr, axes, "max"), expr.shape, axes)


def _spread_back(b: Builder, expr: Expr, shape: Shape, axes: list[int]) -> Expr:
    return b.inserted(expr, axes, [shape[k] for k in axes])


def _logsumexp(b: Builder, call: Call) -> Value:
    expr, axes = _first(b, call), call.axes()
    largest = b.folded(expr, axes, "max")
    # inf - inf is nan: an infinite largest entry is not taken out.
    zero = b.number(0.0)
    finite = b.entries(EQUAL, b.entries(SUB, largest, largest), zero)
    largest = b.stored(b.entries(CHOOSE, finite, largest, zero))
    back = _spread_back(b, largest, expr.shape, axes)
    total = b.folded(b.entries(EXP, b.entries(SUB, expr, back)), axes, "sum")
    return b.entries(ADD, b.entries(LOG, total), largest)


def _softmax(b: Builder, call: Call) -> Value:
    expr, axes = _first(b, call), call.axes()
    back = _largest_kept(b, expr, axes)
    power = b.stored(b.entries(EXP, b.entries(SUB, expr, back)))
    total = b.folded(power, axes, "sum")
    return b.entries(DIV, power, _spread_back(b, total, expr.shape, axes))


def _norm2(b: Builder, call: Call) -> Value:
    expr = _first(b, call)
    square = b.entries(MUL, expr, expr)
    return b.entries(SQRT, b.folded(square, call.axes(), "sum"))


# Repeated, and summed back


def _spread(b: Builder, call: Call) -> Value:
    like, axes = call.dims[1], call.axes(1)
    return b.inserted(_first(b, call), axes, [like[k] for k in axes])


def _expand_to(b: Builder, call: Call) -> Value:
    expr = _first(b, call)
    return b.stretched(expr, _with_samples(expr, call.dims[1]))


def _sum_to(b: Builder, call: Call) -> Value:
    return summed_to(b, call, [], 1.0)


def summed_to(b: Builder, call: Call, more: list[int], factor: float) -> Expr:
    """Summed to the dims of the second argument, over more axes, times a factor."""
    own, like = call.dims[0], call.dims[1]
    lead = len(own) - len(like)
    short = [lead + k for k, n in enumerate(like) if n == 1 and own[lead + k] != 1]
    axes = [*range(lead), *short, *more]
    total = b.folded(call.args[0], axes, "sum", factor) if axes else _first(b, call)
    samples = 1 if more else b.settled(call.args[0]).shape[-1]
    return b.reshaped(total, (*like, samples))


# Products


def _letters(dims: Sequence[Shape]) -> tuple[str, str, str]:
    """einsum's letters of a product of matrices or vectors."""
    (a, b), lead = dims, "ABCDEFGH"
    first = "ik"[-min(len(a), 2) :] if len(a) < 2 else "ik"
    second = "k" if len(b) == 1 else "kj"
    more = [max(len(x) - 2, 0) for x in dims]
    own = [lead[8 - count :] for count in more]
    out = lead[8 - max(more) :] + "i" * (len(a) > 1) + "j" * (len(b) > 1)
    return own[0] + first, own[1] + second, out


def lettered(b: Builder, call: Call) -> tuple[Expr, Expr, str, str, str]:
    """The factors of a product and their letters, "s" for samples where they are."""
    x, y = map(b.settled, call.args[:2])
    first, second, out = _letters(call.dims[:2])
    # Axes in front are stretched from 1, where one has them and the other not.
    sizes: dict[str, int] = {}
    for own, dims in ((first, call.dims[0]), (second, call.dims[1])):
        for letter, n in zip(own, dims, strict=True):
            sizes[letter] = max(sizes.get(letter, 1), n)
    parts = []
    for expr, own, dims in ((x, first, call.dims[0]), (y, second, call.dims[1])):
        gone = [k for k, c in enumerate(own) if dims[k] == 1 and sizes[c] > 1]
        kept = "".join(c for k, c in enumerate(own) if k not in gone)
        parts.append((b.views.dropped(expr, gone) if gone else expr, kept))
    (x, first), (y, second) = parts
    return with_samples(b, x, y, first, second, out)


def with_samples(
    b: Builder, x: Expr, y: Expr, first: str, second: str, out: str
) -> tuple[Expr, Expr, str, str, str]:
    """The letter "s" for the axis of samples, which is dropped where it is 1."""
    parts = []
    for expr, own in ((x, first), (y, second)):
        if expr.shape[-1] == 1:
            parts.append((b.views.dropped(expr, [len(expr.shape) - 1]), own))
        else:
            parts.append((expr, own + "s"))
    (x, first), (y, second) = parts
    return x, y, first, second, out + "s" * ("s" in first or "s" in second)


def multiplied(
    b: Builder, x: Expr, y: Expr, first: str, second: str, out: str, factor: float = 1.0
) -> Expr:
    """A product, with an axis of samples again."""
    result = b.product(x, y, f"{first},{second}->{out}", factor)
    if "s" in out:
        return result
    return b.views.inserted(result, [len(out)], [1])


def _matmul(b: Builder, call: Call) -> Value:
    return multiplied(b, *lettered(b, call))


def _outer(b: Builder, call: Call) -> Value:
    x, y = map(b.settled, call.args[:2])
    n, m = call.out
    return b.entries(MUL, b.inserted(x, [1], [m]), b.inserted(y, [0], [n]))


def _einsum(b: Builder, call: Call) -> Value:
    left, out = str(call.attrs["form"]).split("->")
    parts = left.split(",")
    exprs = [b.settled(arg) for arg in call.args]
    if any(len(set(part)) < len(part) for part in (*parts, out)) or "s" in left:
        raise NoCode("einsum with a letter twice, or the letter s")
    while len(parts) > 2:
        first, second, *rest = parts
        kept = "".join(
            c for c in dict.fromkeys(first + second) if c in "".join((*rest, out))
        )
        made = multiplied(
            b, *with_samples(b, exprs[0], exprs[1], first, second, kept)
        )
        exprs, parts = [made, *exprs[2:]], [kept, *rest]
    if len(parts) == 2:
        return multiplied(b, *with_samples(b, *exprs, *parts, out))
    [part], [expr] = parts, exprs
    gone = [k for k, c in enumerate(part) if c not in out]
    expr = b.folded(expr, gone, "sum") if gone else expr
    left = "".join(c for c in part if c in out)
    return b.views.permuted(expr, [*(left.index(c) for c in out), len(out)])


# Moved


def _transpose(b: Builder, call: Call) -> Value:
    expr, rank = _first(b, call), call.rank
    axes = [*range(rank - 2), rank - 1, rank - 2, rank]
    return b.views.permuted(expr, axes)


def _permute(b: Builder, call: Call) -> Value:
    axes = [k % call.rank for k in call.attrs["axes"]]
    return b.views.permuted(_first(b, call), [*axes, call.rank])


def _reshape(b: Builder, call: Call) -> Value:
    expr = _first(b, call)
    return b.reshaped(expr, _with_samples(expr, call.out))


def _flip(b: Builder, call: Call) -> Value:
    expr, axes = _first(b, call), call.axes()
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
    expr = _first(b, call)
    ranges, gone = _ranges(call.attrs["at"], call.dims[0])
    part = b.views.sliced(expr, [*ranges, range(expr.shape[-1])])
    return b.views.dropped(part, gone)


def _put_in(
    b: Builder, expr: Expr, dims: Shape, ranges: Sequence[range], value: float = 0.0
) -> Expr:
    """An array of one number, with another at these places of it."""
    shape = _with_samples(expr, dims)
    result = b.new(shape)
    b.run(b.views.stretched(b.number(value, len(dims)), shape), b.where(result))
    part = b.views.sliced(result, [*ranges, range(shape[-1])])
    b.run(expr, b.where(part))
    return result


def _place(b: Builder, call: Call) -> Value:
    expr, like = _first(b, call), call.dims[1]
    ranges, gone = _ranges(call.attrs["at"], like)
    full = b.views.inserted(expr, gone, [1] * len(gone))
    return _put_in(b, full, like, ranges)


def _part(b: Builder, call: Call) -> Value:
    expr = _first(b, call)
    ranges = _end(call, call.dims[0], call.dims[1])
    return b.views.sliced(expr, [*ranges, range(expr.shape[-1])])


def _unpart(b: Builder, call: Call) -> Value:
    return _put_in(
        b, _first(b, call), call.dims[1], _end(call, call.dims[1], call.dims[0])
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
    expr = _first(b, call)
    ranges = [
        range(w[0], w[0] + n)
        for w, n in zip(_widths(call), call.dims[0], strict=True)
    ]
    return _put_in(b, expr, call.out, ranges)


def _crop(b: Builder, call: Call) -> Value:
    expr = _first(b, call)
    ranges = [
        range(w[0], n - w[1]) for w, n in zip(_widths(call), call.dims[0], strict=True)
    ]
    return b.views.sliced(expr, [*ranges, range(expr.shape[-1])])


def _widths(call: Call) -> list[tuple[int, int]]:
    return [w if isinstance(w, tuple) else (w, w) for w in call.attrs["widths"]]


# Chosen by index


def _chosen(b: Builder, index: Expr, shape: Shape) -> Expr:
    """1 where the last axis is at the index, 0 elsewhere."""
    rank = len(shape) - 1
    count = b.counting(shape[rank - 1], rank - 1, shape)
    spread = b.inserted(index, [rank - 1], [shape[rank - 1]])
    return b.entries(EQUAL, count, b.stretched(spread, shape))


def _pick(b: Builder, call: Call) -> Value:
    expr, index = _first(b, call), b.settled(call.args[1])
    samples = max(expr.shape[-1], index.shape[-1])
    shape = (*call.dims[0], samples)
    rank = len(call.dims[0])
    full = b.stretched(expr, shape)
    zero = b.stretched(b.number(0.0, rank), shape)
    hit = b.entries(CHOOSE, _chosen(b, index, shape), full, zero)
    return b.folded(hit, [rank - 1], "sum")


def _unpick(b: Builder, call: Call) -> Value:
    expr, index = _first(b, call), b.settled(call.args[1])
    samples = max(expr.shape[-1], index.shape[-1])
    like = call.dims[2]
    shape = (*like, samples)
    rank = len(like)
    full = b.stretched(b.inserted(expr, [rank - 1], [like[-1]]), shape)
    zero = b.stretched(b.number(0.0, rank), shape)
    return b.entries(CHOOSE, _chosen(b, index, shape), full, zero)


# Comparisons and choices


def _compare(op: Op, turned: bool = False) -> Operation:
    def compute(b: Builder, call: Call) -> Value:
        pair = call.args[::-1] if turned else call.args
        return b.entrywise(op, *pair)

    return compute


def _not_equal(b: Builder, call: Call) -> Value:
    return b.entrywise(SUB, b.number(1.0), b.entrywise(EQUAL, *call.args))


def _where(b: Builder, call: Call) -> Value:
    return b.entrywise(CHOOSE, *call.args)


# Diagonals


def _by_place(b: Builder, shape: Shape, op: Op, expr: Expr) -> Expr:
    """An array, but 0 where row and column do not compare so."""
    rank = len(shape) - 1
    rows = b.counting(shape[rank - 2], rank - 2, shape)
    columns = b.counting(shape[rank - 1], rank - 1, shape)
    hit = b.entries(op, columns, rows)
    zero = b.stretched(b.number(0.0, rank), shape)
    return b.entries(CHOOSE, hit, b.stretched(expr, shape), zero)


def _eye(b: Builder, call: Call) -> Value:
    shape = (*call.out, 1)
    return _by_place(b, shape, EQUAL, b.number(1.0, len(call.out)))


def _tril(b: Builder, call: Call) -> Value:
    expr = _first(b, call)
    return _by_place(b, expr.shape, AT_MOST, expr)


def _half_tril(b: Builder, call: Call) -> Value:
    expr = _first(b, call)
    half = _by_place(b, expr.shape, EQUAL, b.entries(MUL, expr, b.number(0.5)))
    return b.entries(SUB, _by_place(b, expr.shape, AT_MOST, expr), half)


def _diagonal(b: Builder, call: Call) -> Value:
    expr, rank = _first(b, call), call.rank
    n = min(expr.shape[rank - 2 : rank])
    shape = (*expr.shape[: rank - 2], n, expr.shape[-1])
    stored = b.stored(expr)
    return b.views.restrided(
        stored, shape, lambda s: [*s[: rank - 2], s[rank - 2] + s[rank - 1], s[-1]]
    )


def _diag(b: Builder, call: Call) -> Value:
    expr, rank = _first(b, call), call.rank
    n = expr.shape[rank - 1]
    shape = (*expr.shape[: rank - 1], n, n, expr.shape[-1])
    return _by_place(b, shape, EQUAL, b.inserted(expr, [rank], [n]))


def _trace(b: Builder, call: Call) -> Value:
    return b.folded(_diagonal(b, call), [call.rank - 2], "sum")


# Images


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
    return _put_in(b, expr, tuple(new), ranges, value)


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
    expr, rank = _first(b, call), len(call.dims[1])
    i = rank - 2
    last = len(expr.shape) - 1
    cut = b.views.permuted(expr, [*range(i), i + 2, i, i + 3, i + 1, last])
    return _from_windows(b, b.stored(cut), call.dims[1], *_geometry(call))


def _image(b: Builder, value: Value, rank: int) -> Expr:
    """Images (C, H, W, samples), where a written-out batch is one of samples."""
    expr = b.settled(value)
    if rank == 4:
        expr = b.views.permuted(expr, [1, 2, 3, 0, 4])
        packed = b.packed(expr)
        return b.reshaped(packed, (*packed.shape[:3], prod(packed.shape[3:])))
    return b.packed(expr)


def convolution_step(
    b: Builder, kind: str, call: Call, image: Shape, kernel: Shape, result: Shape,
    images: Sequence[tuple[Value, int]], other: Expr | None, to: Expr,
) -> Convolution:  # fmt: skip
    """The step of a convolution or an adjoint of it; the result is at `to`."""
    exprs = [b.settled(value) for value, _ in images]
    n = max(expr.shape[-1] for expr in exprs)
    first, *rest = [
        _image(b, b.views.stretched(expr, (*expr.shape[:-1], n)), rank)
        for expr, (_, rank) in zip(exprs, images, strict=True)
    ]
    second = rest[0] if rest else b.packed(other) if other is not None else first
    return Convolution(
        kind, b.where(first), b.where(second), b.where(to),
        image[-3:], kernel, result[-3:],
        pair(call.attrs.get("stride") or 1), pair(call.attrs.get("padding") or 0),
        first.shape[-1],
    )  # fmt: skip


def _images_out(b: Builder, dims: Shape, samples: int) -> tuple[Expr, Expr]:
    """New images (C, H, W, all samples), and as the text sees them."""
    if len(dims) == 3:
        made = b.new((*dims, samples))
        return made, made
    batch = dims[0]
    made = b.new((*dims[1:], batch * samples))
    seen = b.reshaped(made, (*dims[1:], batch, samples))
    return made, b.views.permuted(seen, [3, 0, 1, 2, 4])


def _unsampled(expr: Expr) -> Expr:
    if expr.shape[-1] != 1:
        raise NoCode("conv2d with a kernel for each sample")
    return expr


def _conv2d(b: Builder, call: Call) -> Value:
    value, kernel = call.args[0], _unsampled(b.settled(call.args[1]))
    samples = b.settled(value).shape[-1]
    made, seen = _images_out(b, call.out, samples)
    b.convolution(
        convolution_step(
            b, "forward", call, call.dims[0], call.dims[1], call.out,
            [(value, call.rank)], kernel, made,
        )
    )  # fmt: skip
    return seen


def _conv2d_data(b: Builder, call: Call) -> Value:
    value, kernel = call.args[0], _unsampled(b.settled(call.args[1]))
    samples = b.settled(value).shape[-1]
    made, seen = _images_out(b, call.dims[2], samples)
    b.convolution(
        convolution_step(
            b, "data", call, call.dims[2], call.dims[1], call.dims[0],
            [(value, call.rank)], kernel, made,
        )
    )  # fmt: skip
    return seen


def _conv2d_kernel(b: Builder, call: Call) -> Value:
    if any(call.sampled[:2]):
        raise NoCode("conv2d_kernel for each sample")
    return kernel_gradient(b, call, 1.0)


def kernel_gradient(b: Builder, call: Call, factor: float) -> Expr:
    """The adjoint of a kernel, summed over samples."""
    made = b.new((*call.dims[2], 1))
    b.convolution(
        kernel_step(b, call, made)._replace(factor=factor)
    )
    return made


def kernel_step(b: Builder, call: Call, to: Expr) -> Convolution:
    """The step that sums the adjoint of a kernel over samples."""
    adjoint, image = call.args[:2]
    return convolution_step(
        b, "kernel", call, call.dims[1], call.dims[2], call.dims[0],
        [(image, len(call.dims[1])), (adjoint, call.rank)], None, to,
    )  # fmt: skip


OPERATIONS: dict[str, Operation] = {
    "sum": _fold("sum"),
    "prod": _fold("prod"),
    "largest": _fold("max"),
    "smallest": _fold("min"),
    "mean": _mean,
    "count": lambda b, call: b.number(_count(call)),
    "logsumexp": _logsumexp,
    "softmax": _softmax,
    "norm2": _norm2,
    "spread": _spread,
    "expand_to": _expand_to,
    "sum_to": _sum_to,
    "matmul": _matmul,
    "outer": _outer,
    "einsum": _einsum,
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
    "pick": _pick,
    "unpick": _unpick,
    "equal": _compare(EQUAL),
    "not_equal": _not_equal,
    "less": _compare(LESS),
    "greater": _compare(LESS, turned=True),
    "less_equal": _compare(AT_MOST),
    "greater_equal": _compare(AT_MOST, turned=True),
    "where": _where,
    "eye": _eye,
    "tril": _tril,
    "half_tril": _half_tril,
    "diag": _diag,
    "diagonal": _diagonal,
    "trace": _trace,
    "maxpool2d": _maxpool,
    "avgpool2d": _avgpool,
    "unpool2d": _unpool,
    "pool_like2d": _pool_like,
    "patches": _patches,
    "unpatches": _unpatches,
    "conv2d": _conv2d,
    "conv2d_data": _conv2d_data,
    "conv2d_kernel": _conv2d_kernel,
}
"""Name of an operation → how it is computed."""
