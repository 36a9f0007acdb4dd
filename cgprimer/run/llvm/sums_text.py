"""The loss of a whole graph and its gradient, summed over samples by one function.

    SampleLoss ─▶ `sums_text` ─▶ a function of a `SumsRecord` record

For graphs of some dozens of equations; `run.llvm.sums` calls it. Rows of data are
padded to whole vectors; what the padding yields is masked out of every sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cgprimer.expr.node import Node
from cgprimer.expr.ops import ZERO, name
from cgprimer.run.llvm.emit import Emitter
from cgprimer.run.llvm.lanes import LANES
from cgprimer.run.llvm.module import FunctionText, module_text
from cgprimer.run.llvm.records import Int, Number, Pointer
from cgprimer.run.llvm.rows_text import names_in


class SampleLoss(NamedTuple):
    """What is summed over samples, as expressions of rows of data and parameters.

    roots : the loss of a sample, and its derivative by each parameter.
    """

    roots: Sequence[Node]
    data: Sequence[str]
    parameters: Sequence[str]


class SumsRecord(NamedTuple):
    """Arguments of sums: rows of data, `stride` apart, and what to do with them.

    first, end : the range of samples; `first` is a multiple of the lanes.
    out : where the sums go, times `factor`.
    """

    rows: Pointer
    stride: Int
    first: Int
    end: Int
    parameters: Pointer
    out: Pointer
    factor: Number


def sums_text(loss: SampleLoss) -> str:
    """`run`: sum each root over samples, times a factor."""
    e = Emitter(LANES, contract=True)
    at = e.record("%args", SumsRecord)
    sums, needed = SummedExpressions(loss.roots), names_in(loss.roots)
    fixed = {
        name(text): e.splat(e.number(at.parameters, k))
        for k, text in enumerate(loss.parameters)
        if text in needed
    }
    starts = row_starts(e, at.rows, at.stride, loss.data, needed)

    def body(i: str, so_far: list[str]) -> list[str]:
        known = fixed | {name(text): e.load(row, i) for text, row in starts.items()}
        return sums.add(e, so_far, known, e.lanes_below(i, at.end))

    vectors = e.loop(at.first, at.end, e.width, body, sums.first_sums(e))
    totals = sums.totals(e, vectors)
    with e.scalar():
        for k, total in enumerate(totals):
            e.put(e.mul(total, at.factor), at.out, k)
    return module_text([FunctionText("run", e)])


class SummedExpressions:
    """Expressions to be summed over samples, each once however often it is wanted."""

    def __init__(self, roots: Sequence[Node]) -> None:
        self.roots = roots
        # In a model of sums, y = a*x + b + c, the slopes by b and c are one node,
        # summed once.
        self.summed = list(dict.fromkeys(r for r in roots if r is not ZERO))

    def first_sums(self, e: Emitter) -> list[tuple[str, str]]:
        """The sums before the first sample."""
        return [(e.type, e.const(0.0))] * len(self.summed)

    def add(
        self, e: Emitter, sums: list[str], known: Mapping[Node, str], mask: str
    ) -> list[str]:
        """The sums with one more vector of samples; without sums, the vector itself."""
        # A choice, not a product with 0: a lane that does not count may hold nan.
        values = [e.keep_lanes(mask, value) for value in e.emit(self.summed, known)]
        return list(map(e.add, sums, values)) if sums else values

    def totals(self, e: Emitter, sums: list[str]) -> list[str]:
        """One number per root, in the order of the roots."""
        by_root = dict(zip(self.summed, map(e.lane_sum, sums), strict=True))
        return [by_root.get(root, "0.0") for root in self.roots]


def row_starts(
    e: Emitter, rows: str, stride: str, data: Sequence[str], needed: set[str]
) -> dict[str, str]:
    """Where the row of each name begins, for those that are needed."""
    return {
        text: e.place(rows, e.times(stride, k))
        for k, text in enumerate(data)
        if text in needed
    }
