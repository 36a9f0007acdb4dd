"""What is said of a text that is no expression, with carets under its tokens.

    text, tokens from `at` to `to` ─▶ ExpressionError

The parser only finds that something is wrong; what it most likely is, and what to
write in its place, is found here and in `expr.advice`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import islice
from typing import NoReturn

from cgprimer.errors import ExpressionError, Mistake, shorten
from cgprimer.expr.advice import (
    about_arguments,
    about_call,
    about_gap,
    about_keyword,
    about_number,
    about_pair,
)
from cgprimer.expr.foreign_names import about_function
from cgprimer.expr.foreign_signs import LATEX, ONE_EACH, OPENS, about, spell
from cgprimer.expr.lookalikes import lookalikes, used_in
from cgprimer.expr.ops import FUNCTIONS, Op
from cgprimer.expr.printed import read_print
from cgprimer.expr.spelled import Spelled
from cgprimer.expr.tokens import (
    DIGITS,
    LETTERS,
    MOST,
    NUMBER,
    RESERVED,
    SIGNS,
    STRAY,
    TOKEN,
    TOKEN_OF_ASCII,
    readable,
)
from cgprimer.keeping import lazy

UNEXPECTED = "unexpected character"


class Complaints:
    """The tokens of `text[start:]`, an empty one behind the last, and what to say.

    `problems` are the mistakes that were found so far; with `fail` they are all raised.
    """

    # Another language of more signs and functions has others of these.
    signs: Collection[str] = SIGNS
    functions: Mapping[str, Op] = FUNCTIONS
    any_token, ascii_token = TOKEN, TOKEN_OF_ASCII
    print_read, cut_at = staticmethod(read_print), staticmethod(readable)

    def __init__(
        self, text: str | Spelled, start: int, declared: Collection[str]
    ) -> None:
        self.problems: list[Mistake] = []
        if isinstance(text, str) and not text.isascii():
            self.problems += lookalikes(text, start, used_in([text[start:]]))
            text = self.print_read(text, start)
        self.muted = -1  # up to this token, what is missing follows from a mistake
        self.foreign = [*self.problems]  # letters, whatever the parser says of the rest
        self.spelled = None if isinstance(text, str) else text
        self.source = text if isinstance(text, str) else text.text
        self.start, self.declared = start, declared
        self.letters, self.token = LETTERS, self.ascii_token
        if not self.source.isascii():
            self.token = self.any_token
            self.letters |= {char for char in {*self.source} if char.isalpha()}
        # Cut behind some characters that are in no token, as no more than these are
        # reported: a long text that is no equation at all costs no list of its
        # characters.
        end = self.cut_at(self.source, start)
        self.tokens: list[str] = self.token.findall(self.source, start, end)
        self.tokens.append("")

    @lazy
    def spans(self) -> list[tuple[int, int]]:
        """Where every token stands, found when one of them is asked for."""
        tokens = self.token.finditer(self.source, self.start)
        return [match.span() for match in islice(tokens, len(self.tokens))]

    @property
    def text(self) -> str:
        """What the author wrote."""
        return self.source if self.spelled is None else self.spelled.written

    def span(self, at: int, to: int | None = None) -> tuple[int, int]:
        """Where the tokens from `at` to `to` were written: found on demand."""
        last = at if to is None else to
        spans = self.spans[at : last + 1]
        # The mark for the end of the text is no token, so there is no span of it: the
        # caret stands behind the last character.
        if len(spans) <= last - at:
            end = len(self.source.rstrip())
            spans.append((end, end + 1))
        place = spans[0][0], spans[-1][1]
        return place if self.spelled is None else self.spelled.span(*place)

    def note(
        self, message: str, at: int, hint: str = "", to: int | None = None
    ) -> None:
        """Keep a mistake behind which reading goes on; the last of many is raised."""
        # Of LaTeX one sign is told: it is another language.
        if any(problem.hint == LATEX for problem in self.problems):
            return
        self.problems.append(Mistake(message, self.text, *self.span(at, to), hint))
        if len(self.problems) >= MOST:
            self.give_up()

    def fail(
        self, message: str, at: int, hint: str = "", to: int | None = None
    ) -> NoReturn:
        """Raise for a mistake behind which nothing is known, with all before it."""
        if not self.is_odd:
            self.problems.append(Mistake(message, self.text, *self.span(at, to), hint))
        for place in range((at if to is None else to) + 1, len(self.tokens) - 1):
            self.look_at(place)
        self.give_up()

    @property
    def is_odd(self) -> bool:
        """Whether there was a sign of unknown meaning: then nothing can be missing."""
        return any(p.message.startswith(UNEXPECTED) for p in self.problems)

    def look_at(self, at: int) -> None:
        """Report a token that is wrong wherever it stands."""
        token = self.tokens[at]
        if token[0] in self.letters:
            if self.tokens[at + 1] == "(":
                self.check_function(token, at)
        elif token[0] in DIGITS and token != ".":
            if not NUMBER.fullmatch(token):
                self.malformed_number(token, at)
        elif token not in self.signs:
            self.stray(token, at)

    def check_function(self, token: str, at: int) -> None:
        """Report a function that there is not."""
        if token not in self.functions:
            hint = about_call(self.tokens, at) or about_function(token)
            self.note(f"unknown function {shorten(token)!r}", at, hint)

    def give_up(self) -> NoReturn:
        """Raise all mistakes that were found, in the order of the text."""
        raise ExpressionError(sorted(self.problems, key=lambda p: (p.start, p.end)))

    def too_large(self, what: str, at: int) -> None:
        message = f"this {what} double precision"
        self.note(message, at, "the largest is about 1.8e308")

    def malformed_number(self, token: str, at: int) -> None:
        message = f"malformed number {shorten(token, 24)!r}"
        # Of 1.0d-3 the sign is a token of its own.
        sign, power = (*self.tokens[at + 1 : at + 3], "")[:2]
        if token[-1] in "dD" and sign in "+-" and power.isdigit():
            token += sign + power
        self.note(message, at, about_number(token))

    def wrong_count(self, op: Op, given: int, at: int, to: int) -> None:
        takes = f"{op.arity}{' or more' * op.chains} argument{'s' * (op.arity > 1)}"
        got = f"{given} {'is' if given == 1 else 'are'} given" if given else "none is"
        hint = about_arguments(self.tokens[at : to + 1]) if given > op.arity else ""
        if given == 2 and op.name == "log":
            hint = "another base is log(a)/log(b)"
        if not self.is_odd:
            self.note(f"{op.name!r} takes {takes}, but {got}", at, hint, to)

    def missing_value(self, token: str, at: int) -> int:
        """What to read next: behind a sign that is none of the language."""
        if not token:
            self.fail("the expression ends where a value is expected", at)
        if token not in self.signs:
            return self.stray(token, at)
        hint = about_pair(self.tokens, at)
        self.fail(f"a value is expected before {token!r}", at, hint)

    def missing_operator(self, token: str, at: int) -> int:
        """What to read next, as if an operator had been there."""
        first = token[0]
        if token == "=":
            self.fail("a second '=' in one equation", at, ONE_EACH)
        if token in RESERVED and token not in self.declared:
            message = f"{token!r} is Python, not part of the language"
            self.fail(message, at, about_keyword(self.tokens, at))
        if token == "." or not (
            first in self.letters or first in DIGITS or first == "("
        ):
            return self.stray(token, at)
        if at <= self.muted or self.is_odd:
            return at
        message = f"an operator is missing before {shorten(token)!r}"
        last = self.problems[-1] if self.problems else None
        # Two words without a sign in a row are prose, of which nothing more is said.
        if last and last.message.startswith("an operator is missing") and (
            self.text[last.end : self.span(at)[0]].isspace()
        ):  # fmt: skip
            self.give_up()
        self.note(message, at, about_gap(self.tokens, at))
        return at

    def stray(self, char: str, at: int) -> int:
        """Report a sign that is none of the language, and read on behind it."""
        # Behind STRAY is what the author wrote, with its accent if it has one. Those
        # are few, as a text is cut behind some; points are not.
        start, end = self.span(at)
        sign = self.text[start] if char == STRAY else char
        message = f"{UNEXPECTED} {spell(sign)}"
        # A sign is told once, and a bracket with the one that it closes.
        told = {message, *(f"{UNEXPECTED} {spell(s)}" for s in OPENS.get(sign, ""))}
        if not any(problem.message in told for problem in self.problems):
            self.note(message, at, about(sign, self.text[:start], self.text[end:]))
        while self.tokens[at] == char:
            at += 1
        return at
