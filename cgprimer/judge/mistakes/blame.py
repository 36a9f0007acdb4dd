"""Whose fault it is: what else is claimed for an edge, and which operation is wrong.

    own partials, edge     ─▶ right derivatives of something else
    right side of its equation, values ─▶ the operation that declares a wrong one

`edge_check` asks for both where an edge failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from cgprimer.diff.sweep import partials
from cgprimer.expr.kernel import Kernel
from cgprimer.expr.node import Node, leaves, postorder
from cgprimer.expr.ops import ARGUMENTS, ZERO, name
from cgprimer.graph.accumulation import totals
from cgprimer.judge.mistakes.explain import Candidate, WrongDerivative, explain
from cgprimer.judge.mistakes.wrong import Wrong
from cgprimer.judge.slopes import slope
from cgprimer.judge.verdict import FAIL, judge
from cgprimer.notation.text import show
from cgprimer.types import Array, Edge

SLACK = 1e-9  # relative; what two formulas for one number may differ by


def faulty_operation(
    body: Node, wrt: str, values: Mapping[str, Array], where: str
) -> str:
    """Which operation between a name and its equation has a wrong derivative, and how.

    Nothing where all that are declared are right at the points of `values`.
    """
    leaf = name(wrt)
    for node in postorder([body]):
        # Arguments come first in postorder, so that the innermost wrong operation is
        # found: it makes all those around it look wrong.
        if node.args and leaf in postorder([node]):
            declared = _declared_mistake(node, leaf, values, where)
            if declared:
                return (
                    f"the derivative that {node.op.name} declares is wrong: {declared}"
                )
    return ""


def _declared_mistake(
    node: Node, leaf: Node, values: Mapping[str, Array], where: str
) -> str:
    """What the operation's own derivative looks like, where differences disagree."""
    arguments = [name(text) for text in ARGUMENTS[: len(node.args)]]
    names = leaves(node)
    with np.errstate(all="ignore"):
        at = Kernel(node.args, names)(*(values[text] for text in names))
        at = [np.broadcast_to(v, np.shape(values[names[0]])) for v in at]
        local = partials(node.op(*arguments), arguments)
        rows = Kernel(list(local.values()), ARGUMENTS[: len(at)])(*at)
    slopes = [slope(_along_argument(node, at, i), at[i]) for i in range(len(at))]
    for i, (arg, row) in enumerate(zip(node.args, rows, strict=True)):
        if leaf not in postorder([arg]):
            continue
        known, row = slopes[i], np.broadcast_to(row, at[i].shape)
        judged = [judge(row[k], known, k, 8 * abs(row[k])) for k in range(len(row))]
        if any(one.verdict == FAIL for one in judged):
            slack = 2 * known.bound + SLACK * np.abs(known.value)
            wrong = Wrong(row, known.value, slack, where)
            own = {show(a): value for a, value in zip(node.args, at, strict=True)}
            # In a backward of two arguments the shares may have changed places.
            others = (
                ("swapped names", f"it is what belongs to {show(other)}", one.value)
                for other, one in zip(node.args, slopes, strict=True)
                if one is not known
            )
            case = WrongDerivative(ZERO, node.op.name, show(arg), own, wrong, others)
            return explain(case).says
    return ""


def _along_argument(node: Node, at: list[Array], i: int) -> Callable[[Any], Any]:
    return lambda value: node.op.forward(*at[:i], value, *at[i + 1 :])


def elsewhere(
    own: Mapping[Edge, Array], outputs: Iterable[str], edge: Edge
) -> Iterator[Candidate]:
    """Right derivatives of something else that are taken for ∂node/∂wrt.

    own : our partial on every edge (n,), in topological order.
    """
    node, wrt = edge
    # Where the edge is the only way from `wrt` to the node, total and partial are the
    # same, and nothing is to be told apart.
    through = totals(own, node).get(wrt, own[edge])
    if not np.array_equal(through, own[edge]):
        says = f"this is the total derivative of {node} by {wrt}, along all paths"
        yield "total for partial", says, through
    for output in outputs:
        upstream = totals(own, output).get(node)
        if upstream is not None and output != node:
            says = f"d {output}/d {node} is multiplied in already"
            yield "upstream included", says, upstream * own[edge]
    for other in own:
        if other != edge and is_transposed(wrt, other[1]):
            says = f"transposed: this is ∂{other[0]}/∂{other[1]}"
            yield "transposed", says, own[other]


def is_transposed(a: str, b: str) -> bool:
    """Whether two names are w12 and w21."""
    return (
        a[:-2] == b[:-2]
        and a[-2:].isdigit()
        and a[-2:] == b[-2:][::-1]
        and a[-1] != a[-2]
    )
