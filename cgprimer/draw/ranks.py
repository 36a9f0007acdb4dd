"""From a DAG to a proper layered graph: ranks, then virtual vertices on long edges.

    edges ─ longest path ─▶ ranks ─ tighten ─▶ ranks ─ split ─▶ Layered

The first step of Sugiyama, Tagawa & Toda, "Methods for visual understanding of
hierarchical system structures", IEEE Trans. SMC 11 (1981). `layout` and `network` call
it, the latter to refuse what would be too large.

a→c, b→c, c→d and e→d: the longest paths give a 0, b 0, c 1, d 2 and e 0, so that e→d
passes a layer. Tightened, e moves to 1, beside c, and no edge is long.
"""

import itertools
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar

from cgprimer.types import Edge

Vertex = TypeVar("Vertex", bound=Hashable)


@dataclass(frozen=True)
class Layered:
    """A graph whose every segment joins neighbouring layers.

    Vertices are 0, 1, …; the first ``len(names)`` are the named ones, the others
    are virtual. ``chains[u, v]`` lists the vertices from u to v, both included.
    """

    names: list[str]
    layers: list[list[int]]
    left: list[list[int]]
    right: list[list[int]]
    chains: dict[Edge, list[int]]

    def is_virtual(self, vertex: int) -> bool:
        return vertex >= len(self.names)


def ranks(names: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """Layer of every name: all edges point to higher ranks, and few are long."""
    before, after = neighbours(names, edges)
    order = topological_order(before)
    rank: dict[str, int] = {}
    for name in order:
        rank[name] = max((rank[u] + 1 for u in before[name]), default=0)
    return _tighten(rank, order, before, after)


def neighbours(
    vertices: Iterable[Vertex], edges: Iterable[tuple[Vertex, Vertex]]
) -> tuple[dict[Vertex, list[Vertex]], dict[Vertex, list[Vertex]]]:
    """``before[v]`` and ``after[u]`` for all edges u→v."""
    before: dict[Vertex, list[Vertex]] = {vertex: [] for vertex in vertices}
    after: dict[Vertex, list[Vertex]] = {vertex: [] for vertex in before}
    for u, v in edges:
        before[v].append(u)
        after[u].append(v)
    return before, after


def topological_order(before: Mapping[Vertex, Sequence[Vertex]]) -> list[Vertex]:
    """Vertices, each behind all it depends on; ValueError if the edges form a cycle."""
    try:
        return [*TopologicalSorter(before).static_order()]
    except CycleError:
        raise ValueError("a layered layout needs a graph without cycles") from None


def _tighten(
    rank: dict[str, int],
    order: Sequence[str],
    before: Mapping[str, Sequence[str]],
    after: Mapping[str, Sequence[str]],
) -> dict[str, int]:
    """Move names to where their edges are shortest, until none moves.

    A name with as many edges on either side moves right too: that costs nothing
    and lets the inputs behind it follow.
    """
    for _ in range(20):
        old = dict(rank)
        # From the right: whoever has as many edges there moves as far as the nearest
        # allows.
        for name in reversed(order):
            if after[name] and len(after[name]) >= len(before[name]):
                rank[name] = min(rank[v] for v in after[name]) - 1
        # From the left, those that are drawn back by more edges.
        for name in order:
            if len(before[name]) > len(after[name]):
                rank[name] = max(rank[u] for u in before[name]) + 1
        if rank == old:
            break
    first = min(rank.values(), default=0)
    return {name: r - first for name, r in rank.items()}


def split_long_edges(
    names: Sequence[str], edges: Sequence[Edge], rank: Mapping[str, int]
) -> Layered:
    """Put one virtual vertex on an edge for every layer that it passes."""
    layers: list[list[int]] = [[] for _ in range(max(rank.values(), default=-1) + 1)]
    index = {name: i for i, name in enumerate(names)}
    for name in names:
        layers[rank[name]].append(index[name])
    count, chains = len(index), {}
    for u, v in edges:
        passed = range(rank[u] + 1, rank[v])
        # One for each layer between, so that every segment joins neighbours.
        virtual = list(range(count, count + len(passed)))
        for r, vertex in zip(passed, virtual, strict=False):
            layers[r].append(vertex)
        chains[u, v] = [index[u], *virtual, index[v]]
        count += len(passed)
    segments = itertools.chain.from_iterable(map(itertools.pairwise, chains.values()))
    left, right = neighbours(range(count), segments)
    return Layered(list(names), layers, [*left.values()], [*right.values()], chains)


def places(layers: Sequence[Sequence[int]]) -> list[int]:
    """The place of every vertex in its layer."""
    place = [0] * sum(map(len, layers))
    for layer in layers:
        number_layer(layer, place)
    return place


def number_layer(layer: Sequence[int], place: list[int]) -> None:
    """Set the places of the vertices of one layer."""
    for i, vertex in enumerate(layer):
        place[vertex] = i
