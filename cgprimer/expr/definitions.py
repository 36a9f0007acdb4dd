"""Operations written out by their definitions.

    nodes  ─ written_out ─▶  nodes without the operations that a formula spells

Nothing is expanded into a tree: a definition that is used often is shared as often.

`computed` is for kernels and machine code, `derived` for `diff.stable`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cgprimer.expr.custom import CustomOp
from cgprimer.expr.node import Node, fold, intern, postorder, substitute
from cgprimer.expr.ops import ARGUMENTS, Op, name

_ARGUMENTS = tuple(map(name, ARGUMENTS))


def written_out(
    roots: Iterable[Node], formula: Callable[[Op], Node | None]
) -> list[Node]:
    """`roots` without the operations for which there is a formula over a, b, …

    What stands in a formula is written out as well. Roots that hold no such operation
    come back as they are.
    """

    def visit(node: Node, args: list[Node]) -> Node:
        found = formula(node.op) if args else None
        if found is not None:
            return substitute([found], dict(zip(_ARGUMENTS, args, strict=False)))[0]
        return intern(node.op, tuple(args), node.value) if args else node

    found = list(roots)
    # A definition may itself hold operations with formulas, so one round is not enough.
    # It ends, because a definition can only use operations that were there before it.
    while any(formula(node.op) is not None for node in postorder(found) if node.args):
        results = fold(found, visit)
        found = [results[root] for root in found]
    return found


def computed(roots: Iterable[Node]) -> list[Node]:
    """What is run for `roots`: an operation of formulas has no code of its own."""
    return written_out(roots, lambda op: op.run if isinstance(op, CustomOp) else None)


def derived(roots: Iterable[Node]) -> list[Node]:
    """What is differentiated for `roots`: only declared derivatives are kept."""
    return written_out(roots, lambda op: op.steps if isinstance(op, CustomOp) else None)
