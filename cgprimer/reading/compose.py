"""The text of a formula while it is put together, and the brackets that are open.

    tokens ─ atom, open, command ─▶ pieces of our language, each with its span

`forms` and `translate` say what to write; here is where products without a sign are
made, arguments are waited for, and values are known to have ended.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple, NoReturn

from cgprimer.errors import shorten
from cgprimer.expr.ops import CONSTANTS
from cgprimer.reading.differentials import Differentials
from cgprimer.reading.formula import Formula, Stretch
from cgprimer.reading.lexicon import Lexicon
from cgprimer.reading.specials import Special
from cgprimer.reading.spellings import LETTERS

DEEPEST = 8  # formulas inside one another, each of which is read by itself


class _Group(NamedTuple):
    """An open bracket: what closes it, where it stands, and its first piece."""

    closing: str
    token: int
    piece: int


class _Wait(NamedTuple):
    """A command that still needs arguments, and what follows each of them."""

    after: tuple[str, ...]
    token: int
    piece: int
    bare: bool = False


class Composer(Differentials):
    """What may start a value, what may follow one, and what has been written."""

    def __init__(self, line: str, start: int, end: int, context: Lexicon) -> None:
        super().__init__(line, start, end, context)
        self.latex = context.latex
        self.pieces: list[Stretch] = []
        self.specials: list[tuple[Stretch, Special]] = []
        self.stack: list[_Group | _Wait] = []
        # 1/2 x is 1/(2·x) to one reader and (1/2)·x to another: below a '/' no product
        # is made.
        self.slashes: list[bool] = [False]  # per bracket: is this the part below a '/'
        self.ended = False  # whether what was read last ends a value
        self.bare = False  # and whether that is a function of an argument unbracketed
        self.italic: set[str] = set()  # names that \mathit says are names
        self.factor = False  # whether a parenthesis that follows is a factor, no call
        self.raised = False  # whether the value is an exponent with a sign, as in e^-x
        self.last = (0, 0)  # token and piece at which the value that ended began

    def run(self) -> None:
        """Read all tokens; subclasses say how."""
        raise NotImplementedError

    def formula(self) -> Formula:
        """All tokens in our language."""
        self.run()
        used = {piece.text for piece in self.pieces}
        specials = [
            (place, what) for place, what in self.specials if place.text in used
        ]
        return Formula(self.line, tuple(self.pieces), tuple(specials))

    def part(self, start: int, end: int, **index: int) -> Formula:
        """The tokens from `start` up to `end` as a formula of their own."""
        if self.context.depth >= DEEPEST:
            self.fail("formulas inside one another are too many here", start)
        context = replace(
            self.context,
            depth=self.context.depth + 1,
            index={**self.context.index, **index},
        )
        if start >= end:
            self.fail("a value is missing here", start)
        reader = type(self)(self.line, 0, 0, context)
        reader.take(self, start, end)
        return reader.formula()

    # Writing

    def begin(self, at: int) -> None:
        """Make the product that is meant, where two values meet; or refuse."""
        if not self.ended or not (self.latex or self.factor or self._are_known(at)):
            return
        before, token = self.tokens[at - 1], self.tokens[at]
        # \sin x \cos y is a product, as nobody takes cos(y) for a part of the argument.
        if self.bare and self.function(at) is None:
            self.ambiguous(at, "part of the argument or a factor outside")
        self._refuse_words(at)
        last = self.pieces[-1]
        # x 2 and v(x + 1): a slip or a call, either of which the language names.
        if token[0].isdigit() or (token == "(" and last.is_name and not self.factor):
            return  # the language refuses these with a hint of its own
        if self.slashes[-1]:
            self.ambiguous(at, f"{before} · … below the '/' or beside the quotient")
        if token == "{" and self.meaning(at + 1).kind == "sign":
            self.ambiguous(at, "a factor, or braces that were to stand elsewhere")
        # LaTeX raises one letter only, which is not what e^kx and e^-2x look like.
        if self.raised or (
            at in self.cuts and self.pieces[-2:-1] and self._is_raised()
        ):
            self.ambiguous(
                at, "a part of the exponent or a factor beside it",
                "put the exponent in braces",
            )  # fmt: skip
        # The sign that is not there has the span of what follows, where a caret may
        # stand.
        self.pieces.append(Stretch("*", *self.spans[at]))
        self.ended = self.bare = self.factor = False

    def _refuse_words(self, at: int) -> None:
        """sech x, 2x power rule: words are no factors, but known names are."""
        raised = len(self.pieces) > 2 and self._is_raised()
        last = self.pieces[-3 if raised else -1]
        if last.is_name and self._is_word(last.text):
            self._refuse_word(at, last.text)
        named = None if self.function(at) else self.name(at)
        if named and self.tokens[at] != r"\mathit" and self._is_word(named[0]):
            self._refuse_word(at, named[0])

    def _is_word(self, text: str) -> bool:
        known = text in self.known or text in self.italic or text in CONSTANTS
        return len(text) > 1 and text.isalpha() and not known and text not in LETTERS

    def _refuse_word(self, at: int, text: str) -> NoReturn:
        said = shorten(text, 20)
        self.fail(
            f"{said!r} is neither a function nor a name that is known", at,
            "leave words out; a product with it is written with a sign",
        )  # fmt: skip

    def _is_raised(self) -> bool:
        return self.pieces[-2].text == "^"

    def _are_known(self, at: int) -> bool:
        """Whether two names, or a number and a name, meet that are known: 2xy, wx."""
        last = self.pieces[-1]
        left = last.text[0].isdigit() or (last.is_name and last.text in self.known)
        named = self.name(at) if left else None
        return left and bool(self.function(at) or (named and named[0] in self.known))

    def atom(self, at: int, text: str, after: int, is_name: bool = True) -> int:
        """A name, from token `at` up to `after`."""
        self.begin(at)
        self.gap(at, text)
        if self.tokens[at] == r"\mathit":
            self.italic.add(text)
        span = (self.spans[at][0], self.spans[after - 1][1])
        self.last = at, len(self.pieces)
        self.pieces.append(Stretch(text, *span, is_name))
        self.complete(after - 1)
        return after

    def special(self, at: int, what: Special, after: int) -> int:
        """What our language cannot say, under a name."""
        named = f"special_{next(self.context.count)}_of_a_derivation"
        self.atom(at, named, after, is_name=False)
        self.specials.append((self.pieces[self.last[1]], what))
        self.factor = True
        return after

    def command(
        self, at: int, text: str, after: tuple[str, ...], to: int, bare: bool = False
    ) -> int:
        self.begin(at)
        self.stack.append(_Wait(after, at, len(self.pieces), bare))
        self.emit(text, at)
        self.ended = False
        return to

    def open_group(self, at: int, text: str, closing: str) -> int:
        """An opening bracket, and what closes it."""
        self.begin(at)
        self.stack.append(_Group(closing, at, len(self.pieces)))
        self.emit(text, at)
        self.slashes.append(False)
        self.ended = False
        return at + 1

    def close(self, at: int) -> int:
        """A closing bracket."""
        token = self.tokens[at]
        if not self.stack or not isinstance(self.stack[-1], _Group):
            self.fail(f"{token!r} closes nothing", at)
        group = self.stack.pop()
        assert isinstance(group, _Group)
        # \| closes what | has opened: both are written for an absolute value.
        bars = group.closing == "|" and self.meaning(at).kind == "bars"
        if token not in group.closing.split() and not bars:
            opened = self.tokens[group.token]
            self.fail(f"{token!r} closes {opened!r}", at)
        self.slashes.pop()
        self.emit(")", at)
        self.last = group.token, group.piece
        self.raised = False
        self.complete(at)
        return at + 1

    def complete(self, at: int) -> None:
        """A value has ended: hand it to the command that waits for it, if one does."""
        self.ended, self.bare, self.factor = True, False, False
        # One value may end several commands: the 2 of \\sqrt\\frac12 ends both.
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
            self.last = wait.token, wait.piece

    def emit(self, text: str, at: int, command: int = 0) -> None:
        """Text for token `at`; a name behind `^` is the power of a `command`."""
        self.gap(at, text)
        text, power, exponent = text.partition("^")
        if text or power:
            self.pieces.append(Stretch(text + power, *self.spans[at]))
        if exponent:
            named = not exponent[0].isdigit() and exponent[0] != "("
            self.pieces.append(Stretch(exponent, *self.spans[command], is_name=named))

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

    # Asking

    def is_waiting(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1], _Wait)

    def closes_bars(self) -> bool:
        top = self.stack[-1] if self.stack else None
        return self.ended and isinstance(top, _Group) and top.closing == "|"

    def closes(self, at: int) -> bool:
        """Whether a token closes the innermost bracket."""
        top = self.stack[-1] if self.stack else None
        return isinstance(top, _Group) and self.tokens[at] in top.closing.split()

    def group_start(self) -> tuple[int, int]:
        """Token and piece behind the innermost open bracket."""
        for frame in reversed(self.stack):
            if isinstance(frame, _Group):
                return frame.token + 1, frame.piece + 1
        return 0, 0

    def ambiguous(
        self, at: int, readings: str, hint: str = "add parentheses"
    ) -> NoReturn:
        what = shorten(self.tokens[at], 20)
        self.fail(f"{what!r} can be read in two ways: {readings}", at, hint)
