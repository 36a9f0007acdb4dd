"""The order within layers: few crossings, by sweeps and by swaps of neighbours.

Barycentres and medians as in Sugiyama, Tagawa & Toda (1981); the swaps, and keeping
the best order seen, as in Gansner, Koutsofios, North & Vo, "A technique for drawing
directed graphs", IEEE Trans. Software Eng. 19 (1993), section 3.
"""

import itertools
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence
from random import Random
from statistics import fmean, median

from cgprimer.draw.ranks import Layered, number_layer, places

Layers = list[list[int]]
SWEEPS = 24


def reduce_crossings(graph: Layered) -> Layers:
    """Reorder every layer; of all the orders seen, the one with fewest crossings."""
    best, fewest = graph.layers, count_crossings(graph.layers, graph.right)
    for start in _starts(graph):
        if not fewest:
            break
        layers = _improve(graph, start)
        crossings = count_crossings(layers, graph.right)
        if crossings < fewest:
            best, fewest = layers, crossings
    return [list(layer) for layer in best]


def _starts(graph: Layered) -> Iterator[Layers]:
    """Orders to improve: as given, so that it survives a tie, then depth first.

    The sweeps stop at local optima; small graphs can afford a few shuffled starts.
    """
    yield graph.layers
    yield depth_first_layers(graph)
    # Twelve for up to some 200 vertices, none beyond 2,500: each costs a full
    # improvement.
    for seed in range(min(12, 2_500 // len(graph.left))):
        shuffle = Random(seed).shuffle
        layers = [list(layer) for layer in graph.layers]
        for layer in layers:
            shuffle(layer)
        yield layers


def count_crossings(layers: Layers, right: Sequence[Sequence[int]]) -> int:
    """Number of pairs of segments that cross."""
    place = places(layers)
    return sum(
        _inversions(layer, right, place)
        for layer, following in itertools.pairwise(layers)
        if len(layer) > 1 and len(following) > 1
    )


def _inversions(
    layer: Sequence[int], right: Sequence[Sequence[int]], place: Sequence[int]
) -> int:
    seen: list[int] = []
    crossings = 0
    for vertex in layer:
        ends = [place[w] for w in right[vertex]]
        # Ends of the vertices before it that lie further along cross this segment. Ends
        # of the vertex itself are put in afterwards, as its own segments do not cross.
        crossings += sum(len(seen) - bisect_right(seen, end) for end in ends)
        for end in ends:
            insort(seen, end)
    return crossings


def depth_first_layers(graph: Layered) -> Layers:
    """Layers in the order of a depth-first visit: what hangs together stays so."""
    seen: set[int] = set()
    layers: Layers = [[] for _ in graph.layers]
    rank = {v: r for r, layer in enumerate(graph.layers) for v in layer}
    stack = [v for layer in reversed(graph.layers) for v in reversed(layer)]
    while stack:
        vertex = stack.pop()
        if vertex not in seen:
            seen.add(vertex)
            layers[rank[vertex]].append(vertex)
            stack += [*reversed(graph.left[vertex]), *reversed(graph.right[vertex])]
    return layers


def _improve(graph: Layered, layers: Layers) -> Layers:
    layers = [list(layer) for layer in layers]
    place = places(layers)
    best, fewest = layers, count_crossings(layers, graph.right)
    stale = 0
    for sweep in range(SWEEPS):
        # Mean and median, rightwards and leftwards, make a round of four; six sweeps
        # without a gain are more than a round.
        if not fewest or stale > 5:
            break
        _sweep(graph, layers, place, sweep)
        _swap(graph, layers, place)
        crossings = count_crossings(layers, graph.right)
        stale = 0 if crossings < fewest else stale + 1
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    return [list(layer) for layer in best]


def _sweep(graph: Layered, layers: Layers, place: list[int], sweep: int) -> None:
    """Sort each layer by the middle of its neighbours, left to right or back."""
    rightwards = sweep % 2 == 0
    fixed = graph.left if rightwards else graph.right
    # The two get stuck at different orders.
    middle = fmean if sweep % 4 < 2 else median

    def key(vertex: int) -> float:
        ends = [place[w] for w in fixed[vertex]]
        # What has no neighbours on that side keeps its place.
        return middle(ends) if ends else place[vertex]

    for layer in layers if rightwards else reversed(layers):
        layer.sort(key=key)
        number_layer(layer, place)


def _swap(graph: Layered, layers: Layers, place: list[int]) -> None:
    """Exchange neighbours in a layer as long as that removes crossings."""
    for _ in range(8):
        gains = [_swap_layer(graph, layer, place) for layer in layers if len(layer) > 1]
        if not sum(gains):
            break


def _swap_layer(graph: Layered, layer: list[int], place: list[int]) -> int:
    total = 0
    for i in range(len(layer) - 1):
        a, b = layer[i], layer[i + 1]
        gain = _gain(graph.left, a, b, place) + _gain(graph.right, a, b, place)
        if gain > 0:
            layer[i], layer[i + 1] = b, a
            place[a], place[b] = i + 1, i
            total += gain
    return total


def _gain(sides: Sequence[Sequence[int]], a: int, b: int, place: Sequence[int]) -> int:
    """Crossings between the edges of a and of b, less those after a swap."""
    ends_a = [place[w] for w in sides[a]]
    ends_b = sorted(place[w] for w in sides[b])
    # With a before b: pairs of an end of a beyond an end of b cross; after a swap, the
    # reverse.
    now = sum(bisect_left(ends_b, end) for end in ends_a)
    then = sum(len(ends_b) - bisect_right(ends_b, end) for end in ends_a)
    return now - then
