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

from cgprimer.expr.node import Node
from cgprimer.expr.ops import ONE, OPS, name
from cgprimer.expr.tidy import tidy
from cgprimer.graph.slots import VARIABLE
from cgprimer.keeping import memo
from cgprimer.run.llvm import dense
from cgprimer.run.llvm.driver_text import DriverArguments, driver_text, epoch_text
from cgprimer.run.llvm.emit import Emitter
from cgprimer.run.llvm.fused import PROTOTYPE, CompiledFunction, each, loss_nodes
from cgprimer.run.llvm.jit import MachineCode, compiled
from cgprimer.run.llvm.layout import GUARD, Kind, Layer, MemoryLayout, Run, distance
from cgprimer.run.llvm.shape_text import (
    FIELDS,
    Fragment,
    GroupField,
    Work,
    forward,
    module,
    reverse,
)
from cgprimer.run.llvm.tape import Tape, interpreter
from cgprimer.run.pace import Pace
from cgprimer.run.problem import Problem, check_order
from cgprimer.run.update_rules import UpdateRule
from cgprimer.types import Array, Integers

LANES = 8
CACHE = 2**17  # doubles of values that a block may have
LEAST, MOST = 64, 2_048  # samples in a block
DENSE = 512  # … at least, where layers are dense products
FEW_SHAPES = 4  # that are compiled however few equations have them
WORTH = 16  # equations from which on a shape is compiled
LONG = 1_500  # operations from which on it is not
RANGE = slice(DriverArguments.ORDER, DriverArguments.END + 1)
SPARSE = 3.0  # equations per run, below which they are not put into lanes


class Machine:
    """The code for a layout: lanes are samples, or equations where `across`."""

    def __init__(
        self, layout: MemoryLayout, across: bool, tapes: dict[int, Tape]
    ) -> None:
        runs = [run for run in layout.runs if isinstance(run, Run)]
        mean = sum(run.count for run in runs) / max(len(runs), 1)
        # With few equations a run, vectors across equations would be padding for the
        # most part, and are gathered lane by lane besides.
        width = 1 if across and mean < SPARSE else LANES
        made: list[tuple[str, Emitter]] = []
        for k, kind in enumerate(layout.kinds):
            if k not in tapes:
                made.append(forward(kind.body, width, across, f"f{k}"))
                made.append(reverse(kind.body, kind.columns, width, across, f"r{k}"))
        self.codes: list[MachineCode] = []
        address = functools.partial(self._addresses, module(made) if made else "")
        self.places = {
            k: address(k) for k in range(len(layout.kinds)) if k not in tapes
        }
        self.keep: list[Any] = [tapes]
        self.groups = self._records(layout, tapes)

    def _addresses(self, text: str, kind: int) -> tuple[int, int]:
        if not self.codes:
            self.codes.append(compiled(text))
        [code] = self.codes
        return code.address(f"f{kind}"), code.address(f"r{kind}")

    def _records(self, layout: MemoryLayout, tapes: dict[int, Tape]) -> Integers:
        """A record for every run."""
        rows = []
        for run in layout.runs:
            if isinstance(run, Layer):
                rows.append(self._product(run))
                continue
            kind = layout.kinds[run.kind]
            code = 0
            if run.kind in tapes:
                code = tapes[run.kind].record.ctypes.data
                both = (
                    interpreter().address("forward"),
                    interpreter().address("reverse"),
                )
            else:
                both = self.places[run.kind]
            table = kind.table.ctypes.data + 4 * run.offset
            rows.append((run.count, run.first, table, kind.table.shape[1], code, *both))
        records = np.zeros((len(rows), FIELDS), dtype=np.int64)
        records[:, : len(GroupField)] = rows
        return records

    def _product(self, layer: Layer) -> tuple[int, ...]:
        fields = {
            dense.DenseField.ROWS: layer.weights.shape[0],
            dense.DenseField.TERMS: layer.weights.shape[1],
            dense.DenseField.WEIGHTS: int(layer.weights[0, 0]),
            dense.DenseField.GAP: distance(layer.weights),
            dense.DenseField.FIRST: layer.source,
            dense.DenseField.WANTED: int(layer.wanted),
            dense.DenseField.DGEMM: dense.gemm(),
        }
        record = np.array([fields[field] for field in dense.DenseField], dtype=np.int64)
        self.keep.append(record)
        code = dense.products()
        place = record.ctypes.data
        both = code.address("forward"), code.address("reverse")
        return layer.weights.shape[0], layer.first, 0, 0, place, *both


