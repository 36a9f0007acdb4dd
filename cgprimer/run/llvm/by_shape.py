"""A graph run shape by shape: what building costs grows with shapes, not equations.

Shapes that many equations have are compiled, the others are interpreted, and dense
layers go to BLAS; one compiled driver runs them all, block by block of samples.

    Problem ─▶ ByShape: parameters (p,) ─▶ loss, gradient, Jacobian, epochs
"""

from __future__ import annotations

import functools
import threading
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from cgprimer.keeping import memo
from cgprimer.run.llvm import dense
from cgprimer.run.llvm.calling import CompiledFunction, call_each
from cgprimer.run.llvm.driver_text import driver_text, epoch_text
from cgprimer.run.llvm.lanes import LANES
from cgprimer.run.llvm.layout import DenseLayer, MemoryLayout, SlotTable
from cgprimer.run.llvm.loss_group import add_loss
from cgprimer.run.llvm.machine import CompiledLayout
from cgprimer.run.llvm.tape import Tape
from cgprimer.run.llvm.workspace import Workspace
from cgprimer.run.pace import Pace
from cgprimer.run.problem import Problem, Steps, check_order
from cgprimer.run.update_rule import UpdateRule
from cgprimer.types import Array, Integers

CACHE = 2**17  # doubles of values that a block may have
LEAST, MOST = 64, 2_048  # samples in a block
DENSE = 512  # … at least, where layers are dense products
FEW_SHAPES = 4  # that are compiled however few equations have them
WORTH = 16  # equations from which on a shape is compiled
MOST_SLOTS = 187  # of a shape that is compiled: some 1 500 operations


