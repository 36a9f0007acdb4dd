"""Whether an operation's backward uses what arrives: it must pass it on in proportion.

At one edge the adjoint that arrives is 1, so a backward that ignores it looks right
there, and is wrong in every chain. Here it is handed other adjoints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from cgprimer.expr.kernel import Kernel
from cgprimer.expr.node import Node, leaves, postorder
from cgprimer.expr.ops import ARGUMENTS, name
from cgprimer.judge.report import CheckRow
from cgprimer.judge.verdict import FAIL
from cgprimer.notation.text import show
from cgprimer.types import Array

SAME = 1e-6  # relative
MISTAKE = "upstream"
# From 1/1024 to 1024: a backward that clips what arrives shows at one of the ends.
POWERS = 2.0 ** np.arange(-10, 11)  # adjoints that are exact in every precision
_ADJOINT = name("y")  # no argument is called so


@np.errstate(all="ignore")
def misuses(body: Node, values: Mapping[str, Array]) -> dict[str, str]:
    """How the equation with this right side misuses what arrives, for each such name.

    values : of its names, (n,).
    """
    by_name: dict[str, str] = {}
    for node in postorder([body]):
        if node.op.pullback and node.op.contract == "exact":
            for arg, says in zip(node.args, misuse(node, values), strict=True):
                by_name |= {wrt: says for wrt in leaves(arg) if says}
    return by_name


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

        def shares_of(arriving: ArrayLike) -> Array:
            """The shares (arguments, n) of what arrives, a number or (n,)."""
            rows = kernel(*at, np.broadcast_to(arriving, at[0].shape))
            return np.array([np.broadcast_to(row, at[0].shape) for row in rows])

        tried = {float(g): shares_of(g) for g in (*POWERS, -1.0, 0.0)}
        # Another adjoint at each sample, of either sign: a backward that averages over
        # samples is in proportion to one number, not to these.
        mixed = np.resize(POWERS * np.resize([1.0, -1.0], len(POWERS)), len(at[0]))
        together = shares_of(mixed)
    sentences = []
    for i, arg in enumerate(node.args):
        own = {g: rows[i] for g, rows in tried.items()}
        says = _sentence(op.name, own, _same(together[i], mixed * own[1.0]))
        which = f" in its share for {show(arg)}" if says and len(node.args) > 1 else ""
        sentences.append(says + which)
    return sentences


def _sentence(called: str, shares: Mapping[float, Array], alone: bool) -> str:
    """`shares` are those (n,) of each number that arrives.

    alone : whether each sample's share is of what arrives at that sample.
    """
    one, two, minus = shares[1.0], shares[2.0], shares[-1.0]
    backward, arrives = f"the backward of {called}", "the gradient that arrives (grad)"
    # With g = 2 and -1 alone: x·g is right, x ignores it (2: the same, -1: the same),
    # x·g² is 4 and 1 times, x·|g| is 2 and 1 times what it is for g = 1.
    if all(_same(share, g * one) for g, share in shares.items()):
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


def mark(row: CheckRow, says: str) -> CheckRow:
    """The row of our own derivative with a failure where a backward is misused.

    says : how, by one that the derivative leads through; or nothing.
    """
    if not says or says in row.looks_like:
        return row
    # The row failed for another reason, which is kept: both are to be mended.
    if row.looks_like:
        return replace(row, looks_like=f"{row.looks_like}; and {says}")
    return replace(row, verdict=FAIL, reason="", mistake=MISTAKE, looks_like=says)
