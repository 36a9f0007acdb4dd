r"""Tokens of a formula of LaTeX over arrays: names, indices, functions, powers.

\mathbf{W}_{1}^{\top} \hat y   ─▶   W1, T, hat_y
"""

from __future__ import annotations

import re
from typing import NoReturn

from cgprimer.errors import ExpressionError, Mistake, listing, shorten, suggest
from cgprimer.expr.array_op import REQUIRED
from cgprimer.expr.array_ops import ARRAY_FUNCTIONS
from cgprimer.expr.dims import Sizing
from cgprimer.expr.ops import FUNCTIONS
from cgprimer.notation.latex import GREEK

_TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|\d+(?:\.\d+)?|\S", re.DOTALL)
_BLANK = frozenset(
    [r"\left", r"\right", r"\,", r"\;", r"\:", r"\!", r"\ ", r"\quad", "~", r"\bigl",
     r"\bigr", r"\big", r"\Big", r"\displaystyle"]
)  # fmt: skip
_FONTS = frozenset(
    [r"\mathbf", r"\boldsymbol", r"\bm", r"\mathrm", r"\mathit", r"\vec", r"\mathsf",
     r"\mathbb", r"\mathcal", r"\pmb", r"\vb", r"\text", r"\textbf"]
)  # fmt: skip
_ACCENTS = frozenset([r"\hat", r"\tilde", r"\bar", r"\dot"])
_TRANSPOSES = frozenset(["T", r"\top", r"\intercal", "⊤", "ᵀ"])
_SUMS = frozenset([r"\sum", r"\prod"])
_IN_POWERS = frozenset([r"\mathsf", r"\mathrm", "{", "}"])
CLOSING = {"(": ")", "[": "]", "{": "}"}
ELEMENTWISE = frozenset([r"\odot", r"\circ"])
CALLED = {"tr": "trace", "Tr": "trace", "ln": "log", r"\sigma": "sigmoid"}
"""Functions that are called otherwise here."""
_ONE = {*FUNCTIONS} - {"max", "min", "xlogy"} | {
    key
    for key, op in ARRAY_FUNCTIONS.items()
    if op.operands == 1 and REQUIRED not in op.attrs.values()
}


