"""What a wrong claim about a derivative by an array looks like.

ArrayCase: claimed and true at n samples ─▶ Cause: kind, and a sentence

A mistake is named only where what it gives is the claim, at every entry of every
sample. First come constant ratios, then the claim's own text with one change, then the
rules of `wrong_rules`, put in on every way to the name, then what the array itself
says. Where two kinds of mistake fit, both are said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cgprimer.errors import CGPrimerError
from cgprimer.expr.array_op import ArrayOp
from cgprimer.expr.dims import count
from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import NAME
from cgprimer.judge.arrays.claims import ArrayClaim
from cgprimer.judge.arrays.derivatives import ArrayDerivative, ToldEntries, TotalAt
from cgprimer.judge.arrays.passed_on import gradients_with
from cgprimer.judge.arrays.wrong_claims import mended_claims
from cgprimer.judge.arrays.wrong_rules import ARGUMENT, LEFT_OUT, TRANSPOSE
from cgprimer.judge.mistakes.blame import SLACK
from cgprimer.judge.mistakes.explain import Cause, Guess, special
from cgprimer.judge.mistakes.wrong import Wrong, fraction
from cgprimer.keeping import lazy
from cgprimer.notation.text import show
from cgprimer.types import Array

NUMBERS = 10**7  # entries of a claim; larger ones are not looked into


@dataclass(frozen=True, eq=False)
class ArrayCase:
    """A wrong claim: values beside our own, which differences confirm."""

    one: ArrayDerivative
    claim: ArrayClaim
    told: ToldEntries
    output: str | None

    @lazy
    def wrong(self) -> Wrong:
        """The claim beside the truth, entry by entry."""
        return self.beside(self.told.values)

    def beside(self, values: Array) -> Wrong:
        """Some values beside the truth."""
        return beside(values, self.one.jacobian.values.ravel())

    def gives(self, values: Array) -> bool:
        """Whether a mistake that gives these values is the claim, and not the truth."""
        if values.shape != self.told.values.shape:
            return False
        flat = values.ravel()
        return self.wrong.agrees(flat) and not self.beside(values).agrees(
            self.wrong.true
        )


@np.errstate(all="ignore")
def explain(case: ArrayCase) -> Cause:
    """What the claim looks like."""
    wrong, span = case.wrong, case.wrong.span()
    for tier in (_by_size, _by_ratio, _by_text, _by_rules, _by_array):
        # One kind may be found at several places; the first stands for it.
        kinds: dict[str, str] = {}
        for kind, says in tier(case):
            kinds.setdefault(kind, says)
        if len(kinds) == 1:
            [(kind, says)] = kinds.items()
            return Cause(kind, says, span)
        if kinds:
            return Cause("ambiguous", f"it fits {_either(list(kinds.values()))}", span)
    ratio = wrong.constant()
    if ratio is not None:
        says = f"it is {fraction(ratio)} times the true derivative"
        return Cause("constant factor", says, span)
    return Cause("unknown", f"{_how_many(case)}: no common mistake fits", span)


def _either(says: Sequence[str]) -> str:
    return (
        "two mistakes alike: "
        + "; or ".join(says[:2])
        + ("; and others" if len(says) > 2 else "")
    )


def _how_many(case: ArrayCase) -> str:
    """`3 of 24 entries are wrong`."""
    w = case.wrong
    off = ~(np.abs(w.claimed - w.true) <= 1e-7 * np.abs(w.true) + w.slack)
    per = off.reshape(case.one.at.width, -1).any(axis=0)
    verb = "is" if per.sum() == 1 else "are"
    return f"{per.sum():,} of {np.size(per):,} entries {verb} wrong"


def _by_size(case: ArrayCase) -> Iterator[Guess]:
    w = case.wrong
    if not np.isfinite(w.claimed).all():
        yield "not finite", "it is nan or inf where the slope is not"
    elif not len(w.ratios()):
        yield "should be zero", "the true derivative is zero"
    elif (np.abs(w.claimed) <= w.slack).all():
        yield "zero", "it is zero, so that nothing is passed back"


def _by_ratio(case: ArrayCase) -> Iterator[Guess]:
    """A constant ratio that means something by itself, and what it may come of."""
    ratio = case.wrong.constant()
    if ratio is None or abs(ratio - 1) < 1e-7:
        return
    found = special(ratio)
    if found is None:
        return
    kind, says = found
    whole = round(max(abs(ratio), 1 / abs(ratio)))
    detail = _of_counts(case, whole, ratio) if kind == "factor" and ratio > 0 else ""
    yield (detail[0], f"{says}, {detail[1]}") if detail else (kind, says)


def _of_counts(case: ArrayCase, whole: int, ratio: float) -> Guess | tuple[()]:
    """What sums or means over so many entries a factor may come of, if it is one."""
    sizes = {
        (node.op.name, show(node))
        for name in _ways(case)
        for node in postorder([case.one.at.bodies[name]])
        if node.op.name in ("sum", "mean") and _summed(case, node) == whole
    }
    sizes |= {("stretched", show(node)) for node in _stretched(case, whole)}
    ops = {op for op, _ in sizes}
    if len(ops) != 1:
        return ()
    [op], shown = ops, sorted(sizes)[0][1]
    if op == "mean" and ratio > 1:
        return "sum for mean", f"as if a sum stood where {shown} is a mean"
    if op == "mean":
        return "averaged twice", f"as if {shown} were averaged twice"
    if op == "sum" and ratio > 1:
        return (
            "factor n for a sum",
            f"the number of entries in {shown}, each of which gets the adjoint once",
        )
    if op == "stretched":
        if ratio > 1:
            return ()
        return "mean for sum", f"as if a mean stood where {case.one.wrt} is summed over"
    if op == "sum":
        return "mean for sum", f"as if a mean stood where {shown} is a sum"
    return ()


def _stretched(case: ArrayCase, whole: int) -> Iterator[Node]:
    """Operations that stretch the name itself to so many times its entries."""
    one, sizing = case.one, case.one.at.sizing
    for text in _ways(case):
        for node in postorder([one.at.bodies[text]]):
            if any(arg.op is NAME and arg.value == one.wrt for arg in node.args):
                own = count(one.at.dims(one.wrt))
                wide = not isinstance(node.op, ArrayOp)
                if wide and count(sizing.of(node)) == whole * own:
                    yield node


def _ways(case: ArrayCase) -> list[str]:
    """The equations on the way from the name to the node."""
    one, at = case.one, case.one.at
    if one.kind == "edge":
        return [one.node]
    inside = at.below(one.node)
    return [n for n in at.bodies if n in inside and one.wrt in at.below(n) - {n}]


def _summed(case: ArrayCase, node: Node) -> int:
    """How many entries an operation takes together."""
    sizing = case.one.at.sizing
    return count(sizing.of(node.args[0])) // max(1, count(sizing.of(node)))


def _by_text(case: ArrayCase) -> Iterator[Guess]:
    """The claim's own formula with one change that makes it right."""
    for kind, says in changes(case.one, case.claim, case.output):
        yield kind, says
        # W @ g becomes right as W' @ g and as g @ W, and dh as dh*(1 - h^2) and as dz:
        # one and the same change.
        if kind in (TRANSPOSE, LEFT_OUT, ARGUMENT):
            return


