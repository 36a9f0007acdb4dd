r"""Tokens of a formula, plain or in LaTeX, and the names that they spell.

v_1   v_{1}   v1   \theta_1   \mathit{xz}      names
\bar v_1   \bar{v}_1   \overline{v1}          adjoints, `bar_v1`
\frac{\partial v_3}{\partial v_1}   dv3/dv1   derivatives, `d_v3_d_v1`
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import NoReturn

from cgprimer.derivation.names import plain_name
from cgprimer.derivation.spellings import MEANINGS, VALUE, Meaning
from cgprimer.errors import ExpressionError, Mistake
from cgprimer.expr.ops import FUNCTIONS
from cgprimer.notation.latex import GREEK

# The order matters: commands first, then the single digits that \frac takes, numbers,
# names with their subscripts, ** before *, and whatever else is no blank.
_TOKEN = re.compile(
    r"\\[A-Za-z]+|\\."
    r"|(?<=\\frac)\d|(?<=\\frac\d)\d"  # \frac12 is a half
    r"|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
    r"|[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*"
    r"|\*\*|\S",
    re.ASCII,
)


class Tokens:
    """The tokens of `line[start:end]`; what is at each, as a name or function.

    The methods return the text and the number of the token after it, or None.
    """

    def __init__(self, line: str, start: int, end: int, known: Collection[str]) -> None:
        self.line, self.known = line, known
        matches = _TOKEN.finditer(line, start, end)
        kept = [m for m in matches if MEANINGS.get(m[0], VALUE).kind != "blank"]
        self.tokens = [m[0] for m in kept] + [""]
        self.spans = [m.span() for m in kept] + [(end, end + 1)]

    def meaning(self, at: int) -> Meaning:
        """What the table of spellings says of a token."""
        return MEANINGS.get(self.tokens[at], VALUE)

    def function(self, at: int) -> tuple[str, int] | None:
        token = self.tokens[at]
        # σ alone is a name, as of a standard deviation; before parentheses it is the
        # sigmoid.
        if token == r"\sigma" and self.tokens[at + 1] == "(":
            return "sigmoid", at + 1
        if token.startswith("\\") and token[1:] in FUNCTIONS:
            return token[1:], at + 1
        # A plain `max` or `abs` without parentheses may be a name.
        if token in FUNCTIONS and self.tokens[at + 1] == "(":
            return token, at + 1
        word = self.word(at)
        return word if word and word[0] in FUNCTIONS else None

    def name(self, at: int) -> tuple[str, int] | None:
        """A name with its subscript and accents; an adjoint is `bar_` and the name."""
        accents = []
        while self.meaning(at).kind == "accent":
            accents.append(self.meaning(at).text)
            at += 1
        if accents and self.tokens[at] == "{":
            inner = self.name(at + 1)
            if not inner or self.tokens[inner[1]] != "}":
                self.fail("an accent stands over one name", at)
            stem, at = inner[0], inner[1] + 1
        else:
            letters = self.letters(at)
            if not letters:
                if accents:
                    self.fail("an accent stands over one name", at)
                return None
            stem, at = letters
        stem, at = self.with_subscript(stem, at)
        # \bar\hat v is bar_hat_v: the outermost accent comes first.
        for accent in reversed(accents):
            stem = f"{accent}_{stem}"
        return plain_name(stem), at

    def letters(self, at: int) -> tuple[str, int] | None:
        token = self.tokens[at]
        if token[:1].isascii() and token[:1].isalpha():
            return token, at + 1
        if token == r"\pi" or (token.startswith("\\") and token[1:] in GREEK):
            return token[1:], at + 1
        if len(token) == 1 and (spelled := _greek(token)):
            return spelled, at + 1
        return self.word(at)

    def word(self, at: int) -> tuple[str, int] | None:
        r"""`\mathrm{relu}`."""
        if self.meaning(at).kind != "word":
            return None
        if self.tokens[at + 1] == "d":
            return "d", at + 2
        if self.tokens[at + 1] != "{":
            return None
        text = self.tokens[at + 2]
        if not text[:1].isalpha() or self.tokens[at + 3] != "}":
            self.fail(f"{self.tokens[at]} holds one name", at)
        return text, at + 4

    def with_subscript(self, stem: str, at: int) -> tuple[str, int]:
        """`stem` with the subscript at token `at`, if there is one."""
        if self.tokens[at] != "_":
            return stem, at
        parts, to = [self.tokens[at + 1]], at + 2
        if parts == ["{"]:
            to = at + 2
            while self.tokens[to] not in ("}", ""):
                to += 1
            if not self.tokens[to]:
                self.fail("'{' is never closed", at + 1)
            # w_{1,2} is w_1_2.
            parts = [text for text in self.tokens[at + 2 : to] if text != ","]
            to += 1
        if not parts or not all(text.isalnum() and text.isascii() for text in parts):
            self.fail("a subscript is made of letters and digits", at, to=to - 1)
        return plain_name("_".join([stem, *parts])), to

    def derivative(self, at: int) -> tuple[str, int] | None:
        r"""`\frac{\partial v_3}{\partial v_1}` or `dv3/dv1`, as one name."""
        fraction = self.meaning(at).kind == "fraction"
        if fraction and self.tokens[at + 1] != "{":
            return None
        # `}{` between the two of a \frac, `/` in plain text.
        middle, end = ("}{", "}") if fraction else ("/", "")
        above = self.differential(at + 2 if fraction else at)
        if not above:
            return None
        kind, over, to = above
        if over and "".join(self.tokens[to : to + len(middle)]) == middle:
            below = self.differential(to + len(middle), below=True)
            if below and below[1] and (not end or self.tokens[below[2]] == end):
                return f"{kind}_{over}_{kind}_{below[1]}", below[2] + len(end)
        self.fail(
            "a derivative is one name by one name",
            at,
            r"write \frac{\partial v_3}{\partial v_1} or dv3/dv1; name an "
            "expression on a line of its own first",
        )

    def differential(self, at: int, below: bool = False) -> tuple[str, str, int] | None:
        """(partial or d, name, token after it) for `∂v3`, `d v3` or `dv3`."""
        token, meant = self.tokens[at], self.meaning(at)
        if meant.kind == "differential":
            named = self.name(at + 1)
            return (meant.text, *named) if named else (meant.text, "", at + 1)
        word = self.word(at)
        if token == "d" or (word and word[0] == "d"):
            # Who has defined d means it.
            if token == "d" and "d" in self.known:
                return None
            named = self.name(word[1] if word else at + 1)
            return ("d", *named) if named else None
        if not re.match("d[A-Za-z]", token) or token in self.known:
            return None
        text, to = self.with_subscript(token[1:], at + 1)
        text = plain_name(text)
        # Above the line dv3 is a differential only if v3 is known; below it, after one
        # above, it is one anyway, and is complained of where nothing is called so.
        return ("d", text, to) if below or text in self.known else None

    def fail(
        self, message: str, at: int, hint: str = "", to: int | None = None
    ) -> NoReturn:
        start, end = self.spans[at][0], self.spans[at if to is None else to][1]
        raise ExpressionError([Mistake(message, self.line, start, end, hint)])


def _greek(char: str) -> str:
    """`sigma` for σ, nothing for other characters."""
    _, _, spelled = unicodedata.name(char, "").partition("GREEK SMALL LETTER ")
    return spelled.lower() if spelled.lower() in GREEK or spelled == "PI" else ""
