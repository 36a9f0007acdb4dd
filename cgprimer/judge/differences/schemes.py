"""Difference schemes: weights of f(x + k·h), and what a weighted sum may be off by.

    Σ w_k·f(x + k·h) / h^order  =  f^(order)(x) + c·h^power + …

One application of a scheme gives a value, and apart from it the share of its error that
rounding has: N·√Σw²/h^order, where N is what rounding does to one value of f, and what
the points lie off x + k·h. Truncation is seen by comparing steps; `finite` does that.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cgprimer.types import Array

Function = Callable[[Any], Any]


@dataclass(frozen=True)
class Told:
    """What rounding does to one value of a function, as a function `at` of x.

    complete : whether that is all; numpy code may cancel inside, and is probed, too.
    """

    at: Function
    complete: bool = True


Noise = Told | None
"""What rounding does to one value of a function; None where it is to be probed."""

EPSILON = float(np.finfo(np.float64).eps)
ROUNDING = 2 * EPSILON  # what one operation is trusted to, library functions included
TINY = float(np.finfo(np.float64).tiny)  # below it numbers lose digits
UNDERFLOW = 2 * float(np.finfo(np.float64).smallest_subnormal)  # and to no less than


@dataclass(frozen=True)
class Scheme:
    """Σ w_k·f(x + k·h) / h^order, off by c·h^power and by higher powers.

    step : the best h, over the length on which f changes; the first one of `rows`
        where the scheme is extrapolated to h = 0.
    """

    weights: dict[int, float]
    step: float
    order: int = 1
    power: int = 2
    rows: int = 1

    @property
    def trust(self) -> float:
        """The error of step h over the change from 2h to h, with a margin of 3."""
        return 3 / (2.0**self.power - 1)

    @property
    def norm(self) -> float:
        """√Σw²: how independent errors of f, all of one size, come through."""
        return math.sqrt(sum(w * w for w in self.weights.values()))

    def mirror(self) -> Scheme:
        """The same to the other side of x."""
        sign = (-1) ** self.order
        weights = {-k: sign * w for k, w in self.weights.items()}
        return replace(self, weights=weights)


# The best steps balance rounding ε/h^order with truncation h^power: ε^(1/2) for
# forward, ε^(1/3) for central, ε^(1/5) for five-point, ε^(1/4) for second differences.
# Ridders starts from a step where rounding is nothing, as it removes the truncation.
# The complex step subtracts nothing, so that only underflow limits it.
FIRST: dict[str, Scheme] = {
    "forward": Scheme({0: -1.0, 1: 1.0}, EPSILON ** (1 / 2), power=1),
    "central": Scheme({-1: -1 / 2, 1: 1 / 2}, EPSILON ** (1 / 3)),
    "five-point": Scheme(
        {-2: 1 / 12, -1: -2 / 3, 1: 2 / 3, 2: -1 / 12}, EPSILON ** (1 / 5), power=4
    ),
    "ridders": Scheme({-1: -1 / 2, 1: 1 / 2}, 0.1, rows=10),
    "complex": Scheme({}, 1e-20),
}
SECOND: dict[str, Scheme] = {
    "three-point": Scheme({-1: 1.0, 0: -2.0, 1: 1.0}, EPSILON ** (1 / 4), 2),
    "ridders": Scheme({-1: 1.0, 0: -2.0, 1: 1.0}, 0.1, 2, rows=10),
}
# Both are off by h², as the central ones that they stand for.
ASIDE = {  # to the right of x, for the edges of domains
    1: Scheme({0: -1.5, 1: 2.0, 2: -0.5}, EPSILON ** (1 / 3)),
    2: Scheme({0: 2.0, 1: -5.0, 2: 4.0, 3: -1.0}, EPSILON ** (1 / 4), 2),
}
NEAREST = {  # to the right of x, within as few steps as can be, for kinks
    1: Scheme({0: -1.0, 1: 1.0}, 0.0, power=1),
    2: Scheme({0: 1.0, 1: -2.0, 2: 1.0}, 0.0, 2, power=1),
}


def rounding(terms: Noise) -> Noise:
    """What rounding does to a sum of such terms, where they are known."""
    if terms is None:
        return None
    at = terms.at
    return replace(terms, at=lambda x: ROUNDING * at(x))


def step_taken(x: Array, h: Array) -> Array:
    """The step that floating point really takes from x, nan where there is none."""
    # At x = 1 a step of 1e-10 is taken as 1.00000008274e-10: to divide by 1e-10 would
    # be an error of 8e-8, whatever f is.
    h = (x + h) - x
    return np.where(h != 0, h, np.nan)


def apply(
    scheme: Scheme, f: Function, x: Array, h: Array, noise: Array | float
) -> tuple[Array, Array]:
    """(value, what rounding may have done to it) at step h, elementwise.

    noise : N, what rounding does to one value of f; at least ROUNDING·|f| is assumed.
    """
    total, size, astray = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    low, high = np.full_like(x, np.inf), np.full_like(x, -np.inf)
    for k, weight in scheme.weights.items():
        at = x + k * h
        value = values(f, at)
        total = total + weight * value
        # What single values are rounded to counts even where `noise` says less: f(x) is
        # stored with relative errors of ε.
        size = np.hypot(size, weight * value)
        # x + k·h is rounded, too: a point beside the one that is meant has another
        # value of f, by the slope that the values themselves show.
        astray = astray + abs(weight) * np.abs((at - x) - k * h)
        low, high = np.minimum(low, value), np.maximum(high, value)
    divisor = h**scheme.order
    # For h = 1e-160, h² is 1e-320, which has three digits only.
    if scheme.order > 1:  # h was exact, its square may have no digits left
        divisor = np.where(np.abs(divisor) < TINY, np.nan, divisor)
    slope = (high - low) / np.abs(h)
    rounding = np.fmax(ROUNDING * size, noise * scheme.norm) + slope * astray
    rounding = rounding + UNDERFLOW
    value = total / divisor
    return value, rounding / np.abs(divisor) + EPSILON * np.abs(value)


def values(f: Function, at: Array) -> Array:
    """f at the elements of `at`; nan where Python code refuses a number."""
    try:
        result = f(at)
    except (ArithmeticError, ValueError):
        result = np.nan
    return np.broadcast_to(np.asarray(result, dtype=np.float64), at.shape)
