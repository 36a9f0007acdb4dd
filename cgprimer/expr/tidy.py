"""Derived expressions kept short: constants folded, 0 and 1 dropped, where exact.

    op, args ─ tidy ─▶ Node     b*1 → b    a*(1/b) → a/b    3*0.1 → 0.3    log(2) stays

An author's text is never tidied, so that what was written is what is drawn; sweeps and
rewritings are, so that a derivative reads as one written by hand.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from fractions import Fraction

import numpy as np

from cgprimer.expr.node import Node
from cgprimer.expr.ops import CONST, ONE, OPS, ZERO, Op, const

SMALL = 64  # whole exponents that are tried for an exact power
MINUS_ONE = const(-1.0)


def tidy(op: Op, *args: Node) -> Node:
    """`op(*args)` with constants folded and 0 and 1 dropped, for derived expressions.

    A factor 0 drops the other factor, whatever that would evaluate to.
    """
    if args and all(arg.op is CONST for arg in args):
        number = _exactly(op, [float(arg.value or 0.0) for arg in args])
        return op(*args) if number is None else const(number)
    short = _SHORTCUTS.get(op.name)
    shorter = short(*args) if short else None
    return op(*args) if shorter is None else shorter


# Constants


def _exactly(op: Op, numbers: list[float]) -> float | None:
    """The value of an operation on numbers, if that can be written without rounding.

    3*0.1 is 0.3, as it is on paper; log(2) and 1/3 stay as they are, since derivatives
    are read, and compared to 20 digits.
    """
    with np.errstate(all="ignore"):
        value = float(op.forward(*numbers))
    # 1/0 stays as well, so that it is found where it is evaluated.
    if not np.isfinite([*numbers, value]).all():
        return None
    if not op.rounds:
        return value
    exact = _ON_FRACTIONS.get(op.name)
    result = exact(*(Fraction(repr(number)) for number in numbers)) if exact else None
    if result is not None:
        return _exact_float(result)
    # exp(0) is 1, cos(0) as well, and sigmoid(0) is 0.5
    known = {*numbers} <= {0.0, 1.0} and (2 * value).is_integer()
    return value if known else None


def _power(a: Fraction, b: Fraction) -> Fraction | None:
    if a == 1 or (a and b.denominator == 1 and abs(b) < SMALL):
        return Fraction(a ** int(b))
    return None


def _root(a: Fraction) -> Fraction | None:
    root = Fraction(repr(math.sqrt(a)))
    return root if root**2 == a else None


def _exact_float(exact: Fraction) -> float | None:
    """The float that is spelled as the fraction is; None where there is none."""
    number = float(exact)
    return number if Fraction(repr(number)) == exact else None


# None where the result is no fraction, or of too many digits to be tried.
_ON_FRACTIONS: dict[str, Callable[..., Fraction | None]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "pow": _power,
    "sqrt": _root,
}


# Zeros, ones and signs


def _add(a: Node, b: Node) -> Node | None:
    if a is ZERO or b is ZERO:
        return b if a is ZERO else a
    if b.op is OPS["neg"]:
        return tidy(OPS["sub"], a, b.args[0])
    return tidy(OPS["mul"], const(2.0), a) if a is b else None


def _sub(a: Node, b: Node) -> Node | None:
    if b is ZERO:
        return a
    if b.op is OPS["neg"]:
        return tidy(OPS["add"], a, b.args[0])
    return tidy(OPS["neg"], b) if a is ZERO else None


def _mul(a: Node, b: Node) -> Node | None:
    if a is ZERO or b is ZERO:
        return ZERO
    if a is ONE or b is ONE:
        return b if a is ONE else a
    if MINUS_ONE in (a, b):
        return tidy(OPS["neg"], b if a is MINUS_ONE else a)
    # a*(1/b) as a/b: rounded once, not twice. Rules such as 1/a of log bring this form.
    if _is_inverse(a) or _is_inverse(b):
        above, below = (b, a) if _is_inverse(a) else (a, b)
        return tidy(OPS["div"], above, below.args[1])
    if OPS["neg"] in (a.op, b.op):
        inner = [x.args[0] if x.op is OPS["neg"] else x for x in (a, b)]
        product = tidy(OPS["mul"], *inner)
        return product if a.op is b.op else tidy(OPS["neg"], product)
    # A number goes in front, so that x*2 and 2*x of derived expressions are one node.
    return OPS["mul"](b, a) if b.op is CONST else None


def _is_inverse(node: Node) -> bool:
    return node.op is OPS["div"] and node.args[0] is ONE


def _div(a: Node, b: Node) -> Node | None:
    if a is ZERO:
        return ZERO
    if a.op is OPS["neg"]:
        return tidy(OPS["neg"], tidy(OPS["div"], a.args[0], b))
    return a if b is ONE else None


def _pow(a: Node, b: Node) -> Node | None:
    if b is ZERO:
        return ONE
    return a if b is ONE else None


def _neg(a: Node) -> Node | None:
    return a.args[0] if a.op is OPS["neg"] else None


_SHORTCUTS: dict[str, Callable[..., Node | None]] = {
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "div": _div,
    "pow": _pow,
    "neg": _neg,
}
