r"""Arrays of numbers as text: written out where they are small, else summed up.

    array ─ written ─▶  [[1, 2], [3, 4.5000]]     a list of rows
    array ─ typeset ─▶  \begin{bmatrix} 1 & 2 \\ 3 & 4.5000 \end{bmatrix}
    array ─ summed_up ─▶  784 x 100, min −0.31, max 0.28, norm 8.4

Traces, paths and drawings ask for them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cgprimer.expr.dims import show_dims
from cgprimer.notation.numbers import number

ENTRIES = 12  # of an array that is written out
COLUMNS = 80  # of its text: an equation in front of it still fits into a line
Write = Callable[[float], str]


def is_array(value: Any) -> bool:
    """Whether a value has axes."""
    return np.ndim(value) > 0


def is_short(value: Any, write: Write) -> bool:
    """Whether an array is written out: a few numbers, in two axes at most."""
    if np.size(value) > ENTRIES or np.ndim(value) > 2:
        return False
    return len(written(value, write)) <= COLUMNS


def written(value: Any, write: Write) -> str:
    """A value as lists in lists; `write` is for its numbers."""
    if np.ndim(value) == 0:
        return write(float(value))
    return f"[{', '.join(written(part, write) for part in value)}]"


def typeset(value: Any, write: Write) -> str:
    r"""The same in LaTeX: a bmatrix, of a vector one column."""
    if np.ndim(value) == 0:
        return write(float(value))
    rows = np.reshape(value, (np.shape(value)[0], -1))
    lines = r" \\ ".join(" & ".join(write(float(x)) for x in row) for row in rows)
    return rf"\begin{{bmatrix}} {lines} \end{{bmatrix}}"


def summed_up(value: Any, dims: bool = True) -> str:
    """The dims of an array, its least and its greatest entry, and its norm.

    >>> summed_up(np.array([[3.0, -4.0]]))
    '1 x 2, min −4, max 3, norm 5'
    """
    array = np.asarray(value, dtype=float)
    with np.errstate(all="ignore"):
        norm = float(np.sqrt(np.sum(array**2)))
    ends = f"min {number(float(array.min()))}, max {number(float(array.max()))}"
    sizes = f"{show_dims(array.shape)}, " if dims else ""
    return f"{sizes}{ends}, norm {number(norm)}"
