"""Mistakes in a whole side: its sign, a constant factor or offset, which derivative.

case ─▶ Guess: "the right side is 1/2 times the left side", …
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from cgprimer.derivation.checking.case import Case, minus, times
from cgprimer.derivation.checking.digits import slack
from cgprimer.derivation.checking.hints.derived import mistake, with_detail
from cgprimer.derivation.checking.hints.guess import Guess, divided, spell_factor
from cgprimer.derivation.checking.samples import SAME, same
from cgprimer.errors import suggest
from cgprimer.expr.node import leaves
from cgprimer.expr.ops import ONE, OPS, ZERO, name
from cgprimer.expr.tidy import tidy
from cgprimer.reading.names import derivative_of

NEAR = 1e-3  # sides as near as this may be an approximation


def of_a_number(case: Case) -> Iterator[Guess]:
    """What fits two numbers, of which any is a factor or term of the other."""
    yield from unknown_name(case)
    if abs(case.left[0] + case.right[0]) <= slack(case.equality):
        yield Guess("the sign is wrong: the two sides differ by a factor -1")
    yield from wrong_sign(case)
    yield from approximation(case)


def unknown_name(case: Case) -> Iterator[Guess]:
    """A name in the line that nothing above has."""
    known = case.meanings.known - set(case.equality.fresh)
    for text in case.equality.fresh:
        meant = suggest(text, known)
        yield Guess(f"{text!r} is not defined above" + (f": {meant}" if meant else ""))


def unbound_number(case: Case) -> Iterator[Guess]:
    """One number in place of what varies."""
    left, right = case.equality.left, case.equality.right
    for side, other, column in (
        (right, left, case.left),
        (left, right, case.right),
    ):
        # dy/dx = 6 is the derivative at one x, where the derivative is asked for as a
        # function.
        if side.is_number and not all(same(value, column[0]) for value in column):
            names = ", ".join(leaves(case.meanings.close(other.node)))
            says = f"{side.text} is one number, but {other.text} varies with {names}"
            yield Guess(says)


def wrong_sign(case: Case) -> Iterator[Guess]:
    """One side is minus the other."""
    if case.holds(case.left, times(case.right, -1)):
        says = "the sign is wrong: the two sides differ by a factor -1"
        mended = tidy(OPS["neg"], case.equality.right.node)
        # That a path has the wrong sign says no more where all have.
        detail = (one.says for one in mistake(case) if "is lost" in one.says)
        yield Guess("; ".join([says, *islice(detail, 1)]), mended)


def reading(case: Case) -> Iterator[Guess]:
    """d goes through every path; ∂ holds the other names. Was that one meant?"""
    asked = derivative_of(str(case.equality.left.node.value), case.meanings.known)
    if asked and asked.kind == "d":
        other = name(f"partial_{asked.of}_partial_{asked.wrt}")
        if case.holds(case.column(other), case.right):
            words = "the partial of that one equation; write ∂ instead of d"
            yield Guess(f"the right side is {words}")


def constant_factor(case: Case) -> Iterator[Guess]:
    """One side is a number times the other."""
    if not any(case.left) or 0 in case.left or 0 in case.right:
        return
    ratios = [b / a for a, b in zip(case.left, case.right, strict=True)]
    if case.holds(ratios, [ratios[0]] * len(ratios)) and case.varies:
        says = f"the right side is {spell_factor(ratios[0])} times the left side"
        yield Guess(
            with_detail(says, case), divided(case.equality.right.node, ratios[0])
        )


def zero(case: Case) -> Iterator[Guess]:
    """Of a zero every term of the right side would be one too much."""
    if case.equality.right.node.args and not any(case.left):
        yield Guess("the left side is zero at every point", ZERO)


def reciprocal(case: Case) -> Iterator[Guess]:
    """One side is 1 over the other."""
    if case.varies and case.holds(times(case.left, case.right), [1] * len(case.left)):
        mended = tidy(OPS["div"], ONE, case.equality.right.node)
        yield Guess("the right side is 1 over the left side", mended)


def constant_offset(case: Case) -> Iterator[Guess]:
    """The sides differ by a number."""
    gaps = minus(case.right, case.left)
    if case.holds(gaps, [gaps[0]] * len(gaps)) and case.varies:
        yield Guess(f"the right side is the left side plus {spell_factor(gaps[0])}")


def approximation(case: Case) -> Iterator[Guess]:
    """The sides are nearly equal."""
    pairs = zip(case.left, case.right, strict=True)
    gap = max(float(abs(a - b) / max(abs(a), abs(b), SAME)) for a, b in pairs)
    if gap < NEAR:
        says = f"they agree only to {gap:.0e}: is one an approximation of the other?"
        yield Guess(says)
