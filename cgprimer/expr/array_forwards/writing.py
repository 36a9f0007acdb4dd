"""What numpy does in place, for arrays of whatever library.

    zeros, an index, values ─▶ the zeros with the values there

Arrays of JAX cannot be written into, and those of torch have other names for it; all
other forwards of the folder call functions of `xp` by numpy's names.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def is_numpy(a: Any) -> bool:
    """Whether it is numpy's, so that its values can be looked at."""
    return isinstance(a, (np.ndarray, np.generic, float, int))


def zeros(xp: Any, shape: tuple[int, ...], like: Any) -> Any:
    """Zeros of the type, and on the device, of `like`."""
    if is_numpy(like):
        return xp.zeros(shape, dtype=like.dtype)
    return xp.zeros_like(like, shape=shape)


def cast(a: Any, dtype: Any) -> Any:
    """The same numbers in another type."""
    return a.astype(dtype) if hasattr(a, "astype") else a.to(dtype)


def put_at(a: Any, index: Any, values: Any) -> Any:
    """`a` with values at an index; `a` itself where it can be written into."""
    if hasattr(a, "at"):
        return a.at[index].set(values)
    a[index] = values
    return a


def add_at(a: Any, index: tuple[Any, ...], values: Any) -> Any:
    """`a` with values added at an index of numbers, of which some may be equal."""
    if hasattr(a, "at"):
        return a.at[index].add(values)
    if is_numpy(a):
        np.add.at(a, index, values)
        return a
    return a.index_put(index, values, accumulate=True)


def add_part(a: Any, index: tuple[Any, ...], values: Any) -> Any:
    """`a` with values added to a part, that slices take."""
    if hasattr(a, "at"):
        return a.at[index].add(values)
    part = a[index]
    part += values
    return a
