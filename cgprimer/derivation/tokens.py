r"""Tokens of a formula, plain or in LaTeX, and the names that they spell.

v_1   v_{1}   v1   v₁   \theta_1   \mathit{xz}      names
\bar v_1   \bar{v}_1   \overline{v1}   v̄₁            adjoints, `bar_v1`
w^{(1)}_{2}   h_{t-1}   \hat y   \mathcal L          w_sup1_2, h_t_minus_1, hat_y, L
"""

from __future__ import annotations

import re
import unicodedata
from typing import NoReturn

from cgprimer.derivation.letters import TwoReadingsError
from cgprimer.derivation.lexicon import Lexicon
from cgprimer.derivation.names import plain_name
from cgprimer.derivation.spellings import (
    CALLED,
    LETTERS,
    LOWERED,
    MARKED,
    MEANINGS,
    RAISED,
    VALUE,
    Meaning,
)
from cgprimer.errors import ExpressionError, Mistake, shorten
from cgprimer.expr.ops import FUNCTIONS

_MARKS = "[" + "".join(MARKED) + "]"
_LOW = "[" + "".join(LOWERED) + "]"
# The order matters: commands first, then the single digits that \frac takes, numbers,
# names with their subscripts, ** before *, and whatever else is no blank.
_TOKEN = re.compile(
    r"\\left\s*\.|\\[A-Za-z]+|\\."
    r"|(?<=\\frac)\d|(?<=\\frac\d)\d"  # \frac12 is a half
    r"|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
    rf"|[A-Za-z](?:[A-Za-z0-9]|{_MARKS})*(?:_[A-Za-z0-9]+)*{_LOW}*"
    rf"|[{''.join(RAISED)}]+"
    rf"|[^\W\d_]{_MARKS}*[0-9]*(?:_[A-Za-z0-9]+)*{_LOW}*"
    r"|\*\*|\S"
)
_LEFT = re.compile(r"\\left\s*\.")
_OPENS = {"(": ")", "[": "]", "{": "}", r"\{": r"\}"}
_NAMES = {"word", "font"}
E_AS_NAME = "named_e_by_its_author"
r"""`\mathit{e}`, as long as the e of e^x is read as Euler's number."""
AHEAD = 8
ACCENTS = 8  # over one another
LATER = {"+": "plus", "-": "minus", "−": "minus"}


