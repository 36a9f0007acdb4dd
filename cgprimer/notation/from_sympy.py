"""sympy expressions as expressions of ours: formulas to evaluate and to print.

sympy expression ─▶ Node, for `graph.shape`, and for equations given in sympy
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import sympy

from cgprimer.errors import GraphError, shorten
from cgprimer.expr.node import Node, substitute
from cgprimer.expr.ops import (
    ARGUMENTS,
    CONSTANTS,
    FUNCTIONS,
    OPS,
    TABLE,
    Op,
    const,
    name,
)
from cgprimer.expr.syntax import parse_expression
from cgprimer.expr.tidy import tidy
from cgprimer.notation.to_sympy import build

WRITTEN_OUT = {
    "cot": "1/tan(a)", "sec": "1/cos(a)", "csc": "1/sin(a)",
    "coth": "1/tanh(a)", "sech": "1/cosh(a)", "csch": "1/sinh(a)",
    "asinh": "log(a + sqrt(a^2 + 1))", "acosh": "log(a + sqrt(a^2 - 1))",
    "atanh": "log((1 + a)/(1 - a))/2", "acot": "arctan(1/a)",
    "erfc": "1 - erf(a)",
}  # fmt: skip
"""sympy's functions that the language lacks, in those that it has."""

HEAVISIDE = {0.0: "step(a)", 0.5: "(1 + sign(a))/2", 1.0: "1 - step(-a)"}
"""sympy's Heaviside by what it is at 0; its usual value there is one half."""


@functools.cache
def _by_class() -> dict[Any, Op]:
    """sympy's function classes → operations of ours."""
    symbols = [sympy.Symbol(f"a{i}", real=True) for i in range(len(ARGUMENTS))]
    called = [op for op in TABLE if op.arity and not op.symbol]
    ops = {build(op, symbols[: op.arity]).func: op for op in called}
    # sqrt is a power to sympy. Powers, sums and products are read by their parts, not
    # as calls of one operation.
    plain = ops.keys() - {sympy.Pow, sympy.Add, sympy.Mul}
    # sign stands for a function of ours, as the derivative of sympy's is a DiracDelta;
    # but sympy's derivative of abs holds its own sign.
    return {func: ops[func] for func in plain} | {sympy.sign: OPS["sign"]}


def from_sympy(expression: sympy.Expr) -> Node:
    """A sympy expression as an expression of ours, tidied.

    Raises GraphError for functions and numbers that the language does not have.
    """
    done: dict[Any, Node] = {}
    # A stack of our own, as an expression may be deeper than Python's recursion goes.
    stack = [sympy.sympify(expression)]
    while stack:
        item = stack[-1]
        _check(item)
        waiting = [part for part in _parts(item) if part not in done]
        if waiting:
            stack.extend(waiting)
        else:
            done[stack.pop()] = _node(item, done)
    return done[sympy.sympify(expression)]


def _check(item: Any) -> None:
    """Refuse what the language has no counterpart for, before going into it."""
    plain = item.is_Symbol or item.is_Add or item.is_Mul or item.is_Pow
    if plain or (item.is_Number and item.is_finite) or item in (sympy.pi, sympy.E):
        return
    if _op(item) or _kind(item) in WRITTEN_OUT or _heaviside(item):
        return
    if item.is_number and not item.is_Function:
        raise GraphError(
            f"sympy's {shorten(str(item))} has no counterpart in the language: it is "
            "no real, finite number"
        )
    raise GraphError(
        f"sympy's {_kind(item)} has no counterpart in the language, "
        f"in {shorten(str(item))}\n  hint: the functions are "
        f"{', '.join(sorted(FUNCTIONS))}"
    )


def _kind(item: Any) -> str:
    return shorten(type(item).__name__)


def _heaviside(item: Any) -> str | None:
    """How a Heaviside is written; None for what is none, or is another value at 0."""
    if not isinstance(item, sympy.Heaviside) or not item.args[1].is_Number:
        return None
    return HEAVISIDE.get(float(item.args[1]))


def _op(item: Any) -> Op | None:
    return getattr(item.func, "op", None) or _by_class().get(item.func)


