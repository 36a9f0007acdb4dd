"""Differences without cancellation: f(u) - f(v) by way of u - v.

    sin(u) - sin(v)  =  2·cos(v + (u - v)/2)·sin((u - v)/2)

`u - v` itself is treated alike, down to terms that cancel exactly. In a longer sum
those two terms that cancel most are taken together first. What is found is a proposal:
whoever uses it has to compute it and see.

sqrt(x + 1) - sqrt(x) at 1e12: the two terms cancel to 5e-13 of either. Both are square
roots, so they are taken as u and v of (u² - v²)/(u + v). u² - v² = x + 1 - x has terms
that cancel exactly, and leaves 1: the form is 1/(sqrt(x + 1) + sqrt(x)).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations
from math import isfinite

from cgprimer.diagnosis.algebra.roots import (
    between,
    degree,
    exact_root,
    rootless_power,
)
from cgprimer.diagnosis.algebra.terms import (
    Monomial,
    Terms,
    as_factor,
    atom,
    collect,
    factor,
    factor_out,
    negate,
    node_of,
    number,
    product,
    terms,
)
from cgprimer.diagnosis.proposals.cancelling import (
    cuts,
    group_factors,
    multiply_out,
    of_one_number,
    open_sum,
    shortest,
)
from cgprimer.diagnosis.proposals.difference_rules import (
    ONES,
    RULES,
    function_difference,
    power_difference,
)
from cgprimer.diagnosis.sample import Sample
from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import ONE, OPS, const
from cgprimer.notation.text import show, tree_size

STEPS = 12  # pairs that are taken together in one sum
FUEL = 500  # operations of all pairs that are looked at; 334 are ever of use


def turns(node: Node) -> tuple[bool, ...]:
    """Which ways round differences of exponentials, if any, are to be written."""
    has = any(part.op.name.startswith("exp") for part in postorder([node]))
    return (False, True) if has else (False,)


class Differences:
    """Forms of sums at a point, which says what cancels there.

    turned : exponentials are written with a positive u - v, whichever comes first.
    fuel : how much may be tried, in operations; less is left after each form.
    """

    def __init__(self, here: Sample, turned: bool = False, fuel: int = FUEL) -> None:
        self.here, self.turned, self.fuel = here, turned, fuel
        self.conditions: dict[str, None] = {}

    @property
    def where(self) -> str:
        """What has to be positive for the forms that were made, in words."""
        return " and ".join(f"where {text} > 0" for text in self.conditions)

    def minus(self, u: Node, v: Node) -> Node:
        """u - v, with what is in both taken away."""
        return self.total([*terms(u), *negate(terms(v))])

    def total(self, parts: Sequence[Monomial]) -> Node:
        """The sum of the terms, those that cancel taken together."""
        given = shortest(collect(parts))
        if len(given) < 2 or self.fuel < 0:
            return node_of(given)
        # 3·a·x - 3·a·y is 3·a times a difference of names.
        front, left = factor_out(given)
        # 1/a - 1/b over a·b is b - a, whose terms can be compared.
        if any(power < 0 for _, power in front.powers):  # a common denominator
            left = multiply_out(left)
        rest = left = shortest(left)
        for _ in range(STEPS):
            taken = self._take_together(rest)
            if taken is None:
                break
            again, rest = factor_out(taken)
            front, rest = front * again, group_factors(shortest(rest))
        if rest is left and len(left) == len(given) and not front.powers:
            return node_of(given)
        return node_of(product([front], as_factor(rest)))

    def against_root(self, parts: Sequence[Monomial]) -> Iterator[Node]:
        """A root and all other terms as the two sides of a difference."""
        for root in parts if len(parts) > 2 else ():
            if degree(root) > 1:
                rest = atom(node_of([term for term in parts if term is not root]))
                made = self._conjugate(rest, -root)
                if made is not None:
                    yield made

    def _take_together(self, rest: Terms) -> Terms | None:
        """The terms with the two that cancel most made one; None where none do."""
        size = [self.here.double(term.node()) for term in rest]
        if not all(map(isfinite, size)):
            return None
        # What is left of the two beside the larger: the least first. Only terms of
        # opposite sign cancel.
        by_gap = sorted(
            (abs(size[i] + size[j]) / max(abs(size[i]), abs(size[j])), i, j)
            for i, j in combinations(range(len(rest)), 2)
            if size[i] * size[j] < 0
        )
        for gap, i, j in by_gap:
            for first, second in cuts(rest[i], rest[j], gap):
                made = self._pair(first, second)
                if made is not None:
                    kept = [term for k, term in enumerate(rest) if k not in (i, j)]
                    cut = [rest[i], -first, rest[j], -second]
                    return collect([*terms(made), *collect(cut), *kept])
        return None

    def _pair(self, first: Monomial, second: Monomial) -> Node | None:
        """first + second, which cancel, in another form; None where there is none."""
        self.fuel -= tree_size(first.node()) + tree_size(second.node())
        if self.fuel < 0:
            return None
        front, [u, v] = factor_out([first, -second])
        # u comes first with a positive number, so that rules need one form only.
        if u.number < 0:
            front, u, v = -front, -u, -v
        if not u.powers:
            front, u, v = -front, v, u
        # From special to general: f(u) - f(v), roots, products, and what multiplies
        # out.
        for way in (self._alike, self._conjugate, self._products, self._plain):
            made = way(u, v)
            if made is not None:
                return _times(front, made)
        if not front.powers:
            return None
        if v.powers and show(u.node()) > show(v.node()):
            front, u, v = -front, v, u  # a - b, never b - a, so that factors are alike
        return node_of([front * atom(node_of([u, -v]))])

    def _alike(self, u: Monomial, v: Monomial) -> Node | None:
        """f(u) - f(v), where a number may be a value of f."""
        if len(u.powers) != 1 or len(v.powers) > 1:
            return None
        if v.powers:
            u, v = of_one_number(u, v)
            made = (
                self._of_powers(*u.powers, *v.powers) if u.number == v.number else None
            )
        else:
            made = self._from_number(*u.powers[0], v.number / u.number)
        return None if made is None else _times(number(u.number), made)

    def _of_powers(self, u: tuple[Node, int], v: tuple[Node, int]) -> Node | None:
        """The difference of two powers of one exponent."""
        (left, power), (right, own) = u, v
        if power != own:
            return None
        if power > 1:
            return self._whole_power(left, right, power)
        return self._rule(left, right)

    def _from_number(self, u: Node, power: int, value: Fraction) -> Node | None:
        """u^power less a number: cos(x) - 1, x^2 - 4, or (1 + x)^p - 1."""
        if power > 1:
            exact = exact_root(value, power)
            if exact is None:
                return None
            return self._whole_power(u, number(exact).node(), power)
        if value == 1 and u.op.name in ONES:
            return self._of_function(u.op.name, u.args[0], const(ONES[u.op.name]))
        if value == 1 and u.op.name == "pow":
            base, p = u.args
            return power_difference(base, ONE, p, self.minus(base, ONE))
        return None

    def _whole_power(self, left: Node, right: Node, power: int) -> Node:
        """u^n - v^n = (u - v)(u^(n-1) + … + v^(n-1))."""
        return _product(self.minus(left, right), between(left, right, power))

    def _rule(self, left: Node, right: Node) -> Node | None:
        """f(u) - f(v), or u^p - v^p, by its rule; None where there is none."""
        if left.op is not right.op or not left.args:
            return None
        u, v = left.args[0], right.args[0]
        if left.op.name == "pow" and left.args[1] is right.args[1]:
            return power_difference(u, v, left.args[1], self.minus(u, v))
        if left.op.name in RULES:
            return self._of_function(left.op.name, u, v)
        return None

    def _of_function(self, op: str, u: Node, v: Node) -> Node:
        d = self.minus(u, v)
        made, positive = function_difference(op, u, v, d, self.turned)
        if positive:
            self.conditions[positive] = None
        return made

    def _conjugate(self, u: Monomial, v: Monomial) -> Node | None:
        """(u^n - v^n)/(u^(n-1) + … + v^(n-1)), where a root or two disappear."""
        n = max(degree(u), degree(v))
        if n < 2:
            return None
        above = self.total([*rootless_power(u, n), *negate(rootless_power(v, n))])
        return _quotient(above, between(u.node(), v.node(), n))

    def _products(self, u: Monomial, v: Monomial) -> Node | None:
        """f·g - h·k = (f - h)·g + h·(g - k), for factors of one kind."""
        if len(u.powers) < 2 and len(v.powers) < 2:
            return None
        for left, power in u.powers:
            for right, own in v.powers:
                if power != own or power != 1 or not self._are_kin(left, right):
                    continue
                rest, other = (u * atom(left) ** -1), (v * atom(right) ** -1)
                first = _product(self.minus(left, right), rest.node())
                second = _product(right, self.total([rest, -other]))
                return OPS["add"](first, second)
        return None

    def _are_kin(self, left: Node, right: Node) -> bool:
        """Whether the difference of two factors has a form of its own."""
        if left.op is right.op and left.op.name in RULES:
            return True
        return self._plain(atom(left), atom(right)) is not None

    def _plain(self, u: Monomial, v: Monomial) -> Node | None:
        """u - v multiplied out, where something cancels exactly."""
        written = [*open_sum(u), *negate(open_sum(v))]
        left = shortest(collect(written))
        return self.total(left) if len(left) < len(written) else None


def _times(front: Monomial, node: Node) -> Node:
    return node_of(product([front], as_factor(terms(node))))


def _product(left: Node, right: Node) -> Node:
    parts = (as_factor(terms(part)) for part in (left, right))
    return node_of(product(*parts))


def _quotient(above: Node, below: Node) -> Node:
    return node_of(product(as_factor(terms(above)), [factor(below) ** -1]))
