"""Sums of squares for quadratic forms: a^2 - 2*a*b + b^2 = (a - b)^2.

A form that vanishes where all its names are equal, as every variance does, is a sum of
squared differences; over more than a few names, from their mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import combinations

from cgprimer.diagnosis.algebra.terms import (
    Terms,
    as_factor,
    atom,
    factor_out,
    node_of,
    number,
    product,
    terms,
)
from cgprimer.expr.node import Node

FEW = 3  # names whose differences are taken pair by pair
Coefficients = dict[frozenset[Node], Fraction]


def squares(root: Node, known: Sequence[Node] = ()) -> Node | None:
    """`root` as a sum of squared differences; None where it is no such form.

    known : nodes that are there anyway; where one is the mean, it is used.
    """
    parts = terms(root, multiply=True)
    if len(parts) < 3:
        return None
    front, rest = factor_out(parts)
    form = _quadratic(rest)
    if form is None:
        return None
    names = list(dict.fromkeys(node for term in rest for node, _ in term.powers))
    # Where every row sums to 0 the form is Σ -c/2·(a - b)² over pairs, with c the
    # coefficient of a·b.
    if any(_row(form, name) for name in names):
        return None
    pairs = {p: -form.get(frozenset(p), Fraction(0)) for p in combinations(names, 2)}
    # a variance: all pairs alike. n(n - 1)/2 squares become n.
    even = len(set(pairs.values())) == 1 and len(names) > FEW
    made = _from_mean(names, pairs, known) if even else _pair_by_pair(pairs)
    return node_of(product([front], as_factor(made)))


def _quadratic(parts: Terms) -> Coefficients | None:
    """{a, b} → the coefficient of a·b, {a} → that of a^2; None for other terms."""
    form: Coefficients = {}
    for term in parts:
        powers = [power for _, power in term.powers]
        if sorted(powers) not in ([2], [1, 1]):
            return None
        form[frozenset(node for node, _ in term.powers)] = term.number
    return form


def _row(form: Mapping[frozenset[Node], Fraction], name: Node) -> Fraction:
    """Half the slope by one name where all names are 1."""
    shares = (value / len(pair) for pair, value in form.items() if name in pair)
    return sum(shares, Fraction(0))


def _pair_by_pair(pairs: Mapping[tuple[Node, Node], Fraction]) -> Terms:
    """Σ c/2·(a - b)^2 over pairs, c minus the coefficient of a·b, as one factor."""
    made = [
        number(value / 2) * atom(node_of([atom(a), -atom(b)])) ** 2
        for (a, b), value in pairs.items()
        if value
    ]
    front, rest = factor_out(made)
    return product([front], as_factor(rest))


def _from_mean(
    names: Sequence[Node],
    pairs: Mapping[tuple[Node, Node], Fraction],
    known: Sequence[Node],
) -> Terms:
    """Σ over pairs (a - b)^2 = n·Σ (a - mean)^2."""
    count, total = len(names), [atom(name) for name in names]
    share = number(Fraction(1, count))
    mean, wanted = node_of([share * atom(node_of(total))]), {share * t for t in total}
    for node in known:
        if set(terms(node, multiply=True)) == wanted:
            mean = node
    away = [atom(node_of([t, -atom(mean)])) ** 2 for t in total]
    scale = next(iter(pairs.values())) / 2 * count
    return product([number(scale)], as_factor(away))
