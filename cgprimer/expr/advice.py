"""Advice on characters and names that the language does not have.

    character or name ─▶ a hint, for the messages of `expr.complaints` and `graph.read`

A sign, function or habit of another language is a row of one of the tables.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from cgprimer.errors import shorten, suggest
from cgprimer.expr.ops import FUNCTIONS
from cgprimer.expr.tokens import RESERVED

DECIMAL = "decimal numbers are written with a point"
OPENS = {
    "]": "[",
    "}": "{",
    "'": "'",
    '"': '"',
    "’": "‘’",
    "”": "“”",
    "⟩": "⟨",
    "›": "‹",
}
"""What may have opened what a sign closes."""

_STEP = "comparisons are not in the language; step(a - b) is 1 where a > b"
_SUM = "write the terms out: xa + xb + xc"
_CALCULUS = "write the formula of the derivative; `gradient` finds those of a graph"
LATEX = (
    r"this is LaTeX: read it by parse_latex, or write a/b for \frac{a}{b}, "
    r"a*b for a \cdot b"
)
_LOGIC = (
    "there is no logic in the language; step(a)*step(b) is 1 where both are above 0"
)
_ASSIGN = "write name = expression"
_INEXACT = "write '=' for what is to be computed so"

ADVICE = {
    "%": "the remainder is not an operation of the language",
    "‰": "write 0.005 for 5 ‰",
    "[": "write parentheses ( ) only",
    "{": "write parentheses ( ) only",
    "]": "write parentheses ( ) only",
    "}": "write parentheses ( ) only",
    "#": "comments belong in a multi-line text or a file, not in a list of equations",
    ";": "write one equation per string or line",
    ".": "names have no dots",
    "'": "equations hold no strings",
    '"': "equations hold no strings",
    "“": "equations hold no strings",
    "‘": "equations hold no strings",
    "`": "equations hold no strings",
    "_": "a name starts with a letter",
    "|": "write abs(…) for an absolute value",
    "‖": "write sqrt(xa^2 + xb^2) for a norm",
    "!": "a factorial is not in the language",
    "@": "there are no matrices: write every component as an equation of its own",
    "&": _LOGIC, "∧": "a power is written ^ or **", "∨": _LOGIC, "¬": _LOGIC,
    "\\": LATEX, "$": LATEX,
    "~": _INEXACT, "≈": _INEXACT, "≃": _INEXACT, "≅": _INEXACT, "∼": _INEXACT,
    "≡": _INEXACT, "∝": _INEXACT,
    ":": _ASSIGN, "→": _ASSIGN, "⇒": _ASSIGN, "←": _ASSIGN, "↦": _ASSIGN,
    "<": _STEP, ">": _STEP, "≤": _STEP, "≥": _STEP, "≠": _STEP, "≪": _STEP, "≫": _STEP,
    "∑": _SUM, "∏": "write the factors out: xa*xb*xc", "…": _SUM, "⋯": _SUM,
    "∫": "an integral is not in the language: write what it comes to",
    "∂": _CALCULUS, "∇": _CALCULUS, "∆": "write a name, such as dx",
    "′": "a prime is no part of a name: write y1, or dy",
    "″": "a prime is no part of a name: write y2, or ddy",
    "°": "write an angle in radians: 30*pi/180 for 30°",
    "∞": "write a finite number",
    "±": "write two equations, one with + and one with -",
    "∓": "write two equations, one with + and one with -",
    "√": "write sqrt(…)",
    "∛": "write a^(1/3) where a > 0, sign(a)*abs(a)^(1/3) for any a",
    "∜": "write a^(1/4)",
    "½": "write a decimal number: 2.5 for 2½",
    "ᵀ": "there are no matrices: write every component as an equation of its own",
    "⊤": "there are no matrices: write every component as an equation of its own",
    "⊙": "write a product with '*'", "⊗": "write a product with '*'",
    "∘": "write f(g(x)) for f∘g",
    "?": "step(x)*a + (1 - step(x))*b is a where x > 0, else b",
    "∈": "write the equation alone", "∀": "write the equation alone",
    "⟨": "write parentheses ( ) only", "⌊": "rounding is not in the language",
    "⌈": "rounding is not in the language",
}  # fmt: skip
"""What to write for a sign that the language does not have."""

AROUND = (
    ("%", r"\d\s*$", r"\s*(?:[-+*/)]|$)", "write 0.05 for 5 %"),
    ("%", r"", r"[*/%o]", "there are no matrices: write every component out"),
    ("%", r"\s$", r"\s*[A-Za-z]+ [A-Za-z]", "a comment begins with #"),
    ("!", r"", r"=", _STEP),
    ("|", r"", r"\|", _LOGIC),
    (">", r"-\s*$", r"", _ASSIGN),
    ("@", r"=\s*$|^\s*$", r"\s*\(", "write y = … for y = @(x) …"),
    ("$", r"", r"[A-Z]{1,3}\$?\d", "write A1 for $A$1"),
    ("$", r"[A-Z]$", r"\d", "write A1 for A$1"),
    ("√", r"", r"\s*[\w.]+\s*(?:[\^²³]|\*\*)", "write sqrt(x^2), or sqrt(x)^2"),
    ("[", r"\w$", r"\s*\d+\s*\]", "an index is part of a name: write x0 for x[0]"),
    ("[", r"[A-Z]\w*$", r"", "write a call with parentheses: sin(xa) for Sin[xa]"),
    ("{", r"\^$", r"", "write x^2 for x^{2}, and x^(n + 1) for x^{n + 1}"),
    ("{", r"_$", r"", "write x_1 for x_{1}"),
    ("{", r"(?:max|min)$", r"", "write a call with parentheses: max(a, b)"),
    ("_", r"\\\w*$|\}$", r"", LATEX),
    ("'", r"\w$", r"\(", _CALCULUS),
    ("′", r"\w$", r"\(", _CALCULUS),
    ("°", r"", r"[CF]\b", "leave the unit away"),
    (":", r"=.*[\w)]\s*$", r"", "write a quotient with '/'"),
    ("'", r"\w$", r"", "a prime is no part of a name: write y1, or dy"),
    ("'", r"[\])]$", r"", "there are no matrices: write every component out"),
    (";", r"\(.*\d$|\([^()]*$", r"[^=]*\)", "arguments are parted by a comma"),
    (".", r"", r"\.", "write every term out"),
    (".", r"(?:math|np|numpy)$", r"e\b", "write exp(1) for e, and exp(x) for e^x"),
    (".", r"(?:^|[^\w.])(?:np|numpy|math|torch|tf|jnp|nn|F)(?:\.\w+)*$", r"\w",
     "leave the module away, and use a function of the language: exp(x) for np.exp(x)"),
    (".", r"\w$", r"T\b|t\(\)",
     "there are no matrices: write every component as an equation of its own"),
    (".", r"\w$", r"\s+[A-Z]", "write one equation per string or line"),
    ("<", r"", r"[-<]", "write name = expression"),
    (":", r"\w$", r"\s", "write the equation alone: name = expression"),
)  # fmt: skip
"""(sign, what stands before, what stands behind, hint): the first that fits."""
DOUBLED = {
    "==": "write one '=' per equation",
    "//": "floor division is not in the language; write one '/'",
    "**": "a power is written ^ or **",
    "***": "a power is written ^ or **",
    "^^": "a power is written ^ or **",
}
INVERSE = {
    name: f"write arc{name}(x), or 1/{name}(x): {name}^-1 is used for either"
    for name in ("sin", "cos", "tan")
} | {
    "sinh": "write log(x + sqrt(x^2 + 1)), or 1/sinh(x): sinh^-1 is used for either",
    "cosh": "write log(x + sqrt(x^2 - 1)), or 1/cosh(x): cosh^-1 is used for either",
    "tanh": "write log((1 + x)/(1 - x))/2, or 1/tanh(x): tanh^-1 is used for either",
}
"""What f^-1 may mean."""
PYTHON = dict.fromkeys(
    ("if", "else", "and", "or", "not"),
    "step(a - b) is 1 where a > b, so that step(x)*a + (1 - step(x))*b is a choice",
)
PROSE = frozenset(
    ["where", "with", "for", "and", "is", "when", "if", "on", "so", "the"]
)
UNITS = frozenset(
    (
        *("m", "cm", "mm", "km", "um", "nm", "g", "kg", "mg", "s", "ms", "min", "h"),
        *("Hz", "kHz", "MHz", "N", "J", "kJ", "W", "kW", "V", "mV", "A", "mA", "K"),
        *("Pa", "kPa", "mol", "eV", "rad", "deg", "ohm", "Ohm", "T", "L"),
    )
)
FOREIGN = {
    "log10": "write log(a)/log(10)",
    "log_10": "write log(a)/log(10)",
    "log2": "write log(a)/log(2)",
    "log_2": "write log(a)/log(2)",
    "lg": "write log(a)/log(10)",
    "pow": "write a power with '^': a^b",
    "square": "write a power with '^': a^2",
    "atan2": "write arctan(a/b), which is right where b > 0",
    "cot": "write 1/tan(a)",
    "sec": "write 1/cos(a)",
    "csc": "write 1/sin(a)",
    "asinh": "write log(a + sqrt(a^2 + 1))",
    "atanh": "write log((1 + a)/(1 - a))/2",
    "heaviside": "write step(a)",
    "fabs": "write abs(a)",
    "power": "write a power with '^': a^b",
    "cbrt": "write a^(1/3) where a > 0, sign(a)*abs(a)^(1/3) for any a",
    "arctan2": "write arctan(a/b), which is right where b > 0",
    "hypot": "write sqrt(a^2 + b^2)",
    "arcsinh": "write log(a + sqrt(a^2 + 1))",
    "acosh": "write log(a + sqrt(a^2 - 1))",
    "arccosh": "write log(a + sqrt(a^2 - 1))",
    "arctanh": "write log((1 + a)/(1 - a))/2",
    "coth": "write 1/tanh(a)",
    "sech": "write 1/cosh(a)",
    "erfc": "write 1 - erf(a)",
    "exp2": "write 2^a",
    "logistic": "write sigmoid(a)",
    "expit": "write sigmoid(a)",
    "logit": "write log(a/(1 - a))",
    "sgn": "write sign(a)",
    "maximum": "write max(a, b)",
    "minimum": "write min(a, b)",
    "clip": "write min(max(a, low), high)",
    "softmax": "write each class: exp(xa)/(exp(xa) + exp(xb))",
    "logsumexp": "write log(exp(xa) + exp(xb))",
    "swish": "write a*sigmoid(a)",
    "silu": "write a*sigmoid(a)",
    "gelu": "write a*(1 + erf(a/sqrt(2)))/2",
    "elu": "write max(a, 0) + exp(min(a, 0)) - 1",
    "selu": "write 1.0507*(max(a, 0) + 1.67326*(exp(min(a, 0)) - 1))",
    "leaky_relu": "write max(a, 0.01*a)",
    "leakyrelu": "write max(a, 0.01*a)",
    "prelu": "write max(a, 0) + slope*min(a, 0)",
    "relu6": "write min(max(a, 0), 6)",
    "mish": "write a*tanh(softplus(a))",
    "softsign": "write a/(1 + abs(a))",
    "hardtanh": "write min(max(a, -1), 1)",
    "sinc": "write sin(a)/a",
    "sum": "write the terms out: xa + xb + xc",
    "mean": "write the terms out: (xa + xb + xc)/3",
    "norm": "write sqrt(xa^2 + xb^2)",
    "dot": "write the terms out: wa*xa + wb*xb",
    "matmul": "write the terms out: wa*xa + wb*xb",
    "factorial": "a factorial is not in the language",
    "floor": "rounding is not in the language",
    "ceil": "rounding is not in the language",
    "round": "rounding is not in the language",
    "mod": "the remainder is not an operation of the language",
    "where": "step(c)*a + (1 - step(c))*b is a where c > 0, else b",
    "diff": "write the formula of the derivative; `gradient` finds those of a graph",
    "e": "write exp(a)",
}
"""Functions of other languages, in those of this one."""


def spell(char: str) -> str:
    """`'%'`, or for what is hard to see `'х' (U+0445 CYRILLIC SMALL LETTER HA)`."""
    if char.isascii() and char.isprintable():
        return repr(char)
    label = unicodedata.name(char, "control character")
    shown = f"{char!r} " if char.isprintable() else ""
    return f"{shown}(U+{ord(char):04X} {label})"


def about(char: str, before: str = "", behind: str = "") -> str:
    """A hint on a character that cannot stand between what is `before` and `behind`."""
    for sign, left, right, hint in AROUND:
        # Only what is near: a long text costs no more than a short one.
        if (
            sign == char
            and re.search(left, before[-40:])
            and re.match(right, behind[:40])
        ):
            return hint
    if unicodedata.decomposition(char).startswith("<sub>"):
        return "an index is made of letters or digits alone: x_next for xₙ₊₁"
    if unicodedata.category(char) == "Cf":
        return "nothing is seen of it: delete it"
    return ADVICE.get(char, "")


def about_number(token: str) -> str:
    """A hint on what begins as a number and is none."""
    if match := re.fullmatch(r"(\d+\.?\d*)[xX]10", token):
        return f"write a power of ten, such as {match[1]}e3, or a product: " + (
            f"{match[1]}*{token[len(match[1]) :]}"
        )
    if match := re.fullmatch(r"(\d+\.?\d*)[dD]([+-]?\d+)", token):
        return f"write powers of ten as {match[1]}e{match[2]}"
    product = re.fullmatch(
        r"([1-9]\d*\.?\d*(?:[eE][+-]?\d+)?)((?![eE][+-]?\d*$)[^\W\d_]\w*)", token
    )
    if not product:
        return "write numbers as 12, 0.5 or 1e-3"
    if product[2] in UNITS:
        return f"leave the unit away, or write a product: {product[1]}*{product[2]}"
    return f"write a product with '*': {product[1]}*{shorten(product[2], 12)}"


def about_comma(tokens: Sequence[str], at: int) -> str:
    """A hint on a comma that parts no arguments."""
    left, right = tokens[at - 1], tokens[at + 1]
    if left.isdigit() and right.isdigit() and len(right) == 3:
        return f"write {left}{right} or {left}.{right}"
    if right in PROSE:
        return "write the equation alone, and values as equations of their own"
    return DECIMAL


def about_call(tokens: Sequence[str], at: int) -> str:
    """A hint on what is written as a call of a token and is something else."""
    before, behind = "".join(tokens[max(0, at - 2) : at]), tokens[at + 1 : at + 5]
    if before == "d/" and tokens[at][0] == "d":
        return _CALCULUS
    if len(behind) == 4 and behind[1].isdigit() and behind[2:] == [")", ""]:
        name = shorten(tokens[at], 12) if tokens[at] != ")" else "(…)"
        return f"leave the number of the equation away, or write {name}*{behind[1]}"
    return ""


def about_gap(tokens: Sequence[str], at: int) -> str:
    """A hint on two values without an operator between them."""
    left, right = tokens[at - 1], tokens[at]
    if left in ("d", "Σ", "Π", "lim", "sum") and right != "(":
        return {"Σ": _SUM, "sum": _SUM, "Π": ADVICE["∏"]}.get(left, _CALCULUS)
    if left[0].isdigit() and right[0].isdigit():
        return f"write one number: {left}{right}"
    if left[0].isdigit() and right in UNITS:
        return f"leave the unit away, or write a product with '*{right}'"
    if right == "(" and "".join(tokens[at + 2 :]) == ")" and tokens[at + 1].isdigit():
        return (
            f"leave the number of the equation away, or write {left}*{tokens[at + 1]}"
        )
    if right in PROSE:
        return "write the equation alone, and values as equations of their own"
    left, right = (
        shorten(text, 12) if text[0] not in "()" else "(…)" for text in (left, right)
    )
    if at > 1 and tokens[at - 2] in ("^", "**"):
        left = "…"
    return f"write a product with '*': {left}*{right}"


def about_function(name: str) -> str:
    """A hint on the name of a function that there is not."""
    if name.lower() in FUNCTIONS:
        return f"did you mean {name.lower()!r}?"
    # `ab(xx)` with a name that is near no function is most likely a product.
    product = f"write a product with '*': {shorten(name)}*(…)"
    known = FOREIGN.get(name.lower()) or FOREIGN.get(name.lower().replace("_", ""))
    near = suggest(name, FUNCTIONS) if len(name) > 1 else ""
    return known or near or product


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
