"""Loops as steps, made one by one from expressions.

    LoopBuilder.stored(expr)     where it lies, computed by a loop if it lies nowhere
    LoopBuilder.folded(expr, …)  sum, max … over axes: a loop
    LoopBuilder.entrywise(op, …) an expression, computed where somebody needs it

`builder` adds products; `operations` says by both how the table is computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cgprimer.expr.node import Node, intern
from cgprimer.expr.ops import OPS, Op, const
from cgprimer.run.llvm.arrays.expression import (
    Expr,
    Leaf,
    Shape,
    Views,
    Windows,
    contiguous,
)
from cgprimer.run.llvm.arrays.steps import (
    Fold,
    Loop,
    Output,
    Plan,
    names_below,
)

LONG = 60  # operations of one loop, about
STRETCHED = 4  # times as many entries, for which a value is computed beforehand
ADD, MUL, DIV = OPS["add"], OPS["mul"], OPS["div"]


class LoopBuilder:
    """Makes loops; the last axis of arrays is that of samples, or of length 1."""

    def __init__(self) -> None:
        self.views, self.plan = Views(), Plan()
        self._stored: dict[tuple[Node, Shape], Expr] = {}
        self._copies: dict[tuple[Node, Shape], Expr] = {}
        self._whole: dict[Node, tuple[Expr, list[int], float]] = {}
        self._folds: dict[tuple[object, ...], Expr] = {}
        self._counts: dict[int, int] = {}

    # Memory

    def new(self, shape: Shape, order: Sequence[int] | None = None) -> Expr:
        """An array nobody has written; axes in `order` lie the widest steps first."""
        order = range(len(shape)) if order is None else order
        buffer = self.plan.buffer(prod(shape))
        strides = [0] * len(shape)
        for axis, step in zip(
            order, contiguous([shape[k] for k in order]), strict=True
        ):
            strides[axis] = step
        return self.views.stored(Leaf(buffer, 0, tuple(strides)), shape)

    def where(self, expr: Expr) -> Leaf:
        """Where an array lies that is stored."""
        leaf = self.views.leaf(expr)
        assert leaf is not None
        return leaf

    def counting(self, size: int, axis: int, shape: Shape) -> Expr:
        """0, 1, 2 … along an axis."""
        if size not in self._counts:
            self._counts[size] = self.plan.buffer(size, "constant", f"{size}")
        strides = tuple(int(k == axis) for k in range(len(shape)))
        return self.views.stored(Leaf(self._counts[size], 0, strides), shape)

    def number(self, value: float, rank: int = 0) -> Expr:
        """A number as an array."""
        return Expr(const(value), (1,) * (rank + 1))

    # Loops

    def run(
        self,
        expr: Expr,
        to: Leaf,
        axes: Sequence[int] = (),
        fold: Fold = "",
        factor: float = 1.0,
    ) -> None:
        """A loop that writes an expression, or what it comes to over some axes."""
        leaves = names_below([expr.node], lambda node: self.views.of[node])
        outputs = (Output(expr.node, to),)
        step = Loop(expr.shape, outputs, leaves, tuple(axes), fold, factor)
        self.plan.steps.append(step)

    def stored(self, value: Expr | Windows) -> Expr:
        """An array in memory; a loop computes it if there is none yet."""
        expr = self.settled(value)
        if self.views.leaf(expr) is not None:
            return expr
        key = expr.node, expr.shape
        if key not in self._stored:
            result = self.new(expr.shape, self._order(expr))
            self.run(expr, self.where(result))
            self._stored[key] = result
        return self._stored[key]

    def packed(self, value: Expr | Windows, shape: Shape | None = None) -> Expr:
        """An array in memory whose entries lie one after another, with other axes."""
        expr = self.settled(value)
        if self.views.leaf(expr) is None:
            expr = self.stored(expr)
        want = contiguous(expr.shape)
        leaf = self.where(expr)
        if any(
            s != t and n != 1
            for s, t, n in zip(leaf.strides, want, expr.shape, strict=True)
        ):
            expr = self.copied(expr)
        return expr if shape is None else self.reshaped(expr, shape)

    def copied(self, expr: Expr) -> Expr:
        """An array in memory once more, in order."""
        key = expr.node, expr.shape
        if key not in self._copies:
            self._copies[key] = self.new(expr.shape)
            self.run(expr, self.where(self._copies[key]))
        return self._copies[key]

    def _order(self, expr: Expr) -> list[int]:
        """The axes of a new array, as they lie in the largest it is made of."""
        best: tuple[int, int, list[int]] | None = None
        for node in self.views.leaves(expr):
            leaf = self.views.of[node]
            moves = [s != 0 for s in leaf.strides]
            if any(n > 1 and not m for n, m in zip(expr.shape, moves, strict=True)):
                continue
            if min(leaf.strides, default=0) < 0:
                continue
            order = sorted(
                range(len(expr.shape)),
                key=lambda k, s=leaf.strides: -s[k] if s[k] else 0,  # type: ignore[misc]
            )
            inside = int(self.plan.buffers[leaf.buffer].kind == "work")
            if best is None or (inside, 0) > best[:2]:
                best = inside, 0, order
        if best is None:
            return list(range(len(expr.shape)))
        # Axes of 1 stay where they are among the others; it makes no difference.
        return best[2]

    def settled(self, value: Expr | Windows) -> Expr:
        """An array as an expression; one in windows is stored first."""
        if isinstance(value, Expr):
            return self._stored.get((value.node, value.shape), value)
        expr, seen = value
        key = expr.node, seen
        if key not in self._stored:
            result = self.new(expr.shape)
            self.run(expr, self.where(result))
            self._stored[key] = self.reshaped(result, seen)
        return self._stored[key]

    def reshaped(self, expr: Expr, shape: Shape) -> Expr:
        """Other axes over the same entries in order."""
        if expr.shape == shape:
            return expr
        moved = self.views.reshaped(expr, shape)
        if moved is not None:
            return moved
        moved = self.views.reshaped(self.stored(expr), shape)
        if moved is not None:
            return moved
        # Steps that do not fit, as of a transposed matrix: a copy in order.
        moved = self.views.reshaped(self.copied(self.stored(expr)), shape)
        assert moved is not None
        return moved

    def stretched(self, expr: Expr, shape: Shape) -> Expr:
        """Repeated up to this shape; what it costs is paid once."""
        if expr.size * STRETCHED <= prod(shape) and self.views.costs(expr):
            expr = self.stored(expr)
        return self.views.stretched(expr, shape)

    def inserted(self, expr: Expr, axes: Sequence[int], sizes: Sequence[int]) -> Expr:
        """New axes along which all is repeated; what it costs is paid once."""
        if prod(sizes) >= STRETCHED and self.views.costs(expr):
            expr = self.stored(expr)
        return self.views.inserted(expr, axes, sizes)

    # Entry by entry

    def common(self, *exprs: Expr) -> list[Expr]:
        """Arrays stretched to one shape, aligned at the last axes."""
        rank = max(len(expr.shape) for expr in exprs)
        shape = []
        for k in range(-rank, 0):
            here = [e.shape[k] for e in exprs if len(e.shape) >= -k]
            shape.append(next((n for n in here if n != 1), 1))
        return [self.stretched(expr, tuple(shape)) for expr in exprs]

    def entrywise(self, op: Op, *values: Expr | Windows) -> Expr | Windows:
        """An operation entry by entry; of arrays in windows it goes on in windows."""
        cut = next((v for v in values if isinstance(v, Windows)), None)
        if cut is not None:
            others = [v for v in values if v is not cut]
            if all(isinstance(v, Expr) or v.expr.shape == cut.expr.shape
                   for v in others):  # fmt: skip
                inside = [self._in_windows(v, cut) for v in values]
                if all(x is not None for x in inside):
                    nodes = tuple(x.node for x in inside if x is not None)
                    return Windows(Expr(intern(op, nodes), cut.expr.shape), cut.seen)
        return self.entries(op, *map(self.settled, values))

    def _in_windows(self, value: Expr | Windows, cut: Windows) -> Expr | None:
        if isinstance(value, Windows):
            return value.expr
        if len(value.shape) > len(cut.seen):
            return None
        full = self.stretched(value, cut.seen)
        return self.views.reshaped(full, cut.expr.shape)

    def entries(self, op: Op, *exprs: Expr) -> Expr:
        """An operation entry by entry, as an expression."""
        if not exprs:
            return Expr(intern(op, ()), (1,))
        full = self.common(*exprs)
        result = Expr(intern(op, tuple(e.node for e in full)), full[0].shape)
        return self.stored(result) if self.views.costs(result) > LONG else result

    def folded(
        self,
        value: Expr | Windows,
        axes: Sequence[int],
        fold: Fold,
        factor: float = 1.0,
    ) -> Expr:
        """What an array comes to over some axes, which go, times a factor."""
        expr = self.settled(value)
        axes = sorted(k % len(expr.shape) for k in axes)
        gone = [k for k in axes if expr.shape[k] == 1]
        if len(gone) == len(axes):
            left = self.views.dropped(expr, axes)
            one = factor == 1.0
            return left if one else self.entries(MUL, left, self.number(factor))
        key = expr.node, expr.shape, tuple(axes), fold, factor
        if key not in self._folds:
            kept = [k for k in range(len(expr.shape)) if k not in axes]
            result = self.new(
                tuple(expr.shape[k] for k in kept),
                [kept.index(k) for k in self._order(expr) if k in kept],
            )
            self._fold(expr, result, axes, fold, factor)
            self._folds[key] = result
        return self._folds[key]

    def _fold(
        self, expr: Expr, to: Expr, axes: Sequence[int], fold: Fold, factor: float
    ) -> None:
        """The loop of a fold; a sum of sums is one sum, and the first may be spared."""
        inner = self._whole.get(expr.node) if fold == "sum" else None
        if inner is not None and len(inner[0].shape) == len(expr.shape) + len(inner[1]):
            whole, gone, first = inner
            kept = [k for k in range(len(whole.shape)) if k not in gone]
            expr, factor = whole, factor * first
            axes = sorted([*gone, *(kept[k] for k in axes)])
        self.run(expr, self.where(to), axes, fold, factor)
        if fold == "sum":
            self._whole[to.node] = expr, list(axes), factor
