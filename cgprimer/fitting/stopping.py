"""When a descent is through: at rest, beyond recall, or falling without end.

losses over all data, a Trail, its objective ─▶ yes or no; `loop` asks after an epoch
"""

from __future__ import annotations

import numpy as np

from cgprimer.fitting.downhill import Smooth, way_down
from cgprimer.fitting.trail import Trail

PATIENCE = 10  # epochs that must hardly improve before the loop stops
# Some four units in the last place of the loss: below that, changes are rounding.
FALL = 1e-15  # the relative change over an epoch that counts as hardly any
SLOPE = 1e-6  # |gradient · parameter| beside the loss that counts as zero
GROWTH = 1e8  # times the loss of the start, that a loss fell ever faster: no end to it
# 1e-26 of a loss of squares is residuals of 1e-13 of those at the start.
NOTHING = 1e-26  # the loss beside that of the start that counts as zero
BESIDE = 1e-20  # … and beside the squared targets: a start may be any size off
ROUNDING = 1e-22  # … and where it has also come to rest
SLIGHT = 1e-3  # slope times parameter that leads nowhere soon
CREEP = 1e-2  # a fall over the last epochs, beside the loss, that is no way out
CRAWL = 1e-6  # a move in an epoch, as a share of a parameter, that leads nowhere soon
RISE = 1e3  # a rise by so many times the loss of the start: diverged


def is_beyond(loss: float, first: float) -> bool:
    """Whether the loss is infinite, nan, or rose a thousandfold."""
    return not (np.isfinite(loss) and loss - first <= RISE * (abs(first) or 1.0))


def runs_away(losses: list[float]) -> bool:
    """Whether the loss is far below zero, and the last epochs fell ever faster."""
    with np.errstate(all="ignore"):
        # A loss on its way to a minimum falls ever more slowly; -x^2 falls ever faster.
        falls = -np.diff(losses[-PATIENCE - 1 :])
    far = losses[-1] < -GROWTH * max(abs(losses[0]), 1.0)
    return bool(far and len(falls) == PATIENCE and (np.diff(falls) > 0).all())


def is_quiet(losses: list[float]) -> bool:
    """Whether the last epochs changed hardly anything, and all in all did not rise."""
    last = np.array(losses[-PATIENCE - 1 :])
    # Small changes up and down about one level are quiet, too; a slow rise is not.
    changes = np.abs(np.diff(last))
    return bool(
        len(last) > PATIENCE
        and (changes <= FALL * np.abs(last[1:])).all()
        and last[-1] <= last[0]
    )


def creeps(trail: Trail) -> bool:
    """Whether the last epochs, of enough, lowered the loss by hardly anything."""
    last = trail.overall[-PATIENCE - 1 :]
    return len(last) > PATIENCE and last[0] - min(last) <= CREEP * abs(last[0])


def word_at_rest(objective: Smooth, trail: Trail, nothing: float = NOTHING) -> str:
    """`converged` where the loss is nothing or its gradient zero, or else empty."""
    loss, gradient = objective.value_and_gradient(trail.best)
    if is_nothing(objective, loss, trail.losses[0], nothing):
        return "converged"
    # Exactly zero in all parameters: dead units, or a start on a maximum.
    trail.dead = not gradient.any()
    # A slope times the parameter is what the loss changes by when that doubles; a
    # parameter near 0 may well have to move by one.
    scale = np.maximum(np.abs(trail.best), 1.0)
    slopes = np.abs(gradient) * scale
    trail.slope = float(slopes.max()) / (abs(loss) or 1.0)
    level = bool((slopes <= SLOPE * abs(loss)).all())
    small = bool((slopes < SLIGHT).all())  # a step of rate one would be one
    # The look costs two gradients and eight values for each parameter, and is taken
    # only where steps have become small by themselves.
    if level or small or (trail.moved is not None and (trail.moved <= CRAWL).all()):
        first, most = trail.overall[0], trail.epochs // 2  # as dear as the descent was
        trail.way, trail.length = way_down(objective, trail.best, first, most)
    return "converged" if level and not trail.way else ""


def is_nothing(
    objective: Smooth, loss: float, first: float, share: float = NOTHING
) -> bool:
    """Whether a loss that cannot fall below zero is there."""
    if not (objective.nonnegative and loss <= share * first):
        return False
    targets = getattr(objective, "targets", np.zeros(1))
    sigma = getattr(objective, "sigma", None)
    # With all targets 0 there is no size to hold a loss against.
    square = np.square(targets if sigma is None else targets / sigma).mean()
    return bool(loss <= BESIDE * square or not square)
