"""What rounding does to arrays: the same kernel with every number off by a little.

    kernel, values ─▶ Σ|terms|: times ε, what rounding may do to each result

As `judge.differences.disturb` does it for numbers: each argument of each operation is
off by ± D, each entry with a sign of its own, and what that does to a result is D/ε
times what rounding does. Products and solutions of equations are what they would be of
arguments that are off so, whatever order their sums are taken in.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cgprimer.judge.differences.disturb import MARGIN, D
from cgprimer.judge.differences.schemes import Function
from cgprimer.run.arrays.kernel import ArrayKernel
from cgprimer.types import Array

RUNS = 4
STEP = MARGIN / D  # from what a disturbance does to what counts in units of ε
Call = Callable[..., Any]


def terms(kernel: ArrayKernel, values: Mapping[str, Any]) -> list[Array]:
    """Σ|terms| of all that a kernel returns; nan where a result is nan."""
    with np.errstate(all="ignore"):
        here = [np.asarray(value) for value in kernel(values)]
        most = [np.abs(value) for value in here]
        for k in range(RUNS):
            for i, value in enumerate(disturbed(kernel, k)(values)):
                most[i] = np.fmax(most[i], STEP * np.abs(np.asarray(value) - here[i]))
    return most


def terms_at(along: Callable[[ArrayKernel], Function], kernel: ArrayKernel) -> Function:
    """Σ|terms| of a function that is made of a kernel, for any values."""

    def at(t: Any) -> Any:
        # All runs in one call: each entry of each copy has a sign of its own.
        with np.errstate(all="ignore"):
            here = along(kernel)(t)
            runs = along(disturbed(kernel, 0))(np.broadcast_to(t, (RUNS, *t.shape)))
            return np.fmax(np.abs(here), STEP * np.abs(runs - here).max(axis=0))

    return at


def disturbed(kernel: ArrayKernel, run: int) -> ArrayKernel:
    """The kernel with its numbers off; the same for the same run."""
    rng = np.random.default_rng(run)
    other = copy.copy(kernel)
    other.code = [one._replace(call=_off(one.call, rng)) for one in kernel.code]
    return other


def _off(call: Call, rng: np.random.Generator) -> Call:
    return lambda *args: call(*(_moved(arg, rng) for arg in args))


def _moved(value: Any, rng: np.random.Generator) -> Any:
    """A value off by ± D; whole numbers are exact, and may be numbers of entries."""
    value = np.asarray(value)
    if value.dtype.kind != "f":
        return value
    signs = rng.integers(0, 2, value.shape, dtype=np.int8) * 2.0 - 1.0
    return np.where(np.rint(value) == value, value, value * (1 + D * signs))
