r"""Names in our letters, and the names of a graph that are meant by them.

σ   v₁   v̄   ŷ   y_hat    ─ spelled, called ─▶  sigma, v1, bar_v, hat_y, hat_y
alpha, x_a, w1_1          ─ matched ─▶  α, xa, w11 of a graph that has these
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection

from cgprimer.reading.names import plain_name
from cgprimer.reading.spellings import LETTERS, LOWERED, MARKED


def spelled(token: str) -> str:
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
    # ½ is three characters then.
    known = unicodedata.name(plain, "") if len(plain) == 1 else ""
    match known.replace("LAMDA", "LAMBDA").split():
        case "GREEK", case, "LETTER", called:
            text = called.lower() if case == "SMALL" else called.capitalize()
            return text if text in LETTERS or text == "pi" else plain
    return plain


def called(text: str) -> str:
    """A name of a graph as it is called here: alpha for α, hat_y for y_hat."""
    stem, _, accent = in_letters(text).rpartition("_")
    is_accent = stem and accent in MARKED.values()
    return plain_name(f"{accent}_{stem}" if is_accent else in_letters(text))


def in_letters(text: str) -> str:
    """A name with every Greek letter and accent spelled out, α_1 as alpha_1."""
    if text.isascii():
        return text
    return "_".join(spelled(part) or part for part in text.split("_"))


def spellings(names: Collection[str]) -> set[str]:
    """All that is one name here, as it may stand for one of `names`: xa, x_a."""
    known = {*names, *map(called, names)}
    return known | {f"{text[0]}_{text[1:]}" for text in known if text[1:].isalnum()}


def matched(used: Collection[str], told: Collection[str]) -> dict[str, str]:
    """Which of the names that are told each name means that is not told itself.

    That is the only one that is called so, or else is but for underscores.
    """
    found: dict[str, str] = {}
    for key in (called, lambda text: called(text).replace("_", "")):
        called_so = Counter(map(key, told))
        only = {key(text): text for text in told if called_so[key(text)] == 1}
        for text in used:
            if text not in told and text not in found and key(text) in only:
                found[text] = only[key(text)]
    taken = Counter([*found.values(), *(text for text in used if text in told)])
    return {text: new for text, new in found.items() if taken[new] == 1}
