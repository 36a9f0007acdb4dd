"""Running fused functions on arrays: addresses, padding, threads, buffers.

    text of a function, arrays ─▶ its arguments ─▶ results in arrays

`Fused` is the Runner of small graphs; `run.values` gets rows of samples here.
"""

from __future__ import annotations

import ctypes
import functools
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cgprimer.diff.sweep import partials
from cgprimer.expr.node import Node, substitute
from cgprimer.expr.ops import NAME, ONE, OPS, name
from cgprimer.expr.syntax import parse_expression
from cgprimer.expr.tidy import tidy
from cgprimer.interrupts import together
from cgprimer.keeping import Weakly, lazy, memo
from cgprimer.run.llvm.fused_text import (
    LANES,
    epoch_text,
    is_leaf,
    rows_text,
    sums_text,
)
from cgprimer.run.llvm.jit import MachineCode, compiled
from cgprimer.run.llvm.whole import ExpandedGraph
from cgprimer.run.losses import Loss
from cgprimer.run.problem import Problem, beyond
from cgprimer.run.update_rules import UpdateRule
from cgprimer.types import Array, Integers

CHUNK = 65_536  # samples summed at once: a bound on what rounding adds up to

PROTOTYPE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class CompiledFunction:
    """One compiled function of a list of 64-bit arguments; called without the GIL."""

    def __init__(self, text: str, title: str = "run") -> None:
        self.code: MachineCode = compiled(text)
        self.call = PROTOTYPE(self.code.address(title))


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
    found: Array = whole[shift : shift + rows * stride].reshape(rows, stride)
    return found


def pack_rows(rows: Sequence[Array], count: int) -> Array:
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


class Call:
    """One call of a function of rows, with its arguments laid out once.

    out : rows for the results. kinds : for each leaf, whether it is an array.
    """

    def __init__(
        self, function: CompiledFunction, out: Array, count: int, kinds: Sequence[bool]
    ) -> None:
        self.call, self.out, self.count = function.call, out, count
        self.code = function
        self.whole = count - count % LANES
        self.alarm = np.zeros(2)
        self.lanes = np.zeros((len(kinds), LANES))
        self.numbers = [k for k, kind in enumerate(kinds) if not kind]
        self.arrays = [k for k, kind in enumerate(kinds) if kind]
        # Two lists of arguments. For leaves xx, an array of 19 samples, and a number a:
        #
        #     args   16, out,         distance, alarm,      &xx,       1, &lanes[1], 0
        #     tail    8, out + 16*8,  distance, alarm + 8,  &lanes[0], 1, &lanes[1], 0
        #
        # lanes[1] holds a eight times; with 0 behind its place it is read for every
        # vector of samples. lanes[0] holds the last samples 16, 17, 18 and then 18 over
        # and over: the array cannot be read beyond its end, and what a real sample
        # yields raises no alarm that is not raised already.
        places = self.lanes.ctypes.data + 8 * LANES * np.arange(len(kinds))
        head = [self.whole, out.ctypes.data, out.shape[1], self.alarm.ctypes.data]
        leaves = np.stack([places, np.array(kinds, dtype=np.int64)], axis=1).ravel()
        self.args = np.concatenate([head, leaves]).astype(np.int64)
        self.tail = self.args.copy()
        self.tail[0] = LANES
        self.tail[1] += 8 * self.whole
        self.tail[3] += 8
        self.pointers = self.args.ctypes.data, self.tail.ctypes.data

    def run(self, given: Sequence[float | Array]) -> bool:
        """Fill `out`; whether all that is watched is finite.

        given : for each leaf a number, or contiguous float64 values (count,).
        """
        for k in self.numbers:
            self.lanes[k] = given[k]
        sound = True
        if self.whole > CHUNK:
            sound = self._in_chunks(given)
        elif self.whole:
            for k in self.arrays:
                self.args[4 + 2 * k] = given[k].ctypes.data  # type: ignore[union-attr]
            self.call(self.pointers[0])
        if self.whole < self.count:
            for k in self.arrays:
                column: Array = given[k]  # type: ignore[assignment]
                self.lanes[k] = column[-1]
                self.lanes[k, : self.count - self.whole] = column[self.whole :]
            self.call(self.pointers[1])
        first, second = self.alarm.tolist()
        # nan is the one number that differs from itself.
        return bool(sound and first == first and second == second)

    def _in_chunks(self, given: Sequence[float | Array]) -> bool:
        """The same for many samples: no part takes so long that Ctrl-C has to wait."""
        sound, args = True, self.args
        try:
            for first in range(0, self.whole, CHUNK):
                args[0] = min(CHUNK, self.whole - first)
                args[1] = self.out.ctypes.data + 8 * first
                for k in self.arrays:
                    column: Array = given[k]  # type: ignore[assignment]
                    args[4 + 2 * k] = column.ctypes.data + 8 * first
                self.call(self.pointers[0])
                sound &= bool(self.alarm[0] == self.alarm[0])
        finally:
            args[0], args[1] = self.whole, self.out.ctypes.data
        return sound