def changes(
    one: ArrayDerivative, claim: ArrayClaim, output: str | None
) -> Iterator[Guess]:
    """The changes of one part of a claim's formula that make it right."""
    if claim.node is None:
        return
    true = one.jacobian.values.ravel()
    for kind, says, node in mended_claims(claim.node, one.at, output, f"d{one.wrt}"):
        try:
            values = ArrayClaim(claim.edge, "", "", node).values(one, output)
        except (CGPrimerError, KeyError, AssertionError):
            continue
        if isinstance(values, ToldEntries) and beside(values.values, true).agrees(true):
            yield kind, says


def beside(values: Array, true: Array) -> Wrong:
    """Some values beside the truth, (n·entries,)."""
    largest = float(np.abs(true).max(initial=0.0))
    return Wrong(values.ravel(), true, SLACK * np.abs(true) + 1e-12 * largest)


def _by_rules(case: ArrayCase) -> Iterator[Guess]:
    """One mistaken rule somewhere on the way."""
    one = case.one
    if case.told.values.size > NUMBERS:
        return
    for share, edge, values in gradients_with(one):
        if case.gives(values):
            yield share.kind, f"{share.says}, {_arrives(share.operation, edge[0])}"


def _arrives(operation: str, node: str) -> str:
    """`where g arrives at tanh(xz) in the equation of xh`, or at xh itself."""
    where = f" in the equation of {node}" if operation != node else ""
    return f"where g is what arrives at {operation}{where}"


def _by_array(case: ArrayCase) -> Iterator[Guess]:
    """What the array itself is: that of another name, or transposed, or flipped."""
    one, true = case.one, case.one.jacobian.values
    shape = true.shape
    square = true.ndim > 2 and shape[-1] == shape[-2]
    if square and case.gives(np.swapaxes(true, -1, -2)):
        yield "transposed", "it is the transpose of the derivative"
    if true.ndim > 3 and case.gives(true[..., ::-1, ::-1]):
        yield "kernel flipped", "its last two axes are reversed"
    if isinstance(one, TotalAt):
        for name, other in one.at.adjoints(one.node).items():
            if name != one.wrt and case.gives(other.values):
                yield "other name", f"it is d {one.node}/d {name}"
    axes = tuple(range(1, true.ndim))
    if axes:
        total = true.sum(axis=axes, keepdims=True)
        if case.gives(np.broadcast_to(total, shape)):
            yield "sum for an entry", "every entry is the sum of all of them"
        for k in axes:
            if shape[k] > 1:
                part = np.broadcast_to(true.sum(axis=k, keepdims=True), shape)
                if case.gives(part):
                    yield (
                        "sum for an entry",
                        f"every entry is the sum along axis {k - 1}",
                    )
                if case.gives(part / shape[k]):
                    yield (
                        "mean for an entry",
                        f"every entry is the mean along axis {k - 1}",
                    )
