"""Points at which a graph can be judged: where it and its slopes are finite.

graph, how many ─▶ name → random values (n,); called by `check` and `mutation`
"""

from __future__ import annotations

import numpy as np

from cgprimer import takes
from cgprimer.errors import OptionError, PointError, listing
from cgprimer.graph.graph import Graph
from cgprimer.graph.point import Point
from cgprimer.judge.differences.edges import by_formula
from cgprimer.run.sweeps import sweeps_of
from cgprimer.types import Array, Mask

RANGES = ((-2.0, 2.0), (-2.0, 2.0), (0.1, 2.0), (0.05, 0.95), (1.0, 3.0))
"""Where random values come from; a restricted domain is met by one mixture of them."""
MOST_POINTS = 10**6  # random points; each costs some dozen evaluations
TRIES = 40


def random_points(
    graph: Graph, count: int, rng: np.random.Generator | int | None
) -> dict[str, Array]:
    """`count` random points (n,) where every value and every partial is finite.

    Points where something is not finite are drawn again, from other ranges. OptionError
    where no points are asked for, or too many to be drawn.
    """
    if not takes.is_count(count) or int(count) > MOST_POINTS:
        raise OptionError(
            f"points={takes.quote(count)}: at least one point is needed, and at most "
            f"{MOST_POINTS:,}"
        )
    count, rng = int(count), takes.generator(rng)
    names = (*graph.inputs, *graph.parameters)
    kept: list[Array] = []
    for attempt in range(TRIES):
        tried = np.array(RANGES[: 1 + attempt])
        # Each attempt may use one range more: -2 to 2 alone at first; from the third on
        # also 0.1 to 2, for log(x)·sqrt(y), then 0.05 to 0.95, for log(1 - x), and 1 to
        # 3, for sqrt(x - 1). Every name has a range of its own in every draw, since
        # domains differ.
        ranges = tried[rng.integers(0, len(tried), (len(names), 4 * count))]
        drawn = rng.uniform(ranges[..., 0], ranges[..., 1])
        # Four times as many are drawn as are wanted: to draw is cheap beside a second
        # attempt.
        good = np.flatnonzero(_is_finite(graph, dict(zip(names, drawn, strict=True))))
        kept.extend(drawn[:, good].T[: count - len(kept)])
        # Points of all attempts count: what is finite in any range is a point of the
        # graph.
        if len(kept) == count:
            rows = np.array(kept).T.reshape(len(names), count)
            return dict(zip(names, rows, strict=True))
    raise PointError(
        f"no {count} random points found where all of {listing(graph.order)} is finite"
        "\n  hint: give points of your own: at={…}"
    )


def _is_finite(graph: Graph, at: dict[str, Array]) -> Mask:
    width = len(next(iter(at.values()), np.zeros(1)))
    point = Point.of(graph, at)
    good = np.ones(width, bool)
    # sqrt(x) at 0 is finite and its slope is not: such a point could not be judged.
    partials = by_formula(graph, point, "adjoint").values()
    values = sweeps_of(graph).forward(point.inputs, point.parameters)
    for row in (*partials, *values):
        np.logical_and(good, np.isfinite(row), out=good)
    return good
