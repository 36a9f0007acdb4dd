"""Ridders' method: differences at shrinking steps, extrapolated to step 0.

    T[i, 0] = D(h_i),   h_i = h_0 / 1.4^i
    T[i, j] = (q·T[i, j-1] - T[i-1, j-1]) / (q - 1),   q = (h_{i-j} / h_i)²

with the steps that floating point really takes. D has even powers of h only, so column
j has an error of order h^(2j+2). The error of an entry is estimated by its distance
from its two neighbours in the column before; the entry with the smallest bound is kept,
and an element is done when the diagonal worsens twofold. The estimate is a heuristic
and may be small by chance, so it is inflated, and what rounding did to the values of f,
as the weights carry it on, is added.

Source: Ridders, Advances in Engineering Software 4 (1982) 75; Numerical Recipes §5.7.
"""

from __future__ import annotations

import numpy as np

from cgprimer.judge.differences.schemes import Function, Scheme, apply, taken
from cgprimer.types import Array

SHRINK = 1.4
WORSE = 2.0
INFLATE = 2.0


def extrapolate(
    scheme: Scheme, f: Function, x: Array, h: Array, noise: Array | float
) -> tuple[Array, Array, Array, Array]:
    """(value, bound, step, rounding), elementwise, from steps h, h/1.4, ….

    step : the longest that the value rests on.
    """
    best = np.full((4, *x.shape), np.nan)
    best[1] = error = np.full_like(x, np.inf)
    done = np.zeros(x.shape, dtype=bool)
    steps: list[Array] = []
    above: list[tuple[Array, Array]] = []
    for i in range(scheme.rows):
        steps.append(taken(x, h / SHRINK**i))
        row = [apply(scheme, f, x, steps[i], noise)]
        for j in range(1, i + 1):
            q = (steps[i - j] / steps[i]) ** 2
            (value, rounding), gap = _combined(q, row[-1], above[j - 1])
            row.append((value, rounding))
            found = np.array([value, INFLATE * gap + rounding, steps[i - j], rounding])
            better = ~done & (found[1] < best[1])
            best = np.where(better, found, best)
            error = np.where(better, gap, error)
        if i:
            done |= np.abs(row[-1][0] - above[-1][0]) >= WORSE * (error + best[3])
        above = row
    value, bound, step, rounding = best
    return value, bound, step, rounding


def _combined(
    q: Array, near: tuple[Array, Array], far: tuple[Array, Array]
) -> tuple[tuple[Array, Array], Array]:
    """An entry from its neighbours, with its rounding and its distance from them."""
    value = (q * near[0] - far[0]) / (q - 1)
    rounding = np.hypot(q * near[1], far[1]) / (q - 1)
    gap = np.maximum(np.abs(value - near[0]), np.abs(value - far[0]))
    return (value, rounding), gap
