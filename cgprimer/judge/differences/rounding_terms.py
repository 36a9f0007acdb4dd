"""What rounding does to an equation: ε·Σ|terms|, from the operations in it.

Shape ─▶ numpy code for Σ |v · ∂result/∂v|; asked by `edges`, `whole` and `together`

xy = (c + d) - b with c + d = 1e8 and b = 1e8 - 1: the sum is off by ε·1e8 and comes
through with the factor 1, the difference by ε·1. So Σ|terms| is 1e8 + 1 for a result 1.
"""

from __future__ import annotations

import functools

from cgprimer.diff.sweep import Step, sweep
from cgprimer.errors import OpError
from cgprimer.expr.custom import CustomOp
from cgprimer.expr.definitions import computed
from cgprimer.expr.kernel import Kernel
from cgprimer.expr.node import postorder
from cgprimer.expr.ops import OPS, ZERO, name, tidy
from cgprimer.graph.shape import Shape


def is_opaque(shape: Shape) -> bool:
    """Whether there is numpy code in a shape, which may cancel inside."""
    ops = (node.op for node in postorder([shape.body]))
    return any(isinstance(op, CustomOp) and op.calls is not None for op in ops)


@functools.lru_cache(maxsize=4096)
def rounding_kernel(shape: Shape) -> Kernel | None:
    """Numpy code for Σ |v · ∂result/∂v| over the operations v of a shape.

    Times ε, it bounds to first order what rounding does to the result. None where the
    operations do not tell the derivative.
    """
    steps = _steps(shape)
    # Names are given numbers without any error of their own: only operations round.
    terms = [
        OPS["abs"](tidy(OPS["mul"], step.node, step.adjoint))
        for step in steps
        if step.node.args
    ]
    total = functools.reduce(lambda a, b: tidy(OPS["add"], a, b), terms, ZERO)
    return Kernel([total], shape.slots) if steps else None


def _steps(shape: Shape) -> list[Step]:
    """The reverse trace of a shape; empty where it does not tell the derivative."""
    [run] = computed([shape.stable])
    # A declared gradient is not the derivative, and would count rounding with wrong
    # weights.
    if any(node.op.contract != "exact" for node in postorder([run])):
        return []
    try:
        return sweep(run, map(name, shape.slots))
    except OpError:
        return []
