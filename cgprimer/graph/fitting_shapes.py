"""What would fit where shapes do not: hints, a function for each operation.

    node, dims ─▶ "W' @ xx fits", "K: 16 x 3 x 5 x 5 would fit"

`graph.shape_errors` asks. Every hint was tried: the dims of what it proposes fit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from cgprimer.errors import shorten
from cgprimer.expr.array_op import ArrayOp, attrs_of
from cgprimer.expr.array_ops import op_called
from cgprimer.expr.dims import Dims, DimsError, Sizing, is_unknown, show_dims
from cgprimer.expr.node import Node
from cgprimer.expr.ops import NAME, Op
from cgprimer.notation.text import show

_WIDE = 40  # of an argument in a hint


@dataclass(frozen=True)
class ShapeMisfit:
    """Arguments that do not fit an operation, with their dims."""

    op: Op
    args: Sequence[Node]
    dims: Sequence[Dims]
    attrs: dict[str, Any]
    sizing: Sizing
    free: Collection[str]  # names whose declarations could be others

    def text(self, k: int) -> str:
        """An argument as text."""
        return shorten(show(self.args[k]), _WIDE)

    def operand(self, k: int) -> str:
        """The same in brackets where it is an operation with a sign."""
        op = self.args[k].op
        alone = not op.symbol or op.name == "transpose" or (op is self.op and not k)
        return self.text(k) if alone else f"({self.text(k)})"

    def fits(self, *dims: Dims, op: str = "", **attrs: Any) -> Dims | None:
        """The dims of the operation, or of another; None where arguments do not fit."""
        trial = Sizing()
        trial.became = dict(self.sizing.became)
        entry = op_called(op) if op else self.op
        rule = entry.dims if isinstance(entry, ArrayOp) else None
        try:
            if rule is None:
                return trial.elementwise(dims)
            if isinstance(rule, str):
                return trial.by_signature(rule, dims)
            return tuple(rule(trial, *dims, **({} if op else self.attrs) | attrs))
        except DimsError:
            return None

    def with_dims(self, k: int, dims: Dims) -> bool:
        """Whether the operation fits with other dims of an argument."""
        every = [*self.dims]
        every[k] = dims
        return self.fits(*every) is not None

    def declared(self, k: int, *choices: Dims | None) -> Iterator[str]:
        """What to declare an argument as, being a name that no equation defines."""
        name = self.args[k].value
        if self.args[k].op is not NAME or name not in self.free:
            return
        for dims in choices:
            if dims and not any(map(is_unknown, dims)) and self.with_dims(k, dims):
                yield f"{name}: {show_dims(dims)} would fit"


Hints = Callable[[ShapeMisfit], Iterator[str]]


def what_fits(
    node: Node,
    args: Sequence[Node],
    dims: Sequence[Dims],
    sizing: Sizing,
    free: Collection[str],
) -> str:
    """A hint on what would fit, or nothing."""
    misfit = ShapeMisfit(node.op, args, dims, attrs_of(node), sizing, free)
    if is_entrywise(node.op):
        rule: Hints | None = _of_entries if len(args) == 2 else None
    else:
        rule = HINTS.get(node.op.name)
    return next(rule(misfit), "") if rule else ""


def is_entrywise(op: Op) -> bool:
    """Whether an operation takes arrays entry by entry, as those on numbers do."""
    return not isinstance(op, ArrayOp) or op.dims is None


def _turned(dims: Dims) -> Dims:
    return (*dims[:-2], dims[-1], dims[-2])


def _ways(shown: str, dims: Dims) -> Iterator[tuple[str, Dims]]:
    """An array as it is, and a matrix transposed."""
    yield shown, dims
    if len(dims) > 1:
        yield shown[:-1] if shown.endswith("'") else f"{shown}'", _turned(dims)


def _of_product(m: ShapeMisfit) -> Iterator[str]:
    """The transposes or the order that fit; else other sizes of a parameter."""
    a, b = m.dims
    left, right = (m.operand(0), a), (m.operand(1), b)
    if not a or not b:
        yield f"{left[0]}*{right[0]} fits"
        return
    ways = [
        (*u, *v)
        for first, second in ((left, right), (right, left))
        for u, v in product(_ways(*first), _ways(*second))
    ]
    # Of matrices that one first which transposes least; of a matrix and a vector that
    # which keeps their order.
    if min(len(a), len(b)) > 1:
        ways.sort(key=lambda way: way[0].endswith("'") + way[2].endswith("'"))
    for u, p, v, q in ways:
        if m.fits(p, q) is not None:
            yield f"{u} @ {v} fits"
    if len(a) == len(b) == 1:
        yield f"outer({m.text(0)}, {m.text(1)}) is of all pairs"
    yield from m.declared(1, (*b[:-2], a[-1], *b[1:][-1:]))
    yield from m.declared(0, (*a[:-1], b[-2] if len(b) > 1 else b[0]))


def _of_entries(m: ShapeMisfit) -> Iterator[str]:
    """A transpose, or an axis of 1 more or less; else other sizes of a parameter."""
    a, b = m.dims
    if len(a) == len(b) and 1 in a and 1 in b:
        return  # which pairs are meant is not known
    for k in (1, 0):
        both = len(m.dims[0]) == len(m.dims[1]) == 2
        if both and m.with_dims(k, _turned(m.dims[k])):
            yield f"{m.operand(k)}' fits"
    for k in (1, 0):
        yield from _without_axis(m, k)
    for k in (1, 0):
        yield from _with_axes(m, k)
    yield from _all_pairs(m)
    for k in (1, 0):
        own, other = m.dims[k], m.dims[1 - k]
        if len(own) <= len(other):
            yield from m.declared(k, other[len(other) - len(own) :], other)


def _without_axis(m: ShapeMisfit, k: int) -> Iterator[str]:
    own = m.dims[k]
    for axis, dim in enumerate(own):
        if dim == 1 and m.with_dims(k, (*own[:axis], *own[axis + 1 :])):
            yield (
                f"squeeze({m.text(k)}, axis={axis}) fits; for all pairs write outer, "
                "or unsqueeze"
            )


def _with_axes(m: ShapeMisfit, k: int) -> Iterator[str]:
    """An array of fewer axes with some of 1 behind."""
    own, other = m.dims[k], m.dims[1 - k]
    shown = m.text(k)
    for axis in range(len(own), len(other)):
        shown, longer = f"unsqueeze({shown}, axis={axis})", (1,) * (axis - len(own) + 1)
        every = [other, other]
        every[k] = (*own, *longer)
        if own and m.fits(*every) == other:
            if len(longer) > 1:
                yield from m.declared(k, every[k])
            yield f"{shown} fits"


def _all_pairs(m: ShapeMisfit) -> Iterator[str]:
    a, b = m.dims
    if len(a) == len(b) == 2 and a[1:] == b[1:]:
        first, second = (
            f"unsqueeze({m.text(k)}, axis={axis})" for k, axis in ((0, 1), (1, 0))
        )
        sign = f" {m.op.symbol} " if m.op.binding == 1 else m.op.symbol
        if m.op.symbol:
            yield f"{first}{sign}{second} is of all pairs"


def _of_vector(m: ShapeMisfit) -> Iterator[str]:
    """What is meant by the transpose of a vector."""
    x = m.text(0)
    if len(m.dims[0]) == 1:
        yield (
            f"write {x} without ': a @ b is a' b of two vectors, outer(a, b) is a b'"
        )
    elif not m.dims[0]:
        yield f"write {x} without '"


def _of_square(m: ShapeMisfit) -> Iterator[str]:
    dims = m.dims[0]
    if len(dims) == 2 and dims[0] != dims[1]:
        yield f"{m.operand(0)}' @ {m.operand(0)} is square"


def _of_solve(m: ShapeMisfit) -> Iterator[str]:
    a, b = m.dims
    if len(a) != 2 or not b:
        return
    x, y = m.operand(0), m.operand(1)
    if a[0] != a[1] and a[0] == b[0]:
        yield f"solve({x}' @ {x}, {x}' @ {y}) is the solution by least squares"
    if a[0] == a[1] and len(b) == 2 and m.with_dims(1, _turned(b)):
        yield f"{y}' fits"
    yield from m.declared(1, (a[0], *b[1:]))
    yield from _of_square(m)


def _of_order(m: ShapeMisfit) -> Iterator[str]:
    if m.dims[0]:
        yield f"flatten({m.text(0)}) fits"


def _of_stack(m: ShapeMisfit) -> Iterator[str]:
    for k in range(len(m.dims) - 1, -1, -1):
        yield from m.declared(k, m.dims[0 if k else 1])


def _of_pick(m: ShapeMisfit) -> Iterator[str]:
    if len(m.dims[0]) > 1:
        yield from m.declared(1, m.dims[0][:-1])


def _of_concat(m: ShapeMisfit) -> Iterator[str]:
    ranks = {len(dims) for dims in m.dims}
    for axis in range(min(ranks)):
        if m.fits(*m.dims, axis=axis) is not None:
            yield f"axis={axis} fits"
    if len(ranks) == 2 and max(ranks) - min(ranks) == 1:
        yield from _with_one_axis(m, max(ranks))


def _with_one_axis(m: ShapeMisfit, rank: int) -> Iterator[str]:
    """Arrays that lack an axis with one of 1."""
    for axis in range(rank):
        every = [
            dims if len(dims) == rank else (*dims[:axis], 1, *dims[axis:])
            for dims in m.dims
        ]
        short = next(k for k, dims in enumerate(m.dims) if len(dims) < rank)
        for along in range(rank):
            if m.fits(*every, axis=along) is not None:
                behind = f" with axis={along}" if along != m.attrs.get("axis") else ""
                yield f"unsqueeze({m.text(short)}, axis={axis}) fits{behind}"


def _of_einsum(m: ShapeMisfit) -> Iterator[str]:
    """Sizes of a parameter, as its letters have them elsewhere."""
    parts = str(m.attrs["form"]).partition("->")[0].split(",")
    if len(parts) != len(m.dims):
        return
    for k in range(len(parts) - 1, -1, -1):
        sizes = {
            letter: dim
            for j, (letters, dims) in enumerate(zip(parts, m.dims, strict=True))
            if j != k and len(letters) == len(dims)
            for letter, dim in zip(letters, dims, strict=True)
        }
        own = m.dims[k]
        if len(own) == len(parts[k]):
            wanted = tuple(sizes.get(x, d) for x, d in zip(parts[k], own, strict=True))
            if len(own) == 2 and m.with_dims(k, _turned(own)):
                yield f"{m.operand(k)}' fits"
            yield from m.declared(k, wanted)


def _of_reshape(m: ShapeMisfit) -> Iterator[str]:
    shape = m.attrs["shape"]
    items = shape if isinstance(shape, tuple) else (shape,)
    for k in range(len(items) - 1, -1, -1):
        wanted = (*items[:k], -1, *items[k + 1 :])
        found = m.fits(m.dims[0], shape=wanted)
        if found is not None:
            yield f"shape=({', '.join(map(str, found))}{',' * (len(found) == 1)}) fits"


def _of_conv(m: ShapeMisfit) -> Iterator[str]:
    x, k = m.dims
    if len(k) != 4 or len(x) not in (3, 4):
        return
    if x[-1] == k[1] and len(x) > 2:
        axes = (*range(len(x) - 3), len(x) - 1, len(x) - 3, len(x) - 2)
        if m.with_dims(0, tuple(x[axis] for axis in axes)):
            yield f"permute({m.text(0)}, axes={axes}) fits"
    for padding in range(1, 12):
        if m.fits(x, k, padding=padding) is not None:
            yield f"padding={padding} fits"
    yield from m.declared(1, (k[0], x[-3], *k[2:]))


def _of_pool(m: ShapeMisfit) -> Iterator[str]:
    given = m.attrs["size"]
    for size in range(given - 1 if isinstance(given, int) else 0, 0, -1):
        if m.fits(m.dims[0], size=size, padding=0) is not None:
            yield f"size={size} fits"


HINTS: dict[str, Hints] = {
    "matmul": _of_product,
    "transpose": _of_vector,
    "solve": _of_solve,
    "pick": _of_pick,
    "concat": _of_concat,
    "stack": _of_stack,
    "einsum": _of_einsum,
    "reshape": _of_reshape,
    "conv2d": _of_conv,
    "sort": _of_order,
    "argsort": _of_order,
    **dict.fromkeys(("maxpool2d", "avgpool2d", "patches"), _of_pool),
    **dict.fromkeys(("det", "logdet", "inv", "trace", "eye", "cholesky"), _of_square),
}


def expected(m: ShapeMisfit, k: int) -> Dims | None:
    """The dims that an argument needs, the others being what they are."""
    choices: list[Dims] = []
    for j, dims in enumerate(m.dims):
        if j != k and dims:
            choices += [dims, dims[:-1], dims[-1:], dims[:1]]
    return next((dims for dims in choices if dims and m.with_dims(k, dims)), None)
