"""Alike equations that are computed together, found in a table by arrays.

    Table, a level for each equation ─▶ Groups, in an order that can be run

`run.sweeps` runs them: one call of numpy's code for a group, not for an equation.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cgprimer.graph.schedule import ranges
from cgprimer.types import Integers

if TYPE_CHECKING:
    from cgprimer.graph.shape import Shape
    from cgprimer.graph.table import Table

Index = Integers | slice


class Group(NamedTuple):
    """Equations of one shape and level: what they define, and what fills each slot.

    `unique[k]` says that no two of them share the variable or parameter in slot k.
    """

    shape: Shape
    equations: Integers
    defined: Index
    slots: list[Index]
    unique: list[bool]


def in_order(
    table: Table, level: NDArray[np.integer], kept: Integers
) -> tuple[Integers, Integers]:
    """Kept equations sorted by level and shape; where each group of them begins."""
    kept = kept[np.lexsort((kept, table.shape[kept], level[kept]))]
    change = (np.diff(level[kept]) != 0) | (np.diff(table.shape[kept]) != 0)
    return kept, np.flatnonzero(np.concatenate([[True], change])[: len(kept)])


def groups_of(table: Table, level: NDArray[np.integer], kept: Integers) -> list[Group]:
    """Kept equations by (level, shape), in an order that can be run.

    A column is what the equations of one group define, or have in one slot; all columns
    of all groups are gathered in one array, one after another.
    """
    # For xa=p*xu, xb=q*xv, xy=r*xa, xz=xa+xb, whose levels are 0 0 1 1 and whose shapes
    # 0 0 0 1 (p0*x1 and x0+x1), with variables xa xu xb xv xy xz:
    #
    #     start, size    0 2 3, 2 1 1             the groups: xa and xb; xy; xz
    #     width          3 3 3                    what is defined, and two slots
    #     equations      0 1 0 1 0 1 2 2 2 3 3 3  a group once for each of its columns
    #     slot           - - 0 0 1 1 - 0 1 - 0 1  - for -1: what is defined
    #     entries        0 2 0 1 1 3 4 2 0 5 0 2  variables xa xb, parameters p q, …
    #
    # So the first group defines [0, 2] from parameters 0:2 and variables [1, 3]. All at
    # once by arrays, since a graph may have a group for nearly every equation.
    kept, start = in_order(table, level, kept)
    size = np.diff(start, append=len(kept))
    shapes = [table.shapes[i] for i in table.shape[kept[start]].tolist()]
    width = np.array([1 + len(shape.slots) for shape in shapes], dtype=np.int64)
    equations = kept[ranges(np.repeat(start, width), np.repeat(size, width))]
    slot = np.repeat(ranges(np.full_like(width, -1), width), np.repeat(size, width))
    entries, inner = table.defined[equations], slot >= 0
    entries[inner] = table.slots[(table.start[equations] + slot)[inner]]
    columns = _columns(entries, np.repeat(size, width))
    groups = []
    for shape, first, n in zip(shapes, start.tolist(), size.tolist(), strict=True):
        (defined, _), *rest = islice(columns, 1 + len(shape.slots))
        slots, unique = [index for index, _ in rest], [alone for _, alone in rest]
        groups.append(Group(shape, kept[first : first + n], defined, slots, unique))
    return groups


def _columns(entries: Integers, length: Integers) -> Iterator[tuple[Index, bool]]:
    """Each column as an index, and whether no number in it is there twice.

    Consecutive numbers become a slice: a view instead of a copy.
    """
    # `number` is the column that an entry is in. A column is a slice if each entry is
    # one more than the one before it; the first of a column has none before it. Sorted
    # by column and entry, made one number, two that are equal stand side by side.
    start = np.cumsum(length) - length
    number = np.repeat(np.arange(len(length)), length)
    breaks = np.concatenate([[0], np.diff(entries) != 1])
    breaks[start] = 0
    ordered = np.sort(number * (entries.max(initial=0) + 1) + entries)
    twice = np.bincount(number[1:][np.diff(ordered) == 0], minlength=len(length))
    straight = np.bincount(number[breaks != 0], minlength=len(length)) == 0
    facts = (start, length, entries[start], straight, twice == 0)
    for at, n, first, run, alone in zip(*(x.tolist() for x in facts), strict=True):
        yield slice(first, first + n) if run else entries[at : at + n], alone
