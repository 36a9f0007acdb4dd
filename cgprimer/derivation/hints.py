"""What a wrong equality looks like: a sign, a factor, a term or a path left out.

Each guess is an expression; it is right where it makes both sides equal at every point.
`check` asks for one sentence on each '=' that fails. Wrong derivatives of common kinds
are those of `judge.mistakes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import islice
from typing import Any, NamedTuple

from cgprimer.derivation.case import Case, Column, minus, times
from cgprimer.derivation.derivatives import body
from cgprimer.derivation.digits import slack
from cgprimer.derivation.names import derivative_of
from cgprimer.derivation.neighbours import exchanges, factors, terms, total, without
from cgprimer.derivation.samples import SAME, same
from cgprimer.diagnosis.extended import context
from cgprimer.diff.sweep import partials
from cgprimer.errors import suggest
from cgprimer.expr.node import Node, leaves, postorder, substitute
from cgprimer.expr.ops import CONST, NAME, ONE, OPS, ZERO, const, name
from cgprimer.expr.tidy import tidy
from cgprimer.graph.local import short_form
from cgprimer.judge.mistakes.wrong_derivatives import suspects
from cgprimer.notation.text import show, tree_size

NEAR = 1e-3  # sides as near as this may be an approximation
SIMPLE = 1000  # the largest denominator of a factor that is named
LONGEST = 80  # characters of what is told beside another sentence
WIDEST = 120  # nodes of what is derived, for which common mistakes are tried


class Guess(NamedTuple):
    """What a mistake looks like, and the right side without it, where that is known."""

    says: str
    mended: Node | None = None


def hint(case: Case) -> Guess:
    """A sentence on what the mistake looks like, or nothing."""
    # Any factor or term fits a single number.
    if case.is_one_number:
        return next(_of_a_number(case), Guess(""))
    # From what explains most to what explains least: names, signs and readings before
    # single terms and factors, an exchange of anything for anything near the end.
    guesses: tuple[Callable[[Case], Iterator[Guess]], ...] = (
        _unknown_name,
        _unbound_number,
        _sign,
        _reading,
        _constant_factor,
        _path,
        _zero,
        _term,
        _factor,
        _constant_offset,
        _renamed,
        _mistake,
        _integral,
        _exchange,
        _scaled_term,
        _reciprocal,
        _exchange_on_the_left,
        _approximation,
    )
    return next((one for guess in guesses for one in guess(case)), Guess(""))


def _of_a_number(case: Case) -> Iterator[Guess]:
    yield from _unknown_name(case)
    if abs(case.left[0] + case.right[0]) <= slack(case.equality):
        yield Guess("the sign is wrong: the two sides differ by a factor -1")
    yield from _sign(case)
    yield from _approximation(case)


def _unknown_name(case: Case) -> Iterator[Guess]:
    known = case.meanings.known - set(case.equality.fresh)
    for text in case.equality.fresh:
        meant = suggest(text, known)
        yield Guess(f"{text!r} is not defined above" + (f": {meant}" if meant else ""))


def _unbound_number(case: Case) -> Iterator[Guess]:
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


def _sign(case: Case) -> Iterator[Guess]:
    if case.holds(case.left, times(case.right, -1)):
        says = "the sign is wrong: the two sides differ by a factor -1"
        mended = tidy(OPS["neg"], case.equality.right.node)
        # That a path has the wrong sign says no more where all have.
        detail = (one.says for one in _mistake(case) if "is lost" in one.says)
        yield Guess("; ".join([says, *islice(detail, 1)]), mended)


def _reading(case: Case) -> Iterator[Guess]:
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
        yield Guess(f"the right side is {words}")


def _constant_factor(case: Case) -> Iterator[Guess]:
    if not any(case.left) or 0 in case.left or 0 in case.right:
        return
    ratios = [b / a for a, b in zip(case.left, case.right, strict=True)]
    if case.holds(ratios, [ratios[0]] * len(ratios)) and case.varies:
        says = f"the right side is {_spell(ratios[0])} times the left side"
        yield Guess(
            _with_detail(says, case), _divided(case.equality.right.node, ratios[0])
        )


def _with_detail(says: str, case: Case) -> str:
    """The sentence on a sign or a factor, with the mistake that would give it."""
    detail = next((mistake.says for mistake in _mistake(case)), "")
    return f"{says}; {detail}" if detail and len(detail) < LONGEST else says


def _divided(node: Node, ratio: Any) -> Node | None:
    """`node` over a simple fraction."""
    part = Fraction(str(context().nstr(ratio, 30))).limit_denominator(SIMPLE)
    if not part or not same(ratio, context().mpf(part.numerator) / part.denominator):
        return None
    times_below = tidy(OPS["mul"], const(part.denominator), node)
    return tidy(OPS["div"], times_below, const(part.numerator))


def _spell(ratio: Any) -> str:
    """A factor as people write it: 2, 1/3, -pi/2, 1.2345."""
    mp = context()
    # 3.14159… is π, and 1.5707… is 1/2·π.
    for unit, text in ((mp.one, ""), (mp.pi, "pi"), (1 / mp.pi, "1/pi")):
        part = Fraction(str(mp.nstr(ratio / unit, 30))).limit_denominator(SIMPLE)
        if part and same(ratio, unit * part.numerator / part.denominator):
            return f"{part}·{text}" if text and part != 1 else text or str(part)
    texts = (str(mp.nstr(ratio, digits)) for digits in (6, 9, 12, 15, 18, 21))
    # 1.0000001 in six digits is 1.
    return next((t for t in texts if float(t) != 1), "nearly 1")


def _zero(case: Case) -> Iterator[Guess]:
    """Of a zero every term of the right side would be one too much."""
    if case.equality.right.node.args and not any(case.left):
        yield Guess("the left side is zero at every point", ZERO)


def _path(case: Case) -> Iterator[Guess]:
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


def _term(case: Case) -> Iterator[Guess]:
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
                says = _with_detail(says, case) if derived else says
                yield Guess(says, total(mended))
            if case.holds(case.gap, times(column, 2)):
                says = f"the term {text} has the wrong sign on one side"
                says = _with_detail(says, case) if derived else says
                yield Guess(says, total([*rest, (towards * sign, term)]))


def _factor(case: Case) -> Iterator[Guess]:
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


def _renamed(case: Case) -> Iterator[Guess]:
    """One name on the right in place of another."""
    return _with_one_exchanged(case, _namesakes)


def _exchange(case: Case) -> Iterator[Guess]:
    """One operation on the right in place of another."""
    return _with_one_exchanged(case, lambda case, node: exchanges(node))


def _exchange_on_the_left(case: Case) -> Iterator[Guess]:
    """ln(a + b) = ln(a) + ln(b): what is on the right is the logarithm of a*b."""
    root = case.equality.left.node
    for node in postorder([root]) if root.args else ():
        for other in exchanges(node):
            if _is_right(case, substitute([root], {node: other})[0], wrong=True):
                what = f"{show(other)} in place of {show(node)}"
                yield Guess(f"with {what} on the left it would hold")


def _integral(case: Case) -> Iterator[Guess]:
    """ln(x) for the derivative of 1/x."""
    if case.asked is None:
        return
    wrt = name(case.asked.wrt)
    slope = partials(case.meanings.open(case.equality.right.node), [wrt])[wrt]
    whole = body(case.asked, case.meanings)
    # The integral of e^x is its derivative, and a constant has neither.
    if leaves(slope) and case.holds(case.column(slope), case.column(whole)):
        yield Guess(f"this is an integral of {show(whole)}, not its derivative")


def _reciprocal(case: Case) -> Iterator[Guess]:
    if case.varies and case.holds(times(case.left, case.right), [1] * len(case.left)):
        mended = tidy(OPS["div"], ONE, case.equality.right.node)
        yield Guess("the right side is 1 over the left side", mended)


def _scaled_term(case: Case) -> Iterator[Guess]:
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
        yield f"is {_spell(ratio)} times what it should be", _divided(term, ratio)
    for text in dict.fromkeys([*leaves(term), *case.names]):
        factor = case.column(name(text))
        if case.holds(times(column, factor), wanted):
            yield f"lacks the factor {text}", tidy(OPS["mul"], term, name(text))
        if case.holds(times(wanted, factor), column):
            mended = without(name(text), term)
            yield f"has the factor {text} too much", mended


def _with_one_exchanged(
    case: Case, others: Callable[[Case, Node], Iterator[Node]]
) -> Iterator[Guess]:
    root = case.equality.right.node
    for node in postorder([root]):
        for other in others(case, node):
            [edited] = substitute([root], {node: other})
            if _is_right(case, edited):
                says = f"with {show(other)} in place of {show(node)} it would hold"
                yield Guess(says, edited)


def _is_right(case: Case, node: Node, sign: int = 1, wrong: bool = False) -> bool:
    """Whether an expression is the left side, or `sign` times the wrong right side."""
    # There are hundreds to try: one point refuses most of them.
    for points in (case.points[:1], case.points):
        told = [case.column_at(node, points), (case.right if wrong else case.left)]
        if not case.holds(times(told[0], sign), told[1][: len(points)]):
            return False
    return True


def _namesakes(case: Case, node: Node) -> Iterator[Node]:
    """The other names that might stand where a name stands."""
    if node.op is NAME:
        named = case.names
        if case.adjoint_of(node.value):
            named = [f"bar_{text}" for text in named]
        yield from (name(text) for text in named if text != node.value)


def _mistake(case: Case) -> Iterator[Guess]:
    """A derivative that was taken in a way in which people go wrong."""
    if case.asked is None:
        return
    derived = body(case.asked, case.meanings)
    if tree_size(derived) > WIDEST:
        return
    listed = suspects(derived, case.asked.wrt)
    for sign, more in ((1, ""), (-1, ", and the sign is flipped")):
        for suspect in listed:
            if _is_right(case, suspect.node, sign, wrong=True):
                yield Guess(suspect.says + more)


def _constant_offset(case: Case) -> Iterator[Guess]:
    gaps = minus(case.right, case.left)
    if case.holds(gaps, [gaps[0]] * len(gaps)) and case.varies:
        yield Guess(f"the right side is the left side plus {_spell(gaps[0])}")


def _approximation(case: Case) -> Iterator[Guess]:
    pairs = zip(case.left, case.right, strict=True)
    gap = max(float(abs(a - b) / max(abs(a), abs(b), SAME)) for a, b in pairs)
    if gap < NEAR:
        says = f"they agree only to {gap:.0e}: is one an approximation of the other?"
        yield Guess(says)
