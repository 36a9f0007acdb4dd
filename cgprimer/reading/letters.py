r"""Letters that stand together: one name, or a product of names of one letter?

    ax^2 + bx + c                      a·x, b·x: nobody writes a sign here
    ab \cdot xa + \bar{xa}             ab, xa: every product has its sign
    \mathit{xa}     xa = 1     ∂xa     xa: it is told to be a name

`Letters.of` looks at a whole text once; `tokens` asks it of every run of letters. A run
that can be read in both ways is refused, and a product that is made is noted.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from cgprimer.expr.ops import CONSTANTS, FUNCTIONS
from cgprimer.notation.latex import GREEK
from cgprimer.reading.spellings import CALLED

FEW = 3  # letters that are a product where nothing speaks for it but the notation
_TOKEN = r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*"
_RUN = re.compile(rf"\\[A-Za-z]+|(?<![A-Za-z0-9_]){_TOKEN}", re.ASCII)
_PIECE = re.compile(r"[A-Za-z]\d*(?:_(?:\d+|[A-Za-z](?=_|\b|[A-Za-z]_|\d)))?", re.ASCII)
_STATED = re.compile(
    rf"\\(?:math[a-z]+|text[a-z]*|operatorname|bar|overline|hat|tilde|vec|dot)\s*\{{"
    rf"\s*({_TOKEN})\s*\}}"
    rf"|(?:\\partial|∂)\s*({_TOKEN})"
    rf"|[{{/]\s*d\s*([A-Za-z][A-Za-z]\w*)\s*\}}",
    re.MULTILINE | re.ASCII,
)
_LEFT = re.compile(
    rf"(?:^|\\\\|[;,$&])[\s&]*({_TOKEN})[\s&]*(?::?=|≈|\\approx)",
    re.MULTILINE | re.ASCII,
)
# The sign of 2 \cdot 10^3 belongs to a number.
_SIGNED = re.compile(r"(?:\*|\\cdot\b|\\times\b|[·×⋅])(?!\s*10\s*\^)")
_BESIDE = re.compile(
    r"(?<![A-Za-z_\d.^{])\d+\.?\d*\s*[A-Za-df-z]|\)\s*\(|\b[A-Za-z]\d*\s+[A-Za-z]\b",
    re.ASCII,
)
_STANDING = re.compile(
    r"(?<![A-Za-z])\\?([A-Za-z]+(?:_?\d+)?)(?![A-Za-z\d_{'′])(?!\s*(?:\\left)?\s*[(\[])"
)
_CALLED = re.compile(
    r"([A-Za-z]+)\s*(?:\\left)?\s*\(\s*[A-Za-z]\w*\s*(?:\\right)?\s*\)"
)
_NO_TRANSPOSE = re.compile(r"(?<!\^)(?<!\^\{)(?<![A-Za-z\\])T(?![A-Za-z])")
_FONT = re.compile(
    r"\\(math(?:cal|scr|bf|frak)|boldsymbol|bm|pmb)\s*\{?\s*([A-Za-z])\b"
)
_WHOLE = re.compile(r"(?:bar|d|partial|hat|tilde|vec|dot)_|.*_bar\Z")
_SHORT_INDEX = re.compile(r"[A-Za-z]_[A-Za-z][A-Z]", re.ASCII)
"""k_BT, which LaTeX sets as k with an index B, beside T."""


class TwoReadingsError(Exception):
    """A run of letters may be a name or a product."""


@dataclass(frozen=True)
class Letters:
    """How a text uses letters.

    latex : whether letters beside one another are a product, as in LaTeX.
    alone : those that stand by themselves somewhere. stated : runs that are told to be
        names; left : those that are, or are products, on the left of an '='.
    signed : whether every product has a sign.
    called : names that stand before a single name in parentheses, as a function does.
    has_t : whether a T stands anywhere but above a name, where it is a transpose.
    standing : names that stand somewhere without parentheses behind.
    in_type : letters that are written both plainly and in a type of their own, 𝓛 and L.
    """

    latex: bool = False
    alone: frozenset[str] = frozenset()
    stated: frozenset[str] = frozenset()
    left: frozenset[str] = frozenset()
    signed: bool = False
    in_type: frozenset[str] = frozenset()
    standing: frozenset[str] = frozenset()
    has_t: bool = False
    called: frozenset[str] = frozenset()

    @staticmethod
    def of(text: str, latex: bool) -> Letters:
        """What the text shows."""
        runs = {run[0] for run in _RUN.finditer(text) if run[0][0] != "\\"}
        # The x of dx stands alone as well.
        behind = {run[1:] for run in runs if re.fullmatch(r"d[A-Za-z]\d*", run)}
        alone = {
            run for run in runs | behind if re.fullmatch(r"[A-Za-z]\d*(_\w)?", run)
        }
        stated = {next(filter(None, one.groups())) for one in _STATED.finditer(text)}
        fonts = {one[2] for one in _FONT.finditer(text)}
        bare = {run[0] for run in re.finditer(r"\b[A-Za-z]\b", _FONT.sub(" ", text))}
        signed = bool(_SIGNED.search(text)) and not _BESIDE.search(text)
        standing = {one[1].replace("_", "") for one in _STANDING.finditer(text)}
        return Letters(
            latex, frozenset(alone), frozenset(stated),
            frozenset(one[1] for one in _LEFT.finditer(text)), signed,
            frozenset(fonts & bare), frozenset(standing | behind),
            bool(_NO_TRANSPOSE.search(text)),
            frozenset(one[1] for one in _CALLED.finditer(text)),
        )  # fmt: skip

    def split(self, run: str, known: Collection[str]) -> tuple[str, ...]:
        """The names that `run` is a product of; itself where it is one name."""
        if len(run) == 1 or run in known or not self._may_part(run):
            return (run,)
        parts = _parts(run)
        if self.latex and _SHORT_INDEX.fullmatch(parts[-1]):
            raise TwoReadingsError
        if len(parts) == 1:
            return parts
        # Nobody writes a·a as aa.
        # x_1y_2 has two names whatever the letters are.
        if all("_" in part for part in parts[:-1]):
            return parts
        twice = len({*parts}) < len(parts)
        is_name = run in self.stated or run in self.left
        if not self.latex:
            if is_name or twice:
                return (run,)
            if all(part in known for part in parts):
                return parts
            # f(x, y) = xy + x: a name of its own would have no part in ∂f/∂x.
            letters = not self.signed and all(len(part) == 1 for part in parts)
            if letters and all(part in self.alone or part in known for part in parts):
                raise TwoReadingsError
            return (run,)
        if twice and not is_name:
            seen = all(part in self.alone or part in known for part in parts)
            if seen or not self.signed:
                raise TwoReadingsError
        if twice:
            return (run,)
        alone = all(part in self.alone or part in known for part in parts)
        if run in self.stated or run in self.left:
            # pV = nRT is about a product, and xy = ab \cdot xa about a name.
            pair = len(parts) == 2 and not self.signed and run not in self.stated
            if alone or pair:
                raise TwoReadingsError
            return (run,)
        if alone:
            return parts
        if self.signed and not any(part in known for part in parts):
            return (run,)
        if self.signed or len(parts) > FEW or _begins_with_function(run):
            raise TwoReadingsError
        return parts

    def _may_part(self, run: str) -> bool:
        taken = run in FUNCTIONS or run in GREEK or run in CONSTANTS or run in CALLED
        return not taken and run.isascii() and not _WHOLE.match(run)


def _parts(run: str) -> tuple[str, ...]:
    """`w_1x_1` as w_1 and x_1, `ax` as a and x, `x_max` as itself."""
    stem, _, index = run.partition("_")
    # What follows one underscore is a word: ax_max is a·x_max.
    if index and re.fullmatch(r"[A-Za-z]{2,}\d*|\d+|[A-Za-z]", index):
        first = _PIECE.findall(stem)
        return (*first[:-1], f"{first[-1]}_{index}")
    found = _PIECE.findall(run)
    return tuple(found) if "".join(found) == run else (run,)


def _begins_with_function(run: str) -> bool:
    return any(run.startswith(text) for text in FUNCTIONS if len(text) > 1)
