"""The interpreter of tapes: machine code that knows no graph, so it is built once.

    record of a group, whose CODE is that of a tape ─▶ `forward`, `reverse`

For each instruction, 8 samples at a time, one of the operations in `tape.CODED`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from cgprimer.expr.ops import name
from cgprimer.run.llvm.emit import Emitter
from cgprimer.run.llvm.group_writer import GroupField, GroupWriter, WorkField
from cgprimer.run.llvm.jit import MachineCode, compile_text
from cgprimer.run.llvm.lanes import LANES
from cgprimer.run.llvm.module import FunctionText, module_text
from cgprimer.run.llvm.tape import CODED, LOAD, TapeField

_A, _B = name("a"), name("b")


@functools.cache
def interpreter() -> MachineCode:
    """The code of the interpreter, with `forward` and `reverse`."""
    return compile_text(tape_text())


def tape_text() -> str:
    """`forward` and `reverse` of groups whose CODE is the record of a tape."""
    arguments = "ptr %code, i64 %length, ptr %registers, ptr %numbers"
    interpret = FunctionText("interpret", _interpret(), arguments, internal=True)
    return module_text([_forward(), _reverse(), interpret])


def _interpret() -> Emitter:
    """One instruction after the other."""
    e = Emitter(LANES)

    def instruction(i: str) -> None:
        base = e.place("%code", e.times(i, 4), "i32")
        number, *operands = (e.number(base, k, "i32") for k in range(4))
        wide = [e.new(f"sext i32 {operand} to i64") for operand in operands]
        to, *places = (e.place("%registers", e.times(x, LANES)) for x in wide)
        tag = e.block
        # A switch for each instruction, not for each sample: it is paid once for 8
        # lanes.
        cases = " ".join(f"i32 {k}, label %{tag}_{k}" for k in range(LOAD + 1))
        e.do(f"switch i32 {number}, label %{tag}_next [{cases}]")
        for k, op in enumerate(CODED):
            e.label(f"{tag}_{k}")
            names = (_A, _B)[: op.arity]
            known = {
                node: e.load(place, 0)
                for node, place in zip(names, places, strict=False)
            }
            [value] = e.emit([op(*names)], known)
            e.store(value, to, 0)
            e.do(f"br label %{tag}_next")
        e.label(f"{tag}_{LOAD}")
        e.store(e.splat(e.number("%numbers", wide[1])), to, 0)
        e.do(f"br label %{tag}_next")
        e.label(f"{tag}_next")

    e.each(0, "%length", 1, instruction)
    return e


class _TapeWalker(GroupWriter):
    """A walk over the equations of a group, 8 samples at a time."""

    def __init__(self) -> None:
        super().__init__(LANES)
        self.code = self.group(GroupField.CODE)
        self.registers = self.work(WorkField.SCRATCH)

    def tape(self, field: TapeField) -> str:
        """A field of the record of the tape."""
        return self.field(self.code, field)

    def index(self, slot: str, k: str) -> str:
        """The row or number in a slot of equation `k`."""
        return self.wide(self.table, self.plus(self.times(slot, self.apart), k))

    def cell(self, base: str, row: str, j: str) -> str:
        """The address of sample `j` of a row."""
        return self.place(base, self.plus(self.times(row, self.stride), j))

    def by_kind(
        self, slot: str, variable: Callable[[], None], number: Callable[[], None]
    ) -> None:
        """One of two pieces of code, as a slot holds a row or a number."""
        kind = self.wide(self.tape(TapeField.KINDS), slot)
        self.branch(self.new(f"icmp eq i64 {kind}, 0"), variable, number)

    def fill(self, k: str, j: str) -> None:
        """Load what is in the slots of equation `k`."""

        def slot(s: str) -> None:
            index, to = self.index(s, k), self.times(s, LANES)
            self.by_kind(
                s,
                lambda: self.store(
                    self.load(self.cell(self.values, index, j), 0), self.registers, to
                ),
                lambda: self.store(
                    self.splat(self.number(self.numbers, index)), self.registers, to
                ),
            )

        self.each(0, self.tape(TapeField.SLOTS), 1, slot)

    def register(self, number: str) -> str:
        """Where a register begins."""
        return self.place(self.registers, self.times(number, LANES))

    def run(self, code: TapeField, length: TapeField) -> None:
        """Interpret instructions."""
        program, count, constants = map(self.tape, (code, length, TapeField.CONSTANTS))
        self.do(
            f"call void @interpret(ptr {program}, i64 {count}, ptr {self.registers}, "
            f"ptr {constants})"
        )

    def walk(self, visit: Callable[[str, str], None]) -> None:
        """Call `visit` for every equation and every 8 samples."""

        def equation(k: str) -> None:
            def vector(j: str) -> None:
                self.fill(k, j)
                visit(k, j)

            self.each(0, self.lanes, LANES, vector)

        self.each(0, self.count, 1, equation)


def _forward() -> FunctionText:
    e = _TapeWalker()

    def visit(k: str, j: str) -> None:
        e.run(TapeField.FORWARD, TapeField.LENGTH)
        result = e.load(e.register(e.tape(TapeField.RESULT)), 0)
        e.store(result, e.cell(e.values, e.plus(e.first, k), j), 0)

    e.walk(visit)
    return e.function("forward")


def _reverse() -> FunctionText:
    e = _TapeWalker()
    adjoints, gradient = map(e.work, (WorkField.ADJOINTS, WorkField.GRADIENT))

    def visit(k: str, j: str) -> None:
        own = e.plus(e.first, k)
        slots = e.tape(TapeField.SLOTS)
        # The registers behind the slots: 3 and 4 in the example of `Tape`.
        for number, base in ((slots, e.values), (e.plus(slots, 1), adjoints)):
            e.store(e.load(e.cell(base, own, j), 0), e.register(number), 0)
        e.run(TapeField.REVERSE, TapeField.BACK_LENGTH)
        _pass_back(e, adjoints, gradient, k, j)

    e.walk(visit)
    return e.function("reverse")


def _pass_back(e: _TapeWalker, adjoints: str, gradient: str, k: str, j: str) -> None:
    """Add the shares in the registers to adjoints and the gradient."""
    mask, wanted = e.lanes_below(j, e.samples), e.tape(TapeField.WANTED)

    def column(c: str) -> None:
        slot, number = (e.wide(wanted, e.plus(e.times(c, 2), half)) for half in (0, 1))
        value = e.keep_lanes(mask, e.load(e.register(number), 0))
        index = e.index(slot, k)

        def to_parameter() -> None:
            total = e.lane_sum(value)
            with e.scalar():
                e.add_to(e.place(gradient, index), total)

        e.by_kind(
            slot, lambda: e.add_to(e.cell(adjoints, index, j), value), to_parameter
        )

    e.each(0, e.tape(TapeField.COLUMNS), 1, column)
