r"""The tokens of a formula, plain or in LaTeX.

    \frac12 ax^2  ─▶  \frac  1  2  a  x  ^  2      a run of letters cut by `letters`

Blank ones are left out; each keeps its span of the line. `spelling` finds the names
that they make up.
"""

from __future__ import annotations

import re
from typing import NoReturn

from cgprimer.errors import ExpressionError, Mistake, shorten
from cgprimer.reading.letters import TwoReadingsError
from cgprimer.reading.lexicon import Lexicon
from cgprimer.reading.spellings import (
    LOWERED,
    MARKED,
    MEANINGS,
    RAISED,
    VALUE,
    Meaning,
)

_MARKS = "[" + "".join(MARKED) + "]"
_LOW = "[" + "".join(LOWERED) + "]"
# The order matters: commands first, then the single digits that \frac takes, numbers,
# names with their subscripts, ** before *, and whatever else is no blank.
_TOKEN = re.compile(
    r"\\left\s*\.|\\[A-Za-z]+|\\."
    # \frac12 is a half, and so is \tfrac12.
    r"|(?<=\\frac)\d|(?<=\\frac\d)\d|(?<=\\[dtc]frac)\d|(?<=\\[dtc]frac\d)\d"
    r"|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
    rf"|[A-Za-z](?:[A-Za-z0-9]|{_MARKS})*(?:_[A-Za-z0-9]+)*{_LOW}*"
    rf"|[{''.join(RAISED)}]+"
    rf"|[^\W\d_]{_MARKS}*[0-9]*(?:_[A-Za-z0-9]+)*{_LOW}*"
    r"|\*\*|\S"
)
_LEFT = re.compile(r"\\left\s*\.")
_OPENS = {"(": ")", "[": "]", "{": "}", r"\{": r"\}"}
NAMES = {"word", "font"}
AHEAD = 8  # tokens that are looked at beyond one


class Tokens:
    """The tokens of `line[start:end]`, and what each means."""

    def __init__(self, line: str, start: int, end: int, context: Lexicon) -> None:
        self.line, self.context, self.known = line, context, context.known
        self.tokens: list[str] = []
        self.spans: list[tuple[int, int]] = []
        # Where a run of letters was cut into names: `kx` behind ^ may be all exponent.
        self.cuts: set[int] = set()
        # And where a d stands that begins a word: in dx, and in data.
        self.glued: set[int] = set()
        self._find(start, end)
        self._close(end)
        self.closing = self._partners()

    def _find(self, start: int, end: int) -> None:
        index = 0  # depth of braces below a name, where words stay whole
        for found in _TOKEN.finditer(self.line, start, end):
            token = _LEFT.sub(r"\\left.", found[0])
            if MEANINGS.get(token, VALUE).kind == "blank":
                continue
            if token == "{" and (index or self.tokens[-1:] == ["_"]):
                index += 1
            self._add(token, *found.span(), whole=index > 0)
            index -= index > 0 and token == "}"

    def _close(self, end: int) -> None:
        # As many as are looked at beyond a token, so that nobody asks for the end.
        self.tokens += [""] * AHEAD
        self.spans += [(end, end + 1)] * AHEAD

    def take(self, other: Tokens, start: int, end: int) -> None:
        """Have the tokens of another from `start` up to `end`, instead of one's own."""
        self.tokens, self.spans = other.tokens[start:end], other.spans[start:end]
        self.cuts = {at - start for at in range(start, end) if at in other.cuts}
        self.glued = {at - start for at in range(start, end) if at in other.glued}
        self._close(self.spans[-1][1])
        self.closing = self._partners()

    def _add(self, token: str, start: int, end: int, whole: bool) -> None:
        """One token, or one for each name that a run of letters is a product of."""
        parts: tuple[str, ...] = (token,)
        # \\frac x2 is x/2: without braces it takes one sign at a time.
        if token[0].isalpha() and len(token) > 1 and self._fraction_waits():
            self._add(token[0], start, start + 1, whole)
            self._add(token[1:], start + 1, end, whole)
            return
        if token[0].isascii() and token[0].isalpha() and not whole:
            before = self.tokens[-2:]
            named = MEANINGS.get(before[0], VALUE).kind if len(before) == 2 else ""
            if not (named in NAMES and before[1] == "{") and before[-1:] != ["_"]:
                parts = self._parts(token, start, end)
        if len(parts) > 1 and len(self.tokens) not in self.glued:
            self.cuts.update(range(len(self.tokens) + 1, len(self.tokens) + len(parts)))
        for part in parts:
            self.tokens.append(part)
            self.spans.append((start, start + len(part)))
            start += len(part)

    def _fraction_waits(self) -> bool:
        kinds = [MEANINGS.get(token, VALUE).kind for token in self.tokens[-2:]]
        return kinds[-1:] == ["fraction"] or (
            kinds[:1] == ["fraction"] and self.tokens[-1] != "{"
        )

    def _parts(self, token: str, start: int, end: int) -> tuple[str, ...]:
        # The d of dx belongs to a derivative, whatever the text uses d for.
        if re.match(r"d[A-Za-z]", token) and token not in self.known:
            self.glued.add(len(self.tokens))
            return "d", token[1:]
        try:
            parts = self.context.letters.split(token, self.known)
        except TwoReadingsError:
            what = shorten(token, 20)
            raise ExpressionError([
                Mistake(
                    f"{what!r} can be read in two ways: one name or a product of "
                    "letters",
                    self.line, start, end,
                    rf"write blanks for a product, \mathit{{{what}}} for a name",
                )
            ]) from None  # fmt: skip
        told = all(part in self.known for part in parts) or "_" in parts[0]
        if len(parts) > 1 and not told:
            self.context.note(f"{token!r} is read as {'·'.join(parts)}")
        return parts

    def _partners(self) -> dict[int, int]:
        """Opening bracket → the one that closes it, of those that are closed."""
        closed: dict[int, int] = {}
        stack: list[int] = []
        for at, token in enumerate(self.tokens):
            if token in _OPENS:
                stack.append(at)
            elif stack and token == _OPENS[self.tokens[stack[-1]]]:
                closed[stack.pop()] = at
        return closed

    def arguments(self, at: int) -> list[tuple[int, int]]:
        """The tokens of each argument between the parentheses at `at`."""
        close = self.closing[at]
        cuts, i = [at], at + 1
        while i < close:
            if self.tokens[i] == ",":
                cuts.append(i)
            i = self.closing.get(i, i) + 1
        return [(a + 1, b) for a, b in zip(cuts, [*cuts[1:], close], strict=True)]

    def meaning(self, at: int) -> Meaning:
        """What the table of spellings says of a token."""
        token = self.tokens[at]
        if token and token[0] in RAISED:
            return Meaning("raised", token)
        return MEANINGS.get(token, VALUE)

    def primes(self, at: int) -> tuple[int, int]:
        r"""How many primes stand at token `at`, and the token after them."""
        count = 0
        if self.tokens[at] == "^" and self.tokens[at + 1] == r"\prime":
            return 1, at + 2
        if self.tokens[at : at + 3] == ["^", "{", r"\prime"]:
            close = self.closing.get(at + 1, at)
            if set(self.tokens[at + 2 : close]) == {r"\prime"}:
                return close - at - 2, close + 1
        while self.meaning(at).kind == "prime":
            count += len(self.meaning(at).text)
            at += 1
        return count, at

    def fail(
        self, message: str, at: int, hint: str = "", to: int | None = None
    ) -> NoReturn:
        start, end = self.spans[at][0], self.spans[at if to is None else to][1]
        raise ExpressionError([Mistake(message, self.line, start, end, hint)])
