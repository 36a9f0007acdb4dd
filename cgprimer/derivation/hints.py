"""What a wrong equality looks like: a sign, a factor, a term or a path left out.

Each guess is an expression; it is right where it makes both sides equal at every point.
`check` asks for one sentence on each '=' that fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from cgprimer.derivation.case import Case, minus, times
from cgprimer.derivation.names import derivative_of
from cgprimer.derivation.neighbours import exchanges, factors, terms
from cgprimer.derivation.samples import SAME, same
from cgprimer.diagnosis.extended import context
from cgprimer.errors import suggest
from cgprimer.expr.node import Node, leaves, postorder, substitute
from cgprimer.expr.ops import CONST, NAME, name
from cgprimer.notation.text import show

NEAR = 1e-3  # sides as near as this may be an approximation
SIMPLE = 1000  # the largest denominator of a factor that is named


def hint(case: Case) -> str:
    """A sentence on what the mistake looks like, or nothing."""
    # From what explains most to what explains least: names, signs and readings before
    # single terms and factors, an exchange of anything for anything near the end.
    guesses: tuple[Callable[[Case], Iterator[str]], ...] = (
        _unknown_name,
        _unbound_number,
        _sign,
        _reading,
        _constant_factor,
        _path,
        _term,
        _factor,
        _constant_offset,
        _exchange,
        _approximation,
    )
    return next((text for guess in guesses for text in guess(case)), "")


def _unknown_name(case: Case) -> Iterator[str]:
    known = case.meanings.known - set(case.equality.fresh)
    for text in case.equality.fresh:
        meant = suggest(text, known)
        yield f"{text!r} is not defined above" + (f": {meant}" if meant else "")


def _unbound_number(case: Case) -> Iterator[str]:
    left, right = case.equality.left, case.equality.right
    for side, other, column in (
        (right, left, case.left),
        (left, right, case.right),
    ):
        # dy/dx = 6 is the derivative at one x, where the derivative is asked for as a
        # function.
        if side.is_number and not all(same(value, column[0]) for value in column):
            names = ", ".join(leaves(case.meanings.close(other.node)))
            yield f"{side.text} is one number, but {other.text} varies with {names}"


def _sign(case: Case) -> Iterator[str]:
    if case.holds(case.left, times(case.right, -1)):
        yield "the sign is wrong: the two sides differ by a factor -1"


def _reading(case: Case) -> Iterator[str]:
    """∂ holds the other names; d goes through every path. Was the other one meant?"""
    asked = derivative_of(str(case.equality.left.node.value), case.meanings.known)
    if not asked:
        return
    if asked.kind == "partial":
        kind = "d"
        words = "the total derivative, through every path; write d instead of ∂"
    else:
        kind = "partial"
        words = "the partial of that one equation; write ∂ instead of d"
    other = name(f"{kind}_{asked.of}_{kind}_{asked.wrt}")
    if case.holds(case.column(other), case.right):
        yield f"the right side is {words}"


def _constant_factor(case: Case) -> Iterator[str]:
    if not any(case.left) or 0 in case.left or 0 in case.right:
        return
    ratios = [b / a for a, b in zip(case.left, case.right, strict=True)]
    if case.holds(ratios, [ratios[0]] * len(ratios)) and case.varies:
        yield f"the right side is {_spell(ratios[0])} times the left side"


def _spell(ratio: Any) -> str:
    """A factor as people write it: 2, 1/3, -pi/2, 1.2345."""
    mp = context()
    # 3.14159… is π, and 1.5707… is 1/2·π.
    for unit, text in ((mp.one, ""), (mp.pi, "pi"), (1 / mp.pi, "1/pi")):
        part = Fraction(str(mp.nstr(ratio / unit, 30))).limit_denominator(SIMPLE)
        if part and same(ratio, unit * part.numerator / part.denominator):
            return f"{part}·{text}" if text and part != 1 else text or str(part)
    return str(mp.nstr(ratio, 6))


def _path(case: Case) -> Iterator[str]:
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
            yield f"the path through {user} is missing: + {show(share)}"
        # left - right = s - (-s) = 2·s.
        if case.holds(gap, times(column, 2)):
            yield f"the share of the path through {user} has the wrong sign"
        if case.holds(gap, times(column, -1)):
            yield f"the path through {user} is counted twice: {show(share)}"


def _term(case: Case) -> Iterator[str]:
    """A term of one side that the other lacks, or has with the other sign."""
    gap = case.gap
    # left - right is a term that the right side lacks, or minus one that it has too
    # much.
    sides = ((case.equality.left, 1), (case.equality.right, -1))
    for side, towards in sides:
        parts = terms(side.node)
        for sign, term in parts if len(parts) > 1 else ():
            column = times(case.column(term), towards * sign)
            text = f"{'-' if sign < 0 else '+'} {show(term)}"
            if case.holds(gap, column):
                what = "lacks the term" if towards > 0 else "has too much the term"
                yield f"the right side {what} {text}"
            if case.holds(gap, times(column, 2)):
                yield f"the term {text} has the wrong sign on one side"


def _factor(case: Case) -> Iterator[str]:
    """A factor of one side, or a name in use, that the other lacks."""
    for node in _candidates(case):
        column = case.column(node)
        # Where the left side is 1 any factor of the right would be "too much".
        if case.holds(case.left, [1] * len(column)) or 0 in column:
            continue
        if case.holds(case.left, times(case.right, column)):
            yield f"the right side lacks the factor {show(node)}"
        if case.holds(times(case.left, column), case.right):
            yield f"the right side has the factor {show(node)} too much"


def _candidates(case: Case) -> Iterator[Node]:
    seen: set[Node] = set()
    left, right = case.equality.left.node, case.equality.right.node
    for side in (right, left):
        for node in (*factors(side), *map(name, leaves(side))):
            if node.op is not CONST and node not in seen:
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


def _exchange(case: Case) -> Iterator[str]:
    """One name or one operation on the right in place of another."""
    root = case.equality.right.node
    # There are hundreds of exchanges: one point refuses most of them.
    first = Case(case.equality, case.meanings, case.points[:1])
    for node in postorder([root]):
        for other in _relatives(case, node):
            edited = substitute([root], {node: other})[0]
            if case.holds(first.left, first.column(edited)) and (
                case.holds(case.left, case.column(edited))
            ):
                yield f"with {show(other)} in place of {show(node)} it would hold"


def _relatives(case: Case, node: Node) -> Iterator[Node]:
    """What a node might have been mistaken for: other names, sibling operations."""
    if node.op is NAME:
        named = case.names
        if case.adjoint_of(node.value):
            named = [f"bar_{text}" for text in named]
        yield from (name(text) for text in named if text != node.value)
    yield from exchanges(node)


def _constant_offset(case: Case) -> Iterator[str]:
    gaps = minus(case.right, case.left)
    if case.holds(gaps, [gaps[0]] * len(gaps)) and case.varies:
        yield f"the right side is the left side plus {_spell(gaps[0])}"


def _approximation(case: Case) -> Iterator[str]:
    pairs = zip(case.left, case.right, strict=True)
    gap = max(float(abs(a - b) / max(abs(a), abs(b), SAME)) for a, b in pairs)
    if gap < NEAR:
        yield f"they agree only to {gap:.0e}: is one an approximation of the other?"
