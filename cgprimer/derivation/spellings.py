r"""What people write in a derivation, and what it means: one row a notation.

    \cdot   ─ MEANINGS ─▶  Meaning("sign", "*")     read by `tokens` and `translate`
    \begin{…}  ─ MARKS ─▶  blank                    read by `lines`

A new spelling of something that is read already is a word more in its row; a row that
means nothing new needs no other edit.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from cgprimer.expr.ops import FUNCTIONS
from cgprimer.notation.latex import GREEK


class Meaning(NamedTuple):
    r"""What a token is read as.

    kind : "sign" between values; "open" and "close" of brackets, "bars" for either of
        |x|; "power"; "comma"; "fraction" and "root", which wait for arguments;
        "accent" over a name; "word", a name in braces, as in \mathrm{relu};
        "differential"; "relation", which is refused; "blank"; "value" for all else.
    text : its translation. closing : what closes an opening bracket.
    """

    kind: Literal[
        "sign", "open", "close", "bars", "power", "comma", "fraction", "root",
        "accent", "word", "differential", "relation", "blank", "value",
    ]  # fmt: skip
    text: str = ""
    closing: str = ""


# Spellings, parted by blanks, and what each of them means.
TABLE: tuple[tuple[str, Meaning], ...] = (
    ("+", Meaning("sign", "+")),
    ("- −", Meaning("sign", "-")),
    (r"* · × ⋅ ∗ \cdot \times \ast", Meaning("sign", "*")),
    (r"/ ÷ \div", Meaning("sign", "/")),
    ("^ **", Meaning("power")),
    (",", Meaning("comma")),
    ("(", Meaning("open", "(", ")")),
    ("[", Meaning("open", "(", "]")),
    ("{", Meaning("open", "(", "}")),
    (r"\{", Meaning("open", "(", r"\}")),
    (r"\lbrack", Meaning("open", "(", r"\rbrack")),
    (r"\lvert", Meaning("open", "abs(", r"\rvert")),
    (r") ] } \} \rbrack \rvert", Meaning("close")),
    (r"| \|", Meaning("bars", "abs(", "|")),
    (r"\frac \dfrac \tfrac", Meaning("fraction")),
    (r"\sqrt", Meaning("root")),
    (r"\bar \overline", Meaning("accent", "bar")),
    (r"\hat \widehat", Meaning("accent", "hat")),
    (r"\tilde", Meaning("accent", "tilde")),
    (r"\vec", Meaning("accent", "vec")),
    (r"\mathrm \mathit \mathbf \text \operatorname \textit", Meaning("word")),
    (r"\partial ∂", Meaning("differential", "partial")),
    (r"\approx \leq \geq \neq \equiv \propto \sim ≈ ≤ ≥ ≠ < >", Meaning("relation")),
    (r"\, \; \: \! \> \\ \quad \qquad $ & ~", Meaning("blank")),
    (r"\left \right \big \Big \bigl \bigr \Bigl \Bigr", Meaning("blank")),
    (r"\displaystyle \textstyle \limits \nonumber \notag", Meaning("blank")),
)

MEANINGS: dict[str, Meaning] = {
    "\\ ": Meaning("blank"),
    **{word: meaning for words, meaning in TABLE for word in words.split()},
}
VALUE = Meaning("value")

_SUGGESTED = {"accent", "word", "fraction", "differential", "root"}
COMMANDS = [
    *(word for word, meaning in MEANINGS.items() if meaning.kind in _SUGGESTED),
    *(f"\\{text}" for text in ("pi", *FUNCTIONS, *GREEK)),
]
"""What an unknown command may have been meant to be."""

# Of a whole line: pattern, and whether it is blank to the reader, ends one statement
# and begins another, or stands between the two sides of an equality.
MARKS: tuple[tuple[str, Literal["blank", "break", "equals"]], ...] = (
    (r"#.*", "blank"),
    (r"(?<!\\)%.*", "blank"),
    (r"\\(?:begin|end)\s*\{[^}]*\}", "blank"),
    (r"\\\[|\\\]|\\[()]|\$", "blank"),
    (r"\\(?:tag|label)\{[^}]*\}", "blank"),
    (r"\\\\(?:\[[^\]]*\])?", "break"),
    (r"=", "equals"),
)


def marks(meaning: Literal["blank", "break", "equals"]) -> re.Pattern[str]:
    """One pattern for all marks of a meaning."""
    return re.compile("|".join(pattern for pattern, what in MARKS if what == meaning))
