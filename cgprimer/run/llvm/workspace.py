"""What one thread works on when a graph is run shape by shape.

MemoryLayout, data ─▶ Workspace: buffers, and the records that lead to them
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cgprimer.run.llvm.driver_writer import DriverField
from cgprimer.run.llvm.group_writer import WorkField
from cgprimer.run.llvm.lanes import LANES
from cgprimer.run.llvm.machine import CompiledLayout
from cgprimer.run.llvm.records import word
from cgprimer.types import Array, Integers


class Workspace:
    """Values, adjoints, gradient, numbers, and the arguments of the driver.

    block : samples at a time. registers : that tapes need.
    """

    def __init__(
        self, machine: CompiledLayout, data: Array, block: int, registers: int
    ) -> None:
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
        self.scratch = np.zeros(max(1, registers) * LANES)
        self.sum = np.zeros(1)
        self.work = self._work(stride)
        self.args = self._arguments(stride)
        self.pointer = self.args.ctypes.data

    def _work(self, stride: int) -> Integers:
        return WorkField.pack(
            {
                WorkField.VALUES: self.values,
                WorkField.NUMBERS: self.numbers,
                WorkField.ADJOINTS: self.adjoints,
                WorkField.GRADIENT: self.gradient,
                WorkField.LANES: 0,  # … and SAMPLES, which the driver sets
                WorkField.SAMPLES: 0,
                WorkField.STRIDE: stride,
                WorkField.SCRATCH: self.scratch,
            }
        )

    def _arguments(self, stride: int) -> Integers:
        machine, layout = self.machine, self.machine.layout
        return DriverField.pack(
            dict.fromkeys(DriverField, 0)
            | {
                DriverField.GROUPS: machine.groups,
                DriverField.COUNT: len(machine.groups),
                DriverField.WORK: self.work,
                DriverField.DATA: self.data,
                DriverField.WIDTH: self.data.shape[1],
                DriverField.ROWS: self.data.shape[0],
                DriverField.BLOCK: stride,
                DriverField.UNIT: 1 if machine.across else LANES,
                DriverField.LOSS: layout.loss_row,
                DriverField.TERMS: layout.terms,
                DriverField.SUM: self.sum,
                DriverField.CELLS: self.values.size,
                DriverField.PARAMETERS: layout.numbers,
            }
        )

    def read(self, data: Array) -> None:
        """Take samples from these rows of data from now on."""
        if data is self.data and self.reads_own:
            return
        # In this order: an interrupt in between leaves no doubt about what is there.
        self.reads_own = False
        self.put({DriverField.DATA: data, DriverField.WIDTH: data.shape[1]})
        self.reads_own = data is self.data

    def put(self, fields: Mapping[DriverField, Any]) -> None:
        """Change arguments of the driver; who gives arrays holds them."""
        for field, value in fields.items():
            self.args[field] = value if type(value) is int else word(value)

    def visit(self, order: int, first: int, end: int) -> None:
        """Work on these samples next: a range of them, or of those in an order."""
        self.args[_ORDER], self.args[_FIRST], self.args[_END] = order, first, end


_ORDER, _FIRST, _END = map(int, (DriverField.ORDER, DriverField.FIRST, DriverField.END))
