"""Expressions without their guards: log(sigmoid(x)) for log(max(sigmoid(x), 1e-15)).

    node ─ remove_guards ─→ node, the same one where nothing guards; for `remedies`

Clamping a probability, or adding a tiny number to it, hides a logarithm's overflow and
flattens its slope; a form that needs no guard gives what was meant.
"""

from __future__ import annotations

from cgprimer.diff.match import has_form
from cgprimer.diff.stable import stable
from cgprimer.expr.node import Node, fold, intern
from cgprimer.expr.ops import CONST
from cgprimer.expr.syntax import parse_expression

TINY = 1e-6  # a guard leaves probabilities as they are but for this much


def remove_guards(root: Node) -> Node:
    """`root` without the guards on sigmoids near 0 and 1.

    A guard is max or + with a number up to TINY, or min with one as near to 1.
    """

    def visit(node: Node, args: list[Node]) -> Node:
        # max(p, 1e-15) and max(1e-15, p) alike.
        for kept, guard in (args, args[::-1]) if len(args) == 2 else ():
            if _is_guard(node.op.name, guard) and _is_probability(kept):
                return kept
        return intern(node.op, tuple(args), node.value) if args else node

    return fold([root], visit)[root]


def _is_guard(kind: str, node: Node) -> bool:
    """Whether max or min with `node`, or adding it, acts near 0 or 1 only."""
    value = _number(node)
    if kind in ("max", "add"):
        return 0 < value <= TINY
    return kind == "min" and 1 - TINY <= value < 1


def _number(node: Node) -> float:
    """The value of a number, or of a difference of numbers such as 1 - 1e-15."""
    if node.op is CONST:
        return float(node.value or 0.0)
    if node.op.name == "sub" and all(arg.op is CONST for arg in node.args):
        left, right = (float(arg.value or 0.0) for arg in node.args)
        return left - right
    return 0.0


def _is_probability(node: Node) -> bool:
    """Whether a node is a sigmoid, or what one leaves of 1."""
    form = stable(node)
    return any(has_form(pattern, form) for pattern in _PROBABILITIES)


_PROBABILITIES = [parse_expression(text) for text in ("sigmoid(a)", "1 - sigmoid(a)")]
