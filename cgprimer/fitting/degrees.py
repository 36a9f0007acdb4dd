"""Degrees of nodes: the power of λ by which each grows when parameters are rescaled.

    shape of an equation, degrees of its names ─ Degrees.of ─▶ degree of its right side

Data have degree 0; terms of a sum have the same; what goes into tanh or exp has 0; relu
hands its degree on. What is free in the end is a symmetry, see `symmetry`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import CONST, NAME, OPS, ZERO
from cgprimer.graph.shape import Shape

Degree = Mapping[int, float]
"""A power of λ, as a sum of free numbers (symbol → coefficient)."""

NONE: Degree = {}
# relu(λ·z) = λ·relu(z) for λ > 0, which is all that a direction needs.
PASSES = frozenset(OPS[op] for op in ("neg", "abs", "relu"))
LIKE = frozenset(OPS[op] for op in ("add", "sub", "min", "max"))
# sign(λ·z) = sign(z): whatever the degree of the argument, that of the result is 0.
LOST = frozenset(OPS[op] for op in ("sign", "step"))


class Degrees:
    """Free numbers, and the equations between them, solved as they come."""

    def __init__(self) -> None:
        self.count = 0
        self.solved: dict[int, Degree] = {}

    def free(self) -> Degree:
        """A new free number."""
        self.count += 1
        return {self.count - 1: 1.0}

    def now(self, degree: Degree) -> Degree:
        """A degree in terms of numbers that are still free."""
        # A solution may hold numbers that have been solved for later.
        while not self.solved.keys().isdisjoint(degree):
            made: dict[int, float] = {}
            for symbol, share in degree.items():
                for inner, part in self.solved.get(symbol, {symbol: 1.0}).items():
                    made[inner] = made.get(inner, 0.0) + share * part
            degree = {symbol: share for symbol, share in made.items() if share}
        return degree

    def same(self, a: Degree, b: Degree) -> None:
        """Let two degrees be equal: the newest number that stands in the way gives."""
        if a is not b and (gap := self.now(_plus(a, b, -1.0))):
            # Whichever number gives, the same space is left free.
            newest = max(gap)
            self.solved[newest] = {
                symbol: -share / gap[newest]
                for symbol, share in gap.items()
                if symbol != newest
            }

    def of(self, shape: Shape, slots: Sequence[Degree]) -> Degree:
        """The degree of an equation's right side, from those in its slots."""
        degree = shape.by_slot(slots)
        for node in _order(shape):
            args = [degree[arg] for arg in node.args]
            degree[node] = self._operation(node, args)
        return degree[shape.stable]

    def _operation(self, node: Node, args: list[Degree]) -> Degree:
        if node.op in PASSES:
            return args[0]
        if node.op in LIKE:
            # 0 has any degree: max(z, 0) is a relu.
            if ZERO in node.args:
                return args[1 - node.args.index(ZERO)]
            self.same(args[0], args[1])
            return args[0]
        if node.op is OPS["mul"] or node.op is OPS["div"]:
            return _plus(args[0], args[1], 1.0 if node.op is OPS["mul"] else -1.0)
        if node.op is OPS["sqrt"]:
            return _plus(NONE, args[0], 0.5)
        if node.op is OPS["pow"] and node.args[1].op is CONST:
            return _plus(NONE, args[0], float(node.args[1].value or 0.0))
        if node.op not in LOST:
            # What goes into tanh or exp must not change at all.
            for arg in args:
                self.same(arg, NONE)
        return NONE


@functools.lru_cache(maxsize=256)
def _order(shape: Shape) -> list[Node]:
    """The operations and constants of a shape, arguments first."""
    return [node for node in postorder([shape.stable]) if node.op is not NAME]


def _plus(a: Degree, b: Degree, factor: float) -> Degree:
    """a + factor·b"""
    if not b:
        return a
    degree = dict(a)
    for symbol, share in b.items():
        degree[symbol] = degree.get(symbol, 0.0) + factor * share
    return {symbol: share for symbol, share in degree.items() if share}
