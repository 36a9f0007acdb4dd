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
from typing import NamedTuple

from cgprimer.diff.factors import (
    ADD,
    DIV,
    MOST,
    MUL,
    NEG,
    ONCE,
    SUB,
    Factor,
    Term,
    factors_of,
    is_product,
    is_sum,
    negative,
    product_of,
    same,
    terms_of,
)
from cgprimer.expr.node import Node, fold
from cgprimer.expr.ops import CONST, NAME, Op
from cgprimer.expr.tidy import tidy

Binding = dict[Node, Node]


class Match(NamedTuple):
    """One way to read a node as a pattern.

    by : name in the pattern → what it stands for.
    number, factors : what the form is multiplied by.
    """

    by: Binding
    number: Fraction = ONCE
    factors: tuple[Factor, ...] = ()

    def fill(self, replacement: Node) -> Node:
        """`replacement` with its names filled in, times the scale."""
        made = fill(replacement, self.by)
        if self.number == 1 and not self.factors:
            return made
        number, factors = factors_of(made)
        return product_of(self.number * number, (*self.factors, *factors))


def fill(replacement: Node, by: Binding) -> Node:
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


def matches(pattern: Node, node: Node, *, scaled: bool = True) -> Iterator[Match]:
    """Ways to read `node` as `pattern`.

    scaled : whether a sum, too, may be a multiple of the pattern, as 2 - 2*cos(x) is
        of 1 - cos(a).
    """
    if is_product(pattern):
        yield from _products(pattern, node, {}, True)
    elif is_sum(pattern):
        yield from _sums(pattern, node, {}, scaled)
    else:
        yield from map(Match, _within(pattern, node, {}))


def has_form(pattern: Node, node: Node) -> bool:
    """Whether `node` can be read as `pattern`; of a sum, not as a multiple of it."""
    return next(matches(pattern, node, scaled=False), None) is not None


def heads(node: Node) -> Sequence[Op]:
    """The operations that an expression of the node's form can have at its top.

    A table of forms is looked up by them: what matches a/b may be a product, b·(1/a).
    """
    if is_product(node):
        return MUL, DIV
    return (ADD, SUB) if is_sum(node) else (node.op,)


def _within(pattern: Node, node: Node, by: Binding) -> Iterator[Binding]:
    """Ways to read `node` as a part of a pattern, where nothing may be left over.

    Recursion follows the pattern, which is small.
    """
    if pattern.op is NAME:
        if pattern not in by or same(by[pattern], node):
            yield {pattern: node, **by}
    elif is_product(pattern):
        yield from (way.by for way in _products(pattern, node, by, False))
    elif is_sum(pattern):
        yield from (way.by for way in _sums(pattern, node, by, False))
    elif pattern.op is node.op and pattern.value == node.value:
        # Argument by argument; each way to read one narrows what the names may be in
        # the next.
        ways = [by]
        for part, arg in zip(pattern.args, node.args, strict=True):
            ways = [w for way in ways for w in _within(part, arg, way)]
        yield from ways


def _products(pattern: Node, node: Node, by: Binding, top: bool) -> Iterator[Match]:
    """Ways to find the factors of a pattern among those of a node.

    What is left over is the scale at the top; below it goes to a name that stands for
    nothing yet, or there must be nothing.
    """
    # b*exp(x)/(exp(x) + 1) read as exp(a)/(1 + exp(a)):
    #
    #     wanted    exp(a) above, 1 + exp(a) below
    #     factors   b above, exp(x) above, exp(x) + 1 below
    #
    # exp(a) takes exp(x), so a is x; 1 + exp(a) takes exp(x) + 1, its terms in another
    # order; b is left over, and is the scale.
    number, wanted, known = _split_pattern(pattern, by)
    own, factors = factors_of(node)
    shaped = [factor for factor in wanted if factor[0].op is not NAME]
    # A bare name in a product, as a in exp(2*a), stands for all that is left: nothing
    # says which factors two such names would take.
    free = [factor for factor in wanted if factor[0].op is NAME]
    if len(free) > 1 or (free and free[0][1] < 0):
        return  # such a form is no recognisable one
    for factor in known:
        if factor not in factors:
            return
        factors.remove(factor)
    scale = own / number
    for way, left in _pick(shaped, factors, by):
        if free:
            rest = product_of(ONCE if top else scale, left)
            # At the top the number is the scale; inside, as in exp(4*x) for exp(2*a),
            # it belongs to what the name stands for: a is 2*x.
            for whole in _within(free[0][0], rest, way):
                yield Match(whole, scale if top else ONCE)
        elif top or (not left and scale == 1):
            yield Match(way, scale, tuple(left))


def _split_pattern(
    pattern: Node, by: Binding
) -> tuple[Fraction, list[Factor], list[Factor]]:
    """The factors of a pattern; and those that its known names stand for."""
    number, factors = factors_of(pattern)
    wanted: list[Factor] = []
    known: list[Factor] = []
    for part, power in factors:
        if part in by:
            # A name that stands for a product is looked for factor by factor: they need
            # not stand together in the node.
            own, parts = factors_of(by[part])
            number *= own**power
            known += [(node, power * sign) for node, sign in parts]
        else:
            wanted.append((part, power))
    return number, wanted, known


def _pick(
    wanted: Sequence[Factor], factors: Sequence[Factor], by: Binding
) -> Iterator[tuple[Binding, list[Factor]]]:
    """Ways to find every wanted factor among `factors`, with those left over."""
    if not wanted:
        yield by, list(factors)
        return
    (part, power), *rest = wanted
    for i, (node, sign) in enumerate(factors):
        if sign == power:
            left = [*factors[:i], *factors[i + 1 :]]
            for way in _within(part, node, by):
                yield from _pick(rest, left, way)


def _sums(pattern: Node, node: Node, by: Binding, scaled: bool) -> Iterator[Match]:
    """Ways to read the terms of a node, in any order, as those of a pattern."""
    wanted = terms_of(pattern, MOST)
    # No more terms than the pattern has: the rest of a longer sum stays whole, so that
    # 1 + a can be 1 + (x + y).
    terms = terms_of(node, len(wanted))
    # All orders of the terms are tried, which is for a few only.
    if len(terms) != len(wanted) or len(wanted) > 3:
        return
    # A name would take any term; in 1 + a the 1 has to be found first, and a gets the
    # other.
    wanted.sort(key=lambda term: term[1].op is NAME)  # the most telling first
    for order in permutations(terms):
        pairs = list(zip(wanted, order, strict=True))
        # 2 - 2*cos(x) as 1 - cos(a): the first pair, 1 and 2, gives the ratio, and each
        # other term must then be as many times its own.
        ratio = _ratio(*pairs[0]) if scaled else ONCE
        for way in _pairings(pairs, by, ratio):
            yield Match(way, ratio)


def _ratio(wanted: Term, term: Term) -> Fraction:
    """What the wanted term is to be multiplied by to give the other."""
    number, own = factors_of(wanted[1])[0], factors_of(term[1])[0]
    if wanted[1].op is NAME:
        return ONCE
    return (own * term[0]) / (number * wanted[0])


def _pairings(
    pairs: Sequence[tuple[Term, Term]], by: Binding, ratio: Fraction
) -> Iterator[Binding]:
    """Ways to read each term as `ratio` times its wanted term."""
    if not pairs:
        yield by
        return
    ((sign, part), (own, node)), *rest = pairs
    scale = own * sign / ratio
    if scale != 1:
        number, factors = factors_of(node)
        node = product_of(number * scale, factors)
    for way in _within(part, node, by):
        yield from _pairings(rest, way, ratio)
