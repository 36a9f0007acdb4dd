"""Compiled functions of arrays: what Python calls.

    compile_arrays(roots, sizing, …) ─▶ ArrayFunction: name → array ─▶ list of arrays
    compile_step(loss, slopes, …)    ─▶ ArrayStep: a step of descent on rows of data

Everything between one call and its return is machine code: loops, products by BLAS.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from cgprimer.expr.array_forwards.choices import BadIndex, whole
from cgprimer.expr.dims import Sizing
from cgprimer.expr.node import Node
from cgprimer.run.llvm.arrays.blas import OneThread, product_address
from cgprimer.run.llvm.arrays.module import HEAD, module_of
from cgprimer.run.llvm.arrays.operations.call import NoCode
from cgprimer.run.llvm.arrays.planner import Planner
from cgprimer.run.llvm.arrays.request import Lowered, Request, Uncoded, uncoded
from cgprimer.run.llvm.arrays.steps import Buffer
from cgprimer.run.llvm.calling import CompiledFunction
from cgprimer.run.llvm.lanes import DOUBLE, NumberType

FLOAT = NumberType("float", 32)
LINE = 64
Numbers = NDArray[Any]


class Code:
    """The machine code of a request, which any number of threads may run at once.

    slot : buffer that is handed in → place of its address in a ArrayWorkspace.
    """

    def __init__(self, request: Request, dtype: DTypeLike) -> None:
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.dtype(np.float64), np.dtype(np.float32)):
            raise TypeError(f"the engine has float64 and float32, not {self.dtype}")
        missing = uncoded([*request.roots, *request.updates.values()])
        if missing:
            raise Uncoded(f"no machine code for {', '.join(missing)}")
        try:
            self.lowered: Lowered = Planner(request).run()
        except NoCode as error:
            raise Uncoded(f"no machine code for {error}") from None
        real = DOUBLE if self.dtype.itemsize == 8 else FLOAT
        module = module_of(self.lowered.plan, real)
        self.samples, self.block = request.samples, module.block
        self.function = CompiledFunction(module.text)
        self.slot = {buffer: HEAD + k for k, buffer in enumerate(module.outside)}
        self.results = [
            (self.slot[buffer], shape) for buffer, shape in self.lowered.results
        ]
        self.counts = {
            slot: np.arange(record.size, dtype=self.dtype)
            for slot, record in self._records()
            if record.kind == "constant"
        }

    def _records(self) -> list[tuple[int, Buffer]]:
        buffers = self.lowered.plan.buffers
        return [(slot, buffers[k]) for k, slot in self.slot.items()]

    def workspace(self) -> ArrayWorkspace:
        """Memory for one call at a time."""
        made = ArrayWorkspace(self)
        for slot, record in self._records():
            if record.kind == "constant":
                made.args[slot] = self.counts[slot].ctypes.data
            elif record.kind == "factor":
                made.args[slot] = made.factors.ctypes.data
        return made

    def check_index(self, name: str, values: Numbers) -> None:
        """BadIndex where a name holds what names no entry."""
        entries = self.lowered.indices[name]
        try:
            whole(values, entries)
        except BadIndex as error:
            raise error.named(name, "") from None


class ArrayWorkspace:
    """The memory of one call: addresses, factors, and all that is in between."""

    def __init__(self, code: Code) -> None:
        self.code = code
        self.block = np.empty(code.block + LINE, dtype=np.uint8)
        self.factors = np.zeros(2, dtype=code.dtype)
        self.args = np.zeros(HEAD + len(code.slot), dtype=np.int64)
        self.args[:HEAD] = (
            self.block.ctypes.data + -self.block.ctypes.data % LINE,
            product_address(code.dtype),
            self.factors.ctypes.data,
        )
        self.pointer = self.args.ctypes.data

    def call(self) -> None:
        """Run the code."""
        with OneThread():
            self.code.function.call(self.pointer)


class ArrayFunction:
    """A compiled function of arrays; several threads may call it at once.

    f(values) takes a value (n, *dims) for each name with samples, (*dims) for others,
    and returns an array for each root: (n, *dims), or (*dims) without samples.
    """

    def __init__(self, code: Code, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self.code = code
        inputs = code.lowered.inputs
        self.shapes = {name: shapes[name] for name in inputs}
        self.slots = [code.slot[buffer] for buffer in inputs.values()]
        self.spare: deque[ArrayWorkspace] = deque()

    def __call__(self, values: Mapping[str, ArrayLike]) -> list[Numbers]:
        code = self.code
        # Copies of what is of another type or order are held until the call is over.
        held = [self._checked(name, values[name]) for name in self.shapes]
        results = [np.empty(shape, code.dtype) for _, shape in code.results]
        try:
            work = self.spare.pop()
        except IndexError:  # the first call, or another thread is at work
            work = code.workspace()
        for slot, array in zip(self.slots, held, strict=True):
            work.args[slot] = array.ctypes.data
        for (slot, _), array in zip(code.results, results, strict=True):
            work.args[slot] = array.ctypes.data
        work.call()
        self.spare.append(work)
        return results

    def _checked(self, name: str, value: ArrayLike) -> Numbers:
        """A value as the code reads it; ValueError, or BadIndex, where it cannot."""
        array = np.ascontiguousarray(value, dtype=self.code.dtype)
        shape = self.shapes[name]
        if array.shape != shape and (shape or array.size != 1):
            raise ValueError(f"{name} is {array.shape}, but {shape} is expected")
        if name in self.code.lowered.indices:
            self.code.check_index(name, array)
        return array


class ArrayStep:
    """One step of plain gradient descent on a batch; for one thread at a time.

    code : of `compile_step`. values : name → array of the parameters, which the step
    copies, and changes in place. data : name → array, whose rows make batches: those
    of names with samples, or with a batch written out. batch : rows of each.
    """

    def __init__(
        self,
        code: Code,
        values: Mapping[str, ArrayLike],
        data: Mapping[str, ArrayLike],
        batch: int,
    ) -> None:
        self.code, self.work = code, code.workspace()
        self.values = {
            name: np.array(value, dtype=code.dtype, order="C")
            for name, value in values.items()
        }
        self.data = {
            name: np.ascontiguousarray(value, dtype=code.dtype)
            for name, value in data.items()
        }
        for name in self.data.keys() & code.lowered.indices.keys():
            code.check_index(name, self.data[name])
        self.rows = {
            name: np.empty((batch, *array.shape[1:]), dtype=code.dtype)
            for name, array in self.data.items()
        }
        [(slot, shape)] = code.results
        self.loss = np.zeros(shape, dtype=code.dtype)
        self.work.args[slot] = self.loss.ctypes.data
        for name, array in (self.values | self.rows).items():
            if name in code.lowered.inputs:
                buffer = code.lowered.inputs[name]
                if array.size != code.lowered.plan.buffers[buffer].size:
                    raise ValueError(f"{name} is {array.shape} in a batch of {batch}")
                self.work.args[code.slot[buffer]] = array.ctypes.data

    def __call__(self, rows: NDArray[np.int64] | slice, rate: float) -> float:
        """Step on these rows of the data; the mean loss before it."""
        for name, batch in self.rows.items():
            if isinstance(rows, slice):
                batch[:] = self.data[name][rows]
            else:
                np.take(self.data[name], rows, axis=0, out=batch)
        factors = self.work.factors
        factors[0], factors[1] = -rate, -rate / self.code.samples
        self.work.call()
        return float(self.loss[()])


def compile_arrays(
    roots: Sequence[Node],
    sizing: Sizing,
    sampled: Collection[str],
    samples: int,
    dtype: DTypeLike = np.float64,
    means: Collection[int] = (),
) -> ArrayFunction:
    """Machine code of some nodes; Uncoded says which operations have none.

    sizing : the dims of all names, as numbers. sampled : names with `samples` of them.
    means : positions of roots that are wanted as their mean over samples.

    Example: compile_arrays([loss, *slopes], sizing, {"xx", "xt"}, 100, means=range(5))
    """
    request = Request(roots, frozenset(means), {}, sizing, sampled, samples)
    code = Code(request, dtype)
    shapes = {
        name: ((samples,) if name in sampled else ())
        + tuple(int(d) for d in sizing.names.get(name, ()))
        for name in code.lowered.inputs
    }
    return ArrayFunction(code, shapes)


def compile_step(
    loss: Node,
    slopes: Mapping[str, Node],
    sizing: Sizing,
    sampled: Collection[str],
    samples: int,
    dtype: DTypeLike = np.float64,
) -> Code:
    """Machine code of a step of descent: parameter - rate·mean slope, in place.

    slopes : parameter → node of d loss / d parameter. `ArrayStep` calls it.
    """
    request = Request([loss], {0}, slopes, sizing, sampled, samples)
    return Code(request, dtype)
