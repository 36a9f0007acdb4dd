"""The result of a fit: parameters, their uncertainties, and how it ended."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cgprimer import takes
from cgprimer.errors import FitError, counted, listing
from cgprimer.fitting.cells import rows
from cgprimer.fitting.compared import r_squares
from cgprimer.fitting.identification import Combination
from cgprimer.fitting.outcome import OUTCOMES as OUTCOMES
from cgprimer.keeping import lazy
from cgprimer.notation.report import Part, Report, Said
from cgprimer.notation.text_table import TextTable
from cgprimer.run.arrays.entries import Entries
from cgprimer.types import Array, Integers


@dataclass(frozen=True, eq=False, repr=False)
class FitResult(Report):
    """What a fit found.

    parameters : name → best value found, an array of a name with axes; `loss` is the
        loss there, over all data, in their units and unweighted, so that results of all
        methods compare.
    losses : (steps,) the loss at each step, before it was taken: of its batch, or of
        all data where a step uses all; weighted where a descent was.
    epoch_losses : (e + 1,) the loss over all data at the start and after each epoch;
        epoch_counts : (e + 1, 2) how many steps and evaluations there were by then.
        An epoch of LeastSquares is a step. loss_name : what it is, in words.
    status : converged, trivial (no better than a constant), max_steps, stalled,
        unbounded, diverged, interrupted or failed; `message` says it in sentences, and
        names what the data do not determine.
    steps, epochs, evaluations : counts; `time` in seconds.
    rank : of the Jacobian at the solution; None where it was not computed.
    undetermined : parameters that the data leave open; `combinations` are determined.
    null_space : (p - rank, p), directions in which the parameters move unnoticed.
    spread : (p, p), the covariance of every combination orthogonal to the null space;
        None where the method gives no errors, and where the fit is trivial. dof :
        degrees of freedom.
    r_squared : target → 1 - Σ(y - f)²/Σ(y - ȳ)², weighted if the fit was; 0 or less is
        no better than a constant; nan where the target does not vary.
    chi_squared : Σ((y - f)/σ)² of a weighted LeastSquares fit: about dof if sigma is.
    without_errors : why there are no standard errors; empty where there are.
    practically_undetermined : parameters whose errors say that they might be anything.
    noise_free : parameters that rest on data met to rounding: errors show no noise.
    """

    parameters: Mapping[str, Any]
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
    r_squared: Mapping[str, float] = field(default_factory=dict)
    chi_squared: float | None = None
    without_errors: str = ""
    practically_undetermined: tuple[str, ...] = ()
    noise_free: tuple[str, ...] = ()
    epoch_losses: Array | None = None
    epoch_counts: Integers | None = None
    loss_name: str = "loss"

    @lazy
    def entries(self) -> Mapping[str, float]:
        """Every number that was fitted, by name; those of arrays as `W[0,3]`."""
        if not self._has_arrays:
            return self.parameters
        entries = Entries({name: np.shape(v) for name, v in self.parameters.items()})
        return dict(zip(entries, entries.join(self.parameters).tolist(), strict=True))

    @property
    def _has_arrays(self) -> bool:
        return any(isinstance(v, np.ndarray) for v in self.parameters.values())

    def _by_name(self, column: Sequence[float | None]) -> dict[str, Any]:
        """A number for each entry, or None, as parameters are: arrays have nan then."""
        entries = Entries({name: np.shape(v) for name, v in self.parameters.items()})
        arrays = entries.split(np.array(column, dtype=np.float64))
        return {
            name: array if array.ndim else column[entries.spans[name].start]
            for name, array in arrays.items()
        }

    @property
    def converged(self) -> bool:
        """Whether the fit arrived."""
        return self.status == "converged"

    @property
    def covariance(self) -> Array | None:
        """(p, p) in the order of `entries`, nan where undetermined."""
        if self.spread is None:
            return None
        open_ = np.isin(list(self.entries), self.undetermined)
        return np.where(open_[:, None] | open_[None, :], np.nan, self.spread)

    @property
    def standard_errors(self) -> dict[str, Any] | None:
        """name → standard error, None where undetermined; None without errors.

        Of arrays arrays, with nan where an entry is undetermined.
        """
        if self.spread is None:
            return None
        with np.errstate(invalid="ignore"):
            errors = np.sqrt(np.maximum(np.diag(self.spread), 0.0)).tolist()
        open_ = set(self.undetermined)
        each = {
            name: error if name not in open_ and math.isfinite(error) else None
            for name, error in zip(self.entries, errors, strict=True)
        }
        return self._by_name([*each.values()]) if self._has_arrays else each

    def combination(
        self, coefficients: Mapping[str, float]
    ) -> tuple[float, float | None]:
        """(value, standard error) of Σ coefficient·parameter.

        The error is None where the data do not determine the combination, or where the
        method gives no errors. Entries of arrays are called `W[0,3]`. Raises FitError
        for an unknown name.
        """
        takes.kind(Mapping, coefficients=coefficients)
        names = list(self.entries)
        if unknown := [name for name in coefficients if name not in self.entries]:
            raise FitError(f"the fit has no parameters {listing(unknown)}")
        takes.number(**{f"the coefficient of {k}": v for k, v in coefficients.items()})
        row = np.array([coefficients.get(name, 0.0) for name in names])
        value = float(row @ np.array(list(self.entries.values())))
        if self.spread is None or self.null_space is None:
            return value, None
        # Orthogonal to the null space, up to rounding of each sum beside its terms.
        parts = self.null_space * row
        if (np.abs(parts.sum(axis=1)) > 1e-7 * np.abs(parts).sum(axis=1)).any():
            return value, None
        variance = float(row @ self.spread @ row)
        return value, math.sqrt(max(variance, 0.0)) if np.isfinite(variance) else None

    def intervals(self, level: float = 0.95) -> dict[str, tuple[Any, Any] | None]:
        """name → confidence interval, value ± t·SE; None where undetermined."""
        from scipy.stats import t

        if not (takes.is_real(level) and 0 < level < 1):
            raise FitError(f"a level lies between 0 and 1, not {takes.quote(level)}")
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
        cells, left_out = rows(self)
        titles = ("parameter", "value", "standard error")
        table = TextTable(titles, cells, numbers=titles[1:], caption=left_out)
        return [Said(self._head()), table, Said(self.message)]

    def _head(self) -> str:
        """`LeastSquares: loss 0.0096 after 9 steps, R² 0.998`."""
        steps = counted(self.steps, "step")
        parts = [f"{self.method}: loss {self.loss:.6g} after {steps}"]
        if self.r_squared:
            parts.append(r_squares(self.r_squared))
        if self.chi_squared is not None:
            degrees = f"{self.dof} degree{'s' * (self.dof != 1)} of freedom"
            parts.append(f"χ² {self.chi_squared:.4g} for {degrees}")
        return ", ".join(parts)
