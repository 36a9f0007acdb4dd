"""Roots: what raises a term until they are gone, and u^n - v^n over u - v.

3·sqrt(x)·y ─ degree ─→ 2 ─ rootless_power ─→ 9·x·y^2        for `differences`, `ranges`
"""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

from cgprimer.diagnosis.algebra.terms import (
    Monomial,
    Terms,
    atom,
    factor,
    node_of,
    number,
    product,
    terms,
)
from cgprimer.expr.node import Node


def between(u: Node, v: Node, power: int) -> Node:
    """u^(n-1) + u^(n-2)·v + … + v^(n-1)."""
    left, right = factor(u), factor(v)
    return node_of([left ** (power - 1 - k) * right**k for k in range(power)])


def degree(term: Monomial) -> int:
    """The power that makes an end of the roots in a term; 1 where there are none."""
    highest = 1
    for node, power in term.powers:
        if node.op.name == "sqrt" and power % 2:
            highest = max(highest, 2)
        elif node.op.name == "pow":
            highest = max(highest, _nth(node.args[1]))
    return highest


def _nth(exponent: Node) -> int:
    """n for an exponent 1/n; 1 for others."""
    [term, *more] = terms(exponent) or [number(0)]
    # x^(1/3) written as 0.333… is no cube root: its fraction has a large denominator.
    simple = not more and not term.powers and term.number.numerator == 1
    return term.number.denominator if simple and term.number.denominator < 6 else 1


def rootless_power(term: Monomial, n: int) -> Terms:
    """term^n, its roots gone."""
    made = [number(term.number**n)]
    for node, power in term.powers:
        whole, base = n * power, node
        if node.op.name == "sqrt" and whole % 2 == 0:
            whole, base = whole // 2, node.args[0]
        elif node.op.name == "pow" and whole % (own := _nth(node.args[1])) == 0:
            whole, base = (whole // own, node.args[0]) if own > 1 else (whole, node)
        inner = terms(base)
        # Multiplied out only so far: a tenth power of a sum has too many terms.
        if 0 < whole <= 3:
            for _ in range(whole):
                made = product(made, inner)
        else:
            made = product(made, [atom(base) ** whole])
    return made


def exact_root(value: Fraction, power: int) -> Fraction | None:
    """The exact root of a fraction, if it has one."""
    if value == 1 or power != 2 or value < 0:
        return value if value == 1 else None
    above, below = isqrt(value.numerator), isqrt(value.denominator)
    exact = above**2 == value.numerator and below**2 == value.denominator
    return Fraction(above, below) if exact else None
