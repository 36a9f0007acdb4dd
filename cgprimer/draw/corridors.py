"""What edges run through: boxes, the columns they stand in, and corridors beside them.

boxes, columns, heights ─ Grid ─▶ between which heights an edge may pass a column

All lengths are points; heights grow along a layer. `layout` makes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from cgprimer.keeping import lazy


@dataclass(frozen=True)
class Boxes:
    """Room that each vertex takes: its width, and what it needs on either side.

    ``before`` and ``behind`` are measured from the height of its edge, in the order
    of its layer; ``margin`` is half the distance it keeps. All of shape (n,).
    """

    width: np.ndarray
    before: np.ndarray
    behind: np.ndarray
    margin: np.ndarray

    def separation(self, a: int, b: int) -> float:
        """The distance that b needs behind its neighbour a."""
        margins = self.margin[a] + self.margin[b]
        return float(self.behind[a] + margins + self.before[b])


@dataclass(frozen=True)
class Grid:
    """Boxes in their columns, at heights ``y`` (n,).

    ``left, right`` (n,) : the sides of the column of each vertex.
    """

    layers: Sequence[Sequence[int]]
    boxes: Boxes
    left: np.ndarray
    right: np.ndarray
    y: np.ndarray

    @lazy
    def ends(self) -> tuple[float, float]:
        """Between which heights everything lies."""
        top, bottom = self.y - self.boxes.before, self.y + self.boxes.behind
        return float(top.min()), float(bottom.max())

    @lazy
    def room(self) -> np.ndarray:
        """Between which heights the edge through a vertex may pass its column, (n, 2).

        Up to the neighbours; halfway if the neighbour is a line, for that may move too.
        Edges that keep to their corridors cross no more often than their order does.
        """
        room = np.tile(self.ends, (len(self.y), 1))
        for layer in self.layers:
            for a, b in pairwise(layer):
                room[a, 1], room[b, 0] = _between(self.boxes, self.y, a, b)
        return room

    def centre(self, vertex: int) -> float:
        """The middle of the column of a vertex."""
        return float(self.left[vertex] + self.right[vertex]) / 2


def _between(boxes: Boxes, y: np.ndarray, a: int, b: int) -> tuple[float, float]:
    keep = 0.5 * (boxes.margin[a] + boxes.margin[b])
    # Two lines: each keeps to its own side of the middle, with some distance between.
    if boxes.width[a] == 0 and boxes.width[b] == 0:
        middle, slack = (y[a] + y[b]) / 2, 0.5 * keep
        return middle - slack, middle + slack
    # A box does not move, so that a line beside it may come near; a's own height is
    # allowed in any case.
    floor, ceiling = y[b] - boxes.before[b] - keep, y[a] + boxes.behind[a] + keep
    return max(floor, y[a]), min(ceiling, y[b])
