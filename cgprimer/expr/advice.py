"""Advice on characters and names that the language does not have.

    character or name ─▶ a hint, for the messages of `expr.complaints` and `graph.read`

A sign, function or habit of another language is a row of one of the tables.
"""

from __future__ import annotations

import unicodedata

from cgprimer.errors import shorten, suggest
from cgprimer.expr.ops import FUNCTIONS
from cgprimer.expr.tokens import RESERVED

MEANT = {
    "−": "-",
    "–": "-",
    "—": "-",
    "·": "*",
    "×": "*",
    "∗": "*",
    "⋅": "*",
    "•": "*",
    "÷": "/",
    "∕": "/",
    "＝": "=",
    "（": "(",
    "）": ")",
    "，": ",",
    "＋": "+",
    "√": "sqrt(…)",
    "²": "^2",
    "³": "^3",
    "π": "pi",
    "∞": "a finite number",
}
# Cyrillic, Armenian and Greek letters that most fonts draw as these Latin ones. NFKC
# leaves them as they are, so they need a table of their own.
LOOKALIKE = dict(zip("аеорсухіјѕԁԛոհαορνικχ", "aeopcyxijsdqnhaopvikx", strict=True))
ADVICE = {
    "%": "the remainder is not an operation of the language",
    "[": "write parentheses ( ) only",
    "{": "write parentheses ( ) only",
    "#": "comments belong in a multi-line text or a file, not in a list of equations",
    ";": "write one equation per string or line",
    ".": "names have no dots",
    "'": "equations hold no strings",
    '"': "equations hold no strings",
    "_": "a name starts with a letter",
    "|": "write abs(…) for an absolute value",
    "<": "comparisons are not in the language; step(a - b) is 1 where a > b",
    ">": "comparisons are not in the language; step(a - b) is 1 where a > b",
    "!": "comparisons are not in the language; step(a - b) is 1 where a > b",
}
DOUBLED = {
    "==": "write one '=' per equation",
    "//": "floor division is not in the language; write one '/'",
    "**": "a power is written ^ or **",
    "***": "a power is written ^ or **",
    "^^": "a power is written ^ or **",
}
FOREIGN = {
    "log10": "write log(a)/log(10)",
    "log2": "write log(a)/log(2)",
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
}
"""Functions of other languages, in those of this one."""


def spell(char: str) -> str:
    """`'%'`, or for what is hard to see `'х' (U+0445 CYRILLIC SMALL LETTER HA)`."""
    if char.isascii() and char.isprintable():
        return repr(char)
    label = unicodedata.name(char, "control character")
    shown = f"{char!r} " if char.isprintable() else ""
    return f"{shown}(U+{ord(char):04X} {label})"


def about(char: str) -> str:
    """A hint on a character that cannot stand where it was found."""
    # NFKC turns full-width and styled letters, such as ｘ or 𝑥, into plain ones.
    plain = LOOKALIKE.get(char) or unicodedata.normalize("NFKC", char)
    # First the signs with one plain meaning, then those with an explanation. A letter
    # that only looks like another comes before "names are made of …", which would
    # puzzle a reader who sees an ordinary letter.
    if char in MEANT:
        return f"write {MEANT[char]}"
    if char in ADVICE:
        return ADVICE[char]
    if plain.isascii() and plain != char:
        return f"it looks like {plain!r} but is another character; type {plain!r}"
    if char.isalpha():
        return "names are made of the letters a-z, A-Z, digits and underscores"
    return ""


def about_function(name: str) -> str:
    """A hint on the name of a function that there is not."""
    if name.lower() in FUNCTIONS:
        return f"did you mean {name.lower()!r}?"
    # `ab(xx)` with a name that is near no function is most likely a product.
    product = f"write a product with '*': {shorten(name)}*(…)"
    return FOREIGN.get(name.lower()) or suggest(name, FUNCTIONS) or product


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
