"""Expressions to sympy and back; symbolic derivatives of expressions.

sympy lacks a few functions of the table, or would expand them into forms that lose
digits. For those it gets functions of ours, with the table's rule as derivative and
the table's definition to rewrite and evaluate them by.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import sympy

from cgprimer.errors import GraphError, OpError, shorten
from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import (
    ARGUMENTS,
    CONST,
    CONSTANTS,
    FUNCTIONS,
    NAME,
    OPS,
    TABLE,
    Op,
    const,
    name,
    tidy,
)
from cgprimer.expr.syntax import parse_expression

_EXACT = 10**6
_CHAINS = {"add": sympy.Add, "sub": sympy.Add, "mul": sympy.Mul}


def to_sympy(root: Node, *, real: bool = False) -> sympy.Expr:
    """`root` as a sympy expression in plain symbols, or in real ones.

    Long sums and products are handed over whole: term by term would be quadratic.
    Raises GraphError where sympy, which recurses, cannot go as deep as the expression.
    """
    try:
        return _convert(root, lambda text: sympy.Symbol(text, real=real or None))
    except RecursionError:
        raise _too_deep() from None


def derivatives(body: Node, slots: Iterable[str]) -> list[sympy.Expr]:
    """The derivative of `body` by each slot, by `sympy.diff`, in real symbols."""
    expression = to_sympy(body, real=True)
    try:
        return [sympy.diff(expression, sympy.Symbol(s, real=True)) for s in slots]
    except RecursionError:
        raise _too_deep() from None


def with_leaves(
    formula: sympy.Expr, slots: Sequence[str], leaves: Sequence[Node]
) -> sympy.Expr:
    """`formula` with the real symbols of its slots replaced by names and numbers."""
    by = {
        sympy.Symbol(slot, real=True): (
            number(float(leaf.value or 0.0))
            if leaf.op is CONST
            else sympy.Symbol(str(leaf.value))
        )
        for slot, leaf in zip(slots, leaves, strict=True)
    }
    return formula.xreplace(by)


def number(value: float) -> sympy.Number:
    """A float as sympy's Integer or Rational where it is simple, else as Float."""
    if abs(value) <= _EXACT and (value * 1024).is_integer():
        return sympy.Rational(int(value * 1024), 1024)
    return sympy.Float(value)


@functools.cache
def function(op: Op) -> type[sympy.Function]:
    """The sympy function that stands for an operation sympy does not have."""

    def evaluate(cls: Any, *args: Any) -> Any:
        if all(arg.is_number for arg in args):
            return _defined(op, args)
        return None

    def fdiff(self: Any, argindex: int = 1) -> Any:
        if not op.rules:
            raise without_formula(op)
        by = dict(zip(ARGUMENTS, self.args, strict=False)) | {"y": self}
        return _convert(op.rules[argindex - 1], by.__getitem__)

    body = {
        "op": op,
        "nargs": op.arity,
        "eval": classmethod(evaluate),
        "fdiff": fdiff,
        "_eval_rewrite": lambda self, rule, args, **hints: _defined(op, args),
        "_eval_is_extended_real": lambda self: all(
            a.is_extended_real for a in self.args
        ),
    }
    return type(op.name, (sympy.Function,), body)


def without_formula(op: Op) -> OpError:
    """What to say where sympy would have to differentiate numpy code."""
    return OpError(
        op.name,
        "there is no formula for its derivative, only numpy code",
        "use method='adjoint' or 'finite', or give it formulas with partials=",
    )


def _build(op: Op, args: Iterable[Any]) -> Any:
    return op.sympy(sympy, *args) if op.sympy else function(op)(*args)


def _defined(op: Op, args: Sequence[Any]) -> Any:
    """`op` written out; None for numpy code, which cannot be."""
    if not op.definition:
        return getattr(sympy, op.name)(*args) if op in TABLE else None
    by = dict(zip(ARGUMENTS, args, strict=False))
    return _convert(parse_expression(op.definition), by.__getitem__)


def _too_deep() -> GraphError:
    return GraphError(
        "the expression is nested too deeply for sympy\n"
        "  hint: split it over several equations, or use method='adjoint'"
    )


def _convert(root: Node, symbol: Callable[[str], Any]) -> Any:
    order = postorder([root])
    uses: dict[Node, int] = {}
    for node in order:
        for arg in node.args:
            uses[arg] = uses.get(arg, 0) + 1
    chains: dict[Node, tuple[Any, list[Any]]] = {}
    done: dict[Node, Any] = {}

    def value(node: Node) -> Any:
        if node in chains:
            kind, terms = chains.pop(node)
            done[node] = kind(*terms)
        return done[node]

    for node in order:
        kind = _CHAINS.get(node.op.name)
        if node.op is NAME:
            done[node] = symbol(str(node.value))
        elif node.op is CONST:
            done[node] = number(float(node.value or 0.0))
        elif kind is None:
            done[node] = _build(node.op, map(value, node.args))
        else:
            left, right = node.args
            last = value(right)
            last = -last if node.op.name == "sub" else last
            extends = uses[left] == 1 and chains.get(left, (None,))[0] is kind
            terms = chains.pop(left)[1] if extends else [value(left)]
            terms.append(last)
            chains[node] = (kind, terms)
    return value(root)


