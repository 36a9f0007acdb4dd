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
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import numpy as np

from cgprimer.fitting.identify import (
    EPSILON,
    TOUCHED,
    Combination,
    Described,
    Nulls,
    complement,
    listed,
    reduced,
)
from cgprimer.fitting.sampled import Sampled
from cgprimer.fitting.terms import Term, joined, simplified
from cgprimer.types import Array

MOST = 24  # directions or members of a group, beyond which no names are sought
TRIES = 300  # ways that are tried for all groups together
FEW = 4  # members of a circuit that may move in different ways
# An exponent of 7/12 is still one that somebody writes; among greater ones any ratio
# finds a neighbour.
POWERS = 12  # the greatest numerator or denominator of an exponent
SURE = 1e-6  # change along the way beside what its steps do one by one
STEPS = (0.5, 0.05)  # sizes of a step, relative; the second where the first fails
# A parameter whose effect is lost in rounding stays unnoticed along any way.
WEAK = 1e4  # roundings of a prediction, below which an effect proves nothing


@dataclass(frozen=True)
class _Motion:
    """How the members of a circuit move together.

    Those in `factors` are multiplied by exp(rate·t), others have rate·t added.
    """

    terms: list[Term]
    factors: tuple[bool, ...]
    rates: Array

    def at(self, params: Array, t: float, only: int | None = None) -> Array:
        """Parameters when all members, or one of them alone, have moved by t."""
        found = params
        for k, (term, by_factor) in enumerate(
            zip(self.terms, self.factors, strict=True)
        ):
            if only in (None, k):
                value, step = term.value(params), float(self.rates[k]) * t
                value = value * math.exp(step) if by_factor else value + step
                found = term.moved(found, value)
        return found

    def invariants(self) -> list[Term]:
        """What stays: one fewer than there are members."""
        if not any(self.factors):
            return _star("sum", self.terms, self.rates)
        made, powers = [], []
        # In units of the slowest, exponents are whole numbers more often than not.
        unit = np.abs(self.rates[np.array(self.factors)]).min()
        lead = math.copysign(1.0, self.rates[self.factors.index(True)])
        for term, by_factor, rate in zip(
            self.terms, self.factors, self.rates.tolist(), strict=True
        ):
            if by_factor:
                made.append(term)
                powers.append(rate / unit)
            else:  # exp(k·term) moves against the first of those that move by factors
                k = simplified(-lead * unit / rate)
                made.append(Term("exp", ((term, k),), term.names))
                # a·exp(b) stays when a is multiplied by e^t and b falls by t: exp(b) is
                # the factor that makes up for it.
                powers.append(-lead)
        return _star("product", made, np.array(powers))


def _star(kind: str, terms: Sequence[Term], rates: Array) -> list[Term]:
    """Every term but one joined with that one: the first that moves against most."""
    signs = np.sign(rates)
    # The hub moves against most others, so that they are joined as sums and products of
    # positive terms: a + c and b + c rather than a - b.
    against = signs == (-1.0 if signs.sum() >= 0 else 1.0)
    hub = int(against.argmax()) if against.any() else 0
    found = []
    for k, term in enumerate(terms):
        if k != hub:
            own, other = float(rates[hub]), -float(rates[k])
            if kind == "product":
                # a²·b and not a·b^0.5: exponents are made whole.
                ratio = Fraction(own / other).limit_denominator(POWERS)
                own, other = float(ratio.numerator), float(ratio.denominator)
            found.append(joined(kind, term, own, terms[hub], other))
    return found


