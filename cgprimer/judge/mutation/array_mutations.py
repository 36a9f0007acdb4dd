"""A check of the check of graphs with arrays: mistakes of matrices at every edge.

graph, at ─▶ ArrayMutation of each edge ─▶ found by `judge.arrays`? ─▶ MutationReport

What a name gets of the adjoint of a node is replaced: by what a row of `wrong_rules`
gives, or by a multiple, or by what another name gets. What changes nothing, as a
transpose of a symmetric matrix, is no mistake, and is not put in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cgprimer import takes
from cgprimer.graph.graph import Graph
from cgprimer.judge.arrays.at_points import ArraysAtPoint
from cgprimer.judge.arrays.derivatives import ShareAt, ToldEntries
from cgprimer.judge.arrays.evidence import found
from cgprimer.judge.arrays.passed_on import shares_at
from cgprimer.judge.arrays.points import random_arrays, scalar_outputs
from cgprimer.judge.mutation.mutation_report import (
    OURS,
    MutationReport,
    Outcome,
    sum_up,
)
from cgprimer.judge.verdict import FAIL, PASS
from cgprimer.types import Array, Edge

FACTORS = {"sign flipped": -1.0, "factor 2": 2.0, "1 % off": 1.01, "0.05 % off": 1.0005}
WINDOWS = frozenset(["conv2d", "maxpool2d", "avgpool2d", "slice"])
CHANGED = 1e-9  # relative: less is no mistake


@dataclass(frozen=True, eq=False)
class ArrayMutation:
    """A wrong share of one edge, (n, *dims of wrt)."""

    mistake: str
    one: ShareAt
    values: Array


def array_mutations(at: ArraysAtPoint) -> Iterator[ArrayMutation]:
    """Every mistake at every edge where it changes what the name gets."""
    adjoints = {
        n: d.values for o in scalar_outputs(at.graph) for n, d in at.adjoints(o).items()
    }
    rng = np.random.default_rng(0)
    shares: dict[Edge, ShareAt] = {}
    for edge, of in at.edges.items():
        arrives = adjoints.get(of.node)
        if arrives is None or not np.abs(arrives).max():
            arrives = rng.uniform(0.5, 1.0, (at.width, *at.dims(of.node)))
        shares[edge] = ShareAt(of, arrives)
    for one in shares.values():
        right = one.jacobian.values
        for mistake, values in _wrong(one, shares):
            change = np.abs(values - right)
            if (
                np.isfinite(values).all()
                and (change > CHANGED * np.abs(right).max()).any()
            ):
                yield ArrayMutation(mistake, one, values)


def _wrong(one: ShareAt, shares: Mapping[Edge, ShareAt]) -> Iterator[tuple[str, Array]]:
    right = one.jacobian.values
    for mistake, factor in FACTORS.items():
        yield mistake, factor * right
    for other in shares.values():
        if other.node == one.node and other.wrt != one.wrt:
            values = other.jacobian.values
            if values.shape == right.shape:
                yield "swapped names", values
    for share, values in shares_at(one.of, one.adjoint):
        yield share.kind, values
    if right.ndim > 1 and one.of.body.op.name in WINDOWS:
        yield "stride off by one", np.roll(right, 1, axis=-1)


def mutate_arrays(
    graph: Graph,
    at: Mapping[str, ArrayLike] | None,
    points: int,
    rng: np.random.Generator | int | None,
) -> MutationReport:
    """Put every mistake in at every edge; see `check_mutations`."""
    rng = takes.generator(rng)
    values = random_arrays(graph, points, rng) if at is None else at
    here = ArraysAtPoint(graph, values, given=at is not None)
    outcomes, escaped = [], []
    for mutation in array_mutations(here):
        one = mutation.one
        claim = ToldEntries(mutation.values, one.jacobian.terms)
        caught = int(found(one, claim).verdict == FAIL)
        outcomes.append(Outcome(OURS, mutation.mistake, 1, caught, caught))
        if not caught:
            escaped.append((OURS, mutation.mistake, one.edge))
    right = all(found(one).verdict == PASS for one in here.edges.values())
    return MutationReport(sum_up(outcomes), {OURS: (int(right), 1)}, tuple(escaped))
