"""First-order methods: settings that say how one step follows from a gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from cgprimer import takes
from cgprimer.errors import FitError
from cgprimer.graph.arrays import as_numbers
from cgprimer.run.update_rule import UpdateRule
from cgprimer.types import Array

Rate = float | Sequence[float] | Callable[[int], float]


@dataclass(frozen=True)
class SGD:
    """Steps of `rate` down the gradient, with momentum if asked.

    rate : a number, one per step (the last is kept), or a function of the step number.
    momentum, nesterov : velocity v ← momentum·v + g; the step is along v, or with
        Nesterov along g + momentum·v. Source: Sutskever et al., ICML 2013.
    """

    label: ClassVar[str] = "SGD"  # for curves and reports
    rate: Rate = 1e-2
    momentum: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        check_rate(self.rate)
        takes.number(momentum=self.momentum)
        takes.flag(nesterov=self.nesterov)
        if not 0 <= self.momentum < 1:
            raise FitError(f"momentum lies in [0, 1), not {self.momentum!r}")
        if self.nesterov and not self.momentum:
            raise FitError("nesterov needs momentum > 0")

    @property
    def rule(self) -> UpdateRule:
        """One step of a parameter."""
        if not self.momentum:
            return UpdateRule(("rate",), (), "p - rate*g")
        along = "g + momentum*v" if self.nesterov else "v"
        velocity = ("v", "momentum*v + g")
        return UpdateRule(("rate", "momentum"), (velocity,), f"p - rate*({along})")

    def settings(self, first: int, count: int) -> Array:
        """What the rule is given in each of `count` steps, (count, settings)."""
        rates = rates_at(self.rate, first, count)
        if not self.momentum:
            return rates[:, None]
        return np.stack([rates, np.full(count, self.momentum)], axis=1)


@dataclass(frozen=True)
class Adam:
    """Steps scaled by running means of the gradient and of its square.

    Source: Kingma & Ba, Adam: a method for stochastic optimization, ICLR 2015.
    """

    label: ClassVar[str] = "Adam"
    rate: Rate = 1e-2
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        check_rate(self.rate)
        takes.number(beta1=self.beta1, beta2=self.beta2, epsilon=self.epsilon)
        for name in ("beta1", "beta2"):
            if not 0 <= getattr(self, name) < 1:
                raise FitError(f"{name} lies in [0, 1), not {getattr(self, name)!r}")
        if not self.epsilon > 0:
            raise FitError(f"epsilon is positive, not {self.epsilon!r}")

    @property
    def rule(self) -> UpdateRule:
        """One step of a parameter."""
        mean = ("m", "beta1*m + (1 - beta1)*g")
        square = ("s", "beta2*s + (1 - beta2)*g^2")
        return UpdateRule(
            ("rate", "beta1", "beta2", "epsilon", "c1", "c2"),
            (mean, square),
            "p - rate*((m/c1)/(sqrt(s/c2) + epsilon))",
        )

    def settings(self, first: int, count: int) -> Array:
        """What the rule is given in each of `count` steps, (count, settings)."""
        number = np.arange(first + 1, first + count + 1)
        table = np.empty((count, 6))
        table[:, 0] = rates_at(self.rate, first, count)
        table[:, 1:4] = self.beta1, self.beta2, self.epsilon
        # The means start from 0; divided by 1 - β^k they are means of k gradients.
        table[:, 4] = 1 - self.beta1**number
        table[:, 5] = 1 - self.beta2**number
        return table


Descent = Adam | SGD
"""A method of steps: the rule of one step, and the numbers that each is given."""


def check_rate(rate: Rate) -> None:
    """Refuse a rate that is not positive."""
    if not callable(rate):
        _rates(rate)


def rates_at(rate: Rate, first: int, count: int) -> Array:
    """The rates of `count` steps, counted from 0, from number `first` on."""
    steps = range(first, first + count)
    if callable(rate):
        return np.array([_rates(rate(step), f" in step {step}")[0] for step in steps])
    # Looked at when the method was made; here once for each epoch.
    known = np.atleast_1d(as_numbers("the learning rate", rate, FitError))
    return known[np.minimum(steps, len(known) - 1)]


def _rates(given: ArrayLike, where: str = "") -> Array:
    """What is given for rates, as an array (n,) of positive numbers."""
    rates = np.atleast_1d(as_numbers("the learning rate", given, FitError))
    if rates.ndim > 1 or not rates.size or not ((rates > 0) & (rates < np.inf)).all():
        raise FitError(
            f"a learning rate is a positive number, not {takes.quote(given)}{where}"
        )
    return rates
