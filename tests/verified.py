"""A checker of what the engine lays out: layouts, tapes, records, texts.

    with everything_checked(): …     all that is made in there is checked at once

Each check raises AssertionError and says what is wrong. They hold for whatever graph:
that places do not overlap, that nothing is read before it is written, that records say
what is there, that LLVM finds the text well-formed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from cgprimer.run.llvm import jit
from cgprimer.run.llvm.driver_writer import DriverField
from cgprimer.run.llvm.group_writer import WORDS, GroupField, WorkField
from cgprimer.run.llvm.lanes import LANES
from cgprimer.run.llvm.layout import (
    GUARD,
    DenseLayer,
    EquationGroup,
    MemoryLayout,
    distance,
)
from cgprimer.run.llvm.machine import CompiledLayout
from cgprimer.run.llvm.shape_text import Body
from cgprimer.run.llvm.tape import CODED, LOAD, Tape, TapeField
from cgprimer.run.llvm.workspace import Workspace


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
    fields = TapeField.unpack(tape.record)
    forward, reverse, wanted, kinds, constants = tape._arrays
    slots = len(body.slots)
    for field, array in (
        (TapeField.FORWARD, forward),
        (TapeField.REVERSE, reverse),
        (TapeField.WANTED, wanted),
        (TapeField.KINDS, kinds),
        (TapeField.CONSTANTS, constants),
    ):
        assert fields[field] == array.ctypes.data, f"{field.name} lies elsewhere"
    for field, count in (
        (TapeField.SLOTS, slots),
        (TapeField.LENGTH, len(forward) / 4),
        (TapeField.BACK_LENGTH, len(reverse) / 4),
        (TapeField.COLUMNS, len(columns)),
    ):
        assert fields[field] == count, f"{field.name} is not {count}"
    assert kinds.tolist() == [int(slot[0] != "x") for slot in body.slots], "KINDS"
    written = _run(tape, forward, {*range(slots)})
    assert fields[TapeField.RESULT] in written, "the result is never written"
    written = _run(tape, reverse, {*range(slots + 2)})
    assert wanted.reshape(-1, 2)[:, 0].tolist() == list(columns), "other columns"
    assert set(wanted.reshape(-1, 2)[:, 1].tolist()) <= written, "a share is missing"


def _run(tape: Tape, code: Any, written: set[int]) -> set[int]:
    """The registers that are written in the end; no slot is ever written over."""
    fixed = set(written)
    for step, (number, to, a, b) in enumerate(code.reshape(-1, 4).tolist()):
        if number == LOAD:
            assert 0 <= a < len(tape.constants), f"step {step}: no such constant"
        else:
            assert 0 <= number < len(CODED), f"step {step}: no such operation"
            assert {a, b} <= written, f"step {step}: a register is read too early"
        assert to not in fixed, f"step {step}: a slot is written over"
        assert to < tape.registers, f"step {step}: no such register"
        written.add(to)
    return written


def check_records(machine: CompiledLayout) -> None:
    """The record of every group leads to its slots and to its code."""
    layout = machine.layout
    assert machine.groups.shape == (len(layout.groups), WORDS), "records are missing"
    assert not machine.groups[:, len(GroupField) :].any(), "words behind the fields"
    for k, (group, record) in enumerate(
        zip(layout.groups, machine.groups, strict=True)
    ):
        fields = GroupField.unpack(record)
        what = f"record {k}"
        assert fields[GroupField.COUNT] == group.count, f"{what}: COUNT"
        assert fields[GroupField.FIRST] == group.first, f"{what}: FIRST"
        assert fields[GroupField.FORWARD], f"{what}: FORWARD"
        assert fields[GroupField.REVERSE], f"{what}: REVERSE"
        if isinstance(group, DenseLayer):
            assert fields[GroupField.CODE], f"{what}: CODE"
            continue
        table = layout.slot_tables[group.body].table
        assert table.dtype == np.int32, f"{what}: slots"
        assert table.flags.c_contiguous, f"{what}: slots"
        begin = int(fields[GroupField.SLOTS]) - table.ctypes.data
        assert begin == table.itemsize * group.offset, f"{what}: SLOTS"
        assert fields[GroupField.WIDTH] == table.shape[1], f"{what}: WIDTH"
        tape = machine.tapes.get(group.body)
        code = 0 if tape is None else tape.record.ctypes.data
        assert fields[GroupField.CODE] == code, f"{what}: CODE"


def check_workspace(own: Workspace) -> None:
    """Arguments lead to buffers, which are as large as the code takes them to be."""
    layout, args = own.machine.layout, DriverField.unpack(own.args)
    work = WorkField.unpack(own.work)
    for found, array in (
        (args[DriverField.GROUPS], own.machine.groups),
        (args[DriverField.WORK], own.work),
        (args[DriverField.SUM], own.sum),
        (work[WorkField.VALUES], own.values),
        (work[WorkField.ADJOINTS], own.adjoints),
        (work[WorkField.NUMBERS], own.numbers),
        (work[WorkField.GRADIENT], own.gradient),
        (work[WorkField.SCRATCH], own.scratch),
    ):
        assert found == array.ctypes.data, "an address leads elsewhere"
        assert array.flags.c_contiguous, "an array has gaps"
    registers = max((tape.registers for tape in own.machine.tapes.values()), default=0)
    shape = layout.rows, work[WorkField.STRIDE]
    assert own.values.shape == own.adjoints.shape == shape, "rows"
    assert args[DriverField.CELLS] == own.adjoints.size, "CELLS"
    assert args[DriverField.PARAMETERS] == own.gradient.size, "PARAMETERS"
    assert args[DriverField.BLOCK] == work[WorkField.STRIDE], "BLOCK"
    assert args[DriverField.BLOCK] % args[DriverField.UNIT] == 0, "UNIT"
    assert args[DriverField.LOSS] + args[DriverField.TERMS] <= layout.rows, "LOSS"
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
