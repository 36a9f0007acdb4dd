r"""Formulas as people write them, plain or in LaTeX, to our language, with a span map.

    \bar v_3 \cdot \frac{\partial v_3}{\partial v_1}
        ─▶  bar_v3 * partial_v3_partial_v1

Letters that stand together are one name; `v_1`, `v_{1}` and `v1` are the same name. A
product without a sign is read only in a text that uses LaTeX commands, and only where
it can be read in one way; all else is an error with a caret. One pass over the tokens
with an explicit stack, so braces may nest as deep as they like.

`\frac12 x`, token by token (a command waits on the stack for its arguments):

    token   text so far      waiting            a value has ended
    \frac   ((               )/(  and then  ))  no
    1       ((1)/(           ))                 no
    2       ((1)/(2))                           yes
    x       ((1)/(2))*x                         yes, after the product that is meant

`\sin 2x` ends with an error at x: sin(2) was read with its argument bare, and x may
belong to it or stand beside it. `reader` calls `translate` for each side of an '=';
what a sign or a command means is a row of `spellings`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple, NoReturn

from cgprimer.derivation.formula import Formula, Stretch
from cgprimer.derivation.spellings import COMMANDS, Meaning
from cgprimer.derivation.tokens import Tokens
from cgprimer.errors import shorten, suggest


def translate(
    line: str, start: int, end: int, known: Collection[str] = (), latex: bool = True
) -> Formula:
    """`line[start:end]` in our language.

    known : names in use, by which `dv3/dv1` is told from a quotient of two names.
    latex : whether products may be written without a sign.
    """
    return Formula(line, tuple(_Translator(line, start, end, known, latex).run()))


class _Group(NamedTuple):
    """An open bracket: what closes it, and where it stands."""

    closing: str
    token: int


class _Wait(NamedTuple):
    """A command that still needs arguments, and what follows each of them."""

    after: tuple[str, ...]
    token: int
    bare: bool = False


class _Translator(Tokens):
    """One pass over the tokens: what may start a value, what may follow one."""

    def __init__(
        self, line: str, start: int, end: int, known: Collection[str], latex: bool
    ) -> None:
        super().__init__(line, start, end, known)
        self.latex = latex
        self.pieces: list[Stretch] = []
        self.stack: list[_Group | _Wait] = []
        # 1/2 x is 1/(2·x) to one reader and (1/2)·x to another: below a '/' no product
        # is made.
        self.slashes: list[bool] = [False]  # per bracket: is this the part below a '/'
        self.ended = False  # whether what was read last ends a value
        self.bare = False  # and whether that is a function of an argument unbracketed

    def run(self) -> list[Stretch]:
        at = 0
        # The last token is empty and ends the loop.
        while self.tokens[at]:
            at = self.step(at)
        for frame in self.stack[-1:]:
            what = "is never closed" if isinstance(frame, _Group) else "lacks a value"
            self.fail(f"{self.tokens[frame.token]!r} {what}", frame.token)
        return self.pieces

    def step(self, at: int) -> int:
        """Translate what begins at token `at`; return the token after it."""
        meaning = self.meaning(at)
        match meaning.kind:
            case "sign":
                return self.sign(at, meaning.text)
            case "power":
                return self.power(at)
            case "comma":
                return self.comma(at)
            case "close":
                return self.close(at)
            case "bars" if self.closes_bars():
                return self.close(at)
            case "open" | "bars":
                return self.open(at, meaning)
        return self.value(at, meaning)

    # What stands between values

    def sign(self, at: int, sign: str) -> int:
        # \frac+ has a sign where its first argument belongs.
        if self.is_waiting() and not self.ended:
            self.fail("an argument in braces or parentheses is expected", at)
        self.emit(sign, at)
        # A sign in front of a value, as in 1/-2, leaves what is below the slash below
        # it.
        if self.ended:
            self.slashes[-1] = sign == "/"
        self.ended = self.bare = False
        return at + 1

    def comma(self, at: int) -> int:
        self.emit(",", at)
        self.slashes[-1] = self.ended = self.bare = False
        return at + 1

    def power(self, at: int) -> int:
        # \sin x^2 is sin(x)^2 to some and sin(x^2) to others.
        if self.bare:
            self.ambiguous(at, "a power of the function or of its argument")
        self.emit("^", at)
        self.ended = False
        return at + 1

    def close(self, at: int) -> int:
        token = self.tokens[at]
        if not self.stack or not isinstance(self.stack[-1], _Group):
            self.fail(f"{token!r} closes nothing", at)
        group = self.stack.pop()
        assert isinstance(group, _Group)
        # \| closes what | has opened: both are written for an absolute value.
        if token != group.closing and (token, group.closing) != (r"\|", "|"):
            opened = self.tokens[group.token]
            self.fail(f"{token!r} closes {opened!r}", at)
        self.slashes.pop()
        self.emit(")", at)
        self.complete(at)
        return at + 1

    def complete(self, at: int) -> None:
        """A value has ended: hand it to the command that waits for it, if one does."""
        self.ended, self.bare = True, False
        # One value may end several commands: the 2 of \sqrt\frac12 ends both.
        while self.stack and isinstance(wait := self.stack[-1], _Wait):
            self.stack.pop()
            first, *rest = wait.after
            if first:
                self.emit(first, at, wait.token)
            if rest:
                self.stack.append(wait._replace(after=tuple(rest)))
                self.ended = False
                return
            self.bare = wait.bare

    # Values

    def value(self, at: int, meaning: Meaning) -> int:
        # First of all, for a \frac of two differentials is one name and no quotient.
        derivative = self.derivative(at)
        if derivative:
            return self.atom(at, *derivative)
        if meaning.kind == "fraction":
            return self.command(at, "((", (")/(", "))"), at + 1)
        if meaning.kind == "root":
            return self.root(at)
        if self.tokens[at][0].isdigit() or self.tokens[at][0] == ".":
            return self.number(at)
        function = self.function(at)
        if function:
            return self.call(at, *function)
        named = self.name(at)
        if named:
            return self.atom(at, *named)
        return self.unknown(at, meaning)

    def begin(self, at: int) -> None:
        """Make the product that is meant, where two values meet; or refuse."""
        if not self.ended or not self.latex:
            return
        before, token = self.tokens[at - 1], self.tokens[at]
        # \sin x \cos y is a product, as nobody takes cos(y) for a part of the argument.
        if self.bare and self.function(at) is None:
            self.ambiguous(at, "part of the argument or a factor outside")
        last = self.pieces[-1]
        # x 2 and v(x + 1): a slip or a call, either of which the language names.
        if token[0].isdigit() or (token == "(" and last.is_name):
            return  # the language refuses these with a hint of its own
        if self.slashes[-1]:
            self.ambiguous(at, f"{before} · … below the '/' or beside the quotient")
        # The sign that is not there has the span of what follows, where a caret may
        # stand.
        self.pieces.append(Stretch("*", *self.spans[at]))
        self.ended = self.bare = False

    def atom(self, at: int, text: str, after: int) -> int:
        """A name, from token `at` up to `after`."""
        self.begin(at)
        self.gap(at, text)
        span = (self.spans[at][0], self.spans[after - 1][1])
        self.pieces.append(Stretch(text, *span, is_name=True))
        self.complete(after - 1)
        return after

    def number(self, at: int) -> int:
        self.begin(at)
        token = self.tokens[at]
        # \frac 12 3 is read by LaTeX as a half and then 3: it takes one digit.
        if self.is_waiting() and not self.ended and len(token) > 1 and token.isdigit():
            self.fail("one digit or braces are expected", at, f"write {{{token}}}")
        self.emit(token, at)
        self.complete(at)
        return at + 1

    def open(self, at: int, meaning: Meaning) -> int:
        self.begin(at)
        self.emit(meaning.text, at)
        self.stack.append(_Group(meaning.closing, at))
        self.slashes.append(False)
        self.ended = False
        return at + 1

    def command(
        self, at: int, text: str, after: tuple[str, ...], to: int, bare: bool = False
    ) -> int:
        self.begin(at)
        self.emit(text, at)
        self.stack.append(_Wait(after, at, bare))
        self.ended = False
        return to

    def root(self, at: int) -> int:
        if self.tokens[at + 1] == "[":
            self.fail(r"only square roots are read", at, "write a power, x^{1/3}")
        return self.command(at, "sqrt(", (")",), at + 1)

    def call(self, at: int, name: str, after: int) -> int:
        """A function: with its argument in parentheses, or one value beside it."""
        power, after = self.function_power(after)
        if self.tokens[after] in ("(", "[", r"\lvert", "|"):
            # |x| is an argument that keeps its bars, and so needs parentheses around
            # them.
            wrapped = self.tokens[after] not in "(["
            text, end = (f"{name}(", ")") if wrapped else (name, "")
            return self.command(at, text, (end + power,), after)
        # `sin x` in plain text: a name here, at which the language asks for
        # parentheses.
        if not self.tokens[at].startswith("\\"):
            return self.atom(at, name, after)  # plain: the language asks for the call
        return self.command(at, f"{name}(", (")" + power,), after, bare=True)

    def function_power(self, at: int) -> tuple[str, int]:
        r"""The 2 of `\sin^2 x`, to be put behind the call."""
        if self.tokens[at] != "^":
            return "", at
        braced = self.tokens[at + 1] == "{"
        exponent = self.tokens[at + 1 + braced]
        # \sin^{-1} is the arc sine to some, and one over the sine by the rule of
        # \sin^2.
        if exponent == "-":
            hint = r"write \arcsin(x) for the inverse function, 1/\sin(x) for 1 over it"
            self.fail("a negative power of a function's name is ambiguous", at, hint)
        to = at + 2 + 2 * braced
        if not exponent.isalnum() or (braced and self.tokens[to - 1] != "}"):
            self.fail("write the power behind: (…)^{…}", at)
        return f"^{exponent}", to

    # Small parts

    def is_waiting(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1], _Wait)

    def closes_bars(self) -> bool:
        top = self.stack[-1] if self.stack else None
        return self.ended and isinstance(top, _Group) and top.closing == "|"

    def gap(self, at: int, text: str) -> None:
        """Keep a blank where the author left one, so that tokens stay apart.

        Words that meet without one, as in βv3, would make up a name of their own.
        """
        start = self.spans[at][0]
        if not self.pieces:
            return
        if start > 0 and self.line[start - 1].isspace():
            self.pieces.append(Stretch(" ", start - 1, start))
        # A blank of no width in the author's line.
        elif text[:1].isalnum() and self.pieces[-1].is_name:
            self.pieces.append(Stretch(" ", start, start))

    def emit(self, text: str, at: int, command: int = 0) -> None:
        """Text for token `at`; a name behind `^` is the power of a `command`."""
        self.gap(at, text)
        text, power, exponent = text.partition("^")
        if text or power:
            self.pieces.append(Stretch(text + power, *self.spans[at]))
        if exponent:
            named = not exponent[0].isdigit()
            self.pieces.append(Stretch(exponent, *self.spans[command], is_name=named))

    def unknown(self, at: int, meaning: Meaning) -> int:
        token = self.tokens[at]
        if meaning.kind == "relation":
            self.fail(f"{token!r} cannot be checked", at, "write '='")
        if meaning.kind == "differential":
            self.fail("∂ stands before a name", at)
        if token == "_":
            self.fail("a subscript stands behind a name", at)
        if token.startswith("\\"):
            self.fail(f"unknown command {token!r}", at, suggest(token, COMMANDS))
        self.emit(token, at)  # the language knows best what is wrong with it
        self.ended = False
        return at + 1

    def ambiguous(self, at: int, readings: str) -> NoReturn:
        what = shorten(self.tokens[at], 20)
        self.fail(
            f"{what!r} can be read in two ways: {readings}", at, "add parentheses"
        )
