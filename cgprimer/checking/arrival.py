"""Whether an operation's backward uses what arrives: it must pass it on in proportion.

At one edge the adjoint that arrives is 1, so a backward that ignores it looks right
there, and is wrong in every chain. Here it is handed other adjoints.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cgprimer.checking.claims import Edge
from cgprimer.checking.totals import below
from cgprimer.expr.node import Node, leaves, postorder
from cgprimer.expr.ops import ARGUMENTS, name
from cgprimer.lower.to_numpy import Kernel
from cgprimer.numeric.compare import FAIL

if TYPE_CHECKING:
    from cgprimer.checking.report import CheckRow
    from cgprimer.checking.witness import Witness

Array = NDArray[np.float64]
SAME = 1e-6  # relative: code in single precision is exact for powers of two, and near
MISTAKE = "upstream"
_ADJOINT = name("y")  # no argument is called so


def misused(witness: Witness) -> dict[Edge, str]:
    """Edges through operations whose backward is not in proportion to what arrives."""
    found: dict[Edge, str] = {}
    for node, site in witness.sites.items():
        if not site.shape.has_pullback:
            continue
        body, values = witness.body(node), site.values
        for inner in postorder([body]):
            if inner.op.pullback and inner.op.contract == "exact":
                says = misuse(inner, values)
                below_it = set(leaves(inner)) if says else ()
                found |= {(node, by): says for by in site.names if by in below_it}
    return found


def misuse(node: Node, values: Mapping[str, Array]) -> str:
    """How the backward of a node's operation uses what arrives, where that is wrong."""
    op, names = node.op, leaves(node)
    assert op.pullback is not None
    arguments = tuple(map(name, ARGUMENTS[: len(node.args)]))
    with np.errstate(all="ignore"):
        at = Kernel(node.args, names)(*(values[text] for text in names))
        at = [np.broadcast_to(v, np.shape(values[names[0]])) for v in at]
        shares = op.pullback(arguments, op(*arguments), _ADJOINT)
        kernel = Kernel(list(shares), [*ARGUMENTS[: len(at)], "y"])

        def passed(arriving: Array) -> Array:
            rows = kernel(*at, np.broadcast_to(arriving, at[0].shape))
            return np.array([np.broadcast_to(row, at[0].shape) for row in rows])

        return _said(op.name, passed, len(at[0]))


def _said(called: str, passed: Callable[[Array], Array], width: int) -> str:
    """`passed` gives the shares (arguments, n) of what arrives (n,)."""
    one, two, minus = (passed(np.array(g)) for g in (1.0, 2.0, -1.0))
    powers = 2.0 ** np.arange(-10, 11)  # exact in every precision
    mixed = np.resize(powers * np.resize([1.0, -1.0], 21), width)
    whole = all(_same(passed(np.array(g)), g * one) for g in (*powers, -1.0, 0.0))
    if whole and _same(passed(mixed), mixed * one):
        return ""
    backward, arrives = f"the backward of {called}", "the gradient that arrives (grad)"
    if whole:
        return f"{backward} mixes what arrives at one sample into the others"
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
    if not says:
        return row
    return replace(row, verdict=FAIL, reason="", mistake=MISTAKE, looks_like=says)


def _between(witness: Witness, edge: Edge, found: Mapping[Edge, str]) -> str:
    """What is said of the first such edge on the way of a total derivative."""
    inside = below(witness.own, edge[0])
    for (node, by), says in found.items():
        if node in inside and edge[1] in below(witness.own, by):
            return says
    return ""
