"""Numpy programs for whole graphs: one call per group of alike equations.

Equations of one level (longest path) and one shape are computed together, on arrays of
shape (equations, samples), so that the cost of running grows with levels and shapes,
not with equations. This is the reference that any faster way is held against.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cgprimer.lower.schedule import levels

if TYPE_CHECKING:
    from cgprimer.graph.shape import Shape
    from cgprimer.graph.table import Table

Array = NDArray[np.float64]
Index = NDArray[np.int64] | slice


class Group(NamedTuple):
    """Equations of one shape and level: what they define, and what fills each slot.

    `unique[k]` says that no two of them share the variable or parameter in slot k.
    """

    shape: Shape
    equations: NDArray[np.int64]
    defined: Index
    slots: list[Index]
    unique: list[bool]


class Program:
    """The forward and reverse sweep of a graph on arrays of samples.

    outputs : names; equations that they do not need are left out. None keeps all.
    """

    def __init__(self, table: Table, outputs: Sequence[str] | None = None) -> None:
        self.table = table
        self.inputs = np.flatnonzero(table.equation_of < 0)
        self.constants = table.constants[:, None]
        needed = _needed(table, outputs)
        self.groups = list(_groups(table, needed))
        self.computed = [*self.inputs, *table.defined[needed]]

    def forward(self, inputs: Array, parameters: Array) -> Array:
        """Values of all variables (V, n) from inputs (I, n) and parameters (P, 1|n).

        Rows of variables that were left out are nan.
        """
        width = max(inputs.shape[1] if len(inputs) else 1, parameters.shape[1])
        values = np.full((len(self.table.variables), width), np.nan)
        values[self.inputs] = inputs
        with np.errstate(all="ignore"):
            for group in self.groups:
                [result] = group.shape.forward(*self.slots(group, values, parameters))
                values[group.defined] = result
        return values

    def slots(self, group: Group, values: Array, parameters: Array) -> list[Array]:
        """The values in the slots of a group: arrays (equations, 1|n)."""
        source = {"x": values, "p": parameters, "c": self.constants}
        return [
            source[name[0]][index]
            for name, index in zip(group.shape.slots, group.slots, strict=True)
        ]

    def partials(
        self,
        values: Array,
        parameters: Array,
        wanted: Mapping[Shape, Any] | None = None,
    ) -> Iterator[tuple[Group, list[int], list[Any]]]:
        """For every group, last first, the slots and the partials by them."""
        with np.errstate(all="ignore"):
            for group in reversed(self.groups):
                columns = group.shape.names if wanted is None else wanted[group.shape]
                kernel = group.shape.partial_kernel(columns)
                slots = self.slots(group, values, parameters)
                yield group, list(columns), kernel(*slots, values[group.defined])

    def backward(
        self,
        values: Array,
        parameters: Array,
        seeds: Mapping[int, Array],
        *,
        total: bool = False,
    ) -> tuple[Array, Array]:
        """Adjoints of variables (V, n) and of parameters (P, n), or (P, 1) if `total`.

        seeds : row of a variable → its adjoint (n,) to begin with.
        total : sum the parameters' adjoints over samples, and leave inputs' at zero.
        """
        width = values.shape[1]
        adjoints = np.zeros_like(values)
        shares = np.zeros((parameters.shape[0], 1 if total else width))
        for row, seed in seeds.items():
            adjoints[row] += seed
        wanted = self._learning if total else None
        for group, columns, partials in self.partials(values, parameters, wanted):
            arriving = adjoints[group.defined]
            with np.errstate(all="ignore"):
                for column, partial in zip(columns, partials, strict=True):
                    share = arriving * partial
                    to = adjoints
                    if group.shape.slots[column][0] == "p":
                        to = shares
                        share = share.sum(axis=1, keepdims=True) if total else share
                    _accumulate(to, group.slots[column], share, group.unique[column])
        return adjoints, shares

    @functools.cached_property
    def _learning(self) -> dict[Shape, tuple[int, ...]]:
        """Per shape the slots that some equation needs to reach a parameter."""
        reaches = np.zeros(len(self.table.variables), dtype=bool)
        wanted: dict[Shape, set[int]] = {}
        for group in self.groups:
            columns = wanted.setdefault(group.shape, set())
            for column, (name, index) in enumerate(
                zip(group.shape.slots, group.slots, strict=True)
            ):
                if name[0] == "p" or (name[0] == "x" and reaches[index].any()):
                    columns.add(column)
                    reaches[group.defined] = True
        return {shape: tuple(sorted(columns)) for shape, columns in wanted.items()}


def _accumulate(to: Array, index: Index, share: Array, unique: bool) -> None:
    if unique:
        to[index] += share
    else:
        np.add.at(to, index, share)  # type: ignore[arg-type]


def _needed(table: Table, outputs: Sequence[str] | None) -> NDArray[np.bool_]:
    """Which equations the outputs depend on."""
    if outputs is None:
        return np.ones(len(table), dtype=bool)
    number = {name: i for i, name in enumerate(table.variables)}
    needed = np.zeros(len(table), dtype=bool)
    wanted = [table.equation_of[number[name]] for name in outputs]
    needed[[e for e in wanted if e >= 0]] = True
    before: list[list[int]] = [[] for _ in range(len(table))]
    for source, target in zip(*(arc.tolist() for arc in table.arcs), strict=True):
        before[target].append(source)
    for equation in reversed(table.order.tolist()):
        if needed[equation]:
            needed[before[equation]] = True
    return needed


def _groups(table: Table, needed: NDArray[np.bool_]) -> Iterator[Group]:
    """Kept equations by (level, shape), in an order that can be run."""
    level = levels(table.order, len(table), *table.arcs)
    kept = np.flatnonzero(needed)
    kept = kept[np.lexsort((kept, table.shape[kept], level[kept]))]
    change = (np.diff(level[kept]) != 0) | (np.diff(table.shape[kept]) != 0)
    for equations in np.split(kept, np.flatnonzero(change) + 1):
        if len(equations):
            shape = table.shapes[table.shape[equations[0]]]
            rows = table.start[equations][:, None] + np.arange(len(shape.slots))
            columns = list(table.slots[rows].T)
            yield Group(
                shape,
                equations,
                _index(table.defined[equations]),
                [_index(column) for column in columns],
                [len(np.unique(column)) == len(column) for column in columns],
            )


def _index(numbers: NDArray[np.int64]) -> Index:
    """Row numbers, as a slice where they are consecutive: a view instead of a copy."""
    first = int(numbers[0])
    if (np.diff(numbers) == 1).all():
        return slice(first, first + len(numbers))
    return numbers
