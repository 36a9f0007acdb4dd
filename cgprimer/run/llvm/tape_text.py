"""The interpreter of tapes: machine code that knows no graph, so it is built once.

    record of a group, whose `code` is that of a tape ─▶ `forward`, `reverse`

For each instruction, 8 samples at a time, one of the operations in `tape.CODED`, or a
`tape.Move`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from cgprimer.expr.ops import Op, name
from cgprimer.run.llvm.group_writer import GroupWriter
from cgprimer.run.llvm.jit import MachineCode, compile_text
from cgprimer.run.llvm.lanes import LANES
from cgprimer.run.llvm.module import FunctionText, module_text
from cgprimer.run.llvm.tape import CODED, Move, TapeRecord

_OPERANDS = name("a"), name("b")


@functools.cache
def interpreter() -> MachineCode:
    """The code of the interpreter, with `forward` and `reverse`."""
    return compile_text(tape_text())


def tape_text() -> str:
    """`forward` and `reverse` of groups whose code is the record of a tape."""
    arguments = (
        "ptr %group, ptr %work, ptr %code, i64 %length, ptr %constants, i64 %k, i64 %j"
    )
    interpret = FunctionText("interpret", _Interpreter(), arguments, internal=True)
    return module_text([_walk("forward"), _walk("reverse"), interpret])


def _walk(title: str) -> FunctionText:
    """Interpret a tape for every equation and every 8 samples."""
    e = GroupWriter(LANES)
    tape = e.record(e.group.code, TapeRecord)
    code, length = tape[:2] if title == "forward" else tape[2:4]
    given = f"ptr %group, ptr %work, ptr {code}, i64 {length}, ptr {tape.constants}"

    def equation(k: str) -> None:
        def vector(j: str) -> None:
            e.do(f"call void @interpret({given}, i64 {k}, i64 {j})")

        e.each(0, e.work.lanes, LANES, vector)

    e.each(0, e.group.count, 1, equation)
    return e.function(title)


class _Interpreter(GroupWriter):
    """One instruction after the other, for the samples from j on of equation k."""

    def __init__(self) -> None:
        super().__init__(LANES)
        self.own = self.plus(self.group.first, "%k")
        self.each(0, "%length", 1, self.instruction)

    def instruction(self, i: str) -> None:
        """Read an instruction and follow it."""
        base = self.place("%code", self.times(i, 4), "i32")
        number = self.number(base, 0, "i32")
        to, a, b = (self.wide(base, k) for k in (1, 2, 3))
        tag = self.block
        # A switch for each instruction, not for each sample: it is paid once for 8
        # lanes.
        count = len(CODED) + len(Move)
        cases = " ".join(f"i32 {k}, label %{tag}_{k}" for k in range(count))
        self.do(f"switch i32 {number}, label %{tag}_next [{cases}]")
        for k in range(count):
            self.label(f"{tag}_{k}")
            if k < len(CODED):
                self.compute(CODED[k], to, a, b)
            else:
                MOVES[Move(k)](self, to, a, b)
            self.do(f"br label %{tag}_next")
        self.label(f"{tag}_next")

    def compute(self, op: Op, to: str, a: str, b: str) -> None:
        """An operation on registers."""
        names = _OPERANDS[: op.arity]
        known = {n: self.read(x) for n, x in zip(names, (a, b), strict=False)}
        [value] = self.emit([op(*names)], known)
        self.write(to, value)

    def read(self, register: str) -> str:
        """What is in a register."""
        return self.load(self.work.scratch, self.times(register, LANES))

    def write(self, register: str, value: str) -> None:
        """Put a vector into a register."""
        self.store(value, self.work.scratch, self.times(register, LANES))

    def counted(self, register: str) -> str:
        """What is in a register, without the lanes of padding."""
        mask = self.lanes_below("%j", self.work.samples)
        return self.keep_lanes(mask, self.read(register))

    def filling(self, slot: str) -> str:
        """The row or number in a slot."""
        apart = self.times(slot, self.group.width)
        return self.wide(self.group.slots, self.plus(apart, "%k"))

    def cell(self, base: str, row: str) -> str:
        """Where the samples of a row are."""
        return self.place(self.row(base, row), "%j")

    def load_constant(self, to: str, a: str, _: str) -> None:
        """`Move.CONSTANT`; those below are named likewise."""
        self.write(to, self.splat(self.number("%constants", a)))

    def load_parameter(self, to: str, a: str, _: str) -> None:
        self.write(to, self.splat(self.number(self.work.numbers, self.filling(a))))

    def load_row(self, to: str, a: str, _: str) -> None:
        self.write(to, self.load(self.cell(self.work.values, self.filling(a)), 0))

    def load_value(self, to: str, *_: str) -> None:
        self.write(to, self.load(self.cell(self.work.values, self.own), 0))

    def load_adjoint(self, to: str, *_: str) -> None:
        self.write(to, self.load(self.cell(self.work.adjoints, self.own), 0))

    def define(self, _: str, a: str, __: str) -> None:
        self.store(self.read(a), self.cell(self.work.values, self.own), 0)

    def add_to_row(self, _: str, a: str, b: str) -> None:
        place = self.cell(self.work.adjoints, self.filling(b))
        self.add_to(place, self.counted(a))

    def add_to_parameter(self, _: str, a: str, b: str) -> None:
        place = self.place(self.work.gradient, self.filling(b))
        total = self.lane_sum(self.counted(a))
        with self.scalar():
            self.add_to(place, total)


MOVES: dict[Move, Callable[[_Interpreter, str, str, str], None]] = {
    Move.CONSTANT: _Interpreter.load_constant,
    Move.PARAMETER: _Interpreter.load_parameter,
    Move.ROW: _Interpreter.load_row,
    Move.VALUE: _Interpreter.load_value,
    Move.ADJOINT: _Interpreter.load_adjoint,
    Move.DEFINE: _Interpreter.define,
    Move.ADD_TO_ROW: _Interpreter.add_to_row,
    Move.ADD_TO_PARAMETER: _Interpreter.add_to_parameter,
}
