"""Expressions of a whole graph on arrays: rows of samples, in whole vectors.

    roots, leaves ─▶ SampleRows (a function) ─▶ RowsCall (its arguments laid out once)

`run.values` gets values and partials here, `Fused` predictions and Jacobians.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from cgprimer.expr.node import Node
from cgprimer.run.llvm.calling import CompiledFunction
from cgprimer.run.llvm.lanes import LANES
from cgprimer.run.llvm.records import pack
from cgprimer.run.llvm.rows_text import HEAD, LEAF, RowsRecord, is_leaf, rows_text
from cgprimer.types import Array

CHUNK = 65_536  # samples of a call: none takes so long that Ctrl-C has to wait


def padded(count: int) -> int:
    """`count` in whole vectors."""
    return -(-count // LANES) * LANES


def empty_rows(rows: int, count: int) -> Array:
    """Uninitialised rows for `count` samples, aligned and padded to whole vectors."""
    stride = padded(count)
    if stride % 512 == 0:  # rows a power of two apart would meet in the cache
        stride += LANES
    whole = np.empty(rows * stride + LANES)
    # A vector of 8 doubles is 64 bytes, a line of the cache: rows that begin at a
    # multiple of that are read line by line. numpy promises less, hence the room of
    # LANES to shift.
    shift = -whole.ctypes.data % 64 // 8
    aligned: Array = whole[shift : shift + rows * stride]
    return aligned.reshape(rows, stride)


def pack_rows(rows: Sequence[Array] | Array, count: int) -> Array:
    """Rows of data, the last sample repeated to fill whole vectors."""
    packed = empty_rows(len(rows), count)
    for row, data in zip(packed, rows, strict=True):
        row[:count] = data
        row[count:] = data[-1] if np.ndim(data) else data
    return packed


class SampleRows:
    """Expressions as rows of samples, from leaves that are numbers or arrays.

    row : for each expression that gets a row its number; others are names or numbers.
    """

    def __init__(
        self, roots: Sequence[Node], watched: Sequence[Node], leaves: Sequence[str]
    ) -> None:
        stored = dict.fromkeys(root for root in roots if not is_leaf(root))
        self.row = {root: k for k, root in enumerate(stored)}
        self.function = CompiledFunction(rows_text(list(stored), watched, leaves))


class RowsCall:
    """One call of a function of rows, with its arguments laid out once.

    out : rows for the results. kinds : for each leaf, whether it is an array.
    """

    def __init__(
        self, function: CompiledFunction, out: Array, count: int, kinds: Sequence[bool]
    ) -> None:
        self.call, self.out, self.count = function.call, out, count
        self.code = function
        self.whole = count - count % LANES
        self.alarm = np.zeros(1)
        self.lanes = np.zeros((len(kinds), LANES))
        self.numbers = [k for k, kind in enumerate(kinds) if not kind]
        self.arrays = [k for k, kind in enumerate(kinds) if kind]
        # Where the arguments have the address of each leaf.
        self.places = range(HEAD, HEAD + LEAF * len(kinds), LEAF)
        # Two lists of arguments. For leaves xx, an array of 19 samples, and a number a:
        #
        #     args   16, out,         distance, alarm, &xx,       1, &lanes[1], 0
        #     tail    8, out + 16*8,  distance, alarm, &lanes[0], 1, &lanes[1], 0
        #
        # lanes[1] holds a eight times; with 0 behind its place it is read for every
        # vector of samples. lanes[0] holds the last samples 16, 17, 18 and then 18 over
        # and over: the array cannot be read beyond its end, and what a real sample
        # yields raises no alarm that is not raised already.
        self.args = np.empty(HEAD + LEAF * len(kinds), dtype=np.int64)
        self.args[:HEAD] = pack(RowsRecord, self.whole, out, out.shape[1], self.alarm)
        lanes = 8 * LANES * np.arange(len(kinds))  # of 8 bytes, as all numbers are
        self.args[HEAD::LEAF] = self.lanes.ctypes.data + lanes
        self.args[HEAD + 1 :: LEAF] = kinds
        self.start = int(self.args[_OUT])
        self.tail = self.args.copy()
        self.tail[_COUNT] = LANES
        self.tail[_OUT] += 8 * self.whole
        self.pointers = self.args.ctypes.data, self.tail.ctypes.data

    def run(self, given: Sequence[float | Array]) -> bool:
        """Fill `out`; whether all that is watched is finite.

        given : for each leaf a number, or contiguous float64 values (count,).
        """
        for k in self.numbers:
            self.lanes[k] = given[k]
        self.alarm[0] = 0.0
        for first in range(0, self.whole, CHUNK):
            if self.whole > CHUNK:
                self.args[_COUNT] = min(CHUNK, self.whole - first)
                self.args[_OUT] = self.start + 8 * first
            for k in self.arrays:
                address = given[k].ctypes.data  # type: ignore[union-attr]
                self.args[self.places[k]] = address + 8 * first
            self.call(self.pointers[0])
        if self.whole < self.count:
            for k in self.arrays:
                column: Array = given[k]  # type: ignore[assignment]
                self.lanes[k] = column[-1]
                self.lanes[k, : self.count - self.whole] = column[self.whole :]
            self.call(self.pointers[1])
        alarm = self.alarm.item()
        # nan is the one number that differs from itself.
        return bool(alarm == alarm)


@functools.lru_cache(maxsize=64)
def rows_of(roots: tuple[Node, ...], leaves: tuple[str, ...]) -> SampleRows:
    """The function of some rows; the last few are kept."""
    return SampleRows(roots, (), leaves)


_COUNT, _OUT = map(RowsRecord._fields.index, ("count", "out"))
