"""Square matrices: trace, diagonals, triangles, inv, solve, det, cholesky.

    matrix ─▶ matrix, vector or number; nan where a matrix has no inverse or root

Rows of the table `expr.array_ops`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cgprimer.expr.array_forwards.axes import Ranks
from cgprimer.expr.array_forwards.writing import put_at, zeros
from cgprimer.expr.dims import Dims, DimsError, show_dims


def square(result: str) -> Callable[..., Any]:
    """Dims of what is computed of a square matrix "nn": as "nn", "n" or ""."""

    def dims(sizing: Any, a: Dims) -> Any:
        _check_square(sizing, a)
        return tuple(a[0] for _ in result)

    return dims


def _check_square(sizing: Any, a: Dims) -> None:
    try:
        if len(a) == 2:
            sizing.same(*a)
            return
    except DimsError:
        pass
    raise DimsError(f"a square matrix is expected, not {show_dims(a)}")


def matrix_dims(_: Any, a: Any) -> Any:
    """The dims, of a matrix alone."""
    if len(a) != 2:
        raise DimsError(f"a matrix is expected, not {show_dims(a)}")
    return a


def diag_dims(_: Any, a: Any) -> Any:
    """Dims of the matrix with a vector on its diagonal."""
    if len(a) != 1:
        hint = "write diagonal(a) for that of a matrix" if len(a) == 2 else ""
        raise DimsError(f"a vector is expected, not {show_dims(a)}", hint)
    return (*a, *a)


def solve_dims(sizing: Any, a: Any, b: Any) -> Any:
    """The dims of b, which has as many rows as a."""
    _check_square(sizing, a)
    if len(b) not in (1, 2):
        raise DimsError(f"a vector or a matrix is expected, not {show_dims(b)}")
    return (sizing.same(a[-1], b[0], "rows"), *b[1:])


def trace(xp: Any, ranks: Ranks, a: Any) -> Any:
    """The sum of the diagonal."""
    return xp.trace(a, axis1=-2, axis2=-1)


def eye(xp: Any, ranks: Ranks, a: Any) -> Any:
    """The identity as large as the matrix a, in numbers of its type."""
    return xp.broadcast_to(xp.eye(a.shape[-1], dtype=a.dtype), a.shape)


def diag(xp: Any, ranks: Ranks, a: Any) -> Any:
    """The matrix with a vector on its diagonal."""
    made = zeros(xp, (*a.shape, a.shape[-1]), a)
    places = xp.arange(a.shape[-1])
    return put_at(made, (..., places, places), a)


def diagonal(xp: Any, ranks: Ranks, a: Any) -> Any:
    """The entries (i, i)."""
    return xp.diagonal(a, axis1=-2, axis2=-1)


def tril(xp: Any, ranks: Ranks, a: Any) -> Any:
    """Without what is above the diagonal."""
    return xp.tril(a)


def half_tril(xp: Any, ranks: Ranks, a: Any) -> Any:
    """Without what is above the diagonal, which is halved."""
    places = xp.arange(a.shape[-1])
    below = xp.tril(a)
    return put_at(below, (..., places, places), below[..., places, places] / 2)


def inv(xp: Any, ranks: Ranks, a: Any) -> Any:
    """The inverse; nan where there is none."""
    return _each(xp, xp.linalg.inv, a)


def solve(xp: Any, ranks: Ranks, a: Any, b: Any) -> Any:
    """x with a @ x = b; nan where there is not exactly one."""
    if ranks[1] == 1 and a.ndim == 2 and b.ndim == 2:  # many right sides of one matrix
        return xp.swapaxes(_each(xp, xp.linalg.solve, a, xp.swapaxes(b, 0, 1)), 0, 1)
    full = b[..., None] if ranks[1] == 1 else b
    if full.ndim < a.ndim:  # of these numpy 1 made vectors
        full = xp.broadcast_to(full, (*a.shape[:-2], *full.shape))
    found = _each(xp, xp.linalg.solve, a, full)
    return found[..., 0] if ranks[1] == 1 else found


def det(xp: Any, ranks: Ranks, a: Any) -> Any:
    """The determinant."""
    return xp.linalg.det(a)


def logdet(xp: Any, ranks: Ranks, a: Any) -> Any:
    """ln |det a|, which neither overflows nor underflows."""
    return xp.linalg.slogdet(a)[1]


def cholesky(xp: Any, ranks: Ranks, a: Any) -> Any:
    """L with L @ L' the symmetric part of a; nan where that has no such root."""
    return _each(xp, xp.linalg.cholesky, (a + xp.swapaxes(a, -1, -2)) / 2)


def _each(xp: Any, function: Callable[..., Any], *args: Any) -> Any:
    """A function of matrices; nan for those for which it has no result."""
    # One singular matrix must not take the results of all other samples along.
    try:
        return function(*args)
    except np.linalg.LinAlgError:
        pass
    lead = np.broadcast_shapes(*(a.shape[:-2] for a in args))
    full = [np.broadcast_to(a, (*lead, *a.shape[-2:])) for a in args]
    made = np.full(full[-1].shape, np.nan, dtype=full[-1].dtype)
    for place in np.ndindex(*lead):
        try:
            made[place] = function(*(a[place] for a in full))
        except np.linalg.LinAlgError:
            continue
    return made
