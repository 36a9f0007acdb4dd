"""Sites: one equation as a function of its own names, at points.

An edge is judged where it stands: the equation's names are held at the values that
the whole graph gives them, and one of them moves. Around a kink a site is moved to
either side of it, whether or not the whole graph would go there.

y = relu(x - 0.3) at x = 1: the condition x - 0.3 changes its sign between the points
0.25 and 0.3125 of a grid about 1, bisection finds the kink at 0.3, and the edge is
tried at 0.25 and at 0.35 as well. `witness` holds the sites of a graph.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cgprimer import takes
from cgprimer.diff.kinks import kink_conditions
from cgprimer.diff.sweep import partials
from cgprimer.errors import OptionError, PointError, listing
from cgprimer.expr.kernel import Kernel
from cgprimer.expr.node import Node, leaves
from cgprimer.expr.ops import name
from cgprimer.graph.graph import Graph
from cgprimer.graph.point import Point
from cgprimer.graph.shape import Shape
from cgprimer.judge.differences.edges import Alike, along, by_formula, terms_along
from cgprimer.judge.differences.schemes import Function, Told
from cgprimer.keeping import lazy
from cgprimer.types import Array

RANGES = ((-2.0, 2.0), (-2.0, 2.0), (0.1, 2.0), (0.05, 0.95), (1.0, 3.0))
"""Where random values come from; a restricted domain is met by one mixture of them."""
MOST_POINTS = 10**6  # random points; each costs some dozen evaluations
TRIES = 40
REACH = 4.0  # how far from a point a kink is looked for
ASIDE = 0.05  # how far beside a kink its sides are tried


@dataclass(frozen=True)
class Site:
    """The equation of `node` at n points: `slots` and `result` have shape (n,)."""

    node: str
    names: tuple[str, ...]
    shape: Shape
    slots: tuple[Array, ...]
    result: Array

    @lazy
    def values(self) -> dict[str, Array]:
        """The values of the equation's names, and of the variable it defines."""
        slots = (self.slots[i] for i in self.shape.names)
        return dict(zip(self.names, slots, strict=True)) | {self.node: self.result}

    def slot(self, wrt: str) -> int:
        """The slot that `wrt` fills."""
        return self.shape.names[self.names.index(wrt)]

    def along(self, wrt: str) -> Function:
        """The equation as a function of one name, the others held."""
        return along(self.shape.forward, self.slots, self.slot(wrt))

    def terms(self, wrt: str) -> Told | None:
        """Σ|terms| of the equation for any such values; None where they are unknown."""
        return terms_along(self.shape, self.slots, self.slot(wrt))

    def partial(self, wrt: str) -> Array:
        """Our own partial, by the rules of the operations."""
        kernel = self.shape.partial_kernel((self.slot(wrt),))
        with np.errstate(all="ignore"):
            [found] = kernel(*self.slots, self.result)
        return np.broadcast_to(found, self.result.shape)

    def at(self, index: int) -> Site:
        """The site at one of its points only."""
        slots = tuple(slot[index : index + 1] for slot in self.slots)
        return replace(self, slots=slots, result=self.result[index : index + 1])

    def moved(self, wrt: str, to: Array) -> Site:
        """The first point of the site, with `wrt` moved to the values `to` (m,)."""
        i = self.slot(wrt)
        slots = [np.broadcast_to(slot[:1], to.shape) for slot in self.slots]
        slots[i] = to
        moved = replace(self, slots=tuple(slots))
        with np.errstate(all="ignore"):
            result = np.broadcast_to(moved.along(wrt)(to), to.shape)
        return replace(moved, result=result)


def sites(graph: Graph, every: Iterable[Alike]) -> dict[str, Site]:
    """Every equation of the graph by itself, in topological order."""
    found = {}
    for own in every:
        columns = own.at(range(len(own.slots)))
        for row, number in enumerate(own.equations.tolist()):
            node, names = graph.dependents[number], tuple(graph.table.names(number))
            slots = tuple(column[row] for column in columns)
            found[node] = Site(node, names, own.shape, slots, own.results[row])
    return {node: found[node] for node in graph.order if node in found}


def checked_points(points: int) -> int:
    """`points`, or OptionError where that is none, or too many to be drawn."""
    if not takes.is_count(points) or int(points) > MOST_POINTS:
        raise OptionError(
            f"points={takes.shown(points)}: at least one point is needed, and at most "
            f"{MOST_POINTS:,}"
        )
    return int(points)


