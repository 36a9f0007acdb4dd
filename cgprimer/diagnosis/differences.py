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

from cgprimer.diagnosis.here import Here
from cgprimer.diagnosis.roots import between, degree, exact_root, raised
from cgprimer.diagnosis.terms import (
    HIGHEST,
    Monomial,
    Terms,
    as_factor,
    atom,
    collected,
    factor,
    factored,
    multiplied,
    negated,
    node_of,
    number,
    terms,
)
from cgprimer.diff.factors import is_sum
from cgprimer.diff.match import filled
from cgprimer.expr.node import Node
from cgprimer.expr.ops import ONE, OPS, ZERO, const, name
from cgprimer.expr.syntax import parse_expression
from cgprimer.notation.text import show, tree_size

RULES = {
    "exp": "exp(v)*expm1(d)",
    "expm1": "exp(v)*expm1(d)",
    "log": "log1p(d/v)",
    "log1p": "log1p(d/(1 + v))",
    "sin": "2*cos(v + d/2)*sin(d/2)",
    "cos": "-2*sin(v + d/2)*sin(d/2)",
    "tan": "sin(d)/(cos(u)*cos(v))",
    "arctan": "arctan(d/(1 + u*v))",
    "arcsin": "arcsin(d*(u + v)/(u*sqrt(1 - v^2) + v*sqrt(1 - u^2)))",
    "arccos": "-arcsin(d*(u + v)/(u*sqrt(1 - v^2) + v*sqrt(1 - u^2)))",
    "sinh": "2*cosh(v + d/2)*sinh(d/2)",
    "cosh": "2*sinh(v + d/2)*sinh(d/2)",
    "tanh": "sinh(d)/(cosh(u)*cosh(v))",
    "sigmoid": "sinh(d/2)/(2*cosh(u/2)*cosh(v/2))",
    "softplus": "log1p(expm1(d)*sigmoid(v))",
}
"""f → f(u) - f(v), where d is u - v."""

HOLDS = {"arctan": "1 + u*v"}
"""f → what has to be positive for the rule to hold."""

POWER = "v^p*expm1(p*log1p(d/v))"  # u^p - v^p for positive u and v
FROM_ONE = "expm1(p*log1p(d))"
ONES = {"exp": 0.0, "cos": 0.0, "cosh": 0.0}  # f → where f is 1
CANCELS = 0.25  # of two terms, less than this much is left
STEPS = 12  # pairs that are taken together in one sum
LOG = OPS["log"]
FUEL = 500  # operations of all pairs that are looked at; 334 are ever of use


