"""Expressions to sympy, and their derivatives by sympy.

sympy lacks a few functions of the table, or would expand them into forms that lose
digits. For those it gets functions of ours, with the table's rule as derivative and
the table's definition to rewrite and evaluate them by.

    Node ─▶ sympy expression; Node, names ─▶ its derivatives, for `graph.shape`
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import sympy

from cgprimer.errors import CGPrimerError, GraphError, OpError
from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import ARGUMENTS, CONST, NAME, OPS, TABLE, Op
from cgprimer.expr.syntax import missing_op
from cgprimer.grouping import grouped

_EXACT = 10**6
REFUSALS = (
    ArithmeticError, AssertionError, AttributeError, NotImplementedError,
    TypeError, ValueError,
)  # fmt: skip
"""How sympy's algorithms end, deep inside, where they do not apply.

Nothing wider: a time limit or an interrupt that is raised inside must come out.
"""
_INFINITE = (sympy.zoo, sympy.oo, -sympy.oo, sympy.nan)
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
    """The derivative of `body` by each slot, by `sympy.diff`, in real symbols.

    nan stands for a derivative that sympy cannot find. A sum is taken term by term,
    so that a long one costs what its terms cost.
    """
    # Real symbols: of others the derivative of abs, for one, holds real and imaginary
    # parts.
    symbols = [sympy.Symbol(slot, real=True) for slot in slots]
    wanted = set(symbols)
    try:
        expression = to_sympy(body, real=True)
        if expression.has(*_INFINITE):  # and so a constant: its derivative would be 0
            return [sympy.nan for _ in symbols]
        # A term is only differentiated by the names in it: n terms by n names are n
        # derivatives, not n².
        shares = grouped(
            (symbol, sympy.diff(term, symbol))
            for term in sympy.Add.make_args(expression)
            for symbol in term.free_symbols & wanted
        )
        by_symbol = {by: _tidy(sympy.Add(*terms)) for by, terms in shares.items()}
    except RecursionError:
        raise _too_deep() from None
    except CGPrimerError:
        raise
    except REFUSALS:
        return [sympy.nan for _ in symbols]
    return [by_symbol.get(symbol, sympy.Integer(0)) for symbol in symbols]


def _tidy(formula: sympy.Expr) -> sympy.Expr:
    """x^b·b/x as b·x^(b - 1), which is finite at x = 0."""
    if any(power.exp.free_symbols for power in formula.atoms(sympy.Pow)):
        return sympy.powsimp(formula, combine="exp")
    return formula


def with_leaves(
    formula: sympy.Expr, slots: Sequence[str], leaves: Sequence[Node]
) -> sympy.Expr:
    """`formula` with the real symbols of its slots replaced by names and numbers."""
    there = {str(symbol) for symbol in formula.free_symbols}
    by = {
        sympy.Symbol(slot, real=True): to_sympy(leaf)
        for slot, leaf in zip(slots, leaves, strict=True)
        if slot in there
    }
    return formula.xreplace(by)


def number(value: float) -> sympy.Number:
    """A float as sympy's Integer or Rational where it is simple, else as Float."""
    # Fractions of 1024 up to a million: 0.5 and 0.25 become rationals, as x^(1/2) is
    # easier on sympy than x^0.5, and 0.1 stays the float it is.
    if abs(value) <= _EXACT and (value * 1024).is_integer():
        return sympy.Rational(int(value * 1024), 1024)
    return sympy.Float(value)


@functools.cache
def function(op: Op) -> type[sympy.Function]:
    """The sympy function that stands for an operation sympy does not have."""

    def evaluate(cls: Any, *args: Any) -> Any:
        if all(arg.is_number for arg in args):
            return _number_of(op, args) or _write_out(op, args)
        return None

    def fdiff(self: Any, argindex: int = 1) -> Any:
        if not op.rules:
            raise without_formula(op)
        return _fill(op.rules[argindex - 1], self.args, self)

    body = {
        "op": op,
        "nargs": op.arity,
        "eval": classmethod(evaluate),
        "fdiff": fdiff,
        "_eval_rewrite": lambda self, rule, args, **hints: _write_out(op, args),
        "_eval_is_extended_real": _real_where_arguments_are,
        "_eval_is_real": _real_where_arguments_are,
        # Classes made here have no place in a module where pickle could find them.
        "__reduce_ex__": lambda self, _: (_apply, (op.name, self.args)),
        "__copy__": lambda self: self,
        "__deepcopy__": lambda self, _: self,
    }
    return type(op.name, (sympy.Function,), body)


def _apply(name: str, args: Sequence[Any]) -> Any:
    """What was pickled: the function of the operation that has this name here."""
    if name not in OPS:
        raise missing_op(name)
    return function(OPS[name])(*args)


def _number_of(op: Op, args: Sequence[Any]) -> sympy.Number | None:
    """The value of `op` at floats; its definition, exp(1e-6) - 1, would lose digits."""
    if not any(arg.is_Float for arg in args) or not all(arg.is_Number for arg in args):
        return None
    with np.errstate(all="ignore"):
        value = float(op.forward(*map(float, args)))
    return number(value) if np.isfinite(value) else None


def _real_where_arguments_are(self: Any) -> bool | None:
    return True if all(arg.is_extended_real for arg in self.args) else None


def without_formula(op: Op) -> OpError:
    """What to say where sympy would have to differentiate numpy code."""
    return OpError(
        op.name,
        "there is no formula for its derivative, only numpy code",
        "use method='adjoint' or 'finite', or give it formulas with partials=",
    )


def build(op: Op, args: Iterable[Any]) -> Any:
    """The operation on sympy arguments."""
    return op.sympy(sympy, *args) if op.sympy else function(op)(*args)


def _write_out(op: Op, args: Sequence[Any]) -> Any:
    """`op` written out; None for numpy code, which cannot be."""
    if op.formula is None:
        return getattr(sympy, op.name)(*args) if op in TABLE else None
    return _fill(op.formula, args)


def _fill(formula: Node, args: Sequence[Any], result: Any = None) -> Any:
    """A definition or a rule of the table, over a, b, … and y, for sympy arguments.

    Its operations may be functions of ours again, which sympy expands when it rewrites;
    `expr.definitions` expands nodes before they come here.
    """
    by = dict(zip(ARGUMENTS, args, strict=False)) | {"y": result}
    return _convert(formula, by.__getitem__)


def _too_deep() -> GraphError:
    return GraphError(
        "the expression is nested too deeply for sympy\n"
        "  hint: split it over several equations, or use method='adjoint'"
    )


def _convert(root: Node, symbol: Callable[[str], Any]) -> Any:
    order = postorder([root])
    uses = Counter(arg for node in order for arg in node.args)
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
            done[node] = build(node.op, map(value, node.args))
        else:
            left, right = node.args
            last = value(right)
            last = -last if node.op.name == "sub" else last
            # a + b + c is (a + b) + c: the inner sum is not built, its terms are handed
            # on, unless something else uses it. sympy flattens and sorts a sum each
            # time one is built.
            extends = uses[left] == 1 and chains.get(left, (None,))[0] is kind
            terms = chains.pop(left)[1] if extends else [value(left)]
            terms.append(last)
            chains[node] = (kind, terms)
    return value(root)
