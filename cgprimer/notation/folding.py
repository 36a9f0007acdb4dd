"""Texts that give way: folded to a width, numbers with fewer digits.

text, width ─▶ lines of at most that many terminal columns
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from cgprimer.errors import columns
from cgprimer.notation.signs import is_carets

WORDS = re.compile(r"\S+\s*|\s+")
# behind a blank or an operator, never inside 1e-05
FACTORS = re.compile(
    r"(?:\d[\d.]*e[-+−]\d+|[^\s+*/,·→=−-])+[\s+*/,·→=−-]*|[\s+*/,·→=−-]+"
)
DECIMAL = re.compile(r"\d+\.\d+(?:e[-+]?\d+)?")
DIGITS = 4  # that are left of a number where there is no room for more


def fold(text: str, width: int, pieces: re.Pattern[str] = WORDS) -> list[str]:
    """`text` in lines of at most `width` columns, broken between its pieces."""
    lines = [""]
    for piece in _fitting(pieces.findall(text), width):
        if columns((lines[-1] + piece).rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines]


def _fitting(pieces: list[str], width: int) -> Iterator[str]:
    """The pieces, those wider than `width` cut."""
    for piece in pieces:
        while columns(piece.rstrip()) > width:
            cut = next(n for n in range(len(piece), 0, -1) if _fits(piece[:n], width))
            yield piece[:cut]
            piece = piece[cut:]
        yield piece


def _fits(text: str, width: int) -> bool:
    return len(text) == 1 or columns(text) <= width


def least(text: str, pieces: re.Pattern[str] = WORDS) -> int:
    """The columns of the widest piece."""
    return max((columns(piece.rstrip()) for piece in pieces.findall(text)), default=0)


def paragraphs(text: str, width: int) -> list[str]:
    """Lines of prose folded under their own indentation, carets below their place."""
    lines = windowed(text, width).split("\n")
    return [part for line in lines for part in _indented(line, width)]


def windowed(text: str, width: int) -> str:
    """`text` with no line that carets mark longer than `width`."""
    lines = text.split("\n")
    for i, (line, below) in enumerate(pairwise(list(lines))):
        if is_carets(below) and max(map(columns, (line, below))) > width:
            lines[i : i + 2] = _window(line, below, width)
    return "\n".join(lines)


def _indented(line: str, width: int) -> list[str]:
    indent = " " * min(len(line) - len(line.lstrip()), width // 3)
    return [indent + part for part in fold(line.strip(), width - len(indent))]


def _window(line: str, carets: str, width: int) -> list[str]:
    """The part of `line` around the carets, and the carets, no wider than `width`."""
    start, end = carets.index("^"), len(carets.rstrip())
    first = max(0, min(start - width // 3, columns(line) - width))
    first, last = first + bool(first), first + width - 1
    shown, at = "", 0
    for char in line:
        shown += char if first <= at < last else ""
        at += columns(char)
    head, tail = "…" * bool(first), "…" * (at > last)
    marks = "^" * max(1, min(end, last) - start)
    return [head + shown + tail, " " * (start - first + len(head)) + marks]


def fewer_digits(text: str) -> str:
    """The numbers in `text` to four digits, whole ones as they are.

    >>> fewer_digits("-3.867812 ± 5e-14"), fewer_digits("1234567.8"), fewer_digits("12")
    ('-3.868 ± 5e-14', '1234568', '12')
    """
    return DECIMAL.sub(lambda found: _rounded(found[0]), text)


def _rounded(number: str) -> str:
    value = float(number)
    return f"{value:.0f}" if 10**DIGITS <= value < 1e15 else f"{value:.{DIGITS}g}"
