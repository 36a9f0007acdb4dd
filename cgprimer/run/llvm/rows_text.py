"""Expressions of a whole graph as rows of samples, by one function.

    roots, names of leaves ─▶ `rows_text` ─▶ a function of a `RowsRecord` record

`run.llvm.sample_rows` calls it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import CONST, NAME, name
from cgprimer.run.llvm.emit import Emitter
from cgprimer.run.llvm.lanes import LANES
from cgprimer.run.llvm.module import FunctionText, module_text
from cgprimer.run.llvm.records import Int, Pointer


class RowsRecord(NamedTuple):
    """Arguments of a function of rows; a LeafRecord for each leaf follows.

    count : samples, in whole vectors. out : the rows of results, `stride` apart.
    alarm : where a number is added, nan where something watched is not finite.
    """

    count: Int
    out: Pointer
    stride: Int
    alarm: Pointer


class LeafRecord(NamedTuple):
    """A leaf: the address of its values, and the step from one to the next.

    1, or 0 for a number that is there in every lane.
    """

    address: Pointer
    step: Int


HEAD, LEAF = len(RowsRecord._fields), len(LeafRecord._fields)


def names_in(roots: Sequence[Node]) -> set[str]:
    """The inputs, parameters and data that expressions need."""
    return {str(node.value) for node in postorder(roots) if node.op is NAME}


def is_leaf(node: Node) -> bool:
    """Whether an expression is a name or a number: nothing to compute."""
    return node.op is NAME or node.op is CONST


def rows_text(
    roots: Sequence[Node], watched: Sequence[Node], leaves: Sequence[str]
) -> str:
    """`run`: store each of `roots` as a row of samples, and watch some expressions."""
    e = Emitter(LANES)
    count, out, stride, alarm = e.record("%args", RowsRecord)
    rows = [e.record("%args", LeafRecord, HEAD + LEAF * k) for k in range(len(leaves))]
    starts = [e.place(out, e.times(stride, k)) for k in range(len(roots))]
    needed = names_in([*roots, *watched])

    def body(i: str, bad: list[str]) -> list[str]:
        known = {
            name(leaf): e.load(base, e.times(i, step))
            for leaf, (base, step) in zip(leaves, rows, strict=True)
            if leaf in needed
        }
        values = e.emit([*roots, *watched], known)
        for value, start in zip(values, starts, strict=False):
            e.store(value, start, i)
        sign = bad[0]
        # value·0 + so far: 0 for finite values, nan for nan and infinite ones, and once
        # nan it stays nan. One number at the end says whether any sample was odd.
        for value in values[len(roots) :]:
            sign = e.fma(value, 0.0, sign)
        return [sign]

    [bad] = e.loop(0, count, e.width, body, [(e.type, e.const(0.0))])
    odd = e.lane_sum(bad)
    with e.scalar():
        e.add_to(alarm, odd)
    return module_text([FunctionText("run", e)])
