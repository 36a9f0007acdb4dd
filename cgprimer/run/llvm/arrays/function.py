"""Compiled functions of arrays: what Python calls.

    compile_arrays(roots, sizing, …) ─▶ ArrayFunction: name → array ─▶ list of arrays
    compile_step(loss, slopes, …)    ─▶ ArrayStep: a step of descent on rows of data

Everything between one call and its return is machine code: loops, products by BLAS.
"""

from __future__ import annotations

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
from cgprimer.run.llvm.calling import CompiledFunction
from cgprimer.run.llvm.lanes import DOUBLE, NumberType

FLOAT = NumberType("float", 32)
LINE = 64
Numbers = NDArray[Any]


class Code:
    """The machine code of a request, and the memory of one call at a time."""

    def __init__(self, request: Request, dtype: DTypeLike) -> None:
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.dtype(np.float64), np.dtype(np.float32)):
            raise TypeError(f"the engine has float64 and float32, not {self.dtype}")
        missing = uncoded([*request.roots, *request.updates.values()])
        if missing:
            raise Uncoded(f"no machine code for {', '.join(missing)}")
        self.samples = request.samples
        real = DOUBLE if self.dtype.itemsize == 8 else FLOAT
        try:
            self.lowered: Lowered = Planner(request).run()
        except NoCode as error:
            raise Uncoded(f"no machine code for {error}") from None
        module = module_of(self.lowered.plan, real)
        self.function = CompiledFunction(module.text)
        self.block = np.empty(module.block + LINE, dtype=np.uint8)
        self.factors = np.zeros(2, dtype=self.dtype)
        self.args = np.zeros(HEAD + len(module.outside), dtype=np.int64)
        shift = -self.block.ctypes.data % LINE
        self.args[:HEAD] = (
            self.block.ctypes.data + shift,
            product_address(self.dtype),
            self.factors.ctypes.data,
        )
        self.slot = {buffer: HEAD + k for k, buffer in enumerate(module.outside)}
        self.keep: list[Numbers] = []
        for buffer, place in self.slot.items():
            record = self.lowered.plan.buffers[buffer]
            if record.kind == "constant":
                self.keep.append(np.arange(record.size, dtype=self.dtype))
                self.args[place] = self.keep[-1].ctypes.data
            elif record.kind == "factor":
                self.args[place] = self.factors.ctypes.data
        self.pointer = self.args.ctypes.data
        self.results = [
            (self.slot[buffer], shape) for buffer, shape in self.lowered.results
        ]

    def check_index(self, name: str, values: Numbers) -> None:
        """BadIndex where a name holds what names no entry."""
        entries = self.lowered.indices[name]
        try:
            whole(values, entries)
        except BadIndex as error:
            raise error.named(name, "") from None

    def call(self) -> None:
        """Run."""
        with OneThread():
            self.function.call(self.pointer)


class ArrayFunction:
    """A compiled function of arrays.

    f(values) takes a value (n, *dims) for each name with samples, (*dims) for others,
    and returns an array for each root: (n, *dims), or (*dims) without samples.
    """

    def __init__(self, code: Code, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self.code = code
        inputs = code.lowered.inputs
        self.inputs = [
            (name, code.slot[buffer], shapes[name]) for name, buffer in inputs.items()
        ]

    def __call__(self, values: Mapping[str, ArrayLike]) -> list[Numbers]:
        code = self.code
        # Copies of what is of another type or order are held until the call is over.
        held = []
        for name, slot, shape in self.inputs:
            array = np.ascontiguousarray(values[name], dtype=code.dtype)
            if array.shape != shape and array.size != int(np.prod(shape)):
                raise ValueError(f"{name} is {array.shape}, but {shape} is expected")
            code.args[slot] = array.ctypes.data
            if name in code.lowered.indices:
                code.check_index(name, array)
            held.append(array)
        results = [np.empty(shape, code.dtype) for _, shape in code.results]
        for (slot, _), array in zip(code.results, results, strict=True):
            code.args[slot] = array.ctypes.data
        code.call()
        return results


class ArrayStep:
    """One step of plain gradient descent on a batch: parameters change in place.

    values : name → array of the parameters, which the step owns.
    """

    def __init__(
        self,
        code: Code,
        values: Mapping[str, ArrayLike],
        data: Mapping[str, ArrayLike],
        batch: int,
    ) -> None:
        self.code, self.scaled = code, 1 / code.samples
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
        for name, buffer in code.lowered.inputs.items():
            if name in self.values:
                code.args[code.slot[buffer]] = self.values[name].ctypes.data
            elif name in self.rows:
                code.args[code.slot[buffer]] = self.rows[name].ctypes.data
        [(slot, shape)] = code.results
        self.loss = np.zeros(shape, dtype=code.dtype)
        code.args[slot] = self.loss.ctypes.data
        self._pairs = [(self.data[name], self.rows[name]) for name in self.data]

    def __call__(self, rows: NDArray[np.int64] | slice, rate: float) -> float:
        """Step on these rows of the data; the mean loss before it."""
        for data, batch in self._pairs:
            if isinstance(rows, slice):
                batch[:] = data[rows]
            else:
                np.take(data, rows, axis=0, out=batch, mode="clip")
        factors = self.code.factors
        factors[0], factors[1] = -rate, -rate * self.scaled
        self.code.call()
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
