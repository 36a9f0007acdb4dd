"""Expressions as products of factors, or as sums of terms, with their numbers.

    node ─▶ number, factors ─▶ node        node ─▶ signed terms

`diff.match` compares forms by them, `diff.textbook` prints them, `diagnosis` proposes
others.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from fractions import Fraction
from math import inf, isfinite

from cgprimer.expr.node import Node, intern
from cgprimer.expr.ops import CONST, ONE, OPS, const
from cgprimer.expr.tidy import MINUS_ONE, tidy

ADD, SUB, MUL, DIV, NEG = map(OPS.__getitem__, ("add", "sub", "mul", "div", "neg"))
LONG = 10**12  # a denominator up to which a number is written as a fraction
MOST = 12  # factors of a product that are looked at; forms are smaller than that
ONCE = Fraction(1)
Factor = tuple[Node, int]  # what is no product, above (1) or below (-1) the line
Term = tuple[int, Node]  # a sign, and what it stands before


def is_sum(node: Node) -> bool:
    """Whether a node adds or subtracts."""
    return node.op is ADD or node.op is SUB


def is_product(node: Node) -> bool:
    """Whether a node multiplies, divides or turns a sign."""
    return node.op is MUL or node.op is DIV or node.op is NEG


def factors_of(node: Node) -> tuple[Fraction, list[Factor]]:
    """A node as a number times at most MOST factors, which are no products."""
    # -2*a*b/(3*c) is -2/3 times a, b above and c below. Numbers are fractions, so that
    # comparing them is exact: 3*(x/10) and 3*x/10 are one product, while as floats
    # 3*0.1 is not 0.3.
    numbers, factors = split_product(node, MOST)
    number = ONCE
    for part, power in numbers:
        if part is MINUS_ONE:
            number = -number
        else:
            number *= Fraction(float(part.value or 0.0)) ** power
    return number, factors


def split_product(node: Node, most: float = inf) -> tuple[list[Factor], list[Factor]]:
    """The numbers in a product, -1 for a minus, and its other factors, as they stand.

    most : factors that are looked at; what comes after is not split.
    """
    numbers, factors = list[Factor](), list[Factor]()
    stack: list[Factor] = [(node, 1)]
    while stack:
        factor = part, power = stack.pop()
        if is_product(part) and len(factors) + len(stack) < most:
            if part.op is NEG:
                numbers.append((MINUS_ONE, power))
                stack.append((part.args[0], power))
            else:
                below = -power if part.op is DIV else power
                stack += (part.args[1], below), (part.args[0], power)
        elif part.op is CONST and _is_number(part):
            numbers.append(factor)
        else:
            factors.append(factor)
    return numbers, factors


def _is_number(node: Node) -> bool:
    """Whether a constant can be a number before a product: neither 0 nor inf."""
    value = float(node.value or 0.0)
    return value != 0 and isfinite(value)


def product_of(number: Fraction, factors: Sequence[Factor]) -> Node:
    """A number times factors as a node: `-2*a*b/(3*c)`."""
    above = [node for node, power in factors if power > 0]
    below = [node for node, power in factors if power < 0]
    size = abs(number)
    if size.denominator > LONG:  # 0.1 and its like, which are not short as fractions
        size, above = ONCE, [_const(size), *above]
    if size.numerator != 1:
        above.insert(0, _const(size.numerator))
    if size.denominator != 1:
        below.insert(0, const(float(size.denominator)))
    if number < 0:
        above[:1] = [negative(above[0] if above else ONE)]
    made = multiply(above)
    return DIV(made, multiply(below)) if below else made


def _const(number: Fraction | int) -> Node:
    """A positive number as a leaf, inf where it is beyond all doubles."""
    try:
        return const(float(number))
    except OverflowError:
        return const(inf)


def multiply(nodes: Sequence[Node]) -> Node:
    """`a*b*c`; 1 for none."""
    return functools.reduce(MUL, nodes) if nodes else ONE


def negative(node: Node) -> Node:
    """-node, without a double minus: `b - a` for `a - b`, `k*x` for `-k*x`."""
    if node.op is SUB:
        return SUB(node.args[1], node.args[0])
    if node.op in (MUL, DIV):
        left, right = node.args
        if left.op in (NEG, MUL, DIV) or left.op is CONST:
            return node.op(negative(left), right)
    return const(-float(node.value or 0.0)) if node.op is CONST else tidy(NEG, node)


def with_arguments(node: Node, args: Sequence[Node]) -> Node:
    """The operation of `node` on other arguments, without a double minus."""
    if node.op is NEG:
        return negative(args[0])
    return intern(node.op, tuple(args), node.value)


def same(a: Node, b: Node) -> bool:
    """Whether two nodes are equal, up to the order and signs of factors."""
    if a is b:
        return True
    if not (is_product(a) or is_product(b)):
        return False
    (number, factors), (other, others) = factors_of(a), factors_of(b)
    return number == other and sorted(map(_key, factors)) == sorted(map(_key, others))


def _key(factor: Factor) -> tuple[int, int]:
    # Equal nodes are one object, so an order by `id` is good enough to compare two
    # lists.
    return id(factor[0]), factor[1]


def terms_of(node: Node, most: int) -> list[Term]:
    """A node as at most so many terms, split off from the right, as a sum is read.

    a - b + c is a, -b and c; as two terms, a - b and c.
    """
    terms: list[Term] = [(1, node)]
    at = 0
    while at < len(terms):
        sign, part = terms[at]
        # -(a + b) is opened: its sign goes to both terms.
        if part.op is NEG and is_sum(part.args[0]):
            terms[at] = (-sign, part.args[0])
        elif is_sum(part) and len(terms) < most:
            left, right = part.args
            other = -sign if part.op is SUB else sign
            terms[at : at + 1] = [(sign, left), (other, right)]
        else:
            at += 1
    return terms