class MatrixTokens:
    """The tokens of `text[start:]`, an empty one behind the last."""

    def __init__(self, text: str, sizing: Sizing, start: int) -> None:
        self.text, self.sizing = text, sizing
        found = [m for m in _TOKEN.finditer(text, start) if m[0] not in _BLANK]
        self.tokens = [match[0] for match in found] + ["", ""]
        self.spans = [match.span() for match in found] + [
            (len(text), len(text) + 1)
        ] * 2
        # Longer names first: xh is one name, where it is one, and not x·h.
        self.words = sorted((n for n in sizing.names if len(n) > 1), key=len)[::-1]

    def fail(self, message: str, at: int, hint: str = "") -> NoReturn:
        raise ExpressionError([Mistake(message, self.text, *self.spans[at], hint)])

    def name(self, at: int) -> tuple[str, int]:
        """The name at a token, and what follows it."""
        token = self.tokens[at]
        if not token:
            self.fail("the formula ends where a value is expected", at)
        if token in (r"\begin", r"\end"):
            hint = "give it a name, declare its dims, and give its numbers as values"
            self.fail("a matrix that is written out is no formula", at, hint)
        if token in _SUMS:
            hint = r"write x^\top y for a sum of products, or \operatorname{sum}(x)"
            self.fail("indices of arrays are not read", at, hint)
        written = self.word(at)
        if written is None:
            self.fail(f"a value is expected before {shorten(token)!r}", at)
        stem, after = written
        full, end = self.indexed(stem, after)
        if full in self.names:
            return full, end
        if stem in self.names and self.tokens[after] != "_":
            return stem, after
        hint = f"names with dims are {listing(self.sizing.names)}"
        self.fail(f"{full!r} has no dims", at, hint)

    def word(self, at: int) -> tuple[str, int] | None:
        """Letters at a token: a font, an accent, Greek, or a known word."""
        token = self.tokens[at]
        if token in _FONTS or token in _ACCENTS:
            inner, after = self.braced(at + 1)
            plain = "".join(part.removeprefix("\\") for part in inner)
            prefix = f"{token[1:]}_" if token in _ACCENTS else ""
            if not plain.isalnum():
                return None
            return prefix + plain, after
        if token[1:] in GREEK:
            return token[1:], at + 1
        if not token.isalpha():
            return None
        start = self.spans[at][0]
        for word in self.words:
            if self.text.startswith(word, start):
                if all(letter in self.names for letter in word):
                    message = f"{word!r} may be one name or a product"
                    hint = (
                        rf"write \mathit{{{word}}} for the name, blanks for a product"
                    )
                    self.fail(message, at, hint)
                after = at
                while self.spans[after][0] < start + len(word) and self.tokens[after]:
                    after += 1
                return word, after
        return token, at + 1

    def indexed(self, stem: str, at: int) -> tuple[str, int]:
        """A name with its index below, and its number in brackets above."""
        if self.tokens[at] == "_":
            index, at = self.lowered(at)
            stem += index if index.isdecimal() else f"_{index}"
        if self.tokens[at : at + 3] == ["^", "{", "("]:
            inner, after = self.braced(at + 1)
            number = "".join(inner[1:-1])
            if inner[-1] == ")" and number.isalnum():
                return f"{stem}_sup{number}", after
        return stem, at

    def lowered(self, at: int) -> tuple[str, int]:
        """The index behind `_` at a token."""
        inner, after = self.braced(at + 1)
        index = "".join(part.removeprefix("\\") for part in inner)
        if not index.isalnum():
            self.fail("an index is letters or digits here", at)
        return index, after

    def braced(self, at: int) -> tuple[list[str], int]:
        """The tokens of a pair of braces, or one token without."""
        if self.tokens[at] != "{":
            return [self.tokens[at]], at + 1
        end, depth = at + 1, 1
        while depth:
            if not self.tokens[end]:
                self.fail("'{' is never closed", at)
            depth += (self.tokens[end] == "{") - (self.tokens[end] == "}")
            end += 1
        return self.tokens[at + 1 : end - 1], end

    def raised(self, at: int) -> tuple[str, int]:
        """What a power is: ⊤, -⊤, or a number or a name, with or without a minus."""
        inner, after = self.braced(at + 1)
        inner = [
            part for part in inner if part not in (r"\mathsf", r"\mathrm", "{", "}")
        ]
        sign = "-" if inner[:1] in (["-"], ["−"]) else ""
        rest = "".join(inner[1:] if sign else inner).removeprefix("\\")
        if f"\\{rest}" in _TRANSPOSES or (
            rest in _TRANSPOSES and rest not in self.names
        ):
            return f"{sign}⊤", after
        if not rest.replace(".", "", 1).isalnum():
            self.fail("a power is a number, a name or a T here", at)
        return sign + rest, after

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.sizing.names)

    def function(self, at: int) -> tuple[str, int] | None:
        r"""A function that is called at a token, and what follows its bracket."""
        token = self.tokens[at]
        called, after = token.removeprefix("\\"), at + 1
        if token in (r"\operatorname", r"\mathrm", r"\text", r"\mathop"):
            inner, after = self.braced(at + 1)
            called = "".join(inner)
        elif token[:1] != "\\":
            return None
        if called in self.names:
            return None
        called = r"\sigma" if called == "sigma" else called
        if CALLED.get(called, called) not in _ONE or token in _SUMS:
            if token == r"\operatorname":
                hint = suggest(called, _ONE)
                self.fail(f"unknown function {shorten(called)!r}", at, hint)
            return None
        if self.tokens[after] != "(":
            self.fail(
                f"brackets are expected behind {called!r}", at, f"write {called}(…)"
            )
        return called, after + 1
