"""Whether a way leads downhill from where a descent no longer gets anywhere.

function, point ─▶ how far the loss falls by a step of one parameter, and its length

A slope is small or great only beside a curvature: where inputs are 1e-12, every slope
is next to nothing, far from the minimum too. So each parameter in turn is taken as
far as its curvature says, and the loss on that way counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from cgprimer.types import Array

SHARE = 1e-6  # of the loss, or of the fall so far: a tenth of a standard error for 1e4
# samples, as a cosine of 1e-3 between residuals and a column of the Jacobian
ULPS = 8 * np.finfo(float).eps  # of the loss, below which a fall may be rounding
NUDGE = 1e-5  # relative, for a curvature from two gradients
WALK = np.linspace(0.125, 1.0, 8)  # of a step, on which the loss may nowhere rise
GROWN = 2.0 ** np.arange(1, 7)  # times the parameters, on a way without end
GONE = 1e-3  # of the loss, that is left there
# A parameter whose size was guessed wrong is felt there.
FAR = 1e8  # times where it began
FELT = 1e-8  # change of a prediction that counts, beside its size


class Smooth(Protocol):
    """What has a value and a gradient (p,) at parameters (p,).

    nonnegative : whether no value can be below zero, so that it has a size.
    """

    @property
    def nonnegative(self) -> bool: ...

    def value(self, params: Array) -> float: ...

    def value_and_gradient(self, params: Array) -> tuple[float, Array]: ...


def way_down(
    function: Smooth, params: Array, first: float, most: int
) -> tuple[float, float]:
    """The fall of the loss on a way that leads downhill throughout, 0 without one.

    With it the length of the way, as a share of the parameter.

    first : the loss at the start. most : parameters that are tried, spread evenly where
    there are more: those of a layer are alike.
    """
    with np.errstate(all="ignore"):
        loss, gradient = function.value_and_gradient(params)
        # A loss that may go below zero has no size of its own: what it fell by has.
        size = abs(loss) if function.nonnegative else max(first - loss, 0.0)
        real = max(ULPS * abs(loss), SHARE * size)
        for j in _spread(len(params), most):
            if gradient[j] and (step := _step(function, params, gradient[j], j, real)):
                fall = _fall(function, params, loss, j, step)
                if fall > real:
                    size = max(abs(params[j]), abs(params[j] + step))
                    return fall, abs(step) / size
    return 0.0, 0.0


def runaways(
    predictions: Callable[[Array], Array], first: Array, params: Array
) -> list[int]:
    """Parameters that went far from where they began, to where they do nothing more.

    Doubled or halved, such a one changes no prediction (targets, n): the loss has no
    minimum by it, though every slope is zero there.
    """

    def is_felt(at: Array, j: int) -> bool:
        base, size = predictions(at), at[j] or 1.0
        allowed = FELT * np.abs(base).max(axis=1, keepdims=True)
        moved = (_move(at, j, size), _move(at, j, -size / 2))
        return not all((np.abs(predictions(p) - base) <= allowed).all() for p in moved)

    with np.errstate(all="ignore"):
        # From 0 a parameter has no factor to have grown by: 1 stands for its start.
        far = np.abs(params) > FAR * np.where(first != 0, np.abs(first), 1.0)
        # Felt at the start and no longer: a parameter that never did anything has not
        # run off.
        gone = np.flatnonzero(far).tolist()
        return [j for j in gone if is_felt(first, j) and not is_felt(params, j)]


def is_endless(value: Callable[[Array], float], params: Array) -> bool:
    """Whether the loss falls to zero as all parameters grow by one factor.

    A cross-entropy of targets 0 and 1 does where every sample is on its side, as it is
    zero at no finite logit: such a loss has no minimum. Source: Albert & Anderson,
    Biometrika 71 (1984), on separated data.
    """
    with np.errstate(all="ignore"):
        # From 2 to 64 times: a separated cross-entropy falls like exp(-factor·margin).
        losses = [value(params)]
        for factor in GROWN:
            losses.append(value(factor * params))
            if not losses[-1] <= losses[-2]:
                return False
    return losses[-1] <= GONE * losses[0]


def _spread(count: int, most: int) -> list[int]:
    """Up to `most` of the numbers 0 … count - 1, as evenly as can be."""
    chosen = np.linspace(0, count - 1, min(count, max(most, 1)))
    return [int(j) for j in np.unique(chosen.astype(np.int64))]


def _step(function: Smooth, params: Array, slope: float, j: int, real: float) -> float:
    """A Newton step of one parameter, 0 where it would lead nowhere.

    Where the loss bends down there is none: then one of the parameter's own size.
    """
    nudge = NUDGE * (abs(params[j]) or 1.0)
    # Gradients are exact, so that their difference over 1e-5 has some ten digits; a
    # second difference of values would have fewer.
    ahead, behind = (
        function.value_and_gradient(_move(params, j, side))[1][j]
        for side in (nudge, -nudge)
    )
    bend = (ahead - behind) / (2 * nudge)
    # A Newton step of slope/bend lets a parabola fall by slope²/(2·bend).
    if bend > 0:
        return float(-slope / bend) if slope**2 / (2 * bend) > real else 0.0
    return float(-np.sign(slope) * max(abs(params[j]), 1.0))


def _fall(function: Smooth, params: Array, loss: float, j: int, step: float) -> float:
    """How far the loss falls on the way of a step; 0 where it rises on it."""
    losses = [loss]
    # A way on which the loss first rises is no way that a descent could have gone.
    for share in WALK:
        losses.append(function.value(_move(params, j, share * step)))
        if not losses[-1] <= losses[-2] + ULPS * abs(loss):
            return 0.0
    return loss - losses[-1]


def _move(params: Array, j: int, by: float) -> Array:
    moved = params.copy()
    moved[j] += by
    return moved
