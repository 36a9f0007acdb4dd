"""The constants that a fit is held against: the best one for every target.

loss, targets, sigma (k, n) ─▶ one prediction per target (k, 1)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cgprimer.run.losses import Loss
from cgprimer.types import Array


def best_constant(
    loss: Loss, targets: Array, sigma: Array, mean: Callable[[Array], float]
) -> Array:
    """One constant per target, (k, 1), that reaches the least loss.

    mean : the mean loss of predictions that broadcast to (k, n).
    """
    if loss.from_logits:
        return _best_logit(loss, targets)
    from scipy.optimize import fminbound

    [column], [deviation] = targets, sigma
    low, width = float(column.min()), float(np.ptp(column))
    weight = (deviation.min() / deviation) ** 2

    def at(share: float) -> Array:
        return np.full((1, 1), low + share * width)

    def cost(share: float) -> float:
        return mean(at(share))

    # Mean and median are the best for squares and for mae; a search between the least
    # and the greatest target finds that of other losses.
    middle = ((column - low) * weight).sum() / weight.sum() / (width or 1.0)
    tried = [float(middle), float(np.median(column) - low) / (width or 1.0)]
    if loss.name != "mse":
        tried.append(float(fminbound(cost, 0.0, 1.0, xtol=1e-9)))
    return at(min(tried, key=cost))


def _best_logit(loss: Loss, targets: Array) -> Array:
    """The logit whose sigmoid, or softmax, is the mean of the targets.

    Its cross-entropy is the least.
    """
    share = np.clip(targets.mean(axis=1), 1e-300, None)
    if loss.joint is None:
        share = share / np.clip(1 - share, 1e-16, None)
    return np.asarray(np.log(share)[:, None])


def is_robust(loss: Loss) -> bool:
    """Whether a loss grows no faster than the distance."""
    if loss.from_logits:
        return False
    # Twice as far off costs twice as much by mae and huber, and four times by squares.
    far = loss.value(np.array([1e9, 2e9]), np.zeros(2))
    return bool(far[1] <= 2.1 * far[0])
