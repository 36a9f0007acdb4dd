"""Derivatives with one wrong rule on the way: what backpropagation makes of it.

TotalAt or edge ─▶ (WrongShare, edge, values that the derivative would have)

A mistake at one edge adds the same to the total as what it adds there, passed on along
all ways from there to the name; that is linear, so one kernel serves all mistakes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cgprimer.diff.chain_rule import plus
from cgprimer.diff.sweep import partials
from cgprimer.errors import CGPrimerError
from cgprimer.expr.node import Node, leaves
from cgprimer.expr.ops import ZERO, name
from cgprimer.judge.arrays.at_points import ArraysAtPoint
from cgprimer.judge.arrays.derivatives import (
    ArrayDerivative,
    EdgeAt,
    ShareAt,
    TotalAt,
    free_name,
)
from cgprimer.judge.arrays.wrong_rules import WrongShare, wrong_shares
from cgprimer.run.arrays.evaluation import run
from cgprimer.run.arrays.kernel import ArrayKernel
from cgprimer.types import Array, Edge

Changed = tuple[WrongShare, Edge, Array]


def gradients_with(one: ArrayDerivative) -> Iterator[Changed]:
    """What the derivative would be with each mistake of the table, nearest first."""
    if isinstance(one, TotalAt):
        yield from _totals(one)
    elif isinstance(one, ShareAt):
        for share, values in shares_at(one.of, one.adjoint):
            yield share, one.edge, values
    elif isinstance(one, EdgeAt) and not one.map.outside:
        for share, values in shares_at(one, np.ones(one.at.width)):
            yield share, one.edge, values


def shares_at(edge: EdgeAt, adjoint: Array) -> Iterator[tuple[WrongShare, Array]]:
    """Every wrong share of an edge with its values (n, *dims of wrt)."""
    at = edge.at
    sizing = at.sizing.copy()
    sizing.names[edge.seed] = at.dims(edge.node)
    for share in wrong_shares(
        at.bodies[edge.node], edge.node, edge.wrt, edge.seed, sizing
    ):
        values = _values(at, {" ": share.node}, edge.seed, adjoint, edge.node)
        if values is not None:
            yield share, np.broadcast_to(values, (at.width, *at.dims(edge.wrt)))


def _totals(one: TotalAt) -> Iterator[Changed]:
    at, output = one.at, one.node
    inside = at.below(output)
    adjoints, true = at.adjoints(output), one.jacobian.values
    # Nearest to the name first, as its own equations are what a reader looks at.
    edges = [e for e in at.edges.values() if e.node in inside]
    ways = [e for e in edges if one.wrt in at.below(e.wrt)]
    for edge in ways:
        right = ShareAt(edge, adjoints[edge.node].values).jacobian.values
        for share, values in shares_at(edge, adjoints[edge.node].values):
            passed = _passed(one, edge.wrt, values - right)
            if passed is not None:
                yield share, edge.edge, true + passed


def _passed(one: TotalAt, start: str, adjoint: Array) -> Array | None:
    """What the name gets of something that is added to the adjoint of another."""
    at = one.at
    if start == one.wrt:
        return adjoint
    seed = free_name(f"d{start}", at.sizing)
    bodies, found = _ways_back(at, start, seed, one.wrt)
    if found is None:
        return None
    values = _values(at, {**bodies, " ": found}, seed, adjoint, start)
    return values if values is None else np.broadcast_to(values, adjoint_shape(at, one))


def adjoint_shape(at: ArraysAtPoint, one: ArrayDerivative) -> tuple[int, ...]:
    """(n, *dims of wrt)."""
    return at.width, *at.dims(one.wrt)


def _ways_back(
    at: ArraysAtPoint, start: str, seed: str, end: str
) -> tuple[dict[str, Node], Node | None]:
    """Adjoints of all names between, each as an expression in those of its users."""
    sizing = at.sizing.copy()
    sizing.names[seed] = at.dims(start)
    adjoint: dict[str, Node] = {start: name(seed)}
    for node in reversed([*at.bodies]):
        if node not in adjoint or node == end:
            continue
        wrt = [n for n in leaves(at.bodies[node]) if end in at.below(n)]
        by = partials(at.bodies[node], map(name, wrt), adjoint[node], sizing=sizing)
        for text in wrt:
            share = by[name(text)]
            if share is not ZERO:
                known = adjoint.get(text)
                adjoint[text] = plus(known, share) if known is not None else share
    return {}, adjoint.get(end)


def _values(
    at: ArraysAtPoint, bodies: dict[str, Node], seed: str, adjoint: Array, node: str
) -> Array | None:
    sizing = at.sizing.copy()
    sizing.names[seed] = at.dims(node)
    given: dict[str, Any] = {**at.values, seed: adjoint}
    try:
        sizing.of(bodies[" "])
        kernel = ArrayKernel(bodies, [" "], sizing, at.sampled | {seed})
        return run(kernel, given)[0]
    except (CGPrimerError, ValueError, IndexError):
        return None
