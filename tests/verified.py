"""A checker of what the engine lays out: layouts, tapes, records, texts.

    with everything_checked(): …     all that is made in there is checked at once

Each check raises AssertionError and says what is wrong. They hold for whatever graph:
that places do not overlap, that nothing is read before it is written, that records say
what is there, that LLVM finds the text well-formed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pytest

from cgprimer.run.llvm import jit
from cgprimer.run.llvm.driver_writer import DriverRecord
from cgprimer.run.llvm.group_writer import WORDS, GroupRecord, WorkRecord
from cgprimer.run.llvm.lanes import LANES
from cgprimer.run.llvm.layout import (
    GUARD,
    DenseLayer,
    EquationGroup,
    MemoryLayout,
    distance,
)
from cgprimer.run.llvm.machine import CompiledLayout
from cgprimer.run.llvm.records import kinds_of
from cgprimer.run.llvm.shape_text import Body
from cgprimer.run.llvm.tape import CODED, Move, Tape, TapeRecord
from cgprimer.run.llvm.workspace import Workspace

R = TypeVar("R", bound=NamedTuple)


def unpack(kind: type[R], record: Any) -> R:
    """What a record holds, field by field."""
    views = {"double": record.view(np.float64)}
    kinds = enumerate(kinds_of(kind))
    return kind._make(views.get(each, record)[k].item() for k, each in kinds)


def check_layout(layout: MemoryLayout) -> None:
    """Rows are defined once, before they are read; numbers are those there are."""
    parameters = len(layout.table.parameters)
    assert sorted(layout.number) == [*range(parameters)], "no order of the parameters"
    assert parameters <= layout.numbers, "parameters lie among constants"
    # When each row is there: 0 for data, then the number of the group that defines it.
    never = len(layout.groups) + 1
    when = np.full(layout.rows, never)
    when[: layout.data] = 0
    for step, group in enumerate(layout.groups, 1):
        own = slice(group.first, group.first + group.count)
        assert own.stop + GUARD <= layout.rows, f"group {step}: beyond the last row"
        assert (when[own] == never).all(), f"group {step}: a row is defined twice"
        # The rest of a last vector is written, too: before what is there later on.
        rest = when[own.stop : group.first + -(-group.count // LANES) * LANES]
        assert (rest == never).all(), f"group {step}: a row is written over"
        read = _rows_read(layout, group)
        assert (when[read] < step).all(), f"group {step}: a row is read too early"
        when[own] = step
    assert (when[layout.row[layout.row >= 0]] < never).all(), "a variable is missing"
    for k, slots in enumerate(layout.slot_tables):
        spans = [
            (g.offset, g.offset + g.count)
            for g in layout.groups
            if isinstance(g, EquationGroup) and g.body == k
        ]
        ends = [0, *(end for _, end in spans)]
        assert [begin for begin, _ in spans] == ends[:-1], f"body {k}: spans have gaps"
        assert ends[-1] == slots.equations, f"body {k}: equations are left out"
        assert set(slots.columns) <= {*range(len(slots.body.slots))}, f"body {k}"


def _rows_read(layout: MemoryLayout, group: EquationGroup | DenseLayer) -> Any:
    """The rows that a group reads, once its numbers are found to be there."""
    if isinstance(group, DenseLayer):
        assert distance(group.weights) >= group.weights.shape[1], "weights overlap"
        assert group.weights.max() < len(layout.number), "a weight is no parameter"
        return np.arange(group.source, group.source + group.weights.shape[1])
    own = layout.slot_tables[group.body]
    used = own.table[:, group.offset : group.offset + group.count]
    is_row = np.array([slot[0] == "x" for slot in own.body.slots], dtype=bool)
    numbers, ends = used[~is_row], layout.numbers + len(layout.table.constants)
    assert (numbers < ends).all(), "a number is not there"
    assert (used >= 0).all(), "a number is not there"
    padding = (numbers >= len(layout.number)) & (numbers < layout.numbers)
    assert not padding.any(), "a number lies between parameters and constants"
    rows = used[is_row]
    assert (rows < layout.rows).all(), "a row is not there"
    return rows


def check_tape(tape: Tape, body: Body, columns: list[int]) -> None:
    """Registers are written before they are read, and the record says what is there."""
    fields = unpack(TapeRecord, tape.record)
    for name, found, array in (
        ("forward", fields.forward, tape.forward),
        ("reverse", fields.reverse, tape.reverse),
        ("constants", fields.constants, tape.numbers),
    ):
        assert found == array.ctypes.data, f"{name} lies elsewhere"
    assert fields.length == len(tape.forward), "length is another one"
    assert fields.back_length == len(tape.reverse), "back_length is another one"
    is_row = [slot[0] == "x" for slot in body.slots]
    assert _run(tape, tape.forward, is_row) == [(Move.DEFINE, 0)], "no result"
    adds = [Move.ADD_TO_ROW if is_row[i] else Move.ADD_TO_PARAMETER for i in columns]
    stored = _run(tape, tape.reverse, is_row)
    assert stored == [*zip(adds, columns, strict=True)], "other columns"


def _run(tape: Tape, code: Any, is_row: list[bool]) -> list[tuple[int, int]]:
    """What goes back to memory, and to which slot; no slot is ever written over."""
    written, fixed, stored = set[int](), set[int](), []
    loads = {Move.ROW: True, Move.PARAMETER: False}
    for step, (number, to, a, b) in enumerate(code.tolist()):
        if number in loads:
            assert is_row[a] == loads[Move(number)], f"step {step}: another kind"
        if number in (Move.DEFINE, Move.ADD_TO_ROW, Move.ADD_TO_PARAMETER):
            assert a in written, f"step {step}: a share is missing"
            stored.append((number, b))
            continue
        if number == Move.CONSTANT:
            assert 0 <= a < len(tape.constants), f"step {step}: no such constant"
        elif number < len(CODED):
            assert number >= 0, f"step {step}: no such operation"
            assert {a, b} <= written, f"step {step}: a register is read too early"
        else:
            assert number in {*loads, Move.VALUE, Move.ADJOINT}, f"step {step}: no such"
            fixed.add(to)
        assert number >= len(CODED) or to not in fixed, f"step {step}: written over"
        assert to < tape.registers, f"step {step}: no such register"
        written.add(to)
    return stored


def check_records(machine: CompiledLayout) -> None:
    """The record of every group leads to its slots and to its code."""
    layout = machine.layout
    assert machine.groups.shape == (len(layout.groups), WORDS), "records are missing"
    assert not machine.groups[:, len(GroupRecord._fields) :].any(), (
        "words behind the fields"
    )
    for k, (group, record) in enumerate(
        zip(layout.groups, machine.groups, strict=True)
    ):
        fields = unpack(GroupRecord, record)
        what = f"record {k}"
        assert fields.count == group.count, f"{what}: count"
        assert fields.first == group.first, f"{what}: first"
        assert fields.forward, f"{what}: forward"
        assert fields.reverse, f"{what}: reverse"
        if isinstance(group, DenseLayer):
            assert fields.code, f"{what}: code"
            continue
        table = layout.slot_tables[group.body].table
        assert table.dtype == np.int32, f"{what}: slots"
        assert table.flags.c_contiguous, f"{what}: slots"
        begin = int(fields.slots) - table.ctypes.data
        assert begin == table.itemsize * group.offset, f"{what}: slots"
        assert fields.width == table.shape[1], f"{what}: width"
        tape = machine.tapes.get(group.body)
        code = 0 if tape is None else tape.record.ctypes.data
        assert fields.code == code, f"{what}: code"


def check_workspace(own: Workspace) -> None:
    """Arguments lead to buffers, which are as large as the code takes them to be."""
    layout, args = own.machine.layout, unpack(DriverRecord, own.args)
    work = unpack(WorkRecord, own.work)
    for found, array in (
        (args.groups, own.machine.groups),
        (args.work, own.work),
        (args.sum, own.sum),
        (work.values, own.values),
        (work.adjoints, own.adjoints),
        (work.numbers, own.numbers),
        (work.gradient, own.gradient),
        (work.scratch, own.scratch),
    ):
        assert found == array.ctypes.data, "an address leads elsewhere"
        assert array.flags.c_contiguous, "an array has gaps"
    registers = max((tape.registers for tape in own.machine.tapes.values()), default=0)
    shape = layout.rows, work.stride
    assert own.values.shape == own.adjoints.shape == shape, "rows"
    assert args.cells == own.adjoints.size, "cells"
    assert args.parameters == own.gradient.size, "parameters"
    assert args.block == work.stride, "block"
    assert args.block % args.unit == 0, "unit"
    assert args.loss + args.terms <= layout.rows, "loss"
    assert own.scratch.size >= registers * LANES, "registers"
    constants = len(layout.table.constants)
    assert own.numbers.size >= layout.numbers + constants + LANES, "numbers"


def check_text(text: str) -> None:
    """LLVM finds a module well-formed: types, dominance, what is declared."""
    import llvmlite.binding as llvm

    try:
        llvm.parse_assembly(text, llvm.create_context()).verify()
    except RuntimeError as error:
        raise AssertionError(f"not well-formed: {error}") from error


@contextmanager
def everything_checked() -> Iterator[None]:
    """Check layouts, tapes, records and texts as they are made."""
    texts: set[int] = set()

    def after(made: type, check: Callable[..., None]) -> None:
        init = made.__init__  # type: ignore[misc]

        def checked(self: Any, *args: Any) -> None:
            init(self, *args)
            check(self, *args)

        patch.setattr(made, "__init__", checked)

    def compile_text(text: str) -> Any:
        if hash(text) not in texts:
            check_text(text)
            texts.add(hash(text))
        return plain(text)

    plain = jit._compile
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jit, "_compile", compile_text)
        after(Tape, check_tape)
        after(CompiledLayout, lambda made, layout, *_: check_layout(layout))
        after(CompiledLayout, lambda made, *_: check_records(made))
        after(Workspace, lambda made, *_: check_workspace(made))
        yield
