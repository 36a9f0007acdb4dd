"""The way of each edge: from port to port, as straight as the corridors allow.

columns, heights ─ waypoints ─▶ level through every column ─ relax ─▶ route
"""

from collections.abc import Sequence

import numpy as np

from cgprimer.draw.corridors import Grid
from cgprimer.draw.ranks import Layered
from cgprimer.grouping import grouped
from cgprimer.types import Edge

ROUNDING = 1e-6  # that a route may lie beside its gates


def routes(graph: Layered, grid: Grid) -> dict[Edge, np.ndarray]:
    """Points of every edge, shape (k, 2), from the side of u to the side of v."""
    leaving, arriving = _ports(graph, grid, 0), _ports(graph, grid, -1)
    return {
        edge: _relax(*_way(chain, grid, leaving[edge], arriving[edge]))
        for edge, chain in graph.chains.items()
    }


def _ports(graph: Layered, grid: Grid, end: int) -> dict[Edge, float]:
    """Height at which each edge touches the box at one end of it.

    An edge goes straight for its next vertex where it can; all that share the side of
    a box keep their order and some distance.
    """
    y = grid.y
    sharing = grouped((chain[end], edge) for edge, chain in graph.chains.items())
    ports: dict[Edge, float] = {}
    for vertex, edges in sharing.items():
        goals = {e: y[graph.chains[e][1 if end == 0 else -2]] for e in edges}
        # In the order of where they go, edges that share a side do not cross at it.
        edges.sort(key=goals.__getitem__)
        # The corners of a box are round: edges keep to the middle of its side.
        reach = 0.6 * grid.boxes.before[vertex]
        heights = [goals[e] for e in edges]
        places = _spread(heights, y[vertex] - reach, y[vertex] + reach)
        ports |= zip(edges, places.tolist(), strict=False)
    return ports


def _spread(goals: Sequence[float], low: float, high: float) -> np.ndarray:
    """Ascending heights near the ascending goals, apart from one another, in range."""
    apart = (high - low) / max(len(goals), 3) * np.arange(len(goals))
    # Each at least `apart` above the one before; then from the top down none above the
    # range.
    climbing = np.maximum.accumulate(np.clip(goals, low, high) - apart) + apart
    return np.asarray(np.minimum(climbing, high - apart[::-1]))


def _way(
    chain: Sequence[int], grid: Grid, start: float, end: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points of a route, which of them may go, and the gates it must pass.

    It is level through every column; what may go are the points that carry no label. A
    gate is (x, low, high): a side of a column and the corridor there.
    """
    u, *passed, v = chain
    left, right, y, half = grid.left, grid.right, grid.y, grid.boxes.width / 2
    points = [(grid.centre(u) + half[u], start, False), (right[u], start, True)]
    for w in passed:
        x = grid.centre(w)
        # Level through the column of every vertex that is passed: there boxes are on
        # either side.
        points += [(left[w], y[w], True), (right[w], y[w], True)]
        # A label lies on its line, which is level below it: these two points stay.
        if half[w]:
            points[-1:-1] = [(x - half[w], y[w], False), (x + half[w], y[w], False)]
    points += [(left[v], end, True), (grid.centre(v) - half[v], end, False)]
    sides = [(right[u], u), *((s[w], w) for w in passed for s in (left, right))]
    gates = [(x, *grid.room[w]) for x, w in [*sides, (left[v], v)]]
    table = _distinct(np.array(points, dtype=float))
    return table[:, :2], table[:, 2] > 0, np.array(gates)


def _distinct(table: np.ndarray) -> np.ndarray:
    """Rows with growing x: of points at one place, the one that must stay."""
    same = np.abs(np.diff(table[:, 0])) < 1e-6
    loose = table[:, 2] > 0
    drop = np.r_[False, same & loose[1:]] | np.r_[same & loose[:-1] & ~loose[1:], False]
    return np.asarray(table[~drop])


def _relax(points: np.ndarray, loose: np.ndarray, gates: np.ndarray) -> np.ndarray:
    """Leave out all loose points, or as many as the corridors allow."""
    # Most edges need no bend at all.
    if _passes(points[~loose], gates):
        return np.asarray(points[~loose])
    # One by one from the end: each is left out if the rest still keeps to the gates.
    for i in np.flatnonzero(loose)[::-1]:
        fewer = np.delete(points, i, axis=0)
        if _passes(fewer, gates):
            points = fewer
    return points


def _passes(points: np.ndarray, gates: np.ndarray) -> bool:
    """Whether both the polyline and the curve through the points keep the gates."""
    x, low, high = gates.T
    # Both are held against the gates: layout promises either way of drawing.
    straight, curved = np.interp(x, *points.T), heights_along(points, x)
    least, most = np.minimum(straight, curved), np.maximum(straight, curved)
    return bool(np.all((least > low - ROUNDING) & (most < high + ROUNDING)))


def heights_along(route: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Heights of the curve through the points of a route, by cubic pieces."""
    (x, y), slope = route.T, monotone_slopes(route)
    i = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    width, rise = np.diff(x)[i], np.diff(y)[i]
    t = np.clip((at - x[i]) / width, 0.0, 1.0)
    # The cubic Hermite form: the chord, and what the slopes at both ends bend it by.
    bend = (1 - t) * (width * slope[i] - rise) - t * (width * slope[i + 1] - rise)
    return np.asarray(y[i] + t * rise + t * (1 - t) * bend)


def monotone_slopes(route: np.ndarray) -> np.ndarray:
    """Slopes of a cubic interpolant that overshoots no piece, shape (k,).

    F. N. Fritsch & J. Butland, SIAM J. Sci. Stat. Comput. 5 (1984); at the
    ends the curve heads for the next point, so that arrows do not plunge.
    """
    width, height = np.diff(route, axis=0).T
    secant = height / width
    if len(secant) == 1:
        return np.repeat(secant, 2)
    before, after = secant[:-1], secant[1:]
    share = (width[:-1] + 2 * width[1:]) / (3 * (width[:-1] + width[1:]))
    # Where the slope changes its sign the curve is level: it has its extreme at the
    # point.
    same = before * after > 0
    mixed = np.where(same, share * after + (1 - share) * before, 1.0)
    inner = np.where(same, before * after / mixed, 0.0)
    return np.array([secant[0], *inner, secant[-1]])
