"""What is said of a text that is no expression, with carets under its tokens.

    text, tokens from `at` to `to` ─▶ ExpressionError

The parser only finds that something is wrong; what it most likely is, and what to
write in its place, is found here and in `expr.advice`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import islice
from typing import NoReturn

from cgprimer.errors import ExpressionError, Mistake, shorten
from cgprimer.expr.advice import DOUBLED, about, spell
from cgprimer.expr.ops import Op
from cgprimer.expr.tokens import DIGITS, LETTERS, RESERVED, SIGNS, TOKEN, readable


class Complaints:
    """The tokens of `text[start:]`, an empty one behind the last, and what to say."""

    def __init__(self, text: str, start: int, declared: Collection[str]) -> None:
        self.text, self.start, self.declared = text, start, declared
        # Cut behind the first character that is in no token, as no more than that is
        # reported: a long text that is no equation at all costs no list of its
        # characters.
        self.tokens: list[str] = TOKEN.findall(text, start, readable(text, start))
        self.tokens.append("")

    def spans(self) -> list[tuple[int, int]]:
        """Where each token stands: found on demand, so that parsing keeps none."""
        return [match.span() for match in TOKEN.finditer(self.text, self.start)]

    def fail(
        self, message: str, at: int, to: int | None = None, hint: str = ""
    ) -> NoReturn:
        """Raise with carets under the tokens from `at` to `to`."""
        tokens = TOKEN.finditer(self.text, self.start)
        last = at if to is None else to
        spans = [match.span() for match in islice(tokens, at, last + 1)]
        # The mark for the end of the text is no token, so there is no span of it: the
        # caret stands behind the last character.
        if len(spans) <= last - at:
            end = len(self.text.rstrip())
            spans.append((end, end + 1))
        start, end = spans[0][0], spans[-1][1]
        raise ExpressionError([Mistake(message, self.text, start, end, hint)])

    def too_large(self, what: str, at: int) -> NoReturn:
        message = f"this {what} double precision"
        self.fail(message, at, hint="the largest is about 1.8e308")

    def malformed_number(self, token: str, at: int) -> NoReturn:
        hint = "write numbers as 12, 0.5 or 1e-3"
        product = re.fullmatch(
            r"([1-9]\d*\.?\d*(?:[eE][+-]?\d+)?)((?![eE][+-]?\d*$)[A-Za-z]\w*)", token
        )
        if product:
            hint = f"write a product with '*': {product[1]}*{shorten(product[2], 12)}"
        self.fail(f"malformed number {shorten(token, 24)!r}", at, hint=hint)

    def wrong_count(self, op: Op, given: int, at: int, to: int) -> NoReturn:
        takes = f"{op.arity}{' or more' * op.chains} argument{'s' * (op.arity > 1)}"
        got = f"{given} {'is' if given == 1 else 'are'} given" if given else "none is"
        hint = (
            "another base is log(a)/log(b)" if op.name == "log" and given == 2 else ""
        )
        self.fail(f"{op.name!r} takes {takes}, but {got}", at, to, hint)

    def missing_value(self, token: str, at: int) -> NoReturn:
        if not token:
            self.fail("the expression ends where a value is expected", at)
        if token not in SIGNS:
            self.stray(token, at)
        # Two signs in a row are mostly one sign of another language, such as // or ==.
        # Before the first token stands the = of the equation, which is not among them.
        pair = (self.tokens[at - 1] if at else "=") + token
        self.fail(
            f"a value is expected before {token!r}", at, hint=DOUBLED.get(pair, "")
        )

    def missing_operator(self, token: str, at: int) -> NoReturn:
        if token == "=":
            self.fail(
                "a second '=' in one equation",
                at,
                hint="write one equation per string or line",
            )
        if token in RESERVED and token not in self.declared:
            self.fail(f"{token!r} is Python, not part of the language", at)
        first = token[0]
        if token == "." or not (first in LETTERS or first in DIGITS or first == "("):
            self.stray(token, at)
        left, right = (
            shorten(text, 12) if text[0] not in "()" else "(…)"
            for text in (self.tokens[at - 1], token)
        )
        self.fail(
            f"an operator is missing before {shorten(token)!r}",
            at,
            hint=f"write a product with '*': {left}*{right}",
        )

    def stray(self, char: str, at: int) -> NoReturn:
        self.fail(f"unexpected character {spell(char)}", at, hint=about(char))