class Namer:
    """Finds names for null directions of a model at a point."""

    def __init__(self, model: Sampled, params: Array, names: Sequence[str]) -> None:
        self.model, self.names, self.params = model, names, params
        self.size = _sizes(model.predictions(params))
        self.left = TRIES
        self.points: list[Array] = []

    def __call__(self, nulls: Nulls) -> Described:
        """What is determined of the members, and remarks on what has no name."""
        # A second point tells a property of the model from one of the solution alone,
        # as where two rates happen to be equal.
        self.points = [self.params, *self._elsewhere(nulls)]
        made: list[Combination] = []
        remarks: list[str] = []
        for group in _groups(nulls):
            terms, left = self._named(group)
            # All members are named or none: a product among three of five would be read
            # as all that is known.
            if left:
                texts = listed([term.text for term in terms])
                verb = "is" if left == 1 else "are"
                what = f"{left} direction{'s' * (left > 1)} {verb} undetermined among"
                remarks.append(f"{what} {texts}")
            else:
                known = (term for term in terms if term.kind != "name")
                made += [term.combination(self.params) for term in known]
        return tuple(made), tuple(remarks)

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
        unit[nulls.members] = np.where(
            unit[nulls.members] > 0,
            unit[nulls.members],
            self.size.max() / nulls.effect,
        )
        for share in (0.3, 0.03):
            point = self.params + share * turn * unit
            if np.isfinite(self.model.predictions(point)).all():
                yield point
                return

    def _named(self, group: Nulls) -> tuple[list[Term], int]:
        """Terms in place of a group's members, and how many directions are left."""
        terms = [Term("name", (), self.names, index=i) for i in group.members.tolist()]
        left = len(group.directions)
        if len(self.points) < 2:
            return terms, left
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
        while left:
            slopes = np.array([term.slopes(self.params) for term in terms])
            leaf = [term.leaf for term in terms]
            # A term is adjusted by way of its free parameter, so that its effect is
            # that of this parameter over the slope of the term by it.
            own = effect[leaf] / np.abs(slopes[np.arange(len(terms)), leaf])
            directions = _basis(null @ slopes.T * own, left)
            for circuit in _circuits(directions):
                places = np.flatnonzero(circuit).tolist()
                chosen = [terms[i] for i in places]
                way = self._way(chosen, circuit[places] / own[places], own[places])
                if way is not None:
                    break
            else:
                break
            rest = [term for i, term in enumerate(terms) if i not in places]
            # The members leave, and one fewer invariants take their place among the
            # others.
            terms, left = [*rest, *way.invariants()], left - 1
        return sorted(terms, key=lambda term: term.members), left

    def _only(self, terms: list[Term], group: Nulls) -> Term | None:
        """The sum or product of all members, where that is all that is determined."""
        values = self.params[group.members]
        # A random mixture of all directions: what stays along it, stays along each of
        # them.
        along = np.random.default_rng(2).uniform(0.5, 1, len(group.directions))
        moves = group.directions / group.effect
        by_step, by_factor = (False,) * len(terms), (True,) * len(terms)
        if self._along(_Motion(terms, by_step, along @ moves), values, group.effect):
            [row] = complement(group.directions) * group.effect
            return _made("sum", terms, row / row[0])
        # 0 times any factor is 0: a product says nothing there.
        if (values == 0).any():
            return None
        logs = _scaled(moves / values)
        powers = _simple(complement(logs)[0], by_factor)
        way = _Motion(terms, by_factor, along @ logs)
        if powers is not None and self._along(way, values, group.effect):
            return _made("product", terms, powers * math.copysign(1.0, powers[0]))
        return None

    def _way(self, terms: list[Term], moves: Array, effect: Array) -> _Motion | None:
        """The way along which the model does not change; None where none is found."""
        values = np.array([term.value(self.params) for term in terms])
        for factors in _choices(values):
            rates = np.divide(moves, values, out=moves.copy(), where=np.array(factors))
            simple = _simple(rates, factors) if any(factors) else rates
            if simple is None:
                continue
            way = _Motion(terms, factors, simple)
            if self._along(way, values, effect):
                return way
        return None

    def _along(self, way: _Motion, values: Array, effect: Array) -> bool:
        """Whether predictions stay as they are along a way, from every point."""
        # Every try costs a dozen evaluations or more.
        self.left -= 1
        if self.left < 0:
            return False
        reach = np.abs(way.rates[np.array(way.factors)]).max(initial=0.0)
        if not any(way.factors):
            # STEPS are shares of the greatest effect that the value of a member has.
            unit = (np.abs(values) * effect).max() or self.size.max() or 1.0
            reach = (np.abs(way.rates) * effect).max() / unit
        return any(
            all(self._holds_at(way, step / reach, point) for point in self.points)
            for step in STEPS
        )

    def _holds_at(self, way: _Motion, reach: float, point: Array) -> bool:
        proved = False
        base = self.model.predictions(point)
        noise = WEAK * EPSILON * _sizes(base)
        # To both sides, as one of them may leave the domain.
        for t in (reach, -reach):
            try:
                change = self._change(way.at(point, t), base)
                # What one member does by itself tells that the way is long enough to be
                # noticed.
                alone = [
                    self._change(way.at(point, t, k), base)
                    for k in range(min(len(way.terms), 8))
                ]
            # A factor of e^1000, or a root of what has become negative.
            except (ArithmeticError, ValueError):
                return False
            effect = np.max(alone, axis=0)
            # Outside of the domain on one side: the other side decides.
            if not (np.isfinite(change).all() and np.isfinite(effect).all()):
                continue
            # One prediction that changes refutes the way; the noise is that of WEAK
            # over a hundred.
            if (change > SURE * effect + noise / 100).any():
                return False
            proved |= bool((effect > noise).any())
        return proved

    def _change(self, params: Array, base: Array) -> Array:
        return _sizes(self.model.predictions(params) - base)


