r"""The right formula for a wrong line, in the notation of the line.

    dy/dx = x^2 of y = x^3      ─▶  3*x^2
    \bar v_1 = \bar v_3         ─▶  \overline{v_{3}} \cdot v_{2}

Of what is right at every point the shortest is taken: the line itself, mended, or the
true derivative as a textbook prints it. `check` asks for it where a line fails.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from cgprimer.derivation.checking.case import Case
from cgprimer.derivation.checking.hints.guess import Guess
from cgprimer.derivation.notations import LATEX, UNICODE, Notation
from cgprimer.diagnosis.algebra.terms import (
    HIGHEST,
    Monomial,
    atom,
    collect,
    factor_out,
    node_of,
    terms,
)  # fmt: skip
from cgprimer.diff.factors import (
    factors_of,
    is_sum,
    multiply,
    negative,
    product_of,
    with_arguments,
)  # fmt: skip
from cgprimer.expr.node import Node, fold, intern, leaves, substitute
from cgprimer.expr.ops import CONST, NAME, OPS, name
from cgprimer.expr.tidy import tidy
from cgprimer.graph.local import short_form
from cgprimer.notation.latex import latex
from cgprimer.notation.numbers import apart
from cgprimer.notation.text import show, tree_size
from cgprimer.reading.meanings import Meanings
from cgprimer.reading.names import adjoint_of, derivative_of

LONGEST = 80  # nodes of a formula that is told
ACCENTS = ("hat", "tilde", "vec")
STAND_IN = "instead"  # a name that no author has, to be replaced in the text


def right_formula(case: Case, guess: Guess) -> str:
    """What belongs on the right side, as its author would write it; or nothing."""
    right, meanings = case.equality.right, case.meanings
    if case.is_one_number:
        return apart(float(case.left[0]), float(case.right[0]))[0]
    used = {*leaves(right.node)}

    def length(node: Node) -> tuple[int, bool, bool, int]:
        # Names that the author does not use in this line, and those that he does use,
        # say how near a formula is to his; and so does his line with a term more.
        goes_on = is_sum(node) and right.node in node.args
        goes_on = goes_on and len(show(node)) < 1.3 * shortest
        unlike = len({*leaves(node)} ^ used)
        return unlike, node not in mended, not goes_on, len(show(node))

    left, mended = case.equality.left.node, _mended(case, guess)
    true = [*case.truths, *_reduced(case.truths, case)]
    found = [n for n in (*mended, *true) if tree_size(n) <= LONGEST]
    # The left side itself says what its reader knows.
    candidates = [n for n in found if n is not left] or found
    if not candidates:
        return ""
    shortest = min(len(show(node)) for node in candidates)
    best = in_order(min(candidates, key=length))
    return spelled(best, meanings, "\\" in right.line)


def _mended(case: Case, guess: Guess) -> list[Node]:
    """The right side without its mistake, where that is right."""
    if guess.mended is None:
        return []
    node = short_form(guess.mended)
    right = [node] * case.holds(case.left, case.column(node))
    return [*right, *_reduced(right, case)]


def _reduced(formulas: Sequence[Node], case: Case) -> list[Node]:
    """The same with what cancels gone: x^2 for x^3/x, and p - p^2 for a softmax."""
    bodies = case.meanings.script.bodies
    # p = exp(z)/s is one term, which may stand for its factors.
    short = {n: terms(body) for n, body in bodies.items() if tree_size(body) <= LONGEST}
    named = [(atom(name(n)), own[0]) for n, own in short.items() if len(own) == 1]
    found = []
    for formula in formulas:
        if tree_size(formula) <= LONGEST:
            every = [terms(formula), terms(_bars_apart(formula), multiply=True)]
            every += [collect(_with_names(t, named) for t in one) for one in every]
            found += [form for one in every for form in _factored(one)]
    return [n for n in found if case.holds(case.left, case.column(n))]


_PARTED = [OPS[op] for op in ("add", "sub", "mul", "neg", "pow")]


def _bars_apart(root: Node) -> Node:
    """A bar for each factor below one: a/(p*s^2) as a/p/s/s, which multiplies out."""

    def visit(node: Node, args: list[Node]) -> Node:
        if node.op is not OPS["div"]:
            # Within exp(-t/(R*C)) nothing is to be multiplied out.
            return with_arguments(node, args) if node.op in _PARTED else node
        number, factors = factors_of(args[1])
        # Below a fraction in a fraction, 1/(a/b), its own bar turns round.
        above, below = product_of(number**-1, [(args[0], 1)]), list[Node]()
        for part, power in factors:
            base, times = _whole_power(part)
            if power < 0:
                above = OPS["mul"](above, part)
            else:
                below += [base] * times
        return functools.reduce(OPS["div"], below, above)

    return fold([root], visit)[root]


def _whole_power(node: Node) -> tuple[Node, int]:
    """(s, 2) for s^2; a node once where its power is no small whole number."""
    if node.op is OPS["pow"] and node.args[1].op is CONST:
        times = float(node.args[1].value or 0.0)
        if times in range(1, HIGHEST + 1):
            return node.args[0], int(times)
    return node, 1


def _factored(parts: Sequence[Monomial]) -> list[Node]:
    """The sum with what divides all of it in front, the rest as it is or expanded."""
    front, rest = factor_out(parts)
    # 2*x/(x^2 + 1) - 2*x*(x^2 - 1)/(x^2 + 1)^2 leaves x^2 + 1 - (x^2 - 1), which is 2.
    forms = rest, terms(node_of(rest), multiply=True)
    return [_product(front, form) for form in forms]


def _product(front: Monomial, rest: Sequence[Monomial]) -> Node:
    if len(rest) == 1:
        return (front * rest[0]).node()
    return (front * atom(node_of(rest))).node()


def _with_names(term: Monomial, named: Sequence[tuple[Monomial, Monomial]]) -> Monomial:
    """A term with the names of those that it holds."""
    for one, body in named:
        powers = dict(term.powers)
        if len(body.powers) > 1 and all(
            powers.get(node, 0) * power > 0 and abs(powers[node]) >= abs(power)
            for node, power in body.powers
        ):
            term = term * body**-1 * one
    return term


def in_order(root: Node) -> Node:
    """Products as they are printed: 2*x*cos(x), numbers and names first."""

    def visit(node: Node, args: list[Node]) -> Node:
        if node.op is OPS["neg"]:
            return negative(args[0])
        if node.op is not OPS["mul"]:
            return intern(node.op, tuple(args), node.value) if args else node
        parts = _factors(intern(node.op, tuple(args)))
        signs = sum(part.op is OPS["neg"] for part in parts)
        bare = [part.args[0] if part.op is OPS["neg"] else part for part in parts]
        bare.sort(key=_weight)
        if signs % 2:
            bare[0] = tidy(OPS["neg"], bare[0])
        return multiply(bare)

    return fold([root], visit)[root]


def _weight(node: Node) -> int:
    """Numbers, names, their powers, then all else in the order it stands in."""
    base = node.args[0] if node.op is OPS["pow"] else node
    return [base.op is CONST, node.op is NAME, base.op is NAME, True].index(True)


def _factors(root: Node) -> list[Node]:
    """The factors of a product; a quotient is one."""
    parts, stack = [], [root]
    while stack:
        node = stack.pop()
        if node.op is OPS["mul"]:
            stack += reversed(node.args)
        else:
            parts.append(node)
    return parts


def spelled(node: Node, meanings: Meanings, in_latex: bool) -> str:
    """An expression over the names of a derivation as text, adjoints as their signs."""
    notation = LATEX if in_latex else UNICODE
    write = latex if in_latex else show
    signs = {text: _sign(text, meanings, notation) for text in leaves(node)}
    special = [(text, sign) for text, sign in signs.items() if sign]
    stand_ins = [name(f"{STAND_IN}{chr(ord('a') + i)}") for i in range(len(special))]
    by = {name(text): s for (text, _), s in zip(special, stand_ins, strict=True)}
    text = write(substitute([node], by)[0])
    # By their text: what writes expressions knows of names, and not of adjoints.
    for (_, sign), stand_in in zip(special, stand_ins, strict=True):
        text = text.replace(write(stand_in), sign)
    return text


def _sign(text: str, meanings: Meanings, notation: Notation) -> str:
    """How an adjoint or a derivative is written; nothing for other names."""
    base = adjoint_of(text, meanings.known)
    if base:
        return notation.adjoint(base) if notation is LATEX else text
    accent, _, under = text.partition("_")
    if notation is LATEX and accent in ACCENTS and under:
        return rf"\{accent}{{{notation.name(under)}}}"
    asked = derivative_of(text, meanings.known)
    if asked is None:
        return ""
    partial = notation.partial(asked.of, asked.wrt)
    d = r"d " if notation is LATEX else "d"
    sign = r"\partial " if notation is LATEX else "∂"
    return partial if asked.kind == "partial" else partial.replace(sign, d)
