"""Sizes that were declared by name, as numbers.

    body, {"batch": 5} ─▶ the body with shape=(batch, 3) as shape=(5, 3)

`run.arrays` and `graph.unrolled` compute with the result.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cgprimer.expr.node import Node, fold, intern
from cgprimer.graph.attributes import AXES


def with_sizes(body: Node, sizes: Mapping[str, int]) -> Node:
    """A body with names of sizes in attributes replaced by numbers."""

    def number(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(number, value))
        return sizes.get(value, value) if isinstance(value, str) else value

    def visit(node: Node, args: list[Node]) -> Node:
        if not args:
            return node
        value = node.value
        if isinstance(value, tuple):
            value = tuple((k, x if k in AXES else number(x)) for k, x in value)
        return intern(node.op, tuple(args), value)

    return fold([body], visit)[body]
