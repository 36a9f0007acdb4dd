"""The module of a compiled function of arrays: a function per kernel, and one for all.

    Plan ─▶ text: @run(ptr %args) calls kernels and BLAS, one after the other

%args holds addresses: the block for what is in between, BLAS's function, factors, and
then every buffer that is handed in. Kernels of equal text are one function.
"""

from __future__ import annotations

from typing import NamedTuple

from cgprimer.run.llvm.arrays.array_emitter import ArrayEmitter
from cgprimer.run.llvm.arrays.blas import layout
from cgprimer.run.llvm.arrays.convolutions import convolution_text
from cgprimer.run.llvm.arrays.expression import Leaf
from cgprimer.run.llvm.arrays.loop_text import loop_text
from cgprimer.run.llvm.arrays.math_text import math_text
from cgprimer.run.llvm.arrays.nest import nest_of, signature
from cgprimer.run.llvm.arrays.steps import Axis, Convolution, Loop, MatrixProduct, Plan
from cgprimer.run.llvm.lanes import NumberType
from cgprimer.run.llvm.writer import Writer

HEAD = 3  # addresses before those of buffers: block, BLAS, factors


class Module(NamedTuple):
    """text : of the module. outside : buffers in the order of their addresses.
    block : bytes of the block for what is in between.
    """

    text: str
    outside: list[int]
    block: int


