r"""Notations that are more than a sign: sums, values at a point, calls and primes.

    \sum_{i=1}^{3} w_i x_i      written out: w1*x1 + w2*x2 + w3*x3
    \left. f \right|_{x=3}      f'(x)   f(x + 1)   \frac{d}{dx}(x^2)      `specials`
    \log_2 x   \sqrt[3]{x}      log(x)/log(2), x^(1/3)

Where `f(x + 1)` may be a call or a product, what f is decides, or else it is asked.
"""

from __future__ import annotations

import re

from cgprimer.derivation.compose import Composer
from cgprimer.derivation.differentials import Quotient
from cgprimer.derivation.formula import Formula, Stretch
from cgprimer.derivation.specials import Applied, Differentiated, Evaluated
from cgprimer.derivation.spellings import LETTERS
from cgprimer.errors import shorten
from cgprimer.expr.ops import CONSTANTS

LIKE_FUNCTIONS = frozenset(["f", "g", "h", "F", "G", "H", "phi", "psi", "varphi"])
"""Names that stand for a function where no line says what they are."""
MANY = 9  # times that a function is derived
LARGEST = 200  # terms of a sum that is written out
LONGEST = 5_000  # and pieces of all its terms
_DERIVATIVE = re.compile(r"(d|partial)_.+_\1_")
FAR = 1_000  # tokens
_SIGNS = ("sign", "relation", "comma")


