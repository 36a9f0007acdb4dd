"""Finite differences with an error bound: the scale that fits, domain edges, kinks.

The size of x says little about the length on which f changes (x near 0, or f fast), so
several lengths are tried, and the result with the smallest bound is kept. Its bound has
three parts: truncation, from the change between steps; rounding, ε·Σ|terms| of f (told
by the caller who knows the expression, else probed) over the step; and disagreement
with shorter steps. Beside the edge of a domain differences are taken to one side. At a
kink the slopes to the left and right differ: both are given, and the bound spans them.

Sources: Numerical Recipes §5.7; Nocedal & Wright §8.1; Squire & Trapp, SIAM Review 40
(1998) for the complex step.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cgprimer.errors import DifferenceError, suggest
from cgprimer.numeric import probe, ridders
from cgprimer.numeric.schemes import (
    ASIDE,
    EPSILON,
    FIRST,
    NEAREST,
    ROUNDING,
    SECOND,
    Array,
    Function,
    Scheme,
    apply,
    taken,
    values,
)

__all__ = ["EPSILON", "ROUNDING", "SCHEMES", "Difference", "difference"]

SchemeName = Literal["forward", "central", "five-point", "ridders", "complex"]
SCHEMES = FIRST
SHORTER = (1.0, 1e-3, 1e-6)  # lengths to try, over the smaller of |x| and the typical x
DROWNED = 0.01  # noise that is this much of f itself leaves no digits to compare
JUMP = 0.6  # a gap between slopes that halving the step twice leaves as large is a kink


@dataclass(frozen=True)
class Difference:
    """A derivative by finite differences: `value` ± `bound`, elementwise.

    h : the step; for an extrapolated value, the longest it rests on.
    rounding : the part of the bound that is due to rounding, not to the step.
    left, right : the slopes to either side; they differ from `value` at a kink only.
    """

    value: Array
    bound: Array
    h: Array
    rounding: Array
    left: Array
    right: Array

    @property
    def kink(self) -> NDArray[np.bool_]:
        """Where the slopes to the left and right differ."""
        apart: NDArray[np.bool_] = self.left != self.right
        return apart & ~np.isnan(self.value)

    def __getitem__(self, index: int | slice | tuple[int, ...]) -> Difference:
        """The same for some of the elements."""
        return Difference(*(getattr(self, part.name)[index] for part in fields(self)))


def check_scheme(
    scheme: str, step: float | None, schemes: dict[str, Scheme] = SCHEMES
) -> None:
    """Refuse an unknown scheme and a step that cannot be one."""
    if scheme not in schemes:
        hint = suggest(str(scheme), schemes) or f"schemes are {', '.join(schemes)}"
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
    noise: Array | float | None = None,
    *,
    typical: Array | float | None = None,
) -> Difference:
    """The derivative of `f` at every element of `x`, elementwise.

    f : is called with arrays of the shape of x.
    scheme : forward, central, five-point, ridders or, where f is analytic, complex.
    step : absolute; for ridders the first one. By default it follows from x.
    noise : what rounding does to one value of f; by default it is probed.
    typical : the size that x usually has; 1 by default. It matters where x is near 0.
    Raises DifferenceError where x + step rounds to x.
    """
    check_scheme(scheme, step)
    x = _checked_values(f, x)
    with np.errstate(all="ignore"):
        if scheme == "complex":
            return _complex_step(f, x, step, noise)
        return _search(f, x, FIRST[scheme], step, noise, typical)


def second_difference(
    f: Function,
    x: Array,
    noise: Array | float | None = None,
    *,
    scheme: str = "ridders",
    step: float | None = None,
    typical: Array | float | None = None,
) -> Difference:
    """The second derivative of `f` at every element of `x`; see `difference`.

    scheme : three-point or ridders.
    """
    check_scheme(scheme, step, SECOND)
    x = _checked_values(f, x)
    with np.errstate(all="ignore"):
        return _search(f, x, SECOND[scheme], step, noise, typical)


def _checked_values(f: Function, x: ArrayLike) -> Array:
    """x as an array; what f raises there is the caller's to see."""
    x = np.asarray(x, dtype=np.float64)
    with np.errstate(all="ignore"):
        shape = np.shape(f(x))
    if shape not in ((), x.shape) and np.broadcast_shapes(shape, x.shape) != x.shape:
        raise DifferenceError(
            f"f makes {shape} of an array {x.shape}\n"
            "  hint: differences are elementwise; f must keep the shape"
        )
    return x


def _search(
    f: Function,
    x: Array,
    scheme: Scheme,
    step: float | None,
    noise: Array | float | None,
    typical: Array | float | None,
) -> Difference:
    """The best over several lengths, or the one of the given step; then the kinks."""
    if step is None:
        scales = _scales(x, typical)
        each = np.broadcast_to(x, scales.shape)
        tried = _at_scale(_row_by_row(f), each, scheme, scales, noise)
        found = _best(tried)
    else:
        found = _at_scale(f, x, scheme, _checked(x, step) / scheme.step, noise)
    if noise is not None:
        size = np.max([np.abs(values(f, x + k * found.h)) for k in (-1, 0, 1)], axis=0)
        drowned = found.noise > DROWNED * size
        found = replace(found, bound=np.where(drowned, np.inf, found.bound))
    return _with_kinks(f, x, scheme, found)


