r"""Notations whose parts are formulas of their own: derivatives, values at a point.

    \frac{d}{dx}(x^2)   \frac{d(x^2)}{dx}   (x^2)'      `Differentiated`
    \left. f \right|_{x=3}   f|_{x=3}                   `Evaluated`

How far such a notation goes is asked where it is not clear.
"""

from __future__ import annotations

import re

from cgprimer.errors import shorten
from cgprimer.reading.differentials import Quotient
from cgprimer.reading.formula import Formula, Stretch
from cgprimer.reading.specials import Differentiated, Evaluated
from cgprimer.reading.suffixes import Suffixes

_DERIVATIVE = re.compile(r"(d|partial)_.+_\1_")
_SIGNS = ("sign", "relation", "comma")


class Forms(Suffixes):
    """Derivatives of formulas, and their values."""

    def differentiate(self, at: int, found: Quotient) -> int:
        """The derivative of a name as one name, of anything else as a special."""
        start, end = found.of
        to = found.to
        if start == end:
            start, end, to = self.operand(at, to)
        of = self.part(start, end)
        [wrt] = found.by if len(found.by) == 1 else [None]
        # The derivative of a derivative is worked out, and has no name.
        nested = _DERIVATIVE.match(of.text)
        if wrt and len(of.pieces) == 1 and of.names and not nested:
            text = f"{found.kind}_{of.text}_{found.kind}_{wrt.text}"
            self.atom(at, text, to)
            self.factor = self._is_factor(to)
            return to
        bare = found.of[0] == found.of[1] and start not in self.closing
        if bare and _has_product(of):
            written = self.line[self.spans[start][0] : self.spans[end - 1][1]]
            self.context.note(f"what is differentiated is {shorten(written, 30)}")
        return self.special(at, Differentiated(of, found.kind, found.by), to)

    def operand(self, at: int, to: int) -> tuple[int, int, int]:
        r"""What `\frac{d}{dx}` stands before: (first token, end, the token after)."""
        if self.tokens[to] in ("(", "[", "{", r"\{") and to in self.closing:
            end = self.closing[to] + 1
            if self.meaning(end).kind == "power":
                end = self.closing.get(end + 1, end + 1) + 1
            return to, end, end
        end = to
        while self.tokens[end] and self.meaning(end).kind not in ("close", *_SIGNS[1:]):
            if self.meaning(end).kind == "sign":
                if self.meaning(end).text in "+-" and end > to:
                    break
                self.ambiguous(end, "a part of what is differentiated or outside")
            if end > to and self._fraction(end):
                self.ambiguous(end, "a part of what is differentiated or outside")
            end = self.closing.get(end, end) + 1
        if end == to:
            self.fail("what is differentiated is missing", at)
        return to, end, end

    def _is_factor(self, at: int) -> bool:
        """Whether the parentheses behind a derivative hold more than a point."""
        if self.tokens[at] != "(":
            return False
        if self.closing.get(at) == at + 2:
            self.ambiguous(at, "a factor, or where the derivative is taken")
        return True

    def prime_last(self, at: int) -> int:
        """`(x^2)'`: the derivative of what has just ended."""
        count, to = self.primes(at)
        start, piece = self.last
        if self.tokens[start][0].isdigit() or not self.ended:
            self.fail("a prime stands behind a function", at)
        of = self.part(start, at)
        self._take_back(piece)
        by: tuple[Stretch, ...] = ()
        what = Differentiated(of, "d", by)
        for _ in range(count - 1):
            what = Differentiated(self._alone(what, start, at), "d", by)
        return self.special(start, what, to)

    def _alone(self, what: Differentiated, start: int, end: int) -> Formula:
        """A special as a formula of nothing else."""
        span = self.spans[start][0], self.spans[end][1]
        named = f"special_{next(self.context.count)}_of_a_derivation"
        place = Stretch(named, *span)
        return Formula(self.line, (place,), ((place, what),))

    def _take_back(self, piece: int) -> None:
        """Forget what was written from a piece on, for it is part of something else."""
        del self.pieces[piece:]
        self.ended = False

    def value_at(self, at: int) -> int:
        r"""`\left. f \right|_{x=3}`."""
        bar = at + 1
        while self.tokens[bar] and not self.is_bar(bar):
            bar = self.closing.get(bar, bar) + 1
        if not self.tokens[bar]:
            self.fail(r"\left. has no \right| with a subscript such as _{x=3}", at)
        what = Evaluated(self.part(at + 1, bar), self.values(bar + 2))
        return self.special(at, what, self.closing[bar + 2] + 1)

    def value_of_last(self, at: int) -> int:
        r"""`\frac{df}{dx}|_{x=3}`, where it is clear how far to the left it goes."""
        start, piece = self.group_start()
        depth = 0
        for text in (piece.text for piece in self.pieces[piece:]):
            depth += text.count("(") - text.count(")")
            if depth == 0 and text.strip() in {*"+-*/,"}:
                self.ambiguous(
                    at, "the value of all that stands before it or of the last factor",
                    r"write \left. … \right|_{…}",
                )  # fmt: skip
        what = Evaluated(self.part(start, at), self.values(at + 2))
        self._take_back(piece)
        return self.special(start, what, self.closing[at + 2] + 1)

    def is_bar(self, at: int) -> bool:
        """Whether a bar has a subscript that says where something is evaluated."""
        close = (
            self.closing.get(at + 2) if self.tokens[at + 1 : at + 2] == ["_"] else None
        )
        is_bar = self.meaning(at).kind == "bars" or self.tokens[at] == r"\rvert"
        return is_bar and close is not None and "=" in self.tokens[at + 2 : close]

    def values(self, at: int) -> tuple[tuple[Stretch, Formula], ...]:
        """The `x=3, y=2` in braces."""
        found = []
        if self.tokens[self.closing[at] + 1] == "^":
            self.fail("this is not read: a value between two limits", at)
        for start, end in self.arguments(at):
            named = self.name(start)
            if not named or self.tokens[named[1]] != "=":
                self.fail("a name and its value are expected, such as x=3", start)
            span = self.spans[start][0], self.spans[named[1] - 1][1]
            place = Stretch(named[0], *span, is_name=True)
            found.append((place, self.part(named[1] + 1, end)))
        return tuple(found)


def _has_product(formula: Formula) -> bool:
    """Whether factors stand side by side, in no bracket."""
    depth = 0
    for piece in formula.pieces:
        depth += piece.text.count("(") - piece.text.count(")")
        if depth == 0 and piece.text == "*":
            return True
    return False
