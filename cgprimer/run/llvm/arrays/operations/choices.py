"""Entries by number, place or condition: pick, where, comparisons, diagonals."""

from __future__ import annotations

from cgprimer.expr.ops import OPS, Op
from cgprimer.run.llvm.arrays.builder import MUL, Builder
from cgprimer.run.llvm.arrays.expression import (
    AT_MOST,
    CHOOSE,
    EQUAL,
    LESS,
    Expr,
    Shape,
)
from cgprimer.run.llvm.arrays.operations.call import Call, Operation, Value, first

SUB = OPS["sub"]


def _chosen(b: Builder, index: Expr, shape: Shape) -> Expr:
    """1 where the last axis is at the index, 0 elsewhere."""
    rank = len(shape) - 1
    count = b.counting(shape[rank - 1], rank - 1, shape)
    spread = b.inserted(index, [rank - 1], [shape[rank - 1]])
    return b.entries(EQUAL, count, b.stretched(spread, shape))


def _pick(b: Builder, call: Call) -> Value:
    expr, index = first(b, call), b.settled(call.args[1])
    samples = max(expr.shape[-1], index.shape[-1])
    shape = (*call.dims[0], samples)
    rank = len(call.dims[0])
    full = b.stretched(expr, shape)
    zero = b.stretched(b.number(0.0, rank), shape)
    hit = b.entries(CHOOSE, _chosen(b, index, shape), full, zero)
    return b.folded(hit, [rank - 1], "sum")


def _unpick(b: Builder, call: Call) -> Value:
    expr, index = first(b, call), b.settled(call.args[1])
    samples = max(expr.shape[-1], index.shape[-1])
    like = call.dims[2]
    shape = (*like, samples)
    rank = len(like)
    full = b.stretched(b.inserted(expr, [rank - 1], [like[-1]]), shape)
    zero = b.stretched(b.number(0.0, rank), shape)
    return b.entries(CHOOSE, _chosen(b, index, shape), full, zero)


def _compare(op: Op, turned: bool = False) -> Operation:
    def compute(b: Builder, call: Call) -> Value:
        pair = call.args[::-1] if turned else call.args
        return b.entrywise(op, *pair)

    return compute


def _not_equal(b: Builder, call: Call) -> Value:
    return b.entrywise(SUB, b.number(1.0), b.entrywise(EQUAL, *call.args))


def _where(b: Builder, call: Call) -> Value:
    return b.entrywise(CHOOSE, *call.args)


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
    expr = first(b, call)
    return _by_place(b, expr.shape, AT_MOST, expr)


def _half_tril(b: Builder, call: Call) -> Value:
    expr = first(b, call)
    half = _by_place(b, expr.shape, EQUAL, b.entries(MUL, expr, b.number(0.5)))
    return b.entries(SUB, _by_place(b, expr.shape, AT_MOST, expr), half)


def _diagonal(b: Builder, call: Call) -> Value:
    expr, rank = first(b, call), call.rank
    n = min(expr.shape[rank - 2 : rank])
    shape = (*expr.shape[: rank - 2], n, expr.shape[-1])
    stored = b.stored(expr)
    return b.views.restrided(
        stored, shape, lambda s: [*s[: rank - 2], s[rank - 2] + s[rank - 1], s[-1]]
    )


def _diag(b: Builder, call: Call) -> Value:
    expr, rank = first(b, call), call.rank
    n = expr.shape[rank - 1]
    shape = (*expr.shape[: rank - 1], n, n, expr.shape[-1])
    return _by_place(b, shape, EQUAL, b.inserted(expr, [rank], [n]))


def _trace(b: Builder, call: Call) -> Value:
    return b.folded(_diagonal(b, call), [call.rank - 2], "sum")


CHOICES: dict[str, Operation] = {
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
}
