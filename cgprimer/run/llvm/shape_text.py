"""One forward and one reverse function per shape of equation.

    Body (an expression over slots) ─▶ `forward`, `reverse` ─▶ functions of a group

`run.llvm.machine` has them compiled; `group_writer` says what a group is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from cgprimer.diff.sweep import partials
from cgprimer.expr.node import Node
from cgprimer.expr.ops import OPS, name
from cgprimer.expr.tidy import tidy
from cgprimer.graph.slots import VARIABLE, slot_kind
from cgprimer.run.llvm.group_writer import GroupWriter
from cgprimer.run.llvm.module import FunctionText

ADJOINT = name("adjoint")


class Body(Protocol):
    """What is compiled: an expression over slots, with its derivatives.

    Slots for variables hold rows of values, others parameters and constants.
    """

    @property
    def slots(self) -> tuple[str, ...]: ...

    @property
    def stable(self) -> Node: ...


@dataclass(frozen=True)
class Fragment:
    """A body that is no equation of the author's: part of one, or a loss.

    slopes : its derivatives by the slots in its columns, where they are given.
    """

    stable: Node
    slots: tuple[str, ...]
    slopes: tuple[Node, ...] | None = None


def shares(shape: Body, columns: Sequence[int]) -> list[Node]:
    """What slots get of an adjoint, in terms of the slots, the body and ADJOINT."""
    if isinstance(shape, Fragment) and shape.slopes is not None:
        return [tidy(OPS["mul"], ADJOINT, slope) for slope in shape.slopes]
    names = [name(shape.slots[i]) for i in columns]
    return list(partials(shape.stable, names, ADJOINT).values())


class _ShapeWriter(GroupWriter):
    """A function over equations of one shape, which knows where their slots are."""

    def __init__(
        self, shape: Body, width: int, across: bool, *, contract: bool = False
    ) -> None:
        super().__init__(width, contract=contract)
        self.shape, self.across = shape, across
        self.names = [name(slot) for slot in shape.slots]
        self.is_row = [slot_kind(slot) is VARIABLE for slot in shape.slots]
        self.tables = [
            self.place(self.group.slots, self.times(self.group.width, k), "i32")
            for k in range(len(shape.slots))
        ]

    def index(self, slot: int, k: str) -> str:
        """The row or number in a slot of equation `k`."""
        return self.wide(self.tables[slot], k)

    def indices(self, slot: int, k: str) -> str:
        """Those of the equations from `k` on, one per lane."""
        if self.width == 1:
            return self.index(slot, k)
        place = self.place(self.tables[slot], k, "i32")
        return self.new(f"load {self.vector('i32')}, ptr {place}, align 4")

    def gather_slots(self, k: str) -> dict[Node, str]:
        """What is in the slots of the equations from `k` on, an equation a lane."""
        return {
            node: self.gather_lanes(
                self.work.values if self.is_row[i] else self.work.numbers,
                self.indices(i, k),
            )
            for i, node in enumerate(self.names)
        }

    def starts(self, k: str) -> list[str]:
        """For each slot of equation `k` where its row begins, or its number."""
        return [
            self.row(self.work.values, self.index(i, k))
            if is_row
            else self.splat(self.number(self.work.numbers, self.index(i, k)))
            for i, is_row in enumerate(self.is_row)
        ]

    def read(self, starts: Sequence[str], j: str) -> dict[Node, str]:
        """What is in the slots at the samples from `j` on."""
        return {
            node: self.load(start, j) if is_row else start
            for node, start, is_row in zip(self.names, starts, self.is_row, strict=True)
        }

    def walk(
        self, vector: Callable[[str], None], equation: Callable[[str], None]
    ) -> None:
        """Go through the equations: in vectors of them, or one by one."""
        step = self.width if self.across else 1
        self.each(0, self.group.count, step, vector if self.across else equation)


def forward(shape: Body, width: int, across: bool, title: str) -> FunctionText:
    """The function that computes what equations of a shape define."""
    e = _ShapeWriter(shape, width, across)

    def vector(k: str) -> None:
        [value] = e.emit([shape.stable], e.gather_slots(k))
        e.store(value, e.work.values, e.plus(e.group.first, k))

    def equation(k: str) -> None:
        starts, out = e.starts(k), e.row(e.work.values, e.plus(e.group.first, k))

        def samples(j: str) -> None:
            [value] = e.emit([shape.stable], e.read(starts, j))
            e.store(value, out, j)

        e.each(0, e.work.lanes, width, samples)

    e.walk(vector, equation)
    return e.function(title)


def reverse(
    shape: Body, columns: Sequence[int], width: int, across: bool, title: str
) -> FunctionText:
    """The function that passes adjoints back to the slots in `columns`."""
    e = _ReverseWriter(shape, columns, width, across)
    e.walk(e.equations_as_lanes, e.samples_as_lanes)
    return e.function(title)


class _ReverseWriter(_ShapeWriter):
    """The way back through equations of one shape."""

    # For p0*x1 with both columns, `roots` are adjoint*x1 and adjoint*p0; they go to
    #
    #     samples as lanes, for each equation k      equations as lanes, one sample
    #     p0   gradient[i] += Σ over samples         gradient[i] += lane, one by one
    #     x1   adjoints[row i] += vector of samples  adjoints[i] += lane, one by one
    #
    # where i is what fills the slot in equation k, or in that of the lane.

    def __init__(
        self, shape: Body, columns: Sequence[int], width: int, across: bool
    ) -> None:
        super().__init__(shape, width, across, contract=True)
        self.columns, self.roots = columns, shares(shape, columns)
        self.bases = {
            i: self.work.adjoints if self.is_row[i] else self.work.gradient
            for i in columns
        }
        # Before the loop: in it, every round would take more of the stack.
        if across and width > 1 and columns:
            self.buffer = self.room(width * len(columns))

    def equations_as_lanes(self, k: str) -> None:
        """Pass back the adjoints of the equations from `k` on, for one sample."""
        first = self.plus(self.group.first, k)
        known = self.gather_slots(k)
        known[ADJOINT] = self.load(self.work.adjoints, first)
        known[self.shape.stable] = self.load(self.work.values, first)
        values = self.emit(self.roots, known)
        if self.width > 1:
            self._add_lanes(k, values)
            return
        for (i, base), value in zip(self.bases.items(), values, strict=True):
            self.add_to(self.place(base, self.index(i, k)), value)

    def _add_lanes(self, k: str, values: Sequence[str]) -> None:
        """Add a vector of shares for each column to where each lane belongs."""
        # Two of these equations may have a parameter or a variable in common, and a
        # vector that is added to eight places at once would lose one of two shares. So
        # the shares are put into memory and added lane by lane; in `left` the lanes
        # behind the last equation are not among them.
        buffers = [
            self.place(self.buffer, n * self.width) for n in range(len(self.columns))
        ]
        for value, buffer in zip(values, buffers, strict=True):
            self.store(value, buffer, 0)
        left = self.smaller(self.minus(self.group.count, k), str(self.width))

        def lane(n: str) -> None:
            for (i, base), buffer in zip(self.bases.items(), buffers, strict=True):
                place = self.place(base, self.index(i, self.plus(k, n)))
                with self.scalar():
                    self.add_to(place, self.number(buffer, n))

        self.each(0, left, 1, lane)

    def samples_as_lanes(self, k: str) -> None:
        """Pass back the adjoint of equation `k`, for all samples."""
        starts, own = self.starts(k), self.plus(self.group.first, k)
        result = self.row(self.work.values, own)
        arriving = self.row(self.work.adjoints, own)
        to = {
            i: self.row(self.work.adjoints, self.index(i, k))
            for i in self.columns
            if self.is_row[i]
        }
        numbers = [i for i in self.columns if i not in to]

        def samples(j: str, sums: list[str]) -> list[str]:
            known = self.read(starts, j)
            known[ADJOINT] = self.load(arriving, j)
            # The value of the body is there already, so `1 - tanh(x0)^2` costs no
            # second tanh.
            known[self.shape.stable] = self.load(result, j)
            values = dict(zip(self.columns, self.emit(self.roots, known), strict=True))
            for i, row in to.items():
                self.add_to(self.place(row, j), values[i])
            # Lanes behind the last sample hold what padding yields, nan too. In rows it
            # stays in its lanes and nobody reads it; in a sum over lanes it would not.
            mask = self.lanes_below(j, self.work.samples)
            counted = [self.keep_lanes(mask, values[i]) for i in numbers]
            return list(map(self.add, sums, counted))

        start = [(self.type, self.const(0.0))] * len(numbers)
        totals = self.loop(0, self.work.lanes, self.width, samples, start)
        for i, total in zip(numbers, totals, strict=True):
            summed = self.lane_sum(total)
            with self.scalar():
                self.add_to(self.place(self.work.gradient, self.index(i, k)), summed)
