"""What a wrong equality looks like: a sign, a factor, a term or a path left out.

Each guess is an expression; it is right where it makes both sides equal at every point.
`check` asks for one sentence on each '=' that fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from cgprimer.derivation.meanings import Meanings
from cgprimer.derivation.names import adjoint_of, derivative_of
from cgprimer.derivation.script import Equality
from cgprimer.diagnosis.extended import context, decimal, is_finite, values
from cgprimer.errors import suggest
from cgprimer.expr.node import Node, leaves, postorder, substitute
from cgprimer.expr.ops import CONST, NAME, OPS, const, name
from cgprimer.notation.text import show

SAME = 1e-20  # relative; sides are known to some 25 digits
NEAR = 1e-3  # sides as near as this may be an approximation
SIMPLE = 1000  # the largest denominator of a factor that is named

Point = dict[str, float]
Column = list[Any]  # the value of one expression at every point


def same(a: Any, b: Any) -> bool:
    """Whether two numbers agree to all the digits that are known."""
    return bool(abs(a - b) <= SAME * max(abs(a), abs(b)))


class Case:
    """A wrong equality with both sides at the points where both have a value."""

    def __init__(
        self, equality: Equality, meanings: Meanings, points: Sequence[Point]
    ) -> None:
        self.equality, self.meanings, self.points = equality, meanings, points
        self.left = self.column(equality.left.node)
        self.right = self.column(equality.right.node)

    def column(self, node: Node) -> Column:
        """The value of an expression over the author's names at every point."""
        closed = self.meanings.close(node)
        return [values([closed], at, decimal)[closed] for at in self.points]

    def holds(self, a: Column, b: Column) -> bool:
        """Whether two columns agree at every point."""
        return all(map(is_finite, a + b)) and all(map(same, a, b))


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
    if case.holds(case.left, [-b for b in case.right]):
        yield "the sign is wrong: the two sides differ by a factor -1"


def _reading(case: Case) -> Iterator[str]:
    """∂ holds the other names; d goes through every path. Was the other one meant?"""
    meanings = case.meanings
    for side, other in ((case.equality.left, case.right),):
        asked = derivative_of(str(side.node.value), meanings.known)
        if asked:
            kind = "d" if asked.kind == "partial" else "partial"
            swapped = case.column(name(f"{kind}_{asked.of}_{kind}_{asked.wrt}"))
            words = (
                "the total derivative, through every path; write d instead of ∂"
                if kind == "d"
                else "the partial of that one equation; write ∂ instead of d"
            )
            if case.holds(swapped, other):
                yield f"the right side is {words}"


def _constant_factor(case: Case) -> Iterator[str]:
    if not any(case.left) or 0 in case.left or 0 in case.right:
        return
    ratios = [b / a for a, b in zip(case.left, case.right, strict=True)]
    if case.holds(ratios, [ratios[0]] * len(ratios)) and _varies(case):
        yield f"the right side is {_spelled(ratios[0])} times the left side"


def _varies(case: Case) -> bool:
    """One point, or two constants, have a constant ratio whatever the mistake."""
    return any(not same(value, case.left[0]) for value in case.left)


def _spelled(ratio: Any) -> str:
    """A factor as people write it: 2, 1/3, -pi/2, 1.2345."""
    mp = context()
    # 3.14159… is π, and 1.5707… is 1/2·π.
    for unit, text in ((mp.one, ""), (mp.pi, "pi"), (1 / mp.pi, "1/pi")):
        found = Fraction(str(mp.nstr(ratio / unit, 30))).limit_denominator(SIMPLE)
        if found and same(ratio, unit * found.numerator / found.denominator):
            return f"{found}·{text}" if text and found != 1 else text or str(found)
    return str(mp.nstr(ratio, 6))


def _path(case: Case) -> Iterator[str]:
    """An adjoint is a sum over users: is one of them left out, or its sign?"""
    wanted = adjoint_of(str(case.equality.left.node.value), case.meanings.known)
    if not wanted:
        return
    shares = list(case.meanings.shares(wanted))
    gap = _minus(case.left, case.right)
    # With one user its path is the whole adjoint, which other guesses tell.
    for user, share in shares if len(shares) > 1 else ():
        column = case.column(share)
        if case.holds(gap, column):
            yield f"the path through {user} is missing: + {show(share)}"
        # left - right = s - (-s) = 2·s.
        if case.holds(gap, [2 * value for value in column]):
            yield f"the share of the path through {user} has the wrong sign"
        if case.holds(gap, [-value for value in column]):
            yield f"the path through {user} is counted twice: {show(share)}"


def _term(case: Case) -> Iterator[str]:
    """A term of one side that the other lacks, or has with the other sign."""
    gap = _minus(case.left, case.right)
    # left - right is a term that the right side lacks, or minus one that it has too
    # much.
    sides = ((case.equality.left, 1), (case.equality.right, -1))
    for side, towards in sides:
        terms = _terms(side.node)
        for sign, term in terms if len(terms) > 1 else ():
            column = [towards * sign * value for value in case.column(term)]
            text = f"{'-' if sign < 0 else '+'} {show(term)}"
            if case.holds(gap, column):
                found = "lacks the term" if towards > 0 else "has too much the term"
                yield f"the right side {found} {text}"
            if case.holds(gap, [2 * value for value in column]):
                yield f"the term {text} has the wrong sign on one side"


