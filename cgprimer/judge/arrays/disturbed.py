"""What rounding does to arrays: the same kernel with every number off by a little.

    kernel, values ─▶ Σ|terms|: times ε, what rounding may do to each result

As `judge.differences.disturb` does it for numbers: each argument of each operation is
off by ± D, each entry with a sign of its own, and what that does to a result is D/ε
times what rounding does. Products and solutions of equations are what they would be of
arguments that are off so, whatever order their sums are taken in.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from cgprimer.judge.differences.disturb import MARGIN, D
from cgprimer.run.arrays.kernel import ArrayKernel
from cgprimer.types import Array

RUNS = 4
Call = Callable[..., Any]


def terms(kernel: ArrayKernel, values: Mapping[str, Any]) -> list[Array]:
    """Σ|terms| of all that a kernel returns; nan where a result is nan."""
    return terms_of(lambda one: one(values), kernel)


def terms_of(
    run: Callable[[ArrayKernel], Sequence[Any]], kernel: ArrayKernel
) -> list[Array]:
    """The same for whatever `run` makes of a kernel's results."""
    with np.errstate(all="ignore"):
        here = [np.asarray(value) for value in run(kernel)]
        most: list[Array] = [np.abs(value) for value in here]
        for k in range(RUNS):
            for i, value in enumerate(run(disturbed(kernel, k))):
                change = MARGIN / D * np.abs(np.asarray(value) - here[i])
                most[i] = np.fmax(most[i], change)
    return most


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
    signs = rng.integers(0, 2, value.shape) * 2.0 - 1.0
    return np.where(np.rint(value) == value, value, value * (1 + D * signs))
