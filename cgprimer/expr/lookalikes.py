"""Letters that are drawn like others and are none of them, where that would mislead.

    "ab*ха" (Cyrillic х, а) ─ lookalikes ─▶ Mistake: it looks like 'xa' …

A Greek or Cyrillic letter is a letter. It is refused only where it cannot be told from
a Latin one that stands there too; so is a letter of another style (bold, script) beside
the plain one, which the language cannot tell apart. `expr.complaints` asks, of texts
that are not ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from unicodedata import category, name

from cgprimer.errors import Mistake
from cgprimer.expr.foreign_signs import spell
from cgprimer.expr.printed import letter
from cgprimer.expr.tokens import LETTERS, NAME

# Letters whose glyphs are the same as the Latin ones in most fonts. α, ν, ρ and χ stand
# beside a, v, p and x in many formulas and are told from them.
DRAWN_ALIKE = dict(
    zip(
        "аеорсухіјѕһԁԛԝАВЕКМНОРСТХУІЈЅοΑΒΕΖΗΙΚΜΝΟΡΤΥΧոհ",
        "aeopcyxijshdqwABEKMHOPCTXYIJSoABEZHIKMNOPTYXnh",
        strict=True,
    )
)
_STYLED = {"BOLD", "SCRIPT", "FRAKTUR", "DOUBLE-STRUCK", "BLACK-LETTER", "SYMBOL"}
_STYLED_WORD = re.compile("[\u2100-\u214f\u03d0-\u03f5\U0001d400-\U0001d7ff]+")


class Used(NamedTuple):
    """The Latin letters and the words of some texts, by which others are judged."""

    letters: frozenset[str]
    words: frozenset[str]


def used_in(texts: Iterable[str]) -> Used:
    """What stands in all the texts that are read together."""
    joined = "\n".join(texts)
    return Used(LETTERS.intersection(joined), frozenset(NAME.findall(joined)))


def looks_like(char: str) -> str:
    """A hint on a letter that is drawn like a Latin one; "" for any other sign."""
    if char not in DRAWN_ALIKE:
        return ""
    latin = DRAWN_ALIKE[char]
    return f"it looks like {latin!r} but is another character; type {latin!r}"


def lookalikes(text: str, start: int, used: Used) -> Iterator[Mistake]:
    """What cannot be told, in `text[start:]`, from what is `used`."""
    for match in NAME.finditer(text, start):
        word = match[0]
        if word.isascii():
            continue
        foreign = [char for char in word if char in DRAWN_ALIKE]
        if foreign and _misleads(word, foreign, used):
            at = match.start() + word.index(foreign[0])
            yield Mistake(
                f"unexpected character {spell(foreign[0])}", text, at, at + 1,
                looks_like(foreign[0]),
            )  # fmt: skip
    yield from _styles(text, start, used)


def _misleads(word: str, foreign: list[str], used: Used) -> bool:
    """Whether a word can be taken for a Latin one, and something invites to."""
    others = [char for char in word if char.isalpha() and char not in foreign]
    # A word with letters that are plainly Cyrillic or Greek is taken for no other;
    # indices as in х₁ are letters to Python and none to a reader.
    if not all(char.isascii() or category(char) == "Lm" for char in others):
        return False
    latin = {DRAWN_ALIKE[char] for char in foreign}
    # A name that begins with х is no variable, whatever else stands there: variables
    # begin with x.
    begins_with_x = word[0] in foreign and DRAWN_ALIKE[word[0]] == "x"
    return bool(latin & used.letters or LETTERS.intersection(word) or begins_with_x)


def _styles(text: str, start: int, used: Used) -> Iterator[Mistake]:
    """𝐱 beside x, which both are read as x: vectors and their parts, mostly."""
    for match in _STYLED_WORD.finditer(text, start):
        plain = "".join(map(letter, match[0]))
        style = set(name(match[0][0], "").split()) & _STYLED
        if style and plain != match[0] and plain in used.words:
            yield Mistake(
                f"{match[0]!r} cannot be told from {plain!r}, which stands here too",
                text, *match.span(), "give one of them another name",
            )  # fmt: skip
