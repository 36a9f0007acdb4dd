"""Series in something small, and their arithmetic: sums, products, powers, integrals.

    small^first·(c[0] + c[1]·small + …)      each c a sum of terms

`series` makes them of expressions. Coefficients are exact, and those that have grown
too long end a series.

Sources: Knuth, The Art of Computer Programming, volume 2, section 4.7; Griewank &
Walther, Evaluating Derivatives (2008), section 13.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import takewhile

from cgprimer.diagnosis.algebra.terms import (
    UNIT,
    Monomial,
    Terms,
    atom,
    collect,
    negate,
    node_of,
    number,
    product,
    single,
)
from cgprimer.expr.ops import OPS

ORDER = 16  # coefficients that are kept
WIDEST = 8  # terms of a coefficient


class NoSeriesError(Exception):
    """The expression has no such series, or none that is found."""


@dataclass(frozen=True)
class PowerSeries:
    """small^first times the sum of c[k]·small^k, as far as c reaches."""

    first: int
    c: list[Terms]

    def settle(self) -> PowerSeries:
        """The same without leading zeros, as a power divides by the first of them."""
        lead = next((k for k, value in enumerate(self.c) if value), 0)
        return PowerSeries(self.first + lead, self.c[lead:])

    def from_zero(self) -> PowerSeries:
        """With the coefficients from small^0 on; what begins below has no such form."""
        a = self.settle()
        # exp(1/small) has an essential singularity at 0.
        if a.first < 0 and any(a.c):
            raise NoSeriesError
        return PowerSeries(0, [*_zeros(a.first), *a.c][:ORDER])

    def __add__(self, other: PowerSeries) -> PowerSeries:
        first = min(self.first, other.first)
        # Both from the same power on, so that coefficients stand below one another.
        left, right = ([*_zeros(a.first - first), *a.c] for a in (self, other))
        pairs = zip(left, right, strict=False)
        return PowerSeries(first, [collect(x + y) for x, y in pairs])

    def __neg__(self) -> PowerSeries:
        return PowerSeries(self.first, [negate(value) for value in self.c])

    def __sub__(self, other: PowerSeries) -> PowerSeries:
        return self + -other

    def __mul__(self, other: PowerSeries) -> PowerSeries:
        a, b = self.c, other.c
        rows = (
            _total(product(a[k], b[n - k]) for k in range(n + 1))
            for n in range(min(len(a), len(b)))
        )
        return PowerSeries(self.first + other.first, list(takewhile(is_short, rows)))

    def __truediv__(self, other: PowerSeries) -> PowerSeries:
        return self * other.power(number(-1))

    def power(self, p: Monomial) -> PowerSeries:
        """a^p, by n·c[0]·r[n] = Σ (k·p - (n - k))·c[k]·r[n - k]."""
        a = self.settle()
        # (small^2·…)^(1/2) begins at small^1; at a half power it is no series in
        # `small`.
        first = a.first * p.number
        if not (a.c and a.c[0]) or (a.first and p.powers) or first.denominator != 1:
            raise NoSeriesError
        # Every coefficient is divided by c[0], which is one term, if need be a bracket.
        below = single(a.c[0]) ** -1

        def row(known: list[Terms], n: int) -> Terms:
            parts = (
                product(collect([p * number(k), number(k - n)]), part)
                for k in range(1, n + 1)
                if (part := product(a.c[k], known[n - k]))
            )
            return product(_total(parts), [below * number(Fraction(1, n))])

        grown = grow(_power(a.c[0], p), len(a.c), row)
        return PowerSeries(int(first), grown.c)

    def integral(self, a: PowerSeries, start: Terms) -> PowerSeries:
        """start + ∫ slope·a′, where this is the slope, by its first coefficients."""
        size = min(len(a.c), len(self.c) + 1)
        return grow(start, size, lambda _, n: convolution(a.c, self.c, n))


def constant(value: Terms, first: int = 0) -> PowerSeries:
    """A series of one coefficient, that of small^first."""
    return PowerSeries(first, [value, *_zeros(ORDER - 1)])


def _zeros(count: int) -> list[Terms]:
    return [[] for _ in range(count)]


def is_short(value: Terms) -> bool:
    """Whether a coefficient is one to go on with; a series ends before others."""
    return len(value) <= WIDEST


def grow(
    start: Terms, size: int, row: Callable[[list[Terms], int], Terms]
) -> PowerSeries:
    """The coefficients by a recurrence, as long as they are short.

    row : the coefficients so far, and the number of the next one → that one.
    """
    known = [start]
    while len(known) < size and is_short(known[-1]):
        known.append(row(known, len(known)))
    return PowerSeries(0, known if is_short(known[-1]) else known[:-1])


def convolution(a: list[Terms], slope: list[Terms], n: int) -> Terms:
    """What ∫ slope·a′ has at small^n: Σ k·a[k]·slope[n - k]/n."""
    return _total(
        product([t * number(Fraction(k, n)) for t in a[k]], slope[n - k])
        for k in range(1, n + 1)
    )


def _total(parts: Iterable[Terms]) -> Terms:
    return collect(term for part in parts for term in part)


def _power(value: Terms, p: Monomial) -> Terms:
    """A coefficient to the power p."""
    if not p.powers and p.number.denominator == 1:
        return [single(value) ** int(p.number)]
    # 1 to any power.
    if value == [UNIT]:
        return value
    base = node_of(value)
    half = not p.powers and p.number == Fraction(1, 2)
    return [atom(OPS["sqrt"](base) if half else OPS["pow"](base, p.node()))]
