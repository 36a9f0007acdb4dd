"""Finite differences with an error bound: value ± bound, for every element.

    f, x ─▶ search (scales, one-sided at domain edges) ─▶ sides (kinks) ─▶ Difference
              └─ schemes, ridders, probe (what rounding does to f)

The bound has three parts: truncation, from the change between steps; rounding, over
the step, from ε·Σ|terms| of f (told by the caller who knows the expression, else
probed); and disagreement with shorter steps. At a kink the slopes to the left and right
differ: both are given, and the bound spans them.

Sources: Numerical Recipes §5.7; Nocedal & Wright §8.1; Squire & Trapp, SIAM Review 40
(1998) for the complex step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cgprimer import takes
from cgprimer.errors import DifferenceError, suggest
from cgprimer.graph.arrays import as_numbers
from cgprimer.judge.differences import probe, search
from cgprimer.judge.differences.schemes import (
    EPSILON,
    FIRST,
    ROUNDING,
    SECOND,
    Function,
    Noise,
    Scheme,
    Told,
    values,
)
from cgprimer.judge.differences.sides import sides_of
from cgprimer.types import Array

__all__ = ["EPSILON", "ROUNDING", "SCHEMES", "Difference", "difference"]

SchemeName = Literal["forward", "central", "five-point", "ridders", "complex"]
SCHEMES = FIRST
CLOSER = (1 / 30, 1e-3)  # of a step: where a kink must still be seen
HIDDEN = 0.1  # of a gap: what rounding may do where it would be seen
DROWNED = 0.01  # noise that is this much of f itself leaves no digits to compare


@dataclass(frozen=True)
class Difference:
    """A derivative by finite differences: `value` ± `bound`, elementwise.

    h : the step; for an extrapolated value, the longest it rests on.
    rounding : the part of the bound that is due to rounding, not to the step.
    left, right : the slopes to either side; they differ from `value` at a kink only.
    rough : how much the slope may change unseen, where f bends sharply near x.
    """

    value: Array
    bound: Array
    h: Array
    rounding: Array
    left: Array
    right: Array
    rough: Array | float = 0.0

    @property
    def kink(self) -> NDArray[np.bool_]:
        """Where the slopes to the left and right differ."""
        apart: NDArray[np.bool_] = self.left != self.right
        return apart & ~np.isnan(self.value)

    def __getitem__(self, index: int | slice | tuple[int, ...]) -> Difference:
        """The same for some of the elements."""
        every = (getattr(self, part.name) for part in fields(self))
        return Difference(*(np.broadcast_to(v, self.value.shape)[index] for v in every))


def check_scheme(
    scheme: str, step: float | None, schemes: dict[str, Scheme] = SCHEMES
) -> None:
    """Refuse an unknown scheme and a step that cannot be one."""
    takes.text(scheme=scheme)
    if scheme not in schemes:
        hint = suggest(scheme, schemes) or f"schemes are {', '.join(schemes)}"
        raise DifferenceError(f"unknown scheme {scheme!r}\n  hint: {hint}")
    if step is not None and not (takes.is_real(step) and 0 < step < np.inf):
        raise DifferenceError(
            f"the step {takes.shown(step)} is not a positive number\n"
            "  hint: leave it out, or give an absolute step such as 1e-6"
        )


def difference(
    f: Function,
    x: Array,
    scheme: str = "central",
    step: float | None = None,
    noise: Noise = None,
    *,
    typical: Array | float | None = None,
    stacks: bool = False,
) -> Difference:
    """The derivative of `f` at every element of `x`, elementwise.

    f : is called with arrays of the shape of x; with `stacks`, which is faster, also of
        shape (k, *x.shape).
    scheme : forward, central, five-point, ridders or, where f is analytic, complex.
    step : absolute; for ridders the first one. By default it follows from x.
    noise : what rounding does to one value of f, at x or, as `Told`, for any x; by
        default it is probed.
    typical : the size that x usually has; 1 by default. It matters where x is near 0.
    Raises DifferenceError where x + step rounds to x.
    """
    check_scheme(scheme, step)
    x, outside = _checked_x(f, x)
    with np.errstate(all="ignore"):
        # No cancellation in it, so that neither lengths nor drowning matter.
        if scheme == "complex":
            slope = _complex_step(f, x, step, noise, stacks)
        else:
            slope = _search(f, x, FIRST[scheme], step, noise, typical, stacks)
            slope = _drop_drowned(f, x, slope, noise)
    return _drop_poles(slope, outside)


def second_difference(
    f: Function,
    x: Array,
    noise: Noise = None,
    *,
    scheme: str = "ridders",
    step: float | None = None,
    typical: Array | float | None = None,
    stacks: bool = False,
) -> Difference:
    """The second derivative of `f` at every element of `x`; see `difference`.

    scheme : three-point or ridders.
    """
    check_scheme(scheme, step, SECOND)
    x, outside = _checked_x(f, x)
    with np.errstate(all="ignore"):
        curvature = _search(f, x, SECOND[scheme], step, noise, typical, stacks)
        return _drop_poles(_drop_drowned(f, x, curvature, noise), outside)


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
        return chosen(short.bound < long.bound, short, long)


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
    twist = _search(g, np.zeros(x.shape), scheme, None, 2 * told, None, False)
    area = 4 * a * b
    parts = [getattr(twist, part.name) / area for part in fields(twist)]
    return replace(Difference(*parts), h=twist.h)


def _checked_x(f: Function, x: ArrayLike) -> tuple[Array, NDArray[np.bool_]]:
    """x as an array, and where f is not finite. What f raises is not caught."""
    x = as_numbers("x", x, DifferenceError)
    with np.errstate(all="ignore"):
        here = f(x)
    try:
        return x, ~np.isfinite(np.broadcast_to(here, x.shape))
    except ValueError:
        raise DifferenceError(
            f"f makes an array {np.shape(here)} of an array {x.shape}\n"
            "  hint: differences are elementwise; f must keep the shape"
        ) from None


def _drop_poles(known: Difference, outside: NDArray[np.bool_]) -> Difference:
    """`known`, but for what the two sides of a pole seem to say."""
    value, left, right = (
        np.where(outside, np.nan, part)
        for part in (known.value, known.left, known.right)
    )
    bound = np.where(outside, np.inf, known.bound)
    return replace(known, value=value, bound=bound, left=left, right=right)


def _search(
    f: Function,
    x: Array,
    scheme: Scheme,
    step: float | None,
    noise: Noise,
    typical: Array | float | None,
    stacks: bool,
) -> Difference:
    """The best over several lengths, or the one of the given step; then the sides."""
    # A caller's step is taken as it is: no other length, and no closer look at kinks.
    if step is not None:
        known = search.at_step(f, x, scheme, _full_step(x, step), noise)
        return _with_sides(f, x, scheme, known)[0]
    known = search.best(f, x, scheme, noise, typical, stacks)
    slope = _with_sides(f, x, scheme, known)[0]
    return _closer(f, x, scheme, noise, slope) if slope.kink.any() else slope


def _with_sides(
    f: Function, x: Array, scheme: Scheme, known: search.Found
) -> tuple[Difference, Array]:
    """(the difference, the gap between its sides that rounding may make)."""
    sides = sides_of(f, x, scheme.order, known)
    parts = sides.value, sides.bound, known.h, known.rounding, sides.left, sides.right
    return Difference(*parts, sides.rough), sides.noise


def _closer(
    f: Function, x: Array, scheme: Scheme, noise: Noise, slope: Difference
) -> Difference:
    """`slope`, by shorter steps where it saw a kink and they would, but do not.

    About a point where it is even, a central difference of a wave is right for steps of
    many waves, to both sides of which its slopes are not alike.
    """
    gap, longest = np.abs(slope.right - slope.left), slope.h
    for part in CLOSER:
        # nan leaves the other elements out of the second look.
        at = np.where(slope.kink, x, np.nan)
        known = search.at_step(f, at, scheme, part * longest, noise)
        near, hidden = _with_sides(f, at, scheme, known)
        # Unseen is not the same as absent: only where rounding is small beside the gap
        # would a kink have shown at the shorter step.
        smooth = ~near.kink & np.isfinite(near.bound) & (hidden < HIDDEN * gap)
        slope = chosen(slope.kink & smooth, near, slope)
    return slope


def chosen(first: NDArray[np.bool_], one: Difference, two: Difference) -> Difference:
    """`one` where `first` holds, and `two` elsewhere."""
    pairs = ((getattr(d, part.name) for d in (one, two)) for part in fields(one))
    return Difference(*(np.where(first, *pair) for pair in pairs))


def _drop_drowned(f: Function, x: Array, known: Difference, noise: Noise) -> Difference:
    """`known`, without a bound where noise told to first order is as large as f.

    A zero that is left of two equal numbers is small beside their noise, and not
    drowned: f stands still there.
    """
    if noise is None:
        return known
    rows = np.array([values(f, x + k * known.h) for k in (-1, 0, 1)])
    told = noise.at(x) if isinstance(noise, Told) else noise
    # ptp > 0: where f stands still, its noise has not shown, and a slope of 0 may be
    # right.
    drowned = (told > DROWNED * np.abs(rows).max(axis=0)) & (np.ptp(rows, axis=0) > 0)
    return replace(known, bound=np.where(drowned, np.inf, known.bound))


def _full_step(x: Array, step: float) -> Array:
    lost = (x + step == x) & np.isfinite(x)
    if lost.any():
        at = float(np.abs(x[lost]).max())
        raise DifferenceError(
            f"the step {step:g} is lost in rounding at {at:g}: x + step is x again\n"
            f"  hint: take at least {np.spacing(at):.1g}, or leave the step out"
        )
    return np.full_like(x, step)


def _complex_step(
    f: Function,
    x: Array,
    step: float | None,
    noise: Noise,
    stacks: bool,
) -> Difference:
    """Im f(x + ih)/h, held against a central difference: f may not be analytic.

    Its rounding is probed, unless the caller knows about rounding.
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
    central = _search(f, x, FIRST["central"], None, noise, None, stacks)
    central = _drop_drowned(f, x, central, noise)
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
