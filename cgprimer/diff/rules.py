"""Rules of the table of operations, filled in for a node: its local derivatives.

    node, position ─▶ the derivative by the argument there, as a node

`diff.sweep` multiplies adjoints by them; `array_rules` has the rules of arrays.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from cgprimer.errors import OpError
from cgprimer.expr.array_op import is_array_op
from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import ARGUMENTS, CONST, NAME, ONE, name
from cgprimer.expr.tidy import tidy

_ARGUMENTS = tuple(map(name, ARGUMENTS))
_RESULT = name("y")


def local_partial(node: Node, position: int) -> Node:
    """The derivative of `node` by its argument at `position`, by the table's rule.

    For an operation with a pullback, what that argument gets for an adjoint of one.
    """
    if node.op.pullback:
        return node.op.pullback(node.args, node, ONE)[position]
    if is_array_op(node.op):
        hint = "unrolled(graph) is the same with a name for every entry"
        raise OpError(node.op.name, "is of arrays, and numbers are asked for", hint)
    return fill_rule(node.op.rules[position], node.args, node)


def fill_rule(rule: Node, args: Sequence[Node], result: Node) -> Node:
    """A rule of the table, over a, b, … and y, for these arguments and this result."""
    # Written out by hand, not by `substitute`: each operation of the rule is tidied as
    # it is made, so b*a^(b - 1) at b = 2 becomes 2*xa at once.
    made = {_RESULT: result} | dict(zip(_ARGUMENTS, args, strict=False))
    for part in _parts(rule):
        if part.op is CONST:
            made[part] = part
        elif part.op is not NAME:
            made[part] = tidy(part.op, *(made[arg] for arg in part.args))
    return made[rule]


@functools.lru_cache(maxsize=1024)
def _parts(rule: Node) -> list[Node]:
    """`postorder` of one rule, which is asked for again and again."""
    return postorder([rule])