class Forms(Composer):
    """Notations whose parts are formulas of their own."""

    # Derivatives

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

    def primed(self, at: int, text: str, count: int, to: int) -> int:
        """`f'`, `f''(x)`; the prime of what is no function is part of its name."""
        is_function = text in self.context.functions or text in self.context.bodies
        called = self.tokens[to] == "(" and to in self.closing
        broken = text in self.context.broken or text in LIKE_FUNCTIONS
        if not is_function and not called and not broken and count == 1:
            self.context.note(f"{text}' is read as a name, {text}_prime")
            return self.atom(at, f"{text}_prime", to)
        if not is_function:
            broken = text in self.context.broken
            what = (
                "has no definition that is read" if broken else "is not defined above"
            )
            self.fail(f"{text!r} {what}", at, f"write a line {text} = …")
        place = Stretch(text, self.spans[at][0], self.spans[to - 1][1], is_name=True)
        if not called:
            return self.special(at, Applied(place, (), count), to)
        return self._primed_at(at, place, count, to)

    def _primed_at(self, at: int, place: Stretch, count: int, to: int) -> int:
        """`f'(x)` and `f'(3)`."""
        text, parts, close = place.text, self.arguments(to), self.closing[to] + 1
        free = self.context.bodies.get(text, ())
        [(start, end)] = parts if len(parts) == 1 else [(to, to)]
        alone = self.name(start)
        # y'(x) of a line y = a·x^2 says by which name it is.
        is_name = text not in self.context.functions and alone and alone[1] == end
        if is_name and alone and alone[0] in free:
            by = Stretch(alone[0], *self.spans[start], is_name=True)
            return self.derive_name(at, (text, count), close, by)
        own = self._are_own(text, parts)
        arguments = () if own else tuple(self.part(*part) for part in parts)
        return self.special(at, Applied(place, arguments, count), close)

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

    def _refuse_subscript(self, at: int, text: str) -> None:
        """f_x of a function f of x, which to some is its derivative."""
        function, _, by = text.rpartition("_")
        if by in self.context.functions.get(function, ()) and text not in self.known:
            hint = rf"write \partial_{by} {function} for the derivative"
            self.ambiguous(at, "a derivative, or a name of its own", hint)

    def _dotted(self, text: str) -> tuple[str, int] | None:
        r"""`\dot x` of an x that varies with t: (x, how many dots)."""
        for prefix, count in (("dot_", 1), ("ddot_", 2)):
            base = text.removeprefix(prefix)
            if base != text and "t" in self.context.bodies.get(base, ()):
                return base, count
        return None

    def derive_name(self, at: int, what: tuple[str, int], to: int, by: Stretch) -> int:
        """The derivative of a name, once or twice."""
        text, count = what
        if count == 1:
            return self.atom(at, f"d_{text}_d_{by.text}", to)
        place = Stretch(text, *self.spans[at], is_name=True)
        of = Formula(self.line, (place,))
        return self.special(at, Differentiated(of, "d", (by,) * count), to)

    def derived(self, text: str, at: int) -> tuple[int, int]:
        """How often a name is derived: by its primes, or f^{(2)} of a function f."""
        index = self.tokens[at : at + 3] == ["^", "{", "("]
        is_order = index and self.tokens[at + 4 : at + 6] == [")", "}"]
        if is_order and self.tokens[at + 3].isdigit():
            if text in self.context.functions:
                return min(int(self.tokens[at + 3][:2]), MANY), at + 6
            self.ambiguous(at, "a derivative, or part of a name")
        return self.primes(at)

    # Calls

    def named(self, at: int, text: str, to: int) -> int:
        """A name, and what stands behind it: primes, or parentheses."""
        if text in self.context.index:
            return self.atom(at, str(self.context.index[text]), to, is_name=False)
        self._refuse_subscript(at, text)
        if dotted := self._dotted(text):
            place = Stretch("t", *self.spans[at], is_name=True)
            return self.derive_name(at, dotted, to, place)
        count, after = self.derived(text, to)
        if count:
            return self.primed(at, text, count, after)
        if self.tokens[to] not in ("(", "[") or to not in self.closing:
            return self.atom(at, text, to)
        if self.context.told or (self.pieces[-1:] and self.pieces[-1].text == "^"):
            return self.call_or_product(at, text, to)
        return self.atom(at, text, to)

    def call_or_product(self, at: int, text: str, to: int) -> int:
        """`f(x + 1)` by what f is; where that does not decide, it is refused."""
        parts = self.arguments(to)
        close = self.closing[to] + 1
        if text in self.context.functions and not self._is_exponent():
            if self._are_own(text, parts):
                return self.value_of(at, text, close)
            return self.apply(at, text, parts, close)
        if self._is_product(text, parts) or self._is_exponent():
            self.atom(at, text, to)
            self.factor = True
            return to
        if self._is_own(text, to):
            return self.value_of(at, text, close)
        if text in self.context.bodies:
            self.ambiguous(
                at, "its value at what is in parentheses or a product",
                rf"define it as {text}(x) = … or write {text} \cdot (…)",
            )  # fmt: skip
        # In plain text the language refuses it, with a hint of its own.
        if not self.latex:
            return self.atom(at, text, to)
        self.fail(
            f"no line says what {text!r} is, which stands before parentheses",
            at, rf"define it, {text}(x) = …; a product is written {text} \cdot (…)",
        )  # fmt: skip

    def value_of(self, at: int, text: str, to: int) -> int:
        """A function at its own arguments, which is its name."""
        self.atom(at, text, to)
        self.factor = True
        return to

    def _is_exponent(self) -> bool:
        return bool(self.pieces) and self.pieces[-1].text == "^"

    def _is_product(self, text: str, parts: list[tuple[int, int]]) -> bool:
        """Whether a name before parentheses can be no function."""
        if len(parts) > 1:
            return False
        [(start, end)] = parts
        # s(1 - s) is a product whatever s is.
        # Of something very long only the beginning is looked at.
        some = range(start, min(end, start + FAR))
        inside = (self.name(i) for i in some if self.tokens[i][0] not in "}_")
        if any(found and found[0] == text for found in inside):
            return True
        if text in self.context.bodies or text in LIKE_FUNCTIONS:
            return False
        if text in self.known or text in ("e", *CONSTANTS) or text.startswith("bar_"):
            return True
        # A word of several letters is a function, softmax, that nobody has defined.
        is_word = len(text) > 1 and text.isalpha() and text not in LETTERS
        return self.latex and not is_word and text in self.context.letters.standing

    def _is_own(self, text: str, to: int) -> bool:
        """Whether `f(x)` of a line `f = …` says by which name it varies, no more."""
        free = self.context.bodies.get(text, ())
        parts = self.arguments(to)
        names = [self.name(start) for start, end in parts if end > start]
        alone = all(
            n and n[1] == end for n, (_, end) in zip(names, parts, strict=False)
        )
        return (
            alone
            and len(names) == len(parts)
            and ({n[0] for n in names if n} == {*free})
        )

    def _are_own(self, text: str, parts: list[tuple[int, int]]) -> bool:
        """Whether the arguments of a function are the names it was defined with."""
        wanted = self.context.functions.get(text)
        names = [self.name(start) for start, _ in parts]
        ends = [end for _, end in parts]
        return [n[0] if n else "" for n in names] == [*(wanted or ("",))] and (
            [n[1] if n else 0 for n in names] == ends
        )

    def apply(self, at: int, text: str, parts: list[tuple[int, int]], to: int) -> int:
        """A function that a line defines, at other arguments than its own."""
        wanted = self.context.functions[text]
        if len(parts) != len(wanted):
            given = f"{len(parts)} {'is' if len(parts) == 1 else 'are'} given"
            count = f"{len(wanted)} argument{'s' * (len(wanted) > 1)}"
            self.fail(f"{text!r} takes {count}, but {given}", at)
        place = Stretch(text, *self.spans[at], is_name=True)
        formulas = tuple(self.part(*part) for part in parts)
        return self.special(at, Applied(place, formulas), to)

    def arguments(self, at: int) -> list[tuple[int, int]]:
        """The tokens of each argument between the parentheses at `at`."""
        close = self.closing[at]
        cuts, i = [at], at + 1
        while i < close:
            if self.tokens[i] == ",":
                cuts.append(i)
            i = self.closing.get(i, i) + 1
        return [(a + 1, b) for a, b in zip(cuts, [*cuts[1:], close], strict=True)]

    def builtin(self, at: int, name: str, count: int, to: int) -> int:
        r"""`\sigma'(z)`: the derivative of a function of the language."""
        if self.tokens[to] != "(" or to not in self.closing:
            self.fail("a function with a prime needs parentheses", at)
        parts = self.arguments(to)
        if len(parts) > 1:
            self.fail("a prime is read of functions of one argument", at)
        place = Stretch(name, *self.spans[at])
        what = Applied(place, (self.part(*parts[0]),), count, builtin=True)
        return self.special(at, what, self.closing[to] + 1)

    # Values at a point

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

    # Sums, products, logarithms, roots

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


def _has_product(formula: Formula) -> bool:
    """Whether factors stand side by side, in no bracket."""
    depth = 0
    for piece in formula.pieces:
        depth += piece.text.count("(") - piece.text.count(")")
        if depth == 0 and piece.text == "*":
            return True
    return False
