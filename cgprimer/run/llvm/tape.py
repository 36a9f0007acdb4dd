"""Tapes: shapes that few equations have are interpreted, without being compiled.

    Body ─▶ Tape: instructions forward and reverse, a record ─▶ `tape_text`

A tape is a list of instructions (operation, result, a, b) over registers of 8 lanes:

    registers: the slots, the result, the adjoint that arrives, then what is computed
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cgprimer.expr.node import Node, postorder_above
from cgprimer.expr.ops import CONST, OPS, TABLE, name
from cgprimer.graph.slots import VARIABLE, slot_kind
from cgprimer.run.llvm.emit import (
    expand_uncoded,
    is_coded,
    multiply_out,
    whole_exponent,
)
from cgprimer.run.llvm.records import INT, POINTER, Field
from cgprimer.run.llvm.shape_text import ADJOINT, Body, shares

Int32s = NDArray[np.int32]

MANY = 20_000  # registers, from which on they are used again
CODED = [op for op in TABLE if op.arity and is_coded(op)]
NUMBER = {op: k for k, op in enumerate(CODED)}
LOAD = len(CODED)  # the instruction that loads a constant
_POWER = OPS["pow"]
_MULTIPLY, _DIVIDE = NUMBER[OPS["mul"]], NUMBER[OPS["div"]]


class TapeField(Field):
    """Fields of the record of a tape.

    SLOTS : how many there are. KINDS : for each, i32, whether it holds a number.
    FORWARD, REVERSE : instructions, LENGTH and BACK_LENGTH of them. RESULT : its
    register. WANTED : COLUMNS pairs, i32, of a slot and the register of its share.
    CONSTANTS : numbers that instructions load.
    """

    SLOTS = INT
    KINDS = POINTER
    FORWARD = POINTER
    LENGTH = INT
    RESULT = INT
    REVERSE = POINTER
    BACK_LENGTH = INT
    COLUMNS = INT
    WANTED = POINTER
    CONSTANTS = POINTER


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
        reverse, registers, more = self._encode(
            shares(shape, columns), register, slots + 2
        )
        self.registers = max(most, more)
        self.length = len(forward) // 4
        wanted = np.array([*zip(columns, registers, strict=True)], dtype=np.int32)
        kinds = np.array(
            [slot_kind(slot) is not VARIABLE for slot in shape.slots], dtype=np.int32
        )
        numbers = np.array([float.fromhex(k) for k in self.constants])
        self._arrays = forward, reverse, wanted, kinds, numbers
        self.record = TapeField.pack(
            {
                TapeField.SLOTS: slots,
                TapeField.KINDS: kinds,
                TapeField.FORWARD: forward,
                TapeField.LENGTH: self.length,
                TapeField.RESULT: result,
                TapeField.REVERSE: reverse,
                TapeField.BACK_LENGTH: len(reverse) // 4,
                TapeField.COLUMNS: len(columns),
                TapeField.WANTED: wanted,
                TapeField.CONSTANTS: numbers,
            }
        )

    def _encode(
        self, roots: Sequence[Node], known: dict[Node, int], first: int
    ) -> tuple[Int32s, list[int], int]:
        """Instructions for `roots`; their registers; how many registers are used."""
        expanded = expand_uncoded([*roots, *known])
        roots, leaves = expanded[: len(roots)], expanded[len(roots) :]
        register = dict(zip(leaves, known.values(), strict=True))
        writer = _TapeWriter(first, self.constants)
        for node in postorder_above(roots, leaves):
            if not node.args:
                value = float(node.value or 0.0) if node.op is CONST else float(np.pi)
                register[node] = writer.constant(value)
            elif node.op is _POWER and (exponent := whole_exponent(node)) is not None:
                register[node] = writer.power(register[node.args[0]], exponent)
            else:
                a, b = register[node.args[0]], register[node.args[-1]]
                register[node] = writer.put(NUMBER[node.op], a, b)
        results = [register[root] for root in roots]
        code = np.array(writer.code, dtype=np.int32)
        # Up to MANY registers, of 64 bytes each and so 1.3 MB, code stays as it is:
        # looking for last uses would only take time.
        if writer.fresh <= MANY:
            return code, results, writer.fresh
        return reuse_registers(code, results, first)


class _TapeWriter:
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

        def times(a: int, b: int) -> int:
            return self.put(_MULTIPLY, a, b)

        power = multiply_out(base, exponent, times)
        return self.constant(1.0) if power is None else power


def reuse_registers(
    code: Int32s, kept: Sequence[int], first: int
) -> tuple[Int32s, list[int], int]:
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
    registers = [place.get(register, register) for register in kept]
    return np.array(rows, dtype=np.int32).ravel(), registers, fresh
