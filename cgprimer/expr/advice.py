"""Advice on what is written of numbers and values next to each other.

    tokens, place ─▶ a hint, for the messages of `expr.complaints`

What is said of single signs is in `foreign_signs`, of functions in `foreign_names`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cgprimer.errors import shorten
from cgprimer.expr.foreign_names import FOREIGN
from cgprimer.expr.foreign_signs import (
    CALCULUS,
    CHOICE,
    COMMENT,
    FACTORS,
    ONE_EACH,
    POWER,
    PRODUCT,
    SUM,
)

DECIMAL = "decimal numbers are written with a point"
_ALONE = "write the equation alone, and values as equations of their own"
_CHOOSING = frozenset(["if", "else", "and", "or", "not"])
_COMPARED = frozenset("<>≤≥")
_PROSE = frozenset(
    ["where", "with", "for", "and", "is", "when", "if", "on", "so", "the"]
)
_UNITS = frozenset(
    (
        *("m", "cm", "mm", "km", "um", "nm", "g", "kg", "mg", "s", "ms", "min", "h"),
        *("Hz", "kHz", "MHz", "N", "J", "kJ", "W", "kW", "V", "mV", "A", "mA", "K"),
        *("Pa", "kPa", "mol", "eV", "rad", "deg", "ohm", "Ohm", "T", "L"),
    )
)
_BEFORE = {  # words and signs that are no names where a value follows
    "Σ": SUM, "sum": SUM, "Π": FACTORS, "d": CALCULUS,
    "lim": "a limit is not in the language: write what it comes to",
}  # fmt: skip
_RAISED = ("^", "**", "^-", "**-", "^+", "**+")  # signs before a whole power
_DOUBLED = {
    "==": "write one '=' per equation",
    "//": "floor division is not in the language; write one '/'",
    "/*": COMMENT,
    "**": POWER,
    "***": POWER,
    "^^": POWER,
}
_HEXADECIMAL = re.compile("0(?:[xX][0-9a-fA-F]{1,8}|[bB][01]{1,32}|[oO][0-7]{1,9})")


def about_number(token: str) -> str:
    """A hint on what begins as a number and is none."""
    if _HEXADECIMAL.fullmatch(token):
        return f"write numbers in decimal digits: {int(token, 0)}"
    if match := re.fullmatch(r"(\d+\.?\d*)([xX]10)", token):
        return (
            f"write a power of ten, such as {match[1]}e3, or a product: "
            f"{match[1]}*{match[2]}"
        )
    if match := re.fullmatch(r"(\d+\.?\d*)[dD]([+-]?\d+)", token):
        return f"write powers of ten as {match[1]}e{match[2]}"
    product = re.fullmatch(
        r"((?!0[xXbBoO])(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
        r"((?![eE][+-]?\d*$)[^\W\d_]\w*)",
        token,
    )
    if not product:
        return "write numbers as 12, 0.5 or 1e-3"
    if product[2] in _UNITS:
        return f"leave the unit away, or write a product: {product[1]}*{product[2]}"
    return f"{PRODUCT}: {product[1]}*{shorten(product[2], 12)}"


def about_comma(tokens: Sequence[str], at: int) -> str:
    """A hint on a comma that parts no arguments."""
    left, right, behind = tokens[at - 1], tokens[at + 1], tokens[at + 1 :]
    if left.isdigit() and right[:1].isdigit():
        three = right.isdigit() and len(right) == 3
        return f"write {left}{right} or {left}.{right}" if three else DECIMAL
    if right in _PROSE:
        return _ALONE
    if not _COMPARED.isdisjoint(behind):
        return f"write the equation alone; {CHOICE}"
    return ONE_EACH if "=" in behind else "a comma parts the arguments of a function"


def about_parts(parts: str) -> str:
    """A hint on digits with commas of which nobody knows what the commas part."""
    numbers = parts.split(",")
    grouped = "".join(numbers) if len(numbers[1].split(".")[0]) == 3 else ""
    decimal = ".".join(numbers) if parts.count(",") == 1 > parts.count(".") else ""
    one = " or ".join(filter(None, (grouped, decimal)))
    return f"write {one} for one number, {', '.join(numbers)} for several"


def about_arguments(tokens: Sequence[str]) -> str:
    """A hint on a call with too many arguments: a comma may stand within a number."""
    for at in range(1, len(tokens) - 1):
        if tokens[at] == "," and tokens[at - 1].isdigit() and tokens[at + 1].isdigit():
            return about_comma(tokens, at)
    return ""


def about_call(tokens: Sequence[str], at: int) -> str:
    """A hint on what is written as a call of a token and is something else."""
    before, behind = "".join(tokens[max(0, at - 2) : at]), tokens[at + 1 : at + 5]
    if before == "d/" and tokens[at][0] == "d":
        return CALCULUS
    if len(behind) == 4 and behind[1].isdigit() and behind[2:] == [")", ""]:
        name = shorten(tokens[at], 12) if tokens[at] != ")" else "(…)"
        return _about_tag(name, behind[1])
    return ""


def _about_tag(before: str, number: str) -> str:
    return f"leave the number of the equation away, or write {before}*{number}"


def about_pair(tokens: Sequence[str], at: int) -> str:
    """A hint on a sign behind another one: mostly one sign of another language."""
    # Before the first token stands the = of the equation, which is not among them.
    pair = (tokens[at - 1] if at else "=") + tokens[at]
    if pair == "//" and (tokens[at + 1][:1].isalpha() and tokens[at + 2][:1].isalpha()):
        return COMMENT
    return _DOUBLED.get(pair, "")


def about_keyword(tokens: Sequence[str], at: int) -> str:
    """A hint on a word of Python behind a value, which may be prose."""
    if tokens[at] == "for":
        return _ALONE if _COMPARED.isdisjoint(tokens[at:]) else CHOICE
    return CHOICE if tokens[at] in _CHOOSING else ""


def about_gap(tokens: Sequence[str], at: int) -> str:
    """A hint on two values without an operator between them."""
    left, right = tokens[at - 1], tokens[at]
    if left in _BEFORE and right != "(":
        return _BEFORE[left]
    if left[0].isdigit() and right[0].isdigit():
        return f"write one number: {left}{right}"
    if left[0].isdigit() and right in _UNITS:
        return f"leave the unit away, or write a product with '*{right}'"
    if right == "(" and "".join(tokens[at + 2 :]) == ")" and tokens[at + 1].isdigit():
        return _about_tag(left if left != ")" else "(…)", tokens[at + 1])
    if tokens[max(0, at - 3) : at - 1] == ["-", "-"] and left[0].isalpha():
        return COMMENT
    if right in _PROSE:
        return _ALONE
    for word in (left, right):
        if word in FOREIGN and "(" not in (left, right):
            return FOREIGN[word]
    left, right = (
        shorten(text, 12) if text[0] not in "()" else "(…)" for text in (left, right)
    )
    if "".join(tokens[max(0, at - 3) : at - 1]).endswith(_RAISED):
        left = "…"
    return f"{PRODUCT}: {left}*{right}"