class SumFunction:
    """A loss and its gradient, summed over samples that are packed once."""

    def __init__(
        self,
        roots: Sequence[Node],
        data: Array,
        names: Sequence[str],
        count: int,
        parameters: Sequence[str],
        threads: int,
        built: Weakly[str, Any],
    ) -> None:
        self.roots, self.data, self.names = roots, data, names
        self.count, self.parameters, self.threads = count, parameters, threads
        self.built = built
        self._local = threading.local()

    @lazy
    def function(self) -> CompiledFunction:
        """Sums over a range of samples."""
        return self._noted(sums_text(self.roots, self.names, self.parameters))

    def _noted(self, text: str) -> CompiledFunction:
        function = CompiledFunction(text)
        self.built.hold(function.code.key, function.code)
        return function

    def __call__(self, params: Array) -> tuple[float, Array]:
        """The mean loss and its gradient."""
        # Taken out for as long as it is in use: after an interrupt, threads that are
        # still at work go on writing to it, and the next call makes a new one.
        state = self._local.__dict__.pop("state", None) or self._prepared()
        given, out, pointers, call, _ = state
        given[:] = params
        if len(pointers) == 1:
            call(pointers[0])
            self._local.state = state
            return float(out[0, 0]), out[0, 1:].copy()
        each(self.threads, call, pointers, (self, state))
        self._local.state = state
        total: Array = out.sum(axis=0)
        return float(total[0]), total[1:]

    def _prepared(
        self,
    ) -> tuple[Array, Array, list[int], Callable[[int], None], Integers]:
        """Buffers of this thread, with a list of arguments for every chunk."""
        given = np.empty(len(self.parameters))
        firsts = list(range(0, self.count, CHUNK))
        out = np.empty((len(firsts), len(self.roots)))
        # All arguments are 64-bit words; the factor is the bits of a double. As every
        # chunk is multiplied by 1/count, the sums of the chunks add up to the mean.
        arguments = np.empty((len(firsts), 7), dtype=np.int64)
        factor = np.array(1 / self.count).view(np.int64)
        for k, first in enumerate(firsts):
            end = min(first + CHUNK, self.count)
            base, stride = self.data.ctypes.data, self.data.shape[1]
            row = out[k].ctypes.data
            arguments[k] = base, stride, first, end, given.ctypes.data, row, factor
        pointers = [arguments[k].ctypes.data for k in range(len(firsts))]
        return given, out, pointers, self.function.call, arguments

    def part(self, params: Array, rows: Integers) -> tuple[float, Array]:
        """The mean loss and its gradient over some of the samples."""
        chunks = [rows[k : k + CHUNK] for k in range(0, len(rows), CHUNK)]
        found = [self._part(params, chunk, len(rows)) for chunk in chunks]
        return sum(f for f, _ in found), np.sum([g for _, g in found], axis=0)

    def _part(self, params: Array, rows: Integers, divisor: int) -> tuple[float, Array]:
        count = len(rows)
        data = pack_rows(list(self.data[:, rows]), count)
        given = np.array(params, dtype=np.float64)
        out = np.empty(len(self.roots))
        args = np.array(
            [
                data.ctypes.data,
                data.shape[1],
                0,
                count,
                given.ctypes.data,
                out.ctypes.data,
                np.array(1 / divisor).view(np.int64),
            ],
            dtype=np.int64,
        )
        self.function.call(args.ctypes.data)
        return float(out[0]), out[1:]

    def epoch(
        self,
        state: Array,
        rule: UpdateRule,
        settings: Array,
        order: Integers,
        batch: int,
    ) -> Array:
        """Step through `order` in batches; the mean loss of every batch (steps,)."""
        key = rule, len(order), batch
        kept = getattr(self._local, "epoch", None)
        if kept is None or kept.key != key:
            kept = self._local.epoch = _Epoch(self, rule, len(order), batch)
        return kept.run(state, settings, order)

    @memo
    def stepping(self, rule: UpdateRule, batch: int) -> CompiledFunction:
        """The function of an epoch."""
        text = epoch_text(self.roots, self.names, self.parameters, rule, batch)
        return self._noted(text)