class Differences:
    """Forms of sums at a point, which says what cancels there.

    turned : exponentials are written with a positive u - v, whichever comes first.
    fuel : how much may be tried, in operations; less is left after each form.
    """

    def __init__(self, here: Here, turned: bool = False, fuel: int = FUEL) -> None:
        self.here, self.turned, self.fuel = here, turned, fuel
        self.conditions: dict[str, None] = {}

    def minus(self, u: Node, v: Node) -> Node:
        """u - v, with what is in both taken away."""
        return self.total([*terms(u), *negated(terms(v))])

    def total(self, found: Sequence[Monomial]) -> Node:
        """The sum of the terms, those that cancel taken together."""
        given = self._shortest(collected(found))
        if len(given) < 2 or self.fuel < 0:
            return node_of(given)
        # 3·a·x - 3·a·y is 3·a times a difference of names.
        front, left = factored(given)
        # 1/a - 1/b over a·b is b - a, whose terms can be compared.
        if any(power < 0 for _, power in front.powers):  # a common denominator
            left = _multiplied_out(left)
        rest = left = self._shortest(left)
        for _ in range(STEPS):
            taken = self._take_together(rest)
            if taken is None:
                break
            again, rest = factored(taken)
            front, rest = front * again, _grouped(self._shortest(rest))
        if rest is left and len(left) == len(given) and not front.powers:
            return node_of(given)
        return node_of(multiplied([front], as_factor(rest)))

    def against_root(self, found: Sequence[Monomial]) -> Iterator[Node]:
        """A root and all other terms as the two sides of a difference."""
        for root in found if len(found) > 2 else ():
            if degree(root) > 1:
                rest = atom(node_of([term for term in found if term is not root]))
                made = self._conjugate(rest, -root)
                if made is not None:
                    yield made

    def _shortest(self, found: Terms) -> Terms:
        """The terms multiplied out, where that leaves fewer of them."""
        out = terms(node_of(found), multiply=True)
        return out if len(out) < len(found) else found

    def _take_together(self, rest: Terms) -> Terms | None:
        """The terms with the two that cancel most made one; None where none do."""
        size = [self.here.double(term.node()) for term in rest]
        if not all(map(isfinite, size)):
            return None
        opposite = (
            (i, j)
            for i, j in combinations(range(len(rest)), 2)
            # Only terms of opposite sign cancel.
            if size[i] * size[j] < 0
        )
        # What is left of the two beside the larger: the least first.
        by_gap = sorted(
            (abs(size[i] + size[j]) / max(abs(size[i]), abs(size[j])), i, j)
            for i, j in opposite
        )
        for gap, i, j in by_gap:
            for first, second in _cuts(rest[i], rest[j], gap):
                made = self._pair(first, second)
                if made is not None:
                    kept = [term for k, term in enumerate(rest) if k not in (i, j)]
                    cut = [rest[i], -first, rest[j], -second]
                    return collected([*terms(made), *collected(cut), *kept])
        return None

    def _pair(self, first: Monomial, second: Monomial) -> Node | None:
        """first + second, which cancel, in another form; None where there is none."""
        self.fuel -= tree_size(first.node()) + tree_size(second.node())
        if self.fuel < 0:
            return None
        front, [u, v] = factored([first, -second])
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
                return node_of(multiplied([front], as_factor(terms(made))))
        if not front.powers:
            return None
        if u.powers and v.powers and show(u.node()) > show(v.node()):
            front, u, v = -front, v, u  # a - b, never b - a, so that factors are alike
        return node_of([front * atom(node_of([u, -v]))])

    def _alike(self, u: Monomial, v: Monomial) -> Node | None:
        """f(u) - f(v), where a number may be a value of f."""
        if len(u.powers) != 1 or len(v.powers) > 1:
            return None
        [(left, power)] = u.powers
        if not v.powers:
            return self._from_number(u, v.number / u.number)
        u, v = _of_one_number(u, v)
        [(left, power)], [(right, own)] = u.powers, v.powers
        if u.number != v.number or power != own:
            return None
        if power > 1:
            return _times(u.number, self._whole_power(left, right, power))
        made = self._rule(left, right)
        return None if made is None else _times(u.number, made)

    def _from_number(self, u: Monomial, value: Fraction) -> Node | None:
        [(left, power)] = u.powers
        if power > 1:
            exact = exact_root(value, power)
            if exact is None:
                return None
            return _times(
                u.number, self._whole_power(left, number(exact).node(), power)
            )
        if value == 1 and left.op.name in ONES:
            one = const(ONES[left.op.name])
            return _times(u.number, self._ruled(left.op.name, left.args[0], one))
        if value == 1 and left.op.name == "pow":
            made = self._of_powers(left.args[0], ONE, left.args[1])
            return _times(u.number, made)
        return None

    def _whole_power(self, left: Node, right: Node, power: int) -> Node:
        """u^n - v^n = (u - v)(u^(n-1) + … + v^(n-1))."""
        return _product(self.minus(left, right), between(left, right, power))

    def _rule(self, left: Node, right: Node) -> Node | None:
        if left.op is not right.op or not left.args:
            return None
        if left.op.name == "pow" and left.args[1] is right.args[1]:
            return self._of_powers(left.args[0], right.args[0], left.args[1])
        if left.op.name in RULES:
            return self._ruled(left.op.name, left.args[0], right.args[0])
        return None

    def _ruled(self, op: str, u: Node, v: Node) -> Node:
        d = self.minus(u, v)
        # sin(a) - sin(a + h) has d = -h; written the other way round it is -(…) of +h.
        back = _is_negative(d) and (self.turned or not op.startswith("exp"))
        if back:
            u, v, d = v, u, node_of(negated(terms(d)))
        by = {name("u"): u, name("v"): v, name("d"): d}
        by |= {_PARTS[0]: self._sum(v, d)}
        made = filled(parse_expression(RULES[op]), by)
        if op in HOLDS:
            self.conditions[show(filled(parse_expression(HOLDS[op]), by))] = None
        found = negated(terms(made)) if back else terms(made)
        return node_of(found)

    def _sum(self, v: Node, d: Node) -> Node:
        """v + d/2, added up."""
        return node_of(collected([*terms(v), *(t * _HALF for t in terms(d))]))

    def _of_powers(self, u: Node, v: Node, p: Node) -> Node:
        by = {name("u"): u, name("v"): v, name("p"): p, name("d"): self.minus(u, v)}
        return filled(parse_expression(FROM_ONE if v is ONE else POWER), by)

    def _conjugate(self, u: Monomial, v: Monomial) -> Node | None:
        """(u^n - v^n)/(u^(n-1) + … + v^(n-1)), where a root or two disappear."""
        n = max(degree(u), degree(v))
        if n < 2:
            return None
        above = self.total([*raised(u, n), *negated(raised(v, n))])
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
        if left.op is right.op and left.op.name in RULES:
            return True
        return self._plain(atom(left), atom(right)) is not None

    def _plain(self, u: Monomial, v: Monomial) -> Node | None:
        """u - v multiplied out, where something cancels exactly."""
        written = [*_opened(u), *negated(_opened(v))]
        left = collected(written)
        left = self._shortest(left)
        return self.total(left) if len(left) < len(written) else None

    def near_one(self, node: Node) -> Node:
        """node - 1."""
        return self.minus(node, ONE)