class _Buffers:
    """What one thread works on: values, adjoints, gradient, numbers, arguments."""

    def __init__(self, runner: ByShape, block: int, across: bool) -> None:
        layout, machine = runner.layout, runner.machine(across)
        self.machine = machine
        # For one sample a row is one number, so rows that follow each other are a
        # vector of equations.
        stride = 1 if across else -(-block // LANES) * LANES
        self.values = np.zeros((layout.rows, stride))
        self.adjoints = np.zeros((layout.rows, stride))
        # Room of LANES behind the constants, as of GUARD behind rows.
        self.numbers = np.zeros(layout.numbers + len(layout.table.constants) + LANES)
        self.numbers[layout.numbers : -LANES] = layout.table.constants
        self.gradient = np.zeros(layout.numbers)
        self.scratch = np.zeros(max(1, runner.registers) * LANES)
        self.sum = np.zeros(1)
        self.work = np.zeros(FIELDS, dtype=np.int64)
        for field, array in (
            (Work.VALUES, self.values),
            (Work.ADJOINTS, self.adjoints),
            (Work.NUMBERS, self.numbers),
            (Work.GRADIENT, self.gradient),
            (Work.SCRATCH, self.scratch),
        ):
            self.work[field] = array.ctypes.data
        self.work[Work.STRIDE] = stride
        self.args = np.zeros(len(DriverArguments), dtype=np.int64)
        for name_, value in (
            (DriverArguments.GROUPS, machine.groups.ctypes.data),
            (DriverArguments.COUNT, len(machine.groups)),
            (DriverArguments.WORK, self.work.ctypes.data),
            (DriverArguments.DATA, runner.data.ctypes.data),
            (DriverArguments.WIDTH, runner.data.shape[1]),
            (DriverArguments.ROWS, runner.data.shape[0]),
            (DriverArguments.BLOCK, stride),
            (DriverArguments.UNIT, 1 if across else LANES),
            (DriverArguments.LOSS, runner.loss_row),
            (DriverArguments.TERMS, runner.terms),
            (DriverArguments.SUM, self.sum.ctypes.data),
            (DriverArguments.CELLS, self.values.size),
            (DriverArguments.PARAMETERS, layout.numbers),
        ):
            self.args[name_] = value
        self.pointer = self.args.ctypes.data


class ByShape:
    """The loss of a problem, shape by shape; a Runner."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        extra = [*problem.targets]
        extra += [] if problem.sigma is None else [*problem.sigma]
        extra += [] if problem.weights is None else [problem.weights]
        self.data = np.array([*problem.inputs, *extra]).reshape(-1, problem.count)
        self.layout = layout = MemoryLayout(problem.sweeps, len(self.data))
        self.order = None
        # Parameters are permuted only where a dense layer has renumbered them.
        if (np.diff(layout.number) != 1).any():
            self.order = np.argsort(layout.number)
        self._add_loss()
        self.tapes = {
            k: Tape(kind.body, kind.columns)
            for k, kind in enumerate(layout.kinds)
            if not self._worth(kind)
        }
        self.registers = max((t.registers for t in self.tapes.values()), default=0)
        # As many samples as keep all rows of values in the cache, in whole vectors; at
        # least LEAST, as calling the groups costs the same for a few; no more than
        # there are.
        block = max(LEAST, min(MOST, CACHE // layout.rows // LANES * LANES))
        self.layers = sum(isinstance(run, Layer) for run in layout.runs)
        if self.layers:
            block = max(block, DENSE)
        self.block = min(block, max(LANES, -(-problem.count // LANES) * LANES))
        self.pace, self.single = Pace(problem.operations), Pace(problem.operations)
        self._local = threading.local()

    def _worth(self, kind: Kind) -> bool:
        """Whether a kind of equations is to be compiled."""
        # One more than FEW_SHAPES: the loss is a kind too.
        few = len(self.layout.kinds) <= FEW_SHAPES + 1
        return (few or kind.equations >= WORTH) and len(kind.body.slots) <= LONG // 8

    def _add_loss(self) -> None:
        """Add the loss as equations of a kind of their own, as many as it has terms.

        A term belongs to one target, or, in a joint loss, to all of them.
        """
        problem, layout, loss = self.problem, self.layout, self.problem.loss
        first, targets = len(problem.inputs), len(problem.rows)
        joint = loss.joint is not None and targets > 0
        width = targets if joint else 1
        p, t = _slots(0, width), _slots(width, width)
        # Slots of the loss are rows: predictions, then targets, sigma and weights,
        # which are rows of data. With two targets and weights, for terms (p, t, w):
        #
        #     x0   rows of the two predictions
        #     x1   rows of the two targets
        #     x2   the row of the weights, twice
        #
        # A joint loss is one equation: a slot for every prediction and every target.
        slots = [layout.row[problem.rows], first + np.arange(targets)]
        if joint:
            slots = [np.array([row]) for row in np.concatenate(slots)]
        scales = [ONE]
        if problem.sigma is not None:
            scales = _slots(len(slots), 1)
            slots.append(first + targets + np.arange(targets))
        terms = 1 if joint else targets
        body, slopes = loss_nodes(loss, p, t, scales * width)
        if problem.weights is not None:
            [weight] = _slots(len(slots), 1)
            slots.append(np.full(terms, len(self.data) - 1))
            body, *slopes = (tidy(OPS["mul"], node, weight) for node in (body, *slopes))
        names = tuple(VARIABLE.slot(k) for k in range(len(slots)))
        piece = Fragment(body, names, tuple(slopes) if joint else None)
        kind = layout.add(piece, np.array(slots), names)
        # Only predictions get an adjoint, also where they are rows of data: not
        # targets, sigma and weights.
        layout.kinds[kind].columns = list(range(width))
        self.loss_row, self.terms = layout.rows, terms
        layout.rows += terms + GUARD
        layout.runs.append(Run(kind, 0, terms, self.loss_row))

    @memo
    def machine(self, across: bool) -> Machine:
        """The code for one sample at a time, or for blocks of samples."""
        machine = Machine(self.layout, across, self.tapes)
        for code in machine.codes:
            self.problem.built.hold(code.key, code)
        return machine

    def _buffers(self, across: bool, slot: int = 0) -> _Buffers:
        """This thread's own; `slot` tells apart those of several helpers."""
        kept = self._local.__dict__.setdefault("kept", {})
        key = across, slot
        if key not in kept:
            kept[key] = _Buffers(self, self.block, across)
        found: _Buffers = kept[key]
        return found

    def _give(
        self, buffers: _Buffers, params: Array, data: Array | None = None
    ) -> None:
        """Lay out parameters and data anew: a call before may have been interrupted."""
        given = params if self.order is None else params[self.order]
        buffers.numbers[: len(given)] = given
        data = self.data if data is None else data
        buffers.args[DriverArguments.DATA] = data.ctypes.data
        buffers.args[DriverArguments.WIDTH] = data.shape[1]

    def _take(self, found: Array) -> Array:
        count = len(self.layout.number)
        return found[:count].copy() if self.order is None else found[self.layout.number]

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
        call, unit = _driver()["gradient"], 1 if across else self.block
        # Taken out while threads work on them: one that an interrupt leaves at work
        # keeps its buffers, and the next call makes others.
        kept, self._local.kept = self._local.kept, {}
        with self._blas:
            for low, high in self.pace.spans(0, min(share, count), unit):
                for k, buffers in enumerate(every):
                    ends = (min(k * share + at, count) for at in (low, high))
                    buffers.args[RANGE] = order, *ends
                pointers = [buffers.pointer for buffers in every]
                each(parts, call, pointers, (self, every))
        self._local.kept = kept
        # In the order of the shares, whichever ended first: sums do not vary from run
        # to run.
        total, gradient = every[0].sum[0], self._take(every[0].gradient)
        for buffers in every[1:]:
            total = total + buffers.sum[0]
            gradient += self._take(buffers.gradient)
        gradient /= count
        return float(total) / count, gradient

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
        found = np.empty((len(rows), count))
        call, args = _driver()["forward"], buffers.args
        args[DriverArguments.ORDER] = 0
        with self._blas:
            for first in range(0, count, self.block):
                end = min(first + self.block, count)
                args[DriverArguments.FIRST], args[DriverArguments.END] = first, end
                call(buffers.pointer)
                found[:, first:end] = buffers.values[rows, : end - first]
        return found

    def jacobian(self, params: Array, target: int, rows: slice) -> Array:
        """d prediction / d parameters for one target, (samples in `rows`, p)."""
        # One sample at a time: the gradient of a sample is a row of the Jacobian.
        buffers = self._buffers(True)
        self._give(buffers, params)
        found = np.empty((rows.stop - rows.start, self.layout.numbers))
        args = buffers.args
        args[DriverArguments.ORDER] = 0
        args[DriverArguments.TARGET] = self.layout.row[self.problem.rows[target]]
        with self._blas:
            for low, high in self.single.spans(rows.start, rows.stop):
                args[DriverArguments.FIRST], args[DriverArguments.END] = low, high
                args[DriverArguments.LOSSES] = found[low - rows.start :].ctypes.data
                _driver()["jacobian"](buffers.pointer)
        return found[:, self.layout.number]

    def epoch(
        self,
        state: Array,
        rule: UpdateRule,
        settings: Array,
        order: Integers,
        batch: int,
    ) -> Array:
        """Step through `order` in batches; the mean loss of every batch (steps,)."""
        check_order(order, self.problem.count)
        buffers = self._buffers(batch == 1)
        number, count = self.layout.number, state.shape[1]
        self._give(buffers, state[0])
        memory = np.zeros((len(rule.memory), self.layout.numbers))
        memory[:, number] = state[1:]
        losses = np.empty(-(-len(order) // batch))
        function = epoch_function(rule)
        settings = np.ascontiguousarray(
            np.broadcast_to(settings, (len(losses), len(rule.settings)))
        )
        args = buffers.args
        for field, value in (
            (DriverArguments.ORDER, order.ctypes.data),
            (DriverArguments.FIRST, 0),
            (DriverArguments.END, len(order)),
            (DriverArguments.BATCH, batch),
            (DriverArguments.SETTINGS, settings.ctypes.data),
            (DriverArguments.LOSSES, losses.ctypes.data),
            (DriverArguments.MEMORY, memory.ctypes.data),
        ):
            args[field] = value
        with self._blas:
            function.call(buffers.pointer)
        state[0] = buffers.numbers[:count][number]
        state[1:] = memory[:, number]
        return losses


def _slots(first: int, count: int) -> list[Node]:
    """Slots of the loss, from number `first` on."""
    return [name(VARIABLE.slot(k)) for k in range(first, first + count)]


@functools.cache
def _driver() -> dict[str, Any]:
    code = compiled(driver_text())
    names = ("forward", "gradient", "jacobian")
    calls = {title: PROTOTYPE(code.address(title)) for title in names}
    return {**calls, "code": code}


@functools.lru_cache(maxsize=16)
def epoch_function(rule: UpdateRule) -> CompiledFunction:
    """The compiled epoch of a rule, for every graph."""
    return CompiledFunction(epoch_text(rule), "epoch")


@functools.cache
def _limits() -> Any:
    dense.gemm()
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")
