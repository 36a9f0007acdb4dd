"""Calls of the functions of a whole graph, with their arguments laid out once.

    functions of `sums_text`, `epoch_text`; rows of data ─▶ SumCall, EpochCall

`Fused` makes them; each is of one thread.
"""

from __future__ import annotations

import numpy as np

from cgprimer.run.llvm.calling import CompiledFunction, call_each
from cgprimer.run.llvm.epoch_text import EpochRecord
from cgprimer.run.llvm.records import pack
from cgprimer.run.llvm.sums_text import SampleLoss, SumsRecord
from cgprimer.run.problem import beyond
from cgprimer.run.update_rule import UpdateRule
from cgprimer.types import Array, Integers

CHUNK = 65_536  # samples summed at once: a bound on what rounding adds up to


class SumCall:
    """A loss and its gradient, averaged over the samples of packed rows."""

    def __init__(
        self,
        function: CompiledFunction,
        loss: SampleLoss,
        data: Array,
        count: int,
        threads: int,
    ) -> None:
        self.call, self.data, self.threads = function.call, data, threads
        self.code = function
        self.given = np.empty(len(loss.parameters))
        firsts = range(0, count, CHUNK)
        self.out = np.empty((len(firsts), len(loss.roots)))
        # As every chunk is multiplied by 1/count, the sums of the chunks add up to the
        # mean.
        self.records = [
            pack(
                SumsRecord,
                rows=data,
                stride=data.shape[1],
                first=first,
                end=min(first + CHUNK, count),
                parameters=self.given,
                out=row,
                factor=1 / count,
            )
            for first, row in zip(firsts, self.out, strict=True)
        ]
        self.pointers = [record.ctypes.data for record in self.records]

    def run(self, params: Array) -> tuple[float, Array]:
        """The mean loss and its gradient (p,)."""
        self.given[:] = params
        if len(self.pointers) == 1:
            self.call(self.pointers[0])
            return float(self.out[0, 0]), self.out[0, 1:].copy()
        call_each(self.threads, self.call, self.pointers, self)
        total: Array = self.out.sum(axis=0)
        return float(total[0]), total[1:]


class EpochCall:
    """An epoch: `key` is the rule, the length of the order and the batch."""

    def __init__(
        self,
        function: CompiledFunction,
        loss: SampleLoss,
        data: Array,
        length: int,
        key: tuple[UpdateRule, int, int],
    ) -> None:
        self.function, self.length, self.key = function, length, key
        rule, count, batch = key
        steps = -(-count // batch)
        self.settings = np.empty((steps, len(rule.settings)))
        self.losses = np.empty(steps)
        # Arrays of our own, whose addresses are laid out once; the caller's state may
        # lie elsewhere at each call.
        self.state = np.empty((1 + len(rule.memory), len(loss.parameters)))
        self.visited: Integers | None = None
        self.largest = np.zeros(1, dtype=np.uint64)
        self.args = pack(
            EpochRecord,
            rows=data,
            stride=data.shape[1],
            length=length,
            count=count,
            batch=batch,
            settings=self.settings,
            losses=self.losses,
            state=self.state,
            largest=self.largest,
        )
        self.pointer = self.args.ctypes.data

    def run(self, state: Array, settings: Array, order: Integers) -> Array:
        """One epoch; `state` is changed in place. The loss of every batch (steps,)."""
        self.settings[: len(settings)] = settings
        # 0 as the distance between the settings of two steps: all steps read the first.
        self.args[_APART] = settings.shape[1] if len(settings) > 1 else 0
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


_APART, _ORDER = map(EpochRecord._fields.index, ("apart", "order"))
