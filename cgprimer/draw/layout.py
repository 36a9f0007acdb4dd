"""A layered drawing, left to right: where boxes, edges and their labels go.

    sizes, edges ─ ranks ─▶ layers ─ crossings ─▶ order ─ alignment ─▶ heights ─▶ Layout

After Sugiyama, Tagawa & Toda (1981). As in Gansner et al. (1993), section 5.3, a label
is a vertex of its own on the edge, so that room is kept for it like for any box.

In every column an edge keeps to a corridor between its neighbours there; between
columns there are no boxes. That is why no edge can meet a foreign box.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cgprimer.draw.alignment import heights
from cgprimer.draw.corridors import Boxes, Grid
from cgprimer.draw.crossings import reduce_crossings
from cgprimer.draw.ranks import Layered, ranks, split_long_edges
from cgprimer.draw.routes import routes
from cgprimer.types import Edge

Size = tuple[float, float]
Point = tuple[float, float]
LAYER_GAP = 52.0  # least distance between boxes joined by an edge, less its label
NODE_GAP = 18.0  # between boxes above one another


@dataclass(frozen=True)
class Layout:
    """Centres of boxes and labels, and edges as points with growing x; y points up.

    ``routes[u, v]``, shape (k, 2), leads from the right side of u to the left side
    of v. Drawn straight or by `routes.heights_along`, it meets no foreign box.
    """

    positions: dict[str, Point] = field(default_factory=dict)
    routes: dict[Edge, np.ndarray] = field(default_factory=dict)
    labels: dict[Edge, Point] = field(default_factory=dict)
    size: Size = (0.0, 0.0)


def layered_layout(
    sizes: Mapping[str, Size],
    edges: Sequence[Edge],
    *,
    label_sizes: Mapping[Edge, Size] = {},
) -> Layout:
    """Place boxes of the given (width, height) so that all edges run to the right.

    Parameters
    ----------
    label_sizes : for the edges that carry a label, its (width, height).

    Raises
    ------
    ValueError
        If the edges form a cycle.
    """
    if not sizes:
        return Layout()
    edges = list(dict.fromkeys(edges))
    labelled = {edge: label_sizes[edge] for edge in edges if edge in label_sizes}
    rank = ranks(list(sizes), edges)
    # Ranks 0, 1, 2 become 0, 2, 4: the layers 1 and 3 are for labels, and every edge
    # has at least one vertex in such a layer.
    steps = 2 if labelled else 1  # labels live in layers of their own
    graph = split_long_edges(
        list(sizes), edges, {k: steps * r for k, r in rank.items()}
    )
    layers = reduce_crossings(graph)
    boxes = _boxes(graph, sizes, labelled)
    # Heights first, for the width of gaps follows from how steep edges are.
    y = heights(graph, layers, boxes.separation)
    left, right = _columns(graph, layers, boxes, y, LAYER_GAP / steps)
    return _assemble(graph, Grid(layers, boxes, left, right, y), labelled)


def _boxes(
    graph: Layered, sizes: Mapping[str, Size], labelled: Mapping[Edge, Size]
) -> Boxes:
    """Room for nodes around their edges, for labels above theirs, a bit for others."""
    # What is not set below are lines: they have no size, and keep a small distance.
    room = np.tile([0.0, 0.0, 0.0, 0.25 * NODE_GAP], (len(graph.left), 1))
    for vertex, name in enumerate(graph.names):
        width, height = sizes[name]
        room[vertex] = width, height / 2, height / 2, NODE_GAP / 2
    for edge, (width, height) in labelled.items():
        # A label stands on its line: all of its height is before the line, none behind.
        room[_label_vertex(graph, edge)] = width, height, 0.0, 0.2 * NODE_GAP
    return Boxes(*room.T)


def _label_vertex(graph: Layered, edge: Edge) -> int:
    """The middle one of the virtual vertices that lie in a layer of labels."""
    chain = graph.chains[edge]
    # Layers of labels are odd, and so are the places in a chain that lie in them. From
    # rank 0 to 2, 4 or 6 a chain has 3, 5 or 7 vertices: the label is at 1, 1 or 3.
    return chain[(len(chain) - 1) // 2 - 1 | 1]


def _columns(
    graph: Layered,
    layers: Sequence[Sequence[int]],
    boxes: Boxes,
    y: np.ndarray,
    gap: float,
) -> np.ndarray:
    """Left and right side of the column of each vertex, shape (2, n).

    Columns are as wide as their widest box; further apart where edges are steep.
    """
    columns, x = np.zeros((2, len(y))), 0.0
    for layer in layers:
        columns[0, layer] = x
        x += max(boxes.width[v] for v in layer)
        columns[1, layer] = x
        rise = max((abs(y[a] - y[b]) for a in layer for b in graph.right[a]), default=0)
        # A gap as wide as a third of the rise keeps an edge below some 73°; where edges
        # rise far the second term holds the picture together.
        x += max(gap, min(0.3 * rise, 2.5 * gap + 0.1 * rise))
    return columns


def _assemble(graph: Layered, grid: Grid, labelled: Mapping[Edge, Size]) -> Layout:
    """Read off the places, and turn y upwards: within layers it grew downwards."""
    y, (top, bottom) = grid.y, grid.ends
    # Heights grow downwards, in the order of a layer; y points up in matplotlib.
    positions = {
        name: (grid.centre(v), bottom - float(y[v]))
        for v, name in enumerate(graph.names)
    }
    downwards = routes(graph, grid)
    upwards = {edge: way * (1, -1) + (0, bottom) for edge, way in downwards.items()}
    labels = {}
    for edge, (_, height) in labelled.items():
        v = _label_vertex(graph, edge)
        labels[edge] = grid.centre(v), bottom - float(y[v]) + height / 2
    size = float(grid.right.max()), bottom - top
    return Layout(positions, upwards, labels, size)
