r"""Expressions of arrays as they are typeset: vectors are columns, entries at \odot.

    u @ v    u^{\top}\,v        x @ A    A^{\top}\,x        a*b    a \odot b

The nodes that come out are for `notation.latex` alone; what they say of dims is not
checked. Traces ask, who know the dims of all names.
"""

from __future__ import annotations

from dataclasses import replace

from cgprimer.expr.array_ops import ARRAY_OPS
from cgprimer.expr.dims import DimsError, Sizing
from cgprimer.expr.node import Node, fold, intern
from cgprimer.expr.ops import OPS

ENTRIES = replace(OPS["mul"], name="mul by entries", latex=r"{0} \odot {1}")


def as_columns(root: Node, sizing: Sizing) -> Node:
    """`root` as it is typeset, or itself where its dims are not known."""
    try:
        sizing.of(root)
    except DimsError:
        return root

    def visit(node: Node, args: list[Node]) -> Node:
        if not args:
            return node
        ranks = [len(sizing.of(arg)) for arg in node.args]
        if node.op is OPS["mul"] and all(ranks):
            return ENTRIES(*args)
        if node.op is ARRAY_OPS["matmul"] and ranks == [1, 1]:
            return node.op(ARRAY_OPS["transpose"](args[0]), args[1])
        if node.op is ARRAY_OPS["matmul"] and ranks == [1, 2]:
            return node.op(ARRAY_OPS["transpose"](args[1]), args[0])
        return intern(node.op, tuple(args), node.value)

    return fold([root], visit)[root]
