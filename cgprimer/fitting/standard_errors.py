"""Standard errors: where there are some, why there are none, and what they warn of.

Covariance is A·diag(s²)·Aᵀ with A = (JᵀJ)⁻¹Jᵀ: for one target s²(JᵀJ)⁻¹ with
s² = RSS/dof; several targets each have a noise of their own, so that nobody's units
weigh more; where sigma is given, residuals are in units of it and s is 1.

Source: Seber & Wild, Nonlinear Regression (1989) §2.1 and §2.8.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cgprimer.fitting.arguments import Method
from cgprimer.fitting.identification import Identification, list_names
from cgprimer.fitting.least_squares import LeastSquares
from cgprimer.fitting.matrices import lengths
from cgprimer.fitting.sampled import Sampled
from cgprimer.run.objective import Objective
from cgprimer.types import Array, Mask

EXACT = 8 * np.finfo(float).eps  # residuals beside the data, that are rounding: a few
# ulps, as the last digits of readings with a great offset are noise like any other
# JᵀJ with columns at a cosine of 0.99995 has an inverse 1e4 times that of columns
# alone.
ALIKE = 1e4  # growth of a variance by other parameters: alike but for 1 % …
SAME = 1e10  # … and but for 1e-5, where no noise is known to hold it against
CURVED = 0.5  # change of a parameter's effect within one standard error: no longer one
PAIR = 0.999  # correlation, from which on two parameters are named as alike
FEW = 20  # parameters that are looked at for that


def reason(objective: Objective, method: Method, status: str, asked: bool) -> str:
    """Why there are no standard errors; empty where there can be some."""
    if not isinstance(method, LeastSquares):
        return f"none by {method.label}"
    if objective.loss.name != "mse":
        return f"none with {objective.loss.name}"
    if not asked:
        return "not asked for"
    return {"converged": "", "trivial": "trivial fit"}.get(status, "not converged")


def errors_of(
    objective: Objective, params: Array, known: Identification
) -> dict[str, Any]:
    """The fields of a FitResult that hold errors."""
    assert known.rank is not None
    residuals = objective.residuals(params).reshape(objective.targets.shape)
    squares = (residuals**2).sum(axis=1)
    dof = objective.targets.size - known.rank
    # Each target pays for the parameters that its residuals have taken: the leverages
    # add up to the rank.
    left = len(objective) - known.leverage
    sigma = objective.sigma
    variance = np.full(len(squares), squares.sum() / dof if dof else np.nan)
    if sigma is not None:
        variance[:] = 1.0
        residuals = residuals * sigma
    elif (left >= 1).all():  # else a target has too few samples for a noise of its own
        variance = squares / left
    half = known.half * np.sqrt(variance)[known.target]
    rms = np.sqrt((residuals**2).mean(axis=1))
    # A target met to rounding has an s of 1e-16, which would make its parameters seem
    # to be known to sixteen digits.
    met = rms <= EXACT * np.abs(objective.targets).max(axis=1)
    noisy = lengths(known.half[:, ~met[known.target]].T)
    without = noisy <= EXACT * lengths(known.half.T)  # it rests on what is met only
    return {
        "spread": half @ half.T,
        "dof": dof,
        "chi_squared": None if sigma is None else float(squares.sum()),
        "noise_free": tuple(np.array(objective.names)[without].tolist()),
        "without_errors": "" if dof or sigma is not None else "n = p",
    }


def doubtful(
    objective: Objective, params: Array, known: Identification, spread: Array | None
) -> tuple[tuple[str, ...], str]:
    """Parameters that are determined in name only, and a sentence about them.

    With errors: those above their values whose effects are nearly those of others, or
    change within the error so much that it means nothing. Without: the nearly alike.
    """
    names, model, unit = objective.names, Sampled(objective), known.inverse
    # (JᵀJ)⁻¹ beside 1/|column|²: how much larger the variance is for the other
    # parameters.
    growth = np.diag(unit) * known.size**2
    open_ = np.isin(names, known.undetermined)
    if spread is None or not np.isfinite(spread).all():
        chosen = alike = np.flatnonzero((growth > SAME) & ~open_)
        why = ""
    else:
        # An error as large as the value: the sign is not even known.
        wide = np.flatnonzero((np.sqrt(np.diag(spread)) > np.abs(params)) & ~open_)
        alike = wide[growth[wide] > ALIKE]
        # Two Jacobians each: of many, the first are looked at.
        bent = [_bends(model, params, spread, j) for j in wide[:FEW].tolist()]
        chosen = np.union1d(alike, wide[:FEW][np.array(bent, dtype=bool)])
        why = (
            "their standard errors exceed their values"
            if len(chosen) > 1
            else "its standard error exceeds its value"
        )
    if not len(chosen):
        return (), ""
    reasons = [why] * bool(why)
    if len(alike):
        reasons.append(_closest(names, unit, open_, int(alike[0])))
    doubted = tuple(np.array(names)[chosen].tolist())
    verb = "are" if len(doubted) > 1 else "is"
    told = f"{list_names(doubted)} {verb} practically undetermined"
    return doubted, f"{told}: {', and '.join(reasons)}"


def _bends(model: Sampled, params: Array, spread: Array, number: int) -> bool:
    """Whether the effect of a parameter changes within its own standard error."""
    # One standard error of the parameter, and of the others what goes with it.
    step = spread[:, number] / np.sqrt(spread[number, number])
    base, *moved = (
        model.jacobian(p)[..., number].reshape(-1, 1)
        for p in (params, params + step, params - step)
    )
    with np.errstate(all="ignore"):
        gaps = lengths(np.hstack(moved) - base)
    return not (gaps <= CURVED * lengths(base)).all()


def _closest(names: Sequence[str], unit: Array, open_: Mask, number: int) -> str:
    """With which parameter one is correlated most."""
    size = np.sqrt(np.diag(unit))
    with np.errstate(all="ignore"):
        shares = unit[number] / size / size[number]
    # Undetermined ones have no correlation to speak of.
    shares[open_ | ~np.isfinite(shares)] = 0.0
    shares[number] = 0.0
    other = int(np.abs(shares).argmax())
    share = abs(float(shares[other]))
    if share < PAIR:
        return f"other parameters together nearly make up for {names[number]}"
    sign = "-" if shares[other] < 0 else ""
    return (
        f"the data hardly tell {names[number]} from {names[other]} "
        f"(correlation {sign}{_below_one(share)})"
    )


def _below_one(share: float) -> str:
    """0.9998, 0.999987: digits until the second that is not 9, and never 1."""
    # 0.9999996 in four digits would be 1.0000, which it is not.
    digits = int(min(14, 1 - np.floor(np.log10(max(1 - share, 1e-15)))))
    cut = np.floor(min(share, 1 - 1e-14) * 10.0**digits) / 10.0**digits
    return f"{cut:.{digits}f}"
