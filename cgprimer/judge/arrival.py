"""Whether an operation's backward uses what arrives: it must pass it on in proportion.

At one edge the adjoint that arrives is 1, so a backward that ignores it looks right
there, and is wrong in every chain. Here it is handed other adjoints.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from cgprimer.expr.kernel import Kernel
from cgprimer.expr.node import Node, leaves, postorder
from cgprimer.expr.ops import ARGUMENTS, name
from cgprimer.graph.accumulation import below
from cgprimer.judge.verdict import FAIL
from cgprimer.notation.text import show
from cgprimer.types import Array, Edge

if TYPE_CHECKING:
    from cgprimer.judge.report import CheckRow
    from cgprimer.judge.witness import Witness

SAME = 1e-6  # relative
MISTAKE = "upstream"
# From 1/1024 to 1024: a backward that clips what arrives shows at one of the ends.
POWERS = 2.0 ** np.arange(-10, 11)  # adjoints that are exact in every precision
_ADJOINT = name("y")  # no argument is called so


def misused(witness: Witness) -> dict[Edge, str]:
    """Edges through operations whose backward is not in proportion to what arrives."""
    found: dict[Edge, str] = {}
    for node, site in witness.sites.items():
        # The rules of our own operations are multiplied by what arrives outside of
        # them.
        if not site.shape.has_pullback:
            continue
        for inner in postorder([witness.body(node)]):
            if inner.op.pullback and inner.op.contract == "exact":
                for arg, says in zip(
                    inner.args, misuse(inner, site.values), strict=True
                ):
                    found |= {(node, by): says for by in leaves(arg) if says}
    return found


def misuse(node: Node, values: Mapping[str, Array]) -> list[str]:
    """How the backward of an operation uses what arrives, for each of its arguments.

    Empty where that is right.
    """
    op, names = node.op, leaves(node)
    assert op.pullback is not None
    arguments = tuple(map(name, ARGUMENTS[: len(node.args)]))
    with np.errstate(all="ignore"):
        at = Kernel(node.args, names)(*(values[text] for text in names))
        at = [np.broadcast_to(v, np.shape(values[names[0]])) for v in at]
        shares = op.pullback(arguments, op(*arguments), _ADJOINT)
        kernel = Kernel(list(shares), [*ARGUMENTS[: len(at)], str(_ADJOINT.value)])

        def passed(arriving: ArrayLike) -> Array:
            """The shares (arguments, n) of what arrives, a number or (n,)."""
            rows = kernel(*at, np.broadcast_to(arriving, at[0].shape))
            return np.array([np.broadcast_to(row, at[0].shape) for row in rows])

        tried = {float(g): passed(g) for g in (*POWERS, -1.0, 0.0)}
        # Another adjoint at each sample, of either sign: a backward that averages over
        # samples is in proportion to one number, not to these.
        mixed = np.resize(POWERS * np.resize([1.0, -1.0], len(POWERS)), len(at[0]))
        together = passed(mixed)
    said = []
    for i, arg in enumerate(node.args):
        own = {g: rows[i] for g, rows in tried.items()}
        says = _said(op.name, own, _same(together[i], mixed * own[1.0]))
        which = f" in its share for {show(arg)}" if says and len(node.args) > 1 else ""
        said.append(says + which)
    return said


def _said(called: str, passed: Mapping[float, Array], alone: bool) -> str:
    """`passed` is the share (n,) of each number that arrives.

    alone : whether each sample's share is of what arrives at that sample.
    """
    one, two, minus = passed[1.0], passed[2.0], passed[-1.0]
    backward, arrives = f"the backward of {called}", "the gradient that arrives (grad)"
    # With g = 2 and -1 alone: x·g is right, x ignores it (2: the same, -1: the same),
    # x·g² is 4 and 1 times, x·|g| is 2 and 1 times what it is for g = 1.
    if all(_same(share, g * one) for g, share in passed.items()):
        mixes = f"{backward} mixes what arrives at one sample into the others"
        return "" if alone else mixes
    if _same(two, one) and _same(minus, one):
        return f"{backward} does not use {arrives}"
    if _same(two, 4 * one) and _same(minus, one):
        return f"{backward} uses {arrives} twice"
    if _same(two, 2 * one) and _same(minus, one):
        return f"{backward} loses the sign of {arrives}"
    return f"{backward} is not linear in {arrives}"


def _same(a: Array, b: Array) -> bool:
    size = np.maximum(np.abs(a), np.abs(b))
    with np.errstate(all="ignore"):
        # Equal infinities and two nan are the same here: whether they are right is for
        # rows of values to say.
        near = (a == b) | (np.abs(a - b) <= SAME * size) | (np.isnan(a) & np.isnan(b))
    return bool(near.all())


def as_arrives(
    witness: Witness, rows: Sequence[CheckRow], claimed: Collection[Edge]
) -> list[CheckRow]:
    """The rows with a failure for each that such a backward is part of.

    claimed : whose rows are about somebody else's derivative.
    """
    found = witness.misused
    own = [row.edge not in claimed and bool(found) for row in rows]
    return [
        _marked(witness, row, found) if is_own else row
        for row, is_own in zip(rows, own, strict=True)
    ]


def _marked(witness: Witness, row: CheckRow, found: Mapping[Edge, str]) -> CheckRow:
    says = found.get(row.edge, "") if row.kind == "edge" else ""
    if row.kind == "total":
        says = _between(witness, row.edge, found)
    if not says or says in row.looks_like:
        return row
    # The row failed for another reason, which is kept: both are to be mended.
    if row.looks_like:
        return replace(row, looks_like=f"{row.looks_like}; and {says}")
    return replace(row, verdict=FAIL, reason="", mistake=MISTAKE, looks_like=says)


def _between(witness: Witness, edge: Edge, found: Mapping[Edge, str]) -> str:
    """What is said of the first such edge on the way of a total derivative."""
    inside = below(witness.own, edge[0])
    for (node, by), says in found.items():
        if node in inside and edge[1] in below(witness.own, by):
            return says
    return ""
