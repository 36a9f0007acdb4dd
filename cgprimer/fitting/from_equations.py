"""What can be said of parameters without a rank: where that would cost too much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from cgprimer.fitting.identification import Identification
from cgprimer.fitting.sampled import Sampled
from cgprimer.fitting.symmetry import Symmetry, remarks
from cgprimer.graph.slots import PARAMETER, VARIABLE
from cgprimer.run.objective import Objective
from cgprimer.run.problem import Problem
from cgprimer.types import Array, Mask

SWEEPS = 40.0  # operations that a sweep there and back costs per name and sample
ROWS = 8_192  # samples at a time


def spans(count: int, size: int) -> Iterator[slice]:
    """0 … count in pieces."""
    for first in range(0, count, size):
        yield slice(first, min(first + size, count))


def from_equations(
    objective: Objective,
    model: Sampled,
    known: Sequence[Symmetry],
    params: Array,
    budget: float,
    start: Array | None = None,
) -> Identification:
    """Parameters without effect, if that costs no more than `budget`; symmetries.

    start : where the fit began, and parameters may have an effect.
    """
    silent = np.zeros(len(params), dtype=bool)
    if SWEEPS * len(objective) * objective.problem.slots <= budget:
        silent = _silent(objective, params)
    local = False
    if start is not None and silent.any():
        local = bool((silent & ~_silent(objective, start)).any())
    told = [
        each for each in known if ((each.direction(params) != 0) & ~silent).sum() > 1
    ]
    base, moved = model.predictions(params), params
    # All symmetries at once, each by another amount: if predictions change none is
    # told.
    for step, each in zip(np.linspace(-0.5, 0.5, len(told)), told, strict=True):
        moved = each.apply(moved, step)
    if not np.abs(model.predictions(moved) - base).max() <= 1e-9 * np.abs(base).max():
        told = []
    touched = silent | np.any([e.direction(params) != 0 for e in told], axis=0)
    names = objective.names
    identification = Identification(
        None,
        tuple(names[k] for k in np.flatnonzero(touched).tolist()),
        tuple(names[k] for k in np.flatnonzero(silent).tolist()),
        remarks=tuple(remarks(told)),
        local=local,
    )
    return with_zeros(objective, params, identification)


def _silent(objective: Objective, params: Array) -> Mask:
    """Parameters that no sample feels: no random sum of all residuals has a slope."""
    problem = objective.problem
    rng, total = np.random.default_rng(0), np.zeros(len(params))
    for rows in spans(len(objective), ROWS):
        # A random sum of all targets: slopes that cancel in it by chance do so with
        # probability 0.
        seeds = rng.uniform(1, 2, (len(problem.rows), rows.stop - rows.start))
        total += np.abs(problem.slopes(params, rows, seeds))
    return np.asarray(total == 0)


def with_zeros(
    objective: Objective, params: Array, known: Identification
) -> Identification:
    """`known`, with the variables beside silent parameters that are always 0."""
    problem = objective.problem
    if not known.without_effect or not isinstance(problem, Problem):
        return known
    table = problem.sweeps.table
    owner = np.repeat(np.arange(len(table)), np.diff(table.start))
    silent = np.isin(table.parameters, known.without_effect)
    places = np.flatnonzero(table.kinds == PARAMETER)
    mine = np.isin(owner, owner[places[silent[table.slots[places]]]])
    beside = np.zeros(table.rows.size, dtype=bool)
    beside[table.slots[mine & (table.kinds == VARIABLE)]] = True
    beside[table.defined[owner[mine]]] = True
    for rows in spans(len(objective), ROWS):
        values = problem.sweeps.forward(problem.inputs_at(rows), params[:, None])
        beside &= (values == 0).all(axis=1)
    return replace(known, zero=tuple(np.array(table.variables)[beside].tolist()))
