"""Linear algebra of Jacobians and null directions, whatever the size of their entries.

rows of J, a block at a time ─ triangle ─▶ R with RᵀR = JᵀJ
rows ─ lengths ─▶ of every column      rows ─ reduce_rows, complement ─▶ simple rows
Nulls ─ groups ─▶ Nulls that share no parameter, …
directions ─ circuits ─▶ rows of as few parameters as can be, the shortest first
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cgprimer.fitting.identification import Nulls
from cgprimer.types import Array

# Ctrl-C waits for the end of a call of LAPACK.
PART = 1e8  # rows of one factorisation × parameters²: about 0.1 s
ORDERS = 8  # of the columns, each of which may find other circuits
# Entries of a singular vector are known to about ε over the gap between singular
# values.
TOUCHED = 1e-7  # share of a null direction from which a parameter counts as part of it


def triangle(blocks: Iterable[Array]) -> Array:
    """R (≤ p, p) with RᵀR = JᵀJ, from the rows of J a block at a time, by QR.

    LAPACK looks for no signals: it is called for so few rows that Ctrl-C is heard.
    Raises LinAlgError where R is not finite. Source: Golub & Van Loan, Matrix
    Computations (2013) §5.2.
    """
    factor: Array | None = None
    for block in blocks:
        count = block.shape[1]
        # Never fewer rows than columns, or the factor that is put on top would be most
        # of them.
        size = max(count, int(PART / max(count, 1) ** 2))
        for first in range(0, max(len(block), 1), size):
            part = block[first : first + size]
            # QR of the old triangle with new rows below has the triangle of all rows:
            # RᵀR = JᵀJ without JᵀJ ever being made, whose condition is the square of
            # that of J.
            rows = part if factor is None else np.vstack([factor, part])
            factor = np.asarray(np.linalg.qr(rows, mode="r"))
    assert factor is not None
    if not np.isfinite(factor).all():
        raise np.linalg.LinAlgError("the Jacobian is not finite")
    return factor


def lengths(rows: Array) -> Array:
    """The length of every column, (p,), also where squares overflow or vanish."""
    # A column of 1e200 has squares of inf, one of 1e-200 has squares of 0.
    top = np.abs(rows).max(axis=0, initial=0.0)
    safe = np.where(top > 0, top, 1.0)
    return np.asarray(top * np.sqrt(((rows / safe) ** 2).sum(axis=0)))


def complement(directions: Array) -> Array:
    """What is orthogonal to all `directions` (q, p), in reduced form (p - rank, p)."""
    _, singular, axes = np.linalg.svd(directions, full_matrices=True)
    rank = int((singular > 1e-8 * singular.max(initial=0.0)).sum())
    return reduce_rows(axes[rank:])


def reduce_rows(rows: Array) -> Array:
    """Reduced row echelon form, with pivots chosen by size.

    >>> reduce_rows(np.array([[2.0, 4.0, 0.0], [1.0, 3.0, 1.0]]))
    array([[ 1.,  0., -2.],
           [ 0.,  1.,  1.]])
    """
    rows, top = rows.copy(), 0
    for column in range(rows.shape[1]):
        if top == len(rows):
            break
        # The largest entry of the column: a pivot of 1e-9 would blow rounding up.
        pivot = top + int(np.abs(rows[top:, column]).argmax())
        # Rows are of length one at first; what is left below 1e-7 is rounding.
        if abs(rows[pivot, column]) < 1e-7:
            continue
        rows[[top, pivot]] = rows[[pivot, top]]
        rows[top] /= rows[top, column]
        others = np.arange(len(rows)) != top
        rows[others] -= np.outer(rows[others, column], rows[top])
        top += 1
    return rows


def groups(nulls: Nulls) -> list[Nulls]:
    """The null directions apart, by members that none of the others move."""
    from scipy.sparse.csgraph import connected_components

    # Reduced rows have a pivot of their own each: two that share no entry can be apart.
    rows = _clean(basis(nulls.directions, len(nulls.directions)))
    touched = rows != 0
    count, group = connected_components(touched @ touched.T, directed=False)
    parts = []
    for number in range(count):
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