def _row_by_row(f: Function) -> Function:
    return lambda at: np.array([values(f, row) for row in at])


def _scales(x: Array, typical: Array | float | None) -> Array:
    """Lengths (k, …) on which f may change, from large to small; nan for repetitions."""
    usual = np.broadcast_to(1.0 if typical is None else np.abs(typical), x.shape)
    size = np.where(x == 0, usual, np.abs(x))
    large, small = np.maximum(size, usual), np.minimum(size, usual)
    apart = large > 10 * small
    far = large > 1e3 * small
    lengths = [
        large,
        np.where(far, np.sqrt(large * small), np.nan),
        np.where(apart, small, np.nan),
        *(part * small for part in SHORTER[1:]),
    ]
    return np.array([length for length in lengths if not np.isnan(length).all()])


def _checked(x: Array, step: float) -> Array:
    lost = (x + step == x) & np.isfinite(x)
    if lost.any():
        at = float(np.abs(x[lost]).max())
        raise DifferenceError(
            f"the step {step:g} is lost in rounding at {at:g}: x + step is x again\n"
            f"  hint: take at least {np.spacing(at):.1g}, or leave the step out"
        )
    return np.full_like(x, step)


@dataclass(frozen=True)
class _Found:
    """What one length gave: see `Difference`.

    noise : what rounding does to one value of f.
    flat : where neighbours have the same value, so that this is not known for sure.
    """

    value: Array
    bound: Array
    h: Array
    rounding: Array
    noise: Array
    flat: NDArray[np.bool_]

    def parts(self) -> list[Array]:
        """The fields, in order."""
        return [getattr(self, part.name) for part in fields(self)]


def _at_scale(
    f: Function, x: Array, scheme: Scheme, scale: Array, noise: Array | float | None
) -> _Found:
    """The scheme over one length; where it meets nan or inf, a one-sided one."""
    if noise is None:
        known, flat = probe.noise(f, x, scale)
    else:
        known, flat = np.broadcast_to(noise, x.shape), np.zeros(x.shape, dtype=bool)
    result = _steps(f, x, scheme, scale * scheme.step, known, flat)
    aside = ASIDE[scheme.order]
    for side in (aside, aside.mirrored()):
        outside = ~np.isfinite(result.value)
        if not outside.any():
            break
        other = _one_sided(f, x, side, scale * aside.step, known, flat)
        result = _where(outside, other, result)
    return result


def _steps(
    f: Function,
    x: Array,
    scheme: Scheme,
    h: Array,
    noise: Array,
    flat: NDArray[np.bool_],
) -> _Found:
    """The scheme from step h on, bounded by how it changes with the step."""
    if scheme.rows > 1:
        return _Found(*ridders.extrapolate(scheme, f, x, h, noise), noise, flat)
    h = taken(x, h)
    value, rounding = apply(scheme, f, x, h, noise)
    far, _ = apply(scheme, f, x, 2 * h, noise)
    bound = scheme.trust * np.abs(far - value) + rounding
    return _Found(value, bound, h, rounding, noise, flat)


def _one_sided(
    f: Function,
    x: Array,
    scheme: Scheme,
    h: Array,
    noise: Array,
    flat: NDArray[np.bool_],
) -> _Found:
    """To one side, bounded by Aitken's limit of three steps.

    At the edge of a domain f is seldom smooth: √x³ has differences that go to 0 as √h,
    and the change from one step to the next is less than what is still to come. Those
    of √x grow without end.
    """
    h = taken(x, h)
    (near, rounding), (mid, _), (far, _) = (
        apply(scheme, f, x, k * h, noise) for k in (1, 2, 4)
    )
    change, before = near - mid, mid - far
    limit = near - change**2 / (change - before)
    ahead = np.fmax(np.abs(change), np.abs(near - limit))
    endless = np.abs(change) > 1.2 * np.abs(before) + 1e-6 * np.abs(near)
    ahead = np.where(endless, np.inf, ahead)
    return _Found(near, ahead + rounding, h, rounding, noise, flat)


def _where(condition: NDArray[np.bool_], yes: _Found, no: _Found) -> _Found:
    pairs = zip(yes.parts(), no.parts(), strict=True)
    return _Found(*(np.where(condition, *pair) for pair in pairs))


