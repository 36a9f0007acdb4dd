r"""Derivatives as people write them.

    \frac{\partial v_3}{\partial v_1}   ∂v3/∂v1   dv3/dv1      a name, `d_v3_d_v1`
    \frac{d^2 f}{dx^2}   \frac{\partial^2 f}{\partial x \partial y}
    \frac{d}{dx}(x^2)   \frac{d (x^2)}{dx}   \partial_x f      `Differentiated`

Between a quotient of differentials and one of names with a d the text decides: dv3 is a
name where it is known as one.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from cgprimer.notation.latex import GREEK
from cgprimer.reading.formula import Stretch
from cgprimer.reading.names import plain_name
from cgprimer.reading.spelling import Spelling
from cgprimer.reading.spellings import RAISED

DELTA = (r"\delta", "δ")


class Quotient(NamedTuple):
    """A derivative: of the tokens `of`, and of what follows where there are none.

    by : a name for each time. to : the token after the quotient.
    """

    kind: str
    of: tuple[int, int]
    by: tuple[Stretch, ...]
    to: int


class Head(NamedTuple):
    """A d or ∂, how often it differentiates, and the token after it."""

    kind: str
    order: int
    to: int


class Differentials(Spelling):
    """Quotients of differentials among the tokens."""

    def derivative(self, at: int) -> Quotient | None:
        """The derivative that begins at token `at`; None where there is none."""
        found = self._fraction(at) or self._slash(at) or self._subscript(at)
        if not found and self._is_lone_differential(at):
            self.fail(
                "a derivative is one name by one name",
                at,
                r"write \frac{\partial v_3}{\partial v_1} or dv3/dv1; name an "
                "expression on a line of its own first",
            )
        return found

    def _fraction(self, at: int) -> Quotient | None:
        above = (
            self.closing.get(at + 1, 0) if self.meaning(at).kind == "fraction" else 0
        )
        below = self.closing.get(above + 1, 0) if above else 0
        if not below or self.tokens[at + 1] != "{" or self.tokens[above + 1] != "{":
            return None
        return self._quotient(at, at + 2, above, above + 2, below, below + 1)

    def _slash(self, at: int) -> Quotient | None:
        r"""`dv3/dv1`, `∂(w x)/∂w`, `d/dx`: before the slash is one value."""
        head = self._head(at)
        if not head:
            return None
        to = head.to
        if self.tokens[to] != "/":
            named = self.name(to)
            to = named[1] if named else to
            # d f(x)/dx, d(x^2)/dx
            to = (
                self.closing[to] + 1
                if self.tokens[to] == "(" and to in self.closing
                else to
            )
        if self.meaning(to).text != "/" or not self._head(to + 1, below=True):
            return None
        end = to + 1
        while (below := self._head(end, below=True)) and (named := self.name(below[2])):
            end = (self._order(named[1]) or (0, named[1]))[1]
            # ∂x∂y stands below as a whole, and dx dy does not.
            if self.meaning(end).kind != "differential":
                break
        return self._quotient(at, at, to, to + 1, end, end)

    def _quotient(
        self, at: int, over: int, over_end: int, under: int, under_end: int, to: int
    ) -> Quotient | None:
        above, below = self._head(over), self._head(under, below=True)
        if not above or not below:
            return None
        kind, order, start = above
        # δ is ∂ only where it stands in both places, and a name everywhere else.
        if (self.tokens[over] in DELTA) != (self.tokens[under] in DELTA):
            return None
        by: list[Stretch] = []
        while under < under_end:
            head = self._head(under, below=True)
            named = self.name(head[2]) if head and head[1] == 1 else None
            if not head or not named or named[1] > under_end:
                return None
            power, under = self._order(named[1]) or (0, under_end + 1)
            span = self.spans[head[2]][0], self.spans[named[1] - 1][1]
            by += [Stretch(named[0], *span, is_name=True)] * power
        if len(by) != order:
            self.fail("above and below are derivatives of different order", at)
        return Quotient(kind, (start, over_end), tuple(by), to)

    def _subscript(self, at: int) -> Quotient | None:
        r"""`\partial_x f` and `\nabla_w L`."""
        operator = self.meaning(at).kind == "differential" or self.tokens[at] in (
            r"\nabla", "∇",
        )  # fmt: skip
        if not operator or self.tokens[at + 1] != "_":
            return None
        braced = self.tokens[at + 2] == "{"
        named = self.name(at + 2 + braced)
        if not named or (braced and self.tokens[named[1]] != "}"):
            return None
        power, to = self._order(named[1] + braced) or (1, named[1] + braced)
        span = self.spans[at + 2 + braced][0], self.spans[named[1] - 1][1]
        by = (Stretch(named[0], *span, is_name=True),) * power
        return Quotient("partial", (to, to), by, to)

    def _may_vary(self, at: int) -> bool:
        """Whether the rest of a word that begins with d is a name; not that of data."""
        rest = self.tokens[at]
        named = self.name(at)
        return bool(
            re.fullmatch(r"[A-Za-z]\d*(_\w+)?", rest)
            or rest in GREEK
            or (named and named[0] in self.known)
        )

    def _head(self, at: int, below: bool = False) -> Head | None:
        """What stands in front of a name: `∂`, `d^2`, or the d of `dv3`."""
        token, meant = self.tokens[at], self.meaning(at)
        if meant.kind == "differential" or (token in DELTA and self._stands_for_d(at)):
            return self._with_order("partial", at + 1)
        word = self.word(at) if meant.kind == "word" else None
        if word and word[0] == "d":
            return self._with_order("d", word[1])
        if at in self.glued:
            return Head("d", 1, at + 1) if below or self._may_vary(at + 1) else None
        # Who has defined d means it, and d_1 is a name.
        if token == "d" and "d" not in self.known and self.tokens[at + 1] != "_":
            return self._with_order("d", at + 1)
        return None

    def _stands_for_d(self, at: int) -> bool:
        """Whether a δ stands in front of a name and is none itself."""
        follows = self.tokens[at + 1]
        return "delta" not in self.known and bool(
            follows in ("^", "}") or self.name(at + 1)
        )

    def _order(self, at: int) -> tuple[int, int] | None:
        """The 2 of ∂^2 and the token after it; 1 where there is no power."""
        text, to = "1", at
        if set(self.tokens[at]) <= set(RAISED) and self.tokens[at]:
            text, to = "".join(RAISED[c] for c in self.tokens[at]), at + 1
        elif self.meaning(at).kind == "power":
            braced = self.tokens[at + 1] == "{"
            text, to = self.tokens[at + 1 + braced], at + 2 + 2 * braced
        is_order = re.fullmatch("[1-9]", text, re.ASCII)
        return (int(text), to) if is_order else None

    def _with_order(self, kind: str, at: int) -> Head | None:
        order = self._order(at)
        return Head(kind, *order) if order else None

    def _is_lone_differential(self, at: int) -> bool:
        """∂f without a ∂ below, which has no meaning by itself; d is a name then."""
        if self.meaning(at).kind == "fraction" and self.tokens[at + 1] == "{":
            at += 2
        word = self.word(at) if self.meaning(at).kind == "word" else None
        if self.meaning(at).kind == "differential" or (word and word[0] == "d"):
            return True
        rest = self.tokens[at + 1] if at in self.glued else ""
        return bool(rest) and (
            plain_name(rest) in self.known
            or (self.context.latex and self._may_vary(at + 1))
        )
