"""Null directions taken apart: groups that share no parameter, circuits of the fewest.

Nulls ─ groups ─▶ Nulls, …        directions ─ circuits ─▶ rows, the shortest first
"""

from __future__ import annotations

import numpy as np

from cgprimer.fitting.identification import Nulls
from cgprimer.fitting.identify import TOUCHED
from cgprimer.fitting.matrices import reduce_rows
from cgprimer.types import Array

ORDERS = 8  # of the columns, each of which may find other circuits


def groups(nulls: Nulls) -> list[Nulls]:
    """The null directions apart, by members that none of the others move."""
    # Reduced rows have a pivot of their own each: two that share no entry can be apart.
    rows = _clean(basis(nulls.directions, len(nulls.directions)))
    group = np.arange(len(rows))
    for column in rows.T != 0:
        first = group[column]
        if len(first):
            # Rows that share a member join one group, which has the least of their
            # numbers.
            group[np.isin(group, first)] = first.min()
    parts = []
    for number in np.unique(group):
        own = rows[group == number]
        used = own.any(axis=0)
        parts.append(Nulls(nulls.members[used], own[:, used], nulls.effect[used]))
    return parts


def circuits(directions: Array) -> list[Array]:
    """Null directions that move as few as they can; the shortest first."""
    by_members: dict[tuple[int, ...], Array] = {}
    width = directions.shape[1]
    # A reduced row moves its pivot and what depends on it. Other orders of columns have
    # other pivots, so that shorter circuits may be found; all of them would be too
    # many.
    for turn in range(min(width, ORDERS)):
        order = np.roll(np.arange(width), -turn)
        rows = np.zeros_like(directions)
        rows[:, order] = _clean(directions[:, order])
        for row in rows:
            by_members.setdefault(tuple(np.flatnonzero(row).tolist()), row)
    return sorted(by_members.values(), key=np.count_nonzero)


def basis(rows: Array, rank: int) -> Array:
    """Orthonormal rows (rank, p) that span the same."""
    return np.asarray(np.linalg.svd(rows, full_matrices=False)[2][:rank])


def scale_rows(rows: Array) -> Array:
    """Rows of greatest entry 1."""
    return np.asarray(rows / np.abs(rows).max(axis=1, keepdims=True))


def _clean(rows: Array) -> Array:
    """Rows in reduced form, of greatest entry 1, without what is rounding."""
    rows = scale_rows(reduce_rows(rows))
    return np.where(np.abs(rows) > TOUCHED, rows, 0.0)
