"""Rules and definitions of operations on arrays, filled in for one node.

    text over a, b, …, y, g with axis=axis ─▶ Node, with arguments and attributes

`diff.array_rules` fills in derivatives, `written_out` definitions.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cgprimer.expr.array_op import ArrayOp, attrs_of
from cgprimer.expr.array_syntax import parse_array_expression
from cgprimer.expr.node import Node, fold, intern, postorder
from cgprimer.expr.ops import ARGUMENTS, NAME, name

_ARGUMENTS = tuple(map(name, ARGUMENTS))


def _inverse(axes: int | tuple[int, ...]) -> tuple[int, ...]:
    """The order of axes that undoes another, whose axes may count from the end."""
    order = axes if isinstance(axes, tuple) else (axes,)
    return tuple(np.argsort([k % len(order) for k in order]).tolist())


_OF_ATTRIBUTES = {"inverse": _inverse}
Make = Callable[[Node, tuple[Node, ...], Any], Node]


@functools.lru_cache(maxsize=1024)
def parsed(text: Any) -> Node:
    """A rule as a node over names; what is a node already stays one."""
    return text if isinstance(text, Node) else parse_array_expression(text)


def fill(
    rule: Node,
    by: Mapping[Node, Node],
    attrs: Mapping[str, Any],
    make: Make | None = None,
) -> Node:
    """A rule with its names and attributes filled in.

    make : makes an operation like one of the rule of other arguments and attributes.
    """
    made: dict[Node, Node] = {}
    for part in postorder([rule]):
        if part.op is NAME:
            made[part] = by[part]
        elif not part.args:
            made[part] = part
        else:
            args = tuple(made[arg] for arg in part.args)
            value = part.value
            if isinstance(value, tuple):
                value = tuple((key, _attribute(x, attrs)) for key, x in value)
            made[part] = (
                make(part, args, value) if make else intern(part.op, args, value)
            )
    return made[rule]


def _attribute(value: Any, attrs: Mapping[str, Any]) -> Any:
    """An attribute of a rule: of the node it is filled in for, or as it stands."""
    if isinstance(value, str):
        return attrs.get(value, value)
    if isinstance(value, tuple) and value and value[0] == "call":
        return _OF_ATTRIBUTES[value[1]](_attribute(value[2], attrs))
    return value


def definition_of(node: Node) -> Node | None:
    """One operation in others, if that is all that its entry says of it."""
    forward: Any = node.op.forward
    if not isinstance(node.op, ArrayOp) or forward is not None:
        return None
    by = dict(zip(_ARGUMENTS, node.args, strict=False))
    return fill(parsed(node.op.definition), by, attrs_of(node))


def written_out(root: Node) -> Node:
    """`root` with every operation that is written in others written out."""

    def visit(node: Node, args: list[Node]) -> Node:
        if not args:
            return node
        made = intern(node.op, tuple(args), node.value)
        body = definition_of(made)
        return made if body is None else written_out(body)

    if all(definition_of(node) is None for node in postorder([root])):
        return root
    return fold([root], visit)[root]
