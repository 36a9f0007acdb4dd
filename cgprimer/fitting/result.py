"""The result of a fit, and the sentence that goes with every outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cgprimer.fitting.identify import Combination

if TYPE_CHECKING:
    from rich.console import Group

Array = NDArray[np.float64]

OUTCOMES = {
    "converged": "converged: the loss no longer falls and the gradient is zero",
    "max_steps": "stopped after the steps allowed: give it more epochs, or a higher rate",
    "stalled": "stalled: the loss hardly falls though the gradient is not zero; raise the "
    "rate, or use LeastSquares",
    "diverged": "diverged: the loss rose; lower the rate. The best parameters are kept",
    "interrupted": "interrupted: these are the best parameters so far",
    "failed": "failed: the method could not go on; start nearer to the solution",
}
"""status → what happened and what to change."""


@dataclass(frozen=True, eq=False)
class FitResult:
    """What a fit found.

    parameters : name → best value found; `loss` is the loss there, over all data.
    losses : (steps,) the loss at each step, before it was taken: of its batch, or of
        all data where a step uses all.
    status : converged, max_steps, stalled, diverged, interrupted or failed; `message`
        says it in a sentence, and names the parameters that the data do not determine.
    steps, epochs, evaluations : counts; `time` in seconds.
    rank : of the Jacobian at the solution; None where it was not computed.
    undetermined : parameters that the data leave open; `combinations` are determined.
    standard_errors : name → standard error, None where undetermined or at a bound;
        None altogether where the method gives none.
    covariance : (p, p) in the order of `parameters`, nan where undetermined.
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
    standard_errors: Mapping[str, float | None] | None = None
    covariance: Array | None = None
    dof: int | None = None

    @property
    def converged(self) -> bool:
        """Whether the fit arrived."""
        return self.status == "converged"

    def combination(self, coefficients: Mapping[str, float]) -> tuple[float, float | None]:
        """(value, standard error) of Σ coefficient·parameter.

        The error is None where the data do not determine the combination, or where the
        method gives no errors.
        """
        value = sum(c * self.parameters[name] for name, c in coefficients.items())
        names = list(self.parameters)
        if self.covariance is None:
            return value, None
        row = np.zeros(len(names))
        for name, c in coefficients.items():
            row[names.index(name)] = c
        used = row != 0
        variance = row[used] @ self.covariance[np.ix_(used, used)] @ row[used]
        return value, float(np.sqrt(variance)) if np.isfinite(variance) else None

    def intervals(self, level: float = 0.95) -> dict[str, tuple[float, float] | None]:
        """name → confidence interval, value ± t·SE; None where undetermined."""
        from scipy.stats import t

        if self.standard_errors is None or not self.dof:
            return dict.fromkeys(self.parameters, None)
        factor = float(t.ppf(0.5 + level / 2, self.dof))
        return {
            name: None
            if (error := self.standard_errors[name]) is None
            else (value - factor * error, value + factor * error)
            for name, value in self.parameters.items()
        }

    def __rich__(self) -> Group:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        head = f"{self.method}: loss {self.loss:.6g} after {self.steps} steps"
        table = Table()
        table.add_column("parameter")
        table.add_column("value", justify="right")
        if self.standard_errors is not None or self.undetermined:
            table.add_column("standard error", justify="right")
        for name, value in self.parameters.items():
            cells = [Text(name), f"{value:.8g}"]
            if len(table.columns) > 2:
                cells.append(self._error_text(name))
            table.add_row(*cells)
        return Group(Text(head), table, Text(self.message))

    def _error_text(self, name: str) -> str:
        if name in self.undetermined:
            return "undetermined"
        error = (self.standard_errors or {}).get(name)
        return "" if error is None else f"{error:.2g}"

    def __str__(self) -> str:
        from io import StringIO

        from rich.console import Console

        out = StringIO()
        Console(file=out, width=88, color_system=None).print(self)
        return out.getvalue().rstrip("\n")

    def __repr__(self) -> str:
        values: dict[str, Any] = {k: float(f"{v:.6g}") for k, v in self.parameters.items()}
        shown = dict(list(values.items())[:6])
        more = f" and {len(values) - 6} more" if len(values) > 6 else ""
        return f"FitResult({self.status}, loss={self.loss:.6g}, {shown}{more})"
