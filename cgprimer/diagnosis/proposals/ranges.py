"""Forms that keep exponentials, squares and products in the range of doubles.

    log(Σ exp(u))         =  m + log(Σ exp(u - m))      m the largest of the exponents
    (Σ ±a^n)^(1/n)        =  m·(Σ ±(a/m)^n)^(1/n)       m the largest of the numbers
    exp(a)/Σ exp(u)       =  exp(a - m)/Σ exp(u - m)
    sqrt(a·b)             =  sqrt(a)·sqrt(b)            where a·b overflows
    x^k·exp(-x)           =  exp(k·log(x) - x)
    a·b/c                 =  a/c·b                      where a·b overflows

What is largest is read off at the point, and said.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import inf, isfinite, log, prod

from cgprimer.diagnosis.algebra.roots import degree
from cgprimer.diagnosis.algebra.terms import (
    UNIT,
    Monomial,
    Terms,
    atom,
    collect,
    factor,
    negate,
    node_of,
    number,
    terms,
)
from cgprimer.diagnosis.proposals.proposal import Proposal
from cgprimer.diagnosis.sample import Sample
from cgprimer.expr.node import Node
from cgprimer.expr.ops import ONE, OPS, ZERO
from cgprimer.expr.tidy import tidy
from cgprimer.notation.text import show


def in_range(node: Node, here: Sample) -> Iterator[Proposal]:
    """Forms of `node` that overflow later, or not at all, each with a word on it."""
    kind = node.op.name
    if kind == "log":
        yield from _log_of_sum(node, here)
    elif (n := degree(atom(node))) > 1:
        yield from _norm(node, n, here)
        yield from _root_of_product(node)
    elif kind in ("mul", "div"):
        yield from _product(node, here)


def _exponent(term: Monomial) -> tuple[Terms, Monomial]:
    """A term as exp(the sum of terms) times another term."""
    above: Terms = []
    rest = Monomial(term.number)
    for node, power in term.powers:
        # exp(a)^2·exp(-b) is exp(2·a - b), whatever else is in the term.
        if node.op.name == "exp":
            above = collect([*above, *(t * number(power) for t in terms(node.args[0]))])
        else:
            rest = rest * atom(node) ** power
    return above, rest


def _largest(addends: Terms, here: Sample) -> Terms:
    """The exponent of the term that is largest here; no terms where it has none."""
    parts = [_exponent(term) for term in addends] or [(Terms(), UNIT)]
    sizes = [_log_size(above, rest, here) for above, rest in parts]
    return parts[sizes.index(max(sizes))][0]


def _log_size(above: Terms, rest: Monomial, here: Sample) -> float:
    """log|rest·exp(above)|."""
    size = abs(here.double(rest.node()))
    # In logarithms, since the term itself may be inf.
    value = here.double(node_of(above))
    return value + log(size) if 0 < size < inf and isfinite(value) else -inf


def _scale(addends: Terms, top: Terms) -> Node:
    """The sum of the terms, over exp(top)."""
    made = []
    for term in addends:
        above, rest = _exponent(term)
        # The exponent of the largest term less itself is an empty sum, and its exp a
        # plain 1.
        left = collect([*above, *negate(top)])
        made.append(rest * atom(OPS["exp"](node_of(left))) if left else rest)
    return node_of(made)


def _log_of_sum(node: Node, here: Sample) -> Iterator[Proposal]:
    """log(Σ exp(u)) with the largest u taken out; log(a·b) as a sum."""
    addends = terms(node.args[0])
    if top := _largest(addends, here):
        inner = tidy(OPS["log"], _scale(addends, top))
        text = f"take the largest exponent, here {show(node_of(top))}, out"
        yield Proposal(tidy(OPS["add"], node_of(top), inner), text)
    # log(exp(a)·b): no sum, but the product may overflow where its logarithm does not.
    if len(addends) == 1 and len(addends[0].powers) > 0 and addends[0].number > 0:
        yield Proposal(_log_of_product(addends[0]))


def _log_of_product(term: Monomial) -> Node:
    """log(a^2·b/c) = 2·log(a) + log(b) - log(c)."""
    made = ZERO if term.number == 1 else OPS["log"](number(term.number).node())
    for node, power in term.powers:
        part = Monomial(Fraction(abs(power)), ((OPS["log"](node), 1),)).node()
        made = tidy(OPS["sub" if power < 0 else "add"], made, part)
    return made


def _norm(node: Node, n: int, here: Sample) -> Iterator[Proposal]:
    """The n-th root of a sum of n-th powers, scaled by the largest of the numbers."""
    addends = terms(node.args[0])
    roots = [_root(term, n) for term in addends]
    sizes = [abs(here.double(root.node())) if root else -inf for root in roots]
    largest = roots[sizes.index(max(sizes))] if sizes else None
    if largest is None or len(addends) < 2:
        return
    inner = node_of([_join_powers(term * largest**-n, n) for term in addends])
    # sqrt(a^2 + b^2) is positive whatever the sign of a; a cube root has the sign of
    # it.
    outer = largest.node() if n % 2 else OPS["abs"](largest.node())
    word = f"scale by the largest, here {show(largest.node())}"
    yield Proposal(OPS["mul"](outer, node.op(inner, *node.args[1:])), word)


def _root_of_product(node: Node) -> Iterator[Proposal]:
    """sqrt(a)*sqrt(b) for sqrt(a*b), whose argument overflows."""
    [term, *more] = terms(node.args[0]) or [number(0)]
    if more or len(term.powers) < 2 or term.number < 0:
        return
    parts = [atom(base) ** power for base, power in term.powers]
    parts[0] = number(term.number) * parts[0]
    roots = (atom(node.op(part.node(), *node.args[1:])) for part in parts)
    names = " and ".join(show(part.node()) for part in parts)
    yield Proposal(prod(roots, start=UNIT).node(), f"for positive {names}")


def _root(term: Monomial, n: int) -> Monomial | None:
    """a for a^n, and for -a^n."""
    if abs(term.number) != 1 or any(power % n for _, power in term.powers):
        return None
    powers = tuple((node, power // n) for node, power in term.powers)
    return Monomial(Fraction(1), powers)


def _join_powers(term: Monomial, n: int) -> Monomial:
    """(a/b)^n for a^n/b^n, whose parts overflow."""
    root = _root(term, n)
    if root is None or not root.powers:
        return term
    return number(term.number) * atom(root.node()) ** n


def _product(node: Node, here: Sample) -> Iterator[Proposal]:
    """Forms of a product in which what is large meets what is small first."""
    [term, *more] = terms(node) or [number(0)]
    if more or not term.powers:
        return
    yield from _divide_through(term, here)
    yield from _as_exponential(term, here)
    yield Proposal(_in_order(term, here), "in an order that does not overflow")


def _divide_through(term: Monomial, here: Sample) -> Iterator[Proposal]:
    """Every sum of exponentials in a product divided by the largest of them."""
    out: Terms = []
    made = Monomial(term.number)
    for node, power in term.powers:
        inner = terms(node)
        top = _largest(inner, here)
        out = collect([*out, *(t * number(power) for t in top)])
        divided = _scale(inner, top) if top else node
        made = made * factor(divided) ** power
    if out:
        made = made * atom(OPS["exp"](node_of(out)))
    if made.key != term.key:
        yield Proposal(made.node(), "divided through by the largest exponential")


def _as_exponential(term: Monomial, here: Sample) -> Iterator[Proposal]:
    """Powers and exponentials as one exponential, of a sum."""
    above, rest = _exponent(term)
    kept = Monomial(rest.number)
    bases = []
    for node, power in rest.powers:
        if node.op.name == "pow" or abs(power) > 2:
            base, exponent = node.args if node.op.name == "pow" else (node, ONE)
            bases.append(base)
            logarithm = atom(OPS["log"](base)) * number(power)
            above = collect([*above, *(t * logarithm for t in terms(exponent))])
        else:
            kept = kept * atom(node) ** power
    if above and all(here.double(base) > 0 for base in bases):
        names = " and ".join(map(show, bases))
        made = kept * atom(OPS["exp"](node_of(above)))
        yield Proposal(made.node(), f"for positive {names}" if bases else "")


def _in_order(term: Monomial, here: Sample) -> Node:
    """The factors so multiplied that what has been computed stays near 1."""
    factors = [
        (node, 1 if power > 0 else -1)
        for node, power in term.powers
        for _ in range(abs(power))
    ]
    made, size = number(term.number).node(), 0.0
    while factors:
        logs = [sign * _log_size([], atom(node), here) for node, sign in factors]
        # Greedy: of all factors the one that brings the size nearest to 1,
        # 1e200·1e-200·1e200.
        near = min(range(len(factors)), key=lambda i: abs(size + logs[i]))
        node, sign = factors.pop(near)
        made = tidy(OPS["mul" if sign > 0 else "div"], made, node)
        size += logs[near]
    return made
