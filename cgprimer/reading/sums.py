r"""Notations that are written out in our language: sums, other roots and logarithms.

\sum_{i=1}^{3} w_i x_i      w1*x1 + w2*x2 + w3*x3
\log_2 x   \sqrt[3]{x}      log(x)/log(2), x^(1/3)
"""

from __future__ import annotations

import re

from cgprimer.reading.compose import Composer
from cgprimer.reading.formula import Formula

LARGEST = 200  # terms of a sum that is written out
LONGEST = 5_000  # and pieces of all its terms


class Sums(Composer):
    """What has no operation of its own, in terms of those that there are."""

    def many(self, at: int, sign: str) -> int:
        r"""`\sum_{i=1}^{3}` and `\prod`, written out."""
        what = "sum" if sign == "+" else "product"
        index, first, last, to = self._limits(at, what)
        if last - first >= LARGEST:
            self.fail(f"a {what} of {LARGEST:,} terms or more is not written out", at)
        end = to
        while self.tokens[end] and self.meaning(end).kind not in ("close", "relation"):
            kind, text = self.meaning(end).kind, self.meaning(end).text
            if kind == "comma" or (kind == "sign" and text in "+-" and end > to):
                break
            if kind == "sign" and sign == "*" and end > to:
                self.ambiguous(end, "a part of the product or outside")
            end = self.closing.get(end, end) + 1
        if end == to:
            self.fail(f"the terms of this {what} are missing", at)
        terms: list[Formula] = []
        size = 0
        for i in range(first, last + 1):
            terms.append(self.part(to, end, **{index: i}))
            size += len(terms[-1].pieces)
            if size > LONGEST:
                self.fail(f"this {what} is too long, written out", at)
        self.begin(at)
        here = at, len(self.pieces)
        self.emit("(", at)
        for i, term in enumerate(terms):
            self.emit(f"{')' + sign if i else ''}(", at)
            self.pieces += term.pieces
            self.specials += term.specials
        self.emit("))" if terms else f"{'0' if sign == '+' else '1'})", at)
        self.last = here
        self.complete(at)
        return end

    def _limits(self, at: int, what: str) -> tuple[str, int, int, int]:
        """(index, first, last, token after) of the limits of a sum."""
        spans: dict[str, tuple[int, int]] = {}
        to = at + 1
        while self.tokens[to] in ("_", "^") and self.tokens[to + 1]:
            braced = to + 1 in self.closing
            end = self.closing[to + 1] if braced else to + 2
            spans[self.tokens[to]] = (to + 1 + braced, end)
            to = end + braced
        (a, b), (c, d) = spans.get("_", (0, 0)), spans.get("^", (0, 0))
        if b - a >= 3 and self.tokens[a + 1] == "=":
            first, last = self._whole(a + 2, b), self._whole(c, d)
            if first is not None and last is not None and self.tokens[a].isalpha():
                return self.tokens[a], first, last, to
        sign = self.tokens[at].removeprefix("\\")
        hint = (
            f"write the limits as in \\{sign if sign.isalpha() else what}_{{i=1}}^{{3}}"
        )
        self.fail(f"a {what} is read between two whole numbers", at, hint)

    def _whole(self, start: int, end: int) -> int | None:
        text = "".join(self.tokens[start:end])
        index = {**self.context.numbers, **self.context.index}
        if re.fullmatch(r"-?\d{1,6}", text, re.ASCII):
            return int(text)
        return index.get(text)

    def logarithm(self, at: int, to: int) -> int:
        r"""`\log_2 x`."""
        braced = self.tokens[to + 1] == "{"
        base = self.tokens[to + 1 + braced]
        after = to + 2 + 2 * braced
        if not base.isdigit() or (braced and self.tokens[after - 1] != "}"):
            self.fail("the base of a logarithm is a number", to, r"write \ln(x)/\ln(b)")
        bare = self.tokens[after] not in ("(", "[", r"\{")
        return self.command(at, "(log(", (f")/log({base}))",), after, bare=bare)

    def root(self, at: int) -> int:
        """A square root, or another one as a power."""
        to = at + 1
        if self.tokens[to] != "[":
            bare = self.tokens[at] == "√" and self.tokens[to] != "("
            return self.command(at, "sqrt(", (")",), to, bare)
        close = self.closing.get(to, to)
        degree = "".join(self.tokens[to + 1 : close])
        if not re.fullmatch(r"[1-9]\d?", degree, re.ASCII):
            self.fail(r"only square roots are read", at, "write a power, x^{1/3}")
        return self.command(at, "((", (f")^(1/{degree}))",), close + 1)
