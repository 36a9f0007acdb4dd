r"""The names and functions that tokens spell.

v_1   v_{1}   v1   v₁   \theta_1   \mathit{xz}      names
\bar v_1   \bar{v}_1   \overline{v1}   v̄₁            adjoints, `bar_v1`
w^{(1)}_{2}   h_{t-1}   \hat y   \mathcal L          w_sup1_2, h_t_minus_1, hat_y, L
"""

from __future__ import annotations

import re
from itertools import pairwise

from cgprimer.expr.ops import FUNCTIONS
from cgprimer.reading.alphabet import in_letters, spelled
from cgprimer.reading.euler import E_AS_NAME
from cgprimer.reading.names import plain_name
from cgprimer.reading.spellings import CALLED, LETTERS
from cgprimer.reading.tokens import NAMES, Tokens

ACCENTS = 8  # over one another
LATER = {"+": "plus", "-": "minus", "−": "minus"}


class Spelling(Tokens):
    """What is at a token, as a name or a function.

    The methods return the text and the number of the token after it, or None.
    """

    def function(self, at: int) -> tuple[str, int] | None:
        token = self.tokens[at]
        # σ alone is a name, as of a standard deviation; before parentheses it is the
        # sigmoid, unless a line says what it is.
        if token in (r"\sigma", "σ"):
            ours = "sigma" not in self.known and self._is_called(at + 1)
            return ("sigmoid", at + 1) if ours else None
        if token.startswith("\\") and token[1:] in FUNCTIONS:
            return token[1:], at + 1
        # A plain `max` or `abs` without parentheses may be a name.
        called = CALLED.get(token, token)
        if called in FUNCTIONS and token not in self.known and self._is_called(at + 1):
            return called, at + 1
        word = self.word(at) if self.meaning(at).kind == "word" else None
        if word and (called := CALLED.get(word[0], word[0])) in FUNCTIONS:
            return called, word[1]
        return None

    def _is_called(self, at: int) -> bool:
        """Whether parentheses follow, perhaps behind a prime or a power."""
        while self.meaning(at).kind == "prime":
            at += 1
        if self.meaning(at).kind == "raised":
            at += 1
        elif self.tokens[at] == "^" and self.tokens[at + 1].isdigit():
            at += 2
        return self.tokens[at] == "("

    def name(self, at: int, within: int = 0) -> tuple[str, int] | None:
        """A name with its subscript and accents; an adjoint is `bar_` and the name.

        within : how many accents it stands under.
        """
        if within > ACCENTS:
            self.fail("accents over one another are too many here", at)
        accents = []
        # Δw is a name of its own, unless Δ is.
        while self.meaning(at).kind == "accent" or self._is_delta(at):
            accents.append(self.meaning(at).text or "Delta")
            at += 1
        if accents and self.tokens[at] == "{":
            inner = self.name(at + 1, within + 1)
            if not inner or self.tokens[inner[1]] != "}":
                self.fail("an accent stands over one name", at)
            stem, at = inner[0], inner[1] + 1
        else:
            letters = self.letters(at)
            if not letters:
                if accents:
                    self.fail("an accent stands over one name", at)
                return None
            stem, at = letters
        stem, at = self.with_indices(stem, at)
        # \bar\hat v is bar_hat_v: the outermost accent comes first.
        for accent in reversed(accents):
            stem = f"{accent}_{stem}"
        return plain_name(stem), at

    def lone_names(self, at: int) -> list[str]:
        """The arguments between the parentheses at `at`, "" for what is no name."""
        found = [(self.name(start), end) for start, end in self.arguments(at)]
        return [one[0] if one and one[1] == end else "" for one, end in found]

    def _is_delta(self, at: int) -> bool:
        follows = (
            self.tokens[at + 1 : at + 2] if self.tokens[at] in (r"\Delta", "Δ") else []
        )
        return bool(follows and "Delta" not in self.known and self.letters(at + 1))

    def letters(self, at: int) -> tuple[str, int] | None:
        token = self.tokens[at]
        if at in self.glued:
            return token + self.tokens[at + 1], at + 2
        if token[:1].isalpha():
            text = spelled(token)
            return (text, at + 1) if text else None
        if token == r"\pi" or self._is_letter(token):
            return token[1:], at + 1
        return self.word(at)

    @staticmethod
    def _is_letter(token: str) -> bool:
        return token.startswith("\\") and token[1:] in LETTERS

    def word(self, at: int) -> tuple[str, int] | None:
        r"""`\mathrm{relu}`, `\mathcal L`."""
        meaning = self.meaning(at)
        if meaning.kind not in NAMES:
            return None
        text, to = self.tokens[at + 1], at + 2
        if text == "{":
            close = self.closing.get(at + 1)
            parts = self.tokens[at + 2 : close] if close else []
            text, to = "".join(parts).replace(r"\_", "_"), (close or at) + 1
        text = in_letters(text[1:] if self._is_letter(text) else text)
        if not re.fullmatch(r"[A-Za-z0-9]\w*", text, re.ASCII):
            self.fail(f"{self.tokens[at]} holds one name", at)
        # 𝓛 is L, unless the text has a plain L as well.
        if meaning.kind == "font" and text in self.context.letters.in_type:
            text = f"{meaning.text}_{text}"
        is_name = text == "e" and self.tokens[at] == r"\mathit"
        return (E_AS_NAME if is_name else text), to

    def with_indices(self, stem: str, at: int) -> tuple[str, int]:
        """`stem` with its subscript and an index in parentheses above it, if any."""
        upper, at = self.upper_index(stem, at)
        stem, at = self.with_subscript(f"{stem}{upper}", at)
        if not upper:
            upper, at = self.upper_index(stem, at)
            # w_{12}^{(1)} is w^{(1)}_{12}.
            head, _, index = stem.partition("_")
            digits = re.fullmatch(r"([A-Za-z]+)(\d+)", head) if upper else None
            if digits and not index:
                head, index = digits[1], digits[2]
            stem = f"{head}{upper}{'_' * bool(index)}{index}" if upper else stem
        return stem, at

    def upper_index(self, stem: str, at: int) -> tuple[str, int]:
        """`_sup1` for ^{(1)}, `_layer1` for ^{[1]}: no power, but part of a name."""
        if self.tokens[at : at + 2] not in (["^", "{"], ["**", "{"]):
            return "", at
        kinds = {"(": ("sup", ")"), "[": ("layer", "]")}
        kind, close = kinds.get(self.tokens[at + 2], ("", ""))
        text = self.tokens[at + 3]
        # f^{(2)} of a function f is its second derivative.
        defined = stem in self.context.functions or stem in self.context.bodies
        if kind == "sup" and text.isdigit() and defined:
            return "", at
        if not kind or self.tokens[at + 4 : at + 6] != [close, "}"]:
            return "", at
        if not re.fullmatch(r"\d+|[A-Za-z]", text, re.ASCII):
            return "", at
        return f"_{kind}{self.context.index.get(text, text)}", at + 6

    def with_subscript(self, stem: str, at: int) -> tuple[str, int]:
        """`stem` with the subscript at token `at`, if there is one."""
        if self.tokens[at] != "_":
            return self._indexed(stem, at - 1), at
        parts, to = [self.tokens[at + 1]], at + 2
        if parts == ["{"]:
            close = self.closing.get(at + 1)
            if close is None:
                self.fail("'{' is never closed", at + 1)
            self._refuse_multiple(at + 2, close)
            parts, to = self._index_parts(at + 2, close), close + 1
        elif self._is_letter(self.tokens[at + 1]):
            parts = [self.tokens[at + 1][1:]]
        steps = [part for part in parts if part in LATER.values()]
        if steps and any(part in self.context.index for part in parts):
            self.fail("of an index only i + 1 and i - 1 are computed", at, to=to - 1)
        if not parts or not all(re.fullmatch(r"\w+", text, re.ASCII) for text in parts):
            self.fail("a subscript is made of letters and digits", at, to=to - 1)
        return self._indexed(plain_name("_".join([stem, *parts])), at), to

    def _refuse_multiple(self, at: int, close: int) -> None:
        """x_{2i} in a sum over i: the second index is 2, or twice i."""
        some = self.tokens[at:close]
        for number, index in pairwise(some):
            if number.isdigit() and index in self.context.index:
                self.fail(f"{number + index!r} may be two indices, or a product", at)

    def _index_parts(self, at: int, close: int) -> list[str]:
        """The parts of a subscript in braces: w_{1,2} is w_1_2, h_{t-1} is one too."""
        parts: list[str] = []
        while at < close:
            token = self.tokens[at]
            word = self.word(at)
            if word:
                parts.append(word[0])
                at = word[1]
                continue
            token = token[1:] if self._is_letter(token) else token
            if token != ",":
                parts.append(LATER.get(token, token))
            at += 1
        return self._computed(parts)

    def _computed(self, parts: list[str]) -> list[str]:
        """The subscript i + 1 in a term of a sum, where i is a number."""
        index = self.context.index
        if len(parts) == 3 and parts[1] in LATER.values() and parts[0] in index:
            step = int(parts[2]) if parts[2].isdigit() else index.get(parts[2])
            if step is not None:
                sign = 1 if parts[1] == "plus" else -1
                return [str(max(index[parts[0]] + sign * step, 0))]
        return parts

    def _indexed(self, name: str, at: int) -> str:
        """`w_i` as w3 in a term of a sum where i is 3; `w_ij` where j is one, too."""
        index = self.context.index
        stem, _, below = name.partition("_")
        if not index or not below:
            return name
        parts = []
        for part in below.split("_"):
            whole = [c in index or c.isdigit() for c in part]
            if any(c in index for c in part) and any(c.isdigit() for c in part):
                self.fail(f"{part!r} may be two indices, or a product", at)
            if len(part) == 2 and any(c in index for c in part) and not all(whole):
                hint = f"write {stem}_{{{part[0]},{part[1]}}} for two of them"
                self.fail(f"{part!r} may be one index or two", at, hint)
            parts.append(
                "".join(str(index.get(c, c)) for c in part) if all(whole) else part
            )
        return plain_name("_".join([stem, *parts]))