class ModuleWriter:
    """Writes the module of a plan."""

    def __init__(self, plan: Plan, real: NumberType) -> None:
        self.plan, self.real = plan, real
        self.e = Writer(1, real)
        self.kernels: dict[tuple[str, str], str] = {}
        self.loops: dict[tuple[object, ...], str] = {}
        self.functions: set[str] = set()
        self.declared: set[str] = set()
        self.constants: dict[str, str] = {}
        self.places, self.block = plan.places(real.bytes)
        self.outside = [k for k, b in enumerate(plan.buffers) if b.kind != "work"]
        self.base: dict[int, str] = {}

    def write(self) -> Module:
        """The whole module."""
        e = self.e
        address = [
            e.new(f"load ptr, ptr {e.place('%args', k, 'ptr')}")
            for k in range(HEAD + len(self.outside))
        ]
        self.workspace, self.gemm, self.factors = address[:HEAD]
        self.base = dict(zip(self.outside, address[HEAD:], strict=True))
        for step in self.plan.steps:
            if isinstance(step, Loop):
                self._loop(step)
            elif isinstance(step, MatrixProduct):
                self._product(step)
            else:
                self._convolution(step)
        main = "\n".join(["define void @run(ptr %args) {", *e.lines, "  ret void", "}"])
        math, declared = math_text(self.functions, self.real)
        declared |= self.declared
        lines = [f"declare {text}" for text in sorted(declared)]
        lines += [f"{title} = {text}" for text, title in self.constants.items()]
        whole = "\n".join([*lines, math, *self._definitions(), main, ""])
        return Module(whole, self.outside, self.block)

    def _definitions(self) -> list[str]:
        return [
            f"define internal void @{title}({parameters}) noinline {{\n{body}\n"
            "  ret void\n}"
            for (body, parameters), title in self.kernels.items()
        ]

    def _address(self, leaf: Leaf) -> str:
        """Where a leaf begins."""
        if leaf.buffer not in self.base:
            at = self.places[leaf.buffer]
            self.base[leaf.buffer] = self.e.place(self.workspace, at, "i8")
        base = self.base[leaf.buffer]
        return self.e.place(base, leaf.offset) if leaf.offset else base

    def _kernel(self, e: ArrayEmitter, names: list[str]) -> str:
        """The name of a kernel with this body."""
        self.functions |= e.functions
        self.declared |= e.declared
        parameters = ", ".join(f"ptr {name}" for name in names)
        key = "\n".join(e.lines), parameters
        return self.kernels.setdefault(key, f"k{len(self.kernels)}")

    def _call(self, title: str, given: list[str]) -> None:
        """Call a kernel."""
        arguments = ", ".join(f"ptr {place}" for place in given)
        self.e.do(f"call void @{title}({arguments})")

    def _loop(self, step: Loop) -> None:
        leaves = [*step.writes, *step.reads]
        nest = nest_of(step, self.real)
        names = ["%t", *(f"%p{k}" for k in range(len(leaves)))]
        key = signature(step, nest)
        title = self.loops.get(key)
        if title is None:
            title = self.loops[key] = self._kernel(
                loop_text(step, nest, self.real), names
            )
        numbers = nest.table or [0]
        table = ", ".join(f"i64 {number}" for number in numbers)
        given = [self._constant(f"[{len(numbers)} x i64] [{table}]")]
        self._call(title, [*given, *map(self._address, leaves)])

    def _convolution(self, step: Convolution) -> None:
        names = ["%a", "%b", "%c", "%factor"]
        given = [self._address(leaf) for leaf in (step.a, step.b, step.c)]
        given.append(self._factor(step.given))
        if step.scratch is not None:
            names.append("%scratch")
            given.append(self._address(step.scratch))
        self._call(self._kernel(convolution_text(step, self.real), names), given)

    def _factor(self, number: int) -> str:
        """The address of a factor that is handed in; they count from 1."""
        return self.e.place(self.factors, number - 1) if number else self.factors

    def _constant(self, text: str) -> str:
        """A constant of the module, whose address BLAS wants."""
        return self.constants.setdefault(
            f"private unnamed_addr constant {text}", f"@c{len(self.constants)}"
        )

    def _product(self, step: MatrixProduct) -> None:
        a, b, c = map(self._address, (step.a, step.b, step.c))
        self._around(step, step.loops, (a, b, c), "1")

    def _around(
        self,
        step: MatrixProduct,
        loops: tuple[Axis, ...],
        at: tuple[str, ...],
        first: str,
    ) -> None:
        """Products in loops around them; only the first of a sum clears the result."""
        e = self.e
        if not loops:
            self._gemm(step, at, first)
            return
        axis = loops[0]

        def one(i: str) -> None:
            here = tuple(
                e.place(place, e.times(i, stride)) if stride else place
                for place, stride in zip(at, axis[1:], strict=True)
            )
            now = first
            if axis.c == 0 and not step.keep:
                begins = e.new(f"icmp eq i64 {i}, 0")
                now = e.choose(begins, first, "0")
            self._around(step, loops[1:], here, now)

        e.each(0, axis.size, 1, one)

    def _gemm(self, step: MatrixProduct, at: tuple[str, ...], first: str) -> None:
        """One product; BLAS counts by columns, so it gets Cᵀ = Bᵀ·Aᵀ."""
        a, b, c = at
        e, kind = self.e, self.real.name
        rows, columns, inner = step.rows, step.columns, step.inner
        turned_b, ldb = layout(columns.b, inner.b, columns.size, inner.size)
        turned_a, lda = layout(inner.a, rows.a, inner.size, rows.size)
        ldc = max(rows.c, columns.size)
        numbers = [columns.size, rows.size, inner.size, ldb, lda, ldc]
        n, m, k, ldb_, lda_, ldc_ = (self._constant(f"i32 {x}") for x in numbers)
        letters = [
            self._constant(f"i8 {ord('T' if turned else 'N')}")
            for turned in (turned_b, turned_a)
        ]
        one, zero = (
            self._constant(f"{kind} {self.real.literal(x)}") for x in (1.0, 0.0)
        )
        if step.keep:
            beta = one
        elif first == "1":
            beta = zero
        else:
            begins = e.new(f"icmp ne i64 {first}, 0")
            beta = e.new(f"select i1 {begins}, ptr {zero}, ptr {one}")
        alpha = self._constant(f"{kind} {self.real.literal(step.factor)}")
        if step.given:
            alpha = self._factor(step.given)
        places = [*letters, n, m, k, alpha, b, ldb_, a, lda_, beta, c, ldc_]
        given = ", ".join(f"ptr {place}" for place in places)
        e.do(f"call void {self.gemm}({given})")


def module_of(plan: Plan, real: NumberType) -> Module:
    """The module of a plan."""
    return ModuleWriter(plan, real).write()