def random_points(
    graph: Graph, count: int, rng: np.random.Generator
) -> dict[str, Array]:
    """`count` random points (n,) where every value and every partial is finite.

    Points where something is not finite are drawn again, from other ranges.
    """
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


def _is_finite(graph: Graph, at: dict[str, Array]) -> NDArray[np.bool_]:
    width = len(next(iter(at.values()), np.zeros(1)))
    point = Point.of(graph, at)
    values = graph.program().forward(point.inputs, point.parameters)
    good: NDArray[np.bool_] = np.isfinite(values).all(axis=0) & np.ones(width, bool)
    # sqrt(x) at 0 is finite and its slope is not: such a point could not be judged.
    for partial in by_formula(graph, point, "adjoint").values():
        np.logical_and(good, np.isfinite(partial), out=good)
    return good


@functools.lru_cache(maxsize=4096)
def _kinks(shape: Shape) -> tuple[tuple[Kernel, tuple[str, ...]], ...]:
    """For every condition that is zero at a kink, its code and the slots in it."""
    return tuple(
        (Kernel([condition], shape.slots), tuple(leaves(condition)))
        for condition in kink_conditions(shape.body)
    )


def _kinks_along(site: Site, wrt: str) -> list[Kernel]:
    slot = site.shape.slots[site.slot(wrt)]
    return [kernel for kernel, slots in _kinks(site.shape) if slot in slots]


def kinks(site: Site, wrt: str) -> list[float]:
    """Values of `wrt` at which the equation has a kink, near the site's first point."""
    i, first = site.slot(wrt), site.at(0)
    kernels = _kinks_along(site, wrt)
    return sorted({root for kernel in kernels for root in _root(kernel, first, i)})


def kinked(site: Site, wrt: str) -> NDArray[np.bool_]:
    """At which of its points (n,) the equation has a kink along `wrt`."""
    found = np.zeros(site.result.shape, dtype=bool)
    for kernel in _kinks_along(site, wrt):
        with np.errstate(all="ignore"):
            [condition] = kernel(*site.slots)
        found = found | (condition == 0)
    return found


def _root(kernel: Kernel, site: Site, i: int) -> Iterator[float]:
    """Where a condition changes sign along slot `i`: the root nearest to the site."""

    def condition(value: Any) -> Any:
        with np.errstate(all="ignore"):
            [found] = kernel(*site.slots[:i], value, *site.slots[i + 1 :])
        return np.broadcast_to(found, np.shape(value))

    here = float(site.slots[i][0])
    # 128 spans of 1/16, within REACH of the point. Kinks are most often at 0, and the
    # point itself may lie on one: both are put in, so that a root there has the sign 0
    # and is met to its last digit.
    grid = np.unique(np.append(here + np.linspace(-REACH, REACH, 129), [0.0, here]))
    signs = np.sign(condition(grid))
    changes = np.flatnonzero(signs[1:] * signs[:-1] <= 0)
    # A condition that is 0 over a whole span, as of max(x, x), changes no sign there.
    spans = [k for k in changes.tolist() if signs[k] != signs[k + 1]]
    if spans:
        # The nearest root stands for all, since each costs differences to both of its
        # sides.
        k = min(spans, key=lambda k: abs(float(grid[k]) - here))
        yield _bisect(condition, float(grid[k]), float(grid[k + 1]))


def _bisect(condition: Callable[[Any], Any], low: float, high: float) -> float:
    ends = np.sign(condition(np.array([low, high])))
    # An end with the sign 0 is the root itself; bisection needs two signs.
    if not ends.all():
        return low if ends[0] == 0 else high
    # Halving 1/16 meets the last digit of a double after some fifty steps, and later
    # where the root is next to 0.
    for _ in range(100):
        middle = (low + high) / 2
        sign = np.sign(condition(np.array([middle])))[0]
        if sign == 0 or middle in (low, high):
            return middle
        low, high = (middle, high) if sign == ends[0] else (low, middle)
    return middle


def beside(at: float) -> Array:
    """Points on either side of a kink."""
    # Nearer than the first step of Ridders' method, 0.1 of the size of x; the search
    # tries shorter lengths as well.
    aside = ASIDE * max(1.0, abs(at))
    return np.array([at - aside, at + aside])


@functools.lru_cache(maxsize=4096)
def second_node(shape: Shape, i: int) -> Node:
    """The second derivative of a shape by slot `i`, over its slots."""
    slot = name(shape.slots[i])
    return partials(shape.partials[i], [slot])[slot]
