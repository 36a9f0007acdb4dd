"""Total derivatives as sums over edges, and the edge behind wrong ones.

A total derivative is a polynomial in the edge partials, of degree one in each. So one
wrong edge `e` changes every total through it by the same factor q on its share:

    claimed = total without e + q · (total - total without e)

and where one q fits all claims, q·∂ is what the author must have taken for the edge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cgprimer.checking.claims import Edge
from cgprimer.checking.explain import Wrong

Array = NDArray[np.float64]

RESOLVED = 1e-4  # a share of a total that cannot be told so well says nothing


def totals(edges: Mapping[Edge, Array], output: str) -> dict[str, Array]:
    """d output / d name for every name below it: reverse accumulation over edges.

    edges : (node, wrt) → partial (n,), nodes in topological order.
    """
    width = len(next(iter(edges.values()), np.zeros(1)))
    adjoint = {output: np.ones(width)}
    with np.errstate(all="ignore"):
        for (node, wrt), partial in reversed(list(edges.items())):
            if node in adjoint:
                share = adjoint[node] * partial
                adjoint[wrt] = adjoint[wrt] + share if wrt in adjoint else share
    return adjoint


def terms(
    edges: Mapping[Edge, Array], sizes: Mapping[Edge, Array], output: str
) -> dict[str, Array]:
    """Σ|terms| of every total derivative: times ε, what rounding does to it.

    sizes : Σ|terms| of every partial. A path carries the rounding of each partial on
        it, and one more for every product and sum.
    """
    paths = totals({edge: np.abs(partial) for edge, partial in edges.items()}, output)
    found = {output: np.zeros_like(paths[output])}
    with np.errstate(all="ignore"):
        for (node, wrt), partial in reversed(list(edges.items())):
            if node in found:
                own = paths[node] * (sizes[node, wrt] + 2 * np.abs(partial))
                carried = found[node] * np.abs(partial)
                found[wrt] = found.get(wrt, 0.0) + own + carried
    return found


def below(edges: Iterable[Edge], output: str) -> set[str]:
    """Every name that `output` depends on, and itself."""
    found = {output}
    for node, wrt in reversed(list(edges)):
        if node in found:
            found.add(wrt)
    return found


@dataclass(frozen=True)
class Culprit:
    """Edges that explain all wrong totals, with what was taken for their partials.

    edges : one, or all that lead into one node; `factor` is their common q.
    """

    edges: tuple[Edge, ...]
    factor: Array
    slack: Array

    def wrong(self, own: Mapping[Edge, Array], edge: Edge) -> Wrong:
        """What was taken for the partial of `edge`, beside what it is."""
        size = np.abs(own[edge])
        return Wrong(self.factor * own[edge], own[edge], self.slack * size)


def culprits(
    edges: Mapping[Edge, Array],
    output: str,
    claimed: Mapping[str, Array],
    slack: float,
) -> Iterator[Culprit]:
    """Edges that, wrong by a factor, give exactly the claimed totals.

    Single edges in topological order, then all edges into one node. `slack` tells how
    well claims are known, relative to the sum of all terms.
    """
    true = totals(edges, output)
    scale = totals({edge: np.abs(p) for edge, p in edges.items()}, output)
    inside = below(edges, output)
    into: dict[str, list[Edge]] = {}
    for edge in edges:
        if edge[0] in inside:
            into.setdefault(edge[0], []).append(edge)
    single = [(edge,) for group in into.values() for edge in group]
    several = [tuple(group) for group in into.values() if len(group) > 1]
    for group in (*single, *several):
        without = totals({**edges, **{e: 0 * edges[e] for e in group}}, output)
        found = _factor(claimed, true, without, scale, slack)
        if found is not None:
            yield Culprit(group, *found)


def _factor(
    claimed: Mapping[str, Array],
    true: Mapping[str, Array],
    without: Mapping[str, Array],
    scale: Mapping[str, Array],
    slack: float,
) -> tuple[Array, Array] | None:
    """The q of the module's formula where one fits every claim, and its uncertainty."""
    zero = np.zeros_like(next(iter(true.values())))
    rows = [
        (claim, true.get(w, zero), without.get(w, zero), scale.get(w, zero))
        for w, claim in claimed.items()
    ]
    claims, whole, rest, sizes = (np.array(part) for part in zip(*rows, strict=True))
    share = whole - rest
    sizes = slack * np.maximum(sizes, np.abs(claims)) + 1e-300
    with np.errstate(all="ignore"):
        unsure = sizes / np.abs(share)
        best = np.argmin(np.where(np.isnan(unsure), np.inf, unsure), axis=0)[None]
        factor = np.take_along_axis((claims - rest) / share, best, 0)[0]
    unsure = np.take_along_axis(unsure, best, 0)[0]
    if not (unsure < RESOLVED).all():
        return None
    fits = np.abs(claims - rest - factor * share) <= sizes + unsure * np.abs(share)
    return (factor, unsure) if fits.all() else None
