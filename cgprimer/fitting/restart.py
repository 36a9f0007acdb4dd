"""Where least squares go on from, in new units, when a parameter's size was in the way.

where scipy stopped ─ Restarts.next ─▶ a better start, or None
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cgprimer.fitting.scaled import ScaledResiduals, powers_of_two
from cgprimer.types import Array

FAR = 20  # powers of two by which a parameter has left the units it was given
ON = 0.03  # a share of the loss that FEW evaluations took away: more are worth it
ROUNDS = 30  # of new units; each finds 16 digits more of a parameter nearer to 0


class Restarts:
    """Starts from the best point of a fit, each with powers of two of its own.

    Beside a start of 1 a parameter of 1e30 is 1e30 steps away, and one of 1e-30 is lost
    in rounding: scipy then stops with a gradient that is not zero. One step of Gauss
    and Newton, in all parameters or in one, finds the size; one from zero ends where
    parameters are least, as great ones make up for each other and hide what is left in
    rounding. In a narrow valley steps shrink too; a fresh start from there goes on.
    """

    def __init__(self, scaled: ScaledResiduals) -> None:
        self.scaled, self.count, self.before = scaled, 0, scaled.trail.loss

    def next(self, answer: Any) -> Array | None:
        """The start of another round, in new units; None where none would help.

        answer : what scipy returned, its Jacobian and residuals at the best point.
        """
        self.count += 1
        tried = self._points(answer)
        residuals = map(self.scaled.objective.residuals, tried)
        losses = [*map(self.scaled.loss, residuals)]
        start = tried[int(np.nanargmin(losses))]
        scale, old, trail = powers_of_two(start), self.scaled.scale, self.scaled.trail
        # By 2^20, a million: nearer ones scipy's own column scales take care of.
        far = np.abs(np.log2(scale / old)).max() > FAR
        falls = min(losses) < trail.loss / 2 or losses[0] < (1 - ON) * self.before
        # Neither a new size nor a gain: another start would end where this one did.
        if self.count > ROUNDS or not (far or falls):
            return None
        trail.keep(start.copy(), min(losses))
        self.scaled.scale, self.before = scale, trail.loss
        return start

    def _points(self, answer: Any) -> list[Array]:
        """The best point, and where Gauss-Newton steps lead from it and from zero."""
        scaled = self.scaled
        best, unit = scaled.trail.best, scaled.unit
        # Back from scipy's units to the data's own.
        jacobian, zero = answer.jac / scaled.scale * unit, np.zeros(len(best))
        points = [best, *_newton(best, answer.fun * unit, jacobian)]
        # The Jacobian is that of the best point: for a model that is linear in its
        # parameters it is the same at zero, for others a guess that the losses judge.
        residuals = scaled.objective.residuals(zero)
        return points + _newton(zero, residuals, jacobian)[:1]


def _newton(at: Array, residuals: Array, jacobian: Array) -> list[Array]:
    """A Gauss-Newton step from `at` in all parameters, and one in each alone.

    Source: Nocedal & Wright, Numerical Optimization (2006) §10.3. Empty where the
    Jacobian (n·k, p) or the residuals (n·k,) are not finite.
    """
    size = np.abs(jacobian).max(axis=0)
    size[size == 0] = 1.0
    if not (np.isfinite(size).all() and np.isfinite(residuals).all()):
        return []
    columns = jacobian / size  # none overflows when squared
    unit = float(np.abs(residuals).max()) or 1.0
    # All together, and each alone: where one column is nearly that of others the common
    # step is long and wild, and single ones are not.
    steps = [np.linalg.lstsq(columns, residuals / unit, rcond=None)[0]]
    alone = (
        columns.T @ (residuals / unit) / np.maximum((columns**2).sum(axis=0), 1e-300)
    )
    steps += list(np.diag(alone))
    places = [at - step * (unit / size) for step in steps]
    return [one for one in places if np.isfinite(one).all()]
