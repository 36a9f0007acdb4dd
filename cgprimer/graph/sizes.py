"""Sizes that were declared by name, as numbers.

    body, {"batch": 5} ─▶ the body with shape=(batch, 3) as shape=(5, 3)

`run.arrays` and `graph.unrolled` compute with the result.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cgprimer.errors import GraphError, PointError
from cgprimer.expr.dims import Dims, DimsError, Sizing
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


def dims_at(
    name: str,
    body: Node,
    sizing: Sizing,
    sizes: Mapping[str, int],
    error: type[GraphError | PointError],
) -> Dims:
    """The dims of an equation with these sizes; `error` where they do not fit it.

    A slice or a window may fit a size by its name, and not the number given for it.
    """
    try:
        return sizing.of(body)
    except DimsError as problem:
        told = ", ".join(
            f"{size} = {n}" for size, n in sizes.items() if not size.startswith("?")
        )
        where = f"with {told} " * bool(told)
        raise error(
            f"{where}the equation of {name!r} does not fit: {problem.message}",
            problem.hint,
        ) from None
