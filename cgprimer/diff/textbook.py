"""Derivatives as a textbook prints them: factors collected, the number in front.

The sweep returns `-(v1/v2/v2)`, `3*(2*xa)` and `xlogy(a^b, a)`; here they become
`-v1/v2^2`, `6*xa` and `a^b*log(a)`. Values are the same, up to rounding, wherever both
forms have one. Nothing is expanded, and nothing cancels.

For `graph.local` and `graph.partial_texts`, whose partials people read; those by arrays
are written by `array_textbook`.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

from cgprimer.diff.factors import (
    ADD,
    DIV,
    MUL,
    NEG,
    SUB,
    is_product,
    is_sum,
    multiply,
    split_product,
)
from cgprimer.expr.node import Node, fold, intern
from cgprimer.expr.ops import CONST, ONE, OPS, const
from cgprimer.expr.tidy import tidy
from cgprimer.notation.numbers import exact

LOG, POW, XLOGY = map(OPS.__getitem__, ("log", "pow", "xlogy"))


class _Fraction(NamedTuple):
    """Numbers above and below one fraction bar, and bases with their exponents."""

    numbers: tuple[list[float], list[float]]
    powers: tuple[dict[Node, float], dict[Node, float]]


def textbook(root: Node) -> Node:
    """`root` with every product in it written as one fraction, its number in front."""

    def visit(node: Node, args: list[Node]) -> Node:
        if not args:
            return as_written(node) if node.op is CONST else node
        if node.op is XLOGY:
            # A product with a guard for 0·ln 0, which a textbook does not print.
            return as_fraction(fraction_of(MUL(args[0], LOG(args[1]))))
        if is_product(node):
            return as_fraction(fraction_of(intern(node.op, tuple(args))))
        if is_sum(node):
            return as_sum(node.op is SUB, *args)
        return intern(node.op, tuple(args))

    return fold([root], visit)[root]


def as_written(node: Node) -> Node:
    """0.30000000000000004 as 0.3 and 0.6666666666666666 as 2/3: folded constants."""
    value = float(node.value or 0.0)
    # A short fraction that has exactly this value: 2/3 for 0.6666666666666666.
    # Denominators up to 100 are those a person would write; 0.5 is short enough as it
    # is.
    near = Fraction(value).limit_denominator(100) if abs(value) < 1e6 else Fraction()
    if float(near) == value and _length(value) > 12:
        return DIV(const(near.numerator), const(near.denominator))
    # Much shorter: then the last ones are rounding of a folded constant, as in 0.1 +
    # 0.2. Of any number with seventeen digits twelve are five fewer.
    short = float(f"{value:.12g}")
    return const(short) if _length(short) + 6 < _length(value) else node


def fraction_of(node: Node) -> _Fraction:
    """A product as its numbers and its powers, above and below the line."""
    product = _Fraction(([], []), ({}, {}))
    numbers, factors = split_product(node)
    for factor, power in numbers + factors:
        below = power < 0
        if factor.op is CONST:
            product.numbers[below].append(float(factor.value or 0.0))
            continue
        base, exponent = factor, 1.0
        if factor.op is POW and factor.args[1].op is CONST:
            base, exponent = factor.args[0], float(factor.args[1].value or 0.0)
        # x^-2 counts as x^2 on the other side of the bar.
        powers = product.powers[below != (exponent < 0)]
        powers[base] = powers.get(base, 0.0) + abs(exponent)
    return product


def as_fraction(product: _Fraction) -> Node:
    """The fraction as a node, its sign before the first factor."""
    sign, above, below = _numbers(*product.numbers, fraction=bool(product.powers[1]))
    if 0.0 in above:
        return const(0.0)
    tops = [*map(const, above), *_powers(product.powers[0])]
    bottoms = [*map(const, below), *_powers(product.powers[1])]
    if sign < 0:  # on the first factor: -sin(x)*y, -2*y, -1/y
        tops[:1] = [tidy(NEG, *tops[:1] or [ONE])]
    top = multiply(tops)
    return DIV(top, multiply(bottoms)) if bottoms else top


def _numbers(
    above: list[float], below: list[float], fraction: bool
) -> tuple[float, list[float], list[float]]:
    """The sign, and the numbers above and below the bar, multiplied if that is short.

    fraction : something else stands below the bar, so 0.5 above goes there as 2.
    """
    sign = math.prod(math.copysign(1.0, x) for x in (*above, *below))
    tops, bottoms = ([abs(x) for x in part if abs(x) != 1] for part in (above, below))
    top, bottom = math.prod(tops, start=1.0), math.prod(bottoms, start=1.0)
    if fraction and 0 < top < 1 and (1 / top).is_integer():
        top, bottom = 1.0, bottom / top
    # 6*x/4 as 3*x/2; and 6*x/1.5, which has no common divisor of whole numbers, as 4*x.
    if top.is_integer() and bottom.is_integer():
        divisor = math.gcd(int(top), int(bottom)) or 1
        top, bottom = top / divisor, bottom / divisor
    elif bottom and (top / bottom).is_integer():
        top, bottom = top / bottom, 1.0
    if max(map(_length, (top, bottom))) > 1 + sum(map(_length, tops + bottoms)):
        return sign, tops, bottoms  # 0.1*3 would be 0.30000000000000004
    return sign, [x for x in [top] if x != 1], [x for x in [bottom] if x != 1]


def _length(value: float) -> int:
    return len(exact(value))


def _powers(powers: dict[Node, float]) -> list[Node]:
    return [
        base if exponent == 1 else POW(base, const(exponent))
        for base, exponent in powers.items()
    ]


def as_sum(is_difference: bool, left: Node, right: Node) -> Node:
    """a + (-b) as a - b, a - (-b) as a + b, and -a + b as b - a."""
    positive = _without_minus(right)
    if positive is not None:
        is_difference, right = not is_difference, positive
    positive = None if is_difference else _without_minus(left)
    if positive is not None:
        is_difference, left, right = True, right, positive
    return tidy(SUB if is_difference else ADD, left, right)


def _without_minus(node: Node) -> Node | None:
    """The product -node, where `node` is printed with a minus in front."""
    if not is_product(node) and node.op is not CONST:
        return None
    if _numbers(*fraction_of(node).numbers, fraction=False)[0] > 0:
        return None
    return as_fraction(fraction_of(NEG(node)))
