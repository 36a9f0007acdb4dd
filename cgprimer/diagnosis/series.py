"""Series of an expression in something small: x - sin(x) = x^3/6 - x^5/120 + …

    series(root, small)  →  small^first·(c[0] + c[1]·small + …), the c sums of terms

Each operation has its series from those of its arguments. A quotient may begin with a
negative power, so that what cancels in 1/x - 1/tan(x) is gone before any rounding.

1/x - 1/tan(x): sin(x) is x·(1 - x²/6 + x⁴/120 - …) and cos(x) 1 - x²/2 + x⁴/24 - …, so
1/tan(x) is x^-1·(1 - x²/3 - x⁴/45 - …) with first = -1, and 1/x is x^-1·1. The leading
coefficients 1 and 1 cancel exactly, as fractions; what is left begins at first = 1 with
1/3, then 1/45 two powers on: x/3 + x^3/45 + …

`expansions` turns series into proposals.

Sources: Knuth, The Art of Computer Programming, volume 2, section 4.7; Griewank &
Walther, Evaluating Derivatives (2008), section 13.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import takewhile
from typing import NamedTuple

from cgprimer.diagnosis.terms import (
    UNIT,
    Monomial,
    Terms,
    atom,
    collected,
    multiplied,
    negated,
    node_of,
    number,
    single,
    terms,
)
from cgprimer.expr.node import Node, fold
from cgprimer.expr.ops import OPS, ZERO
from cgprimer.expr.syntax import parse_expression

ORDER = 16  # coefficients that are kept
WIDEST = 8  # terms of a coefficient


class NoSeriesError(Exception):
    """The expression has no such series, or none that is found."""


class PowerSeries(NamedTuple):
    """small^first times the sum of c[k]·small^k, as far as c reaches."""

    first: int
    c: list[Terms]


def series(root: Node, small: Node, *, large: bool = False) -> PowerSeries:
    """The series of `root` in `small`, or in 1/small where that is `large`.

    The first coefficient is not zero, unless all of them are. Raises NoSeriesError.
    """

    def visit(node: Node, args: list[PowerSeries | None]) -> PowerSeries | None:
        if node is small:
            return _constant([UNIT], -1 if large else 1)
        # Nothing small in it: it is one term of a coefficient, and is expanded no
        # further.
        if all(arg is None for arg in args):
            return None
        whole = [
            _constant(terms(part)) if arg is None else arg
            for part, arg in zip(node.args, args, strict=True)
        ]
        return _applied(node, whole)

    found = fold([root], visit)[root]
    return _settled(_constant(terms(root)) if found is None else found)


def _constant(value: Terms, first: int = 0) -> PowerSeries:
    rest: list[Terms] = [[] for _ in range(ORDER - 1)]
    return PowerSeries(first, [value, *rest])


def _settled(a: PowerSeries) -> PowerSeries:
    # Leading zeros are taken off, as a power divides by the first coefficient.
    lead = next((k for k, value in enumerate(a.c) if value), 0)
    return PowerSeries(a.first + lead, a.c[lead:])


def _applied(node: Node, args: list[PowerSeries]) -> PowerSeries:
    kind = node.op.name
    if kind == "pow":
        return _power(args[0], _exponent(node, args[1]))
    if kind in _ARITHMETIC:
        return _ARITHMETIC[kind](*args)
    if kind in _ANALYTIC:
        return _ANALYTIC[kind](_from_zero(args[0]))
    raise NoSeriesError


def _exponent(node: Node, given: PowerSeries) -> Monomial:
    """The exponent of a power as one term; it must not depend on what is small."""
    # small^small has no power series.
    if given.first or any(given.c[1:]) or not given.c[0]:
        raise NoSeriesError
    return given.c[0][0] if len(given.c[0]) == 1 else atom(node.args[1])


def _from_zero(a: PowerSeries) -> PowerSeries:
    """With the coefficients from small^0 on; an argument must not begin below it."""
    a = _settled(a)
    # exp(1/small) has an essential singularity at 0.
    if a.first < 0 and any(a.c):
        raise NoSeriesError
    zeros: list[Terms] = [[] for _ in range(max(a.first, 0))]
    return PowerSeries(0, [*zeros, *a.c][:ORDER])


def _add(a: PowerSeries, b: PowerSeries) -> PowerSeries:
    first = min(a.first, b.first)
    rows = []
    for part in (a, b):
        # Both from the same power on, so that coefficients stand below one another.
        zeros: list[Terms] = [[] for _ in range(part.first - first)]
        rows.append([*zeros, *part.c])
    return PowerSeries(first, [collected(x + y) for x, y in zip(*rows, strict=False)])


def _neg(a: PowerSeries) -> PowerSeries:
    return PowerSeries(a.first, [negated(value) for value in a.c])


def _sub(a: PowerSeries, b: PowerSeries) -> PowerSeries:
    return _add(a, _neg(b))


def _mul(a: PowerSeries, b: PowerSeries) -> PowerSeries:
    rows = (
        _added(multiplied(a.c[k], b.c[n - k]) for k in range(n + 1))
        for n in range(min(len(a.c), len(b.c)))
    )
    return PowerSeries(a.first + b.first, list(takewhile(_is_short, rows)))


def _div(a: PowerSeries, b: PowerSeries) -> PowerSeries:
    return _mul(a, _power(b, number(-1)))


def _added(parts: Iterable[Terms]) -> Terms:
    return collected(term for part in parts for term in part)


def _is_short(value: Terms) -> bool:
    """Whether a coefficient is one to go on with; a series ends before others."""
    return len(value) <= WIDEST


def _grown(
    start: Terms, size: int, row: Callable[[list[Terms], int], Terms]
) -> PowerSeries:
    """The coefficients by a recurrence, as long as they are short."""
    found = [start]
    while len(found) < size and _is_short(found[-1]):
        found.append(row(found, len(found)))
    return PowerSeries(0, found if _is_short(found[-1]) else found[:-1])


def _power(a: PowerSeries, p: Monomial) -> PowerSeries:
    """a^p, by n·c[0]·r[n] = Σ (k·p - (n - k))·c[k]·r[n - k]."""
    a = _settled(a)
    # (small^2·…)^(1/2) begins at small^1; at a half power it is no series in `small`.
    first = a.first * p.number
    if not (a.c and a.c[0]) or (a.first and p.powers) or first.denominator != 1:
        raise NoSeriesError
    # Every coefficient is divided by c[0], which is one term, if need be a bracket.
    below = single(a.c[0]) ** -1

    def row(found: list[Terms], n: int) -> Terms:
        parts = (
            multiplied(collected([p * number(k), number(k - n)]), part)
            for k in range(1, n + 1)
            if (part := multiplied(a.c[k], found[n - k]))
        )
        return multiplied(_added(parts), [below * number(Fraction(1, n))])

    grown = _grown(_raised(a.c[0], p), len(a.c), row)
    return PowerSeries(int(first), grown.c)


def _raised(value: Terms, p: Monomial) -> Terms:
    """A coefficient to the power p."""
    if not p.powers and p.number.denominator == 1:
        return [single(value) ** int(p.number)]
    # 1 to any power.
    if value == [UNIT]:
        return value
    base = node_of(value)
    half = not p.powers and p.number == Fraction(1, 2)
    return [atom(OPS["sqrt"](base) if half else OPS["pow"](base, p.node()))]


def _integrated(slope: PowerSeries, a: PowerSeries, start: Terms) -> PowerSeries:
    """start + ∫ slope·a′, by n·r[n] = Σ k·a[k]·slope[n - k]."""

    def row(found: list[Terms], n: int) -> Terms:
        return _convolved(a.c, slope.c, n)

    return _grown(start, min(len(a.c), len(slope.c) + 1), row)


def _convolved(a: list[Terms], slope: list[Terms], n: int) -> Terms:
    """Σ k·a[k]·slope[n - k]/n."""
    return _added(
        multiplied([t * number(Fraction(k, n)) for t in a[k]], slope[n - k])
        for k in range(1, n + 1)
    )


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


def _exp(a: PowerSeries) -> PowerSeries:
    start = _at("exp", a.c[0])
    return _grown(start, len(a.c), lambda found, n: _convolved(a.c, found, n))


def _waves(
    a: PowerSeries, odd: str, even: str, sign: int
) -> tuple[PowerSeries, PowerSeries]:
    """sin and cos, or sinh and cosh: each the integral of the other."""
    s, c = [_at(odd, a.c[0])], [_at(even, a.c[0])]
    while len(s) < len(a.c):
        # s′ = a′·c and c′ = ∓a′·s: each coefficient needs only earlier ones of the
        # other.
        new, other = (_convolved(a.c, part, len(s)) for part in (c, s))
        if not (_is_short(new) and _is_short(other)):
            break
        s.append(new)
        c.append(other if sign > 0 else negated(other))
    return PowerSeries(0, s), PowerSeries(0, c)


def _circle(a: PowerSeries) -> tuple[PowerSeries, PowerSeries]:
    return _waves(a, "sin", "cos", -1)


def _hyperbola(a: PowerSeries) -> tuple[PowerSeries, PowerSeries]:
    return _waves(a, "sinh", "cosh", 1)


def _one(sign: int, a: PowerSeries) -> PowerSeries:
    """1 ± a."""
    return _add(_constant([UNIT]), a if sign > 0 else _neg(a))


def _log(a: PowerSeries) -> PowerSeries:
    # log(small) has none.
    if not a.c[0]:
        raise NoSeriesError
    return _integrated(_power(a, number(-1)), a, _at("log", a.c[0]))


def _arctan(a: PowerSeries) -> PowerSeries:
    # arctan′ = 1/(1 + a²), by whose series the function's is an integral.
    slope = _power(_one(1, _mul(a, a)), number(-1))
    return _integrated(slope, a, _at("arctan", a.c[0]))


def _arcsin(a: PowerSeries) -> PowerSeries:
    slope = _power(_one(-1, _mul(a, a)), number(Fraction(-1, 2)))
    return _integrated(slope, a, _at("arcsin", a.c[0]))


def _erf(a: PowerSeries) -> PowerSeries:
    slope = _exp(_neg(_mul(a, a)))
    scaled = [multiplied(terms(parse_expression("2/sqrt(pi)")), c) for c in slope.c]
    return _integrated(PowerSeries(0, scaled), a, _at("erf", a.c[0]))


def _sigmoid(a: PowerSeries) -> PowerSeries:
    return _power(_one(1, _exp(_neg(a))), number(-1))


_ARITHMETIC: dict[str, Callable[..., PowerSeries]] = {
    "add": _add,
    "sub": _sub,
    "neg": _neg,
    "mul": _mul,
    "div": _div,
    "sqrt": lambda a: _power(a, number(Fraction(1, 2))),
}
_ANALYTIC: dict[str, Callable[[PowerSeries], PowerSeries]] = {
    "exp": _exp,
    "expm1": lambda a: _sub(_exp(a), _constant([UNIT])),
    "log": _log,
    "log1p": lambda a: _log(_one(1, a)),
    "sin": lambda a: _circle(a)[0],
    "cos": lambda a: _circle(a)[1],
    "tan": lambda a: _div(*_circle(a)),
    "sinh": lambda a: _hyperbola(a)[0],
    "cosh": lambda a: _hyperbola(a)[1],
    "tanh": lambda a: _div(*_hyperbola(a)),
    "arctan": _arctan,
    "arcsin": _arcsin,
    "arccos": lambda a: _sub(_constant(terms(parse_expression("pi/2"))), _arcsin(a)),
    "erf": _erf,
    "sigmoid": _sigmoid,
    "softplus": lambda a: _integrated(_sigmoid(a), a, _at("softplus", a.c[0])),
}
