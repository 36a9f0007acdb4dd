"""What one thread works on when a graph is run shape by shape.

MemoryLayout, data ─▶ Workspace: buffers, and the records that lead to them
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cgprimer.run.llvm.driver_writer import DriverRecord
from cgprimer.run.llvm.group_writer import WorkRecord
from cgprimer.run.llvm.lanes import LANES
from cgprimer.run.llvm.machine import CompiledLayout
from cgprimer.run.llvm.records import pack, word
from cgprimer.types import Array


class Workspace:
    """Values, adjoints, gradient, numbers, and the arguments of the driver.

    block : samples at a time.
    """

    def __init__(self, machine: CompiledLayout, data: Array, block: int) -> None:
        layout = machine.layout
        self.machine = machine
        self.data, self.reads_own = data, True
        # For one sample a row is one number, so rows that follow each other are a
        # vector of equations.
        stride = 1 if machine.across else -(-block // LANES) * LANES
        self.values = np.zeros((layout.rows, stride))
        self.adjoints = np.zeros((layout.rows, stride))
        # Room of LANES behind the constants, as of GUARD behind rows.
        self.numbers = np.zeros(layout.numbers + len(layout.table.constants) + LANES)
        self.numbers[layout.numbers : -LANES] = layout.table.constants
        self.gradient = np.zeros(layout.numbers)
        registers = max((t.registers for t in machine.tapes.values()), default=1)
        self.scratch = np.zeros(registers * LANES)
        self.sum = np.zeros(1)
        self.work = pack(
            WorkRecord,
            values=self.values,
            numbers=self.numbers,
            adjoints=self.adjoints,
            gradient=self.gradient,
            stride=stride,
            scratch=self.scratch,
        )
        self.args = pack(
            DriverRecord,
            groups=machine.groups,
            count=len(machine.groups),
            work=self.work,
            data=data,
            width=data.shape[1],
            rows=data.shape[0],
            block=stride,
            unit=1 if machine.across else LANES,
            loss=layout.loss_row,
            terms=layout.terms,
            sum=self.sum,
            cells=self.values.size,
            parameters=layout.numbers,
        )
        self.pointer = self.args.ctypes.data

    def read(self, data: Array) -> None:
        """Take samples from these rows of data from now on."""
        if data is self.data and self.reads_own:
            return
        # In this order: an interrupt in between leaves no doubt about what is there.
        self.reads_own = False
        self.put(data=data, width=data.shape[1])
        self.reads_own = data is self.data

    def put(self, **fields: Any) -> None:
        """Change arguments of the driver; who gives arrays holds them."""
        for field, value in fields.items():
            self.args[_PLACE[field]] = word(value)

    def visit(self, order: int, first: int, end: int) -> None:
        """Work on these samples next: a range of them, or of those in an order."""
        self.args[_ORDER], self.args[_FIRST], self.args[_END] = order, first, end


_PLACE = {field: place for place, field in enumerate(DriverRecord._fields)}
_ORDER, _FIRST, _END = _PLACE["order"], _PLACE["first"], _PLACE["end"]
