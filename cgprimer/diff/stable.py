"""Forms that overflow or cancel, recognised and replaced by stable ones.

`ln(1 + exp(x))` is inf from x = 710 on and its slope nan; `softplus(x)` is neither.
Values and derivatives are computed from the stable form of what the author wrote; the
author's own form is what is shown, drawn, and given to sympy. Operations of formulas
are written out first, so that they cost and mean what their formulas do.
"""

from __future__ import annotations

import functools

from cgprimer.expr.definitions import derived
from cgprimer.expr.node import Node, fold, intern, postorder, substitute
from cgprimer.expr.ops import NAME, Op
from cgprimer.expr.syntax import parse_expression

RULES = {
    "log(1 + exp(a))": "softplus(a)",
    "log(exp(a) + 1)": "softplus(a)",
    "exp(a)/(1 + exp(a))": "sigmoid(a)",
    "exp(a)/(exp(a) + 1)": "sigmoid(a)",
    "1/(1 + exp(-a))": "sigmoid(a)",
    "1/(exp(-a) + 1)": "sigmoid(a)",
    "exp(a)/(1 + exp(a))^2": "sigmoid(a)*sigmoid(-a)",
    "exp(a)/(exp(a) + 1)^2": "sigmoid(a)*sigmoid(-a)",
    "sigmoid(a) - exp(2*a)/(exp(a) + 1)^2": "sigmoid(a)*sigmoid(-a)",
    "log(1 + a)": "log1p(a)",
    "exp(a) - 1": "expm1(a)",
}
"""Pattern → replacement; the first match is taken, so special ones come first."""


@functools.cache
def _rules() -> dict[Op, list[tuple[Node, Node]]]:
    """The rules by the operation at the top of their pattern."""
    found: dict[Op, list[tuple[Node, Node]]] = {}
    for pattern, replacement in RULES.items():
        top = parse_expression(pattern)
        found.setdefault(top.op, []).append((top, parse_expression(replacement)))
    return found


def stable(root: Node) -> Node:
    """`root` with every recognised form replaced; `root` itself where there is none."""
    rules = _rules()
    [root] = derived([root])
    if not any(node.op in rules for node in postorder([root])):
        return root

    def visit(node: Node, args: list[Node]) -> Node:
        made = intern(node.op, tuple(args), node.value) if args else node
        for pattern, replacement in rules.get(node.op, ()):
            by: dict[Node, Node] = {}
            if _matches(pattern, made, by):
                return substitute([replacement], by)[0]
        return made

    return fold([root], visit)[root]


def _matches(pattern: Node, node: Node, by: dict[Node, Node]) -> bool:
    """Whether `node` has the form of `pattern`; `by` gets what its names stand for."""
    if pattern.op is NAME:
        return by.setdefault(pattern, node) is node
    if pattern.op is not node.op or pattern.value != node.value:
        return False
    return all(_matches(p, n, by) for p, n in zip(pattern.args, node.args, strict=True))
