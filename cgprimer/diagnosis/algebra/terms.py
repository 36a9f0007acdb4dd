"""Expressions as sums of terms, each a number times powers: 2*a^2*sin(b)/c.

    terms(a*(b + 1) - a)                 →  a·(b + 1), -a
    terms(a*(b + 1) - a, multiply=True)  →  a·b

Numbers are exact fractions, and what is equal is the same node, so that terms which
cancel exactly do so here, before any rounding.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, isfinite, lcm

from cgprimer.diff.factors import product_of
from cgprimer.expr.node import Node, fold
from cgprimer.expr.ops import CONST, OPS, ZERO, Op, const
from cgprimer.expr.tidy import tidy

MOST = 120  # terms of a sum that is multiplied out; a longer one stays as it is
HIGHEST = 8  # power that is multiplied out
LEAST, LARGEST = 1e-300, 1e300  # what the number of a term is between
Powers = tuple[tuple[Node, int], ...]


@dataclass(frozen=True)
class Monomial:
    """`number` times the product of node^power, each node once."""

    number: Fraction
    powers: Powers = ()

    @property
    def key(self) -> frozenset[tuple[Node, int]]:
        """What two terms that can be added share."""
        return frozenset(self.powers)

    def __mul__(self, other: Monomial) -> Monomial:
        powers = dict(self.powers)
        for node, power in other.powers:
            powers[node] = powers.get(node, 0) + power
        kept = tuple((node, power) for node, power in powers.items() if power)
        return Monomial(self.number * other.number, kept)

    def __pow__(self, power: int) -> Monomial:
        powers = tuple((node, power * own) for node, own in self.powers if power)
        return Monomial(self.number**power, powers)

    def __neg__(self) -> Monomial:
        return Monomial(-self.number, self.powers)

    def node(self) -> Node:
        """The term as an expression."""
        factors = [
            (tidy(OPS["pow"], node, const(float(abs(power)))), power)
            for node, power in self.powers
        ]
        return product_of(self.number, factors)


UNIT = Monomial(Fraction(1))
Terms = list[Monomial]


def number(value: Fraction | int) -> Monomial:
    """A number as a term."""
    return Monomial(Fraction(value))


def atom(node: Node) -> Monomial:
    """A node as a term of its own."""
    return Monomial(Fraction(1), ((node, 1),))


def collect(parts: Iterable[Monomial]) -> Terms:
    """The terms, like ones added, those that cancel left out: 2·a + b - b is 2·a."""
    by_key: dict[frozenset[tuple[Node, int]], Monomial] = {}
    for term in parts:
        before = by_key.get(term.key)
        # Exact fractions of the doubles that were read: 0.1·x + 0.2·x - 0.3·x is
        # 2.8e-17·x, as it should be of these three numbers.
        total = term.number + (before.number if before else 0)
        by_key[term.key] = Monomial(total, before.powers if before else term.powers)
    return [term for term in by_key.values() if term.number]


def negate(parts: Iterable[Monomial]) -> Terms:
    """The terms with their signs turned."""
    return [-term for term in parts]


def product(left: Terms, right: Terms) -> Terms:
    """The product of two sums, multiplied out."""
    return collect(a * b for a in left for b in right)


def terms(root: Node, *, multiply: bool = False) -> Terms:
    """`root` as a sum of terms; products of sums only where asked to `multiply`.

    An expression that is no sum is one term, and 0 is none. A sum of more than MOST
    terms stays a term by itself.
    """

    def visit(node: Node, args: list[Terms]) -> Terms:
        parts = _combine(node, args, multiply)
        return parts if parts is not None and _is_kept(parts) else [atom(node)]

    return fold([root], visit)[root]


def _is_kept(parts: Terms) -> bool:
    """Whether a sum is short enough, and its numbers are none that doubles lack."""
    # (1e200·x)^2 is no number times x^2: 1e400 is beyond all doubles.
    in_range = (LEAST < abs(term.number) < LARGEST for term in parts)
    return len(parts) <= MOST and all(in_range)


def _combine(node: Node, args: list[Terms], multiply: bool) -> Terms | None:
    """An operation of arithmetic on sums as a sum; None where it is none."""
    kind = node.op.name
    if node.op is CONST:
        value = float(node.value or 0.0)
        return collect([number(Fraction(value))]) if isfinite(value) else None
    if kind in _LINEAR:
        return _LINEAR[kind](*args)
    if kind == "pow":
        return _power_of_sum(node, args, multiply)
    if kind == "mul":
        left, right = (_factor(*p, multiply) for p in zip(node.args, args, strict=True))
        return product(left, right)
    if kind != "div" or not args[1]:
        return None
    below = single(args[1], node.args[1]) ** -1
    return product(_factor(node.args[0], args[0], multiply), [below])


_LINEAR: dict[str, Callable[..., Terms]] = {
    "add": lambda a, b: collect(a + b),
    "sub": lambda a, b: collect(a + negate(b)),
    "neg": negate,
}


def _factor(node: Node, parts: Terms, multiply: bool) -> Terms:
    return parts if multiply or not parts else [single(parts, node)]


def _power_of_sum(node: Node, args: list[Terms], multiply: bool) -> Terms | None:
    """A power with a whole exponent up to HIGHEST; None for others."""
    base, exponent = args
    if not base or [term.powers for term in exponent] != [()]:
        return None
    value = exponent[0].number
    if value.denominator != 1 or abs(value) > HIGHEST:
        return None
    if multiply and value > 0 and len(base) ** int(value) <= MOST:
        return functools.reduce(product, [base] * int(value))
    return [single(base, node.args[0]) ** int(value)]


def node_of(parts: Sequence[Monomial], *, in_order: bool = False) -> Node:
    """The sum as an expression; unless `in_order`, a term that is added first.

    No terms are 0. What a term stands for is written as `Monomial.node` writes it.
    """
    if not parts:
        return ZERO
    # b - a rather than -a + b.
    first = next((i for i, term in enumerate(parts) if term.number > 0 or in_order), 0)
    made = parts[first].node()
    for term in (*parts[:first], *parts[first + 1 :]):
        sign, part = sign_and_node(term)
        made = tidy(sign, made, part)
    return made


def sign_and_node(term: Monomial) -> tuple[Op, Node]:
    """How a term is added to others: `-2*a` as subtracting `2*a`."""
    sign = OPS["sub"] if term.number < 0 else OPS["add"]
    return sign, (-term if term.number < 0 else term).node()


def single(parts: Sequence[Monomial], node: Node | None = None) -> Monomial:
    """The sum as one term, in brackets where it has several: as `node` writes it."""
    return parts[0] if len(parts) == 1 else atom(node or node_of(parts))


def as_factor(parts: Terms) -> Terms:
    """The sum as one term, so that a product with it is not multiplied out."""
    return [single(parts)] if parts else []


def factor(node: Node) -> Monomial:
    """A node as one term: a product of powers, or itself."""
    return single(terms(node), node)


def factor_out(parts: Sequence[Monomial]) -> tuple[Monomial, Terms]:
    """What divides all terms, and what it leaves of each.

    6·a·x - 3·a is 3·a times 2·x - 1. Of no terms, nothing but 1 is taken out.
    """
    front = common(parts) if parts else UNIT
    return front, [term * front**-1 for term in parts]


def common(parts: Sequence[Monomial]) -> Monomial:
    """What divides all terms and leaves neither fractions nor denominators.

    a/2 - b/3 is 1/6 times 3·a - 2·b; 1/a - 1/b is a^-1·b^-1 times b - a.
    """
    above = gcd(*(term.number.numerator for term in parts))
    below = lcm(*(term.number.denominator for term in parts))
    lowest: dict[Node, int] = {}
    for term in parts:
        for node, _ in term.powers:
            lowest[node] = min(dict(t.powers).get(node, 0) for t in parts)
    powers = tuple((node, power) for node, power in lowest.items() if power)
    return Monomial(Fraction(above, below), powers)
