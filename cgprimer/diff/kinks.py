"""Where an expression has a kink: the conditions that its operations name.

node ─▶ nodes, for operations that formulas define, and for `judge`
"""

from __future__ import annotations

from cgprimer.expr.node import Node, postorder, substitute
from cgprimer.expr.ops import ARGUMENTS, name

_ARGUMENTS = tuple(map(name, ARGUMENTS))


def kink_conditions(body: Node) -> list[Node]:
    """Expressions that are zero where `body` has a kink."""
    conditions = []
    for node in postorder([body]):
        if node.op.kink:
            by = dict(zip(_ARGUMENTS, node.args, strict=False))
            conditions += substitute([node.op.kink], by)
    return conditions
