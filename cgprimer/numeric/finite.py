"""Finite differences with an error bound, step sizes that fit, and domain edges.

Truncation is seen in the change from step 2h to h; rounding is ε|f|/h, or
more where larger numbers cancel on the way to f, which the caller may tell. The
size of x says little about the scale on which f changes (x near 0, or f fast), so
several steps are tried, and the result with the smallest bound is kept.

Sources: Numerical Recipes §5.7; Nocedal & Wright §8.1; Squire & Trapp, SIAM Review 40
(1998) for the complex step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cgprimer.errors import DifferenceError, suggest

Array = NDArray[np.float64]
Function = Callable[[Any], Any]
SchemeName = Literal["central", "forward", "five-point", "complex"]

EPSILON = float(np.finfo(np.float64).eps)
ROUNDING = 4 * EPSILON  # what one evaluation of f is trusted to


@dataclass(frozen=True)
class Scheme:
    """Weights of f(x + k·h), times 1/h, and the best relative step h."""

    weights: dict[int, float]
    step: float


SCHEMES: dict[str, Scheme] = {
    "forward": Scheme({0: -1.0, 1: 1.0}, EPSILON ** (1 / 2)),
    "central": Scheme({-1: -1 / 2, 1: 1 / 2}, EPSILON ** (1 / 3)),
    "five-point": Scheme(
        {-2: 1 / 12, -1: -2 / 3, 1: 2 / 3, 2: -1 / 12}, EPSILON ** (1 / 5)
    ),
    "complex": Scheme({}, 1e-20),
}
ONE_SIDED = {1: Scheme({0: -1.5, 1: 2.0, 2: -0.5}, 0.0)}
ONE_SIDED[-1] = Scheme({-k: -w for k, w in ONE_SIDED[1].weights.items()}, 0.0)


@dataclass(frozen=True)
class Difference:
    """A derivative by finite differences: `value` ± `bound`, with the step `h` used.

    rounding : the part of the bound that is due to rounding, not to the step.
    """

    value: Array
    bound: Array
    h: Array
    rounding: Array


def check_scheme(scheme: str, step: float | None) -> None:
    """Refuse an unknown scheme and a step that cannot be one."""
    if scheme not in SCHEMES:
        hint = suggest(str(scheme), SCHEMES) or f"schemes are {', '.join(SCHEMES)}"
        raise DifferenceError(f"unknown scheme {scheme!r}\n  hint: {hint}")
    if step is not None and not (np.isfinite(step) and step > 0):
        raise DifferenceError(
            f"the step {step!r} is not a positive number\n"
            "  hint: leave it out, or give an absolute step such as 1e-6"
        )


def difference(
    f: Function,
    x: Array,
    scheme: str = "central",
    step: float | None = None,
    noise: Array | float = 0.0,
) -> Difference:
    """The derivative of `f` at every element of `x`, elementwise.

    step : absolute; by default it follows from the scheme and from x.
    noise : what rounding does to one value of f, where that is more than ε|f|.
    Raises DifferenceError where x + step rounds to x.
    """
    check_scheme(scheme, step)
    x = np.asarray(x, dtype=np.float64)
    with np.errstate(all="ignore"):
        if scheme == "complex":
            return _complex_step(f, x, step or SCHEMES[scheme].step)
        if step is not None:
            return _at_step(f, x, scheme, _checked(x, step), noise)
        factor = SCHEMES[scheme].step
        scales = _scales(x)
        tried = [_at_step(f, x, scheme, scale * factor, noise) for scale in scales]
        return _best(tried)


def _scales(x: Array) -> list[Array]:
    """Lengths on which f may change, from large to small."""
    size = np.abs(x)
    large, small = np.maximum(size, 1.0), np.where(size > 0, np.minimum(size, 1.0), 1.0)
    return [large, np.sqrt(large * small), small, 1e-3 * small, 1e-6 * small]


def _checked(x: Array, step: float) -> Array:
    lost = (x + step == x) & np.isfinite(x)
    if lost.any():
        at = float(np.abs(x[lost]).max())
        raise DifferenceError(
            f"the step {step:g} is lost in rounding at {at:g}: x + step is x again\n"
            f"  hint: take at least {np.spacing(at):.1g}, or leave the step out"
        )
    return np.full_like(x, step)


def _complex_step(f: Function, x: Array, step: float) -> Difference:
    value = np.imag(f(x + 1j * step)) / step
    value = np.where(np.isfinite(f(x)), value, np.nan) + np.zeros_like(x)
    rounding = ROUNDING * np.abs(value)
    return Difference(value, rounding, np.full_like(x, step), rounding)


def _best(tried: list[Difference]) -> Difference:
    """Elementwise the result with the smallest bound; nan loses to any number.

    A step too long for f can look certain by chance. A shorter one must then agree
    with it, up to rounding; where it does not, the bound is widened to the gap.
    """
    bounds = []
    for i, long in enumerate(tried):
        bound = np.where(np.isnan(long.value), np.inf, long.bound)
        for short in tried[i + 1 :]:
            gap = np.abs(long.value - short.value) - short.rounding
            bound = np.where(gap > 2 * bound, gap, bound)
        bounds.append(np.where(np.isnan(bound), np.inf, bound))
    pick = np.array(bounds).argmin(axis=0)[None]
    parts = [
        (d.value, bound, d.h, d.rounding)
        for d, bound in zip(tried, bounds, strict=True)
    ]
    return Difference(
        *(
            np.take_along_axis(np.array(rows), pick, 0)[0]
            for rows in zip(*parts, strict=True)
        )
    )


def _at_step(
    f: Function, x: Array, scheme: str, h: Array, noise: Array | float
) -> Difference:
    """The scheme itself; where it meets nan or inf, differences to one side."""
    result = _weighted(f, x, SCHEMES[scheme].weights, h, noise)
    for side in (1, -1):
        outside = ~np.isfinite(result.value)
        if not outside.any():
            break
        other = _weighted(f, x, ONE_SIDED[side].weights, h, noise)
        result = Difference(
            np.where(outside, other.value, result.value),
            np.where(outside, other.bound, result.bound),
            h,
            np.where(outside, other.rounding, result.rounding),
        )
    return result


def _weighted(
    f: Function, x: Array, weights: dict[int, float], h: Array, noise: Array | float
) -> Difference:
    h = (x + h) - x  # the step that floating point really takes
    near, size = _sum(f, x, weights, h)
    far, _ = _sum(f, x, weights, 2 * h)
    rounding = np.fmax(ROUNDING * size, noise * sum(map(abs, weights.values())))
    rounding = rounding / np.abs(h)
    return Difference(near, np.abs(far - near) + rounding, h, rounding)


def _sum(
    f: Function, x: Array, weights: dict[int, float], h: Array
) -> tuple[Array, Array]:
    """Weighted sum of f over h, and the same with absolute values."""
    total, size = np.zeros_like(x), np.zeros_like(x)
    for k, weight in weights.items():
        term = weight * f(x + k * h)
        total = total + term
        size = size + np.abs(term)
    return total / h, size
