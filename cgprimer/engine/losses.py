"""Losses: what a fit makes small, per sample and output, and its slope.

The loss of a data set is the mean over samples of the sum over outputs.
"""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cgprimer.errors import FitError, suggest
from cgprimer.expr.frozen import Frozen
from cgprimer.expr.ops import OPS

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Loss(Frozen):
    """value and slope are functions of (prediction, target), elementwise.

    from_logits : the prediction is a logit; an output written as sigmoid(…) is taken
        before its sigmoid, so that nothing saturates.
    robust : scipy's name for it in least squares, where there is one.
    formula : the value as text in our own language, of p and t, for compiled code;
        a loss without one is computed by numpy.
    """

    name: str
    value: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array], Array]
    from_logits: bool = False
    robust: Literal["linear", "huber"] | None = None
    formula: str = ""

    def __reduce__(self) -> tuple[Any, ...]:
        """By its name where it is one of ours, else by what it is made of."""
        with suppress(FitError):
            if find_loss(self.name) is self:
                return find_loss, (self.name,)
        parts = tuple(getattr(self, field.name) for field in fields(self))
        try:
            pickle.dumps(parts)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise TypeError(
                f"the loss {self.name!r} cannot be pickled: {error}\n"
                "  hint: write its functions with def, at the top of a module"
            ) from error
        return Loss, parts


def _huber(p: Array, t: Array, delta: float) -> Array:
    r = np.abs(p - t)
    return np.where(r <= delta, r**2, delta * (2 * r - delta))


def _huber_slope(p: Array, t: Array, delta: float) -> Array:
    found: Array = 2 * np.clip(p - t, -delta, delta)
    return found


def huber(delta: float = 1.0) -> Loss:
    """Squared error up to `delta`, linear beyond: r² or δ(2|r| - δ)."""
    if not (np.isfinite(delta) and delta > 0):
        raise FitError(f"huber takes a positive delta, not {delta!r}")
    near = f"min(abs(p - t), {float(delta)!r})"
    return Loss(
        "huber" if delta == 1.0 else f"huber({delta:g})",
        functools.partial(_huber, delta=delta),
        functools.partial(_huber_slope, delta=delta),
        robust="huber" if delta == 1.0 else None,
        formula=f"{near}*(2*abs(p - t) - {near})",
    )


def _sigmoid(z: Any) -> Any:
    return OPS["sigmoid"].forward(z)


LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (
        Loss(
            "mse",
            lambda p, t: (p - t) ** 2,
            lambda p, t: 2 * (p - t),
            robust="linear",
            formula="(p - t)^2",
        ),
        Loss(
            "mae",
            lambda p, t: np.abs(p - t),
            lambda p, t: np.sign(p - t),
            formula="abs(p - t)",
        ),
        huber(),
        Loss(
            "cross-entropy",
            lambda z, t: np.logaddexp(z, 0.0) - t * z,
            lambda z, t: _sigmoid(z) - t,
            from_logits=True,
            formula="softplus(p) - t*p",
        ),
    )
}


def find_loss(loss: str | Loss) -> Loss:
    """The loss of that name; FitError with the nearest name where there is none."""
    if isinstance(loss, Loss):
        return loss
    if loss not in LOSSES:
        hint = suggest(str(loss), LOSSES) or f"losses are {', '.join(LOSSES)}"
        raise FitError(f"unknown loss {loss!r}\n  hint: {hint}")
    return LOSSES[loss]