def _made(kind: str, terms: Sequence[Term], shares: Array) -> Term:
    parts = zip(terms, map(simplified, shares.tolist()), strict=True)
    return Term(kind, tuple(parts), terms[0].names)


def _scaled(rows: Array) -> Array:
    """Rows of greatest entry 1."""
    found: Array = rows / np.abs(rows).max(axis=1, keepdims=True)
    return found


def _sizes(predictions: Array) -> Array:
    """The greatest of every target, (targets,)."""
    found: Array = np.abs(predictions).max(axis=1)
    return found


def _basis(rows: Array, rank: int) -> Array:
    """Orthonormal rows that span the same, of known rank."""
    found: Array = np.linalg.svd(rows, full_matrices=False)[2][:rank]
    return found


def _clean(rows: Array) -> Array:
    """Rows in reduced form, of greatest entry 1, without what is rounding."""
    rows = _scaled(reduced(rows))
    return np.where(np.abs(rows) > TOUCHED, rows, 0.0)


def _groups(nulls: Nulls) -> list[Nulls]:
    """The null directions apart, by members that none of the others move."""
    # Reduced rows have a pivot of their own each: two that share no entry can be apart.
    rows = _clean(_basis(nulls.directions, len(nulls.directions)))
    group = np.arange(len(rows))
    for column in rows.T != 0:
        first = group[column]
        if len(first):
            # Rows that share a member join one group, which has the least of their
            # numbers.
            group[np.isin(group, first)] = first.min()
    found = []
    for number in np.unique(group):
        own = rows[group == number]
        used = own.any(axis=0)
        found.append(Nulls(nulls.members[used], own[:, used], nulls.effect[used]))
    return found


def _circuits(directions: Array) -> list[Array]:
    """Null directions that move as few as they can; the shortest first."""
    found: dict[tuple[int, ...], Array] = {}
    width = directions.shape[1]
    # A reduced row moves its pivot and what depends on it. Other orders of columns have
    # other pivots, so that shorter circuits may be found; all of them would be too
    # many.
    for turn in range(min(width, 8)):
        order = np.roll(np.arange(width), -turn)
        rows = np.zeros_like(directions)
        rows[:, order] = _clean(directions[:, order])
        for row in rows:
            found.setdefault(tuple(np.flatnonzero(row).tolist()), row)
    return sorted(found.values(), key=np.count_nonzero)


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


def _simple(rates: Array, factors: Sequence[bool]) -> Array | None:
    """The rates, those of factors in small ratios; None where they are in none."""
    chosen = np.array(factors)
    unit = np.abs(rates[chosen]).min()
    if unit == 0:
        return None
    # Rates of 1 and 0.4999999 are 2 to 1 but for rounding: a²·b.
    ratios = [
        Fraction(rate).limit_denominator(POWERS) for rate in (rates[chosen] / unit)
    ]
    exact = np.array([float(ratio) for ratio in ratios])
    if (
        np.abs(exact * unit / rates[chosen] - 1).max() > 1e-5
        or np.abs(exact).max() > POWERS
    ):
        return None
    found: Array = rates / unit
    found[chosen] = exact
    return found
