"""Folds over axes, and what is repeated along them: sum, softmax, spread, sum_to."""

from __future__ import annotations

from math import prod

from cgprimer.expr.ops import OPS
from cgprimer.run.llvm.arrays.builder import ADD, DIV, MUL, Builder
from cgprimer.run.llvm.arrays.expression import CHOOSE, EQUAL, Expr, Shape
from cgprimer.run.llvm.arrays.operations.call import (
    Call,
    Operation,
    Value,
    first,
    with_samples_of,
)
from cgprimer.run.llvm.arrays.steps import Fold

SUB, EXP, LOG, SQRT = (OPS[n] for n in ("sub", "exp", "log", "sqrt"))


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
    expr, axes = first(b, call), call.axes()
    largest = b.folded(expr, axes, "max")
    # inf - inf is nan: an infinite largest entry is not taken out.
    zero = b.number(0.0)
    finite = b.entries(EQUAL, b.entries(SUB, largest, largest), zero)
    largest = b.stored(b.entries(CHOOSE, finite, largest, zero))
    back = _spread_back(b, largest, expr.shape, axes)
    total = b.folded(b.entries(EXP, b.entries(SUB, expr, back)), axes, "sum")
    return b.entries(ADD, b.entries(LOG, total), largest)


def _softmax(b: Builder, call: Call) -> Value:
    expr, axes = first(b, call), call.axes()
    back = _largest_kept(b, expr, axes)
    power = b.stored(b.entries(EXP, b.entries(SUB, expr, back)))
    total = b.folded(power, axes, "sum")
    return b.entries(DIV, power, _spread_back(b, total, expr.shape, axes))


def _norm2(b: Builder, call: Call) -> Value:
    expr = first(b, call)
    square = b.entries(MUL, expr, expr)
    return b.entries(SQRT, b.folded(square, call.axes(), "sum"))


def _spread(b: Builder, call: Call) -> Value:
    like, axes = call.dims[1], call.axes(1)
    return b.inserted(first(b, call), axes, [like[k] for k in axes])


def _expand_to(b: Builder, call: Call) -> Value:
    expr = first(b, call)
    return b.stretched(expr, with_samples_of(expr, call.dims[1]))


def _sum_to(b: Builder, call: Call) -> Value:
    return summed_to(b, call, [], 1.0)


def summed_to(b: Builder, call: Call, more: list[int], factor: float) -> Expr:
    """Summed to the dims of the second argument, over more axes, times a factor."""
    own, like = call.dims[0], call.dims[1]
    lead = len(own) - len(like)
    short = [lead + k for k, n in enumerate(like) if n == 1 and own[lead + k] != 1]
    axes = [*range(lead), *short, *more]
    total = b.folded(call.args[0], axes, "sum", factor) if axes else first(b, call)
    samples = 1 if more else b.settled(call.args[0]).shape[-1]
    return b.reshaped(total, (*like, samples))


REDUCTIONS: dict[str, Operation] = {
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
}
