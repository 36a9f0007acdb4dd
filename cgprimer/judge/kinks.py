"""Kinks of one equation: where they are along one of its names.

    site, name ─▶ conditions that change their sign there ─▶ roots near the point

y = relu(x - 0.3) at x = 1: the condition x - 0.3 changes its sign between the points
0.25 and 0.3125 of a grid about 1, bisection finds the kink at 0.3, and `edge_check`
tries the edge at 0.25 and at 0.35 as well.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cgprimer.diff.kinks import kink_conditions
from cgprimer.expr.kernel import Kernel
from cgprimer.expr.node import leaves
from cgprimer.graph.shape import Shape
from cgprimer.judge.sites import Site
from cgprimer.types import Array, Mask

REACH = 4.0  # how far from a point a kink is looked for
ASIDE = 0.05  # how far beside a kink its sides are tried


@functools.lru_cache(maxsize=4096)
def _conditions(shape: Shape) -> tuple[tuple[Kernel, tuple[str, ...]], ...]:
    """For every condition that is zero at a kink, its code and the slots in it."""
    return tuple(
        (Kernel([condition], shape.slots), tuple(leaves(condition)))
        for condition in kink_conditions(shape.body)
    )


def _along(site: Site, wrt: str) -> list[Kernel]:
    slot = site.shape.slots[site.slot(wrt)]
    return [kernel for kernel, slots in _conditions(site.shape) if slot in slots]


def kinks(site: Site, wrt: str) -> list[float]:
    """Values of `wrt` at which the equation has a kink, near the site's first point."""
    i, first = site.slot(wrt), site.at(0)
    kernels = _along(site, wrt)
    return sorted({root for kernel in kernels for root in _root(kernel, first, i)})


def kink_mask(site: Site, wrt: str) -> Mask:
    """At which of its points (n,) the equation has a kink along `wrt`."""
    mask = np.zeros(site.result.shape, dtype=bool)
    for kernel in _along(site, wrt):
        with np.errstate(all="ignore"):
            [condition] = kernel(*site.slots)
        mask = mask | (condition == 0)
    return mask


def _root(kernel: Kernel, site: Site, i: int) -> Iterator[float]:
    """Where a condition changes sign along slot `i`: the root nearest to the site."""

    def condition(value: Any) -> Any:
        with np.errstate(all="ignore"):
            [distance] = kernel(*site.slots[:i], value, *site.slots[i + 1 :])
        return np.broadcast_to(distance, np.shape(value))

    here = float(site.slots[i][0])
    # 128 spans of 1/16, within REACH of the point. Kinks are most often at 0, and the
    # point itself may lie on one: both are put in, so that a root there has the sign 0
    # and is met to its last digit.
    grid = np.unique(np.append(here + np.linspace(-REACH, REACH, 129), [0.0, here]))
    signs = np.sign(condition(grid))
    changes = np.flatnonzero(signs[1:] * signs[:-1] <= 0)
    # A condition that is 0 over a whole span, as of max(x, x), changes no sign there.
    spans = [k for k in changes.tolist() if signs[k] != signs[k + 1]]
    if spans:
        # The nearest root stands for all, since each costs differences to both of its
        # sides.
        k = min(spans, key=lambda k: abs(float(grid[k]) - here))
        yield _bisect(condition, float(grid[k]), float(grid[k + 1]))


def _bisect(condition: Callable[[Any], Any], low: float, high: float) -> float:
    ends = np.sign(condition(np.array([low, high])))
    # An end with the sign 0 is the root itself; bisection needs two signs.
    if not ends.all():
        return low if ends[0] == 0 else high
    # Halving 1/16 meets the last digit of a double after some fifty steps, and later
    # where the root is next to 0.
    for _ in range(100):
        middle = (low + high) / 2
        sign = np.sign(condition(np.array([middle])))[0]
        if sign == 0 or middle in (low, high):
            return middle
        low, high = (middle, high) if sign == ends[0] else (low, middle)
    return middle


def either_side(at: float) -> Array:
    """Points on either side of a kink."""
    # Nearer than the first step of Ridders' method, 0.1 of the size of x; the search
    # tries shorter lengths as well.
    aside = ASIDE * max(1.0, abs(at))
    return np.array([at - aside, at + aside])
