"""One operation that is to be computed: its arguments, dims and attributes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from cgprimer.expr.array_forwards.axes import axes_of
from cgprimer.run.llvm.arrays.builder import Builder
from cgprimer.run.llvm.arrays.expression import Expr, Shape, Windows

Value = Expr | Windows


class NoCode(Exception):
    """An operation that the engine has no code for, in this form."""


class Call(NamedTuple):
    """One operation to be computed.

    args : values of the arguments; of those in `like` only the shape is true.
    dims : of the arguments, without samples. out : of the result. attrs : by keyword.
    """

    args: Sequence[Value]
    dims: Sequence[Shape]
    out: Shape
    attrs: dict[str, Any]
    sampled: Sequence[bool] = ()

    @property
    def rank(self) -> int:
        """Axes of the first argument, without samples."""
        return len(self.dims[0])

    def axes(self, position: int = 0) -> list[int]:
        """The axes that `axis=` names, counted from the front."""
        rank = len(self.dims[position])
        return [k + rank for k in axes_of(self.attrs.get("axis"), rank)]


Operation = Callable[[Builder, Call], Value]


def first(b: Builder, call: Call) -> Expr:
    """The first argument, as an expression."""
    return b.settled(call.args[0])


def with_samples_of(expr: Expr, dims: Shape) -> Shape:
    """The shape of an array of these dims with as many samples as another."""
    return (*dims, expr.shape[-1])
