"""Many total derivatives at once: mixed outputs, along directions that mix all names.

    Σ c·output  along  x + t·rate   ⇄   Σ c·rate·(d output / d name)

One wrong total among thousands shows in every direction, unless it is next to nothing
beside what differences leave open. Each by itself would need differences of the whole
graph of its own.

y = a·b at a = 2, b = 3, with rates 2·r and 3·s, where r and s are ±(0.5 to 1): y
changes at 2·r·3 + 3·s·2 = 6·r + 6·s. With 3 claimed for d y/d b = 2 the claims give
6·r + 9·s, which is 1.5 to 3 off, whatever was drawn. `graph_check` asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cgprimer.graph.accumulation import path_terms
from cgprimer.graph.graph import Graph
from cgprimer.graph.named_rows import NamedRows
from cgprimer.graph.point import Point
from cgprimer.judge.at_points import GraphAtPoints
from cgprimer.judge.differences.schemes import Told
from cgprimer.judge.evidence import Evidence
from cgprimer.judge.rounding import is_opaque, sweep_rounding
from cgprimer.judge.slopes import Slope, slope
from cgprimer.keeping import lazy
from cgprimer.run.sweeps import Sweeps, sweeps_of
from cgprimer.types import Array, Edge

# One direction in which a mistake cancels by chance, or is small beside the others, is
# unlikely; three of them, drawn independently, are far less so.
DIRECTIONS = 3  # in which all names are moved at once


@dataclass(frozen=True, eq=False)
class Mixture:
    """A sum of outputs at points, as a function of a time at which names have moved.

    weights : output → its factor (n,). rates : input or parameter → how fast it moves
    in each direction, (d, n). Times t have shape (…, d, n).
    """

    graph: Graph
    point: Point
    weights: Mapping[str, Array]
    rates: Mapping[str, Array]

    @lazy
    def program(self) -> Sweeps:
        """The sweeps of what the outputs need."""
        return sweeps_of(self.graph, tuple(self.weights))

    @lazy
    def gradient(self) -> dict[str, Array]:
        """d Σ c·output / d name (n,) by our own reverse sweep, for every name."""
        # The gradient is the same for all directions: column 0 of them.
        _, inputs, parameters = self._start
        values = self.program.forward(inputs[:, 0], parameters[:, 0])
        adjoints, shares = self._backward(values, parameters[:, 0])
        return self.graph.table.given_rows(adjoints[self.program.inputs], shares)

    def value(self, t: Array) -> Array:
        """The sum of outputs at the times t."""
        values, _ = self._at(t)
        total = np.zeros(t.shape)
        for row, weight in self._rows.items():
            total += weight * values[row].reshape(t.shape)
        return total

    def terms(self, t: Array) -> Array:
        """Σ|terms| of that sum: those of every equation, times the adjoint there."""
        values, parameters = self._at(t)
        # c·output adds one more product for every output.
        adjoints, _ = self._backward(values, parameters)
        assert self._rounding_at
        total = self._rounding_at(values, parameters, adjoints)
        for row in self._rows:
            total = total + np.abs(adjoints[row] * values[row])
        return total.reshape(t.shape)

    @lazy
    def _rounding_at(self) -> Callable[[Array, Array, Array], Array] | None:
        return sweep_rounding(self.program)

    @lazy
    def _rows(self) -> dict[int, Array]:
        return {self.graph.variable_number[o]: c for o, c in self.weights.items()}

    @lazy
    def _start(self) -> tuple[tuple[Array, Array], Array, Array]:
        """Rates, and where they start from: inputs (I, d, n), parameters (P, d, n)."""
        still = np.zeros(self.shape)

        def rows(names: NamedRows, at: Array) -> tuple[Array, Array]:
            speeds = np.zeros((names.size, *still.shape))
            for name, row in names.items():
                speeds[row] = self.rates.get(name, still)
            return speeds, at[:, None, :] + np.zeros_like(speeds)

        moving, inputs = rows(self.graph.table.input_rows, self.point.inputs)
        learning, parameters = rows(
            self.graph.table.parameter_rows, self.point.parameters
        )
        return (moving, learning), inputs, parameters

    @property
    def shape(self) -> tuple[int, ...]:
        """Directions and points, (d, n)."""
        return next(iter(self.rates.values())).shape

    def slope(self) -> Slope:
        """The slopes along the directions by differences, flat: (d·n,)."""
        known = not any(map(is_opaque, self.program.shapes))
        terms = Told(self.terms, known) if self._rounding_at else None
        slopes = slope(self.value, np.zeros(self.shape), terms, stacks=True)
        return replace(slopes.each(np.ravel), again=None)

    def by_gradient(
        self, own: Mapping[Edge, Array], sizes: Mapping[Edge, Array]
    ) -> tuple[Array, Array]:
        """What our gradients say of those slopes, and its Σ|terms|; both (d·n,).

        own, sizes : our partial on every edge and its Σ|terms|, nodes in order.
        """
        terms = path_terms(own, sizes, self.weights)
        total, size = np.zeros((2, *self.shape))
        with np.errstate(all="ignore"):
            for name, rate in self.rates.items():
                total += rate * self.gradient[name]
                size += np.abs(rate) * terms.get(name, 0.0)
        return total.ravel(), size.ravel()

    def _at(self, t: Array) -> tuple[Array, Array]:
        """Values (V, t.size) and parameters (P, t.size) at the times t."""
        speeds, *start = self._start
        inputs, parameters = (
            np.moveaxis(here + t[..., None, :, :] * speed, -3, 0).reshape(
                len(here), t.size
            )
            for here, speed in zip(start, speeds, strict=True)
        )
        return self.program.forward(inputs, parameters), parameters

    def _backward(self, values: Array, parameters: Array) -> tuple[Array, Array]:
        width = values.shape[1]
        copies = width // self.point.width
        seeds = {row: np.tile(c, copies) for row, c in self._rows.items()}
        return self.program.backward(values, parameters, seeds)


def mixture(at: GraphAtPoints, outputs: Sequence[str], names: Sequence[str]) -> Mixture:
    """Outputs weighed by random factors beside their size; so do names move."""
    # Always the same directions, whatever generator drew the points: a report on one
    # point is the same twice.
    rng = np.random.default_rng(0)

    def draw(count: int, *shape: int) -> Array:
        signs: Array = rng.choice([-1.0, 1.0], (count, *shape))
        # Sizes between 0.5 and 1, not ±1 alone: errors of +e and -e in two totals would
        # cancel in half of all directions with whole signs.
        return signs * rng.uniform(0.5, 1.0, signs.shape)

    def size(name: str) -> Array:
        here = np.abs(at.values[name])
        # A weight of 1/|value| makes outputs of 1e6 and of 1e-6 count alike; in one
        # plain sum a mistake in the smaller would be lost in the rounding of the
        # larger.
        return np.where((here == 0) | ~np.isfinite(here), 1.0, here)

    one = np.ones(at.width)
    weights = {outputs[0]: one}
    # One output needs no weight, and is shown as it is.
    if len(outputs) > 1:
        factors = draw(len(outputs), 1)
        weights = {o: c / size(o) for o, c in zip(outputs, factors, strict=True)}
    speeds = draw(len(names), DIRECTIONS, 1)
    rates = {n: speed * size(n) for n, speed in zip(names, speeds, strict=True)}
    return Mixture(at.graph, at.point, weights, rates)


def evidence_along(
    at: GraphAtPoints, outputs: Sequence[str], names: Sequence[str]
) -> Evidence:
    """The evidence on all totals of some outputs, along directions mixing them."""
    mixed = mixture(at, outputs, names)
    total, terms = mixed.by_gradient(at.own, at.terms)
    kinked = np.tile(at.at_kinks(at.kink_masks), DIRECTIONS)
    excused = at.excuses(None, total, total, kinked)
    values = {n: np.tile(at.values[n], DIRECTIONS) for n in names}
    return Evidence(total, terms, mixed.slope(), values, excused)
