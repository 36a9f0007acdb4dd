"""What is said of a text that is no expression over arrays.

    tokens, place ─▶ ExpressionError with carets and what to write

The parser of `expr.array_syntax` finds that something is wrong; what is the same for
numbers is said by `expr.complaints`.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, cast

from cgprimer.errors import shorten
from cgprimer.expr.advice import about_call
from cgprimer.expr.array_advice import (
    about_array_function,
    about_array_gap,
    about_array_sign,
    about_more,
)
from cgprimer.expr.array_attributes import about_value
from cgprimer.expr.array_op import ArrayOp
from cgprimer.expr.array_ops import ARRAY_FUNCTIONS, ARRAY_OPS
from cgprimer.expr.array_pasted import (
    read_array_line,
    read_array_pasted,
    read_array_print,
)
from cgprimer.expr.array_tokens import ARRAY_SIGNS, ARRAY_TOKEN, readable_array
from cgprimer.expr.ops import FUNCTIONS, OPS, Op
from cgprimer.expr.spelled import Spelled
from cgprimer.expr.syntax import Parser, _Frame
from cgprimer.expr.tokens import STRAY

REDUCED = {"max": "largest", "min": "smallest"}
"""What functions of several numbers are called where they are given one array."""
BEHIND = "an argument behind a keyword"
_FUNCTIONS: Mapping[str, Op] = ChainMap(
    FUNCTIONS, cast("dict[str, Op]", ARRAY_FUNCTIONS)
)


class ArrayComplaints(Parser):
    """A parser whose tokens and functions are those of arrays, and what it says.

    `given` are the keywords of each open call, by the token that opened it; `forms` the
    strings before the arguments, of einsum.
    """

    signs = ARRAY_SIGNS
    functions: Mapping[str, Op] = _FUNCTIONS
    any_token = ascii_token = ARRAY_TOKEN
    cut_at = staticmethod(readable_array)
    print_read = staticmethod(read_array_print)
    pasted_read = staticmethod(read_array_pasted)
    line_read = staticmethod(read_array_line)

    def __init__(
        self, text: str | Spelled, start: int, declared: Collection[str]
    ) -> None:
        super().__init__(text, start, declared)
        self.given: dict[int, dict[str, Any]] = {}
        self.forms: dict[int, str] = {}

    def call(self) -> _Frame | None:
        """The call whose argument begins here, if one does."""
        frame = self.frames[-1] if self.frames else None
        return frame if frame and frame.op and not frame.level else None

    def keys(self, op: Op) -> dict[str, Any]:
        """The keywords of a function, with their defaults."""
        op = ARRAY_OPS.get(REDUCED.get(op.name, ""), op)
        return dict(op.attrs) if isinstance(op, ArrayOp) else {}

    def missing_value(self, token: str, at: int) -> int:
        call = self.call()
        if _is_string(token):
            of_einsum = call and "form" in self.keys(call.op or OPS["neg"])
            around = self.tokens[at - 1], self.tokens[at + 1]
            if call and of_einsum and around == ("(", ","):
                self.forms[call.token] = token[1:-1].replace(" ", "")
                return at + 2
            if call and of_einsum and around == ("(", ")"):
                self.fail(
                    "'einsum' takes arrays behind its string, but none is given", at
                )
        if token == "[":
            hint = "declare a name, as in w: 3, and give its numbers with the values"
            self.fail("an array is no part of an equation", at, hint)
        if token in ("]", "'"):
            self.fail(f"a value is expected before {token!r}", at)
        return super().missing_value(token, at)

    def missing_operator(self, token: str, at: int) -> int:
        if token == "]":
            self.fail("']' closes nothing", at)
        if token == "=" and self.tokens[at + 1] in ("<", ">"):
            hint = f"write '{self.tokens[at + 1]}='"
            self.fail("an equation within an equation", at, hint, at + 1)
        if token == "=" and self.tokens[at - 1][:1] in self.letters and self.call():
            hint = "write the arguments first: sum(x, axis=0)"
            self.fail("a keyword before an argument", at - 1, hint, at)
        if self.tokens[at + 1] == "=" and token[:1] in self.letters and self.call():
            self.fail(f"a comma is missing before '{shorten(token, 16)}='", at)
        before = len(self.problems)
        after = super().missing_operator(token, at)
        if len(self.problems) > before and not self.is_odd:
            self.rehint(about_array_gap(self.tokens, at, self.problems[-1].hint))
        return after

    def check_function(self, token: str, at: int) -> None:
        # Behind a point all is told.
        if token not in self.functions and self.tokens[at - 1 : at] != ["."]:
            hint = about_call(self.tokens, at) or about_array_function(
                token, self.functions
            )
            self.note(f"unknown function {shorten(token)!r}", at, hint)

    def look_at(self, at: int) -> None:
        if not _is_string(self.tokens[at]):  # which belongs to an einsum, maybe
            super().look_at(at)

    def stray(self, char: str, at: int) -> int:
        if _is_string(char):
            self.fail("a string stands where none can", at, about_value("form"))
        before = len(self.problems)
        start, end = self.span(at)
        after = super().stray(char, at)
        if len(self.problems) > before:
            sign = self.text[start] if char == STRAY else char
            self.rehint(about_array_sign(sign, self.text[:start], self.text[end:]))
        return after

    def rehint(self, hint: str) -> None:
        """Say something else of the last mistake, if there is something to say."""
        if hint:
            self.problems[-1] = replace(self.problems[-1], hint=hint)

    def check_comma(self, at: int) -> None:
        outer = self.frames[-2] if len(self.frames) > 1 else None
        if self.frames and self.frames[-1].op is None and outer and outer.op:
            keys = [*self.keys(outer.op)]
            if keys:
                hint = f"write the keyword: {keys[0]}=(…, …)"
                self.fail("a comma within brackets", at, hint)
        if self.call() is None or self.tokens[at + 1 : at + 3][-1:] != ["="]:
            super().check_comma(at)

    def wrong_count(self, op: Op, given: int, at: int, to: int) -> None:
        if not isinstance(op, ArrayOp):
            super().wrong_count(op, given, at, to)
            return
        # The order of keywords is told already, or it is no text of arrays at all.
        if self.is_odd or any(p.message == BEHIND for p in self.problems):
            return
        least = max(op.arity, 1)
        takes = f"{least}{' or more' * (op.arity < 0)} argument"
        takes += "s" * (least > 1 or op.arity < 0)
        got = f"{given} {'is' if given == 1 else 'are'} given" if given else "none is"
        hint = about_more(self.tokens[at : to + 1], op) if given > least else ""
        self.note(f"{self.tokens[at]!r} takes {takes}, but {got}", at, hint, to)


def _is_string(token: str) -> bool:
    return token[:1] == '"' and len(token) > 1
