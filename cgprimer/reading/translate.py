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

import re
import unicodedata

from cgprimer.errors import suggest
from cgprimer.reading.forms import Forms
from cgprimer.reading.formula import Formula
from cgprimer.reading.lexicon import Lexicon
from cgprimer.reading.spellings import COMMANDS, RAISED, Meaning

_DASHES = re.compile(r"--\s+[A-Za-z]")


def translate(line: str, start: int, end: int, context: Lexicon) -> Formula:
    """`line[start:end]` in our language, by what is known of its text."""
    return _Translator(line, start, end, context).formula()


class _Translator(Forms):
    """One pass over the tokens: what each of them means where it stands."""

    def run(self) -> None:
        at = 0
        # The last token is empty and ends the loop.
        while self.tokens[at]:
            at = self.step(at)
        for frame in self.stack[-1:]:
            what = "lacks a value" if self.is_waiting() else "is never closed"
            self.fail(f"{self.tokens[frame.token]!r} {what}", frame.token)

    def step(self, at: int) -> int:
        """Translate what begins at token `at`; return the token after it."""
        meaning = self.meaning(at)
        # The bar of |_{x=3}, which may close |x| as well.
        if (
            self.ended
            and not self.is_waiting()
            and self.is_bar(at)
            and (meaning.kind == "bars" or not self.closes(at))
        ):
            return self.value_of_last(self.close(at) - 1 if self.closes_bars() else at)
        match meaning.kind:
            case "sign":
                return self.sign(at, meaning.text)
            case "power":
                return self.power(at)
            case "raised":
                return self.raise_to(at)
            case "prime":
                return self.prime_last(at)
            case "comma":
                return self.comma(at)
            case "close":
                return self.close(at)
            case "bars" if self.closes_bars():
                return self.close(at)
            case "open" | "bars":
                # 2|x| can be nothing but a product.
                self.factor = self.factor or meaning.kind == "bars"
                return self.open_group(at, meaning.text, meaning.closing)
        return self.value(at, meaning)

    # What stands between values

    def sign(self, at: int, sign: str) -> int:
        # \frac+ has a sign where its first argument belongs.
        if self.is_waiting() and not self.ended:
            self.fail("an argument in braces or parentheses is expected", at)
        self._refuse_sign(at)
        self.raised = bool(self.pieces) and self.pieces[-1].text == "^"
        self.emit(sign, at)
        # A sign in front of a value, as in 1/-2, leaves what is below the slash below
        # it.
        if self.ended:
            self.slashes[-1] = sign == "/"
        self.ended = self.bare = False
        return at + 1

    def _refuse_sign(self, at: int) -> None:
        r"""`-- words`, a comment elsewhere, and \vec a \times \vec b, which is none."""
        if _DASHES.match(self.line, self.spans[at][0]):
            self.ambiguous(
                at, "two minus signs or a comment", "a comment goes behind a #"
            )
        before, after = self.pieces[-1:], self.meaning(at + 1)
        if before and before[0].text.startswith("vec_") and after.text == "vec":
            self.fail(
                "this is not read: a product of vectors", at,
                "write a line for each component",
            )  # fmt: skip

    def comma(self, at: int) -> int:
        self.emit(",", at)
        self.slashes[-1] = self.ended = self.bare = self.raised = False
        return at + 1

    def power(self, at: int) -> int:
        # \sin x^2 is sin(x)^2 to some and sin(x^2) to others.
        if self.bare:
            self.ambiguous(at, "a power of the function or of its argument")
        if self.primes(at)[0]:
            return self.prime_last(at)
        self._refuse_stars(at)
        self.emit("^", at)
        self.ended = False
        return at + 1

    def _refuse_stars(self, at: int) -> None:
        """x^T and x^*, which are no powers."""
        braced = self.tokens[at + 1] == "{"
        raised = self.tokens[at + 1 + braced]
        if raised in ("*", r"\ast", r"\star", "T", r"\mathsf", "+") and (
            not braced or self.tokens[at + 3] == "}" or raised == r"\mathsf"
        ):
            if raised == "T" and ("T" in self.known or self.context.letters.has_t):
                return
            if raised in ("*", r"\ast", r"\star"):
                self.fail("this is not read: a star", at, "write a name, such as x_2")
            hint = "write a line for each component"
            self.fail("this is not read: a transpose", at, hint)

    def raise_to(self, at: int) -> int:
        """x² as a power."""
        if self.bare:
            self.ambiguous(at, "a power of the function or of its argument")
        text = "".join(RAISED[char] for char in self.tokens[at])
        self.emit("^", at)
        inner = text if text.isalnum() else f"({text})"
        last = self.last
        self.ended = False
        self.atom(at, inner, at + 1, is_name=text == "n")
        self.last = last
        return at + 1

    # Values

    def value(self, at: int, meaning: Meaning) -> int:
        # First of all, for a \frac of two differentials is one name and no quotient.
        derivative = self.derivative(at)
        if derivative:
            return self.differentiate(at, derivative)
        match meaning.kind:
            case "fraction":
                return self.command(at, "((", (")/(", "))"), at + 1)
            case "root":
                return self.root(at)
            case "left":
                return self.value_at(at)
            case "many":
                return self.many(at, meaning.text)
            case "call":
                return self.call(at, at + 1, meaning.text, meaning.closing)
        if re.match(r"\.?[0-9]", self.tokens[at]):
            return self.number(at)
        function = self.function(at)
        if function:
            return self.call_of(at, *function)
        named = self.name(at)
        if named:
            return self.named(at, *named)
        return self.unknown(at, meaning)

    def number(self, at: int) -> int:
        token, to = self._with_power_of_ten(at)
        self.begin(at)
        # \frac 12 3 is read by LaTeX as a half and then 3: it takes one digit.
        if self.is_waiting() and not self.ended and len(token) > 1 and token.isdigit():
            self.fail("one digit or braces are expected", at, f"write {{{token}}}")
        self.last = at, len(self.pieces)
        self.emit(token, at)
        self.complete(to - 1)
        return to

    def _with_power_of_ten(self, at: int) -> tuple[str, int]:
        r"""2.5 \cdot 10^{-3} is one number, where nothing but a sign is before it."""
        token, to = self.tokens[at], at + 1
        before = self.pieces[-1].text if self.pieces else "("
        if self.ended or before[-1] not in "(+-," or self.is_waiting():
            return token, to
        times = self.tokens[to] in (r"\cdot", r"\times", "·", "×", "⋅")
        if not times or self.tokens[to + 1 : to + 3] != ["10", "^"] or "e" in token:
            return token, to
        braced = self.tokens[to + 3] == "{"
        signed = self.tokens[to + 3] in ("-", "−")
        end = self.closing.get(to + 3, to + 3) if braced else to + 4 + signed
        power = "".join(self.tokens[to + 3 + braced : end]).replace("−", "-")
        if (
            not re.fullmatch(r"-?\d{1,3}", power, re.ASCII)
            or self.tokens[end + 1] == "^"
        ):
            return token, to
        return f"{token}e{power}", end + braced

    def call_of(self, at: int, name: str, after: int) -> int:
        """A function of the language, with its prime or base."""
        primes, to = self.primes(after)
        if primes:
            return self.builtin(at, name, primes, to)
        if name == "log" and self.tokens[after] == "_":
            return self.logarithm(at, after)
        return self.call(at, after, f"{name}(", ")")

    def call(self, at: int, after: int, text: str, end: str) -> int:
        """A function: with its argument in parentheses, or one value beside it."""
        power, after = self.function_power(after)
        if self.tokens[after] in ("(", "[", r"\{", r"\lvert", "|"):
            # |x| is an argument that keeps its bars, and so needs parentheses around
            # them; so does what is spelled with more than a name.
            enclosed = self.tokens[after] in ("(", "[", r"\{") and end == ")"
            text, end = (text[:-1], "") if enclosed else (text, end)
            return self.command(at, text, (end + power,), after)
        # `sin x` in plain text: a name here, at which the language asks for
        # parentheses.
        if self.tokens[at][0] != "\\":
            return self.atom(at, text[:-1], after)
        return self.command(at, text, (end + power,), after, bare=True)

    def function_power(self, at: int) -> tuple[str, int]:
        r"""The 2 of `\sin^2 x`, to be put behind the call."""
        if self.meaning(at).kind == "raised":
            return f"^{''.join(RAISED[char] for char in self.tokens[at])}", at + 1
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

    def unknown(self, at: int, meaning: Meaning) -> int:
        token = self.tokens[at]
        if meaning.kind == "relation":
            self.fail(f"{token!r} cannot be checked", at, "write '='")
        if meaning.kind == "foreign":
            self.fail(f"this is not read: {meaning.text}", at, meaning.closing)
        if token == "_":
            self.fail("a subscript stands behind a name", at)
        if token.startswith("\\"):
            self.fail(f"unknown command {token!r}", at, suggest(token, COMMANDS))
        half = unicodedata.normalize("NFKC", token).split("\N{FRACTION SLASH}")
        if len(half) == 2:
            return self.atom(at, f"({half[0]}/{half[1]})", at + 1, is_name=False)
        self.emit(token, at)  # the language knows best what is wrong with it
        self.ended = False
        return at + 1
