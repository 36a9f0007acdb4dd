"""Claims about derivatives by arrays: texts, arrays and functions, and their dims.

claims ─▶ ArrayClaim of each ─▶ at a point: ToldEntries, or DimsMisfit

A text may use the names of its equation, or of the graph where it is about the output,
and adjoints: `dxh` is d output / d xh. A claim of an edge that uses the adjoint of its
own node is about what the name gets of it, of the dims of that name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cgprimer.errors import (
    OptionError,
)
from cgprimer.expr.dims import Dims, DimsError, Sizing, count, show_dims
from cgprimer.expr.node import Node, leaves, substitute
from cgprimer.expr.ops import const, name
from cgprimer.graph.arrays import as_numbers
from cgprimer.graph.attributes import with_axes
from cgprimer.graph.graph import Graph
from cgprimer.graph.sizes import with_sizes
from cgprimer.judge.arrays.at_points import ArraysAtPoint
from cgprimer.judge.arrays.derivatives import ArrayDerivative, ShareAt, ToldEntries
from cgprimer.judge.arrays.disturbed import terms
from cgprimer.run.arrays.evaluation import run
from cgprimer.run.arrays.kernel import ArrayKernel
from cgprimer.types import Array, Edge


@dataclass(frozen=True)
class DimsMisfit:
    """Dims that do not fit: those of the claim, or None where it has none itself."""

    has: tuple[int, ...] | None
    wants: tuple[int, ...]
    says: str
    value: Array | None = None


@dataclass(frozen=True)
class ArrayClaim:
    """A claimed derivative: `text` to show it, `where` its author finds it.

    node : of a text. function : of values by name, one sample at a time. array : of
    numbers, which have been worked out at the caller's own points.
    """

    edge: Edge
    text: str
    where: str
    node: Node | None = None
    function: Callable[..., Any] | None = None
    array: Array | None = None
    asks: tuple[str, ...] = ()

    @property
    def everywhere(self) -> bool:
        """Whether it has values at other points than those given."""
        return self.array is None

    @property
    def names(self) -> tuple[str, ...]:
        """The names that it is computed from."""
        return tuple(leaves(self.node)) if self.node else self.asks

    def arrives(self, at: ArraysAtPoint) -> bool:
        """Whether it is about what the name gets of the adjoint of its node."""
        seed = f"d{self.edge[0]}"
        return seed in self.names and seed not in at.graph.names

    def values(
        self, one: ArrayDerivative, output: str | None
    ) -> ToldEntries | DimsMisfit:
        """The claim at the samples of a point, (n, *dims), and its Σ|terms|."""
        wants = (*one.map.outside, *one.map.inside)
        if self.node is not None:
            return self._of_formula(one, output, wants)
        if self.function is not None:
            value = self._of_function(one, output)
        else:
            value = self._of_array(one, wants)
        # How numbers were computed nobody knows: they may be off by as much as our own.
        size = 8 * np.abs(value)
        if value.shape == one.jacobian.terms.shape:
            size = np.fmax(size, 8 * one.jacobian.terms)
        return _fitted(value, size, one, wants)

    def _of_formula(
        self, one: ArrayDerivative, output: str | None, wants: tuple[int, ...]
    ) -> ToldEntries | DimsMisfit:
        assert self.node is not None
        at = one.at
        try:
            node = with_axes(self.node, _author_sizing(at.graph, self.node))
        except DimsError as error:
            return DimsMisfit(None, wants, error.message)
        node = with_sizes(node, dict(at.point.sizes))
        symbols = {
            name(text): const(float(size))
            for text, size in at.point.sizes
            if text not in at.graph.names
        }
        [node] = substitute([node], symbols)
        sizing = at.sizing.copy()
        given: dict[str, Any] = {}
        for text in leaves(node):
            given[text], sizing.names[text] = _value(one, text, output)
        sampled = {t for t, v in given.items() if v.ndim > len(sizing.names[t])}
        try:
            has = tuple(int(dim) for dim in sizing.of(node))
        except DimsError as error:
            hint = f" ({error.hint})" if error.hint else ""
            return DimsMisfit(None, wants, f"{error.message}{hint}")
        kernel = ArrayKernel({" ": node}, [" "], sizing, sampled)
        [value], [size] = run(kernel, given), terms(kernel, given)
        value, size = (np.broadcast_to(a, (at.width, *has)) for a in (value, size))
        return _fitted(value, size, one, wants)

    def _of_function(self, one: ArrayDerivative, output: str | None) -> Array:
        assert self.function is not None
        label = f"the claim for ∂{self.edge[0]}/∂{self.edge[1]}"
        rows = []
        given = {text: _value(one, text, output) for text in self.asks}
        for s in range(one.at.width):
            values = {}
            for text, (value, dims) in given.items():
                own = value[s] if value.ndim > len(dims) else value
                values[text] = np.array(own) if dims else float(own)
            rows.append(as_numbers(label, self.function(**values), OptionError))
        if len({row.shape for row in rows}) > 1:
            raise OptionError(f"{label} has another shape at another point")
        return np.array(rows)

    def _of_array(self, one: ArrayDerivative, wants: tuple[int, ...]) -> Array:
        assert self.array is not None
        array, at = self.array, one.at
        if at.point.samples is None or not array.ndim:
            return np.broadcast_to(array, (at.width, *array.shape))
        if len(array) != at.width or array.ndim < len(wants) + 1:
            raise OptionError(
                f"the claim for ∂{self.edge[0]}/∂{self.edge[1]} has shape "
                f"{array.shape}: {show_dims((at.width, *wants))} is expected, samples "
                "first\n"
                "  hint: one for each sample; their sum is the derivative of a sum"
            )
        return array


def _author_sizing(graph: Graph, node: Node) -> Sizing:
    """The dims of the names in a claim, with the author's names of sizes."""
    sizing = graph.sizing.copy() if graph.sizing else Sizing()
    for text in leaves(node):
        if text not in graph.names and text[1:] in graph.names:
            sizing.names[text] = graph.dims(text[1:])
    return sizing


