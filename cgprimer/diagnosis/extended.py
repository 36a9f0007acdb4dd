"""Expressions in extended precision: what every operation should have given.

    values(roots, at)  →  {node: number}, each right to some twenty digits or more

The digits are doubled until two rounds agree, and a zero that is left of numbers other
than zero is doubted to the last, so that no cancellation is taken for zero too soon.
Numbers are mpmath's; what is not real (the logarithm of a negative number) is nan, a
pole is nan or inf.

1 - cos(1e-30) is 5e-61: with 50 digits it is 0, with 100 it is 5e-61 to 39 digits, with
200 to 139. The second and third round share more than 25 digits, and that is enough.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

from cgprimer.diagnosis.walks import above
from cgprimer.expr.node import Node, fold, postorder
from cgprimer.expr.ops import ARGUMENTS, CONST, NAME, Op

FIRST, LAST = 50, 1600  # decimal digits of the first and the last round
AGREED = 25  # digits two rounds must share
HUGE = 1 << 64  # beyond 2^±HUGE a number counts as infinite, or as zero
TURNS = 1 << 13  # beyond 2^TURNS, finding the period would take for ever

Number = Any  # mpmath.mpf; mpmath is loaded when it is first needed


Numbers = dict[Node, Number]
At = Mapping[str, float | Fraction]  # the exact values of names
Reading = Callable[[float], float | Fraction]


def values(
    roots: Iterable[Node], at: At, constant: Reading = float, last: int = LAST
) -> Numbers:
    """The value of every node below `roots`, from the exact values of its names.

    constant : how a number of the text is read; `float` takes the double it became,
        `decimal` the decimal fraction that was written.
    last : the most digits; what keeps shrinking below half of them counts as zero.
    """
    order = postorder(roots)
    # Two rounds at least: one alone cannot tell its own rounding.
    before, digits = _round(order, at, constant, FIRST), 2 * FIRST
    after = _round(order, at, constant, digits)
    left = _open_nodes(order, before, after)
    while digits < last and left:
        digits *= 2
        before = before | {node: after[node] for node in left}
        # Only what more digits may change is computed again, with all that it is made
        # of.
        after = after | _round(left, at, constant, digits)
        left = _open_nodes(left, before, after)
    return {node: _settle(before[node], after[node], last // 2) for node in order}


def _open_nodes(order: list[Node], before: Numbers, after: Numbers) -> list[Node]:
    """The nodes that more digits may change, and all that they are computed from."""
    return postorder(above(order, lambda node: _is_open(node, before, after)))


def decimal(value: float) -> Fraction:
    """The shortest decimal fraction that reads as `value`: 1/10 for 0.1."""
    return Fraction(repr(value))


def is_finite(number: Number) -> bool:
    """Whether a number of `values` is neither nan nor inf."""
    return bool(context().isfinite(number))


@functools.cache
def context(digits: int = FIRST) -> Any:
    """mpmath at some precision of our own, with the function names of the op table."""
    from mpmath import MPContext  # type: ignore[import-untyped]

    made = MPContext()
    made.dps = digits
    made.Abs, made.Min, made.Max = abs, min, max
    return made


def _round(order: list[Node], at: At, constant: Reading, digits: int) -> Numbers:
    """Every node once, arguments first, with so many decimal digits."""
    mp = context(digits)
    done: Numbers = {}
    for node in order:
        if node.op is NAME:
            done[node] = _number(mp, at[str(node.value)])
        elif node.op is CONST:
            done[node] = _number(mp, constant(float(node.value or 0.0)))
        else:
            done[node] = _apply(mp, node.op, [done[arg] for arg in node.args])
    return done


def _number(mp: Any, value: float | Fraction) -> Number:
    if isinstance(value, Fraction):
        return mp.mpf(value.numerator) / value.denominator
    return mp.mpf(float(value))


def _apply(mp: Any, op: Op, args: list[Number]) -> Number:
    """One operation; nan where it is not real, and huge numbers as infinities."""
    if any(map(mp.isnan, args)):
        return mp.nan
    if op.name == "xlogy" and args[0] == 0:  # the one operation that defines 0·∞
        return mp.zero
    # exp(1e30) would have 4e29 digits before the point.
    if op.name in _GROWING and abs(args[0]) > HUGE:
        return _GROWING[op.name](mp, args[0] > 0)
    # The argument less whole periods needs as many digits of π as it has itself.
    if op.name in ("sin", "cos", "tan") and mp.mag(args[0]) > TURNS:
        return mp.nan
    if op.name == "pow" and _is_out_of_range(mp, *args):
        return mp.inf if (abs(args[0]) > 1) == (args[1] > 0) else mp.zero
    try:
        result = mp.mpf(_compute(mp, op, args))
    except ZeroDivisionError:
        # 0/0 has no value, 1/0 is a pole.
        return mp.nan if args[0] == 0 and op.name == "div" else mp.inf
    except (ArithmeticError, ValueError, TypeError):  # mpf refuses complex numbers
        return mp.nan
    if result == 0 or not mp.isfinite(result) or abs(mp.mag(result)) < HUGE:
        return result
    return mp.sign(result) * mp.inf if mp.mag(result) > 0 else mp.zero


_GROWING: dict[str, Callable[[Any, bool], Number]] = {
    "exp": lambda mp, up: mp.inf if up else mp.zero,
    "expm1": lambda mp, up: mp.inf if up else -mp.one,
    "sinh": lambda mp, up: mp.inf if up else -mp.inf,
    "cosh": lambda mp, up: mp.inf,
}


def _is_out_of_range(mp: Any, base: Number, exponent: Number) -> bool:
    """Whether a power is beyond 2^±HUGE, so that computing it would take for ever."""
    if not (mp.isfinite(base) and mp.isfinite(exponent)):
        return False
    return bool(abs(exponent * mp.log(abs(base))) > HUGE)


def _compute(mp: Any, op: Op, args: list[Number]) -> Number:
    """The operation by the table's symbolic form, mpmath's own, or its definition."""
    if op.name == "softplus":  # whose definition grows beyond all bounds on its way
        return max(args[0], 0) + mp.log1p(mp.exp(-abs(args[0])))
    if op.sympy:
        return op.sympy(mp, *args)
    if hasattr(mp, op.name):
        return getattr(mp, op.name)(*args)
    if op.formula is None:  # numpy is all there is: an operation of the user's own
        return op.forward(*map(float, args))
    by = dict(zip(ARGUMENTS, args, strict=False))

    def visit(node: Node, below: list[Number]) -> Number:
        if node.op is NAME:
            return by[str(node.value)]
        if node.op is CONST:
            return mp.mpf(node.value)
        return _apply(mp, node.op, below)

    return fold([op.formula], visit)[op.formula]


_KEEPING_ZERO = ("max", "min", "relu", "step")  # which give 0 without rounding to it


def _is_open(node: Node, before: Numbers, after: Numbers) -> bool:
    """Whether more digits may change a value: rounds differ, or 1 + tiny - 1 is 0."""
    if after[node] == 0 and node.args and node.op.name not in _KEEPING_ZERO:
        # 0·x is 0 by an exact zero; 0 of arguments other than zero may be a
        # cancellation.
        return all(after[arg] != 0 for arg in node.args)
    return not _agree(before[node], after[node])


def _agree(before: Number, after: Number) -> bool:
    """Whether two rounds share AGREED digits, or are infinite or nan alike."""
    mp = context()
    if not (mp.isfinite(before) and mp.isfinite(after)):
        return bool(before == after or (mp.isnan(before) and mp.isnan(after)))
    return bool(abs(after - before) <= abs(after) * mp.mpf(10) ** -AGREED)


def _settle(before: Number, after: Number, vanished: int) -> Number:
    """The last round's number; zero where it only shrank, nan where it wandered."""
    mp = context()
    if _agree(before, after):
        return after
    return mp.zero if abs(after) < mp.mpf(10) ** -vanished else mp.nan
