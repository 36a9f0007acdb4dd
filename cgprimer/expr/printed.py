"""What papers print, in the signs of the language; letters stay what they are.

    "ŷ = ½·α·x₁² − π"  ─ read_print ─▶  "ŷ = (1/2)*α*x1^2 - pi"

A sign is a row of a table. Whatever is left that is no letter becomes STRAY, which
`expr.complaints` reports as the sign that was written. `expr.syntax` and `graph.read`
call it, for texts that are not ASCII.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from cgprimer.expr.spelled import Edit, Spelled
from cgprimer.expr.tokens import MARKS, NAME, STRAY, SYMBOLS

SIGNS = {
    "-": "−–—‐‑‒―﹣",
    "*": "·×∗⋅•∙✕✖⨯\u2062",
    "/": "÷∕⁄➗",
    "=": "≔≝≜⩴",
    "^": "ˆ",
    "←": "⟵",
    " ": "\u0085\u2028\u2029\u2061",
    # Nothing is seen of these, so nothing is read: spaces without width, soft hyphens,
    # joiners, the mark before a file, and selectors of glyphs.
    "": "\u200b\u200c\u200d\u200e\u2060\ufeff\u00ad\ufe0e\ufe0f",
    "(1/2)": "½", "(1/3)": "⅓", "(2/3)": "⅔", "(1/4)": "¼", "(3/4)": "¾",
    "(1/5)": "⅕", "(2/5)": "⅖", "(3/5)": "⅗", "(4/5)": "⅘", "(1/6)": "⅙",
    "(5/6)": "⅚", "(1/7)": "⅐", "(1/8)": "⅛", "(3/8)": "⅜", "(5/8)": "⅝",
    "(7/8)": "⅞", "(1/9)": "⅑", "(1/10)": "⅒",
}  # fmt: skip
_SIGN = {char: new for new, chars in SIGNS.items() for char in chars}
_RAISED = dict(
    zip(
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵅᵝᵞᵟ",
        "0123456789+-()abcdefghijklmnoprstuvwxyzαβγδ",
        strict=True,
    )
)
_LOWERED = dict(
    zip(
        "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ",
        "0123456789aehijklmnoprstuvxβγρφχ",
        strict=True,
    )
)
_FRACTION = re.compile("([⁰¹²³⁴-⁹]+)⁄([₀-₉]+)|(?<![\\w.])([0-9]+)⁄([0-9]+)(?![\\w.])")
_POWER = re.compile(f"[{''.join(_RAISED)}]+")
# An index with a sign, as of xₙ₊₁, is left as it is, and so refused.
_INDEX = re.compile(
    f"(?<=[\\w{MARKS}])(?<![{''.join(_RAISED)}])[{''.join(_LOWERED)}]++(?![₊₋₌₍₎])"
)
_CLUSTER = re.compile(f"[A-Za-z][{MARKS}]+|[^\0-\x7f][{MARKS}]*")
_PI = re.compile(rf"(?<![\w{MARKS}])π(?![\d_{MARKS}])")
_KEPT = {"ϖ", *SYMBOLS, *_RAISED, *_LOWERED}


def read_print(text: str | Spelled, start: int = 0) -> Spelled:
    """The text with `text[start:]` in signs of the language and letters.

    Only for what is not ASCII: an ASCII text comes back as it is.
    """
    spelled = Spelled(text) if isinstance(text, str) else text
    for step in (_fractions, _characters, _raised, _constants, _strays):
        spelled = spelled.rewrite(step(spelled.text, start))
    return spelled


def plain_name(name: str) -> str:
    """A name as texts are read: é is one letter, x₁ is x1, π is pi."""
    return name if name.isascii() else read_print(name).text


def as_name(text: str) -> str:
    """The same for what need not be a name, such as a heading; that stays as it is."""
    plain = plain_name(text)
    return plain if NAME.fullmatch(plain) else text


def _fractions(text: str, start: int) -> Iterator[Edit]:
    """¹⁄₂ and 1⁄2 (of a slash of its own) are numbers, whatever stands before them."""
    for match in _FRACTION.finditer(text, start):
        written = filter(None, match.groups())
        above, below = (unicodedata.normalize("NFKC", part) for part in written)
        yield Edit(*match.span(), f"({above}/{below})")


def _characters(text: str, start: int) -> Iterator[Edit]:
    for match in _CLUSTER.finditer(text, start):
        cluster, at = match[0], match.start()
        new = _SIGN.get(cluster)
        # 2½ is two and a half to those who write it, and 2*(1/2) to a reader of signs:
        # it stays, and is refused.
        if new is not None and new[1:] and at and text[at - 1].isalnum():
            new = None
        if new is None:
            new = letter(cluster)
            # 𝑎𝑥 of a paper is a product, which is refused: every 𝑎 is a name.
            if (
                "\U0001d400" <= cluster[0] <= "\U0001d7cb"
                and text[at - 1 : at].isalpha()
            ):
                new = " " + new
        yield Edit(at, match.end(), new)


def letter(cluster: str) -> str:
    """A letter with its accents in one form: e and ´ as é, 𝑥 and ｘ as x, µ as μ.

    What is no letter, a digit or a sign of full width comes back as it is.
    """
    base = cluster[0]
    if base not in _KEPT and not base.isascii():
        if base.isspace():
            return " " + cluster[1:]
        kind = unicodedata.decomposition(base).partition(" ")[0]
        plain = unicodedata.normalize("NFKC", base)
        # Letters of other styles only: ª is none, and ① numbers an equation.
        if kind in ("<font>", "<wide>", "<narrow>", "<compat>") and (
            plain.isalpha() or (len(plain) == 1 and plain.isascii())
        ):
            cluster = plain + cluster[1:]
    return unicodedata.normalize("NFC", cluster)


def _raised(text: str, start: int) -> Iterator[Edit]:
    """x² is x^2, x⁻¹ is x^-1, x⁽ⁿ⁺¹⁾ is x^(n+1); x₁ is x1 and xₐ is x_a."""
    for match in _POWER.finditer(text, start):
        power = "".join(map(_RAISED.__getitem__, match[0]))
        alone = re.fullmatch(r"-?(?:\d+|[a-zα-δ])|\([^()]*\)", power)
        power = f"^{power}" if alone else f"^({power})"
        # x²y lacks an operator before y; without a blank 2y would be one word.
        yield Edit(
            *match.span(), power + " " * text[match.end() : match.end() + 1].isalnum()
        )
    for match in _INDEX.finditer(text, start):
        index = "".join(map(_LOWERED.__getitem__, match[0]))
        # As `notation.latex` sets x1 and x_a, and as a derivation reads x_1 and x_a.
        parts = re.findall(r"\d+|\D+", index)
        glued = parts[0].isdigit() and not text[match.start() - 1].isdigit()
        # x₁x₂ is a product, and refused: no name goes on behind its index.
        blank = " " * text[match.end() : match.end() + 1].isalpha()
        yield Edit(*match.span(), ("" if glued else "_") + "_".join(parts) + blank)


def _constants(text: str, start: int) -> Iterator[Edit]:
    """π is the constant where it is a word of its own, or begins one; π_1 is a name."""
    for match in _PI.finditer(text, start):
        # πr is a product, which is refused.
        blank = " " * text[match.end() : match.end() + 1].isalpha()
        yield Edit(*match.span(), "pi" + blank)


def _strays(text: str, start: int) -> Iterator[Edit]:
    for match in _CLUSTER.finditer(text, start):
        base = match[0][0]
        # ᵀ of a transposed matrix is raised, and so no letter of a name.
        shifted = unicodedata.decomposition(base)[:4] in ("<sup", "<sub")
        if base not in SYMBOLS and (shifted or not base.isalpha()):
            yield Edit(*match.span(), STRAY * len(match[0]))
