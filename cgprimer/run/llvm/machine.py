"""The code and the records of a layout: what the driver goes through.

MemoryLayout, tapes ─▶ CompiledLayout: a record for every group, code that they call
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cgprimer.run.llvm import dense
from cgprimer.run.llvm.dense import DenseRecord
from cgprimer.run.llvm.group_writer import WORDS, GroupRecord
from cgprimer.run.llvm.jit import compile_text
from cgprimer.run.llvm.lanes import LANES
from cgprimer.run.llvm.layout import DenseLayer, EquationGroup, MemoryLayout, distance
from cgprimer.run.llvm.module import FunctionText, module_text
from cgprimer.run.llvm.records import pack
from cgprimer.run.llvm.shape_text import forward, reverse
from cgprimer.run.llvm.tape import Tape
from cgprimer.run.llvm.tape_text import interpreter

SPARSE = 3.0  # equations per group, below which they are not put into lanes


class CompiledLayout:
    """The code for a layout: lanes are samples, or equations where `across`.

    codes : what was compiled for it. groups : records (groups, WORDS), int64.
    """

    def __init__(
        self, layout: MemoryLayout, across: bool, tapes: dict[int, Tape]
    ) -> None:
        self.layout, self.across, self.tapes = layout, across, tapes
        texts = self._texts()
        self.codes = [compile_text(module_text(texts))] if texts else []
        self.keep: list[Any] = []  # what records lead to
        self.groups = np.zeros((len(layout.groups), WORDS), dtype=np.int64)
        self.groups[:, : len(GroupRecord._fields)] = self._records()

    def _texts(self) -> list[FunctionText]:
        """Both functions of every body that is no tape."""
        groups = [g for g in self.layout.groups if isinstance(g, EquationGroup)]
        mean = sum(group.count for group in groups) / max(len(groups), 1)
        # With few equations a group, vectors across equations would be padding for the
        # most part, and are gathered lane by lane besides.
        width = 1 if self.across and mean < SPARSE else LANES
        texts = []
        for k, own in enumerate(self.layout.slot_tables):
            if k not in self.tapes:
                body, columns = own.body, own.columns
                texts.append(forward(body, width, self.across, f"f{k}"))
                texts.append(reverse(body, columns, width, self.across, f"r{k}"))
        return texts

    def _records(self) -> list[GroupRecord]:
        """The record of every group."""
        bodies = [self._body(k) for k in range(len(self.layout.slot_tables))]
        records = []
        for group in self.layout.groups:
            if isinstance(group, DenseLayer):
                records.append(self._product(group))
                continue
            whole = bodies[group.body]
            slots = whole.slots + 4 * group.offset  # of 32 bits
            records.append(
                whole._replace(count=group.count, first=group.first, slots=slots)
            )
        return records

    def _body(self, number: int) -> GroupRecord:
        """What runs the equations of a body, from the first on."""
        slots = self.layout.slot_tables[number].table
        if number in self.tapes:
            code, names = interpreter(), ("forward", "reverse")
            own = self.tapes[number].record.ctypes.data
        else:
            [code], names, own = self.codes, (f"f{number}", f"r{number}"), 0
        both = map(code.address, names)
        return GroupRecord(0, 0, slots.ctypes.data, slots.shape[1], own, *both)

    def _product(self, layer: DenseLayer) -> GroupRecord:
        """What runs a dense product; its own record is kept."""
        rows, terms = layer.weights.shape
        gap = distance(layer.weights)
        weights, wanted = int(layer.weights[0, 0]), int(layer.wanted)
        record = pack(
            DenseRecord, rows, terms, weights, gap, layer.source, wanted, dense.gemm()
        )
        self.keep.append(record)
        both = map(dense.products().address, ("forward", "reverse"))
        return GroupRecord(layer.count, layer.first, 0, 0, record.ctypes.data, *both)
