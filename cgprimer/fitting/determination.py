"""What a fit says about its parameters, at the price that this may have.

    objective, point ─▶ Jacobian ─▶ rank, null directions ─▶ names the model confirms
                    └─▶ equations ─▶ scales of units, shifts of logits

The price is counted in operations, not in seconds, so that the same fit says the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from cgprimer.fitting.from_equations import ROWS, from_equations, spans, with_zeros
from cgprimer.fitting.identification import Described, Identification, Nulls
from cgprimer.fitting.identify import identify
from cgprimer.fitting.invariants import Namer
from cgprimer.fitting.matrices import reduce_rows, triangle
from cgprimer.fitting.sampled import NOTHING, Sampled
from cgprimer.fitting.symmetry import Symmetry, remarks, symmetries
from cgprimer.run.objective import Objective
from cgprimer.types import Array, Mask

BUDGET = 2e9  # operations of linear algebra, about a second, for what nobody asked for
MOST = 10_000  # parameters, beyond which a matrix of them squared is not made
UNIT = 5  # parameters that one scale moves, from which on their products are not listed


def price(objective: Objective) -> float:
    """Operations that the rank takes: a triangular factor, and its singular values."""
    rows, count = objective.targets.size, len(objective.names)
    return 2.0 * rows * count**2 + 25.0 * count**3


def determine(
    objective: Objective, params: Array, wanted: bool, start: Array | None = None
) -> Identification | None:
    """What the data determine at `params`; None where it cannot be said.

    wanted : whether it is worth any price; else, beyond the budget, only what the
        equations show is said, and the rank is None.
    start : where the fit began, and more may be felt.
    """
    if not np.isfinite(params).all():
        return None
    model = Sampled(objective)
    known = symmetries(objective.problem)
    # What the equations show costs one walk, at any number of parameters.
    if len(params) > MOST or (not wanted and price(objective) > BUDGET):
        return from_equations(objective, model, known, params, BUDGET, start)
    rounding, names = model.rounding(params), objective.names
    factors = list(_factors(objective, params, rounding >= NOTHING))
    ranked, nulls = identify(factors, params, names, objective.targets.size, rounding)
    if len(nulls.members):
        namer = Namer(model, params, names)
        combinations, remarks = _describe(nulls, known, namer)
        ranked = replace(ranked, combinations=combinations, remarks=remarks)
    if ranked.undetermined and start is not None:
        ranked = replace(ranked, local=_is_local(model, names, params, start))
    return with_zeros(objective, params, ranked)


def _is_local(
    model: Sampled, names: Sequence[str], params: Array, start: Array
) -> bool:
    """Whether the samples determine more where the fit began, or near `params`.

    A unit that died, two rates that became the same, or an effect that is rounded away
    at the end of a failed fit are no properties of the model.
    """
    # Three more decompositions would be needed.
    if 25.0 * len(params) ** 3 > BUDGET:
        return False

    def look(at: Array) -> Identification:
        rounding, rows = model.rounding(at), model.jacobian(at)
        # On some samples only, and by the same rules at all three points, so that ranks
        # compare.
        rows = np.where(rounding[:, None] >= NOTHING, 0.0, rows)
        blocks = [rows.reshape(-1, len(at))] if model.joint else list(rows)
        factors = [triangle([block]) for block in blocks]
        return identify(factors, at, names, rows.size // len(at), rounding)[0]

    def is_more(at: Array) -> bool:
        try:
            there = look(at)
        except np.linalg.LinAlgError:  # not finite there
            return False
        felt = set(here.without_effect) - set(there.without_effect)
        return (there.rank or 0) > (here.rank or 0) or bool(felt)

    # The start, and the end with every parameter turned by up to 30 %: two equal rates
    # are equal at that point alone.
    here, turn = look(params), np.random.default_rng(4).uniform(0.7, 1.3, len(params))
    return any(map(is_more, (start, np.where(params != 0, params, start) * turn)))


def _factors(objective: Objective, params: Array, noise: Mask) -> Iterator[Array]:
    """A triangular factor for every target; for a joint loss one for all of them."""
    targets, count = range(len(objective.targets)), len(objective)
    if objective.loss.joint is None:
        for k in targets:
            yield triangle(
                np.where(noise[k], 0.0, objective.target_jacobian(params, k, rows))
                for rows in spans(count, ROWS)
            )
        return

    def centre(rows: slice) -> Array:
        every = np.stack([objective.target_jacobian(params, k, rows) for k in targets])
        # A softmax sees differences of logits: what all share has no effect.
        every -= every.mean(axis=0)
        every[np.broadcast_to(noise[:, None], every.shape)] = 0.0
        return every.reshape(-1, len(params))

    yield triangle(map(centre, spans(count, max(1, ROWS // len(targets)))))


def _describe(nulls: Nulls, known: Sequence[Symmetry], namer: Namer) -> Described:
    """Null directions in words: symmetries of the equations first, then by name."""
    units = {}
    for each in known:
        row = each.direction(namer.params)[nulls.members] * nulls.effect
        size = np.linalg.norm(row)
        # The symmetry is told only if its direction lies in the null space that was
        # found.
        inside = row @ nulls.directions.T @ nulls.directions
        if size > 0 and np.linalg.norm(row - inside) <= 1e-6 * size:
            units[each] = row / size
    told = [each for each in units if each.kind == "shift"]
    # A scale of two parameters is a product or a quotient of two: `invariants` names
    # it.
    scales = [e for e in units if e.kind == "scale" and (units[e] != 0).sum() > 2]
    # w1/v, w2/v, … of one unit with five or more weights would fill lines with
    # products.
    if len(scales) > 1 or any((units[each] != 0).sum() >= UNIT for each in scales):
        told += scales
    rest = _without(nulls, np.array([units[each] for each in told]))
    made, more = namer(rest) if len(rest.directions) else ((), ())
    return made, (*remarks(told), *more)


def _without(nulls: Nulls, told: Array) -> Nulls:
    """The null directions but for those told already.

    One member of each is held still, which leaves all other directions free.
    """
    if not len(told):
        return nulls
    # Of each told direction its pivot: with it at rest, that direction cannot return.
    held = [int(row.argmax()) for row in np.abs(reduce_rows(told))]
    _, _, axes = np.linalg.svd(nulls.directions[:, held].T, full_matrices=True)
    rest = axes[len(held) :] @ nulls.directions
    rest[:, held] = 0.0
    return Nulls(nulls.members, rest, nulls.effect)
