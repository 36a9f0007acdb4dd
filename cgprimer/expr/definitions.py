"""Operations expanded by their definitions: the one place where a formula stands in.

    nodes  ─ expand ─▶  nodes without the operations that a formula spells

Which operations those are depends on who asks, so there is a function for each:

    expand_for_kernels      numpy: what is made of formulas has no code of its own
    expand_for_derivatives  diff.stable: what declares no derivative of its own
    expand_to_table         definitions of new operations: all of the caller's own
    expand_for_sympy        proofs: functions that sympy lacks, such as sigmoid
    expand                  machine code: what it has none for

Nothing is expanded into a tree: a definition that is used often is shared as often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cgprimer.expr.custom import CustomOp
from cgprimer.expr.node import Node, fold, intern, postorder, substitute
from cgprimer.expr.ops import ARGUMENTS, Op, name

_ARGUMENTS = tuple(map(name, ARGUMENTS))


def expand(roots: Iterable[Node], formula: Callable[[Op], Node | None]) -> list[Node]:
    """`roots` without the operations for which there is a formula over a, b, …

    What stands in a formula is expanded as well. Roots that hold no such operation come
    back as they are.
    """

    def visit(node: Node, args: list[Node]) -> Node:
        body = formula(node.op) if args else None
        if body is not None:
            return substitute([body], dict(zip(_ARGUMENTS, args, strict=False)))[0]
        return intern(node.op, tuple(args), node.value) if args else node

    nodes = list(roots)
    # A definition may itself hold operations with formulas, so one round is not enough.
    # It ends, because a definition can only use operations that were there before it.
    while any(formula(node.op) is not None for node in postorder(nodes) if node.args):
        results = fold(nodes, visit)
        nodes = [results[root] for root in nodes]
    return nodes


def expand_for_kernels(roots: Iterable[Node]) -> list[Node]:
    """What is run for `roots`: an operation of formulas has no code of its own."""
    return expand(roots, lambda op: op.run if isinstance(op, CustomOp) else None)


def expand_for_derivatives(roots: Iterable[Node]) -> list[Node]:
    """What is differentiated for `roots`: only declared derivatives are kept."""
    return expand(roots, lambda op: op.steps if isinstance(op, CustomOp) else None)


def expand_to_table(roots: Iterable[Node]) -> list[Node]:
    """`roots` in operations of the table alone, which mean the same for ever."""
    return expand(roots, lambda op: op.formula if isinstance(op, CustomOp) else None)


def expand_for_sympy(roots: Iterable[Node]) -> list[Node]:
    """`roots` in functions that sympy has."""
    return expand(roots, lambda op: None if op.sympy else op.formula)
