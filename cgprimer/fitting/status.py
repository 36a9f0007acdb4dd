"""The word for how a fit ended, all things considered.

trail, baseline ─ status_of ─▶ a key of `outcome.OUTCOMES`
"""

from __future__ import annotations

import numpy as np

from cgprimer.fitting.baseline import LEVEL, Baseline
from cgprimer.fitting.stopping import PATIENCE
from cgprimer.fitting.trail import Trail

CREEP = 1e-2  # a fall over the last epochs, beside the loss, that is no way out


def status_of(trail: Trail, baseline: Baseline | None, stepwise: bool) -> str:
    """How a fit ended, beside what constants reach.

    A fit that a constant equals is `trivial` where it has come to rest, and also where
    it hardly moves any more; one that is on its way keeps the word for that.
    stepwise : whether the method is one of steps, which may crawl anywhere.
    """
    ended = trail.status
    if baseline is None or not baseline.trivial:
        return ended
    # A descent that is far worse than a constant is on its way, not at its end.
    at_level = baseline.level or not stepwise
    at_rest = ended == "converged" or (ended == "stalled" and not stepwise)
    if at_rest or (at_level and ended in ("max_steps", "stalled") and creeps(trail)):
        return "trivial"
    if ended == "diverged" and _hovers(trail, baseline):
        return "trivial"
    return ended


def creeps(trail: Trail) -> bool:
    """Whether the last epochs, of enough, lowered the loss by hardly anything."""
    last = trail.overall[-PATIENCE - 1 :]
    return len(last) > PATIENCE and last[0] - min(last) <= CREEP * abs(last[0])


def _hovers(trail: Trail, baseline: Baseline) -> bool:
    """Whether a loss that rose went only up and down about the constants'."""
    ratio = baseline.constant / baseline.loss if baseline.loss else 0.0
    last = trail.overall[-PATIENCE - 1 :]
    return bool(np.isfinite(last).all() and max(last) <= LEVEL * ratio * trail.loss)
