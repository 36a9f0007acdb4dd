"""A loss and its gradient summed over samples by one function, and epochs of steps.

    SampleLoss, rows of data ─▶ SumFunction: parameters (p,) ─▶ loss, gradient

`Fused` makes it for a whole graph.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from cgprimer.keeping import lazy, memo
from cgprimer.run.llvm.calling import CompiledFunction, call_each
from cgprimer.run.llvm.epoch_text import EpochField, epoch_text
from cgprimer.run.llvm.lanes import LANES
from cgprimer.run.llvm.sample_rows import empty_rows
from cgprimer.run.llvm.sums_text import SampleLoss, SumsField, sums_text
from cgprimer.run.problem import Problem, Steps, beyond
from cgprimer.run.update_rule import UpdateRule
from cgprimer.types import Array, Integers

CHUNK = 65_536  # samples summed at once: a bound on what rounding adds up to


class SumFunction:
    """A loss and its gradient, summed over samples that are packed once."""

    def __init__(self, loss: SampleLoss, data: Array, problem: Problem) -> None:
        self.loss, self.data, self.problem = loss, data, problem
        self._local = threading.local()

    @lazy
    def function(self) -> CompiledFunction:
        """Sums over a range of samples."""
        return self._compile(sums_text(self.loss))

    def _compile(self, text: str) -> CompiledFunction:
        function = CompiledFunction(text)
        self.problem.built.hold(function.code.key, function.code)
        return function

    def __call__(self, params: Array) -> tuple[float, Array]:
        """The mean loss and its gradient."""
        # Taken out for as long as it is in use: after an interrupt, threads that are
        # still at work go on writing to it, and the next call makes a new one.
        state = self._local.__dict__.pop("state", None) or self._prepare()
        given, out, pointers, call, _ = state
        given[:] = params
        if len(pointers) == 1:
            call(pointers[0])
            self._local.state = state
            return float(out[0, 0]), out[0, 1:].copy()
        call_each(self.problem.threads, call, pointers, (self, state))
        self._local.state = state
        total: Array = out.sum(axis=0)
        return float(total[0]), total[1:]

    def _prepare(
        self,
    ) -> tuple[Array, Array, list[int], Callable[[int], None], list[Integers]]:
        """Buffers of this thread, with a record of arguments for every chunk."""
        count = self.problem.count
        given = np.empty(len(self.loss.parameters))
        firsts = range(0, count, CHUNK)
        out = np.empty((len(firsts), len(self.loss.roots)))
        # As every chunk is multiplied by 1/count, the sums of the chunks add up to the
        # mean.
        records = [
            _record(self.data, first, min(first + CHUNK, count), given, row, 1 / count)
            for first, row in zip(firsts, out, strict=True)
        ]
        pointers = [record.ctypes.data for record in records]
        return given, out, pointers, self.function.call, records

    def part(self, params: Array, rows: Integers) -> tuple[float, Array]:
        """The mean loss and its gradient over some of the samples."""
        chunks = [rows[k : k + CHUNK] for k in range(0, len(rows), CHUNK)]
        parts = [self._part(params, chunk, 1 / len(rows)) for chunk in chunks]
        return sum(f for f, _ in parts), np.sum([g for _, g in parts], axis=0)

    def _part(
        self, params: Array, rows: Integers, factor: float
    ) -> tuple[float, Array]:
        data = empty_rows(len(self.data), len(rows))
        data[:, : len(rows)] = self.data[:, rows]
        data[:, len(rows) :] = self.data[:, rows[-1:]]
        given = np.array(params, dtype=np.float64)
        out = np.empty(len(self.loss.roots))
        record = _record(data, 0, len(rows), given, out, factor)
        self.function.call(record.ctypes.data)
        return float(out[0]), out[1:]

    def epoch(self, state: Array, steps: Steps) -> Array:
        """Step through an order in batches; the mean loss of every batch (steps,)."""
        rule, settings, order, batch = steps
        key = rule, len(order), batch
        kept = getattr(self._local, "epoch", None)
        if kept is None or kept.key != key:
            kept = self._local.epoch = _EpochCall(self, *key)
        return kept.run(state, settings, order)

    @memo
    def epoch_function(self, rule: UpdateRule, batch: int) -> CompiledFunction:
        """The function of an epoch."""
        return self._compile(epoch_text(self.loss, rule, batch))


def _record(
    data: Array, first: int, end: int, params: Array, out: Array, factor: float
) -> Integers:
    """The arguments of a sum; whoever asks for it holds the arrays."""
    return SumsField.pack(
        {
            SumsField.ROWS: data,
            SumsField.STRIDE: data.shape[1],
            SumsField.FIRST: first,
            SumsField.END: end,
            SumsField.PARAMETERS: params,
            SumsField.OUT: out,
            SumsField.FACTOR: factor,
        }
    )


class _EpochCall:
    """An epoch with its arguments laid out once; of one thread."""

    def __init__(
        self, sums: SumFunction, rule: UpdateRule, count: int, batch: int
    ) -> None:
        self.key = rule, count, batch
        # The text depends on the batch only in three steps: 1; up to a vector; more.
        self.function = sums.epoch_function(rule, min(batch, LANES + 1))
        steps = -(-count // batch)
        self.settings = np.empty((steps, len(rule.settings)))
        self.losses = np.empty(steps)
        # Arrays of our own, whose addresses are laid out once; the caller's state may
        # lie elsewhere at each call.
        self.state = np.empty((1 + len(rule.memory), len(sums.loss.parameters)))
        self.visited: Integers | None = None
        self.apart = 0
        self.largest = np.zeros(1, dtype=np.uint64)
        self.length = sums.problem.count
        self.args = EpochField.pack(
            {
                EpochField.ROWS: sums.data,
                EpochField.STRIDE: sums.data.shape[1],
                EpochField.LENGTH: self.length,
                EpochField.ORDER: 0,  # … and APART, at each call
                EpochField.COUNT: count,
                EpochField.BATCH: batch,
                EpochField.SETTINGS: self.settings,
                EpochField.APART: 0,
                EpochField.LOSSES: self.losses,
                EpochField.STATE: self.state,
                EpochField.LARGEST: self.largest,
            }
        )
        self.pointer = self.args.ctypes.data

    def run(self, state: Array, settings: Array, order: Integers) -> Array:
        """One epoch; `state` is changed in place."""
        self.settings[: len(settings)] = settings
        # 0 as the distance between the settings of two steps: all steps read the first.
        apart = settings.shape[1] if len(settings) > 1 else 0
        if apart != self.apart:
            self.apart = self.args[_APART] = apart
        # Held, not only compared: so the address stays valid.
        if order is not self.visited:
            self.visited, self.args[_ORDER] = order, order.ctypes.data
        self.state[:] = state
        self.largest.fill(0)
        self.function.call(self.pointer)
        # Found out by the way: looking through an order beforehand would read it twice.
        # Nothing was read beyond the data, and the caller's state is still as it was.
        if self.largest.item() >= self.length:
            raise beyond(self.length)
        state[:] = self.state
        return self.losses


_APART, _ORDER = int(EpochField.APART), int(EpochField.ORDER)
