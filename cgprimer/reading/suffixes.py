r"""What stands behind a name: parentheses, primes and dots.

    f(x + 1)   f'(3)   \sigma'(z)   f^{(2)}(x)      `Applied`, where f is a function
    w(x + 1)   s(1 - s)                             products, where it cannot be one
    w'   \dot x                                     names, or derivatives

Where it may be a call or a product, what the name is decides, or else it is asked.
"""

from __future__ import annotations

from cgprimer.expr.ops import CONSTANTS
from cgprimer.reading.formula import Formula, Stretch
from cgprimer.reading.specials import Applied, Differentiated
from cgprimer.reading.spellings import LETTERS
from cgprimer.reading.sums import Sums

LIKE_FUNCTIONS = frozenset(["f", "g", "h", "F", "G", "H", "phi", "psi", "varphi"])
"""Names that stand for a function where no line says what they are."""
FACTORS = frozenset([
    *"abckmnwrABCK", "alpha", "beta", "gamma", "eta", "kappa", "lambda", "mu", "nu",
    "rho", "tau", "omega", "theta",
])  # fmt: skip
"""Names that stand for a number where a sum in parentheses follows."""
FAR = 1_000  # tokens
MANY = 9  # times that a function is derived


class Suffixes(Sums):
    """Functions that lines define, at their arguments or not."""

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
        self._refuse_power(at, text, to)
        if self.tokens[to] not in ("(", "[") or to not in self.closing:
            return self.atom(at, text, to)
        if self.context.told or (self.pieces[-1:] and self.pieces[-1].text == "^"):
            return self.call_or_product(at, text, to)
        return self.atom(at, text, to)

    def _refuse_power(self, at: int, text: str, to: int) -> None:
        """f^2(x) of a function f: the square of its value, or f(f(x))."""
        if text not in self.context.functions or self.tokens[to] not in ("^", "**"):
            return
        power = to + 1 + (self.tokens[to + 1] in ("-", "+"))
        if self.tokens[self.closing.get(power, power) + 1] == "(":
            self.ambiguous(
                at, "a power of its value, or the function applied so often",
                f"write ({text}(…))^2 for the power",
            )  # fmt: skip

    def call_or_product(self, at: int, text: str, to: int) -> int:
        """`f(x + 1)` by what f is; where that does not decide, it is refused."""
        parts = self.arguments(to)
        close = self.closing[to] + 1
        if text in self.context.functions and not self._is_exponent():
            if self._are_own(text, to):
                return self.value_of(at, text, close)
            return self.apply(at, text, parts, close)
        if self._is_product(text, parts) or self._is_exponent():
            self._refuse_number(at, to)
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
        by = "t" if text == "x" else "x"
        self.fail(
            f"no line says what {text!r} is, which stands before parentheses",
            at, rf"define it, {text}({by}) = …; a product is written {text} \cdot (…)",
        )  # fmt: skip

    def _refuse_number(self, at: int, to: int) -> None:
        """`= 2x  (3)` at the end of a line, where (3) is its number or a factor."""
        close = self.closing[to]
        apart = self.spans[to][0] > self.spans[to - 1][1]
        is_number = close == to + 2 and self.tokens[to + 1].isdigit()
        if apart and is_number and not self.tokens[close + 1]:
            self.ambiguous(to, "a factor, or the number of the equation")

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
        # Nobody writes w(x) for w·x.
        alone = self.name(start)
        if alone and alone[1] == end and text not in ("e", *CONSTANTS):
            return False
        if text in self.known or text in ("e", *CONSTANTS) or text.startswith("bar_"):
            return True
        called = text in self.context.letters.called
        if self.latex and not called and text in FACTORS and self._is_sum(start, end):
            self.context.note(f"{text}(…) is read as a product")
            return True
        # A word of several letters is a function, softmax, that nobody has defined.
        is_word = len(text) > 1 and text.isalpha() and text not in LETTERS
        return self.latex and not is_word and text in self.context.letters.standing

    def _is_sum(self, start: int, end: int) -> bool:
        """Whether what stands in parentheses is more than one argument's name."""
        some = range(start + 1, min(end, start + FAR))
        return any(self.meaning(at).kind == "sign" for at in some)

    def _is_own(self, text: str, to: int) -> bool:
        """Whether `f(x)` of a line `f = …` says by which name it varies, no more."""
        return {*self.lone_names(to)} == {*self.context.bodies.get(text, ())}

    def _are_own(self, text: str, to: int) -> bool:
        """Whether the arguments of a function are the names it was defined with."""
        return self.lone_names(to) == [*self.context.functions.get(text, ())]

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
        own = self._are_own(text, to)
        arguments = () if own else tuple(self.part(*part) for part in parts)
        return self.special(at, Applied(place, arguments, count), close)

    def derived(self, text: str, at: int) -> tuple[int, int]:
        """How often a name is derived: by its primes, or f^{(2)} of a function f."""
        index = self.tokens[at : at + 3] == ["^", "{", "("]
        is_order = index and self.tokens[at + 4 : at + 6] == [")", "}"]
        if is_order and self.tokens[at + 3].isdigit():
            if text in self.context.functions:
                return min(int(self.tokens[at + 3][:2]), MANY), at + 6
            self.ambiguous(at, "a derivative, or part of a name")
        return self.primes(at)

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

    def _refuse_subscript(self, at: int, text: str) -> None:
        """f_x of a function f of x, which to some is its derivative."""
        function, _, by = text.rpartition("_")
        if by in self.context.functions.get(function, ()) and text not in self.known:
            hint = rf"write \partial_{by} {function} for the derivative"
            self.ambiguous(at, "a derivative, or a name of its own", hint)
