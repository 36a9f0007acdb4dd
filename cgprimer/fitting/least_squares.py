"""Nonlinear least squares: scipy's trust-region method with our exact Jacobian.

    objective, settings, Trail at a start ─▶ the Trail at its end; called by `fit`

scipy is given all in units of powers of two, and is started again, in new units, where
it stops beside a slope that is not zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from cgprimer import takes
from cgprimer.errors import FitError
from cgprimer.fitting.restart import Restarts
from cgprimer.fitting.sampled import NOTHING, Sampled
from cgprimer.fitting.scaled import ScaledResiduals
from cgprimer.fitting.trail import Trail
from cgprimer.notation.progress import loss_bar
from cgprimer.run.objective import Objective
from cgprimer.types import Array

MOST_BYTES = 2**31
EVALUATIONS = 5_000  # by default; NIST's Bennett5 takes 1 380 from its first start
PER_PARAMETER = 200  # … but never fewer than this for each parameter
REST = 1e-4  # cosine between residuals and a column of J that counts as zero: what is
# left to move is then a hundredth of a standard error for ten thousand samples
# None of a table of sizes takes more than 5; where they still gain, `restart` tells.
FEW = 100  # evaluations in new units
EXACT = 1e-10  # residuals beside the targets that are all rounding
GREATEST = 1e200  # of a loss in the data's own size, beyond which nothing was reached


@dataclass(frozen=True)
class LeastSquares:
    """Trust-region reflective least squares, columns scaled by the Jacobian.

    ftol, xtol, gtol : stop where the relative fall of the cost, the relative step, or
        the gradient is smaller. max_steps : evaluations allowed, by default 5 000, or
        200 times the number of parameters where that is more.
    Source: Branch, Coleman & Li, SIAM J. Sci. Comput. 21 (1999), as in scipy.
    """

    label: ClassVar[str] = "LeastSquares"
    ftol: float = 1e-15
    xtol: float = 1e-15
    gtol: float = 1e-15
    max_steps: int | None = None

    def __post_init__(self) -> None:
        takes.number(ftol=self.ftol, xtol=self.xtol, gtol=self.gtol)
        for name in ("ftol", "xtol", "gtol"):
            if not 0 < getattr(self, name) < 1:
                raise FitError(
                    f"{name} lies between 0 and 1, not {getattr(self, name)}"
                )
        if self.max_steps is not None and not takes.is_count(self.max_steps):
            said = takes.quote(self.max_steps)
            raise FitError(f"max_steps is at least 1, not {said}")


def least_squares(
    objective: Objective, method: LeastSquares, trail: Trail, progress: bool
) -> None:
    """Minimise the squares of the residuals, or their Huber function.

    From the start of `trail`, which holds the best at any time. Raises FitError for
    another loss, and for a Jacobian of more than 2 GiB.
    """
    _check(objective, trail)
    with loss_bar(None, method.label, progress) as tick:
        scaled = ScaledResiduals(objective, trail, tick)
        try:
            with np.errstate(all="ignore"):
                trail.status = _solve(scaled, method)
        except (ValueError, np.linalg.LinAlgError):
            trail.status = "failed"
    trail.params = trail.best
    ended = trail.status in ("converged", "stalled")
    if ended and trail.loss / scaled.unit**2 > GREATEST:
        trail.status = "failed"


def _check(objective: Objective, trail: Trail) -> None:
    """Raise FitError for a loss of no squares, and for more than memory holds."""
    if objective.loss.robust is None:
        raise FitError(
            f"LeastSquares fits 'mse' and 'huber', not {objective.loss.name!r}\n"
            "  hint: use Adam or SGD for this loss"
        )
    rows, count = objective.targets.size, len(trail.params)
    # Refused at once, and not after minutes by an exhausted memory.
    if rows * count * 8 > MOST_BYTES:
        raise FitError(
            f"the Jacobian would have {rows:,} × {count:,} entries\n"
            "  hint: use Adam, or fewer samples"
        )


def _solve(scaled: ScaledResiduals, method: LeastSquares) -> str:
    """Rounds of scipy, each in units of its own; returns the word for the end."""
    trail, restarts = scaled.trail, Restarts(scaled)
    start: Array | None = trail.params
    # Evaluations by all starts together.
    most = method.max_steps or max(EVALUATIONS, PER_PARAMETER * len(trail.params))
    allowed = most
    while start is not None:
        answer = _round(scaled, method, start, allowed)
        # A later round has FEW evaluations; where these still gain, `restarts` has
        # another.
        allowed = min(FEW, most - trail.evaluations)
        rests = scaled.smooth and _rests(answer, scaled.objective, trail.best)
        on = scaled.smooth and not rests and allowed > 0
        start = restarts.next(answer) if on else None
    # All slopes exactly 0: dead units, or a start on level ground.
    trail.dead = not np.any(answer.grad)
    # Status 0 is scipy's "out of evaluations": in the first round it is the caller's
    # limit.
    if not (answer.status > 0 or (restarts.count and allowed > 0)):
        return "max_steps"
    # At rest, an edge met on the way is of no account.
    trail.border = not rests and (trail.border or not scaled.smooth)
    trail.creeps = answer.status == 0
    return "converged" if rests else "stalled"


def _round(
    scaled: ScaledResiduals, method: LeastSquares, start: Array, allowed: int
) -> Any:
    """What scipy makes of a start in `allowed` evaluations."""
    from scipy.optimize import least_squares as solve

    return solve(
        scaled.residuals,
        start / scaled.scale,
        scaled.jacobian,
        method="trf",
        x_scale="jac",
        loss=scaled.objective.loss.robust or "linear",
        ftol=method.ftol,
        xtol=method.xtol,
        gtol=method.gtol,
        max_nfev=allowed,
    )


def _rests(answer: Any, objective: Objective, best: Array) -> bool:
    """Whether the gradient is zero where scipy stopped, and not only the steps small.

    Beside a domain's border, such as that of a power, steps shrink to nothing though
    the cost still falls towards the border.
    """
    sigma = 1.0 if objective.sigma is None else objective.sigma
    left = np.linalg.norm(objective.residuals(best))
    # Data that are met to rounding have residuals of any direction, also along a
    # column.
    if left <= EXACT * np.linalg.norm(objective.targets / sigma):
        return True
    largest = np.abs(answer.jac).max(axis=0)
    largest[largest == 0] = 1.0  # J may hold 1e300, whose square is infinite
    columns = np.linalg.norm(answer.jac / largest, axis=0)
    length = np.linalg.norm(answer.fun)
    # |Jᵀr| over |J|·|r| is the cosine between a column and the residuals, free of
    # units.
    steep = np.abs(answer.grad / largest) > REST * length * columns
    if not steep.any():
        return True
    # Asked only where it may excuse a slope, since it costs Jacobians.
    rounding = Sampled(objective).rounding(best)  # a column may hold nothing else
    return bool((rounding[:, steep] >= NOTHING).all())
