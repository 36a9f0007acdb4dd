"""Nonlinear least squares: scipy's trust-region method with our exact Jacobian."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cgprimer.errors import FitError
from cgprimer.fitting.loop import Trail
from cgprimer.graph.objective import Objective
from cgprimer.notation.progress import bar

Array = NDArray[np.float64]
MOST_BYTES = 2**31


@dataclass(frozen=True)
class LeastSquares:
    """Trust-region reflective least squares, columns scaled by the Jacobian.

    ftol, xtol, gtol : stop where the relative fall of the cost, the relative step, or
        the gradient is smaller. max_steps : evaluations allowed, by default 200 times
        the number of parameters.
    Source: Branch, Coleman & Li, SIAM J. Sci. Comput. 21 (1999), as in scipy.
    """

    ftol: float = 1e-15
    xtol: float = 1e-15
    gtol: float = 1e-15
    max_steps: int | None = None

    def __post_init__(self) -> None:
        for name in ("ftol", "xtol", "gtol"):
            if not 0 < getattr(self, name) < 1:
                raise FitError(
                    f"{name} lies between 0 and 1, not {getattr(self, name)}"
                )
        if self.max_steps is not None and self.max_steps < 1:
            raise FitError(f"max_steps is at least 1, not {self.max_steps}")

    @property
    def label(self) -> str:
        """Name for curves and reports."""
        return "LeastSquares"


class _Watched:
    """Residuals and Jacobian for scipy, with a memory of the best point seen."""

    def __init__(self, objective: Objective, start: Array, tick: Any) -> None:
        self.objective, self.tick = objective, tick
        loss = self.loss(objective.residuals(start))
        if not np.isfinite(loss):
            raise FitError(
                f"the loss is {loss} at the start: choose another start, or evaluate "
                "the graph there to see which variable is not finite"
            )
        self.trail = Trail(start, start, loss, evaluations=1)

    def loss(self, residuals: Array) -> float:
        robust = self.objective.loss.robust
        with np.errstate(over="ignore"):
            terms = residuals**2
        if robust == "huber":
            terms = np.where(terms <= 1, terms, 2 * np.sqrt(terms) - 1)
        return float(terms.sum()) / len(self.objective)

    def residuals(self, params: Array) -> Array:
        residuals = self.objective.residuals(params)
        self.trail.evaluations += 1
        # scipy takes a huge cost as a step too far, but stops at nan
        self.trail.keep(params.copy(), self.loss(residuals))
        return np.nan_to_num(residuals, nan=1e150, posinf=1e150, neginf=-1e150)

    def jacobian(self, params: Array) -> Array:
        self.trail.mark(self.trail.loss)
        self.trail.losses.append(self.trail.loss)
        self.trail.epochs += 1
        self.tick(self.trail.loss)
        return np.nan_to_num(self.objective.jacobian(params))


def least_squares(
    objective: Objective, method: LeastSquares, start: Array, progress: bool
) -> Trail:
    """Minimise the squares of the residuals, or their Huber function, from `start`."""
    from scipy.optimize import least_squares as solve

    robust = objective.loss.robust
    if robust is None:
        raise FitError(
            f"LeastSquares fits 'mse' and 'huber', not {objective.loss.name!r}\n"
            "  hint: use Adam or SGD for this loss"
        )
    rows = objective.targets.size
    if rows * len(start) * 8 > MOST_BYTES:
        raise FitError(
            f"the Jacobian would have {rows:,} × {len(start):,} entries\n"
            "  hint: use Adam, or fewer samples"
        )
    allowed = method.max_steps or 200 * len(start)
    with bar(None, method.label, progress) as tick:
        watched = _Watched(objective, start, tick)
        trail = watched.trail
        try:
            with np.errstate(all="ignore"):
                found = solve(
                    watched.residuals,
                    start,
                    watched.jacobian,
                    method="trf",
                    x_scale="jac",
                    loss=robust,
                    ftol=method.ftol,
                    xtol=method.xtol,
                    gtol=method.gtol,
                    max_nfev=allowed,
                )
            trail.status = "converged" if found.status > 0 else "max_steps"
        except KeyboardInterrupt:
            trail.status = "interrupted"
        except (ValueError, np.linalg.LinAlgError):
            trail.status = "failed"
    trail.params = trail.best
    if trail.status == "converged" and trail.loss > 1e200:
        trail.status = "failed"
    return trail
