"""Whether an expression has a form, whatever the order, the sign or the scale.

    matches(pattern, node)  →  what the pattern's names stand for, and a factor

A sum matches in any order of its terms, a product in any order of its factors; what a
whole form is multiplied by is left over as its scale: `b*exp(x)/(exp(x) + 1)` has the
form `exp(a)/(1 + exp(a))` with the scale b. Nothing is multiplied out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import permutations
from math import isfinite
from typing import NamedTuple

from cgprimer.expr.node import Node, fold
from cgprimer.expr.ops import CONST, NAME, ONE, OPS, Op, const, tidy

ADD, SUB, MUL, DIV, NEG, POW = map(
    OPS.__getitem__, ("add", "sub", "mul", "div", "neg", "pow")
)
LONG = 10**12  # a denominator that is shown as one
MOST = 12  # factors of a product that are looked at; forms are smaller than that
ONCE = Fraction(1)
Binding = dict[Node, Node]
Factor = tuple[Node, int]  # a factor that is no product, above (1) or below (-1)


class Match(NamedTuple):
    """One way to read a node as a pattern.

    by : name in the pattern → what it stands for. inside : the operations of the form.
    number, factors : what the form is multiplied by.
    """

    by: Binding
    inside: frozenset[Node]
    number: Fraction = ONCE
    factors: tuple[Factor, ...] = ()

    def filled(self, replacement: Node) -> Node:
        """`replacement` with its names filled in, times the scale."""
        made = filled(replacement, self.by)
        if self.number == 1 and not self.factors:
            return made
        number, factors, _ = factors_of(made)
        return product_of(self.number * number, (*self.factors, *factors))


def matches(pattern: Node, node: Node, *, scaled: bool = True) -> Iterator[Match]:
    """Ways to read `node` as `pattern`.

    scaled : whether a sum, too, may be a multiple of the pattern, as 2 - 2*cos(x) is
        of 1 - cos(a).
    """
    if is_product(pattern):
        yield from _products(pattern, node, Match({}, frozenset()), True)
    elif is_sum(pattern):
        yield from _sums(pattern, node, Match({}, frozenset()), scaled)
    else:
        yield from _within(pattern, node, Match({}, frozenset()))


def is_sum(node: Node) -> bool:
    """Whether a node adds or subtracts."""
    return node.op is ADD or node.op is SUB


def is_product(node: Node) -> bool:
    """Whether a node multiplies, divides or turns a sign."""
    return node.op is MUL or node.op is DIV or node.op is NEG


def heads(node: Node) -> Sequence[Op]:
    """The operations that an expression of the node's form can have at its top."""
    if is_product(node):
        return MUL, DIV
    return (ADD, SUB) if is_sum(node) else (node.op,)


def factors_of(node: Node) -> tuple[Fraction, list[Factor], list[Node]]:
    """A node as a number times factors, and the operations that multiply them."""
    number, found, inside = ONCE, list[Factor](), list[Node]()
    stack: list[Factor] = [(node, 1)]
    while stack:
        part, power = stack.pop()
        if len(found) + len(stack) < MOST and is_product(part):
            inside.append(part)
            if part.op is NEG:
                number = -number
                stack.append((part.args[0], power))
            else:
                below = -power if part.op is DIV else power
                stack += [(part.args[1], below), (part.args[0], power)]
        elif _is_number(part):
            number *= Fraction(float(part.value or 0.0)) ** power
        else:
            found.append((part, power))
    return number, found, inside


def _is_number(node: Node) -> bool:
    value = float(node.value or 0.0) if node.op is CONST else 0.0
    return value != 0 and isfinite(value)


def product_of(number: Fraction, factors: Sequence[Factor]) -> Node:
    """A number times factors as a node: `-2*a*b/(3*c)`."""
    above = [node for node, power in factors if power > 0]
    below = [node for node, power in factors if power < 0]
    size = abs(number)
    if size.denominator > LONG:  # 0.1 and its like, which are not short as fractions
        size, above = ONCE, [const(float(size)), *above]
    if size.numerator != 1:
        above.insert(0, const(float(size.numerator)))
    if size.denominator != 1:
        below.insert(0, const(float(size.denominator)))
    if number < 0:
        above[:1] = [negative(above[0] if above else ONE)]
    made = _multiplied(above)
    return DIV(made, _multiplied(below)) if below else made


def _multiplied(nodes: Sequence[Node]) -> Node:
    made = ONE
    for node in nodes:
        made = MUL(made, node) if made is not ONE else node
    return made


def negative(node: Node) -> Node:
    """-node, without a double minus: `b - a` for `a - b`, `k*x` for `-k*x`."""
    if node.op is SUB:
        return SUB(node.args[1], node.args[0])
    if node.op in (MUL, DIV):
        left, right = node.args
        if left.op in (NEG, MUL, DIV) or left.op is CONST:
            return node.op(negative(left), right)
    return const(-float(node.value or 0.0)) if node.op is CONST else tidy(NEG, node)


def filled(replacement: Node, by: Binding) -> Node:
    """`replacement` with the nodes of `by` replaced, and tidied."""

    def visit(node: Node, args: list[Node]) -> Node:
        if node in by or not args:
            return by.get(node, node)
        if node.op is NEG:
            return negative(args[0])
        made = tidy(node.op, *args)
        is_short = node.op.symbol or made.op is not CONST or _is_whole(made)
        return made if is_short else node.op(*args)  # log(2) stays log(2)

    return fold([replacement], visit)[replacement]


def _is_whole(node: Node) -> bool:
    return float(node.value or 0.0).is_integer()