@functools.cache
def _by_class() -> dict[Any, Op]:
    """sympy's function classes → operations of ours."""
    found = {}
    for op in TABLE:
        if not op.arity or op.symbol:
            continue
        symbols = [sympy.Symbol(f"a{i}", real=True) for i in range(op.arity)]
        found[_build(op, symbols).func] = op
    found[sympy.sign] = OPS["sign"]
    for arithmetic in (sympy.Pow, sympy.Add, sympy.Mul):
        found.pop(arithmetic, None)
    return found


def from_sympy(expression: sympy.Expr) -> Node:
    """A sympy expression as an expression of ours, tidied.

    Raises GraphError for functions and numbers that the language does not have.
    """
    done: dict[Any, Node] = {}
    stack = [sympy.sympify(expression)]
    while stack:
        item = stack[-1]
        waiting = [part for part in _parts(item) if part not in done]
        if waiting:
            stack.extend(waiting)
        else:
            done[stack.pop()] = _node(item, done)
    return done[sympy.sympify(expression)]


def _parts(item: Any) -> tuple[Any, ...]:
    """What must be converted before `item`."""
    if item.is_Mul:
        top, bottom = _fraction(item)
        return tuple(factor for factor in (*top, *bottom) if not factor.is_Rational)
    if item.is_Pow:
        return (item.base, -item.exp) if _is_inverse(item) else (item.base, item.exp)
    if item.is_Add:
        return tuple(_signed(term)[1] for term in item.args)
    if isinstance(item, sympy.Heaviside | sympy.DiracDelta):
        return (item.args[0],)
    return tuple(item.args)


def _node(item: Any, done: dict[Any, Node]) -> Node:
    if item.is_Symbol:
        return name(item.name)
    if item.is_Rational:
        return (
            tidy(OPS["div"], const(float(item.p)), const(float(item.q)))
            if (item.q == 1)
            else OPS["div"](const(float(item.p)), const(float(item.q)))
        )
    if item.is_Float:
        return const(float(item))
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


def _call(item: Any, args: list[Node]) -> Node:
    if isinstance(item, sympy.DiracDelta):
        return const(0.0)
    if isinstance(item, sympy.Heaviside):
        if item.args[1] == 0:
            return OPS["step"](args[0])
        return parse_substituted("(1 + sign(a))/2", args[0])
    op = getattr(item.func, "op", None) or _by_class().get(item.func)
    if op is None or len(args) < op.arity:
        raise GraphError(
            f"sympy's {shorten(str(item))!r} has no counterpart in the language\n"
            f"  hint: the functions are {', '.join(sorted(FUNCTIONS))}"
        )
    node = op(*args[: op.arity])
    for arg in args[op.arity :]:
        node = op(node, arg)
    return node


def parse_substituted(text: str, a: Node) -> Node:
    """The expression `text` with its name `a` replaced."""
    from cgprimer.expr.node import substitute

    return substitute([parse_expression(text)], {name("a"): a})[0]


def _signed(term: Any) -> tuple[bool, Any]:
    """(is negative, absolute term), so that sums print with minus signs."""
    negative = term.could_extract_minus_sign()
    return negative, -term if negative else term


def _sum(item: Any, done: dict[Any, Node]) -> Node:
    terms = sorted(map(_signed, item.as_ordered_terms()), key=lambda term: term[0])
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
    if coefficient.is_Rational:
        top = [sympy.Integer(coefficient.p), *top] if coefficient.p != 1 else top
        bottom = (
            [sympy.Integer(coefficient.q), *bottom] if coefficient.q != 1 else bottom
        )
        return top, bottom
    return [coefficient, *top], bottom


def _product(item: Any, done: dict[Any, Node]) -> Node:
    top, bottom = _fraction(item)
    negative = bool(top) and top[0] == -1
    above = _times(top[1:] if negative else top, done)
    node = tidy(OPS["div"], above, _times(bottom, done)) if bottom else above
    return tidy(OPS["neg"], node) if negative else node


def _times(factors: Sequence[Any], done: dict[Any, Node]) -> Node:
    nodes = [done[f] if f in done else _node(f, done) for f in factors]
    if not nodes:
        return const(1.0)
    return functools.reduce(lambda a, b: OPS["mul"](a, b), nodes)


def _power(item: Any, done: dict[Any, Node]) -> Node:
    if _is_inverse(item):
        base, exponent = done[item.base], -item.exp
        below = _raised(base, exponent, done)
        return OPS["div"](const(1.0), below)
    return _raised(done[item.base], item.exp, done)


def _raised(base: Node, exponent: Any, done: dict[Any, Node]) -> Node:
    if exponent == sympy.Rational(1, 2):
        return OPS["sqrt"](base)
    return tidy(OPS["pow"], base, done[exponent])
