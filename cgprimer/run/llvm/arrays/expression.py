"""Arrays as the engine sees them: expressions over numbers that lie in memory.

    Leaf    where an entry of an array lies: buffer, offset, a distance per axis
    Expr    an expression over such leaves, entry by entry, and its shape
    Views   leaves as names; the same entries seen in another order, or repeated

The last axis of every shape is that of samples, of length 1 where an array has none. An
axis that is stretched has the distance 0, so broadcasting, transposing, slicing and
reshaping move no number: they change the distances of all leaves below an expression.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import prod
from typing import NamedTuple

from cgprimer.expr.node import Node, postorder, substitute
from cgprimer.expr.ops import CONST, NAME, Op, name

Shape = tuple[int, ...]


class Leaf(NamedTuple):
    """Where the entries of an array lie: at offset + Σ index·stride of a buffer."""

    buffer: int
    offset: int
    strides: Shape


class Expr(NamedTuple):
    """An array: an expression over names of leaves, all of this shape."""

    node: Node
    shape: Shape

    @property
    def size(self) -> int:
        """How many entries it has."""
        return prod(self.shape)


class Windows(NamedTuple):
    """An array that is computed with its rows and columns cut into windows.

    seen : its shape without windows. Operations entry by entry go on in windows, so
    that it is stored once, at the end.
    """

    expr: Expr
    seen: Shape


def _selected(c: float, a: float, b: float) -> float:
    return a if c else b


# Operations of kernels that the scalar table lacks; `loop_emitter` writes them.
CHOOSE = Op("choose", _selected, ("0", "0", "0"))
EQUAL, LESS, AT_MOST = (Op(n, float, ("0", "0")) for n in ("equal", "less", "at_most"))
CHEAP = frozenset(
    [
        "name",
        "const",
        "add",
        "sub",
        "mul",
        "neg",
        "abs",
        "relu",
        "step",
        "sign",
        "max",
        "min",
        "choose",
        "equal",
        "less",
    ]
)
"""Operations that cost about as much as reading a number."""


def contiguous(shape: Sequence[int]) -> Shape:
    """The distances of an array whose entries lie one after another.

    >>> contiguous((3, 4, 1))
    (4, 1, 1)
    """
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return tuple(reversed(strides))


class Views:
    """Leaves by the names that stand for them in expressions."""

    def __init__(self) -> None:
        self.of: dict[Node, Leaf] = {}

    def stored(self, leaf: Leaf, shape: Shape) -> Expr:
        """The array at a leaf."""
        # An axis of length 1 is never walked along; without its distance, equal leaves
        # have equal names.
        strides = tuple(
            0 if n == 1 else s for s, n in zip(leaf.strides, shape, strict=True)
        )
        leaf = leaf._replace(strides=strides)
        node = name(f"{leaf.buffer}+{leaf.offset}:{','.join(map(str, strides))}")
        self.of[node] = leaf
        return Expr(node, shape)

    def leaves(self, expr: Expr) -> list[Node]:
        """The leaves of an expression, each once."""
        return [node for node in postorder([expr.node]) if node.op is NAME]

    def leaf(self, expr: Expr) -> Leaf | None:
        """Where an array lies; None of one that is still to be computed."""
        return self.of[expr.node] if expr.node.op is NAME else None

    def costs(self, expr: Expr) -> int:
        """Roughly what an entry costs: operations, functions tenfold."""
        order = postorder([expr.node])
        return sum(
            (1 if n.op.name in CHEAP else 10)
            for n in order
            if n.op not in (NAME, CONST)
        )

    def moved(
        self, expr: Expr, shape: Shape, change: Callable[[Leaf], Leaf | None]
    ) -> Expr | None:
        """The expression with all its leaves changed; None where one cannot be."""
        by = {}
        for node in self.leaves(expr):
            leaf = change(self.of[node])
            if leaf is None:
                return None
            by[node] = self.stored(leaf, shape).node
        return Expr(substitute([expr.node], by)[0], shape)

    def restrided(
        self, expr: Expr, shape: Shape, change: Callable[[Shape], Sequence[int]]
    ) -> Expr:
        """The expression over leaves with other distances."""
        moved = self.moved(
            expr, shape, lambda leaf: leaf._replace(strides=tuple(change(leaf.strides)))
        )
        assert moved is not None
        return moved

    def permuted(self, expr: Expr, axes: Sequence[int]) -> Expr:
        """Axes in another order, that of samples included."""
        shape = tuple(expr.shape[k] for k in axes)
        return self.restrided(expr, shape, lambda s: [s[k] for k in axes])

    def stretched(self, expr: Expr, shape: Shape) -> Expr:
        """Axes of 1 repeated, and new ones in front, up to this shape."""
        if expr.shape == shape:
            return expr
        lead = len(shape) - len(expr.shape)
        one = [n == 1 for n in expr.shape]

        def change(strides: Shape) -> Sequence[int]:
            own = (0 if single else s for s, single in zip(strides, one, strict=True))
            return [*[0] * lead, *own]

        return self.restrided(expr, shape, change)

    def inserted(self, expr: Expr, axes: Sequence[int], sizes: Sequence[int]) -> Expr:
        """New axes at these places of the result, along which all is repeated."""

        def place(old: Shape, new: Sequence[int]) -> Shape:
            result = list(old)
            for axis, item in sorted(zip(axes, new, strict=True)):
                result.insert(axis, item)
            return tuple(result)

        zeros = [0] * len(axes)
        return self.restrided(expr, place(expr.shape, sizes), lambda s: place(s, zeros))

    def dropped(self, expr: Expr, axes: Sequence[int]) -> Expr:
        """The first entry along these axes."""
        kept = [k for k in range(len(expr.shape)) if k not in axes]
        shape = tuple(expr.shape[k] for k in kept)
        return self.restrided(expr, shape, lambda s: [s[k] for k in kept])

    def sliced(self, expr: Expr, slices: Sequence[range]) -> Expr:
        """Every entry whose indices lie in these ranges, one per axis."""
        shape = tuple(map(len, slices))

        def change(leaf: Leaf) -> Leaf:
            both = list(zip(leaf.strides, slices, strict=True))
            return leaf._replace(
                offset=leaf.offset + sum(s * r.start for s, r in both if len(r)),
                strides=tuple(s * r.step for s, r in both),
            )

        result = self.moved(expr, shape, change)
        assert result is not None
        return result

    def windows(
        self, expr: Expr, axes: tuple[int, int], size: Shape, stride: Shape, out: Shape
    ) -> Expr:
        """Each of two axes as two: which window, and where in it."""
        shape = list(expr.shape)
        i, j = axes
        shape[i : j + 1] = [out[0], size[0], out[1], size[1]]

        def change(strides: Shape) -> Sequence[int]:
            new = list(strides)
            new[i : j + 1] = [
                strides[i] * stride[0], strides[i], strides[j] * stride[1], strides[j],
            ]  # fmt: skip
            return new

        return self.restrided(expr, tuple(shape), change)

    def reshaped(self, expr: Expr, shape: Shape) -> Expr | None:
        """Other axes over the same entries; None where distances do not allow it."""

        def change(leaf: Leaf) -> Leaf | None:
            strides = reshaped_strides(expr.shape, leaf.strides, shape)
            return None if strides is None else leaf._replace(strides=strides)

        return self.moved(expr, shape, change)


def reshaped_strides(old: Shape, strides: Shape, new: Shape) -> Shape | None:
    """Distances of an array of other axes; None where they are none.

    Axes are taken in groups of as many entries before as after:

    >>> reshaped_strides((4, 6), (6, 1), (2, 12))
    (12, 1)
    >>> reshaped_strides((4, 6), (1, 4), (24,)) is None
    True
    """
    kept = [(n, s) for n, s in zip(old, strides, strict=True) if n != 1]
    result: list[int] = []
    k = 0
    group: list[int] = []
    for n in new:
        group.append(n)
        want = prod(group)
        have, first = 1, k
        last = first
        while have < want and last < len(kept):
            have *= kept[last][0]
            last += 1
        if have != want:
            continue
        taken = kept[first:last]
        for (_, s), (m, t) in pairwise(taken):
            if s != m * t:
                return None
        step = taken[-1][1] if taken else 0
        own = []
        for m in reversed(group):
            own.append(step)
            step *= m
        result += reversed(own)
        group, k = [], last
    return None if group else tuple(result)
