"""What rounding does to one value of a function that is known by its values only.

Over nine points so close together that a smooth function is a polynomial of degree 5,
differences of order 6 to 8 leave nothing of it but the rounding errors, of which they
are sums with known weights. Points are taken to either side of x; where the sides are
not alike the quieter one counts, so that neither a kink nor the edge of a domain passes
for noise. Errors that all points share, as those of a constant factor, are not seen.

Source: Hamming, Numerical Methods for Scientists and Engineers (1973) §11; Moré & Wild,
Estimating computational noise, SIAM J. Sci. Comput. 33 (2011) 1292.
"""

from __future__ import annotations

from math import comb, sqrt

import numpy as np
from numpy.typing import NDArray

from cgprimer.judge.differences.schemes import Function, values
from cgprimer.types import Array

CLOSE = 2.0**-13  # of the length on which f changes: its sixth power is below ε
PARTS = (1.0, 0.625)  # of that: at one of them rounding may be the same by chance
POINTS = 9
ORDERS = (6, 7, 8)
ALIKE = 30.0  # sides that differ by more differ by more than chance
MARGIN = 16.0  # a bound, from a standard deviation that few numbers tell


def noise(f: Function, x: Array, scale: Array) -> tuple[Array, NDArray[np.bool_]]:
    """(a bound on the rounding error of f near x, where f stands still), elementwise.

    The bound is 0 where f is not real. Where neighbours have the same value, f may be
    a constant, or may have lost what x changes to a larger number on the way.
    """
    # A spacing at which all points round alike would show no noise; two spacings, with
    # the ratio 8:5, seldom do so both.
    several = [_at_spacing(f, x, part * CLOSE * scale) for part in PARTS]
    bounds, flats = zip(*several, strict=True)
    return np.fmax(*bounds), np.logical_or(*flats)


def _at_spacing(
    f: Function, x: Array, spacing: Array
) -> tuple[Array, NDArray[np.bool_]]:
    spreads, flats = [], []
    for side in (1, -1):
        rows = np.array([values(f, x + side * k * spacing) for k in range(POINTS)])
        spreads.append(_spread(rows))
        flats.append((np.diff(rows, axis=0) == 0).any(axis=0))
    low, high = np.fmin(*spreads), np.fmax(*spreads)
    # At the edge of a domain one side is nan, which fmin and fmax pass by. Beside a
    # kink the side that reaches over it has differences as large as the kink itself.
    spread = np.where(high < ALIKE * low, high, low)
    return MARGIN * np.nan_to_num(spread), flats[0] | flats[1]


def _spread(rows: Array) -> Array:
    # A difference of order k of independent errors of size σ has the variance σ²·C(2k,
    # k): for k = 6 it is √924 = 30 times as large as σ.
    sizes = [
        np.abs(np.diff(rows, order, axis=0)).max(axis=0) / sqrt(comb(2 * order, order))
        for order in ORDERS
    ]
    spread: Array = np.max(sizes, axis=0)
    return spread
