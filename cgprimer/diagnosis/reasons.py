"""Why an operation went wrong, in a phrase.

    operation, arguments, result, each in doubles and exactly ─→ "0 divided by 0"

Asked by `diagnose`, so arguments are right, and finite: a mistake in them is theirs.
"""

from __future__ import annotations

import numpy as np

from cgprimer.diagnosis.extended import Number, is_finite

GROWING = ("exp", "expm1", "sinh", "cosh", "pow")  # finite wherever they are defined
LARGE = 1e5  # an argument whose rounding takes digits wherever it is
LARGEST = float(np.finfo(np.float64).max)
_TRIGONOMETRIC = ("sin", "cos", "tan")
_DOMAINS = {
    "log": "the logarithm is real for positive numbers only",
    "log1p": "log1p is real above -1 only",
    "sqrt": "the square root is real from 0 on only",
    "arcsin": "arcsin is real between -1 and 1 only",
    "arccos": "arccos is real between -1 and 1 only",
    "xlogy": "the logarithm is real for positive numbers only",
}


def reason(
    op: str, args: list[tuple[float, Number]], value: float, exact: Number
) -> str:
    """Why the operation gave `value` instead of `exact`; `args` likewise in pairs."""
    numbers = [number for number, _ in args]
    if np.isnan(value):
        return _why_nan(op, numbers)
    if np.isinf(value):
        return _why_infinite(op, numbers, exact)
    if not is_finite(exact):
        what = "not a real number" if exact != exact else "infinite"
        return f"the exact value is {what}; this one comes from rounding"
    if any(number == 0 != true for number, true in args):
        return "an argument underflowed to 0"
    if op in ("add", "sub"):
        return "cancellation: what is left of the two numbers is their rounding"
    if op in _TRIGONOMETRIC and abs(numbers[0]) > 1:
        if abs(numbers[0]) < LARGE:
            point = "zero" if abs(value) < 1 else "pole"
            return f"the argument is so near a {point} of {op} that its rounding is all"
        return "the argument is so large that its rounding spans much of a period"
    if op == "log" and abs(numbers[0] - 1) < 0.5:
        return "the argument is so near 1 that rounding it cut off what matters"
    return f"{op} magnifies the rounding of its argument"


def _why_nan(op: str, numbers: list[float]) -> str:
    """Which of the arguments are outside the operation's domain."""
    # Not for a product: of finite arguments it is never nan.
    if op == "div" and not any(numbers):
        return "0 divided by 0"
    if op == "pow":
        return f"{numbers[0]:.6g} has no real power {numbers[1]:.6g}"
    if op in _DOMAINS:
        return f"{_DOMAINS[op]}, not of {numbers[0 if op != 'xlogy' else 1]:.6g}"
    return f"{op} has no value for {', '.join(f'{x:.6g}' for x in numbers)}"


def _why_infinite(op: str, numbers: list[float], exact: Number) -> str:
    """An overflow, where the exact number is finite, or a pole."""
    if is_finite(exact):
        if abs(exact) > LARGEST:
            return "overflow: beyond the largest double, 1.8e308"
        return "an argument underflowed to 0"
    if op in ("div", "pow") and 0 in numbers:
        return "division by 0"
    if op in GROWING:
        return "overflow: far beyond the largest double, 1.8e308"
    if op in ("log", "xlogy", "log1p"):
        return "the logarithm of 0"
    return "a pole, or far beyond the largest double"
