"""Signs that the language does not have, and what to write in their place.

    sign, what stands before and behind ─ about ─▶ a hint

A sign of another language is a row of a table; where it means several things, what
stands around it tells which. `expr.complaints` and `graph.read` ask.
"""

from __future__ import annotations

import re
import unicodedata

CHOICE = "step(a - b) is 1 where a > b, so that step(x)*a + (1 - step(x))*b is a choice"
COMMENT = "a comment begins with #"
CALCULUS = "write the formula of the derivative; `gradient` finds those of a graph"
LATEX = (
    r"this is LaTeX: read it by parse_latex, or write a/b for \frac{a}{b}, "
    r"a*b for a \cdot b"
)
ONE_EACH = "write one equation per string or line"
POWER = "a power is written ^ or **"
PRODUCT = "write a product with '*'"
ROUNDING = "rounding is not in the language"
SUM = "write the terms out: xa + xb + xc"
FACTORS = "write the factors out: xa*xb*xc"
_STEP = "comparisons are not in the language; step(a - b) is 1 where a > b"
_LOGIC = (
    "there is no logic in the language; step(a)*step(b) is 1 where both are above 0"
)
_MATRICES = "there are no matrices: write every component as an equation of its own"
_COMPONENTS = "there are no matrices: write every component out"
_ASSIGN = "write name = expression"
_PRIME = "a prime is no part of a name: write y1, or dy"
_REMAINDER = "the remainder is not an operation of the language"
_DERIVATIVE = "name the derivative: df = … for f'(x) = …"
_NORM = "write sqrt(xa^2 + xb^2) for a norm"
_HTML = "this is HTML: write x^2 for x<sup>2</sup> or x&sup2;, a*x for a&times;x"
_SLICE = "an index is part of a name: write x0 for x[:, 0]"
_BRACKETS = "write parentheses ( ) only"

OPENS = {
    "]": "[", "}": "{", "'": "'", '"': '"', "’": "‘’", "”": "“”", "⟩": "⟨", "›": "‹",
}  # fmt: skip
"""What may have opened what a sign closes."""

_SIGNS = {
    "[{]}⟨": _BRACKETS,
    "&∨¬": _LOGIC,
    "~≈≃≅∼≡∝": "write '=' for what is to be computed so",
    ":→⇒←↦": _ASSIGN,
    "<>≤≥≠≪≫": _STEP,
    "'\"“‘`": "equations hold no strings",
    "@ᵀ⊤": _MATRICES,
    "\\$": LATEX,
    "∂∇": CALCULUS,
    "∑…⋯": SUM,
    "⊙⊗": PRODUCT,
    "⌊⌈": ROUNDING,
    "∈∀": "write the equation alone",
    "±∓": "write two equations, one with + and one with -",
    "%": _REMAINDER,
    "‰": "write 0.005 for 5 ‰",
    "#": "comments belong in a multi-line text or a file, not in a list of equations",
    ";": ONE_EACH,
    ".": "names have no dots",
    "_": "a name starts with a letter",
    "|": "write abs(…) for an absolute value",
    "‖": _NORM,
    "!": "a factorial is not in the language",
    "∧": POWER,
    "∏": FACTORS,
    "∫": "an integral is not in the language: write what it comes to",
    "∆": "write a name, such as dx",
    "′": _PRIME,
    "″": "a prime is no part of a name: write y2, or ddy",
    "°": "write an angle in radians: 30*pi/180 for 30°",
    "∞": "write a finite number",
    "√": "write sqrt(…)",
    "∛": "write a^(1/3) where a > 0, sign(a)*abs(a)^(1/3) for any a",
    "∜": "write a^(1/4)",
    "½": "write a decimal number: 2.5 for 2½",
    "∘": "write f(g(x)) for f∘g",
    "?": "step(x)*a + (1 - step(x))*b is a where x > 0, else b",
}
_HINTS = {sign: hint for signs, hint in _SIGNS.items() for sign in signs}

