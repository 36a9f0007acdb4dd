"""The tokens of the language of arrays, and where a text of it may be cut.

"x[1:3]' >= y"  ─ ARRAY_TOKEN ─▶  x  [  1  :  3  ]  '  >=  y
"""

from __future__ import annotations

import re

from cgprimer.expr.tokens import MARKS, MOST, SIGNS

ARRAY_TOKEN = re.compile(
    r"(?:[0-9]|\.[0-9])(?:[eE][+-]|[\w.])*"
    rf"|[^\W\d_][\w{MARKS}]*"
    r'|"[^"\n]*"|\*\*|[<>=!]=|[^ \t-\r]',
)
COMPARISONS = {
    ">": "greater", "<": "less", ">=": "greater_equal", "<=": "less_equal",
    "==": "equal", "!=": "not_equal",
}  # fmt: skip
"""Signs between two sums, and the operation that each is."""
COMPARING = 0.5
"""How tightly these bind: looser than + and -, tighter than a bracket."""

ARRAY_SIGNS = SIGNS | frozenset(["@", "'", "[", "]", *COMPARISONS])
_STRAY = re.compile(rf"[^\w \t-\r.+*/^(),=@'\[\]<>:\"{MARKS}-]")


def readable_array(text: str, start: int = 0) -> int:
    """Where `text` may be cut: behind some characters that are in no token."""
    for count, stray in enumerate(_STRAY.finditer(text, start), 1):
        if count == MOST:
            return stray.end()
    return len(text)