class Tokens:
    """The tokens of `line[start:end]`; what is at each, as a name or function.

    The methods return the text and the number of the token after it, or None.
    """

    def __init__(self, line: str, start: int, end: int, context: Lexicon) -> None:
        self.line, self.context, self.known = line, context, context.known
        self.tokens: list[str] = []
        self.spans: list[tuple[int, int]] = []
        # Where a run of letters was cut into names: `kx` behind ^ may be all exponent.
        self.cuts: set[int] = set()
        # And where a d stands that begins a word: in dx, and in data.
        self.glued: set[int] = set()
        self._find(start, end)
        self._close(end)
        self.closing = self._partners()

    def _find(self, start: int, end: int) -> None:
        index = 0  # depth of braces below a name, where words stay whole
        for found in _TOKEN.finditer(self.line, start, end):
            token = _LEFT.sub(r"\\left.", found[0])
            if MEANINGS.get(token, VALUE).kind == "blank":
                continue
            if token == "{" and (index or self.tokens[-1:] == ["_"]):
                index += 1
            self._add(token, *found.span(), whole=index > 0)
            index -= index > 0 and token == "}"

    def _close(self, end: int) -> None:
        # As many as are looked at beyond a token, so that nobody asks for the end.
        self.tokens += [""] * AHEAD
        self.spans += [(end, end + 1)] * AHEAD

    def take(self, other: Tokens, start: int, end: int) -> None:
        """Have the tokens of another from `start` up to `end`, instead of one's own."""
        self.tokens, self.spans = other.tokens[start:end], other.spans[start:end]
        self.cuts = {at - start for at in range(start, end) if at in other.cuts}
        self.glued = {at - start for at in range(start, end) if at in other.glued}
        self._close(self.spans[-1][1])
        self.closing = self._partners()

    def _add(self, token: str, start: int, end: int, whole: bool) -> None:
        """One token, or one for each name that a run of letters is a product of."""
        parts: tuple[str, ...] = (token,)
        # \\frac x2 is x/2: without braces it takes one sign at a time.
        if token[0].isalpha() and len(token) > 1 and self._fraction_waits():
            self._add(token[0], start, start + 1, whole)
            self._add(token[1:], start + 1, end, whole)
            return
        if token[0].isascii() and token[0].isalpha() and not whole:
            before = self.tokens[-2:]
            named = MEANINGS.get(before[0], VALUE).kind if len(before) == 2 else ""
            if not (named in _NAMES and before[1] == "{") and before[-1:] != ["_"]:
                parts = self._parts(token, start, end)
        if len(parts) > 1 and len(self.tokens) not in self.glued:
            self.cuts.update(range(len(self.tokens) + 1, len(self.tokens) + len(parts)))
        for part in parts:
            self.tokens.append(part)
            self.spans.append((start, start + len(part)))
            start += len(part)

    def _fraction_waits(self) -> bool:
        kinds = [MEANINGS.get(token, VALUE).kind for token in self.tokens[-2:]]
        return kinds[-1:] == ["fraction"] or (
            kinds[:1] == ["fraction"] and self.tokens[-1] != "{"
        )

    def _parts(self, token: str, start: int, end: int) -> tuple[str, ...]:
        # The d of dx belongs to a derivative, whatever the text uses d for.
        if re.match(r"d[A-Za-z]", token) and token not in self.known:
            self.glued.add(len(self.tokens))
            return "d", token[1:]
        try:
            parts = self.context.letters.split(token, self.known)
        except TwoReadingsError:
            what = shorten(token, 20)
            raise ExpressionError([
                Mistake(
                    f"{what!r} can be read in two ways: one name or a product of "
                    "letters",
                    self.line, start, end,
                    rf"write blanks for a product, \mathit{{{what}}} for a name",
                )
            ]) from None  # fmt: skip
        told = all(part in self.known for part in parts) or "_" in parts[0]
        if len(parts) > 1 and not told:
            self.context.note(f"{token!r} is read as {'·'.join(parts)}")
        return parts

    def _partners(self) -> dict[int, int]:
        """Opening bracket → the one that closes it, of those that are closed."""
        closed: dict[int, int] = {}
        stack: list[int] = []
        for at, token in enumerate(self.tokens):
            if token in _OPENS:
                stack.append(at)
            elif stack and token == _OPENS[self.tokens[stack[-1]]]:
                closed[stack.pop()] = at
        return closed

    def meaning(self, at: int) -> Meaning:
        """What the table of spellings says of a token."""
        token = self.tokens[at]
        if token and token[0] in RAISED:
            return Meaning("raised", token)
        return MEANINGS.get(token, VALUE)

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
            spelled = _spelled(token)
            return (spelled, at + 1) if spelled else None
        if token == r"\pi" or self._is_letter(token):
            return token[1:], at + 1
        return self.word(at)

    @staticmethod
    def _is_letter(token: str) -> bool:
        return token.startswith("\\") and token[1:] in LETTERS

    def word(self, at: int) -> tuple[str, int] | None:
        r"""`\mathrm{relu}`, `\mathcal L`."""
        meaning = self.meaning(at)
        if meaning.kind not in _NAMES:
            return None
        text, to = self.tokens[at + 1], at + 2
        if text == "{":
            close = self.closing.get(at + 1)
            parts = self.tokens[at + 2 : close] if close else []
            text, to = "".join(parts).replace(r"\_", "_"), (close or at) + 1
        text = text[1:] if self._is_letter(text) else text
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
            parts, to = self._index_parts(at + 2, close), close + 1
        elif self._is_letter(self.tokens[at + 1]):
            parts = [self.tokens[at + 1][1:]]
        if not parts or not all(re.fullmatch(r"\w+", text, re.ASCII) for text in parts):
            self.fail("a subscript is made of letters and digits", at, to=to - 1)
        return self._indexed(plain_name("_".join([stem, *parts])), at), to

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
            if len(part) == 2 and any(c in index for c in part) and not all(whole):
                hint = f"write {stem}_{{{part[0]},{part[1]}}} for two of them"
                self.fail(f"{part!r} may be one index or two", at, hint)
            parts.append(
                "".join(str(index.get(c, c)) for c in part) if all(whole) else part
            )
        return plain_name("_".join([stem, *parts]))

    def primes(self, at: int) -> tuple[int, int]:
        r"""How many primes stand at token `at`, and the token after them."""
        count = 0
        if self.tokens[at] == "^" and self.tokens[at + 1] == r"\prime":
            return 1, at + 2
        if self.tokens[at : at + 3] == ["^", "{", r"\prime"]:
            close = self.closing.get(at + 1, at)
            if set(self.tokens[at + 2 : close]) == {r"\prime"}:
                return close - at - 2, close + 1
        while self.meaning(at).kind == "prime":
            count += len(self.meaning(at).text)
            at += 1
        return count, at

    def fail(
        self, message: str, at: int, hint: str = "", to: int | None = None
    ) -> NoReturn:
        start, end = self.spans[at][0], self.spans[at if to is None else to][1]
        raise ExpressionError([Mistake(message, self.line, start, end, hint)])


def _spelled(token: str) -> str:
    """A name in our letters: `v1` for v₁, `sigma` for σ, `bar_v` for v̄; or nothing."""
    marks: dict[str, None] = {}
    letters = ""
    for char in unicodedata.normalize("NFD", token):
        if char in MARKED:
            marks[MARKED[char]] = None
        else:
            letters += LOWERED.get(char) or _letter(char)
    if not re.fullmatch(r"[A-Za-z]\w*", letters, re.ASCII):
        return ""
    return "_".join([*marks, letters])


def _letter(char: str) -> str:
    """`sigma` for σ, `x` for 𝑥, the character itself where it is none of these."""
    plain = unicodedata.normalize("NFKC", char)
    _, _, spelled = unicodedata.name(plain, "").partition("GREEK SMALL LETTER ")
    if spelled.lower() in LETTERS or spelled == "PI":
        return spelled.lower()
    _, _, capital = unicodedata.name(plain, "").partition("GREEK CAPITAL LETTER ")
    return capital.capitalize() if capital.capitalize() in LETTERS else plain
