"""What rounding does to a value, to first order: ε times a sum over its operations.

    root  ─▶ Σ |v·∂root/∂v| over the operations v below it, as an expression
    shape ─▶ numpy code for that of its own partials, made once for each shape

Every operation is off by ε·|v|, which reaches the root times ∂root/∂v. `judge` counts
the bounds of differences and of claims in it. The exp(x) - 1 of x = 1e-6 has the terms
1.000001 and 1e-6: off by 1e-16, in place of 1e-22.

An equation (c + d) - b with c + d = 1e8 and b = 1e8 - 1: the sum is off by ε·1e8 and
comes through with the factor 1, the difference by ε·1. So Σ|terms| is 1e8 + 1 for a
result of 1.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from functools import reduce

import numpy as np

from cgprimer.diff.chain_rule import plus, times
from cgprimer.diff.rules import local_partial
from cgprimer.diff.sweep import Step, partials, sweep
from cgprimer.errors import OpError
from cgprimer.expr.custom import CustomOp
from cgprimer.expr.definitions import expand_for_kernels
from cgprimer.expr.kernel import Kernel
from cgprimer.expr.node import Node, fold, leaves, postorder, substitute
from cgprimer.expr.ops import CONST, NAME, OPS, ZERO, const, name
from cgprimer.expr.tidy import tidy
from cgprimer.graph.shape import Shape
from cgprimer.run.sweeps import Sweeps
from cgprimer.types import Array


def sum_of_terms(steps: Iterable[Step]) -> Node:
    """Σ |v·∂root/∂v| over the operations v of a reverse trace; names do not round."""
    sizes = (OPS["abs"](times(s.node, s.adjoint)) for s in steps if s.node.args)
    return reduce(plus, sizes, ZERO)


def rounding(root: Node) -> Node:
    """Σ |v·∂root/∂v| over the operations v: times ε, what rounding does to `root`.

    Where numpy code cannot be differentiated, a few times |root| stand for it.
    """
    # In exp(1e-6) - 1 nothing depends on a name, so a sweep would find no operation and
    # no rounding. With 1e-6 as a name it finds both.
    numbers = _computed_numbers(root)
    [open_root] = substitute([root], numbers)
    try:
        steps = sweep(open_root, map(name, leaves(open_root)))
    except OpError:
        return _of_code(root)
    back = {leaf: number for number, leaf in numbers.items()}
    return substitute([sum_of_terms(steps)], back)[0]


def _of_code(node: Node) -> Node:
    """The terms of numpy code are not seen: eight of its value stand for them."""
    return OPS["abs"](times(const(8.0), node))


def _computed_numbers(root: Node) -> dict[Node, Node]:
    """Names for the numbers that are computed with alone: 1e-6 in exp(1e-6) - 1.

    A sweep passes by what does not depend on a name.
    """
    alone = fold([root], lambda n, args: n.op is not NAME and all(args))
    inside = (arg for node in alone if alone[node] for arg in node.args)
    numbers = dict.fromkeys(arg for arg in inside if arg.op is CONST)
    return {number: name(f" {i}") for i, number in enumerate(numbers)}


def path_rounding(roots: Iterable[Node]) -> list[Node]:
    """For each root what `rounding` gives, or more: shares of a path never cancel.

    e(v) = |v| + Σ |∂v/∂a|·e(a) over the arguments a, for all roots in one walk, where
    `rounding` walks once for each.
    """
    roots = list(roots)
    errors: dict[Node, Node] = {}
    for node in postorder(roots):
        # a·b + a·b: e(a·b) is |a·b|, and the sum carries 2·|a·b| and adds its own
        # |2a·b|. In a·b - a·b the shares add up as well: rounding errors of one node do
        # not cancel here, though they would, so that it is a bound and may be more than
        # `rounding` gives.
        total = OPS["abs"](node) if node.args else ZERO
        for i, arg in enumerate(node.args):
            if errors[arg] is not ZERO:
                total = plus(total, _share(node, i, errors[arg]))
        errors[node] = total
    return [errors[root] for root in roots]


def _share(node: Node, i: int, error: Node) -> Node:
    """What an error of argument `i` does to a node; numpy code is taken to keep it."""
    try:
        size = tidy(OPS["abs"], local_partial(node, i))
    except OpError:
        return _of_code(node)
    return times(size, error)


def is_opaque(shape: Shape) -> bool:
    """Whether there is numpy code in a shape, which may cancel inside."""
    ops = (node.op for node in postorder([shape.body]))
    return any(isinstance(op, CustomOp) and op.calls is not None for op in ops)


@functools.lru_cache(maxsize=4096)
def rounding_kernel(shape: Shape) -> Kernel | None:
    """Numpy code for Σ |v·∂result/∂v| over the operations v of a shape.

    Times ε, it bounds to first order what rounding does to the result. None where the
    operations do not tell the derivative.
    """
    # Names are given numbers without any error of their own: only operations round.
    steps = _trace(shape)
    return Kernel([sum_of_terms(steps)], shape.slots) if steps else None


def sweep_rounding(
    sweeps: Sweeps,
) -> Callable[[Array, Array, Array], Array] | None:
    """Code for Σ |adjoint|·Σ|terms| over the equations (n,), where all tell the latter.

    An error in the result of an equation reaches the output times the adjoint there, so
    that this bounds all of them to first order.
    """
    kernels = [k for shape in sweeps.shapes if (k := rounding_kernel(shape))]
    if len(kernels) < len(sweeps.shapes):
        return None

    def total(values: Array, parameters: Array, adjoints: Array) -> Array:
        total = np.zeros(values.shape[1])
        steps = sweeps.steps(values, parameters)
        for (group, slots), kernel in zip(steps, kernels, strict=True):
            [own] = kernel(*slots)
            total += (np.abs(adjoints[group.defined]) * own).sum(axis=0)
        return total

    return total


def _trace(shape: Shape) -> list[Step]:
    """The reverse trace of a shape; empty where it does not tell the derivative."""
    [run] = expand_for_kernels([shape.stable])
    # A declared gradient is not the derivative, and would count rounding with wrong
    # weights.
    if any(node.op.contract != "exact" for node in postorder([run])):
        return []
    try:
        return sweep(run, map(name, shape.slots))
    except OpError:
        return []


@functools.lru_cache(maxsize=4096)
def partial_rounding(shape: Shape) -> Kernel:
    """Numpy code for Σ|terms| of our own partial by each of a shape's names."""
    roots = [shape.partials[i] for i in shape.names]
    terms = map(rounding, roots) if shape.asks_sympy else path_rounding(roots)
    return Kernel(terms, shape.slots)


@functools.lru_cache(maxsize=4096)
def second_partial(shape: Shape, i: int) -> Kernel | None:
    """Numpy code for our own second derivative by slot `i`, and its Σ|terms|.

    None where the operations do not tell it.
    """
    slot = name(shape.slots[i])
    try:
        root = partials(shape.partials[i], [slot])[slot]
    except OpError:
        return None
    return Kernel([root, rounding(root)], shape.slots)
