"""Guesses about a model, held against the model itself.

Motion, points ─ Trials.confirm ─▶ whether predictions stay as they are all along it
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cgprimer.fitting.identify import EPSILON
from cgprimer.fitting.motion import Motion
from cgprimer.fitting.sampled import Sampled
from cgprimer.types import Array

TRIES = 300  # ways that are tried for all groups of parameters together
SURE = 1e-6  # change along the way beside what its steps do one by one
STEPS = (0.5, 0.05)  # sizes of a step, relative; the second where the first fails
ALONE = 8  # members that are moved by themselves, to see that a way is long enough
# A parameter whose effect is lost in rounding stays unnoticed along any way.
WEAK = 1e4  # roundings of a prediction, below which an effect proves nothing


class Trials:
    """As many trials as there are TRIES, at `points` (p,) where the model is finite."""

    def __init__(self, model: Sampled, points: Sequence[Array]) -> None:
        self.model, self.points, self.left = model, points, TRIES
        self.size = sizes(model.predictions(points[0]))

    def confirm(self, way: Motion, values: Array, effect: Array) -> bool:
        """Whether predictions stay as they are along a way, from every point.

        values, effect : of the members of the way, (k,), and how much each does per
        unit. False, too, where no tries are left.
        """
        # Every try costs a dozen evaluations or more.
        self.left -= 1
        if self.left < 0:
            return False
        reach = np.abs(way.rates[np.array(way.factors)]).max(initial=0.0)
        if not any(way.factors):
            # STEPS are shares of the greatest effect that the value of a member has.
            unit = (np.abs(values) * effect).max() or self.size.max() or 1.0
            reach = (np.abs(way.rates) * effect).max() / unit
        return any(
            all(self._holds_at(way, step / reach, point) for point in self.points)
            for step in STEPS
        )

    def _holds_at(self, way: Motion, reach: float, point: Array) -> bool:
        """Whether they do from one point, to both sides as far as `reach`."""
        proved = False
        base = self.model.predictions(point)
        noise = WEAK * EPSILON * sizes(base)
        # To both sides, as one of them may leave the domain.
        for t in (reach, -reach):
            try:
                change = self._change(way.at(point, t), base)
                # What one member does by itself tells that the way is long enough to be
                # noticed.
                alone = [
                    self._change(way.at(point, t, k), base)
                    for k in range(min(len(way.terms), ALONE))
                ]
            # A factor of e^1000, or a root of what has become negative.
            except (ArithmeticError, ValueError):
                return False
            effect = np.max(alone, axis=0)
            # Outside of the domain on one side: the other side decides.
            if not (np.isfinite(change).all() and np.isfinite(effect).all()):
                continue
            # One prediction that changes refutes the way; the noise is that of WEAK
            # over a hundred.
            if (change > SURE * effect + noise / 100).any():
                return False
            proved |= bool((effect > noise).any())
        return proved

    def _change(self, params: Array, base: Array) -> Array:
        return sizes(self.model.predictions(params) - base)


def sizes(predictions: Array) -> Array:
    """The greatest of every target, (targets,)."""
    return np.asarray(np.abs(predictions).max(axis=1))
