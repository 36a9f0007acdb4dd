"""One forward and one reverse function per shape of equation.

Both work on a group of equations that have the shape:

    forward(group, work)    values of what the equations define
    reverse(group, work)    adjoints of what they use, gradients of their parameters

A record of 64-bit fields describes the group and another one what is being worked on;
`GroupField` and `Work` number the fields. Lanes are samples, or where there is but one
sample, equations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from cgprimer.diff.sweep import partials
from cgprimer.expr.node import Node
from cgprimer.expr.ops import OPS, name
from cgprimer.expr.tidy import tidy
from cgprimer.graph.slots import VARIABLE, slot_kind
from cgprimer.run.llvm.emit import Emitter
from cgprimer.run.llvm.vector_math import definitions

ADJOINT = name("adjoint")
INLINE = 6  # calls of functions in a kernel, up to which they are written out in place


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


class GroupField(IntEnum):
    """Fields of the record of a group.

    COUNT : its equations. FIRST : the row of the first variable that they define.
    SLOTS : for each slot the rows or numbers that fill it, i32, WIDTH apart.
    CODE : of a tape or a dense product, its own record.
    """

    COUNT = 0
    FIRST = 1
    SLOTS = 2
    WIDTH = 3
    CODE = 4
    FORWARD = 5
    REVERSE = 6


class Work(IntEnum):
    """Fields of the record of what is being worked on.

    VALUES, ADJOINTS : rows of variables, STRIDE apart. NUMBERS : parameters, then
    constants. GRADIENT : as parameters. LANES : samples in whole vectors, of which
    SAMPLES count. SCRATCH : room for registers.
    """

    VALUES = 0
    NUMBERS = 1
    ADJOINTS = 2
    GRADIENT = 3
    LANES = 4
    SAMPLES = 5
    STRIDE = 6
    SCRATCH = 7


FIELDS = 16  # of either record


def module(functions: Sequence[tuple[str, Emitter]]) -> str:
    """The module of several functions of a group and the work."""
    needed: set[str] = set()
    declared: set[str] = set()
    for _, e in functions:
        needed |= e.functions
        declared |= e.declared
    # Written out in place, each call adds the whole function to what is to be built.
    calls = max(sum(" @v_" in line for line in e.lines) for _, e in functions)
    width = functions[0][1].width
    math = definitions(sorted(needed), width, inline=calls <= INLINE)
    own = [f"declare {text}" for text in sorted(declared) if text not in math]
    bodies = [
        "\n".join([f"define void @{title}(ptr %group, ptr %work) {{", *e.lines, "}"])
        for title, e in functions
    ]
    return "\n\n".join(["\n".join(own), math, *bodies, ""])


class _Slots:
    """Where the slots of an equation, or of a vector of equations, are."""

    def __init__(self, e: Emitter, slots: Sequence[str], across: bool) -> None:
        self.e, self.slots, self.across = e, slots, across
        self.count = e.field("%group", GroupField.COUNT, "i64")
        self.first = e.field("%group", GroupField.FIRST, "i64")
        table = e.field("%group", GroupField.SLOTS, "ptr")
        width = e.field("%group", GroupField.WIDTH, "i64")
        self.tables = [
            e.place(table, e.times(width, k), "i32") for k in range(len(slots))
        ]
        self.values = e.field("%work", Work.VALUES, "ptr")
        self.numbers = e.field("%work", Work.NUMBERS, "ptr")
        self.stride = e.field("%work", Work.STRIDE, "i64")
        self.lanes = e.field("%work", Work.LANES, "i64")
        self.samples = e.field("%work", Work.SAMPLES, "i64")

    def index(self, slot: int, k: str) -> str:
        """The row or number in a slot of equation `k`."""
        short = self.e.number(self.tables[slot], k, "i32")
        return self.e.new(f"sext i32 {short} to i64")

    def indices(self, slot: int, k: str) -> str:
        """Those of the equations from `k` on, one per lane."""
        if self.e.width == 1:
            return self.index(slot, k)
        place = self.e.place(self.tables[slot], k, "i32")
        return self.e.new(f"load <{self.e.width} x i32>, ptr {place}, align 4")

    def row(self, base: str, number: str) -> str:
        """Where a row begins."""
        return self.e.place(base, self.e.times(number, self.stride))


def forward(shape: Body, width: int, across: bool, title: str) -> tuple[str, Emitter]:
    """The function that computes what equations of a shape define."""
    e = Emitter(width)
    at = _Slots(e, shape.slots, across)
    names = [name(slot) for slot in shape.slots]

    def vector(k: str, _: list[str]) -> list[str]:
        known = {
            node: e.gather_lanes(_base(at, slot), at.indices(i, k))
            for i, (node, slot) in enumerate(zip(names, shape.slots, strict=True))
        }
        [value] = e.emit([shape.stable], known)
        e.store(value, at.values, e.plus(at.first, k))
        return []

    def equation(k: str, _: list[str]) -> list[str]:
        read = _readers(e, at, k)
        out = at.row(at.values, e.plus(at.first, k))

        def samples(j: str, _: list[str]) -> list[str]:
            known = {node: get(j) for node, get in zip(names, read, strict=True)}
            [value] = e.emit([shape.stable], known)
            e.store(value, out, j)
            return []

        e.loop(0, at.lanes, width, samples)
        return []

    e.loop(0, at.count, width if across else 1, vector if across else equation)
    e.do("ret void")
    return title, e


def _base(at: _Slots, slot: str) -> str:
    return at.values if slot_kind(slot) is VARIABLE else at.numbers


def _readers(e: Emitter, at: _Slots, k: str) -> list[Callable[[str], str]]:
    """For each slot of equation `k` a function that loads samples from j on."""

    def reader(i: int, slot: str) -> Callable[[str], str]:
        index = at.index(i, k)
        if slot_kind(slot) is VARIABLE:
            row = at.row(at.values, index)
            return lambda j: e.load(row, j)
        number = e.splat(e.number(at.numbers, index))
        return lambda j: number

    return [reader(i, slot) for i, slot in enumerate(at.slots)]


def shares(shape: Body, columns: Sequence[int]) -> list[Node]:
    """What slots get of an adjoint, in terms of the slots, the body and ADJOINT."""
    if isinstance(shape, Fragment) and shape.slopes is not None:
        return [tidy(OPS["mul"], ADJOINT, slope) for slope in shape.slopes]
    names = [name(shape.slots[i]) for i in columns]
    return list(partials(shape.stable, names, ADJOINT).values())


def reverse(
    shape: Body, columns: Sequence[int], width: int, across: bool, title: str
) -> tuple[str, Emitter]:
    """The function that passes adjoints back to the slots in `columns`."""
    e = Emitter(width, contract=True)
    at = _Slots(e, shape.slots, across)
    adjoints = e.field("%work", Work.ADJOINTS, "ptr")
    gradient = e.field("%work", Work.GRADIENT, "ptr")
    names, roots = [name(slot) for slot in shape.slots], shares(shape, columns)
    # For p0*x1 with both columns, `roots` are adjoint*x1 and adjoint*p0; they go to
    #
    #     samples as lanes, for each equation k      equations as lanes, one sample
    #     p0   gradient[i] += Σ over samples         gradient[i] += lane, one by one
    #     x1   adjoints[row i] += vector of samples  adjoints[i] += lane, one by one
    #
    # where i is what fills the slot in equation k, or in that of the lane.
    kinds = [slot_kind(shape.slots[i]) for i in columns]
    bases = [adjoints if kind is VARIABLE else gradient for kind in kinds]

    def vector(k: str, _: list[str]) -> list[str]:
        first = e.plus(at.first, k)
        known = {
            node: e.gather_lanes(_base(at, slot), at.indices(i, k))
            for i, (node, slot) in enumerate(zip(names, shape.slots, strict=True))
        }
        known[ADJOINT] = e.load(adjoints, first)
        known[shape.stable] = e.load(at.values, first)
        values = e.emit(roots, known)
        if width == 1:
            for i, base, value in zip(columns, bases, values, strict=True):
                e.add_to(e.place(base, at.index(i, k)), value)
            return []
        # Two of these equations may have a parameter or a variable in common, and a
        # vector that is added to eight places at once would lose one of two shares. So
        # the shares are put into memory and added lane by lane; in `left` the lanes
        # behind the last equation are not among them.
        buffers = [e.place(room, n * width) for n in range(len(columns))]
        for value, buffer in zip(values, buffers, strict=True):
            e.store(value, buffer, 0)
        left = e.smaller(e.minus(at.count, k), str(width))

        def lane(n: str, _: list[str]) -> list[str]:
            for i, base, buffer in zip(columns, bases, buffers, strict=True):
                place = e.place(base, at.index(i, e.plus(k, n)))
                with e.scalar():
                    e.add_to(place, e.number(buffer, n))
            return []

        e.loop(0, left, 1, lane)
        return []

    def equation(k: str, _: list[str]) -> list[str]:
        read = _readers(e, at, k)
        own = e.plus(at.first, k)
        result, arriving = at.row(at.values, own), at.row(adjoints, own)
        to = {
            i: at.row(adjoints, at.index(i, k))
            for i, kind in zip(columns, kinds, strict=True)
            if kind is VARIABLE
        }

        def samples(j: str, sums: list[str]) -> list[str]:
            known = {node: get(j) for node, get in zip(names, read, strict=True)}
            known[ADJOINT] = e.load(arriving, j)
            # The value of the body is there already, so `1 - tanh(x0)^2` costs no
            # second tanh.
            known[shape.stable] = e.load(result, j)
            values = dict(zip(columns, e.emit(roots, known), strict=True))
            for i, row in to.items():
                e.add_to(e.place(row, j), values[i])
            # Lanes behind the last sample hold what padding yields, nan too. In rows it
            # stays in its lanes and nobody reads it; in a sum over lanes it would not.
            mask = e.lanes_below(j, at.samples)
            own = [e.masked(mask, values[i]) for i in columns if i not in to]
            return list(map(e.fadd, sums, own))

        numbers = [i for i in columns if i not in to]
        start = [(e.type, e.const(0.0))] * len(numbers)
        totals = e.loop(0, at.lanes, width, samples, start)
        for i, total in zip(numbers, totals, strict=True):
            summed = e.lane_sum(total)
            with e.scalar():
                e.add_to(e.place(gradient, at.index(i, k)), summed)
        return []

    # Before the loop: in it, every round would take more of the stack.
    if across and width > 1 and columns:
        room = e.new(f"alloca double, i64 {width * len(columns)}, align 64")
    e.loop(0, at.count, width if across else 1, vector if across else equation)
    e.do("ret void")
    return title, e
