"""The complex step: Im f(x + ih)/h, exact but for rounding where f is analytic.

f, x, a central difference ─▶ Difference, for `finite`

Nothing is subtracted, so h may be as small as 1e-20 and the error h² is far below any
rounding. Source: Squire & Trapp, SIAM Review 40 (1998) 110.
"""

from __future__ import annotations

import numpy as np

from cgprimer.errors import DifferenceError
from cgprimer.judge.differences import probe
from cgprimer.judge.differences.bounded import Difference
from cgprimer.judge.differences.schemes import (
    FIRST,
    ROUNDING,
    Function,
    Noise,
    values,
)
from cgprimer.types import Array


def complex_step(
    f: Function,
    x: Array,
    step: float | None,
    noise: Noise,
    central: Difference,
) -> Difference:
    """Im f(x + ih)/h, held against a central difference: f may not be analytic.

    step : absolute; by default 1e-20 times the size of x. Raises DifferenceError where
    the two contradict, and for an f that takes no complex numbers. Its
    rounding is probed, unless the caller knows about rounding.
    """
    # Never more than 1e-20, which is far below what rounding leaves of any term in h².
    size = np.where(x == 0, 1.0, np.minimum(np.abs(x), 1.0))
    h = FIRST["complex"].step * size if step is None else np.full_like(x, step)

    def slope(at: Array) -> Array:
        part: Array = np.imag(f(at + 1j * h)) / h
        return part

    try:
        value = values(slope, x)
    except TypeError as error:
        raise DifferenceError(
            f"the complex step cannot be taken: {error}\n"
            "  hint: use scheme='central' or 'ridders'"
        ) from error
    # Im f may be finite where f itself is not: log(0 + ih) has the imaginary part π/2.
    value = np.where(np.isfinite(values(f, x)), value, np.nan)
    _refuse_if_not_analytic(x, value, central)
    rounding = 2 * ROUNDING * np.abs(value)
    if noise is None:
        rounding = rounding + probe.noise(slope, x, size)[0]
    return Difference(value, rounding, h, rounding, value, value)


def _refuse_if_not_analytic(x: Array, value: Array, central: Difference) -> None:
    """The imaginary part is lost in abs, real, max: the result would be 0."""
    # abs(x) keeps nothing of ih: the complex step gives 0, where the difference gives
    # ±1. At a kink the two may differ rightly.
    wrong = np.abs(value - central.value) > 4 * central.bound + 1e-6 * np.abs(value)
    wrong &= ~central.kink
    if wrong.any():
        at, slope, other = (float(row[wrong][0]) for row in (x, value, central.value))
        raise DifferenceError(
            f"the complex step is silently wrong at {at:g}: it gives {slope:g}, a "
            f"central difference {other:g}; the function is not analytic\n"
            "  hint: use scheme='central' or 'ridders'"
        )