def _value(one: ArrayDerivative, text: str, output: str | None) -> tuple[Array, Dims]:
    """The value of a name or of an adjoint, and its dims."""
    at = one.at
    if text in at.values:
        return at.values[text], at.dims(text)
    base = text[1:]
    if isinstance(one, ShareAt) and base == one.node:
        return one.adjoint, at.dims(base)
    assert output is not None
    return at.adjoints(output)[base].values, at.dims(base)


def _fitted(
    value: Array,
    size: Array,
    one: ArrayDerivative,
    wants: tuple[int, ...],
) -> ToldEntries | DimsMisfit:
    """A claim (n, *has) with the dims that are wanted, or what does not fit."""
    has, width = value.shape[1:], len(value)
    if has == wants:
        return ToldEntries(value, size)
    inside, outside = one.map.inside, one.map.outside
    # One number is that of every entry, as in the language; where the node is an array
    # computed entry by entry, of every entry of the diagonal.
    if not has and (not outside or not np.any(value)):
        return ToldEntries(*(_stretched(a, wants) for a in (value, size)))
    if not has and inside == outside and _is_diagonal(one):
        has = inside
        value, size = (_stretched(a, has) for a in (value, size))
    if has == inside == outside and _is_diagonal(one):
        made = np.zeros((2, width, count(has), count(has)))
        for k, part in enumerate((value, size)):
            made[k][:, range(count(has)), range(count(has))] = part.reshape(width, -1)
        return ToldEntries(*made.reshape(2, width, *wants))
    return DimsMisfit(has, wants, "", value)


def _stretched(value: Array, dims: tuple[int, ...]) -> Array:
    """A number for each sample, (n,), as arrays (n, *dims)."""
    axes = value.reshape(len(value), *(1,) * len(dims))
    return np.broadcast_to(axes, (len(value), *dims))


def _is_diagonal(one: ArrayDerivative) -> bool:
    """Whether each entry of the node depends on its own entry of the name alone."""
    jacobian = one.jacobian.values
    size = count(one.map.inside)
    flat = jacobian.reshape(len(jacobian), size, size)
    return not np.any(flat * (1 - np.eye(size)))
