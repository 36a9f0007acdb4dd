"""Expressions as interned nodes: equal expressions are one object.

A node is an operation on nodes, a name, or a constant:

    node = op(node, …) | name | const

Interning makes equality identity, so sharing is found as it arises and a graph
stays a graph: nothing is ever expanded into a tree. The table holds nodes weakly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from cgprimer.forks import forkable
from cgprimer.keeping import Frozen, Weakly

if TYPE_CHECKING:
    from cgprimer.expr.ops import Op

T = TypeVar("T")
Content = str | float | tuple[tuple[str, Any], ...] | None

# Weakly, so that the expressions of a graph go when the graph goes. An entry whose node
# is dead is harmless: its key may be met again, as ids are used again, but then the
# reference yields None and a new node takes the place.
_table: Weakly[tuple[Any, ...], Node] = Weakly()
_lock = forkable()


class Node(Frozen):
    """An operation `op` on `args`.

    value : of a leaf its name (str) or number (float); of an operation its attributes,
        as (("axis", 1),), if it has any. Whatever an operation has there is a part of
        what it is, and is passed on when its arguments are replaced.

    Never call it: `Op.__call__`, `name` and `const` return the one node there is.
    """

    __slots__ = ("__weakref__", "args", "op", "value")

    op: Op
    args: tuple[Node, ...]
    value: Any

    def __repr__(self) -> str:
        from cgprimer.errors import shorten
        from cgprimer.notation.text import show

        return f"Node({shorten(show(self), 72)})"

    def __reduce__(self) -> tuple[Any, ...]:
        from cgprimer.expr.syntax import restore

        return restore, flatten(self)


def intern(op: Op, args: tuple[Node, ...], value: Content = None) -> Node:
    """Return the node `op(*args)`, made now if it was not there.

    Nodes that differ in `value` alone are two nodes. Floats are told apart by
    `float.hex`, so that 0.0 and -0.0 are two constants. Arguments are told apart by
    `id`, which is safe: the node keeps them alive.
    """
    if len(args) == 2:  # most nodes; spelled out because a parser spends its time here
        key: tuple[Any, ...] = (op, value, id(args[0]), id(args[1]))
    else:
        key = (op, value.hex() if isinstance(value, float) else value, *map(id, args))
    found = _table.get(key)
    node = found() if found is not None else None
    # No lock for a hit: one look-up in a dict is one step for all threads. A miss is
    # looked up again under the lock, since two threads may miss the same key at once.
    return _insert(key, op, args, value) if node is None else node


def _insert(
    key: tuple[Any, ...], op: Op, args: tuple[Node, ...], value: Content
) -> Node:
    with _lock:
        found = _table.get(key)
        node = found() if found is not None else None
        if node is None:
            node = Node()
            node.op, node.args, node.value = op, args, value
            _table.hold(key, node)
        return node


def postorder(roots: Iterable[Node]) -> list[Node]:
    """Every node below `roots` once, arguments before the nodes that use them."""
    return postorder_above(roots, ())


def postorder_above(roots: Iterable[Node], known: Iterable[Node]) -> list[Node]:
    """`postorder` without the nodes in `known` and what only they need."""
    order: list[Node] = []
    seen: set[Node] = set(known)
    # A stack of our own: a sum of thousands of terms is a chain as deep as it is long,
    # and Python's recursion ends at a thousand.
    stack: list[Any] = list(roots)[::-1]
    while stack:
        node = stack.pop()
        if node is None:  # what comes next has all its arguments in order
            order.append(stack.pop())
        # Asked when a node is taken off the stack, not when it is put there. In
        # f(g(a), a) the second a waits on the stack while g is gone into; were it
        # marked already, g would not wait for a, and would come before it.
        elif node not in seen:
            seen.add(node)
            if node.args:
                stack += (node, None)
                stack += node.args[::-1]
            else:
                order.append(node)
    return order


def fold(roots: Iterable[Node], visit: Callable[[Node, list[T]], T]) -> dict[Node, T]:
    """`visit(node, results of its arguments)` for every node, each once."""
    results: dict[Node, T] = {}
    for node in postorder(roots):
        results[node] = visit(node, [results[arg] for arg in node.args])
    return results


def leaves(root: Node) -> list[str]:
    """The names in `root`, each once, in order of appearance."""
    return [str(n.value) for n in postorder([root]) if n.op.name == "name"]


def substitute(roots: Sequence[Node], by: dict[Node, Node]) -> list[Node]:
    """`roots` with every node of `by` replaced, sharing kept."""

    def visit(node: Node, args: list[Node]) -> Node:
        # A replaced node is not gone into: what stands for it is final, even if it
        # holds names that `by` replaces elsewhere.
        if node in by:
            return by[node]
        return intern(node.op, tuple(args), node.value) if args else node

    results = fold(roots, visit)
    return [results[root] for root in roots]


def flatten(root: Node) -> tuple[list[tuple[str, tuple[int, ...], Content]]]:
    """`root` as rows (op name, argument rows, value), arguments first."""
    order = postorder([root])
    row = {node: i for i, node in enumerate(order)}
    return ([(n.op.stored, tuple(row[arg] for arg in n.args), n.value) for n in order],)
