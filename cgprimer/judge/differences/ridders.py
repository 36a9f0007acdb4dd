"""Ridders' method: differences at shrinking steps, extrapolated to step 0.

    T[i, 0] = D(h_i),   h_i = h_0 / 1.4^i
    T[i, j] = (q·T[i, j-1] - T[i-1, j-1]) / (q - 1),   q = (h_{i-j} / h_i)²

with the steps that floating point really takes. D has even powers of h only, so column
j has an error of order h^(2j+2). The error of an entry is estimated by its distance
from its two neighbours in the column before; the entry with the smallest bound is kept,
and an element is done when the diagonal worsens twofold. The estimate is a heuristic
and may be small by chance, so it is inflated, and what rounding did to the values of f,
as the weights carry it on, is added.

For exp at x = 1 from h_0 = 0.1 on, beside e = 2.718281828459:

    h_i        T[i, 0]        T[i, 1]        T[i, 2]         the last one is off by
    0.1        2.7228145639                                  4.5e-3
    0.07143    2.7205938823   2.7182806723                   1.2e-6
    0.05102    2.7194613004   2.7182815275   2.7182818285    7.2e-11

The search calls it for every length that it tries. Source: Ridders, Advances in
Engineering Software 4 (1982) 75; Numerical Recipes §5.7.
"""

from __future__ import annotations

import numpy as np

from cgprimer.judge.differences.schemes import Function, Scheme, apply, step_taken
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
    # Rows: value, bound, step, rounding. An element whose values are never finite keeps
    # the nan and the bound of inf.
    best = np.full((4, *x.shape), np.nan)
    best[1] = error = np.full_like(x, np.inf)
    done = np.zeros(x.shape, dtype=bool)
    steps: list[Array] = []
    above: list[tuple[Array, Array]] = []
    for i in range(scheme.rows):
        steps.append(step_taken(x, h / SHRINK**i))
        row = [apply(scheme, f, x, steps[i], noise)]
        # Column 0 alone is never kept: without a neighbour there is no estimate of its
        # error.
        for j in range(1, i + 1):
            # From the steps as they were rounded: from 1.4^j the even powers of h would
            # not cancel.
            q = (steps[i - j] / steps[i]) ** 2
            (value, rounding), gap = _combine(q, row[-1], above[j - 1])
            row.append((value, rounding))
            # The step is that of the longest difference in the entry, since it tells
            # how far from x the function was looked at.
            entry = np.array([value, INFLATE * gap + rounding, steps[i - j], rounding])
            better = ~done & (entry[1] < best[1])
            best = np.where(better, entry, best)
            error = np.where(better, gap, error)
        # From there on rounding grows as 1/h and more columns only carry it along.
        # Rounding is added to the error, for a smallest gap of 0 by chance would end it
        # at once.
        if i:
            done |= np.abs(row[-1][0] - above[-1][0]) >= WORSE * (error + best[3])
        above = row
    value, bound, step, rounding = best
    return value, bound, step, rounding


def _combine(
    q: Array, near: tuple[Array, Array], far: tuple[Array, Array]
) -> tuple[tuple[Array, Array], Array]:
    """An entry from its neighbours, with its rounding and its distance from them."""
    value = (q * near[0] - far[0]) / (q - 1)
    # Errors of different steps are taken as independent; the two entries share values
    # of f, but with weights of either sign.
    rounding = np.hypot(q * near[1], far[1]) / (q - 1)
    gap = np.maximum(np.abs(value - near[0]), np.abs(value - far[0]))
    return (value, rounding), gap
