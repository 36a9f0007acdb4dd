"""Rounding made visible: the same code with every number off by a little.

In a disturbed kernel every argument of every operation is multiplied by 1 ± D, with
signs drawn once per kernel. To first order, what this does to anything computed from
the kernel, a derivative too, is D/ε times what rounding can do. It needs no derivative
rule, so a rule under test has no say in it.

Source: Parker, Monte Carlo arithmetic (1997); Vignes, Math. Comput. Simul. 35 (1993).
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from cgprimer.expr.kernel import Kernel
from cgprimer.graph.shape import Shape
from cgprimer.judge.differences.bounded import Difference
from cgprimer.judge.differences.schemes import EPSILON, ROUNDING, Function
from cgprimer.types import Array

# 2^10·ε: well above the rounding of the operations themselves, so that what is seen is
# the disturbance, and small enough for its square to be nothing.
D = 2.0**-42
RUNS = range(6)
MARGIN = 4.0  # some signs cancel; library functions may be off by more than ε
LINEAR = 0.01  # a change this large, of the result, need not be proportional to D


@functools.lru_cache(maxsize=1024)
def disturbed_kernel(shape: Shape, run: int) -> Kernel:
    """The forward kernel of a shape with its numbers off; the same for the same run."""
    rng = np.random.default_rng(run)
    kernel = copy.copy(shape.forward)
    kernel.code = [
        (_disturb(forward, rng.choice([-D, D], (len(sources), 2))), out, sources)
        for forward, out, sources in kernel.code
    ]
    return kernel


def _disturb(forward: Callable[..., Any], by: Array) -> Callable[..., Any]:
    return lambda *args: forward(*map(off, args, by))


def off(value: Any, by: Array) -> Any:
    """`value` off by relative amounts, its imaginary part by one of its own.

    Whole numbers are exact: an exponent 2 stays.
    """
    # Im (-1)^(2 + D) is about π·D, which is no rounding error of x^2.
    exact = np.rint(value) == value
    if np.iscomplexobj(value):
        moved = value.real * (1 + by[0]) + 1j * (value.imag * (1 + by[1]))
    else:
        moved = value * (1 + by[0])
    return np.where(exact, value, moved)


def with_rounding(step: Difference, runs: Sequence[Function], x: Array) -> Difference:
    """A complex step with the bound that its disturbed runs tell."""
    with np.errstate(all="ignore"):
        slopes = [np.imag(f(x + 1j * step.h)) / step.h for f in runs]
        change = np.max([np.abs(slope - step.value) for slope in slopes], axis=0)
        # Where the change is as large as the slope, it is no longer in proportion to D,
        # and scaling it down to ε would promise too much.
        share = np.where(change < LINEAR * np.abs(step.value), EPSILON / D, 1.0)
    bound = MARGIN * share * change + ROUNDING * np.abs(step.value)
    return replace(step, bound=bound, rounding=bound)
