"""What is computed for an expression: every form that the engine takes, replaced.

    node ─ stable ─→ node        log(1 + exp(x))  →  softplus(x)

`log(1 + exp(x))` is inf from x = 710 on and its slope nan; `softplus(x)` is neither.
Values and derivatives are computed from the stable form of what the author wrote; the
author's own form is what is shown, drawn, and given to sympy. Operations of formulas
are written out first, so that they cost and mean what their formulas do.

Which forms there are, and which of them are taken, is the table in `stable_forms`.
"""

from __future__ import annotations

from collections.abc import Sequence

from cgprimer.diff.factors import with_arguments
from cgprimer.diff.stable_forms import readings, telling_ops
from cgprimer.expr.definitions import expand_for_derivatives
from cgprimer.expr.dims import Sizing
from cgprimer.expr.node import Node, fold, postorder


def stable(root: Node) -> Node:
    """`root` with every form replaced that is taken; `root` where there is none."""
    return stable_forms([root])[root]


def stable_arrays(root: Node, sizing: Sizing) -> Node:
    """`stable` for an expression of arrays: only where it keeps the dims."""
    made = stable(root)
    if made is root or sizing.of(made) == sizing.of(root):
        return made
    return expand_for_derivatives([root])[0]


def stable_forms(roots: Sequence[Node]) -> dict[Node, Node]:
    """Root → what `stable` makes of it, for many at the price of one."""
    written = dict(zip(roots, expand_for_derivatives(roots), strict=True))
    # Most equations have none of these: one look at their operations is cheaper than
    # matching each node.
    if telling_ops().isdisjoint(node.op for node in postorder(written.values())):
        return written
    results = fold(written.values(), _replace)
    return {root: results[made] for root, made in written.items()}


def _replace(node: Node, args: list[Node]) -> Node:
    """The better form of an operation on arguments that have theirs."""
    # Arguments come first, so forms are read in what has been made of them: once
    # 1/(1 + exp(-x)) is sigmoid(x), its logarithm is found by `log(sigmoid(a))`, and
    # -log(1 - sigmoid(x)) is then softplus(x), its two minuses gone.
    made = node if node.args == tuple(args) else with_arguments(node, args)
    reading = next(readings(made, taken=True), None)
    return made if reading is None else reading.better()
