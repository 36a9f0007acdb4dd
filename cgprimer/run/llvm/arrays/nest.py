"""The axes of a loop: which lie one behind the other, and along which vectors lie.

Loop ─ nest_of ─▶ Nest ─ signature ─▶ what tells the functions of loops apart
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cgprimer.expr.node import Node, postorder
from cgprimer.run.llvm.arrays.registers import registers
from cgprimer.run.llvm.arrays.steps import Loop
from cgprimer.run.llvm.lanes import NumberType


class Walk(NamedTuple):
    """An axis of a loop: its length, and the distance along it in each array.

    Both are numbers, and names where a function has them from its table.
    """

    size: int
    strides: tuple[int, ...]
    folded: bool


class Nest(NamedTuple):
    """The axes of a loop: those around, and the one along which vectors lie, if any."""

    walks: list[Walk]
    lane: Walk | None
    width: int

    @property
    def rest(self) -> int:
        """Entries along the lane behind whole vectors."""
        return self.lane.size % self.width if self.lane else 0

    @property
    def table(self) -> list[int]:
        """What the function is told: lengths and distances that are not 0."""
        numbers = []
        for walk in self.walks:
            numbers += [walk.size, *(s for s in walk.strides if s)]
        if self.lane:
            whole = self.lane.size - self.rest
            numbers += [whole, *(s for s in self.lane.strides if s not in (0, 1))]
        return numbers

    @property
    def pattern(self) -> tuple[object, ...]:
        """What the function's text depends on."""
        around = tuple((w.folded, tuple(map(bool, w.strides))) for w in self.walks)
        if self.lane is None:
            return around, self.width
        kinds = tuple(s if s in (0, 1) else 2 for s in self.lane.strides)
        whole = self.lane.size >= self.width
        return around, self.width, self.rest, whole, self.lane.folded, kinds


def nest_of(loop: Loop, real: NumberType) -> Nest:
    """The axes of a loop, and how wide its vectors are."""
    walks = loop_axes(loop)
    if not walks:
        return Nest([], None, 1)
    most = registers().bytes // real.bytes
    lane = walks.pop(vector_axis(walks, most))
    return Nest(walks, lane, width_of(lane.size, most))


def signature(loop: Loop, nest: Nest) -> tuple[object, ...]:
    """What tells the functions of loops apart."""
    number = {node: k for k, (node, _) in enumerate(loop.leaves)}
    rows: dict[Node, int] = {}
    text: list[tuple[object, ...]] = []
    for node in postorder([output.root for output in loop.outputs]):
        rows[node] = len(rows)
        value = number.get(node, node.value)
        shown = value.hex() if isinstance(value, float) else value
        text.append((node.op, shown, *(rows[arg] for arg in node.args)))
    roots = tuple(rows[output.root] for output in loop.outputs)
    return nest.pattern, tuple(text), roots, loop.fold, loop.factor


def loop_axes(loop: Loop) -> list[Walk]:
    """The axes of a loop, joined where all arrays allow it, the longest steps first.

    The distances are those of the outputs, then those of the leaves.
    """
    kept = [k for k in range(len(loop.shape)) if k not in loop.reduced]
    columns = []
    for output in loop.outputs:
        own = dict(zip(kept, output.to.strides, strict=True))
        columns.append([own.get(k, 0) for k in range(len(loop.shape))])
    columns += [list(leaf.strides) for leaf in loop.reads]
    walks = [
        Walk(size, tuple(column[k] for column in columns), k in loop.reduced)
        for k, size in enumerate(loop.shape)
        if size != 1
    ]
    first = len(loop.outputs) if loop.fold else 0
    walks.sort(key=lambda walk: -max(map(abs, walk.strides[first:]), default=0))
    walks.sort(key=lambda walk: walk.folded)
    joined: list[Walk] = []
    for walk in walks:
        if joined and _joins(joined[-1], walk):
            joined[-1] = walk._replace(size=joined[-1].size * walk.size)
        else:
            joined.append(walk)
    return joined


def _joins(outer: Walk, inner: Walk) -> bool:
    return outer.folded == inner.folded and all(
        s == t * inner.size for s, t in zip(outer.strides, inner.strides, strict=True)
    )


def vector_axis(walks: Sequence[Walk], most: int) -> int:
    """The axis along which vectors cost least for an entry."""

    def cost(k: int) -> tuple[float, int]:
        walk = walks[k]
        width = width_of(walk.size, most)
        apart = sum(s not in (0, 1) for s in walk.strides)
        rounds = -(-walk.size // width)
        return (1 + apart * width / 2) * rounds / walk.size, -k

    return min(range(len(walks)), key=cost)


def width_of(size: int, most: int) -> int:
    """The lanes of vectors along an axis."""
    width = 1
    while width < size and width < most:
        width *= 2
    return width
