"""Ways along which parameters move together, and what stays the same on them.

terms, by steps or by factors, rates ─▶ Motion ─▶ parameters at t, invariants
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from cgprimer.fitting.terms import Term, join, simplify
from cgprimer.types import Array

# An exponent of 7/12 is still one that somebody writes; among greater ones any ratio
# finds a neighbour.
POWERS = 12  # the greatest numerator or denominator of an exponent


@dataclass(frozen=True)
class Motion:
    """How the members of a circuit move together.

    Those in `factors` are multiplied by exp(rate·t), others have rate·t added.
    """

    terms: list[Term]
    factors: tuple[bool, ...]
    rates: Array

    def at(self, params: Array, t: float, only: int | None = None) -> Array:
        """Parameters when all members, or one of them alone, have moved by t."""
        moved = params
        for k, (term, by_factor) in enumerate(
            zip(self.terms, self.factors, strict=True)
        ):
            if only in (None, k):
                value, step = term.value(params), float(self.rates[k]) * t
                value = value * math.exp(step) if by_factor else value + step
                moved = term.with_value(moved, value)
        return moved

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
                k = simplify(-lead * unit / rate)
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
    joined = []
    for k, term in enumerate(terms):
        if k != hub:
            own, other = float(rates[hub]), -float(rates[k])
            if kind == "product":
                # a²·b and not a·b^0.5: exponents are made whole.
                ratio = Fraction(own / other).limit_denominator(POWERS)
                own, other = float(ratio.numerator), float(ratio.denominator)
            joined.append(join(kind, term, own, terms[hub], other))
    return joined


def in_small_ratios(rates: Array, factors: Sequence[bool]) -> Array | None:
    """The rates (k,), those of factors in small ratios; None where they are in none.

    >>> in_small_ratios(np.array([1.0, 0.4999999999]), [True, True])
    array([2., 1.])
    """
    chosen = np.array(factors)
    unit = np.abs(rates[chosen]).min()
    if unit == 0:
        return None
    # Rates of 1 and 0.4999999 are 2 to 1 but for rounding: a²·b.
    ratios = map(Fraction, rates[chosen] / unit)
    exact = np.array([float(each.limit_denominator(POWERS)) for each in ratios])
    if (
        np.abs(exact * unit / rates[chosen] - 1).max() > 1e-5
        or np.abs(exact).max() > POWERS
    ):
        return None
    simple: Array = rates / unit
    simple[chosen] = exact
    return simple
