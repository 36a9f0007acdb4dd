"""Tapes: shapes that few equations have are interpreted, without being compiled.

    Body ─▶ Tape: instructions forward and reverse, a record ─▶ `tape_text`

A tape is a list of instructions (operation, result, a, b) over registers of 8 lanes. It
begins by loading what is in the slots, and ends by storing what was computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum, auto
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cgprimer.expr.node import Node
from cgprimer.expr.ops import CONST, OPS, TABLE, name
from cgprimer.graph.slots import VARIABLE, slot_kind
from cgprimer.run.llvm.emit import (
    is_coded,
    multiply_out,
    to_translate,
    whole_exponent,
)
from cgprimer.run.llvm.records import Int, Pointer, pack
from cgprimer.run.llvm.shape_text import ADJOINT, Body, shares

Int32s = NDArray[np.int32]

CODED = [op for op in TABLE if op.arity and is_coded(op)]
NUMBER = {op: k for k, op in enumerate(CODED)}
_POWER = OPS["pow"]


class Move(IntEnum):
    """Instructions that bring numbers into registers, or back into memory.

    Their numbers follow those of the operations in CODED. For equation k:
    """

    CONSTANT = len(CODED)  # result ← constant a
    ROW = auto()  # result ← the row in slot a
    PARAMETER = auto()  # result ← the number in slot a, in every lane
    VALUE = auto()  # result ← what the equation defines
    ADJOINT = auto()  # result ← its adjoint
    DEFINE = auto()  # what the equation defines ← a
    ADD_TO_ROW = auto()  # adjoint of the row in slot b += a
    ADD_TO_PARAMETER = auto()  # slope by the parameter in slot b += sum of a's lanes


class TapeRecord(NamedTuple):
    """A tape: instructions `forward` and `reverse`, and the constants they load."""

    forward: Pointer
    length: Int
    reverse: Pointer
    back_length: Int
    constants: Pointer


class Tape:
    """The instructions of one shape, forward and reverse; `record` describes them."""

    def __init__(self, shape: Body, columns: Sequence[int]) -> None:
        self.constants: dict[str, int] = {}
        self.registers = 0
        kinds = [slot_kind(slot) is VARIABLE for slot in shape.slots]
        slots = {name(slot): i for i, slot in enumerate(shape.slots)}
        # p0*x1 + sin(x2):
        #
        #     PARAMETER 0 0     ROW 1 1     ROW 2 2
        #     mul 3 0 1     sin 4 2 2     add 5 3 4     DEFINE 5
        #
        # What has one argument names it twice, so that all instructions are alike.
        loads: list[int] = []
        for i, is_row in enumerate(kinds):
            loads += (Move.ROW if is_row else Move.PARAMETER, i, i, 0)
        forward, [result] = self._encode([shape.stable], slots, len(kinds))
        self.forward = _packed([*loads, *forward, Move.DEFINE, 0, result, 0])
        value, adjoint = len(kinds), len(kinds) + 1
        # An equation `y = x` defines what a slot holds: one name, two registers.
        back = slots | {shape.stable: value, ADJOINT: adjoint}
        reverse, registers = self._encode(shares(shape, columns), back, adjoint + 1)
        loads += (Move.VALUE, value, 0, 0, Move.ADJOINT, adjoint, 0, 0)
        for i, register in zip(columns, registers, strict=True):
            add = Move.ADD_TO_ROW if kinds[i] else Move.ADD_TO_PARAMETER
            reverse += (add, 0, register, i)
        self.reverse = _packed(loads + reverse)
        self.numbers = np.array([float.fromhex(k) for k in self.constants])
        self.record = pack(
            TapeRecord,
            self.forward,
            len(self.forward),
            self.reverse,
            len(self.reverse),
            self.numbers,
        )

    def _encode(
        self, roots: Sequence[Node], known: dict[Node, int], first: int
    ) -> tuple[list[int], list[int]]:
        """Instructions for `roots`, and their registers; free ones from `first`."""
        writer = _TapeWriter(first, self.constants)
        roots, register, order = to_translate(roots, known)
        # A register is used again after its last use, so that they stay in the cache.
        last = {arg: node for node in order for arg in node.args}
        for held in (*roots, *register):
            last.pop(held, None)
        for node in order:
            if not node.args:
                value = float(node.value or 0.0) if node.op is CONST else float(np.pi)
                register[node] = writer.constant(value)
            elif node.op is _POWER and (exponent := whole_exponent(node)) is not None:
                register[node] = writer.power(register[node.args[0]], exponent)
            else:
                a, b = register[node.args[0]], register[node.args[-1]]
                register[node] = writer.put(NUMBER[node.op], a, b)
            for arg in node.args:
                if last.get(arg) is node:
                    del last[arg]
                    writer.free.append(register[arg])
        self.registers = max(self.registers, writer.fresh)
        return writer.code, [register[root] for root in roots]


class _TapeWriter:
    """Appends instructions, each with a register that is free; `fresh` is the next."""

    def __init__(self, first: int, constants: dict[str, int]) -> None:
        self.code: list[int] = []
        self.fresh, self.constants = first, constants
        self.free: list[int] = []

    def put(self, number: int, a: int, b: int) -> int:
        """One instruction; its register."""
        if self.free:
            to = self.free.pop()
        else:
            to, self.fresh = self.fresh, self.fresh + 1
        self.code += (number, to, a, b)
        return to

    def constant(self, value: float) -> int:
        """A register that holds a number."""
        place = self.constants.setdefault(value.hex(), len(self.constants))
        return self.put(Move.CONSTANT, place, 0)

    def power(self, base: int, exponent: int) -> int:
        """A whole power, multiplied out as compiled code does it."""
        if exponent < 0:
            base = self.put(NUMBER[OPS["div"]], self.constant(1.0), base)

        def times(a: int, b: int) -> int:
            return self.put(NUMBER[OPS["mul"]], a, b)

        power = multiply_out(base, exponent, times)
        return self.constant(1.0) if power is None else power


def _packed(code: list[int]) -> Int32s:
    return np.array(code, dtype=np.int32).reshape(-1, 4)
