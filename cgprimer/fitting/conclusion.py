"""What is found out about a fit once its method has ended, and the FitResult of it.

    Attempt: graph, data, method, Trail ─ result ─▶ is it better than constants, what is
             determined, has the loss a minimum at all ─▶ words and fields ─▶ FitResult

`fit` makes an Attempt before it begins, so that a fit has a result wherever Ctrl-C
comes; what is found out may then take only so many operations. `minimize`, which has no
data, calls `assemble` alone.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cgprimer.errors import listing
from cgprimer.expr.ops import Op
from cgprimer.fitting.advice import Ending
from cgprimer.fitting.arguments import Data, Method
from cgprimer.fitting.baseline import Baseline, beside_constants, plain_loss
from cgprimer.fitting.determination import determine, price
from cgprimer.fitting.downhill import is_endless, runaways
from cgprimer.fitting.exchanged import untied
from cgprimer.fitting.findings import findings
from cgprimer.fitting.identification import Identification
from cgprimer.fitting.least_squares import LeastSquares
from cgprimer.fitting.objective import varies
from cgprimer.fitting.outcome import sentences_of, status_of
from cgprimer.fitting.result import FitResult
from cgprimer.fitting.sampled import Sampled
from cgprimer.fitting.standard_errors import reason
from cgprimer.fitting.trail import Trail
from cgprimer.graph.graph import Graph
from cgprimer.graph.names import in_no_equation
from cgprimer.notation.report import printable
from cgprimer.run.arrays.entries import Entries
from cgprimer.run.arrays.posed import ArrayProblem
from cgprimer.run.losses import Loss
from cgprimer.run.objective import Objective
from cgprimer.types import Array

MOST_ENTRIES = 10**8  # of a Jacobian, beyond which the rank is not computed
SEPARABLE = 0.99  # R² from which squares may fall to zero without end, as logits do
PASSES = 20  # over the samples, that a comparison with constants takes
UNNEEDED = "nothing that is fitted depends on it"


@dataclass(frozen=True, eq=False)
class Attempt:
    """A fit as it was asked for, and the Trail that its method leaves.

    identify : as in `fit`. names : of what is fitted, entries where some are arrays.
    """

    graph: Graph
    data: Data
    loss: Loss
    method: Method
    trail: Trail
    identify: bool | None
    names: Sequence[str]

    def result(self, objective: Objective | None, most: float) -> FitResult:
        """The best so far, with what takes up to `most` operations to find out."""
        trail = self.trail
        # Interrupted before there was an objective, or with so many data that a look at
        # them would take too long.
        if objective is None or _cost(objective) > most:
            return self._brief_result(objective)
        if trail.status == "interrupted":
            _look_at_the_last(objective, trail)
        known = self._identification(objective) if price(objective) <= most else None
        baseline = self._baseline(objective, known)
        self._look_beyond(objective, baseline)
        status = status_of(trail, baseline, not isinstance(self.method, LeastSquares))
        words = [untied(objective, trail.best)] if self.loss.is_output else []
        if any(words) and status == "converged":
            status = "trivial"
        words = [*self._sentences(status, baseline), *filter(None, words)]
        words += remarks_on_custom(objective.problem.asked)
        words += self._notes(objective)
        end = replace(trail, status=status)
        why = reason(objective, self.method, status, self.identify is not False)
        more, fields = findings(objective, end, known, why)
        if objective.sigma is not None:
            end.loss = plain_loss(objective, self.loss, trail.best)
        fields["r_squared"] = baseline.r_squared if baseline else {}
        return self._assemble(end, [*words, *more], **fields)

    def _sentences(self, status: str, baseline: Baseline | None) -> list[str]:
        exact = isinstance(self.method, LeastSquares)
        ending = Ending(self.trail, self.names, exact)
        return sentences_of(status, ending, baseline)

    def _assemble(self, end: Trail, words: Sequence[str], **fields: Any) -> FitResult:
        fields["loss_name"] = f"{self.loss.name} over all data"
        return assemble(self.names, self.method, end, words, **fields)

    def _brief_result(self, objective: Objective | None) -> FitResult:
        """The best so far, and what was not computed of it."""
        trail = self.trail
        if objective is not None and objective.sigma is not None:
            # A loss in other units than the data's would be read as one in theirs.
            trail = replace(trail, loss=np.nan)  # it is in units of sigma
        words = self._sentences("interrupted", None)
        words += [*remarks_on_loss(trail), "R² was not computed"]
        words.append("Which parameters are determined was not computed")
        return self._assemble(trail, words, without_errors="interrupted")

    def _baseline(
        self, objective: Objective, known: Identification | None
    ) -> Baseline | None:
        # What is itself the loss has no targets that a constant could meet.
        if self.loss.is_output:
            return None
        # Without a rank every parameter counts: a gain must be the larger.
        rank = (known and known.rank) or len(objective.names)
        problem = objective.problem
        targets: list[str] = [*self.data.targets]
        if isinstance(problem, ArrayProblem):
            targets = [*problem.target_entries]
        best = self.trail.best
        with np.errstate(all="ignore"):
            return beside_constants(objective, targets, self.loss, best, rank)

    def _identification(self, objective: Objective) -> Identification | None:
        """Rank and null directions at the best point, where they can be had in time."""
        squares, params = isinstance(self.method, LeastSquares), self.trail.best
        entries = objective.targets.size * len(params)
        # The decomposition comes on top of the Jacobian that the method has made: its
        # limit is lower than that of the method.
        too_much = squares and entries > MOST_ENTRIES and not self.identify
        if self.identify is False or too_much or _is_declared(objective):
            return None
        # At a minimum no sample feels anything of a loss itself.
        if self.loss.is_output:
            return None
        try:
            with np.errstate(all="ignore"):
                wanted = bool(self.identify) or squares
                return determine(objective, params, wanted, self.trail.origin)
        except (np.linalg.LinAlgError, ValueError):
            return None

    def _look_beyond(self, objective: Objective, baseline: Baseline | None) -> None:
        """Whether the loss has a minimum this way; without one none was reached."""
        trail, loss = self.trail, self.loss
        if trail.status not in ("max_steps", "stalled", "converged"):
            return
        trail.gone = runaways(Sampled(objective).predictions, trail.origin, trail.best)
        if baseline is None:
            return
        if loss.from_logits or min(baseline.r_squared.values()) > SEPARABLE:
            trail.endless = is_endless(
                lambda params: plain_loss(objective, loss, params), trail.best
            )

    def _notes(self, objective: Objective) -> list[str]:
        """What of the data and of the graph had no part in the fit, in sentences."""
        notes, data = [*self.graph.doubts], self.data
        if self.graph.unused:
            notes.append(in_no_equation(self.graph.unused))
        if data.ignored:
            many = len(data.ignored) > 1
            columns = f"The column{'s' * many} {listing(data.ignored)} of the data"
            notes.append(f"{columns} {'were' if many else 'was'} not used")
        notes += data.remarks
        if data.sigma is not None and objective.sigma is None and varies(data.sigma):
            notes.append(
                "All samples weigh the same; weighted=True weighs them by sigma"
            )
        return notes


def _cost(objective: Objective) -> float:
    """Operations of a comparison with constants."""
    return float(objective.problem.operations + PASSES) * len(objective)


def _is_declared(objective: Objective) -> bool:
    """Whether the gradient is on purpose no derivative, so that no rank follows."""
    asked = objective.problem.asked.items()
    return any(use and op.contract != "exact" for op, use in asked)


def _look_at_the_last(objective: Objective, trail: Trail) -> None:
    """Where an interrupted descent stands may be better than the best so far."""
    reached = trail.best if trail.state is None else trail.state[0].copy()
    with np.errstate(all="ignore"):
        # Interrupted within the first epoch, not even the start has a loss yet.
        for params in (trail.best,) * bool(np.isnan(trail.loss)) + (reached,):
            trail.keep(params, objective.value(params))


def remarks_on_custom(asked: Mapping[Op, bool | None]) -> list[str]:
    """What to know of a gradient that is no derivative, and of unused backwards.

    asked : of every custom op, whether its backward is in use: None where nothing that
    is fitted depends on it.
    """
    sentences = [
        f"The gradient through {op.name} is a declared {op.contract}, no derivative"
        for op, use in asked.items()
        if use and op.contract != "exact"
    ]
    for use, why in ((False, "no parameter lies before it"), (None, UNNEEDED)):
        idle = [op.name for op, u in asked.items() if op.pullback and u is use]
        if idle:
            sentences.append(
                f"The backward of {listing(idle)} was never asked for: {why}"
            )
    return sentences


def remarks_on_loss(trail: Trail) -> list[str]:
    """That the loss is missing, if it is, and what that means."""
    if not np.isnan(trail.loss):
        return []
    same = " and nothing better than the start is known" * (trail.best is trail.params)
    return [f"Their loss was not computed{same}"]


def _named(names: Sequence[str], values: Array) -> dict[str, Any]:
    """Values by name: numbers, or arrays where the names are those of entries."""
    if not isinstance(names, Entries):
        return dict(zip(names, values.tolist(), strict=True))
    # A copy, so that no array holds all others.
    return {
        name: array.copy() if array.ndim else float(array)
        for name, array in names.split(values).items()
    }


def assemble(
    names: Sequence[str],
    method: Method,
    trail: Trail,
    words: Sequence[str],
    **fields: Any,
) -> FitResult:
    """The FitResult of a Trail.

    names : of what was fitted. words : sentences without their full stops.
    """
    return FitResult(
        _named(names, trail.best),
        trail.loss,
        np.array(trail.losses),
        trail.status,
        printable(". ".join(words) + "."),
        method.label,
        len(trail.losses),
        trail.epochs,
        trail.evaluations,
        time.perf_counter() - trail.began,
        epoch_losses=np.array(trail.overall),
        epoch_counts=np.array([counts for _, *counts in trail.marks]),
        **fields,
    )