class _Epoch:
    """An epoch with its arguments laid out once; of one thread."""

    def __init__(
        self, sums: SumFunction, rule: UpdateRule, count: int, batch: int
    ) -> None:
        self.key = rule, count, batch
        # The text depends on the batch only in three steps: 1; up to a vector; more.
        self.function = sums.stepping(rule, min(batch, LANES + 1))
        steps = -(-count // batch)
        self.settings = np.empty((steps, len(rule.settings)))
        self.losses = np.empty(steps)
        # Arrays of our own, whose addresses are laid out once; the caller's state may
        # lie elsewhere at each call.
        self.state = np.empty((1 + len(rule.memory), len(sums.parameters)))
        self.visited: Integers | None = None
        self.largest, self.length = np.zeros(1, dtype=np.uint64), sums.count
        self.args = np.array(
            [
                sums.data.ctypes.data,
                sums.data.shape[1],
                sums.count,
                0,
                count,
                batch,
                self.settings.ctypes.data,
                0,
                self.losses.ctypes.data,
                self.state.ctypes.data,
                self.largest.ctypes.data,
            ],
            dtype=np.int64,
        )
        self.pointer = self.args.ctypes.data

    def run(self, state: Array, settings: Array, order: Integers) -> Array:
        """One epoch; `state` is changed in place."""
        self.settings[: len(settings)] = settings
        # 0 as the distance between the settings of two steps: all steps read the first.
        self.args[7] = settings.shape[1] if len(settings) > 1 else 0
        # Held, not only compared: so the address stays valid.
        if order is not self.visited:
            self.visited, self.args[3] = order, order.ctypes.data
        self.state[:] = state
        self.largest[0] = 0
        self.function.call(self.pointer)
        # Found out by the way: looking through an order beforehand would read it twice.
        # Nothing was read beyond the data, and the caller's state is still as it was.
        if self.largest[0] >= self.length:
            raise beyond(self.length)
        state[:] = self.state
        return self.losses


def each(
    threads: int, call: Callable[[int], None], pointers: Sequence[int], keep: Any
) -> None:
    """Call for every pointer.

    keep : all that the pointers lead to. Threads that an interrupt leaves at work hold
        it until they end, so whoever was interrupted must not use it again.
    """
    waiting = iter(pointers)  # its next step is one step for all threads

    def work(_: Any = keep) -> None:
        for pointer in waiting:
            call(pointer)

    if threads == 1:
        work()
        return
    try:
        together([work] * min(threads, len(pointers)))
    finally:
        deque(waiting, maxlen=0)  # nothing more is begun


class Fused:
    """The loss of a problem in one function; a Runner."""

    def __init__(self, problem: Problem, whole: ExpandedGraph) -> None:
        self.problem, self.whole = problem, whole
        names, rows = list(problem.sweeps.input_names), [*problem.inputs]
        scales = [ONE] * len(problem.rows)
        for k, column in enumerate(problem.targets):
            names.append(f"target {k}")
            rows.append(column)
            if problem.sigma is not None:
                names.append(f"sigma {k}")
                rows.append(problem.sigma[k])
                scales[k] = name(names[-1])
        values = [whole.value(row) for row in problem.rows]
        targets = [name(f"target {k}") for k in range(len(values))]
        loss, slopes = loss_nodes(problem.loss, values, targets, scales)
        if problem.weights is not None:
            names.append("weight")
            rows.append(problem.weights)
            loss, *slopes = (
                tidy(OPS["mul"], node, name("weight")) for node in (loss, *slopes)
            )
        data = pack_rows(rows, problem.count)
        seeds = dict(zip(problem.rows, slopes, strict=True))
        roots = [loss, *whole.gradient(seeds)]
        self.sums = SumFunction(
            roots,
            data,
            names,
            problem.count,
            problem.parameters,
            problem.threads,
            problem.built,
        )

    def value_and_gradient(
        self, params: Array, rows: Integers | None = None
    ) -> tuple[float, Array]:
        """The mean loss and its gradient (p,), over the samples in `rows` or all."""
        return self.sums(params) if rows is None else self.sums.part(params, rows)

    def predictions(self, params: Array) -> Array:
        """The targets' variables (targets, n)."""
        roots = [self.whole.value(row) for row in self.problem.rows]
        return self._rows(tuple(roots), params, slice(0, self.problem.count))

    def jacobian(self, params: Array, target: int, rows: slice) -> Array:
        """d prediction / d parameters for one target, (samples in `rows`, p)."""
        roots = self.whole.gradient({self.problem.rows[target]: ONE})
        return self._rows(tuple(roots), params, rows).T

    def epoch(
        self,
        state: Array,
        rule: UpdateRule,
        settings: Array,
        order: Integers,
        batch: int,
    ) -> Array:
        """Step through `order` in batches; the mean loss of every batch (steps,)."""
        return self.sums.epoch(state, rule, settings, order, batch)

    def _rows(self, roots: tuple[Node, ...], params: Array, span: slice) -> Array:
        """Expressions as rows of samples."""
        problem = self.problem
        names = (*problem.sweeps.input_names, *problem.parameters)
        given = [*map(np.ascontiguousarray, problem.inputs[:, span]), *params.tolist()]
        count = span.stop - span.start
        rows = _rows_of(roots, names)
        problem.built.hold(rows.function.code.key, rows.function.code)
        out = empty_rows(len(rows.row), count)
        Call(rows.function, out, count, [isinstance(v, np.ndarray) for v in given]).run(
            given
        )
        found = np.empty((len(roots), count))
        by_name = dict(zip(names, given, strict=True))
        for place, root in zip(found, roots, strict=True):
            if root in rows.row:
                place[:] = out[rows.row[root], :count]
            else:
                place[:] = by_name[str(root.value)] if root.op is NAME else root.value
        return found


@functools.lru_cache(maxsize=64)
def _rows_of(roots: tuple[Node, ...], leaves: tuple[str, ...]) -> SampleRows:
    return SampleRows(roots, (), leaves)


def loss_nodes(
    loss: Loss,
    values: Sequence[Node],
    targets: Sequence[Node],
    scales: Sequence[Node],
) -> tuple[Node, list[Node]]:
    """The loss of a sample, and its derivative by each prediction."""
    if loss.joint is not None:
        return loss.joint(values, targets)
    formula = parse_expression(loss.formula)
    both = [formula, partials(formula, [_P])[_P]]
    terms, slopes = [], []
    for value, target, scale in zip(values, targets, scales, strict=True):
        # The loss sees p/σ and t/σ; its slope by p is that by p/σ, once more divided by
        # σ.
        by = {_P: tidy(OPS["div"], value, scale), _T: tidy(OPS["div"], target, scale)}
        term, slope = substitute(both, by)
        terms.append(term)
        slopes.append(tidy(OPS["div"], slope, scale))
    return functools.reduce(lambda a, b: tidy(OPS["add"], a, b), terms), slopes


_P, _T = name("p"), name("t")
