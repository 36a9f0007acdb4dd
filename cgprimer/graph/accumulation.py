"""Derivatives from the numbers on the edges of a graph: sums over its paths.

    edges : (node, wrt) → ∂node/∂wrt (n,), nodes in topological order

    totals         d output / d name, for every name        reverse accumulation
    tangents       d name / d wrt, for every name           forward accumulation
    path_terms     Σ|terms| of totals, for their rounding   reverse accumulation
    path_products  each path, and its product of partials   one path after another

All are the chain rule of `diff.chain_rule` on arrays of n points. The edges may be our
own partials, differences, or somebody's mistaken ones: `judge` asks what a total would
be with them. `run.sweeps` computes the totals of a graph without its edges.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce

import numpy as np

from cgprimer.diff.chain_rule import accumulate
from cgprimer.graph.walks import count_paths, edges_along, walks
from cgprimer.grouping import grouped
from cgprimer.types import Array, Edge

PATHS = 64  # of one name to one output that are looked at one by one

Links = dict[str, list[tuple[str, Array]]]


def totals(edges: Mapping[Edge, Array], output: str) -> dict[str, Array]:
    """d output / d name for every name below it, and 1 for itself."""
    return _along(_uses(edges), output, _ones(edges))


def tangents(edges: Mapping[Edge, Array], wrt: str) -> dict[str, Array]:
    """d name / d wrt for every name that depends on it, and 1 for itself."""
    # `wrt` may be a variable with an equation of its own: what that is computed from
    # has no part in a derivative by it, and is not reached.
    return _along(_users(edges), wrt, _ones(edges))


def _along(links: Links, start: str, one: Array) -> dict[str, Array]:
    """Products of partials from `start` on, summed wherever links meet."""

    def shares(name: str, arriving: Array) -> list[tuple[str, Array]]:
        return [(other, arriving * partial) for other, partial in links[name]]

    with np.errstate(all="ignore"):
        return accumulate(links, {start: one}, shares, operator.add)


def _ones(edges: Mapping[Edge, Array]) -> Array:
    return np.ones(len(next(iter(edges.values()), np.zeros(1))))


def _uses(edges: Mapping[Edge, Array]) -> Links:
    """Node → (what it uses, the partial by that); every node after its users."""
    backwards = reversed(list(edges.items()))
    return grouped((node, (wrt, partial)) for (node, wrt), partial in backwards)


def _users(edges: Mapping[Edge, Array]) -> Links:
    """Name → (a node that uses it, its partial); every name after what it uses."""
    # The edges of a node come before those of its users: so a name is met as an
    # argument after all that it uses itself has been.
    return grouped((wrt, (node, partial)) for (node, wrt), partial in edges.items())


def path_terms(
    edges: Mapping[Edge, Array],
    sizes: Mapping[Edge, Array],
    weights: Mapping[str, Array],
) -> dict[str, Array]:
    """Σ|terms| of d Σ c·output / d name: times ε, what rounding does to it.

    sizes : Σ|terms| of every partial. A path carries the rounding of each partial on
        it, and one more for every product and sum.
    weights : output → its factor c (n,).
    """
    links = _uses(edges)

    def shares(node: str, arriving: Array) -> Iterator[tuple[str, Array]]:
        # Two rows: Σ|products| of the paths down to here, and the Σ|terms| of these.
        paths, terms = arriving
        for wrt, partial in links[node]:
            size = np.abs(partial)
            # For each path: what the partial of this edge is off, one product and one
            # sum, and what has been carried down to the node.
            own = paths * (sizes[node, wrt] + 2 * size)
            yield wrt, np.stack([paths * size, own + terms * size])

    seeds = {text: np.stack([np.abs(c), 0.0 * c]) for text, c in weights.items()}
    with np.errstate(all="ignore"):
        rows = accumulate(links, seeds, shares, operator.add)
    return {text: terms for text, (_, terms) in rows.items()}


def below(edges: Iterable[Edge], output: str) -> set[str]:
    """Every name that `output` depends on, and itself."""
    names = {output}
    for node, wrt in reversed(list(edges)):
        if node in names:
            names.add(wrt)
    return names


def path_products(
    edges: Mapping[Edge, Array], output: str, wrt: str
) -> dict[tuple[str, ...], Array]:
    """Each path `wrt`, …, `output` and its product of partials; {} beyond PATHS."""
    inside, one = below(edges, output), _ones(edges)
    # The last users first: of several paths that fit a claim the first one is told.
    arcs = [(wrt, node) for node, wrt in edges if node in inside]
    users = grouped(reversed(arcs))
    # Layers of n nodes have n^layers paths. To tell one left out among so many would
    # take as many candidates, some of which fit by chance.
    if count_paths(users, wrt, output) > PATHS:
        return {}
    return {
        path: reduce(operator.mul, (edges[edge] for edge in edges_along(path)), one)
        for path in walks(users, wrt, output)
    }
