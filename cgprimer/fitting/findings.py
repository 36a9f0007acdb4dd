"""What is known of parameters after a fit → sentences, and fields of the result."""

from __future__ import annotations

from typing import Any

import numpy as np

from cgprimer.fitting.determination import MOST
from cgprimer.fitting.group import CHANCE
from cgprimer.fitting.identification import Identification
from cgprimer.fitting.standard_errors import doubtful, errors_of
from cgprimer.fitting.trail import Trail
from cgprimer.run.objective import Objective

MOST_SAMPLES = 100_000  # that are compared with one another, in a tenth of a second
TOLD = ("rank", "undetermined", "combinations", "null_space")


def findings(
    objective: Objective, end: Trail, known: Identification | None, why: str
) -> tuple[list[str], dict[str, Any]]:
    """Sentences on what is determined and what is not, and what a FitResult holds.

    end : the Trail with its last word. why : there are no standard errors, by `reason`.
    """
    if known is None or known.rank is None:
        why = why or "not computed"
    fields: dict[str, Any] = {"without_errors": why}
    if known is None:
        return ["Which parameters are determined was not computed"], fields
    fields |= {name: getattr(known, name) for name in TOLD}
    if known.rank is None:
        return [*_sentences(known), _not_all(len(end.best))], fields
    with np.errstate(all="ignore"):
        if not why:
            fields |= errors_of(objective, end.best, known)
        told, sentence = doubtful(objective, end.best, known, fields.get("spread"))
    fields["practically_undetermined"] = told
    told_too = _improbable(fields.get("chi_squared"), fields.get("dof"))
    if "spread" in fields:
        told_too += _repetition(objective)
    if told and end.status != "converged":
        sentence = f"At these values {sentence}"
    return [*_sentences(known), *[sentence] * bool(told), *told_too], fields


def _repetition(objective: Objective) -> list[str]:
    """That samples are the same ones again, so that errors come out too small."""
    rows = np.vstack([objective.problem.inputs, objective.targets])
    count = rows.shape[1]
    if count > MOST_SAMPLES or not len(objective.problem.inputs):
        return []
    distinct = np.unique(rows, axis=1).shape[1]
    # Repeated measurements have targets of their own; only the same numbers again are
    # copies.
    said = f"Only {distinct} of {count} samples differ; errors take all as independent"
    return [said] * (2 * distinct <= count)


def _improbable(chi_squared: float | None, dof: int | None) -> list[str]:
    """That the residuals belie sigma, if they do."""
    if chi_squared is None or not dof:
        return []
    from scipy.special import chdtr, chdtrc

    shown = f"χ² is {chi_squared / dof:.3g} per degree of freedom: sigma is too"
    # How often χ² comes out greater, and below how often smaller.
    if chdtrc(dof, chi_squared) < CHANCE:
        return [f"{shown} small, or the model is wrong; the errors rest on sigma"]
    if chdtr(dof, chi_squared) < CHANCE:
        return [f"{shown} great, or too much is fitted; the errors rest on sigma"]
    return []


def _sentences(known: Identification) -> list[str]:
    text = known.sentence()
    return [text[:1].upper() + text[1:] if known.local else text] * bool(text)


def _not_all(count: int) -> str:
    why = f"there are {count} of them"
    if count <= MOST:
        why = "it would take long: write identify=True for it"
    return f"Which parameters are determined was not computed, as {why}"