class ByShape:
    """The loss of a problem, shape by shape; a Runner."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.data = np.array(problem.data).reshape(-1, problem.count)
        self.layout = layout = MemoryLayout(problem.sweeps, len(self.data))
        # Parameters are permuted only where a dense layer has renumbered them.
        plain = (np.diff(layout.number) == 1).all()
        self.order = slice(None) if plain else np.argsort(layout.number)
        self.number = slice(len(layout.number)) if plain else layout.number
        add_loss(layout, problem)
        self.tapes = {
            k: Tape(own.body, own.columns)
            for k, own in enumerate(layout.slot_tables)
            if not self._worth(own)
        }
        # As many samples as keep all rows of values in the cache, in whole vectors; at
        # least LEAST, as calling the groups costs the same for a few; no more than
        # there are.
        block = max(LEAST, min(MOST, CACHE // layout.rows // LANES * LANES))
        self.layers = sum(isinstance(group, DenseLayer) for group in layout.groups)
        if self.layers:
            block = max(block, DENSE)
        self.block = min(block, max(LANES, -(-problem.count // LANES) * LANES))
        self.pace, self.single = Pace(problem.operations), Pace(problem.operations)
        self._local = threading.local()

    def _worth(self, own: SlotTable) -> bool:
        """Whether the equations of a body are to be compiled."""
        # One more than FEW_SHAPES: the loss has a body too.
        few = len(self.layout.slot_tables) <= FEW_SHAPES + 1
        return (few or own.equations >= WORTH) and len(own.body.slots) <= MOST_SLOTS

    @memo
    def machine(self, across: bool) -> CompiledLayout:
        """The code for one sample at a time, or for blocks of samples."""
        machine = CompiledLayout(self.layout, across, self.tapes)
        for code in machine.codes:
            self.problem.built.hold(code.key, code)
        return machine

    def _buffers(self, across: bool, slot: int = 0) -> Workspace:
        """This thread's own; `slot` tells apart those of several helpers."""
        kept = self._local.__dict__.setdefault("kept", {})
        key = across, slot
        if key not in kept:
            machine = self.machine(across)
            kept[key] = Workspace(machine, self.data, self.block)
        workspace: Workspace = kept[key]
        return workspace

    def _give(
        self, buffers: Workspace, params: Array, data: Array | None = None
    ) -> None:
        """Lay out parameters and data anew: a call before may have been interrupted."""
        buffers.numbers[: len(params)] = params[self.order]
        buffers.read(self.data if data is None else data)

    def value_and_gradient(
        self, params: Array, rows: Integers | None = None
    ) -> tuple[float, Array]:
        """The mean loss and its gradient (p,), over the samples in `rows` or all."""
        count = self.problem.count if rows is None else len(rows)
        across = count == 1
        parts = min(self.problem.threads, -(-count // self.block))
        order = 0 if rows is None else rows.ctypes.data
        every = [self._buffers(across, slot) for slot in range(parts)]
        # Whole vectors for every helper. All go through their shares in step: of 4096
        # samples two have 0:2048 and 2048:4096; for the span 0:1024 they take 0:1024
        # and 2048:3072.
        share = -(-count // (parts * LANES)) * LANES
        for buffers in every:
            self._give(buffers, params)
            buffers.gradient[:] = buffers.sum[0] = 0.0
        call, unit = _driver("gradient").call, 1 if across else self.block
        # Taken out while threads work on them: one that an interrupt leaves at work
        # keeps its buffers, and the next call makes others.
        kept, self._local.kept = self._local.kept, {}
        with self._blas:
            for low, high in self.pace.spans(0, min(share, count), unit):
                for k, buffers in enumerate(every):
                    ends = (min(k * share + at, count) for at in (low, high))
                    buffers.visit(order, *ends)
                pointers = [buffers.pointer for buffers in every]
                call_each(parts, call, pointers, (self, every))
        self._local.kept = kept
        # In the order of the shares, whichever ended first: sums do not vary from run
        # to run.
        total, gradient = every[0].sum[0], every[0].gradient[self.number]
        for buffers in every[1:]:
            total = total + buffers.sum[0]
            gradient = gradient + buffers.gradient[self.number]
        return float(total) / count, gradient / count

    @property
    def _blas(self) -> AbstractContextManager[Any]:
        """BLAS takes no more threads than were asked for."""
        return _limits().limit(limits=1) if self.layers else nullcontext()

    def predictions(self, params: Array) -> Array:
        """The targets' variables (targets, n)."""
        return self.rows(params, self.data, self.layout.row[self.problem.rows])

    def rows(self, params: Array, data: Array, rows: Integers) -> Array:
        """Rows of values for all samples of `data`, which is laid out as our own."""
        buffers, count = self._buffers(False), data.shape[1]
        self._give(buffers, params, data)
        values = np.empty((len(rows), count))
        call = _driver("forward").call
        with self._blas:
            for first in range(0, count, self.block):
                end = min(first + self.block, count)
                buffers.visit(0, first, end)
                call(buffers.pointer)
                values[:, first:end] = buffers.values[rows, : end - first]
        return values

    def jacobian(self, params: Array, target: int, rows: slice) -> Array:
        """d prediction / d parameters for one target, (samples in `rows`, p)."""
        # One sample at a time: the gradient of a sample is a row of the Jacobian.
        buffers = self._buffers(True)
        self._give(buffers, params)
        jacobian = np.empty((rows.stop - rows.start, self.layout.numbers))
        buffers.put(target=self.layout.row[self.problem.rows[target]])
        with self._blas:
            for low, high in self.single.spans(rows.start, rows.stop):
                buffers.visit(0, low, high)
                buffers.put(losses=jacobian[low - rows.start :])
                _driver("jacobian").call(buffers.pointer)
        return jacobian[:, self.layout.number]

    def epoch(self, state: Array, steps: Steps) -> Array:
        """Step through an order in batches; the mean loss of every batch (steps,)."""
        rule, order, batch = steps.rule, steps.order, steps.batch
        check_order(order, self.problem.count)
        buffers = self._buffers(batch == 1)
        number, count = self.layout.number, state.shape[1]
        self._give(buffers, state[0])
        memory = np.zeros((len(rule.memory), self.layout.numbers))
        memory[:, number] = state[1:]
        losses = np.empty(steps.batches)
        function = epoch_function(rule)
        settings = np.ascontiguousarray(steps.each_settings())
        buffers.visit(order.ctypes.data, 0, len(order))
        buffers.put(batch=batch, settings=settings, losses=losses, memory=memory)
        with self._blas:
            function.call(buffers.pointer)
        state[0] = buffers.numbers[:count][number]
        state[1:] = memory[:, number]
        return losses


@functools.cache
def _driver(title: str) -> CompiledFunction:
    """The compiled driver's `forward`, `gradient` or `jacobian`, for every graph."""
    return CompiledFunction(driver_text(), title)


@functools.lru_cache(maxsize=16)
def epoch_function(rule: UpdateRule) -> CompiledFunction:
    """The compiled epoch of a rule, for every graph."""
    return CompiledFunction(epoch_text(rule), "epoch")


@functools.cache
def _limits() -> Any:
    dense.gemm()
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")
