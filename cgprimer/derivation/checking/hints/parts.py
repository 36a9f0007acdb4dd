"""Mistakes in a part of a side: a path, a term or a factor left out or too much.

case ─▶ Guess: "the path through u is missing: …", "… lacks the factor x"
"""

from __future__ import annotations

from collections.abc import Iterator

from cgprimer.derivation.checking.case import Case, Column, times
from cgprimer.derivation.checking.hints.derived import with_detail
from cgprimer.derivation.checking.hints.guess import Guess, divided, spell_factor
from cgprimer.derivation.checking.neighbours import factors, terms, total, without
from cgprimer.expr.node import Node, leaves
from cgprimer.expr.ops import CONST, OPS, name
from cgprimer.expr.tidy import tidy
from cgprimer.graph.local import short_form
from cgprimer.notation.text import show


def lost_path(case: Case) -> Iterator[Guess]:
    """An adjoint is a sum over users: is one of them left out, or its sign?"""
    wanted = case.adjoint_of(case.equality.left.node.value)
    if not wanted:
        return
    shares = list(case.meanings.shares(wanted))
    gap = case.gap
    # With one user its path is the whole adjoint, which other guesses tell.
    for user, share in shares if len(shares) > 1 else ():
        column = case.column(share)
        if case.holds(gap, column):
            mended = OPS["add"](case.equality.right.node, share)
            sign, size = terms(share)[0]
            text = f"- {show(short_form(size))}" if sign < 0 else f"+ {show(share)}"
            yield Guess(f"the path through {user} is missing: {text}", mended)
        # left - right = s - (-s) = 2·s.
        if case.holds(gap, times(column, 2)):
            yield Guess(f"the share of the path through {user} has the wrong sign")
        if case.holds(gap, times(column, -1)):
            yield Guess(f"the path through {user} is counted twice: {show(share)}")


def lost_term(case: Case) -> Iterator[Guess]:
    """A term of one side that the other lacks, or has with the other sign."""
    left, right = case.equality.left.node, case.equality.right.node
    own = terms(right)
    # left - right is a term that the right side lacks, or minus one that it has too
    # much.
    for node, towards in ((left, 1), (right, -1), *((n, 1) for n in case.truths)):
        parts = terms(node)
        for sign, term in parts if len(parts) > 1 else ():
            column = times(case.column(term), towards * sign)
            text = f"{'-' if sign < 0 else '+'} {show(term)}"
            rest = [part for part in own if part != (sign, term)]
            # What is in neither side as written needs a word on how it got lost.
            derived = node not in (left, right)
            if case.holds(case.gap, column):
                what = "lacks the term" if towards > 0 else "has too much the term"
                mended = [*own, (sign, term)] if towards > 0 else rest
                says = f"the right side {what} {text}"
                says = with_detail(says, case) if derived else says
                yield Guess(says, total(mended))
            if case.holds(case.gap, times(column, 2)):
                says = f"the term {text} has the wrong sign on one side"
                says = with_detail(says, case) if derived else says
                yield Guess(says, total([*rest, (towards * sign, term)]))


def lost_factor(case: Case) -> Iterator[Guess]:
    """A factor of one side, or a name in use, that the other lacks."""
    for node in _candidates(case):
        column = case.column(node)
        # Where the left side is 1 any factor of the right would be "too much".
        if case.holds(case.left, [1] * len(column)) or 0 in column:
            continue
        if case.holds(case.left, times(case.right, column)):
            mended = tidy(OPS["mul"], node, case.equality.right.node)
            yield Guess(f"the right side lacks the factor {show(node)}", mended)
        if case.holds(times(case.left, column), case.right):
            mended = without(node, case.equality.right.node)
            yield Guess(f"the right side has the factor {show(node)} too much", mended)


def _candidates(case: Case) -> Iterator[Node]:
    seen: set[Node] = set()
    left, right = case.equality.left.node, case.equality.right.node
    for side in (right, left):
        for node in (*factors(side), *map(name, leaves(side))):
            # A line dy/dx = 1 lacks the factor dy/dx.
            if node.op is not CONST and node not in seen and node is not left:
                seen.add(node)
                yield node
    named = case.names
    if any(map(case.adjoint_of, (*leaves(left), *leaves(right)))):
        named += [f"bar_{text}" for text in named]
    for text in named:
        if name(text) not in seen and _has_meaning(case, text):
            yield name(text)


def _has_meaning(case: Case, text: str) -> bool:
    is_adjoint = case.meanings.script.output and case.adjoint_of(text)
    return text in case.meanings.known or bool(is_adjoint)


def scaled_term(case: Case) -> Iterator[Guess]:
    """A term of the right side with a factor too much, or one that it lacks."""
    own = terms(case.equality.right.node)
    for i, (sign, term) in enumerate(own) if len(own) > 1 else ():
        column = times(case.column(term), sign)
        wanted = [a + b for a, b in zip(column, case.gap, strict=True)]
        if 0 in column or 0 in wanted:
            continue
        text = f"{'-' if sign < 0 else '+'} {show(term)}"
        for says, mended in _scales(case, term, column, wanted):
            parts = [*own[:i], (sign, mended), *own[i + 1 :]] if mended else []
            yield Guess(f"the term {text} {says}", total(parts) if parts else None)


def _scales(
    case: Case, term: Node, column: Column, wanted: Column
) -> Iterator[tuple[str, Node | None]]:
    """What a term lacks, or has too much, to be what is wanted of it; and it mended."""
    ratios = [a / b for a, b in zip(column, wanted, strict=True)]
    if case.holds(ratios, [ratios[0]] * len(ratios)) and case.varies:
        ratio = ratios[0]
        yield f"is {spell_factor(ratio)} times what it should be", divided(term, ratio)
    for text in dict.fromkeys([*leaves(term), *case.names]):
        factor = case.column(name(text))
        if case.holds(times(column, factor), wanted):
            yield f"lacks the factor {text}", tidy(OPS["mul"], term, name(text))
        if case.holds(times(wanted, factor), column):
            mended = without(name(text), term)
            yield f"has the factor {text} too much", mended
