"""The result of a fit, and the sentence that goes with every outcome."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cgprimer.errors import FitError, listing
from cgprimer.fitting.identify import Combination
from cgprimer.notation.report import Part, Report, Said
from cgprimer.notation.table import Table, capped

Array = NDArray[np.float64]

OUTCOMES = {
    "converged": "converged: the loss no longer falls and the gradient is zero",
    "max_steps": "stopped after the steps allowed: allow more, or raise the rate",
    "stalled": "stalled: the loss hardly changes though the gradient is not zero; "
    "change the rate or the method",
    "unbounded": "unbounded: the loss falls without end; it has no minimum this way",
    "diverged": "diverged: the loss rose; lower the rate. The best parameters are kept",
    "interrupted": "interrupted: these are the best parameters so far",
    "failed": "failed: the method could not go on; start nearer to the solution",
}
"""status → what happened and what to change."""


@dataclass(frozen=True, eq=False)
class FitResult(Report):
    """What a fit found.

    parameters : name → best value found; `loss` is the loss there, over all data.
    losses : (steps,) the loss at each step, before it was taken: of its batch, or of
        all data where a step uses all.
    epoch_losses : (e + 1,) the loss over all data at the start and after each epoch;
        epoch_counts : (e + 1, 2) how many steps and evaluations there were by then.
        An epoch of LeastSquares is a step. loss_name : what it is, in words.
    status : converged, max_steps, stalled, unbounded, diverged, interrupted or failed;
        `message` says it in a sentence, and names what the data do not determine.
    steps, epochs, evaluations : counts; `time` in seconds.
    rank : of the Jacobian at the solution; None where it was not computed.
    undetermined : parameters that the data leave open; `combinations` are determined.
    null_space : (p - rank, p), directions in which the parameters move unnoticed.
    spread : (p, p), the covariance of every combination orthogonal to the null space;
        None where the method gives no errors. dof : degrees of freedom.
    """

    parameters: Mapping[str, float]
    loss: float
    losses: Array
    status: str
    message: str
    method: str
    steps: int
    epochs: int
    evaluations: int
    time: float
    rank: int | None = None
    undetermined: tuple[str, ...] = ()
    combinations: tuple[Combination, ...] = ()
    null_space: Array | None = None
    spread: Array | None = None
    dof: int | None = None
    epoch_losses: Array | None = None
    epoch_counts: NDArray[np.int64] | None = None
    loss_name: str = "loss"

    @property
    def converged(self) -> bool:
        """Whether the fit arrived."""
        return self.status == "converged"

    @property
    def covariance(self) -> Array | None:
        """(p, p) in the order of `parameters`, nan where undetermined."""
        if self.spread is None:
            return None
        open_ = np.isin(list(self.parameters), self.undetermined)
        return np.where(open_[:, None] | open_[None, :], np.nan, self.spread)

    @property
    def standard_errors(self) -> dict[str, float | None] | None:
        """name → standard error, None where undetermined; None without errors."""
        if self.spread is None:
            return None
        return {name: self.combination({name: 1.0})[1] for name in self.parameters}

    def combination(
        self, coefficients: Mapping[str, float]
    ) -> tuple[float, float | None]:
        """(value, standard error) of Σ coefficient·parameter.

        The error is None where the data do not determine the combination, or where the
        method gives no errors. Raises FitError for an unknown name.
        """
        names = list(self.parameters)
        if unknown := [name for name in coefficients if name not in names]:
            raise FitError(f"the fit has no parameters {listing(unknown)}")
        row = np.array([coefficients.get(name, 0.0) for name in names])
        value = float(row @ np.array(list(self.parameters.values())))
        if self.spread is None or self.null_space is None:
            return value, None
        parts = self.null_space * row
        if (np.abs(parts.sum(axis=1)) > 1e-7 * np.abs(parts).sum(axis=1)).any():
            return value, None
        variance = float(row @ self.spread @ row)
        return value, math.sqrt(max(variance, 0.0)) if np.isfinite(variance) else None

    def intervals(self, level: float = 0.95) -> dict[str, tuple[float, float] | None]:
        """name → confidence interval, value ± t·SE; None where undetermined."""
        from scipy.stats import t

        errors = self.standard_errors
        if errors is None or not self.dof:
            return dict.fromkeys(self.parameters, None)
        factor = float(t.ppf(0.5 + level / 2, self.dof))
        return {
            name: None
            if (error := errors[name]) is None
            else (value - factor * error, value + factor * error)
            for name, value in self.parameters.items()
        }

    def _parts(self) -> list[Part]:
        head = f"{self.method}: loss {self.loss:.6g} after {self.steps} steps"
        names, left_out = capped(list(self.parameters))
        rows = [
            (name, f"{self.parameters[name]:.8g}", self._error_text(name))
            for name in names
        ]
        for combined in self.combinations:
            value, error = self.combination(combined.coefficients)
            shown = "" if error is None else f"{error:.2g}"
            rows.append((combined.text, f"{value:.8g}", shown))
        titles = ("parameter", "value", "standard error")
        table = Table(titles, rows, numbers=titles[1:], caption=left_out)
        return [Said(head), table, Said(self.message)]

    def _error_text(self, name: str) -> str:
        if name in self.undetermined:
            return "undetermined"
        error = (self.standard_errors or {}).get(name)
        return "" if error is None else f"{error:.2g}"

    def __repr__(self) -> str:
        values: dict[str, Any] = {
            k: float(f"{v:.6g}") for k, v in self.parameters.items()
        }
        shown = dict(list(values.items())[:6])
        more = f" and {len(values) - 6} more" if len(values) > 6 else ""
        return f"FitResult({self.status}, loss={self.loss:.6g}, {shown}{more})"
