"""An interpreter: shapes that few equations have run without being compiled.

A tape is a list of instructions (operation, result, a, b) over registers of 8 lanes.
The interpreter is machine code that knows no graph, so it is built once.

    registers: the slots, the result, the adjoint that arrives, then what is computed
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from cgprimer.expr.node import Node, postorder_above
from cgprimer.expr.ops import CONST, OPS, TABLE, name
from cgprimer.graph.slots import VARIABLE, slot_kind
from cgprimer.run.llvm.emit import Emitter, coded, is_coded, whole_exponent
from cgprimer.run.llvm.jit import MachineCode, compiled
from cgprimer.run.llvm.shape_text import (
    ADJOINT,
    Body,
    GroupField,
    Work,
    module,
    shares,
)
from cgprimer.run.llvm.vector_math import definitions

Integers = NDArray[np.int32]

LANES = 8
MANY = 20_000  # registers, from which on they are used again
_A, _B = name("a"), name("b")
CODED = [op for op in TABLE if op.arity and is_coded(op)]
NUMBER = {op: k for k, op in enumerate(CODED)}
LOAD = len(CODED)  # the instruction that loads a constant
_POWER = OPS["pow"]
_MULTIPLY, _DIVIDE = NUMBER[OPS["mul"]], NUMBER[OPS["div"]]


class TapeField(IntEnum):
    """Fields of the record of a tape."""

    SLOTS = 0
    KINDS = 1
    FORWARD = 2
    LENGTH = 3
    RESULT = 4
    REVERSE = 5
    BACK_LENGTH = 6
    COLUMNS = 7
    WANTED = 8
    CONSTANTS = 9


class Tape:
    """The instructions of one shape, forward and reverse; `record` describes them."""

    def __init__(self, shape: Body, columns: Sequence[int]) -> None:
        self.constants: dict[str, int] = {}
        slots = len(shape.slots)
        register = {name(slot): i for i, slot in enumerate(shape.slots)}
        # p0*x1 + sin(x2): registers 0 1 2 hold the slots, 3 will hold the result and 4
        # the adjoint when the reverse tape begins, and from 5 on there is room:
        #
        #     mul 5 0 1     sin 6 2 2     add 7 5 6     result 7
        #
        # What has one argument names it twice, so that all instructions are alike.
        forward, [result], most = self._encode([shape.stable], register, slots + 2)
        register |= {shape.stable: slots, ADJOINT: slots + 1}
        reverse, found, more = self._encode(shares(shape, columns), register, slots + 2)
        self.registers = max(most, more)
        self.length = len(forward) // 4
        wanted = np.array([*zip(columns, found, strict=True)], dtype=np.int32)
        kinds = np.array(
            [slot_kind(slot) is not VARIABLE for slot in shape.slots], dtype=np.int32
        )
        numbers = np.array([float.fromhex(k) for k in self.constants])
        self._arrays = forward, reverse, wanted, kinds, numbers
        fields = {
            TapeField.SLOTS: slots,
            TapeField.KINDS: kinds.ctypes.data,
            TapeField.FORWARD: forward.ctypes.data,
            TapeField.LENGTH: self.length,
            TapeField.RESULT: result,
            TapeField.REVERSE: reverse.ctypes.data,
            TapeField.BACK_LENGTH: len(reverse) // 4,
            TapeField.COLUMNS: len(columns),
            TapeField.WANTED: wanted.ctypes.data,
            TapeField.CONSTANTS: numbers.ctypes.data,
        }
        self.record = np.array([fields[field] for field in TapeField], dtype=np.int64)

    def _encode(
        self, roots: Sequence[Node], known: dict[Node, int], first: int
    ) -> tuple[Integers, list[int], int]:
        """Instructions for `roots`; their registers; how many registers are used."""
        spelled = coded([*roots, *known])
        roots, leaves = spelled[: len(roots)], spelled[len(roots) :]
        register = dict(zip(leaves, known.values(), strict=True))
        writer = _Writer(first, self.constants)
        for node in postorder_above(roots, leaves):
            if not node.args:
                value = float(node.value or 0.0) if node.op is CONST else float(np.pi)
                register[node] = writer.constant(value)
            elif node.op is _POWER and (exponent := whole_exponent(node)) is not None:
                register[node] = writer.power(register[node.args[0]], exponent)
            else:
                a, b = register[node.args[0]], register[node.args[-1]]
                register[node] = writer.put(NUMBER[node.op], a, b)
        found = [register[root] for root in roots]
        code = np.array(writer.code, dtype=np.int32)
        # Up to MANY registers, of 64 bytes each and so 1.3 MB, code stays as it is:
        # looking for last uses would only take time.
        if writer.fresh <= MANY:
            return code, found, writer.fresh
        return _reused(code, found, first)


class _Writer:
    """Appends instructions, each with a register of its own."""

    def __init__(self, first: int, constants: dict[str, int]) -> None:
        self.code: list[int] = []
        self.fresh, self.constants = first, constants

    def put(self, number: int, a: int, b: int) -> int:
        """One instruction; its register."""
        self.code += (number, self.fresh, a, b)
        self.fresh += 1
        return self.fresh - 1

    def constant(self, value: float) -> int:
        """A register that holds a number."""
        place = self.constants.setdefault(value.hex(), len(self.constants))
        return self.put(LOAD, place, place)

    def power(self, base: int, exponent: int) -> int:
        """A whole power, multiplied out as compiled code does it."""
        if exponent < 0:
            base = self.put(_DIVIDE, self.constant(1.0), base)
        found, left = -1, abs(exponent)
        while left:
            if left & 1:
                found = base if found < 0 else self.put(_MULTIPLY, found, base)
            left >>= 1
            if left:
                base = self.put(_MULTIPLY, base, base)
        return self.constant(1.0) if found < 0 else found


def _reused(
    code: Integers, kept: Sequence[int], first: int
) -> tuple[Integers, list[int], int]:
    """The same code with registers used again after their last use."""
    rows = code.reshape(-1, 4).tolist()
    last: dict[int, int] = {}
    for number, (kind, _, a, b) in enumerate(rows):
        # A LOAD's operands are numbers of constants, not registers.
        if kind != LOAD:
            last[a] = last[b] = number
    last |= dict.fromkeys(kept, len(rows))
    free: list[int] = []
    place: dict[int, int] = {}
    fresh = first
    for number, row in enumerate(rows):
        if row[0] != LOAD:
            a, b = row[2:]
            row[2:] = place.get(a, a), place.get(b, b)
            # Free before the result gets its register: the interpreter loads both
            # operands before it stores, so a result may take the place of one of them.
            free += [place[x] for x in {a, b} if x in place and last[x] == number]
        if free:
            place[row[1]] = free.pop()
        else:
            place[row[1]], fresh = fresh, fresh + 1
        row[1] = place[row[1]]
    found = [place.get(register, register) for register in kept]
    return np.array(rows, dtype=np.int32).ravel(), found, fresh


@functools.cache
def interpreter() -> MachineCode:
    """The code of the interpreter, with `forward` and `reverse`."""
    return compiled(tape_text())


def tape_text() -> str:
    """`forward` and `reverse` of groups whose CODE is the record of a tape."""
    directions = [("forward", _forward()), ("reverse", _reverse())]
    interpret = _interpret()
    text = module(directions)
    needed = definitions(sorted(interpret.functions), LANES)
    declared = (f"declare {line}" for line in sorted(interpret.declared))
    own = [line for line in declared if line not in text and line not in needed]
    head = "define internal void @interpret(ptr %code, i64 %length, ptr %registers, "
    head += "ptr %numbers) noinline {"
    return "\n".join([text, needed, *own, head, *interpret.lines, "}", ""])


def _interpret() -> Emitter:
    """One instruction after the other."""
    e = Emitter(LANES)

    def instruction(i: str, _: list[str]) -> list[str]:
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
        return []

    e.loop(0, "%length", 1, instruction)
    e.do("ret void")
    return e


class _Walk(Emitter):
    """A walk over the equations of a group, 8 samples at a time."""

    def __init__(self) -> None:
        super().__init__(LANES)
        self.first = self.field("%group", GroupField.FIRST, "i64")
        self.table = self.field("%group", GroupField.SLOTS, "ptr")
        self.apart = self.field("%group", GroupField.WIDTH, "i64")
        self.tape = self.field("%group", GroupField.CODE, "ptr")
        self.values = self.field("%work", Work.VALUES, "ptr")
        self.numbers = self.field("%work", Work.NUMBERS, "ptr")
        self.stride = self.field("%work", Work.STRIDE, "i64")
        self.samples = self.field("%work", Work.SAMPLES, "i64")
        self.registers = self.field("%work", Work.SCRATCH, "ptr")

    def wide(self, base: str, index: str) -> str:
        """An i32 of an array, as an index."""
        return self.new(f"sext i32 {self.number(base, index, 'i32')} to i64")

    def index(self, slot: str, k: str) -> str:
        """The row or number in a slot of equation `k`."""
        return self.wide(self.table, self.plus(self.times(slot, self.apart), k))

    def cell(self, base: str, row: str, j: str) -> str:
        """The address of sample `j` of a row."""
        return self.place(base, self.plus(self.times(row, self.stride), j))

    def branch(
        self, number: str, then: Callable[[], None], other: Callable[[], None]
    ) -> None:
        """One of two pieces of code, as an index is 0 or not."""
        zero = self.new(f"icmp eq i64 {number}, 0")
        self._count += 1
        tag = f"choice{self._count}"
        self.do(f"br i1 {zero}, label %{tag}_zero, label %{tag}_other")
        for title, part in ((f"{tag}_zero", then), (f"{tag}_other", other)):
            self.label(title)
            part()
            self.do(f"br label %{tag}_end")
        self.label(f"{tag}_end")

    def fill(self, k: str, j: str) -> None:
        """Load what is in the slots of equation `k`."""
        kinds = self.field(self.tape, TapeField.KINDS, "ptr")

        def slot(s: str, _: list[str]) -> list[str]:
            index, to = self.index(s, k), self.times(s, LANES)
            self.branch(
                self.wide(kinds, s),
                lambda: self.store(
                    self.load(self.cell(self.values, index, j), 0), self.registers, to
                ),
                lambda: self.store(
                    self.splat(self.number(self.numbers, index)), self.registers, to
                ),
            )
            return []

        self.loop(0, self.field(self.tape, TapeField.SLOTS, "i64"), 1, slot)

    def register(self, number: str) -> str:
        """Where a register begins."""
        return self.place(self.registers, self.times(number, LANES))

    def run(self, code: TapeField, length: TapeField) -> None:
        """Interpret instructions."""
        program = self.field(self.tape, code, "ptr")
        count = self.field(self.tape, length, "i64")
        constants = self.field(self.tape, TapeField.CONSTANTS, "ptr")
        self.do(
            f"call void @interpret(ptr {program}, i64 {count}, ptr {self.registers}, "
            f"ptr {constants})"
        )

    def walk(self, each: Callable[[str, str], None]) -> None:
        """Call `each` for every equation and every 8 samples."""
        lanes = self.field("%work", Work.LANES, "i64")

        def equation(k: str, _: list[str]) -> list[str]:
            def vector(j: str, _: list[str]) -> list[str]:
                self.fill(k, j)
                each(k, j)
                return []

            self.loop(0, lanes, LANES, vector)
            return []

        self.loop(0, self.field("%group", GroupField.COUNT, "i64"), 1, equation)
        self.do("ret void")


def _forward() -> Emitter:
    e = _Walk()

    def each(k: str, j: str) -> None:
        e.run(TapeField.FORWARD, TapeField.LENGTH)
        result = e.load(e.register(e.field(e.tape, TapeField.RESULT, "i64")), 0)
        e.store(result, e.cell(e.values, e.plus(e.first, k), j), 0)

    e.walk(each)
    return e


def _reverse() -> Emitter:
    e = _Walk()
    adjoints = e.field("%work", Work.ADJOINTS, "ptr")
    gradient = e.field("%work", Work.GRADIENT, "ptr")

    def each(k: str, j: str) -> None:
        own = e.plus(e.first, k)
        slots = e.field(e.tape, TapeField.SLOTS, "i64")
        # The registers behind the slots: 3 and 4 in the example of `Tape`.
        for number, base in ((slots, e.values), (e.plus(slots, 1), adjoints)):
            e.store(e.load(e.cell(base, own, j), 0), e.register(number), 0)
        e.run(TapeField.REVERSE, TapeField.BACK_LENGTH)
        mask = e.lanes_below(j, e.samples)
        kinds = e.field(e.tape, TapeField.KINDS, "ptr")
        wanted = e.field(e.tape, TapeField.WANTED, "ptr")

        def column(c: str, _: list[str]) -> list[str]:
            slot, number = (
                e.wide(wanted, e.plus(e.times(c, 2), half)) for half in (0, 1)
            )
            value = e.masked(mask, e.load(e.register(number), 0))
            index = e.index(slot, k)

            def to_parameter() -> None:
                total = e.lane_sum(value)
                with e.scalar():
                    e.add_to(e.place(gradient, index), total)

            e.branch(
                e.wide(kinds, slot),
                lambda: e.add_to(e.cell(adjoints, index, j), value),
                to_parameter,
            )
            return []

        e.loop(0, e.field(e.tape, TapeField.COLUMNS, "i64"), 1, column)

    e.walk(each)
    return e
