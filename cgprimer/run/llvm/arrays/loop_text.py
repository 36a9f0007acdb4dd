"""A loop over the entries of arrays as LLVM text: vectors along the best axis.

    Loop (shape, expressions, distances) ─▶ Nest ─▶ body of a function of %t and of one
                                                    pointer for each array

Axes that lie one behind the other in every array are one axis. The innermost loop runs
along the axis whose entries are neighbours; a last vector that is not full reads and
writes as many numbers as there are. Lengths and distances are in a table, %t, so that
layers of different sizes share one function: building it costs more than running it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from cgprimer.run.llvm.arrays.array_emitter import ArrayEmitter
from cgprimer.run.llvm.arrays.nest import Nest
from cgprimer.run.llvm.arrays.steps import Loop
from cgprimer.run.llvm.blocks import Whole
from cgprimer.run.llvm.lanes import NumberType

FIRST = {"sum": 0.0, "prod": 1.0, "max": -float("inf"), "min": float("inf")}


class WalkNames(NamedTuple):
    """An axis as a function sees it: names of the length and of distances, or 0."""

    size: Whole
    strides: tuple[Whole, ...]
    folded: bool


class LoopWriter:
    """Writes one loop; its function gets %p0, %p1, …: outputs, then leaves."""

    def __init__(self, loop: Loop, nest: Nest, real: NumberType) -> None:
        self.loop, self.width = loop, nest.width
        self.e = ArrayEmitter(nest.width, real)
        self.count = len(loop.outputs)
        self.known: dict[int, str] = {}
        self._told = 0
        self.walks = [
            WalkNames(
                self._tell(),
                tuple(self._tell() if s else 0 for s in walk.strides),
                walk.folded,
            )
            for walk in nest.walks
        ]
        self.lane: WalkNames | None = None
        self.rest, self.whole = nest.rest, False
        if nest.lane:
            self.whole = nest.lane.size >= nest.width
            size = self._tell()
            self.lane = WalkNames(
                size,
                tuple(s if s in (0, 1) else self._tell() for s in nest.lane.strides),
                nest.lane.folded,
            )

    def _tell(self) -> str:
        """The next number of the table."""
        self._told += 1
        return self.e.number("%t", self._told - 1, "i64")

    def write(self) -> ArrayEmitter:
        """The body."""
        base = [f"%p{k}" for k in range(self.count + len(self.loop.leaves))]
        outer = [walk for walk in self.walks if not walk.folded]
        self._outer(outer, base)
        return self.e

    def _remaining(self, walks: Sequence[WalkNames], k: int) -> bool:
        """Whether a leaf still moves in loops that are to come."""
        lanes = [self.lane] if self.lane else []
        return any(walk.strides[k] for walk in (*walks, *lanes))

    def _settle(self, inner: Sequence[WalkNames], base: Sequence[str]) -> list[int]:
        """Load what does not change any more; which leaves these are."""
        new = [
            k
            for k in range(self.count, len(base))
            if k not in self.known and not self._remaining(inner, k)
        ]
        for k in new:
            self.known[k] = self.e.splat(self.e.number(base[k], 0))
        return new

    def _at(self, walk: WalkNames, base: Sequence[str], index: str) -> list[str]:
        """Where all arrays are, so far along an axis."""
        e = self.e
        return [
            e.place(place, e.times(index, stride) if stride != 1 else index)
            if stride and k not in self.known
            else place
            for k, (place, stride) in enumerate(zip(base, walk.strides, strict=True))
        ]

    def _outer(self, walks: Sequence[WalkNames], base: list[str]) -> None:
        """Loops over axes that are kept."""
        inner = [walk for walk in self.walks if walk.folded]
        new = self._settle((*walks, *inner), base)
        if walks:
            first = walks[0]
            self.e.each(
                0, first.size, 1,
                lambda i: self._outer(walks[1:], self._at(first, base, i)),
            )  # fmt: skip
        elif self.lane is None or not self.lane.folded:
            self._blocks(base, lambda at, lanes: self._entry(inner, at, lanes))
        else:
            e, fold = self.e, self.loop.fold
            total = self._folded(inner, base, e.const(FIRST[fold]), 0)
            number = e.over_lanes(fold, total)
            with e.scalar():
                e.put(self._scaled(number), base[0])
        for k in new:
            del self.known[k]

    def _blocks(self, base: list[str], body: Callable[[list[str], int], None]) -> None:
        """Whole vectors along the lane, then the rest."""
        if self.lane is None:
            body(base, 1)
            return
        lane, width = self.lane, self.width
        if self.whole:
            self.e.each(
                0, lane.size, width, lambda i: body(self._at(lane, base, i), width)
            )
        if self.rest:
            body(self._behind(base), self.rest)

    def _behind(self, base: list[str]) -> list[str]:
        """Where the arrays are behind the whole vectors."""
        assert self.lane is not None
        return self._at(self.lane, base, str(self.lane.size)) if self.whole else base

    def _entry(self, inner: Sequence[WalkNames], base: list[str], lanes: int) -> None:
        """One vector of results."""
        e, fold = self.e, self.loop.fold
        if fold:
            total = self._folded(inner, base, e.const(FIRST[fold]), lanes)
            values = [self._scaled(total)]
        else:
            values = self._values(base, lanes)
        for k, value in enumerate(values):
            stride = self.lane.strides[k] if self.lane else 1
            e.store_lanes(value, base[k], lanes, stride)

    def _scaled(self, total: str) -> str:
        factor = self.loop.factor
        return total if factor == 1.0 else self.e.mul(total, factor)

    def _values(self, base: Sequence[str], lanes: int) -> list[str]:
        """The expressions at one vector of entries."""
        e = self.e
        found = dict(self.known)
        for k in range(self.count, len(base)):
            if k not in found:
                stride = self.lane.strides[k] if self.lane else 1
                found[k] = e.load_lanes(base[k], lanes, stride)
        names = {
            node: found[self.count + k] for k, (node, _) in enumerate(self.loop.leaves)
        }
        return e.emit([output.root for output in self.loop.outputs], names)

    def _folded(
        self, walks: Sequence[WalkNames], base: list[str], total: str, lanes: int
    ) -> str:
        """Loops over axes that are folded; `lanes` is 0 where the lane is one."""
        e = self.e
        new = self._settle(walks, base)
        if walks:
            first = walks[0]
            [total] = e.loop(
                0, first.size, 1,
                lambda i, c: [
                    self._folded(walks[1:], self._at(first, base, i), c[0], lanes)
                ],
                [(e.type, total)],
            )  # fmt: skip
        elif lanes:
            total = self._joined(base, total, lanes)
        else:
            total = self._along(base, total)
        for k in new:
            del self.known[k]
        return total

    def _joined(self, base: Sequence[str], total: str, lanes: int) -> str:
        [value] = self._values(base, lanes)
        return self.e.joined(self.loop.fold, total, value)

    def _along(self, base: list[str], total: str) -> str:
        """Fold along the lane."""
        e, lane, width = self.e, self.lane, self.width
        assert lane is not None
        if self.whole:
            [total] = e.loop(
                0, lane.size, width,
                lambda i, c: [self._joined(self._at(lane, base, i), c[0], width)],
                [(e.type, total)],
            )  # fmt: skip
        if rest := self.rest:
            [value] = self._values(self._behind(base), rest)
            kinds = [f"i1 {str(k < rest).lower()}" for k in range(width)]
            mask = f"<{', '.join(kinds)}>"
            value = e.select(mask, value, e.const(FIRST[self.loop.fold]))
            total = e.joined(self.loop.fold, total, value)
        return total


def loop_text(loop: Loop, nest: Nest, real: NumberType) -> ArrayEmitter:
    """The body of the function of a loop."""
    return LoopWriter(loop, nest, real).write()
