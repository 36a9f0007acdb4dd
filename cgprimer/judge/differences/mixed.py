"""Mixed second derivatives, ∂²f/∂x∂y, from second differences along two diagonals.

f(x, y), x, y ─ g(t) on the diagonals ─ `finite` ─▶ Difference
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cgprimer.errors import DifferenceError
from cgprimer.graph.arrays import as_numbers
from cgprimer.judge.differences import probe
from cgprimer.judge.differences.bounded import Difference, choose
from cgprimer.judge.differences.finite import by_search, check_scheme
from cgprimer.judge.differences.schemes import ROUNDING, SECOND, Scheme
from cgprimer.types import Array


def mixed_difference(
    f: Callable[[Any, Any], Any],
    x: ArrayLike,
    y: ArrayLike,
    noise: Array | float | None = None,
    *,
    scheme: str = "ridders",
) -> Difference:
    """∂²f/∂x∂y at every element of `x` and `y`, by second differences on the diagonals.

    With a and b the sizes of x and y, g(t) = f(x + ta, y + tb) - f(x + ta, y - tb) has
    g''(0) = 4ab·∂²f/∂x∂y. Sizes of at least and of at most 1 are tried; `h` is the step
    in t. See `second_difference`.
    """
    check_scheme(scheme, None, SECOND)
    x, y = np.broadcast_arrays(*(as_numbers("x", v, DifferenceError) for v in (x, y)))
    with np.errstate(all="ignore"):
        long, short = (
            _on_diagonals(f, x, y, SECOND[scheme], noise, length)
            for length in (np.maximum, np.minimum)
        )
        return choose(short.bound < long.bound, short, long)


def _on_diagonals(
    f: Callable[[Any, Any], Any],
    x: Array,
    y: Array,
    scheme: Scheme,
    noise: Array | float | None,
    length: Callable[[Array, float], Array],
) -> Difference:
    a, b = (length(np.where(v == 0, 1.0, np.abs(v)), 1.0) for v in (x, y))
    # x and y are moved one by one: errors along the diagonals are made of the same
    # operations.
    if noise is None:
        noise = np.fmax(
            probe.noise(lambda at: f(at, y), x, a)[0],
            probe.noise(lambda at: f(x, at), y, b)[0],
        )
    told = np.fmax(noise, ROUNDING * np.abs(f(x, y)))

    # g'' is (a²·f_xx + 2ab·f_xy + b²·f_yy) - (a²·f_xx - 2ab·f_xy + b²·f_yy): the pure
    # second derivatives cancel. Four evaluations of f as in (f(+,+) - f(+,-) - …)/4ab
    # would do for one step, but second differences of g come with extrapolation and a
    # bound.
    def g(t: Any) -> Any:
        return f(x + t * a, y + t * b) - f(x + t * a, y - t * b)

    # g subtracts two values of f, each with that noise.
    twist = by_search(g, np.zeros(x.shape), scheme, None, 2 * told, None, False)
    area = 4 * a * b
    parts = [getattr(twist, part.name) / area for part in fields(twist)]
    return replace(Difference(*parts), h=twist.h)