_AROUND = (
    ("%", r"", r"[%/]", _REMAINDER),
    ("%", r"\d\s*$", r"\s*(?:[-+*/)]|$)", "write 0.05 for 5 %"),
    ("%", r"", r"[*o]", _COMPONENTS),
    ("%", r"\s$", r"\s*[A-Za-z]+ [A-Za-z]", COMMENT),
    ("%", r"\s$", r"\s+[A-Za-z]", f"{COMMENT}; {_REMAINDER}"),
    ("!", r"", r"=", _STEP),
    ("!", r"(?:^|\s)$", r"\s*[A-Za-z]", COMMENT),
    ("|", r"(?:=|\()\s*$", r"\|", _NORM),
    ("|", r"", r"\|", _LOGIC),
    ("&", r"", r"#?\w+;", _HTML),
    (";", r"&#?\w+$", r"", _HTML),
    ("<", r"", r"/?[a-z]+>", _HTML),
    (">", r"</?[a-z]+$", r"", _HTML),
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
    ("'", r"\d$", r"\d{3}", "write 1000 for 1'000"),
    ("’", r"\d$", r"\d{3}", "write 1000 for 1’000"),
    ("'", r"^\s*\w+$", r"\([\w, ]*\)\s*$", _DERIVATIVE),
    ("′", r"^\s*\w+$", r"\([\w, ]*\)\s*$", _DERIVATIVE),
    ("'", r"\w$", r"\(", CALCULUS),
    ("′", r"\w$", r"\(", CALCULUS),
    ("°", r"", r"[CF]\b", "leave the unit away"),
    (":", r"[A-Z]\d+$", r"[A-Z]+\d", SUM),
    (":", r"\[[^\]]*$", r"", _SLICE),
    ("[", r"\w$", r"\s*:", _SLICE),
    (":", r"=.*[\w)]\s*$", r"", "write a quotient with '/'"),
    ("'", r"\w$", r"", _PRIME),
    ("'", r"[\])]$", r"", _COMPONENTS),
    (";", r"\(.*\d$|\([^()]*$", r"[^=]*\)", "arguments are parted by a comma"),
    (";", r"", r"\s*(?://|--|/\*|!|[A-Za-z]+ [A-Za-z][^=]*$)", COMMENT),
    (".", r"", r"\.", "write every term out"),
    (".", r"(?:math|np|numpy)$", r"e\b", "write exp(1) for e, and exp(x) for e^x"),
    (".", r"(?:^|[^\w.])(?:np|numpy|math|torch|tf|jnp|nn|F)(?:\.\w+)*$", r"\w",
     "leave the module away, and use a function of the language: exp(x) for np.exp(x)"),
    (".", r"\w$", r"T\b|t\(\)", _MATRICES),
    (".", r"\w$", r"\s+[A-Z]", ONE_EACH),
    (".", r"\w$", r"\w+\(", "write a call of a function: exp(x) for x.exp()"),
    ("<", r"", r"[-<]", _ASSIGN),
    (":", r"\w$", r"\s", "write the equation alone: name = expression"),
)  # fmt: skip
"""(sign, what stands before, what stands behind, hint): the first that fits."""


def spell(char: str) -> str:
    """`'%'`, or for what is hard to see `'х' (U+0445 CYRILLIC SMALL LETTER HA)`."""
    if char.isascii() and char.isprintable():
        return repr(char)
    label = unicodedata.name(char, "control character")
    shown = f"{char!r} " if char.isprintable() else ""
    return f"{shown}(U+{ord(char):04X} {label})"


def about(char: str, before: str = "", behind: str = "") -> str:
    """A hint on a character that cannot stand between what is `before` and `behind`."""
    # Only what is near: a long text costs no more than a short one.
    before, behind = before[-40:], behind[:40]
    for sign, left, right, hint in _AROUND:
        if sign == char and re.search(left, before) and re.match(right, behind):
            return hint
    if unicodedata.decomposition(char).startswith("<sub>"):
        return "an index is made of letters or digits alone: x_next for xₙ₊₁"
    if unicodedata.category(char) == "Cf":
        return "nothing is seen of it: delete it"
    return _HINTS.get(char, "")
