"""Products of arrays as steps: by BLAS where it can read and write them, else loops.

    Builder.product(a, b, "ik,kj->ij")     Σ A·B
    Builder.product_into(leaf, …)          added to what is there

Letters are axes, as einsum has them; "s" is that of samples. Axes that lie one behind
the other are one; what remains beside rows, columns and the inner axis is looped over.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cgprimer.expr.node import intern
from cgprimer.run.llvm.arrays.blas import fits_blas
from cgprimer.run.llvm.arrays.expression import Expr, Leaf
from cgprimer.run.llvm.arrays.loop_builder import ADD, DIV, MUL, LoopBuilder
from cgprimer.run.llvm.arrays.steps import Axis, Convolution, MatrixProduct

__all__ = ["ADD", "DIV", "MUL", "Builder"]

FEW = 64  # products, for which BLAS is not asked


class Builder(LoopBuilder):
    """Makes steps of every kind."""

    def product(self, a: Expr, b: Expr, letters: str, factor: float = 1.0) -> Expr:
        """factor·Σ A·B as einsum's letters say, "ik,kj->ij"."""
        a, b, first, second, out, size = self._lettered(a, b, letters)
        inner = any(k in first and k in second and k not in out for k in size)
        if inner and prod(size.values()) > FEW:
            result = self.new(tuple(size[k] for k in out))
            to = self.where(result)
            step = self._matrices(a, b, (first, second, out), size, to)
            if step is not None:
                self.plan.steps.append(step._replace(factor=factor))
                return result
        result = self._by_loops(a, b, first, second, out, size)
        if factor != 1.0:
            result = self.entries(MUL, result, self.number(factor, len(out) - 1))
        return result

    def product_into(
        self, into: Leaf, given: int, a: Expr, b: Expr, letters: str
    ) -> bool:
        """Add Σ A·B, times a factor that is handed in; False where BLAS cannot."""
        a, b, first, second, out, size = self._lettered(a, b, letters)
        step = self._matrices(a, b, (first, second, out), size, into)
        if step is not None:
            self.plan.steps.append(step._replace(given=given, keep=True))
        return step is not None

    def _lettered(
        self, a: Expr, b: Expr, letters: str
    ) -> tuple[Expr, Expr, str, str, str, dict[str, int]]:
        left, out = letters.split("->")
        first, second = left.split(",")
        a, first = self._alone(a, first, second + out)
        b, second = self._alone(b, second, first + out)
        size = dict(zip(first + second, a.shape + b.shape, strict=True))
        return a, b, first, second, out, size

    def _alone(self, expr: Expr, own: str, others: str) -> tuple[Expr, str]:
        """Letters that nothing else has are summed over first."""
        alone = [k for k, letter in enumerate(own) if letter not in others]
        if not alone:
            return expr, own
        rest = "".join(letter for letter in own if letter in others)
        return self.folded(expr, alone, "sum"), rest

    def _by_loops(
        self, a: Expr, b: Expr, first: str, second: str, out: str, size: dict[str, int]
    ) -> Expr:
        every = out + "".join(k for k in first if k not in out)
        shape = tuple(size[k] for k in every)

        def aligned(expr: Expr, own: str) -> Expr:
            order = sorted(range(len(own)), key=lambda k: every.index(own[k]))
            moved = self.views.permuted(expr, order)
            new = [k for k, letter in enumerate(every) if letter not in own]
            return self.inserted(moved, new, [shape[k] for k in new])

        both = Expr(
            intern(MUL, (aligned(a, first).node, aligned(b, second).node)), shape
        )
        rest = range(len(out), len(every))
        return self.folded(both, rest, "sum") if rest else both

    def _matrices(
        self,
        a: Expr,
        b: Expr,
        letters: tuple[str, str, str],
        size: dict[str, int],
        into: Leaf,
    ) -> MatrixProduct | None:
        """The product by BLAS; None where it cannot read or write it so."""
        if all("s" in each for each in letters) and size["s"] > 1:
            return None  # one product for each sample, whose entries lie apart
        a, b = self._solid(a), self._solid(b)
        step = self._placed(a, b, letters, size, into)
        if step is None:
            step = self._placed(self.packed(a), self.packed(b), letters, size, into)
        return step

    def _solid(self, expr: Expr) -> Expr:
        """An array in memory with an entry of its own at each place."""
        expr = self.stored(expr)
        pairs = zip(expr.shape, self.where(expr).strides, strict=True)
        return self.packed(expr) if any(n > 1 and s < 1 for n, s in pairs) else expr

    def _placed(
        self,
        first: Expr,
        second: Expr,
        letters: tuple[str, str, str],
        size: dict[str, int],
        into: Leaf,
    ) -> MatrixProduct | None:
        """The product as one of matrices, with loops around; None where BLAS cannot."""
        a, b = self.where(first), self.where(second)
        steps = [
            dict(zip(own, leaf.strides, strict=True))
            for own, leaf in zip(letters, (a, b, into), strict=True)
        ]
        axes = {
            k: Axis(n, *(step.get(k, 0) for step in steps))
            for k, n in size.items()
            if n != 1
        }
        rows = _joined([x for x in axes.values() if x.a and not x.b and x.c])
        columns = _joined([x for x in axes.values() if x.b and not x.a and x.c])
        inner = _joined([x for x in axes.values() if x.a and x.b and not x.c])
        around = [x for x in axes.values() if x.a and x.b and x.c]
        one = Axis(1, 0, 0, 0)
        row = min(rows, key=lambda x: (x.a, -x.size), default=one)
        column = min(columns, key=lambda x: (x.b, -x.size), default=one)
        middle = min(inner, key=lambda x: (min(x.a, x.b), -x.size), default=one)
        used = (row, column, middle)
        loops = [x for x in (*rows, *columns, *inner, *around) if x not in used]
        # The result by rows: what lies one behind the other are its columns.
        if (column.c != 1 and column.size > 1) or (column.size == 1 and row.c == 1):
            a, b = b, a
            turned = [Axis(x.size, x.b, x.a, x.c) for x in (column, row, middle)]
            row, column, middle = turned
            loops = [Axis(x.size, x.b, x.a, x.c) for x in loops]
        if column.size > 1 and column.c != 1:
            return None
        if row.size > 1 and row.c < column.size:
            return None
        if not fits_blas(middle.a, row.a, middle.size, row.size):
            return None
        if not fits_blas(column.b, middle.b, column.size, middle.size):
            return None
        loops.sort(key=lambda x: x.c == 0)
        return MatrixProduct(a, b, into, row, column, middle, tuple(loops))

    def convolution(self, step: Convolution) -> None:
        """Append a convolution."""
        self.plan.steps.append(step)


def _joined(axes: Sequence[Axis]) -> list[Axis]:
    """Axes that lie one behind the other in both arrays are one."""
    result: list[Axis] = []
    for axis in sorted(axes, key=lambda x: (-x.a, -x.b, -x.c)):
        if result:
            last = result[-1]
            if last[1:] == tuple(s * axis.size for s in axis[1:]):
                result[-1] = Axis(last.size * axis.size, *axis[1:])
                continue
        result.append(axis)
    return result
