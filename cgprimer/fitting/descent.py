"""First-order methods: settings that say how one step follows from a gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cgprimer.errors import FitError

Array = NDArray[np.float64]
Rate = float | Sequence[float] | Callable[[int], float]


class Descent(Protocol):
    """A method of steps: `begin` makes its memory, `step` moves the parameters."""

    @property
    def label(self) -> str: ...

    def begin(self, params: Array) -> Any: ...

    def step(
        self, number: int, params: Array, gradient: Array, memory: Any
    ) -> tuple[Array, Any]: ...


@dataclass(frozen=True)
class SGD:
    """Steps of `rate` down the gradient, with momentum if asked.

    rate : a number, one per step (the last is kept), or a function of the step number.
    momentum, nesterov : velocity v ← momentum·v + g; the step is along v, or with
        Nesterov along g + momentum·v. Source: Sutskever et al., ICML 2013.
    """

    rate: Rate = 1e-2
    momentum: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        check_rate(self.rate)
        if not 0 <= self.momentum < 1:
            raise FitError(f"momentum lies in [0, 1), not {self.momentum!r}")
        if self.nesterov and not self.momentum:
            raise FitError("nesterov needs momentum > 0")

    @property
    def label(self) -> str:
        """Name for curves and reports."""
        return "SGD"

    def begin(self, params: Array) -> Array:
        """The velocity."""
        return np.zeros_like(params)

    def step(
        self, number: int, params: Array, gradient: Array, memory: Array
    ) -> tuple[Array, Array]:
        """Parameters and velocity after one step."""
        velocity = self.momentum * memory + gradient
        along = gradient + self.momentum * velocity if self.nesterov else velocity
        return params - rate_at(self.rate, number) * along, velocity


@dataclass(frozen=True)
class Adam:
    """Steps scaled by running means of the gradient and of its square.

    Source: Kingma & Ba, Adam: a method for stochastic optimization, ICLR 2015.
    """

    rate: Rate = 1e-2
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        check_rate(self.rate)
        for name in ("beta1", "beta2"):
            if not 0 <= getattr(self, name) < 1:
                raise FitError(f"{name} lies in [0, 1), not {getattr(self, name)!r}")
        if not self.epsilon > 0:
            raise FitError(f"epsilon is positive, not {self.epsilon!r}")

    @property
    def label(self) -> str:
        """Name for curves and reports."""
        return "Adam"

    def begin(self, params: Array) -> tuple[Array, Array]:
        """The two running means."""
        return np.zeros_like(params), np.zeros_like(params)

    def step(
        self, number: int, params: Array, gradient: Array, memory: tuple[Array, Array]
    ) -> tuple[Array, tuple[Array, Array]]:
        """Parameters and running means after one step."""
        mean = self.beta1 * memory[0] + (1 - self.beta1) * gradient
        square = self.beta2 * memory[1] + (1 - self.beta2) * gradient**2
        unbiased = mean / (1 - self.beta1 ** (number + 1))
        spread = np.sqrt(square / (1 - self.beta2 ** (number + 1)))
        move = unbiased / (spread + self.epsilon)
        return params - rate_at(self.rate, number) * move, (mean, square)


def check_rate(rate: Rate) -> None:
    """Refuse a rate that is not positive."""
    if callable(rate):
        return
    try:
        rates = np.atleast_1d(np.asarray(rate, dtype=np.float64))
    except (TypeError, ValueError):
        rates = np.zeros(0)
    if not len(rates) or not (np.isfinite(rates) & (rates > 0)).all():
        raise FitError(f"a learning rate is a positive number, not {rate!r}")


def rate_at(rate: Rate, number: int) -> float:
    """The rate of step `number`, counted from 0."""
    if callable(rate):
        value = float(rate(number))
        if not (np.isfinite(value) and value > 0):
            raise FitError(f"the rate of step {number} is {value}, not positive")
        return value
    if isinstance(rate, int | float):
        return float(rate)
    return float(rate[min(number, len(rate) - 1)])
