"""Series of an expression in something small: x - sin(x) = x^3/6 - x^5/120 + …

    series(root, small)  →  small^first·(c[0] + c[1]·small + …), the c sums of terms

Each operation has its series from those of its arguments. A quotient may begin with a
negative power, so that what cancels in 1/x - 1/tan(x) is gone before any rounding.

1/x - 1/tan(x): sin(x) is x·(1 - x²/6 + x⁴/120 - …) and cos(x) 1 - x²/2 + x⁴/24 - …, so
1/tan(x) is x^-1·(1 - x²/3 - x⁴/45 - …) with first = -1, and 1/x is x^-1·1. The leading
coefficients 1 and 1 cancel exactly, as fractions; what is left begins at first = 1 with
1/3, then 1/45 two powers on: x/3 + x^3/45 + …

`proposals.expansions` turns series into proposals.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from fractions import Fraction

from cgprimer.diagnosis.algebra.power_series import (
    NoSeriesError,
    PowerSeries,
    constant,
    convolution,
    grow,
    is_short,
)
from cgprimer.diagnosis.algebra.terms import (
    UNIT,
    Monomial,
    Terms,
    atom,
    negate,
    node_of,
    number,
    product,
    terms,
)
from cgprimer.expr.node import Node, fold
from cgprimer.expr.ops import OPS, ZERO
from cgprimer.expr.syntax import parse_expression


def series(root: Node, small: Node, *, large: bool = False) -> PowerSeries:
    """The series of `root` in `small`, or in 1/small where that is `large`.

    The first coefficient is not zero, unless all of them are. Raises NoSeriesError.
    """

    def visit(node: Node, args: list[PowerSeries | None]) -> PowerSeries | None:
        if node is small:
            return constant([UNIT], -1 if large else 1)
        # Nothing small in it: it is one term of a coefficient, and is expanded no
        # further.
        if all(arg is None for arg in args):
            return None
        whole = [
            constant(terms(part)) if arg is None else arg
            for part, arg in zip(node.args, args, strict=True)
        ]
        return _apply(node, whole)

    made = fold([root], visit)[root]
    return (constant(terms(root)) if made is None else made).settle()


def _apply(node: Node, args: list[PowerSeries]) -> PowerSeries:
    """The series of an operation from those of its arguments."""
    kind = node.op.name
    if kind == "pow":
        return args[0].power(_exponent(node, args[1]))
    if kind in _ARITHMETIC:
        return _ARITHMETIC[kind](*args)
    if kind in _ANALYTIC:
        return _ANALYTIC[kind](args[0].from_zero())
    raise NoSeriesError


def _exponent(node: Node, given: PowerSeries) -> Monomial:
    """The exponent of a power as one term; it must not depend on what is small."""
    # small^small has no power series.
    if given.first or any(given.c[1:]) or not given.c[0]:
        raise NoSeriesError
    return given.c[0][0] if len(given.c[0]) == 1 else atom(node.args[1])


def _at(kind: str, value: Terms) -> Terms:
    """f of the constant coefficient: exact at zero, else a term of its own."""
    # sin(0) as an atom would be a number in doubles; here it is 0, exactly.
    if not value and kind in _AT_ZERO:
        return terms(parse_expression(_AT_ZERO[kind]))
    if kind == "log" and value == [UNIT]:
        return []
    return [atom(OPS[kind](node_of(value) if value else ZERO))]


_AT_ZERO = {
    **dict.fromkeys(("exp", "cos", "cosh"), "1"),
    **dict.fromkeys(("sin", "sinh", "arctan", "arcsin", "erf"), "0"),
    "softplus": "log(2)",
}
_ONE = constant([UNIT])
_HALF_PI = constant(terms(parse_expression("pi/2")))


def _exp(a: PowerSeries) -> PowerSeries:
    # exp′ = a′·exp: each coefficient needs only those before it.
    start = _at("exp", a.c[0])
    return grow(start, len(a.c), lambda known, n: convolution(a.c, known, n))


def _waves(
    a: PowerSeries, odd: str, even: str, sign: int
) -> tuple[PowerSeries, PowerSeries]:
    """sin and cos, or sinh and cosh: each the integral of the other."""
    s, c = [_at(odd, a.c[0])], [_at(even, a.c[0])]
    while len(s) < len(a.c):
        # s′ = a′·c and c′ = ∓a′·s: each coefficient needs only earlier ones of the
        # other.
        new, other = (convolution(a.c, part, len(s)) for part in (c, s))
        if not (is_short(new) and is_short(other)):
            break
        s.append(new)
        c.append(other if sign > 0 else negate(other))
    return PowerSeries(0, s), PowerSeries(0, c)


_circle = functools.partial(_waves, odd="sin", even="cos", sign=-1)
_hyperbola = functools.partial(_waves, odd="sinh", even="cosh", sign=1)


def _gauss(a: PowerSeries) -> PowerSeries:
    """2/sqrt(π)·exp(-a²)."""
    scale = terms(parse_expression("2/sqrt(pi)"))
    return PowerSeries(0, [product(scale, value) for value in _exp(-(a * a)).c])


def _sigmoid(a: PowerSeries) -> PowerSeries:
    return (_ONE + _exp(-a)).power(number(-1))


def _integral(kind: str, a: PowerSeries) -> PowerSeries:
    """A function by the series of its derivative: arctan′ = 1/(1 + a²)."""
    slope = _SLOPES[kind](a)
    # log(small) has none.
    if slope.first:
        raise NoSeriesError
    return slope.integral(a, _at(kind, a.c[0]))


_SLOPES: dict[str, Callable[[PowerSeries], PowerSeries]] = {
    "log": lambda a: a.power(number(-1)),
    "arctan": lambda a: (_ONE + a * a).power(number(-1)),
    "arcsin": lambda a: (_ONE - a * a).power(number(Fraction(-1, 2))),
    "erf": _gauss,
    "softplus": _sigmoid,
}


_ARITHMETIC: dict[str, Callable[..., PowerSeries]] = {
    "add": operator.add,
    "sub": operator.sub,
    "neg": operator.neg,
    "mul": operator.mul,
    "div": operator.truediv,
    "sqrt": lambda a: a.power(number(Fraction(1, 2))),
}
_ANALYTIC: dict[str, Callable[[PowerSeries], PowerSeries]] = {
    "exp": _exp,
    "expm1": lambda a: _exp(a) - _ONE,
    **{kind: functools.partial(_integral, kind) for kind in _SLOPES},
    "log1p": lambda a: _integral("log", _ONE + a),
    "sin": lambda a: _circle(a)[0],
    "cos": lambda a: _circle(a)[1],
    "tan": lambda a: operator.truediv(*_circle(a)),
    "sinh": lambda a: _hyperbola(a)[0],
    "cosh": lambda a: _hyperbola(a)[1],
    "tanh": lambda a: operator.truediv(*_hyperbola(a)),
    "arccos": lambda a: _HALF_PI - _integral("arcsin", a),
    "sigmoid": _sigmoid,
}
