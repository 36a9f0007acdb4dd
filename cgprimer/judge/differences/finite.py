"""Finite differences with an error bound: value ± bound, for every element.

    f, x ─▶ search (scales, one-sided at domain edges) ─▶ sides (kinks) ─▶ Difference
              └─ schemes, ridders, probe (what rounding does to f)
    complex_step has its own way; a Difference is in `bounded`

The bound has three parts: truncation, from the change between steps; rounding, over
the step, from ε·Σ|terms| of f (told by the caller who knows the expression, else
probed); and disagreement with shorter steps. At a kink the slopes to the left and right
differ: both are given, and the bound spans them.

Sources: Numerical Recipes §5.7; Nocedal & Wright §8.1.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cgprimer import takes
from cgprimer.errors import DifferenceError, unknown
from cgprimer.graph.arrays import as_numbers
from cgprimer.judge.differences import search
from cgprimer.judge.differences.bounded import Difference, choose
from cgprimer.judge.differences.complex_step import complex_step
from cgprimer.judge.differences.schemes import (
    FIRST,
    SECOND,
    Function,
    Noise,
    Scheme,
    values,
)
from cgprimer.judge.differences.sides import with_sides
from cgprimer.types import Array

SCHEMES = FIRST
CLOSER = (1 / 30, 1e-3)  # of a step: where a kink must still be seen
HIDDEN = 0.1  # of a gap: what rounding may do where it would be seen
DROWNED = 0.01  # noise that is this much of f itself leaves no digits to compare


def check_scheme(
    scheme: str, step: float | None, schemes: dict[str, Scheme] = SCHEMES
) -> None:
    """Refuse an unknown scheme and a step that cannot be one."""
    takes.text(scheme=scheme)
    if scheme not in schemes:
        every = f"schemes are {', '.join(schemes)}"
        raise DifferenceError(unknown(f"scheme {scheme!r}", scheme, schemes, every))
    if step is not None and not (takes.is_real(step) and 0 < step < np.inf):
        raise DifferenceError(
            f"the step {takes.quote(step)} is not a positive number\n"
            "  hint: leave it out, or give an absolute step such as 1e-6"
        )


def difference(
    f: Function,
    x: Array,
    scheme: str = "central",
    step: float | None = None,
    noise: Noise = None,
    *,
    typical: Array | float = 1.0,
    stacks: bool = False,
) -> Difference:
    """The derivative of `f` at every element of `x`, elementwise.

    f : is called with arrays of the shape of x; with `stacks`, which is faster, also of
        shape (k, *x.shape).
    scheme : forward, central, five-point, ridders or, where f is analytic, complex.
    step : absolute; for ridders the first one. By default it follows from x.
    noise : what rounding does to one value of f; by default it is probed.
    typical : the size that x usually has; 1 by default. It matters where x is near 0.
    Raises DifferenceError where x + step rounds to x.
    """
    check_scheme(scheme, step)
    x, outside = _check_x(f, x)
    with np.errstate(all="ignore"):
        # The complex step has no cancellation, so that neither lengths nor drowning
        # matter; the central difference beside it tells whether f is analytic.
        if scheme == "complex":
            central = _by_search(f, x, FIRST["central"], None, noise, 1.0, stacks)
            slope = complex_step(f, x, step, noise, central)
        else:
            slope = _by_search(f, x, FIRST[scheme], step, noise, typical, stacks)
    return _drop_poles(slope, outside)


def second_difference(
    f: Function,
    x: Array,
    noise: Noise = None,
    *,
    scheme: str = "ridders",
    step: float | None = None,
    stacks: bool = False,
) -> Difference:
    """The second derivative of `f` at every element of `x`; see `difference`.

    scheme : three-point or ridders.
    """
    check_scheme(scheme, step, SECOND)
    x, outside = _check_x(f, x)
    with np.errstate(all="ignore"):
        curvature = _by_search(f, x, SECOND[scheme], step, noise, 1.0, stacks)
    return _drop_poles(curvature, outside)


def _check_x(f: Function, x: ArrayLike) -> tuple[Array, NDArray[np.bool_]]:
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


def _by_search(
    f: Function,
    x: Array,
    scheme: Scheme,
    step: float | None,
    noise: Noise,
    typical: Array | float,
    stacks: bool,
) -> Difference:
    """The best over several lengths, or the one of the given step; then the sides."""
    # A caller's step is taken as it is: no other length, and no closer look at kinks.
    if step is not None:
        known = search.at_step(f, x, scheme, _full_step(x, step), noise)
    else:
        known = search.best(f, x, scheme, noise, typical, stacks)
    slope, _ = with_sides(f, x, scheme.order, known)
    if step is None and slope.kink.any():
        slope = _closer(f, x, scheme, noise, slope)
    return _drop_drowned(f, x, slope, noise)


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
        near, hidden = with_sides(f, at, scheme.order, known)
        # Unseen is not the same as absent: only where rounding is small beside the gap
        # would a kink have shown at the shorter step.
        smooth = ~near.kink & np.isfinite(near.bound) & (hidden < HIDDEN * gap)
        slope = choose(slope.kink & smooth, near, slope)
    return slope


def _drop_drowned(f: Function, x: Array, known: Difference, noise: Noise) -> Difference:
    """`known`, without a bound where noise told to first order is as large as f.

    A zero that is left of two equal numbers is small beside their noise, and not
    drowned: f stands still there.
    """
    if noise is None:
        return known
    rows = np.array([values(f, x + k * known.h) for k in (-1, 0, 1)])
    # ptp > 0: where f stands still, its noise has not shown, and a slope of 0 may be
    # right.
    drowned = (noise.at(x) > DROWNED * np.abs(rows).max(axis=0)) & (
        np.ptp(rows, axis=0) > 0
    )
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
