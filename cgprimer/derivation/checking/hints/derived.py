"""Derivatives taken in a way in which people go wrong, from the catalogue of `judge`.

case ─▶ Guess: "the inner derivative, that of x^2, is missing"
"""

from __future__ import annotations

from collections.abc import Iterator

from cgprimer.derivation.checking.case import Case
from cgprimer.derivation.checking.derivatives import body
from cgprimer.derivation.checking.hints.guess import Guess, is_right
from cgprimer.diff.sweep import partials
from cgprimer.expr.node import leaves
from cgprimer.expr.ops import name
from cgprimer.judge.mistakes.wrong_derivatives import suspects
from cgprimer.notation.text import show, tree_size

LONGEST = 80  # characters of what is told beside another sentence
WIDEST = 120  # nodes of what is derived, for which common mistakes are tried


def mistake(case: Case) -> Iterator[Guess]:
    """A derivative that was taken in a way in which people go wrong."""
    if case.asked is None:
        return
    derived = body(case.asked, case.meanings)
    if tree_size(derived) > WIDEST:
        return
    listed = suspects(derived, case.asked.wrt)
    for sign, more in ((1, ""), (-1, ", and the sign is flipped")):
        for suspect in listed:
            if is_right(case, suspect.node, sign, wrong=True):
                yield Guess(suspect.says + more)


def integral(case: Case) -> Iterator[Guess]:
    """ln(x) for the derivative of 1/x."""
    if case.asked is None:
        return
    wrt = name(case.asked.wrt)
    slope = partials(case.meanings.open(case.equality.right.node), [wrt])[wrt]
    whole = body(case.asked, case.meanings)
    # The integral of e^x is its derivative, and a constant has neither.
    if leaves(slope) and case.holds(case.column(slope), case.column(whole)):
        yield Guess(f"this is an integral of {show(whole)}, not its derivative")


def with_detail(says: str, case: Case) -> str:
    """The sentence on a sign or a factor, with the mistake that would give it."""
    detail = next((mistake.says for mistake in mistake(case)), "")
    return f"{says}; {detail}" if detail and len(detail) < LONGEST else says
