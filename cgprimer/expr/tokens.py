"""The tokens of the language: numbers, names, signs, and what is none of these.

    "2*xa^-1"  ─ TOKEN ─▶  2  *  xa  ^  -  1        read by `expr.syntax`

Everything that is no blank is in some token, so that a stray character is found where
it stands.
"""

from __future__ import annotations

import keyword
import re
import string

MARKS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
"""Accents over letters that have no form of their own with them, as a class of `re`."""
STRAY = "¤"
"""What stands for a sign that is none of the language, so that it is in no name."""
SYMBOLS = f"√←{STRAY}"
"""What `expr.printed` leaves beside letters; `expr.pasted` reads two of them."""

TOKEN = re.compile(
    r"(?:[0-9]|\.[0-9])(?:[eE][+-]|[\w.])*"  # a number, or what was meant to be one
    rf"|[^\W\d_][\w{MARKS}]*"
    r"|\*\*|[^ \t-\r]",
)
TOKEN_OF_ASCII = re.compile(
    r"(?:\d|\.\d)(?:[eE][+-]|[\w.])*|[A-Za-z]\w*|\*\*|[^ \t-\r]", re.ASCII
)
"""The same, a quarter faster, for a text that is ASCII."""
NAME = re.compile(rf"[^\W\d_][\w{MARKS}]*")
"""A name: a letter, Greek, accented or any other, followed by letters and digits."""
NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
GROUPED = re.compile(r"(?:\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d+,\d+)(?!\d|[.,]\d)", re.ASCII)
"""Several numbers, or one with commas in it."""
PARTED = re.compile(r",(?<=\d,)\d")
"""The comma of these, which is found sooner than digits are."""
_STRAY = re.compile(rf"[^\w \t-\r.+*/^(),={MARKS}-]")
MOST = 20  # mistakes of one text that are told
LETTERS = frozenset(string.ascii_letters)
DIGITS = frozenset(string.digits + ".")
SIGNS = frozenset(["**", *"-+*/^(),="])

RESERVED = frozenset(keyword.kwlist) - {"as"}
"""Python's keywords: refused unless declared, since they mean pasted Python; `as`,
which no expression uses, is a weight of a network in the source exercises."""


_LATEX = re.compile(r"\\[A-Za-z]|[_^]\{")


def is_latex(text: str) -> bool:
    r"""Whether a text has a command or an index of LaTeX: \frac, x_{1}."""
    return bool(_LATEX.search(text))


def readable(text: str, start: int = 0) -> int:
    """Where `text` may be cut: behind some characters that are in no token.

    Beyond these nothing is ever read, since they are errors enough.
    """
    if not _STRAY.search(text, start):  # mostly, and then this is all that it costs
        return len(text)
    for count, stray in enumerate(_STRAY.finditer(text, start), 1):
        if count == MOST:
            return stray.end()
    return len(text)
