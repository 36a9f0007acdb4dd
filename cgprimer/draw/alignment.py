"""Heights within layers: Brandes & Köpf, so that long edges run straight.

    order ─ align (four ways) ─▶ blocks ─ compact ─▶ four heights ─ balance ─▶ height

U. Brandes & B. Köpf, "Fast and simple horizontal coordinate assignment", Graph
Drawing 2001. Their compaction recurses and leaves gaps; the longest path through the
graph of blocks does the same work without a stack and honours every distance.

For the layers (a, b, f), (d, c, ·), (e) with a→c, b→c, a→d, c→e, d→e and b→·→e, and a
distance of 1 everywhere:

                          a     b     f     d     c     ·     e
    from the left, top    0     1     2     0     1     2     1
    from the left, end    -2    -1    0     -3    -2    -1    -2
    from the right, top   0     1     2     0     1     2     0
    from the right, end   -2    -1    0     -3    -2    -1    -1
    balanced              0     1     2     -0.5  0.5   1.5   0.5

The narrowest spans 2, from 0 to 2; the two that are drawn to the end are shifted by 2,
so that all end there, and of the four numbers in a column the middle two are averaged.
`layout` calls it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise

import numpy as np

from cgprimer.draw.ranks import Layered, places, topological_order
from cgprimer.grouping import grouped

Layers = Sequence[Sequence[int]]
Separation = Callable[[int, int], float]


def heights(graph: Layered, layers: Layers, separation: Separation) -> np.ndarray:
    """Height of every vertex, growing along each layer, shape (n,).

    ``separation(a, b)`` is the distance that b needs behind its neighbour a.
    """
    # Found once: which segments lose does not depend on the side that blocks come from.
    conflicts = _conflicts(graph, layers)
    four = []  # each is drawn to one corner
    # Blocks that start at the last layer follow neighbours to the right.
    for way, sides in ((layers, graph.left), (layers[::-1], graph.right)):
        four.append(_compact(way, _align(way, sides, conflicts), separation))
        # Packed from the other end, and turned back by the sign.
        mirrored = [layer[::-1] for layer in way]
        roots = _align(mirrored, sides, conflicts)
        four.append(-_compact(mirrored, roots, lambda a, b: separation(b, a)))
    return _balance(four)


def _conflicts(graph: Layered, layers: Layers) -> set[tuple[int, int]]:
    """Segments that cross an inner one; the inner one, being part of a long edge, wins.

    Inner segments join two virtual vertices. Both orders of a pair are listed.
    """
    place = places(layers)
    lost: set[tuple[int, int]] = set()
    for layer in layers[1:]:
        for u, v in _crossing_inner(graph, layer, place):
            lost |= {(u, v), (v, u)}
    return lost


def _crossing_inner(
    graph: Layered, layer: Sequence[int], place: Sequence[int]
) -> Iterator[tuple[int, int]]:
    inner = [
        (place[v], place[u])
        for v in layer
        for u in graph.left[v]
        if graph.is_virtual(u) and graph.is_virtual(v)
    ]
    if not inner:
        return
    # `ends` grow, as the layer is walked in order. So highest[k] is the greatest start
    # of inner segments that end before the k-th, lowest[k] the least of those from
    # there on.
    ends, starts = zip(*inner, strict=False)
    highest = [-1, *accumulate(starts, max)]
    lowest = [len(place), *accumulate(starts[::-1], min)][::-1]
    for v in layer:
        # A segment that crosses none starts at or above all starts behind it, and at or
        # below those ahead: two binary searches for each vertex instead of a look at
        # every pair.
        behind, ahead = bisect_left(ends, place[v]), bisect_right(ends, place[v])
        for u in graph.left[v]:
            crossing = not highest[behind] <= place[u] <= lowest[ahead]
            # Two inner segments that cross are both parts of long edges: neither wins.
            if crossing and not (graph.is_virtual(u) and graph.is_virtual(v)):
                yield u, v


def _align(
    layers: Layers, sides: Sequence[Sequence[int]], conflicts: set[tuple[int, int]]
) -> list[int]:
    """Root of every vertex's block: blocks follow median neighbours, none cross."""
    place = places(layers)
    root = list(range(len(place)))
    for layer in layers:
        last = -1
        for v in layer:
            # Of two medians the one that is free first; beyond `last` no two blocks
            # cross.
            for u in _medians(sorted(sides[v], key=place.__getitem__)):
                if place[u] > last and (u, v) not in conflicts:
                    root[v], last = root[u], place[u]
                    break
    return root


def _medians(ordered: Sequence[int]) -> Sequence[int]:
    middle = len(ordered) // 2
    # Of four neighbours the second and third, of five the third.
    return ordered[middle - (len(ordered) % 2 == 0) : middle + 1] if ordered else ()


def _compact(layers: Layers, root: Sequence[int], separation: Separation) -> np.ndarray:
    """Pack blocks as low as distances allow, then lift each to its follower."""
    # Blocks that touch in some layer, with the distance they need there.
    pairs = [(a, b) for layer in layers for a, b in pairwise(layer)]
    needed = [(root[a], root[b], separation(a, b)) for a, b in pairs]
    before = dict.fromkeys(root, ()) | grouped((b, (a, d)) for a, b, d in needed)
    after = dict.fromkeys(root, ()) | grouped((a, (b, d)) for a, b, d in needed)
    order = topological_order({b: [a for a, _ in before[b]] for b in before})
    height = [0.0] * len(root)
    for block in order:
        height[block] = max((height[b] + d for b, d in before[block]), default=0.0)
    # What nothing pushes stays at its least height at first; it moves up to just below
    # what follows, if that leaves a gap.
    for block in reversed(order):
        ceiling = (height[b] - d for b, d in after[block])
        height[block] = max(height[block], min(ceiling, default=height[block]))
    return np.array([height[r] for r in root], dtype=float)


def _balance(four: Sequence[np.ndarray]) -> np.ndarray:
    """Mean of the two middle heights, once all four share the narrowest's edge.

    Each of the four keeps all distances, and so does any order statistic of them.
    """
    # Heights drawn to the far end are shifted there, so that the four can be compared.
    narrowest = min(four, key=np.ptp)
    aligned = [
        y + (narrowest.max() - y.max() if i % 2 else narrowest.min() - y.min())
        for i, y in enumerate(four)
    ]
    return np.asarray(np.sort(aligned, axis=0)[1:3].mean(axis=0))
