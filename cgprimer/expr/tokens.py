"""The tokens of the language: numbers, names, signs, and what is none of these.

    "2*xa^-1"  ─ TOKEN ─▶  2  *  xa  ^  -  1        read by `expr.syntax`

Everything that is no blank is in some token, so that a stray character is found where
it stands.
"""

from __future__ import annotations

import keyword
import re
import string

TOKEN = re.compile(
    r"(?:\d|\.\d)(?:[eE][+-]|[\w.])*"  # a number, or what was meant to be one
    r"|[A-Za-z]\w*"
    r"|\*\*|\S",
    re.ASCII,
)
NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_STRAY = re.compile(r"[^\w\s.+*/^(),=-]", re.ASCII)
LETTERS = frozenset(string.ascii_letters)
DIGITS = frozenset(string.digits + ".")
SIGNS = frozenset(["**", *"-+*/^(),="])

RESERVED = frozenset(keyword.kwlist) - {"as"}
"""Python's keywords: refused unless declared, since they mean pasted Python; `as`,
which no expression uses, is a weight of a network in the source exercises."""


def readable(text: str, start: int = 0) -> int:
    """Where `text` may be cut: behind the first character that is in no token.

    Nothing beyond it is ever read, since it is an error.
    """
    stray = _STRAY.search(text, start)
    return stray.end() if stray else len(text)
