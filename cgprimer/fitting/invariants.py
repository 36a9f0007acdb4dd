"""Null directions → what stays the same along them, by name: `r*c`, `ab + bc`.

    y = v*exp(-t/(r*c))     moving r up and c down by one factor changes nothing
    circuit                 {r, c}, the fewest parameters that a null direction moves
    invariant               r*c, which takes their place; the next circuit is sought

Each member of a circuit moves by steps (then sums stay) or by factors (then products
do). Either is a guess until the model itself agrees: predictions must not change along
the whole way, from the solution and from another point as well. What is not confirmed
gets no name.

In the example, at r = 0.506 and c = 3.95, the null direction is (1, -1) in units of
their effects, 11.0 and 1.41. By steps, r + 0.0911·t and c - 0.710·t, predictions
change. In logarithms it is 0.0911/0.506 = 0.180 and -0.710/3.95 = -0.180, so (1, -1):
by factors, r·exp(t) and c·exp(-t), they stay. What is orthogonal to (1, -1) is (1, 1),
the product r·c.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from cgprimer.fitting.identification import Combination, Described, Nulls, list_names
from cgprimer.fitting.matrices import (
    basis,
    circuits,
    complement,
    groups,
    scale_rows,
)
from cgprimer.fitting.motion import Motion, in_small_ratios
from cgprimer.fitting.sampled import Sampled
from cgprimer.fitting.symmetry import directions
from cgprimer.fitting.terms import Term, simplify
from cgprimer.fitting.trials import Trials, sizes
from cgprimer.types import Array

MOST = 24  # directions or members of a group, beyond which no names are sought
FEW = 4  # members of a circuit that may move in different ways


class Namer:
    """Finds names for null directions of a model at a point."""

    def __init__(self, model: Sampled, params: Array, names: Sequence[str]) -> None:
        self.model, self.names, self.params = model, names, params

    def __call__(self, nulls: Nulls) -> Described:
        """What is determined of the members, and remarks on what has no name."""
        # A second point tells a property of the model from one of the solution alone,
        # as where two rates happen to be equal.
        points = [self.params, *self._elsewhere(nulls)]
        self.trials = Trials(self.model, points)
        combinations: list[Combination] = []
        remarks: list[str] = []
        for group in groups(nulls):
            members, left = group.members.tolist(), len(group.directions)
            terms = [Term("name", (), self.names, index=i) for i in members]
            if len(points) > 1:
                terms, left = self._replace(terms, group)
            # All members are named or none: a product among three of five would be read
            # as all that is known.
            if left:
                texts = list_names([term.text for term in terms])
                verb = "is" if left == 1 else "are"
                what = f"{directions(left)} {verb} undetermined among"
                remarks.append(f"{what} {texts}")
            else:
                known = (term for term in terms if term.kind != "name")
                combinations += [term.combination(self.params) for term in known]
        return tuple(combinations), tuple(remarks)

    def _elsewhere(self, nulls: Nulls) -> Iterator[Array]:
        """Another point, at which the model is finite; none where there is none near.

        Every parameter moves by up to a third, those at 0 by what does as much.
        """
        rng = np.random.default_rng(1)
        turn = rng.uniform(0.3, 1.0, len(self.params))
        # By 9 % to 30 % either way: far enough to be another point, and near enough to
        # be inside the domain.
        turn *= rng.choice([-1.0, 1.0], len(turn))
        unit = np.abs(self.params)
        own, size = unit[nulls.members], sizes(self.model.predictions(self.params))
        unit[nulls.members] = np.where(own > 0, own, size.max() / nulls.effect)
        for share in (0.3, 0.03):
            point = self.params + share * turn * unit
            if np.isfinite(self.model.predictions(point)).all():
                yield point
                return

    def _replace(self, terms: list[Term], group: Nulls) -> tuple[list[Term], int]:
        """Terms in place of a group's members, and how many directions are left."""
        left = len(group.directions)
        # All members but one are free: one sum or product holds everything that is
        # determined, and is found at once instead of pair by pair.
        if len(terms) == left + 1 and (only := self._only(terms, group)):
            return [only], 0
        if left > MOST or len(terms) > MOST:
            return terms, left
        effect = np.zeros(len(self.params))
        effect[group.members] = group.effect
        null = np.zeros((left, len(effect)))
        null[:, group.members] = group.directions / group.effect
        while left and (step := self._step(terms, null, left, effect)):
            places, way = step
            rest = [term for i, term in enumerate(terms) if i not in places]
            # The members leave, and one fewer invariants take their place among the
            # others.
            terms, left = [*rest, *way.invariants()], left - 1
        return sorted(terms, key=lambda term: term.members), left

    def _step(
        self, terms: list[Term], null: Array, left: int, effect: Array
    ) -> tuple[list[int], Motion] | None:
        """The members of a circuit and the way along which they move unnoticed.

        null : (q, p), directions of which `left` are no combinations of others. effect
        : (p,), of every parameter.
        """
        slopes = np.array([term.slopes(self.params) for term in terms])
        leaf = [term.leaf for term in terms]
        # A term is adjusted by way of its free parameter, so that its effect is that of
        # this parameter over the slope of the term by it.
        own = effect[leaf] / np.abs(slopes[np.arange(len(terms)), leaf])
        for circuit in circuits(basis(null @ slopes.T * own, left)):
            places = np.flatnonzero(circuit).tolist()
            chosen = [terms[i] for i in places]
            moves = circuit[places] / own[places]
            if way := self._way(chosen, moves, own[places]):
                return places, way
        return None

    def _only(self, terms: list[Term], group: Nulls) -> Term | None:
        """The sum or product of all members, where that is all that is determined."""
        values = self.params[group.members]
        # A random mixture of all directions: what stays along it, stays along each of
        # them.
        along = np.random.default_rng(2).uniform(0.5, 1, len(group.directions))
        moves = group.directions / group.effect
        by_step, by_factor = (False,) * len(terms), (True,) * len(terms)
        way = Motion(terms, by_step, along @ moves)
        if self.trials.confirm(way, values, group.effect):
            [row] = complement(group.directions) * group.effect
            return _make("sum", terms, row / row[0])
        # 0 times any factor is 0: a product says nothing there.
        if (values == 0).any():
            return None
        logs = scale_rows(moves / values)
        powers = in_small_ratios(complement(logs)[0], by_factor)
        way = Motion(terms, by_factor, along @ logs)
        if powers is not None and self.trials.confirm(way, values, group.effect):
            return _make("product", terms, powers * math.copysign(1.0, powers[0]))
        return None

    def _way(self, terms: list[Term], moves: Array, effect: Array) -> Motion | None:
        """The way along which the model does not change; None where none is found."""
        values = np.array([term.value(self.params) for term in terms])
        for factors in _choices(values):
            rates = np.divide(moves, values, out=moves.copy(), where=np.array(factors))
            simple = in_small_ratios(rates, factors) if any(factors) else rates
            if simple is None:
                continue
            way = Motion(terms, factors, simple)
            if self.trials.confirm(way, values, effect):
                return way
        return None


def _make(kind: str, terms: Sequence[Term], shares: Array) -> Term:
    parts = zip(terms, map(simplify, shares.tolist()), strict=True)
    return Term(kind, tuple(parts), terms[0].names)


def _choices(values: Array) -> Iterator[tuple[bool, ...]]:
    """Which members may move by factors: none, all, then some of a few."""
    count = len(values)
    yield (False,) * count
    if (values != 0).all():
        yield (True,) * count
    if count <= FEW:
        # With five members there are thirty mixed choices, each a try.
        for choice in product((True, False), repeat=count):
            if 0 < sum(choice) < count and values[np.array(choice)].all():
                yield choice
