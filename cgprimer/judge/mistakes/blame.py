"""Whose fault it is: what a wrong edge looks like, and which operation is to blame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cgprimer.diff.sweep import partials
from cgprimer.expr.kernel import Kernel
from cgprimer.expr.node import Node, leaves, postorder
from cgprimer.expr.ops import ARGUMENTS, ZERO, name
from cgprimer.graph.accumulation import totals
from cgprimer.judge.arrival import MISTAKE
from cgprimer.judge.claims import Claim
from cgprimer.judge.mistakes.explain import Candidate, explain
from cgprimer.judge.mistakes.wrong import Wrong
from cgprimer.judge.verdict import FAIL, judge, slope
from cgprimer.notation.text import show
from cgprimer.types import Array, Edge

if TYPE_CHECKING:
    from cgprimer.judge.report import CheckRow
    from cgprimer.judge.witness import Evidence, Witness

SLACK = 1e-9  # relative; what two formulas for one number may differ by


def blame_edge(witness: Witness, row: CheckRow, claim: Claim | None) -> CheckRow:
    """The row with what its claim looks like."""
    node, wrt = row.edge
    seen, wrong = witness, _wrong(witness, row.edge, claim)
    # At the caller's one point every ratio is constant and every mistake fits; more
    # points tell them apart, unless the claim is right there and wrong at the given
    # point alone.
    if (claim is None or claim.everywhere) and witness.wide is not witness:
        more = _wrong(witness.wide, row.edge, claim)
        if not more.agrees(more.true):  # else it is wrong at the given points only
            seen, wrong = witness.wide, more
    values, extra = seen.sites[node].values, elsewhere(seen, row.edge)
    finding = explain(seen.body(node), node, wrt, values, wrong, extra)
    kind, says = finding.kind, finding.says
    if claim is None:
        says = _faulty(seen, row.edge, says)
        kind = MISTAKE if says == seen.misused.get(row.edge) else kind
    return replace(row, ratio=finding.ratio, mistake=kind, looks_like=says)


def _wrong(witness: Witness, edge: Edge, claim: Claim | None) -> Wrong:
    first = witness.edge(edge, claim)[0]
    true, slack = truth(witness, edge, first)
    return Wrong(first.claimed, true, slack, over(witness))


def over(witness: Witness) -> str:
    """`over 5 random points`: where ratios come from."""
    kind = "given" if witness.given else "random"
    if witness.width == 1:
        return f"at the one {kind} point"
    return f"over {witness.width} {kind} points"


def _faulty(witness: Witness, edge: Edge, says: str) -> str:
    """Which operation between an edge's name and its node has a wrong derivative."""
    body, leaf = witness.body(edge[0]), name(edge[1])
    values = witness.sites[edge[0]].values
    for node in postorder([body]):
        # Arguments come first in postorder, so that the innermost wrong operation is
        # found: it makes all those around it look wrong.
        if node.args and leaf in postorder([node]):
            declared = _declared(node, leaf, values, over(witness))
            if declared:
                return (
                    f"the derivative that {node.op.name} declares is wrong: {declared}"
                )
    return witness.misused.get(edge) or f"our own rules give something else: {says}"


def _declared(node: Node, leaf: Node, values: Mapping[str, Array], where: str) -> str:
    """What the operation's own derivative looks like, where differences disagree."""
    arguments = [name(text) for text in ARGUMENTS[: len(node.args)]]
    names = leaves(node)
    with np.errstate(all="ignore"):
        at = Kernel(node.args, names)(*(values[text] for text in names))
        at = [np.broadcast_to(v, np.shape(values[names[0]])) for v in at]
        local = partials(node.op(*arguments), arguments)
        rows = Kernel(list(local.values()), ARGUMENTS[: len(at)])(*at)
    slopes = [slope(_one_moved(node, at, i), at[i]) for i in range(len(at))]
    for i, (arg, row) in enumerate(zip(node.args, rows, strict=True)):
        if leaf not in postorder([arg]):
            continue
        found, row = slopes[i], np.broadcast_to(row, at[i].shape)
        judged = [judge(row[k], found, k, 8 * abs(row[k])) for k in range(len(row))]
        if any(one.verdict == FAIL for one in judged):
            slack = 2 * found.bound + SLACK * np.abs(found.value)
            wrong = Wrong(row, found.value, slack, where)
            own = {show(a): value for a, value in zip(node.args, at, strict=True)}
            # In a backward of two arguments the shares may have changed places.
            others = (
                ("swapped names", f"it is what belongs to {show(other)}", one.value)
                for other, one in zip(node.args, slopes, strict=True)
                if one is not found
            )
            return explain(ZERO, node.op.name, show(arg), own, wrong, others).says
    return ""


def _one_moved(node: Node, at: list[Array], i: int) -> Callable[[Any], Any]:
    return lambda value: node.op.forward(*at[:i], value, *at[i + 1 :])


def truth(witness: Witness, edge: Edge, evidence: Evidence) -> tuple[Array, Array]:
    """Our own partial where differences confirm it, else the differences themselves.

    The second array is what either of them may be off.
    """
    own, found = witness.own[edge], evidence.found
    gap = np.abs(own - found.value)
    # Our own partial has sixteen digits, a difference ten: mistakes are told better by
    # it, where differences have confirmed it.
    if not (gap > 2 * found.bound + SLACK * np.abs(own)).any():
        return own, SLACK * np.abs(own)
    return found.value, 2 * found.bound + SLACK * np.abs(found.value)


def elsewhere(witness: Witness, edge: Edge) -> Iterator[Candidate]:
    """Right derivatives of something else that are taken for ∂node/∂wrt."""
    node, wrt = edge
    own = witness.own
    # Where the edge is the only way from `wrt` to the node, total and partial are the
    # same, and nothing is to be told apart.
    through = totals(own, node).get(wrt, own[edge])
    if not np.array_equal(through, own[edge]):
        says = f"this is the total derivative of {node} by {wrt}, along all paths"
        yield "total for partial", says, through
    for output in witness.graph.outputs:
        upstream = totals(own, output).get(node)
        if upstream is not None and output != node:
            says = f"d {output}/d {node} is multiplied in already"
            yield "upstream included", says, upstream * own[edge]
    for other in witness.edges:
        if other != edge and transposed(wrt, other[1]):
            says = f"transposed: this is ∂{other[0]}/∂{other[1]}"
            yield "transposed", says, own[other]


def transposed(a: str, b: str) -> bool:
    """Whether two names are w12 and w21."""
    return (
        a[:-2] == b[:-2]
        and a[-2:].isdigit()
        and a[-2:] == b[-2:][::-1]
        and a[-1] != a[-2]
    )