def _best(tried: _Found) -> _Found:
    """Of the rows, the one with the smallest bound, elementwise; nan loses to any.

    A step too long for f can look certain by chance. A shorter one must then agree
    with it, up to rounding; where it does not, the bound is widened to the gap. So is
    that of the shorter one where f stands still: x + 10⁸ - 10⁸ does, looked at closely.
    """
    bounds = np.where(np.isnan(tried.value), np.inf, tried.bound)
    for i, value in enumerate(tried.value):
        for j in range(i + 1, len(bounds)):
            gap = np.abs(value - tried.value[j])
            over = np.where(tried.flat[j], gap - tried.bound[i], 0)
            bounds[j] = np.fmax(bounds[j], over)
            gap = gap - tried.rounding[j]
            bounds[i] = np.where(gap > 2 * bounds[i], gap, bounds[i])
    bounds = np.where(np.isnan(bounds), np.inf, bounds)
    pick = bounds.argmin(axis=0)[None]
    rows = replace(tried, bound=bounds).parts()
    best = _Found(*(np.take_along_axis(row, pick, 0)[0] for row in rows))
    return replace(best, bound=np.where(_is_wild(tried), np.inf, best.bound))


def _is_wild(tried: _Found) -> NDArray[np.bool_]:
    """Whether differences grow as steps shrink: f changes faster than any step."""
    growth = np.abs(tried.value[-1] - tried.value[-2]) - tried.rounding[-1]
    size = np.abs(tried.value[-2]) + tried.rounding[-2]
    wild: NDArray[np.bool_] = growth > 10 * size
    return wild


def _with_kinks(f: Function, x: Array, scheme: Scheme, found: _Found) -> Difference:
    """`found`, held against the slopes to either side at still shorter steps.

    The gap between the slopes is odd in the step t for a smooth f: without its linear
    part it shrinks as t³. At a kink it stays, at a jump or a cusp it grows.
    """
    nearest = NEAREST[scheme.order]
    longest = np.maximum(found.h, 64 * np.spacing(np.abs(x)))
    sides = []
    for part in (1, 1 / 4, 1 / 16):
        t = taken(x, part * longest)
        right, left = (
            apply(side, f, x, t, found.noise) for side in (nearest, nearest.mirrored())
        )
        gap, mid = right[0] - left[0], (right[0] + left[0]) / 2
        sides.append((t, gap, mid, right[1] + left[1]))
    (t0, gap0, _, _), (t1, gap1, mid1, noise1), (t2, gap2, mid2, noise2) = sides
    before, gap = _at_zero(t0, gap0, t1, gap1), _at_zero(t1, gap1, t2, gap2)
    noise = (4 * noise2 + noise1) / 3
    kink = np.abs(gap) > JUMP * np.abs(before) + noise
    value = np.where(kink, _at_zero(t1, mid1, t2, mid2), found.value)
    spread = np.where(kink, gap / 2, 0.0)
    astray = np.abs(value - mid2) - noise2
    bound = np.where(
        astray > 2 * found.bound + np.abs(mid1 - mid2) / 5,
        astray + np.abs(mid1 - mid2),
        found.bound,
    )
    across = np.abs(gap / 2) + np.abs(gap - before) + noise
    across = np.where(np.abs(gap) > 1.3 * np.abs(before) + noise, np.inf, across)
    bound = np.where(kink, across, bound)
    return Difference(
        value, bound, found.h, found.rounding, value - spread, value + spread
    )


def _at_zero(long: Array, far: Array, short: Array, near: Array) -> Array:
    """Where the line through two values at two steps meets step 0."""
    return (long * near - short * far) / (long - short)


def _complex_step(
    f: Function, x: Array, step: float | None, noise: Array | float | None
) -> Difference:
    """Im f(x + ih)/h, held against a central difference: f may not be analytic."""
    size = np.where(x == 0, 1.0, np.minimum(np.abs(x), 1.0))
    h = FIRST["complex"].step * size if step is None else np.full_like(x, step)

    def slope(at: Array) -> Array:
        return np.imag(f(at + 1j * h)) / h

    try:
        value = values(slope, x)
    except TypeError as error:
        raise DifferenceError(
            f"the complex step cannot be taken: {error}\n"
            "  hint: use scheme='central' or 'ridders'"
        ) from error
    value = np.where(np.isfinite(values(f, x)), value, np.nan)
    _refuse_if_not_analytic(f, x, value, noise)
    rounding = 2 * ROUNDING * np.abs(value) + probe.noise(slope, x, size)[0]
    return Difference(value, rounding, h, rounding, value, value)


def _refuse_if_not_analytic(
    f: Function, x: Array, value: Array, noise: Array | float | None
) -> None:
    """The imaginary part is lost in abs, real, max: the result would be 0."""
    central = _search(f, x, FIRST["central"], None, noise, None)
    wrong = np.abs(value - central.value) > 4 * central.bound + 1e-6 * np.abs(value)
    wrong &= ~central.kink
    if wrong.any():
        at, slope, other = (float(row[wrong][0]) for row in (x, value, central.value))
        raise DifferenceError(
            f"the complex step is silently wrong at {at:g}: it gives {slope:g}, a "
            f"central difference {other:g}; the function is not analytic\n"
            "  hint: use scheme='central' or 'ridders'"
        )
