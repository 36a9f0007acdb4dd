"""Columns of samples: whether they vary, and in which order.

`baseline` and `group` ask; arrays are (n,), or (rows, n).
"""

from __future__ import annotations

import numpy as np

from cgprimer.types import Array

SAME = 1e-14  # spread beside the size from which a column varies by more than rounding


def varies(column: Array) -> bool:
    """Whether a column varies by more than rounding."""
    return bool(np.ptp(column) > SAME * np.abs(column).max())


def are_side_by_side(some: Array, column: Array) -> bool:
    """Whether no other entry of a column lies among some of its entries."""
    # Samples 7, 8 and 9 along t are a peak; 3, 50 and 91 are readings that went wrong.
    among = (column >= some.min()) & (column <= some.max())
    return int(among.sum()) == len(some)


def in_order(row: Array, column: Array) -> Array:
    """A row in the order of a column; what was entered several times counts once."""
    order = np.argsort(column, kind="stable")
    # The same sample twice would be a run of two for one residual.
    if (np.diff(column[order]) == 0).any():
        _, first = np.unique(
            np.stack([column, row])[:, order], axis=1, return_index=True
        )
        order = order[np.sort(first)]
    return np.asarray(row[order])
