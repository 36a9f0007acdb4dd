"""Expressions over arrays to LLVM text: choices, comparisons, parts of vectors, folds.

ArrayEmitter: `run.llvm.emit` for any width, with functions named after theirs
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cgprimer.expr.definitions import expand
from cgprimer.expr.node import Node, postorder_above
from cgprimer.expr.ops import Op
from cgprimer.run.llvm.arrays.expression import AT_MOST, CHOOSE, EQUAL, LESS
from cgprimer.run.llvm.arrays.steps import Fold
from cgprimer.run.llvm.blocks import Whole
from cgprimer.run.llvm.emit import Emitter, extremum, is_coded
from cgprimer.run.llvm.lanes import Real

RELATIONS = {EQUAL: "oeq", LESS: "olt", AT_MOST: "ole"}


class ArrayEmitter(Emitter):
    """Expressions with choices and comparisons; functions named after their width."""

    def emit(self, roots: Iterable[Node], leaves: Mapping[Node, str]) -> list[str]:
        """Instructions for `roots`; `leaves` says which values are there already."""
        roots = expand([*roots], _definition)
        values = dict(leaves)
        self._pairs.clear()
        self._both = set()
        for node in postorder_above(roots, values):
            values[node] = self._node(node, [values[arg] for arg in node.args])
        return [values[root] for root in roots]

    def _node(self, node: Node, args: list[str]) -> str:
        if node.op is CHOOSE:
            return self.select(self.compare("une", args[0], 0.0), args[1], args[2])
        if node.op in RELATIONS:
            holds = self.compare(RELATIONS[node.op], *args)
            return self.select(holds, 1.0, 0.0)
        return super()._node(node, args)

    def call(self, function: str, *args: str) -> str:
        """A call of `@v<width>_<function>`."""
        self.functions.add(f"{self.width}_{function}")
        given = self._arguments(args)
        return self.new(f"call {self.type} @v{self.width}_{function}({given})")

    def muladd(self, a: Real, b: Real, c: Real) -> str:
        """a·b + c, rounded once where the processor can."""
        return self.intrinsic("fmuladd", a, b, c)

    def plain(self, place: str) -> str:
        """The same address, of which LLVM does not ask how it came about.

        Half of the time of building went into finding better ways to step through
        memory; an address and constants behind it need none.
        """
        return self.new(f'call ptr asm "", "=r,0"(ptr {place})')

    def load_lanes(self, base: str, count: int, stride: Whole) -> str:
        """So many numbers from `base` on; zeros in the lanes behind them."""
        if stride == 0:
            return self.splat(self.number(base, 0))
        if self.width == 1:
            return self.number(base, 0)
        if stride != 1:
            vector, kind = self.const(0.0), self.real.name
            for k in range(count):
                number = self.number(base, self._steps(stride, k))
                vector = self.new(
                    f"insertelement {self.type} {vector}, {kind} {number}, i64 {k}"
                )
            return vector
        if count == self.width:
            return self.load(base, 0)
        some = f"<{count} x {self.real.name}>"
        part = self.new(f"load {some}, ptr {base}, align {self.real.bytes}")
        order = ", ".join(f"i32 {min(k, count)}" for k in range(self.width))
        return self.new(
            f"shufflevector {some} {part}, {some} zeroinitializer, "
            f"<{self.width} x i32> <{order}>"
        )

    def _steps(self, stride: Whole, k: int) -> Whole:
        return stride * k if isinstance(stride, int) else self.times(stride, k)

    def store_lanes(self, value: str, base: str, count: int, stride: Whole) -> None:
        """Store the first lanes."""
        if self.width == 1 or (stride == 1 and count == self.width):
            self.store(value, base, 0)
        elif stride == 1:
            order = ", ".join(f"i32 {k}" for k in range(count))
            some = f"<{count} x {self.real.name}>"
            part = self.new(
                f"shufflevector {self.type} {value}, {self.type} poison, "
                f"<{count} x i32> <{order}>"
            )
            self.do(f"store {some} {part}, ptr {base}, align {self.real.bytes}")
        else:
            for k in range(count):
                number = self.new(f"extractelement {self.type} {value}, i64 {k}")
                self.put(number, base, self._steps(stride, k))

    def joined(self, fold: Fold, total: str, value: Real) -> str:
        """What is folded so far, with one value more."""
        if fold == "sum":
            return self.add(total, value)
        if fold == "prod":
            return self.mul(total, value)
        return extremum(self, "ogt" if fold == "max" else "olt", total, value)

    def over_lanes(self, fold: Fold, vector: str) -> str:
        """All lanes folded into one number."""
        if self.width == 1:
            return vector
        if fold == "sum":
            return self.lane_sum(vector)
        lanes = [
            self.new(f"extractelement {self.type} {vector}, i64 {k}")
            for k in range(self.width)
        ]
        with self.scalar():
            total = lanes[0]
            for lane in lanes[1:]:
                total = self.joined(fold, total, lane)
        return total


def _definition(op: Op) -> Node | None:
    if op is CHOOSE or op in RELATIONS:
        return None
    return None if is_coded(op) else op.formula
