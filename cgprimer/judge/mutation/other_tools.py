"""The rules by which other tools judge a gradient, as tolerance rules to compare with.

Each takes a difference of the whole function its own way and compares with its default
tolerances, all in float64:

- torch.autograd.gradcheck: central, eps 1e-6, every component by itself,
  |a - n| ≤ 1e-5 + 1e-3·|n|.
- jax.test_util.check_grads: central along one random direction, eps 1e-4, forward and
  reverse, |a - n| ≤ 1e-5 + 1e-5·|n| (`default_gradient_tolerance`).
- autograd.test_util.check_grads: central along random directions, eps 1e-6,
  |a - n| < 1e-6 or |a - n|/|a + n| < 1e-6.
- scipy.optimize.check_grad: forward, eps 1.5e-8, returns the norm of the gap and no
  verdict; scipy's own test asks for 0 to seven decimals, norm < 1.5e-7.

Sources: the four functions' code and documentation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cgprimer.judge.differences.schemes import EPSILON
from cgprimer.types import Array

Function = Callable[[Array], Array]  # columns (p, m) to values (m,)


@dataclass(frozen=True)
class Measured:
    """Directions (d, p), what differences say along them (d,), and weights (d,)."""

    along: Array
    numeric: Array
    weights: Array


@dataclass(frozen=True)
class CheckRule:
    """How a tool measures, and which of its measurements reject a gradient (p,).

    by_component : whether each measurement belongs to one component.
    """

    name: str
    measure: Callable[[Function, Array, np.random.Generator], Measured]
    differ: Callable[[Array, Array], NDArray[np.bool_]]
    by_component: bool = False

    def rejects(self, measured: Measured, gradient: Array) -> NDArray[np.bool_]:
        """Which measurements disagree with a gradient."""
        weights = measured.weights
        analytic = weights * (measured.along @ gradient)
        return self.differ(analytic, weights * measured.numeric)


def _central(
    f: Function, x: Array, along: Array, step: float, weights: Array | float = 1.0
) -> Measured:
    moves = step * along.T
    slopes: Array = (f(x[:, None] + moves) - f(x[:, None] - moves)) / (2 * step)
    return Measured(along, slopes, np.broadcast_to(weights, slopes.shape))


def _torch(f: Function, x: Array, rng: np.random.Generator) -> Measured:
    return _central(f, x, np.eye(len(x)), 1e-6)


def _jax(f: Function, x: Array, rng: np.random.Generator) -> Measured:
    # jax checks forward and reverse mode along one tangent; here both have one
    # gradient, so that they differ only by the weight of the cotangent.
    along = np.repeat(rng.standard_normal((1, len(x))), 2, axis=0)
    weights = np.array([1.0, rng.standard_normal()])  # tangent, then cotangent
    return _central(f, x, along, 1e-4, weights)


def _autograd(f: Function, x: Array, rng: np.random.Generator) -> Measured:
    along = rng.standard_normal((2, len(x)))
    return _central(f, x, along, 0.5e-6, rng.standard_normal(2))


def _scipy(f: Function, x: Array, rng: np.random.Generator) -> Measured:
    step = np.full(len(x), EPSILON**0.5)
    # As scipy's approx_derivative does where an absolute step is lost in x.
    lost = x + step == x  # then scipy takes a relative step instead
    step[lost] = EPSILON**0.5 * np.maximum(1.0, np.abs(x[lost]))
    moved = x[:, None] + np.diag(step)
    numeric = (f(moved) - f(x[:, None])) / (np.diag(moved) - x)
    return Measured(np.eye(len(x)), numeric, np.ones(len(x)))


def _allclose(atol: float, rtol: float) -> Callable[[Array, Array], NDArray[np.bool_]]:
    return lambda a, n: ~(np.abs(a - n) <= atol + rtol * np.abs(n))


def _scalar_close(a: Array, n: Array) -> NDArray[np.bool_]:
    with np.errstate(all="ignore"):
        near = (np.abs(a - n) < 1e-6) | (np.abs(a - n) / np.abs(a + n) < 1e-6)
    return ~near


def _norm(a: Array, n: Array) -> NDArray[np.bool_]:
    return np.array([not float(np.sqrt(((a - n) ** 2).sum())) < 1.5e-7])


RULES = (
    CheckRule("torch", _torch, _allclose(1e-5, 1e-3), by_component=True),
    CheckRule("JAX", _jax, _allclose(1e-5, 1e-5)),
    CheckRule("autograd", _autograd, _scalar_close),
    CheckRule("scipy", _scipy, _norm),
)