_HALF = number(Fraction(1, 2))
_PARTS = (parse_expression("v + d/2"),)


def _multiplied_out(found: Terms) -> Terms:
    """The terms multiplied out, where some of them cancel exactly by that."""
    out = terms(node_of(found), multiply=True)
    return out if len(out) < sum(len(_opened_all(term)) for term in found) else found


def _opened_all(term: Monomial) -> Terms:
    return terms(term.node(), multiply=True)


def _grouped(rest: Terms) -> Terms:
    """Terms that make up a factor of another as one: a·(a - b) + a - b."""
    sums = [node for term in rest for node, _ in term.powers if is_sum(node)]
    for node in dict.fromkeys(sums):
        inner = terms(node)
        by_key = {term.key: term.number for term in rest}
        ratio = by_key.get(inner[0].key, Fraction(0)) / inner[0].number
        if ratio and all(by_key.get(t.key) == ratio * t.number for t in inner):
            keys = {term.key for term in inner}
            kept = [term for term in rest if term.key not in keys]
            return collected([*kept, number(ratio) * atom(node)])
    return rest


def _opened(term: Monomial) -> Terms:
    """A term that is a number times one sum, as the terms of that sum."""
    if len(term.powers) == 1 and term.powers[0][1] == 1:
        return multiplied([number(term.number)], terms(term.powers[0][0]))
    return [term]


def _cuts(
    first: Monomial, second: Monomial, gap: float
) -> Iterator[tuple[Monomial, Monomial]]:
    """The two terms whole, and cut to the same number: sin(x) of 2·sin(x)."""
    small = min(abs(first.number), abs(second.number))
    if gap < CANCELS or abs(first.number) == abs(second.number):
        yield first, second
    if abs(first.number) != abs(second.number):
        cut = (small if term.number > 0 else -small for term in (first, second))
        one, two = cut
        yield Monomial(one, first.powers), Monomial(two, second.powers)


def _of_one_number(u: Monomial, v: Monomial) -> tuple[Monomial, Monomial]:
    """c·log(a), k·c·log(b)  →  c·log(a), c·log(b^k)."""
    (left, power), (right, own) = u.powers[0], v.powers[0]
    ratio = v.number / u.number
    if left.op is not LOG or right.op is not LOG or power != own or power != 1:
        return u, v
    # log(a) against log(b)/2: turned round, the factor is the whole number 2.
    if ratio.numerator == 1 and 1 < ratio.denominator <= HIGHEST:
        return _of_one_number(v, u)[::-1]
    if ratio.denominator != 1 or not 1 < ratio <= HIGHEST:
        return u, v
    raised = (atom(right.args[0]) ** int(ratio)).node()
    return u, Monomial(u.number, ((LOG(raised), 1),))


def _is_negative(node: Node) -> bool:
    found = terms(node)
    return bool(found) and all(term.number < 0 for term in found)


def _times(value: Fraction, node: Node) -> Node:
    return node_of(multiplied([number(value)], as_factor(terms(node))))


def _product(left: Node, right: Node) -> Node:
    if ZERO in (left, right):
        return ZERO
    parts = (as_factor(terms(part)) for part in (left, right))
    return node_of(multiplied(*parts))


def _quotient(above: Node, below: Node) -> Node:
    if above is ZERO:
        return ZERO
    return node_of(multiplied(as_factor(terms(above)), [factor(below) ** -1]))
