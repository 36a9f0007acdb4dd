"""The code and the records of a layout: what the driver goes through.

MemoryLayout, tapes ─▶ CompiledLayout: a record for every group, code that they call
"""

from __future__ import annotations

from typing import Any, NamedTuple

from cgprimer.run.llvm import dense
from cgprimer.run.llvm.dense import DenseField
from cgprimer.run.llvm.group_writer import WORDS, GroupField
from cgprimer.run.llvm.jit import compile_text
from cgprimer.run.llvm.lanes import LANES
from cgprimer.run.llvm.layout import DenseLayer, EquationGroup, MemoryLayout, distance
from cgprimer.run.llvm.module import FunctionText, module_text
from cgprimer.run.llvm.shape_text import forward, reverse
from cgprimer.run.llvm.tape import Tape
from cgprimer.run.llvm.tape_text import interpreter
from cgprimer.types import Integers

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
        self.groups = self._records()

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

    def _records(self) -> Integers:
        """The record of every group."""
        groups = self.layout.groups
        by_body = [self._body(k) for k in range(len(self.layout.slot_tables))]
        calls = [
            by_body[group.body].from_equation(group.offset)
            if isinstance(group, EquationGroup)
            else self._product(group)
            for group in groups
        ]
        return GroupField.table(
            {
                GroupField.COUNT: [group.count for group in groups],
                GroupField.FIRST: [group.first for group in groups],
                GroupField.SLOTS: [call.slots for call in calls],
                GroupField.WIDTH: [call.width for call in calls],
                GroupField.CODE: [call.code for call in calls],
                GroupField.FORWARD: [call.forward for call in calls],
                GroupField.REVERSE: [call.reverse for call in calls],
            },
            WORDS,
        )

    def _body(self, number: int) -> _GroupCode:
        """What runs the equations of a body, from the first on."""
        slots = self.layout.slot_tables[number].table
        if number in self.tapes:
            code, names = interpreter(), ("forward", "reverse")
            own = self.tapes[number].record.ctypes.data
        else:
            [code], names, own = self.codes, (f"f{number}", f"r{number}"), 0
        both = map(code.address, names)
        return _GroupCode(slots.ctypes.data, slots.shape[1], own, *both)

    def _product(self, layer: DenseLayer) -> _GroupCode:
        """What runs a dense product; its own record is kept."""
        rows, terms = layer.weights.shape
        record = DenseField.pack(
            {
                DenseField.ROWS: rows,
                DenseField.TERMS: terms,
                DenseField.WEIGHTS: int(layer.weights[0, 0]),
                DenseField.GAP: distance(layer.weights),
                DenseField.FIRST: layer.source,
                DenseField.WANTED: int(layer.wanted),
                DenseField.DGEMM: dense.gemm(),
            }
        )
        self.keep.append(record)
        both = map(dense.products().address, ("forward", "reverse"))
        return _GroupCode(0, 0, record.ctypes.data, *both)


class _GroupCode(NamedTuple):
    """What a group is run by, as `GroupField` names it: addresses, but for `width`."""

    slots: int
    width: int
    code: int
    forward: int
    reverse: int

    def from_equation(self, number: int) -> _GroupCode:
        """The same from a later equation on; slots are of 32 bits."""
        return self._replace(slots=self.slots + 4 * number)
