"""Terms rearranged so that those which cancel stand beside one another.

    a·(b + c) - a·b  →  a·c        a·(a - b) + a - b  →  (a + 1)·(a - b)

`differences` takes two terms at a time; these say which, and in which form.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from cgprimer.diagnosis.algebra.terms import (
    HIGHEST,
    Monomial,
    Terms,
    atom,
    collect,
    node_of,
    number,
    product,
    terms,
)
from cgprimer.diff.factors import is_sum
from cgprimer.expr.ops import OPS

CANCELS = 0.25  # of two terms, less than this much is left
LOG = OPS["log"]


def multiply_out(parts: Terms) -> Terms:
    """The terms multiplied out, where some of them cancel exactly by that."""
    out = _expand(parts)
    return out if len(out) < sum(len(_expand([term])) for term in parts) else parts


def shortest(parts: Terms) -> Terms:
    """The terms multiplied out, where that leaves fewer of them."""
    out = _expand(parts)
    return out if len(out) < len(parts) else parts


def _expand(parts: Terms) -> Terms:
    return terms(node_of(parts), multiply=True)


def group_factors(rest: Terms) -> Terms:
    """Terms that make up a factor of another as one: a·(a - b) + a - b."""
    sums = [node for term in rest for node, _ in term.powers if is_sum(node)]
    for node in dict.fromkeys(sums):
        inner = terms(node)
        by_key = {term.key: term.number for term in rest}
        ratio = by_key.get(inner[0].key, Fraction(0)) / inner[0].number
        if ratio and all(by_key.get(t.key) == ratio * t.number for t in inner):
            keys = {term.key for term in inner}
            kept = [term for term in rest if term.key not in keys]
            return collect([*kept, number(ratio) * atom(node)])
    return rest


def open_sum(term: Monomial) -> Terms:
    """A term that is a number times one sum, as the terms of that sum."""
    if len(term.powers) == 1 and term.powers[0][1] == 1:
        return product([number(term.number)], terms(term.powers[0][0]))
    return [term]


def cuts(
    first: Monomial, second: Monomial, gap: float
) -> Iterator[tuple[Monomial, Monomial]]:
    """The two terms whole, and cut to the same number: sin(x) of 2·sin(x)."""
    small = min(abs(first.number), abs(second.number))
    if gap < CANCELS or abs(first.number) == abs(second.number):
        yield first, second
    if abs(first.number) != abs(second.number):
        one, two = (
            Monomial(small if term.number > 0 else -small, term.powers)
            for term in (first, second)
        )
        yield one, two


def of_one_number(u: Monomial, v: Monomial) -> tuple[Monomial, Monomial]:
    """c·log(a), k·c·log(b)  →  c·log(a), c·log(b^k)."""
    (left, power), (right, own) = u.powers[0], v.powers[0]
    ratio = v.number / u.number
    if left.op is not LOG or right.op is not LOG or power != own or power != 1:
        return u, v
    # log(a) against log(b)/2: turned round, the factor is the whole number 2.
    if ratio.numerator == 1 and 1 < ratio.denominator <= HIGHEST:
        return of_one_number(v, u)[::-1]
    if ratio.denominator != 1 or not 1 < ratio <= HIGHEST:
        return u, v
    raised = (atom(right.args[0]) ** int(ratio)).node()
    return u, Monomial(u.number, ((LOG(raised), 1),))