def _within(pattern: Node, node: Node, so_far: Match) -> Iterator[Match]:
    """Ways to read `node` as a part of a pattern, where nothing may be left over.

    Recursion follows the pattern, which is small.
    """
    by, inside = so_far.by, so_far.inside
    if pattern.op is NAME:
        if pattern not in by or same(by[pattern], node):
            yield Match({pattern: node, **by}, inside)
    elif is_product(pattern):
        yield from _products(pattern, node, so_far, False)
    elif is_sum(pattern):
        yield from _sums(pattern, node, so_far, False)
    elif pattern.op is node.op and pattern.value == node.value:
        ways = [Match(by, inside | {node} if node.args else inside)]
        for part, arg in zip(pattern.args, node.args, strict=True):
            ways = [w for way in ways for w in _within(part, arg, way)]
        yield from ways


def same(a: Node, b: Node) -> bool:
    """Whether two nodes are equal, up to the order and signs of factors."""
    if a is b:
        return True
    if not (is_product(a) or is_product(b)):
        return False
    (number, factors, _), (other, others, _) = factors_of(a), factors_of(b)
    return number == other and sorted(map(_key, factors)) == sorted(map(_key, others))


def _key(factor: Factor) -> tuple[int, int]:
    return id(factor[0]), factor[1]


def _products(pattern: Node, node: Node, so_far: Match, top: bool) -> Iterator[Match]:
    number, wanted = _spelled(pattern, so_far.by)
    own, factors, inside = factors_of(node)
    start = Match(so_far.by, so_far.inside | set(inside), own / number)
    free = [f for f in wanted if f[0].op is NAME and f[0] not in so_far.by]
    shaped = [f for f in wanted if f not in free]
    if len(free) > 1 or (free and free[0][1] < 0):
        return  # such a form is no recognisable one
    for way, left in _pick(shaped, factors, start):
        if top and not free:
            yield way._replace(factors=tuple(left))
        elif free and not top:
            rest = product_of(way.number, left)
            yield from _within(free[0][0], rest, way._replace(number=ONCE))
        elif free:
            rest = product_of(ONCE, left)
            yield from (
                found._replace(number=way.number)
                for found in _within(free[0][0], rest, way)
            )
        elif not left and way.number == 1:
            yield way


def _spelled(pattern: Node, by: Binding) -> tuple[Fraction, list[Factor]]:
    """The factors of a pattern, its known names replaced by their own factors."""
    number, factors, _ = factors_of(pattern)
    found: list[Factor] = []
    for part, power in factors:
        if part.op is NAME and part in by:
            own, parts, _ = factors_of(by[part])
            number *= own**power
            found += [(node, power * sign) for node, sign in parts]
        else:
            found.append((part, power))
    return number, found


def _pick(
    wanted: Sequence[Factor], factors: Sequence[Factor], so_far: Match
) -> Iterator[tuple[Match, list[Factor]]]:
    """Ways to find every wanted factor among `factors`, with those left over."""
    if not wanted:
        yield so_far, list(factors)
        return
    (part, power), *rest = wanted
    for i, (node, sign) in enumerate(factors):
        if sign != power:
            continue
        for way in [so_far] if part is node else _within(part, node, so_far):
            left = [*factors[:i], *factors[i + 1 :]]
            way = way._replace(number=so_far.number)
            yield from _pick(rest, left, way)


def _sums(pattern: Node, node: Node, so_far: Match, scaled: bool) -> Iterator[Match]:
    wanted, _ = terms_of(pattern, MOST)
    terms, inside = terms_of(node, len(wanted))
    if len(terms) != len(wanted) or len(wanted) > 3:
        return
    wanted.sort(key=lambda term: term[1].op is NAME)  # the most telling first
    so_far = so_far._replace(inside=so_far.inside | set(inside))
    for order in permutations(terms):
        pairs = list(zip(wanted, order, strict=True))
        ratio = _ratio(*pairs[0]) if scaled else ONCE
        yield from (way._replace(number=ratio) for way in _paired(pairs, so_far, ratio))


Term = tuple[int, Node]


def terms_of(node: Node, most: int) -> tuple[list[Term], list[Node]]:
    """A node as at most so many terms with their signs; the operations that add them.

    Terms are split off from the right, as a sum is read.
    """
    terms: list[Term] = [(1, node)]
    inside: list[Node] = []
    at = 0
    while at < len(terms):
        sign, part = terms[at]
        if part.op is NEG and is_sum(part.args[0]):
            inside.append(part)
            terms[at] = (-sign, part.args[0])
        elif is_sum(part) and len(terms) < most:
            inside.append(part)
            left, right = part.args
            terms[at : at + 1] = [
                (sign, left),
                (-sign if part.op is SUB else sign, right),
            ]
        else:
            at += 1
    return terms, inside


def _ratio(wanted: Term, term: Term) -> Fraction:
    """What the wanted term is to be multiplied by to give the other."""
    number, own = factors_of(wanted[1])[0], factors_of(term[1])[0]
    if wanted[1].op is NAME:
        return ONCE
    return (own * term[0]) / (number * wanted[0])


def _paired(
    pairs: Sequence[tuple[Term, Term]], so_far: Match, ratio: Fraction
) -> Iterator[Match]:
    """Ways to read each term as `ratio` times its wanted term."""
    if not pairs:
        yield so_far
        return
    ((sign, part), (own, node)), *rest = pairs
    scale = own * sign / ratio
    if scale != 1:
        node = _scaled(node, scale)
    for way in _within(part, node, so_far):
        yield from _paired(rest, way, ratio)


def _scaled(node: Node, scale: Fraction) -> Node:
    number, factors, _ = factors_of(node)
    return product_of(number * scale, factors)
