"""Names that other languages have for functions, and those that cannot be given.

    name ─ about_function ─▶ a hint on a function that there is not
    name ─ bad_name ─▶ why it can name no variable, and a hint

A function of another language is a row of the table, in those of this one.
"""

from __future__ import annotations

from cgprimer.errors import shorten, suggest
from cgprimer.expr.foreign_signs import CALCULUS, ROUNDING, SUM
from cgprimer.expr.ops import FUNCTIONS
from cgprimer.expr.tokens import RESERVED

_CUBE_ROOT = "write a^(1/3) where a > 0, sign(a)*abs(a)^(1/3) for any a"
_FUNCTIONS = {
    "log10 log_10 lg": "write log(a)/log(10)",
    "log2 log_2 lb ld": "write log(a)/log(2)",
    "pow power": "write a power with '^': a^b",
    "square sqr": "write a power with '^': a^2",
    "root nthroot surd": "write the n-th root as a power: a^(1/n) where a > 0",
    "cbrt": _CUBE_ROOT,
    "exp2": "write 2^a",
    "exp10": "write 10^a",
    "atan2 arctan2": "write arctan(a/b), which is right where b > 0",
    "cot ctg": "write 1/tan(a)",
    "sec": "write 1/cos(a)",
    "csc cosec": "write 1/sin(a)",
    "asinh arcsinh arsinh": "write log(a + sqrt(a^2 + 1))",
    "acosh arccosh arcosh": "write log(a + sqrt(a^2 - 1))",
    "atanh arctanh artanh": "write log((1 + a)/(1 - a))/2",
    "coth": "write 1/tanh(a)",
    "sech": "write 1/cosh(a)",
    "csch": "write 1/sinh(a)",
    "hypot": "write sqrt(a^2 + b^2)",
    "heaviside": "write step(a)",
    "tg": "write tan(a)",
    "arctg": "write arctan(a)",
    "fabs": "write abs(a)",
    "sgn": "write sign(a)",
    "erfc": "write 1 - erf(a)",
    "logistic expit": "write sigmoid(a)",
    "logit": "write log(a/(1 - a))",
    "maximum fmax": "write max(a, b)",
    "minimum fmin": "write min(a, b)",
    "clip clamp": "write min(max(a, low), high)",
    "softmax": "write each class: exp(xa)/(exp(xa) + exp(xb))",
    "logsumexp": "write log(exp(xa) + exp(xb))",
    "swish silu": "write a*sigmoid(a)",
    "gelu": "write a*(1 + erf(a/sqrt(2)))/2",
    "elu": "write max(a, 0) + exp(min(a, 0)) - 1",
    "selu": "write 1.0507*(max(a, 0) + 1.67326*(exp(min(a, 0)) - 1))",
    "leaky_relu leakyrelu": "write max(a, 0.01*a)",
    "prelu": "write max(a, 0) + slope*min(a, 0)",
    "relu6": "write min(max(a, 0), 6)",
    "mish": "write a*tanh(softplus(a))",
    "softsign": "write a/(1 + abs(a))",
    "hardtanh": "write min(max(a, -1), 1)",
    "sinc": "write sin(a)/a",
    "sum": SUM,
    "mean average": "write the terms out: (xa + xb + xc)/3",
    "norm": "write sqrt(xa^2 + xb^2)",
    "dot matmul": "write the terms out: wa*xa + wb*xb",
    "factorial": "a factorial is not in the language",
    "floor ceil round": ROUNDING,
    "mod": "the remainder is not an operation of the language",
    "where if ifelse": "step(c)*a + (1 - step(c))*b is a where c > 0, else b",
    "diff": CALCULUS,
}
FOREIGN = {name: hint for names, hint in _FUNCTIONS.items() for name in names.split()}
"""Functions of other languages, in those of this one."""

_LETTERS = {
    "e": "write exp(a)",
    "pi": "write pi alone",
    "sigma": "write sigmoid(a), or a product with '*'",
    "σ": "write sigmoid(a), or a product with '*'",
    "θ": "write step(a), or a product with '*'",
}
"""The same for what is a name as often as a function."""

INVERSE = {
    "sin": "arcsin(x)",
    "cos": "arccos(x)",
    "tan": "arctan(x)",
    "sinh": "log(x + sqrt(x^2 + 1))",
    "cosh": "log(x + sqrt(x^2 - 1))",
    "tanh": "log((1 + x)/(1 - x))/2",
}
"""What f^-1 may mean, beside 1/f."""


def about_function(name: str) -> str:
    """A hint on the name of a function that there is not."""
    plain = name.lower()
    if plain in FUNCTIONS:
        return f"did you mean {plain!r}?"
    # `ab(xx)` with a name that is near no function is most likely a product.
    product = f"write a product with '*': {shorten(name)}*(…)"
    known = (FOREIGN | _LETTERS).get(plain) or FOREIGN.get(plain.replace("_", ""))
    near = suggest(name, FUNCTIONS) if len(name) > 1 else ""
    return known or near or product


def about_inverse(name: str) -> str:
    """A hint on f^-1, which is used for the inverse function and for 1/f."""
    if name not in INVERSE:
        return ""
    return f"write {INVERSE[name]}, or 1/{name}(x): {name}^-1 is used for either"


def bad_name(text: str) -> tuple[str, str] | None:
    """Why `text` cannot name an undeclared variable or parameter, and a hint."""
    if text in FUNCTIONS:
        call = f"{text}({', '.join('…' * FUNCTIONS[text].arity)})"
        return f"{text!r} is a function", f"call it, {call}, or choose another name"
    if text in RESERVED:
        return (
            f"{text!r} is a keyword of Python",
            "choose another name, or declare it in parameters= or variables=",
        )
    return None
