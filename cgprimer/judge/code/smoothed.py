"""The slope of noisy code: a polynomial fitted over a wide interval, value ± bound.

Single precision leaves a difference over a step of x/10 three or four digits. Over many
points of a wide interval the noise averages out. A fit is trusted where it leaves no
more of f than noise; so no kink and no wave that it cannot follow is smoothed away.
"""

from __future__ import annotations

import numpy as np

from cgprimer.judge.code.rounding import Each
from cgprimer.judge.differences.bounded import Difference
from cgprimer.types import Array

NODES = np.cos(np.pi * (np.arange(33) + 0.5) / 33)  # Chebyshev's, from end to end
DEGREES = 7, 9  # the change from one to the other tells what is left out
WIDTHS = 0.5, 0.15  # of the size of x: how far to either side
LEFT = 2.0  # times the noise, that a fit may leave
TOO_MUCH = 1e-4  # noise beside f: what it leaves says nothing of f
MARGIN = 1.0  # times the noise, which is a bound, that the weights let through


def _weights(degree: int) -> tuple[Array, Array]:
    """(weights of the slope in the middle, what the fit leaves) of values at NODES."""
    powers = np.vander(NODES, degree + 1, increasing=True)
    inverse = np.linalg.pinv(powers)
    # Row 1 of the pseudo-inverse gives the coefficient of t, which is the slope at t =
    # 0.
    return inverse[1], np.eye(len(NODES)) - powers @ inverse


LOW, HIGH = map(_weights, DEGREES)


def smooth(each: Each, x: Array, size: Array, precision: Array) -> Difference:
    """The slope at x, elementwise, by the fit with the smallest bound."""
    best = np.array([np.full(len(x), np.nan), np.full(len(x), np.inf), size])
    for width in WIDTHS:
        fit = np.array(_fit(each, x, width * size, precision))
        best = np.where(fit[1] < best[1], fit, best)
    value, bound, h = best
    return Difference(value, bound, h, bound, value, value)


def _fit(
    each: Each, x: Array, h: Array, precision: Array
) -> tuple[Array, Array, Array]:
    rows = np.array([each(x + node * h) for node in NODES])
    noise = precision * np.abs(rows).max(axis=0)
    low, high = (weights @ rows / h for weights, _ in (LOW, HIGH))
    # Noise of independent values comes through as the length of the weights, √10 for
    # degree 9, where a difference over two points at the same width has 1/√2.
    through = MARGIN * noise * float(np.linalg.norm(HIGH[0])) / h
    # Of exp from 1 - 0.5 to 1 + 0.5 a polynomial of degree 9 leaves 2e-12, far below
    # the noise of single precision; of |t| it leaves 7 % of its largest value, so that
    # the bound is inf.
    left = np.abs(HIGH[1] @ rows).max(axis=0)
    trusted = (left <= LEFT * noise) & (precision < TOO_MUCH)
    bound = np.where(trusted, 2 * np.abs(high - low) + through, np.inf)
    return high, np.where(np.isnan(bound), np.inf, bound), h
