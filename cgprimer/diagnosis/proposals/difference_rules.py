"""f(u) - f(v) in terms of u - v, for the functions and powers that have such a rule.

    f, u, v, d = u - v ─ function_difference ─→ sin: 2·cos(v + d/2)·sin(d/2)

`differences` finds the pairs, and d with what cancels in it gone.
"""

from __future__ import annotations

from fractions import Fraction

from cgprimer.diagnosis.algebra.terms import (
    collect,
    negate,
    node_of,
    number,
    terms,
)
from cgprimer.diff.match import fill
from cgprimer.expr.node import Node
from cgprimer.expr.ops import ONE, name
from cgprimer.expr.syntax import parse_expression
from cgprimer.notation.text import show

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

_HALF = number(Fraction(1, 2))
_U, _V, _D, _P = map(name, "uvdp")
_MIDDLE = parse_expression("v + d/2")


def function_difference(
    op: str, u: Node, v: Node, d: Node, turned: bool
) -> tuple[Node, str]:
    """f(u) - f(v), and what has to be positive for it; "" where nothing has.

    turned : exponentials, too, are written with a positive d.
    """
    # sin(a) - sin(a + h) has d = -h; written the other way round it is -(…) of +h.
    back = _is_negative(d) and (turned or not op.startswith("exp"))
    if back:
        u, v, d = v, u, node_of(negate(terms(d)))
    middle = node_of(collect([*terms(v), *(t * _HALF for t in terms(d))]))
    by = {_U: u, _V: v, _D: d, _MIDDLE: middle}
    made = terms(fill(parse_expression(RULES[op]), by))
    positive = show(fill(parse_expression(HOLDS[op]), by)) if op in HOLDS else ""
    return node_of(negate(made) if back else made), positive


def power_difference(u: Node, v: Node, p: Node, d: Node) -> Node:
    """u^p - v^p for positive u and v."""
    rule = FROM_ONE if v is ONE else POWER
    return fill(parse_expression(rule), {_U: u, _V: v, _P: p, _D: d})


def _is_negative(node: Node) -> bool:
    parts = terms(node)
    return bool(parts) and all(term.number < 0 for term in parts)
