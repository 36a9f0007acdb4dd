"""Numpy programs for whole graphs: one call per group of alike equations.

Equations of one level (longest path) and one shape are computed together, on arrays of
shape (equations, samples), so that the cost of running grows with levels and shapes,
not with equations. This is the reference that any faster way is held against.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cgprimer.errors import OpError
from cgprimer.expr.node import postorder
from cgprimer.expr.ops import Op
from cgprimer.expr.ops import name as name_node
from cgprimer.graph.slots import CONSTANT, PARAMETER, VARIABLE
from cgprimer.interrupts import contained
from cgprimer.keeping import lazy, memo
from cgprimer.run.groups import Group, Index, groups_of
from cgprimer.types import Array, Mask

if TYPE_CHECKING:
    from cgprimer.graph.graph import Graph
    from cgprimer.graph.shape import Shape
    from cgprimer.graph.table import Table

BLOCK = 65_536  # samples at a time, so that Ctrl-C need not wait for all of them


def sweeps_of(graph: Graph, outputs: tuple[str, ...] | None = None) -> Sweeps:
    """The sweeps of a graph as it is written, kept with it.

    outputs : variables of the graph; None for all of them.
    """
    if outputs not in graph.programs:
        graph.programs[outputs] = Sweeps(graph.table, outputs)
    sweeps: Sweeps = graph.programs[outputs]
    return sweeps


class Sweeps:
    """The forward and reverse sweep of a graph on arrays of samples.

    outputs : names; equations that they do not need are left out. None keeps all.
    """

    def __init__(self, table: Table, outputs: Sequence[str] | None = None) -> None:
        self.table = table
        self.inputs = np.flatnonzero(table.equation_of < 0)
        self.constants = table.constants[:, None]
        every = np.arange(len(table))
        self.needed = every if outputs is None else every[table.needed(outputs)]
        self.computed = [*self.inputs, *table.defined[self.needed]]

    @lazy
    def groups(self) -> list[Group]:
        """Kept equations by (level, shape), in an order that can be run."""
        return groups_of(self.table, self.table.level, self.needed)

    @lazy
    def alike(self) -> list[Group]:
        """Kept equations by shape alone: for what is asked where values are known."""
        # As if all were on one level, where the order no longer matters: fewer, larger
        # groups.
        return groups_of(self.table, np.zeros_like(self.table.level), self.needed)

    @lazy
    def equations(self) -> list[int]:
        """Numbers of the equations that are needed, each after those it uses."""
        kept = set(self.needed.tolist())
        return [e for e in self.table.order.tolist() if e in kept]

    @contained
    def forward(self, inputs: Array, parameters: Array) -> Array:
        """Values of all variables (V, n) from inputs (I, n) and parameters (P, 1|n).

        Rows of variables that were left out are nan.
        """
        width = max(inputs.shape[1] if len(inputs) else 1, parameters.shape[1])
        values = np.empty((self.table.rows.size, width))
        for first in range(0, width, BLOCK):
            part = slice(first, first + BLOCK)
            given = (x if x.shape[1] == 1 else x[:, part] for x in (inputs, parameters))
            self._forward(values[:, part], *given)
        return values

    def _forward(self, values: Array, inputs: Array, parameters: Array) -> None:
        """Fill `values` for some samples."""
        values.fill(np.nan)
        values[self.inputs] = inputs
        with np.errstate(all="ignore"):
            for group, slots in self.steps(values, parameters):
                try:
                    [values[group.defined]] = group.shape.forward(*slots)
                except OpError as error:
                    raise self.locate(error, group) from error.__cause__

    def locate(self, error: OpError, group: Group) -> OpError:
        """`error`, naming the variables whose equations the operation stands in."""
        return error.within(
            self.table.variables[i] for i in self.table.defined[group.equations]
        )

    def steps(
        self, values: Array, parameters: Array
    ) -> Iterator[tuple[Group, list[Array]]]:
        """Every group in order, with the values in its slots when it is reached."""
        return ((group, self.slots(group, values, parameters)) for group in self.groups)

    @lazy
    def shapes(self) -> list[Shape]:
        """The shape of every group, in order."""
        return [group.shape for group in self.groups]

    def slots(self, group: Group, values: Array, parameters: Array) -> list[Array]:
        """The values in the slots of a group: arrays (equations, 1|n)."""
        source = {VARIABLE: values, PARAMETER: parameters, CONSTANT: self.constants}
        return [
            source[kind][index]
            for kind, index in zip(group.shape.kinds, group.slots, strict=True)
        ]

    @contained
    def backward(
        self,
        values: Array,
        parameters: Array,
        seeds: Mapping[int, Array],
        *,
        total: bool = False,
        inputs: bool = True,
    ) -> tuple[Array, Array]:
        """Adjoints of variables (V, n) and of parameters (P, n), or (P, 1) if `total`.

        The chain rule of `diff.chain_rule` on arrays of equations: a group is reached
        after all that use it, and its slots get adjoint·partial, or a pullback's share.

        seeds : row of a variable → its adjoint (n,) to begin with.
        total : sum the parameters' adjoints over samples, and leave inputs' at zero.
        inputs : whether inputs get theirs; else nothing is asked on the way.
        """
        width = values.shape[1]
        adjoints = np.zeros_like(values)
        shares = np.zeros((parameters.shape[0], 1 if total else width))
        for row, seed in seeds.items():
            adjoints[row] += seed
        # What no seed reaches is left out: zero times an infinite slope would be nan,
        # and numpy code may answer zero with something else.
        reached = self._reach(tuple(seeds))
        everything = bool(reached.all())
        # Where only parameters count, as in a fit, slots that lead to none are left
        # out: the inputs of a first layer, for one.
        learning = total or not inputs
        for group in reversed(self.groups):
            columns = self._learning[group.shape] if learning else group.shape.names
            some = None if everything else reached[group.defined][:, None]
            if some is not None and not some.any():
                continue
            known = *self.slots(group, values, parameters), values[group.defined]
            with np.errstate(all="ignore"):
                found = self._shares(group, columns, known, adjoints[group.defined])
                for column, share in zip(columns, found, strict=True):
                    share = share if some is None else np.where(some, share, 0.0)
                    to = adjoints
                    if group.shape.kinds[column] is PARAMETER:
                        to = shares
                        share = share.sum(axis=1, keepdims=True) if total else share
                    _accumulate(to, group.slots[column], share, group.unique[column])
        return adjoints, shares

    def _shares(
        self,
        group: Group,
        columns: tuple[int, ...],
        known: tuple[Array, ...],
        arriving: Array,
    ) -> Iterator[Array]:
        """What the slots in `columns` get of the adjoints (equations, n) that arrive.

        known : values of the slots and of the result.
        """
        shape = group.shape
        try:
            if shape.has_pullback:
                shares = shape.pullback_kernel(columns)(*known, arriving)
                return (np.broadcast_to(share, arriving.shape) for share in shares)
            partials = shape.partial_kernel(columns)(*known)
            return (arriving * partial for partial in partials)
        except OpError as error:
            raise self.locate(error, group) from error.__cause__

    @lazy
    def asked(self) -> dict[Op, bool | None]:
        """Operations with code or a contract of their own; whether a parameter asks.

        What they pass back matters to the parameters that lie before them. None where
        no output needs them.
        """
        return self._custom_ops(inputs=False)

    @lazy
    def asked_by_inputs(self) -> dict[Op, bool | None]:
        """The same where variables ask as well as parameters."""
        return self._custom_ops(inputs=True)

    def _custom_ops(self, inputs: bool) -> dict[Op, bool | None]:
        uses: dict[Op, bool | None] = {}
        for shape in self.table.shapes:
            learning = self._learning.get(shape)
            columns = shape.names if inputs else learning or ()
            wanted = {name_node(shape.slots[column]) for column in columns}
            for node in postorder([shape.stable]):
                if node.op.pullback or node.op.contract != "exact":
                    use = None
                    if learning is not None:
                        use = not wanted.isdisjoint(postorder([node]))
                    if use or uses.get(node.op) is None:
                        uses[node.op] = use
        return uses

    @memo
    def _reach(self, rows: tuple[int, ...]) -> Mask:
        """Which variables lead to one of those in `rows`: no others have an adjoint."""
        reached = np.zeros(self.table.rows.size, dtype=bool)
        reached[list(rows)] = True
        for group in reversed(self.groups):
            for kind, index in zip(group.shape.kinds, group.slots, strict=True):
                if kind is VARIABLE:
                    np.logical_or.at(reached, index, reached[group.defined])  # type: ignore
        return reached

    @lazy
    def _learning(self) -> dict[Shape, tuple[int, ...]]:
        """Per shape the slots that some equation needs to reach a parameter."""
        reaches = np.zeros(self.table.rows.size, dtype=bool)
        wanted: dict[Shape, set[int]] = {}
        for group in self.groups:
            columns = wanted.setdefault(group.shape, set())
            for column, (kind, index) in enumerate(
                zip(group.shape.kinds, group.slots, strict=True)
            ):
                # Forward, level by level: a variable reaches a parameter if its
                # equation has one, or a variable that does. What one equation of a
                # shape needs is asked of all of them.
                if kind is PARAMETER or (kind is VARIABLE and reaches[index].any()):
                    columns.add(column)
                    reaches[group.defined] = True
        return {shape: tuple(sorted(columns)) for shape, columns in wanted.items()}


def _accumulate(to: Array, index: Index, share: Array, unique: bool) -> None:
    # `to[index] += share` keeps only the last share where an index is there twice;
    # `add.at` adds them all, and takes longer.
    if unique:
        to[index] += share
    else:
        np.add.at(to, index, share)  # type: ignore[arg-type]