def _parts(item: Any) -> tuple[Any, ...]:
    """What must be converted before `item`."""
    if item.is_Mul:
        top, bottom = _fraction(item)
        return tuple(factor for factor in (*top, *bottom) if not factor.is_Rational)
    if item.is_Pow:
        return (item.base, -item.exp) if _is_inverse(item) else (item.base, item.exp)
    if item.is_Add:
        return tuple(_split_sign(term)[1] for term in item.args)
    if isinstance(item, sympy.Heaviside):
        return (item.args[0],)
    return tuple(item.args)


def _node(item: Any, done: dict[Any, Node]) -> Node:
    if item.is_Symbol:
        return name(item.name)
    if item.is_Rational and item.q != 1:
        return OPS["div"](_number(item.p), _number(item.q))
    if item.is_Number:
        return _number(item)
    if item is sympy.pi:
        return CONSTANTS["pi"]()
    if item is sympy.E:
        return OPS["exp"](const(1.0))
    if item.is_Add:
        return _sum(item, done)
    if item.is_Mul:
        return _product(item, done)
    if item.is_Pow:
        return _power(item, done)
    return _call(item, [done[part] for part in _parts(item)])


def _number(item: Any) -> Node:
    try:
        value = float(item)
    except OverflowError:
        value = float("inf")
    if value in (float("inf"), float("-inf")):
        raise GraphError(f"the number {shorten(str(item))} overflows double precision")
    return const(value)


def _call(item: Any, args: list[Node]) -> Node:
    op = _op(item)
    if op is None:
        text = _heaviside(item) or WRITTEN_OUT[_kind(item)]
        return substitute([parse_expression(text)], {name("a"): args[0]})[0]
    return functools.reduce(op, args[op.arity :], op(*args[: op.arity]))


def _split_sign(term: Any) -> tuple[bool, Any]:
    """(is negative, absolute term), so that sums print with minus signs."""
    negative = term.could_extract_minus_sign()
    return negative, -term if negative else term


def _sum(item: Any, done: dict[Any, Node]) -> Node:
    # Terms without a minus first: a - b, not -b + a.
    terms = sorted(map(_split_sign, item.as_ordered_terms()), key=lambda term: term[0])
    (negative, first), *others = terms
    node = tidy(OPS["neg"], done[first]) if negative else done[first]
    for negative, term in others:
        node = OPS["sub" if negative else "add"](node, done[term])
    return node


def _is_inverse(item: Any) -> bool:
    return bool(item.is_Pow and item.exp.could_extract_minus_sign())


def _fraction(item: Any) -> tuple[list[Any], list[Any]]:
    """Factors above and below the line; a rational coefficient comes first in each."""
    coefficient, factors = item.as_coeff_mul()
    factors = sympy.Mul(*factors, evaluate=False).as_ordered_factors()
    top = [factor for factor in factors if not _is_inverse(factor)]
    bottom = [1 / factor for factor in factors if _is_inverse(factor)]
    above, below = coefficient, sympy.S.One
    if coefficient.is_Rational:
        above, below = coefficient.as_numer_denom()
    top = top if above is sympy.S.One else [above, *top]
    return top, bottom if below is sympy.S.One else [below, *bottom]


def _product(item: Any, done: dict[Any, Node]) -> Node:
    top, bottom = _fraction(item)
    negative = bool(top) and top[0] == -1
    above = _times(top[1:] if negative else top, done)
    node = tidy(OPS["div"], above, _times(bottom, done)) if bottom else above
    return tidy(OPS["neg"], node) if negative else node


def _times(factors: Sequence[Any], done: dict[Any, Node]) -> Node:
    nodes = [done[f] if f in done else _node(f, done) for f in factors]
    return functools.reduce(OPS["mul"], nodes) if nodes else const(1.0)


def _power(item: Any, done: dict[Any, Node]) -> Node:
    base, exponent = _parts(item)
    if exponent == sympy.Rational(1, 2):
        node = OPS["sqrt"](done[base])
    else:
        node = tidy(OPS["pow"], done[base], done[exponent])
    return OPS["div"](const(1.0), node) if _is_inverse(item) else node
