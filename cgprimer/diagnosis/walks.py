"""Walks over expressions that several modules of `diagnosis` take.

nodes, where to start ─ above ─→ what is computed from there
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import CONST, NAME


def above(order: Iterable[Node], starts: Callable[[Node], bool]) -> list[Node]:
    """The nodes at which `starts` holds, and those computed from them, in order.

    order : arguments before what uses them.
    """
    reached: dict[Node, None] = {}
    for node in order:
        if not reached.keys().isdisjoint(node.args) or starts(node):
            reached[node] = None
    return list(reached)


def size(root: Node) -> int:
    """The nodes in an expression, each counted once."""
    return len(postorder([root]))


def apply(node: Node, args: Iterable[Any], at: Mapping[str, Any]) -> Any:
    """One node as written, in doubles: numbers, or arrays (n,)."""
    if node.op is NAME:
        return at[str(node.value)]
    if node.op is CONST:
        return np.float64(node.value or 0.0)
    return node.op.forward(*args)