def _factor(case: Case) -> Iterator[str]:
    """A factor of one side, or a name in use, that the other lacks."""
    for node in _candidates(case):
        column = case.column(node)
        # Where the left side is 1 any factor of the right would be "too much".
        if case.holds(case.left, [1] * len(column)) or 0 in column:
            continue
        if case.holds(case.left, _times(case.right, column)):
            yield f"the right side lacks the factor {show(node)}"
        if case.holds(_times(case.left, column), case.right):
            yield f"the right side has the factor {show(node)} too much"


def _candidates(case: Case) -> Iterator[Node]:
    seen: set[Node] = set()
    named = [*case.meanings.script.bodies, *case.meanings.script.free]
    left, right = case.equality.left.node, case.equality.right.node
    for side in (right, left):
        for node in (*_factors(side), *map(name, leaves(side))):
            if node.op is not CONST and node not in seen:
                seen.add(node)
                yield node
    inside = {*leaves(left), *leaves(right)}
    if any(adjoint_of(text, case.meanings.known) for text in inside):
        named += [f"bar_{text}" for text in named]
    for text in named:
        if name(text) not in seen and _has_meaning(case, text):
            yield name(text)


def _has_meaning(case: Case, text: str) -> bool:
    known = case.meanings.known
    return text in known or bool(
        adjoint_of(text, known) and case.meanings.script.output
    )


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
        named = [*case.meanings.script.bodies, *case.meanings.script.free]
        if adjoint_of(str(node.value), case.meanings.known):
            named = [f"bar_{text}" for text in named]
        yield from (name(text) for text in named if text != node.value)
    for sibling in _SIBLINGS.get(node.op.name, ()):
        yield OPS[sibling](*node.args)
    if node.op is OPS["sub"]:
        yield OPS["sub"](*reversed(node.args))
    if node.op is OPS["pow"] and node.args[1].op is CONST:
        exponent = float(node.args[1].value or 0.0)
        for value in (exponent - 1, exponent + 1, -exponent):
            yield OPS["pow"](node.args[0], const(value))


_SIBLINGS: dict[str, tuple[str, ...]] = {
    "add": ("sub", "mul"), "sub": ("add",), "mul": ("add", "div"), "div": ("mul",),
    "sin": ("cos",), "cos": ("sin",), "sinh": ("cosh",), "cosh": ("sinh",),
    "tanh": ("sigmoid", "tan"), "sigmoid": ("tanh", "softplus"), "tan": ("tanh",),
    "softplus": ("sigmoid",), "relu": ("step",), "step": ("relu",), "exp": ("log",),
    "log": ("exp",), "abs": ("sign",), "sign": ("abs",),
    "arcsin": ("arccos",), "arccos": ("arcsin",), "min": ("max",), "max": ("min",),
}  # fmt: skip


def _constant_offset(case: Case) -> Iterator[str]:
    gaps = _minus(case.right, case.left)
    if case.holds(gaps, [gaps[0]] * len(gaps)) and _varies(case):
        yield f"the right side is the left side plus {_spelled(gaps[0])}"


def _approximation(case: Case) -> Iterator[str]:
    pairs = zip(case.left, case.right, strict=True)
    gap = max(float(abs(a - b) / max(abs(a), abs(b), SAME)) for a, b in pairs)
    if gap < NEAR:
        yield f"they agree only to {gap:.0e}: is one an approximation of the other?"


def _minus(a: Column, b: Column) -> Column:
    """The difference; zero where it is rounding."""
    # Zero exactly, so that a term of 0 is not seen in what rounding has left.
    pairs = zip(a, b, strict=True)
    return [x - y if not same(x, y) else context().zero for x, y in pairs]


def _times(a: Column, b: Column) -> Column:
    return [x * y for x, y in zip(a, b, strict=True)]


def _terms(root: Node) -> list[tuple[int, Node]]:
    """The signed terms of a sum."""
    found, stack = [], [(1, root)]
    while stack:
        sign, node = stack.pop()
        if node.op is OPS["add"] or node.op is OPS["sub"]:
            left, right = node.args
            stack += [(sign if node.op is OPS["add"] else -sign, right), (sign, left)]
        elif node.op is OPS["neg"]:
            stack.append((-sign, node.args[0]))
        else:
            found.append((sign, node))
    return found


def _factors(root: Node) -> list[Node]:
    """The factors of a product, above and below the line."""
    found, stack = [], [root]
    while stack:
        node = stack.pop()
        if node.op in (OPS["mul"], OPS["div"], OPS["neg"]):
            stack += node.args
        else:
            found.append(node)
    return found
