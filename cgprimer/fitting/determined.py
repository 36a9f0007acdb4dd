"""What a fit says about its parameters, at the price that this may have.

    objective, point ─▶ Jacobian ─▶ rank, null directions ─▶ names the model confirms
                    └─▶ equations ─▶ scales of units, shifts of logits

The price is counted in operations, not in seconds, so that the same fit says the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cgprimer.fitting.identify import (
    Described,
    Identification,
    Nulls,
    identify,
    lengths,
    reduced,
    triangle,
)
from cgprimer.fitting.invariants import Namer
from cgprimer.fitting.sampled import Sampled
from cgprimer.fitting.symmetry import Symmetry, remarks, symmetries
from cgprimer.graph.objective import Objective

Array = NDArray[np.float64]

BUDGET = 2e9  # operations of linear algebra, about a second, for what nobody asked for
MOST = 10_000  # parameters, beyond which a matrix of them squared is not made
NOISE = 0.1  # a column that consists of rounding by so much has nothing else in it
SWEEPS = 40.0  # operations that a sweep there and back costs per name and sample
UNIT = 5  # parameters that one scale moves, from which on their products are not listed
ROWS = 8_192  # of a Jacobian at a time


def price(objective: Objective) -> float:
    """Operations that the rank takes: a triangular factor, and its singular values."""
    rows, count = objective.targets.size, len(objective.names)
    return 2.0 * rows * count**2 + 25.0 * count**3


def determined(
    objective: Objective, params: Array, wanted: bool
) -> Identification | None:
    """What the data determine at `params`; None where it cannot be said.

    wanted : whether it is worth any price; else, beyond the budget, only what the
        equations show is said, and the rank is None.
    """
    if not np.isfinite(params).all():
        return None
    model = Sampled(objective)
    known = symmetries(objective.problem)
    if len(params) > MOST or (not wanted and price(objective) > BUDGET):
        return _from_equations(objective, model, known, params)
    rounding = model.rounding(params)
    factors = list(_factors(objective, params, rounding >= NOISE))
    units = [_unit(factor, params) for factor in factors]
    worst = np.where(rounding < NOISE, rounding, 0.0).max(axis=0)
    describe = _Describer(objective, model, known, params)
    found = identify(
        factors,
        objective.names,
        objective.targets.size,
        units=units,
        rounding=worst,
        describe=describe,
    )
    return _with_zeros(objective, params, found)


def _factors(
    objective: Objective, params: Array, noise: NDArray[np.bool_]
) -> Iterator[Array]:
    """A triangular factor for every target; for a joint loss one for all of them."""
    targets, count = range(len(objective.targets)), len(objective)
    if objective.loss.joint is None:
        for k in targets:
            yield triangle(
                np.where(noise[k], 0.0, objective.target_jacobian(params, k, rows))
                for rows in _spans(count, ROWS)
            )
        return

    def centred(rows: slice) -> Array:
        every = np.stack([objective.target_jacobian(params, k, rows) for k in targets])
        every -= every.mean(axis=0)
        every[np.broadcast_to(noise[:, None], every.shape)] = 0.0
        return every.reshape(-1, len(params))

    yield triangle(map(centred, _spans(count, max(1, ROWS // len(targets)))))


def _spans(count: int, size: int) -> Iterator[slice]:
    for first in range(0, count, size):
        yield slice(first, min(first + size, count))


def _unit(factor: Array, params: Array) -> float:
    """The size of a target as its parameters make it: of the greatest effect of one."""
    size = lengths(factor)
    return float((size * np.abs(params)).max() or size.max() or 1.0)


class _Describer:
    """Null directions in words: symmetries of the equations first, then by name."""

    def __init__(
        self,
        objective: Objective,
        model: Sampled,
        known: Sequence[Symmetry],
        params: Array,
    ) -> None:
        self.known, self.params = known, params
        self.namer = Namer(model, params, objective.names)

    def __call__(self, nulls: Nulls) -> Described:
        units = {}
        for each in self.known:
            row = each.direction(self.params)[nulls.members] * nulls.effect
            size = np.linalg.norm(row)
            inside = row @ nulls.directions.T @ nulls.directions
            if size > 0 and np.linalg.norm(row - inside) <= 1e-6 * size:
                units[each] = row / size
        told = [each for each in units if each.kind == "shift"]
        scales = [e for e in units if e.kind == "scale" and (units[e] != 0).sum() > 2]
        if len(scales) > 1 or any((units[each] != 0).sum() >= UNIT for each in scales):
            told += scales
        rest = _without(nulls, np.array([units[each] for each in told]))
        made, more = self.namer(rest) if len(rest.directions) else ((), ())
        return made, (*remarks(told), *more)


def _without(nulls: Nulls, told: Array) -> Nulls:
    """The null directions but for those told already.

    One member of each is held still, which leaves all other directions free.
    """
    if not len(told):
        return nulls
    held = [int(row.argmax()) for row in np.abs(reduced(told))]
    _, _, axes = np.linalg.svd(nulls.directions[:, held].T, full_matrices=True)
    rest = axes[len(held) :] @ nulls.directions
    rest[:, held] = 0.0
    return Nulls(nulls.members, rest, nulls.effect)


def _from_equations(
    objective: Objective, model: Sampled, known: Sequence[Symmetry], params: Array
) -> Identification:
    """What can be said without a rank: parameters without effect, and symmetries."""
    silent = _silent(objective, params)
    told = [
        each for each in known if ((each.direction(params) != 0) & ~silent).sum() > 1
    ]
    base, moved = model.predictions(params), params
    for step, each in zip(np.linspace(-0.5, 0.5, len(told)), told, strict=True):
        moved = each.moved(moved, step)
    if not np.abs(model.predictions(moved) - base).max() <= 1e-9 * np.abs(base).max():
        told = []
    touched = silent | np.any([e.direction(params) != 0 for e in told], axis=0)
    names = np.array(objective.names)
    found = Identification(
        None,
        tuple(names[touched].tolist()),
        tuple(names[silent].tolist()),
        remarks=tuple(remarks(told)),
    )
    return _with_zeros(objective, params, found)


def _silent(objective: Objective, params: Array) -> NDArray[np.bool_]:
    """Parameters that no sample feels: no random sum of all residuals has a slope."""
    problem = objective.problem
    found = np.zeros(len(params), dtype=bool)
    if SWEEPS * len(objective) * len(problem.sweeps.table.slots) > BUDGET:
        return found
    rng, total = np.random.default_rng(0), np.zeros(len(params))
    for rows in _spans(len(objective), ROWS):
        values = problem.sweeps.forward(problem.inputs[:, rows], params[:, None])
        seeds = rng.uniform(1, 2, (len(problem.rows), values.shape[1]))
        _, shares = problem.sweeps.backward(
            values,
            params[:, None],
            dict(zip(problem.rows, seeds, strict=True)),
            total=True,
        )
        total += np.abs(shares[:, 0])
    found[:] = total == 0
    return found


def _with_zeros(
    objective: Objective, params: Array, found: Identification
) -> Identification:
    """The same, with the variables beside silent parameters that are always 0."""
    if not found.without_effect:
        return found
    problem, table = objective.problem, objective.problem.sweeps.table
    owner = np.repeat(np.arange(len(table)), np.diff(table.start))
    silent = np.isin(table.parameters, found.without_effect)
    places = np.flatnonzero(table.kinds == "p")
    mine = np.isin(owner, owner[places[silent[table.slots[places]]]])
    beside = np.zeros(len(table.variables), dtype=bool)
    beside[table.slots[mine & (table.kinds == "x")]] = True
    beside[table.defined[owner[mine]]] = True
    for rows in _spans(len(objective), ROWS):
        inputs = problem.inputs[:, rows]
        values = problem.sweeps.forward(inputs, params[:, None])
        beside &= (values == 0).all(axis=1)
    return replace(found, zero=tuple(np.array(table.variables)[beside].tolist()))
