"""Where everything of a graph lies when it is run shape by shape.

Rows of values: data (inputs, targets, sigma, weights), then what the equations define
in the order in which they are run, dense products, and the terms of the loss.

    Sweeps ─▶ MemoryLayout: rows, numbers, groups of equations, dense layers

`run.llvm.machine` makes code and records of it, `run.llvm.workspace` the buffers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cgprimer.expr.node import leaves
from cgprimer.graph.slots import PARAMETER, VARIABLE, slot_kind
from cgprimer.run.groups import in_order
from cgprimer.run.llvm.dense import PRODUCT, ROWS, Product, find_product
from cgprimer.run.llvm.lanes import LANES
from cgprimer.run.llvm.shape_text import Body, Fragment
from cgprimer.types import Integers

if TYPE_CHECKING:
    from cgprimer.run.sweeps import Sweeps

GUARD = LANES  # rows between regions, which a last, partly used vector may write to


@dataclass
class SlotTable:
    """A body, and what fills its slots in all equations that have it.

    columns : slots that adjoints are passed to. table : per slot the rows or numbers,
    i32 (slots, equations + GUARD).
    """

    body: Body
    columns: list[int]
    table: NDArray[np.int32]

    @property
    def equations(self) -> int:
        """How many equations there are."""
        return int(self.table.shape[1]) - GUARD


@dataclass(frozen=True)
class EquationGroup:
    """Equations that are run together: `count` of a body from `offset` on.

    body : the number of their slot table. first : the first of the rows that they
    define, one after another.
    """

    body: int
    offset: int
    count: int
    first: int


@dataclass(frozen=True)
class DenseLayer:
    """A dense product: rows from `first` on are weights times consecutive rows.

    weights : numbers of parameters (rows, terms). wanted : whether adjoints go back.
    """

    first: int
    weights: Integers
    source: int
    wanted: bool

    @property
    def count(self) -> int:
        """How many rows it makes."""
        return len(self.weights)


class MemoryLayout:
    """Rows, numbers and groups of the equations that are needed.

    row : per variable its row. number : per parameter its number. rows : how many rows.
    numbers : how many parameters, in whole vectors. slot_tables : one per body.
    groups : in the order in which they are run. loss_row, terms : the first row of the
    loss, and how many it has, once `add_loss` has added it.
    """

    def __init__(self, sweeps: Sweeps, data: int) -> None:
        table = sweeps.table
        self.table, self.data = table, data
        kept, start = in_order(table, table.level, sweeps.needed)
        # 2 inputs and 1 target are data, so `data` is 3; 4 equations of 2 levels:
        #
        #     rows 0 1 2       inputs, then what else is data
        #     rows 3 4 5 6     what the equations define, by level and shape
        #     8 rows           GUARD
        #     …                dense products, terms of the loss, each with its GUARD
        #
        # So a group of equations defines consecutive rows, stored by whole vectors.
        self.row = np.full(table.rows.size, -1)
        self.row[sweeps.inputs] = np.arange(len(sweeps.inputs))
        self.row[table.defined[kept]] = data + np.arange(len(kept))
        self.rows = data + len(kept) + GUARD
        self.numbers = -(-table.parameter_rows.size // GUARD) * GUARD
        self.number = np.arange(table.parameter_rows.size)
        self.slot_tables: list[SlotTable] = []
        self.groups: list[EquationGroup | DenseLayer] = []
        self.loss_row = self.terms = 0
        self._place(kept, [*pairwise([*start.tolist(), len(kept)])])

    def _place(self, kept: Integers, spans: Sequence[tuple[int, int]]) -> None:
        """Fill the slots of every body, and list the groups, each a span of `kept`."""
        shapes = self.table.shape[kept]
        present = np.unique(shapes).tolist()
        products = {s: find_product(self.table.shapes[s]) for s in present}
        layers = {
            a: layer
            for a, b in spans
            if (product := products[s := int(shapes[a])]) is not None
            and (layer := self._layer(product, s, kept[a:b])) is not None
        }
        self._order_weights(list(layers.values()))
        # A layer whose weights do not lie in rows even now, since two layers share
        # some, is run as plain equations.
        layers = {a: layer for a, layer in layers.items() if distance(layer.weights)}
        plain = np.ones(len(kept), dtype=bool)
        for a, b in spans:
            plain[a:b] = a not in layers
        bodies = {
            s: self.add(
                self.table.shapes[s], self._slots(s, kept[plain & (shapes == s)])
            )
            for s in np.unique(shapes[plain]).tolist()
        }
        seen = dict.fromkeys(present, 0)
        for (a, b), s in zip(
            spans, shapes[[a for a, _ in spans]].tolist(), strict=True
        ):
            if a in layers:
                self._split(layers[a], products[s], s, kept[a:b], self.data + a)
                continue
            self.groups.append(EquationGroup(bodies[s], seen[s], b - a, self.data + a))
            seen[s] += b - a

    def _slots(self, shape: int, equations: Integers) -> Integers:
        """What fills the slots of equations of one shape, (slots, equations)."""
        table, slots = self.table, self.table.shapes[shape].slots
        places = table.start[equations] + np.arange(len(slots))[:, None]
        entries: Integers = table.slots[places]
        for row, slot in zip(entries, slots, strict=True):
            kind = slot_kind(slot)
            if kind is VARIABLE:
                row[:] = self.row[row]
            elif kind is PARAMETER:
                row[:] = self.number[row]
            else:
                # Constants lie behind the parameters, in one array with them.
                row += self.numbers
        return entries

    def add(self, body: Body, slots: Integers) -> int:
        """The number of a new slot table; `slots` (slots, equations) fill it."""
        # A vector of equations may reach beyond the last one. There it reads row 0, and
        # stores to rows that are computed later, or to those of GUARD.
        padded = np.zeros((slots.shape[0], slots.shape[1] + GUARD), dtype=np.int32)
        padded[:, : slots.shape[1]] = slots
        columns = [
            i
            for i, slot in enumerate(body.slots)
            # Rows of data need no adjoint: nobody asks for it.
            if slot_kind(slot) is PARAMETER
            or (slot_kind(slot) is VARIABLE and (slots[i] >= self.data).any())
        ]
        self.slot_tables.append(SlotTable(body, columns, padded))
        return len(self.slot_tables) - 1

    def _layer(
        self, product: Product, shape: int, equations: Integers
    ) -> DenseLayer | None:
        """The product of a group of equations, where all have the same variables."""
        if len(equations) < ROWS:
            return None
        slots = self._slots(shape, equations)
        used = slots[product.variables]
        if (used != used[:, :1]).any():
            return None
        # The terms in the order of the rows, whatever the order in the text: the
        # product reads consecutive rows as one matrix.
        order = np.argsort(used[:, 0])
        rows = used[order, 0]
        if (np.diff(rows) != 1).any():
            return None
        weights = slots[product.weights][order].T
        first = self.rows
        self.rows += len(equations) + GUARD
        return DenseLayer(first, weights, int(rows[0]), bool(rows[-1] >= self.data))

    def _order_weights(self, layers: list[DenseLayer]) -> None:
        """Renumber parameters where the weights of a layer do not lie in rows."""
        if all(distance(layer.weights) for layer in layers):
            return
        every = np.concatenate([layer.weights.ravel() for layer in layers])
        first = list(dict.fromkeys(every.tolist()))
        rest = np.setdiff1d(self.number, first)
        # Parameters by first use in a layer: w11 w12 … w21 … as the layer reads them,
        # all others after these. Whoever gives parameters permutes them by `number`.
        self.number[np.concatenate([first, rest])] = np.arange(len(self.number))
        for layer in layers:
            layer.weights[:] = self.number[layer.weights]

    def _split(
        self,
        layer: DenseLayer,
        product: Product | None,
        shape: int,
        equations: Integers,
        first: int,
    ) -> None:
        """Run a layer: the product, and what is left of every body."""
        assert product is not None
        self.groups.append(layer)
        # xh = tanh(x_z + b): the slot x_z is filled by the rows of the product.
        names = tuple(leaves(product.rest))
        own = self._slots(shape, equations)
        position = {slot: i for i, slot in enumerate(self.table.shapes[shape].slots)}
        made = layer.first + np.arange(len(equations))
        slots = [made if slot == PRODUCT else own[position[slot]] for slot in names]
        body = self.add(Fragment(product.rest, names), np.array(slots))
        self.groups.append(EquationGroup(body, 0, len(equations), first))


def distance(weights: Integers) -> int:
    """The distance between rows of consecutive numbers; 0 where they are not that."""
    first = weights[:, 0]
    if (weights - first[:, None] != np.arange(weights.shape[1])).any():
        return 0
    gaps = np.unique(np.diff(first)).tolist()
    return int(gaps[0]) if len(gaps) == 1 and gaps[0] >= weights.shape[1] else 0
