"""Forms that overflow or cancel, recognised and replaced by stable ones.

`ln(1 + exp(x))` is inf from x = 710 on and its slope nan; `softplus(x)` is neither.
Values and derivatives are computed from the stable form of what the author wrote; the
author's own form is what is shown, drawn, and given to sympy. Operations of formulas
are written out first, so that they cost and mean what their formulas do.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from cgprimer.diff.factors import NEG, negative
from cgprimer.diff.match import heads, matches
from cgprimer.expr.definitions import expand_for_derivatives
from cgprimer.expr.node import Node, fold, intern, postorder
from cgprimer.expr.ops import OPS, Op
from cgprimer.expr.syntax import parse_expression

# exp overflows from 709.8 on, and 1 - sigmoid cancels to 0 from 37 on. The two forms
# with exp(2*a) or a square are the slope of exp(a)/(1 + exp(a)), as it is written by
# hand and as sympy gives it; by then its first term is a sigmoid already.
RULES = {
    "log(1 + exp(a))": "softplus(a)",
    "exp(a)/(1 + exp(a))": "sigmoid(a)",
    "1/(1 + exp(a))": "sigmoid(-a)",
    "exp(a)/(1 + exp(a))^2": "sigmoid(a)*sigmoid(-a)",
    "sigmoid(a) - exp(2*a)/(1 + exp(a))^2": "sigmoid(a)*sigmoid(-a)",
    "log(sigmoid(a))": "-softplus(-a)",
    "log(1 - sigmoid(a))": "-softplus(a)",
    "log(1 + a)": "log1p(a)",
    "exp(a) - 1": "expm1(a)",
}
"""Pattern → replacement; the first match is taken, so special ones come first."""


@functools.cache
def _rules() -> dict[Op, list[tuple[Node, Node]]]:
    """The rules by the operations that a form can have at its top."""
    found: dict[Op, list[tuple[Node, Node]]] = {}
    for pattern, replacement in RULES.items():
        top = parse_expression(pattern)
        for op in heads(top):
            found.setdefault(op, []).append((top, parse_expression(replacement)))
    return found


TELLING = frozenset(map(OPS.__getitem__, ("exp", "log", "sigmoid")))
"""Every form has one of these."""


def stable(root: Node) -> Node:
    """`root` with every recognised form replaced; `root` itself where there is none."""
    return stable_forms([root])[root]


def stable_forms(roots: Sequence[Node]) -> dict[Node, Node]:
    """Root → what `stable` makes of it, for many at the price of one."""
    written = dict(zip(roots, expand_for_derivatives(roots), strict=True))
    # Most equations have none of these: one look at their operations is cheaper than
    # matching each node.
    if TELLING.isdisjoint(node.op for node in postorder(written.values())):
        return written
    rules = _rules()

    def visit(node: Node, args: list[Node]) -> Node:
        # Arguments come first, so rules are written over what rules have made of them:
        # once 1/(1 + exp(-x)) is sigmoid(x), its logarithm is found by
        # `log(sigmoid(a))`.
        made = intern(node.op, tuple(args), node.value) if args else node
        if node.op is NEG and args[0] is not node.args[0]:
            made = negative(args[0])  # -log(1 - sigmoid(x)) is softplus(x)
        for pattern, replacement in rules.get(node.op, ()):
            for found in matches(pattern, made, scaled=False):
                return found.filled(replacement)
        return made

    results = fold(written.values(), visit)
    return {root: results[made] for root, made in written.items()}
