"""A data set in words: for each column its range, mean and spread, and its noise.

name, role, column, sigma ─ summary_row ─▶ a row of the table that a Dataset shows
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cgprimer.expr.dims import show_dims
from cgprimer.types import Array

SUMMARY = ("column", "role", "least", "mean", "greatest", "spread", "sigma")
BLOCK = 2**20  # entries that are looked at at a time


def summary_row(
    name: str, role: str, column: NDArray[Any], sigma: Array | None
) -> tuple[str, ...]:
    """The cells of one column; of an array over all entries, with its dims."""
    low, high = float(column.min()), float(column.max())
    size = max(abs(low), abs(high)) or 1.0  # so that no sum overflows
    mean, spread = _moments(column, size)
    said = f"{name}: {show_dims(column.shape[1:])}" if column.ndim > 1 else name
    noise = "" if sigma is None else _range(sigma)
    figures = (low, mean, high, spread)
    return said, role, *(f"{value:.4g}" for value in figures), noise


def _moments(column: NDArray[Any], size: float) -> tuple[float, float]:
    """Mean and standard deviation."""
    if column.ndim == 1:
        return size * float((column / size).mean()), size * float((column / size).std())
    # Of images no copy in double precision is made, which may be eight times as large.
    mean = sum(float(b.sum()) for b in _blocks(column, size)) / column.size
    square = sum(float(((b - mean) ** 2).sum()) for b in _blocks(column, size))
    return size * mean, size * (square / column.size) ** 0.5


def _blocks(column: NDArray[Any], size: float) -> Iterator[Array]:
    """Some samples at a time, in double precision, divided by `size`."""
    step = max(1, BLOCK * len(column) // column.size)
    for first in range(0, len(column), step):
        yield np.asarray(column[first : first + step], np.float64) / size


def _range(column: Array) -> str:
    low, high = f"{column.min():.4g}", f"{column.max():.4g}"
    return low if low == high else f"{low} … {high}"
