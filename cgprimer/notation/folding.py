"""Texts that give way: folded to a width, numbers with fewer digits.

text, width ─▶ lines of at most that many terminal columns
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate, pairwise

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
    for piece in _cut_to_fit(pieces.findall(text), width):
        if columns((lines[-1] + piece).rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines]


def _cut_to_fit(pieces: list[str], width: int) -> Iterator[str]:
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


def paragraphs(text: str, width: int, cut: str = "…") -> list[str]:
    """Lines of prose folded under their own indentation, carets below their place."""
    lines = cut_marked_lines(text, width, cut).split("\n")
    folded: list[str] = []
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        # A folded line would leave its carets below the wrong part of it.
        marked = is_carets(line) or is_carets(below)
        folded += [line] if marked else _fold_indented(line, width)
    return folded


def cut_marked_lines(text: str, width: int, cut: str = "…") -> str:
    """`text` with no line that carets mark longer than `width`; `cut` stands for more.

    >>> print(cut_marked_lines("xy = a*xx + b*sn(xx)\\n              ^^", 14))
    …x + b*sn(xx)
           ^^
    """
    lines = text.split("\n")
    for i, (line, below) in enumerate(pairwise(list(lines))):
        if is_carets(below) and max(map(columns, (line, below))) > width:
            lines[i : i + 2] = _window(line, below, width, cut)
    return "\n".join(lines)


def _fold_indented(line: str, width: int) -> list[str]:
    # A deep indentation gives way as well: at least two thirds are for the text.
    indent = " " * min(len(line) - len(line.lstrip()), width // 3)
    return [indent + part for part in fold(line.strip(), width - len(indent))]


def _window(line: str, carets: str, width: int, cut: str) -> list[str]:
    """The part of `line` around the carets, and the carets, no wider than `width`."""
    room = width - 2 * len(cut)
    start, end = carets.index("^"), min(len(carets.rstrip()), columns(line))
    # A third of the room before the carets, more where the line ends soon behind them.
    first = max(0, min(start - room // 3, columns(line) - room))
    places = [0, *accumulate(map(columns, line))]
    shown = [
        c for c, at in zip(line, places, strict=False) if first <= at < first + room
    ]
    head, tail = cut * bool(first), cut * (first + room < places[-1])
    marks = "^" * max(1, min(end, first + room) - start)
    return [f"{head}{''.join(shown)}{tail}", " " * (len(head) + start - first) + marks]


def fewer_digits(text: str) -> str:
    """The numbers in `text` to four digits, whole ones as they are.

    >>> fewer_digits("-3.867812 ± 5e-14"), fewer_digits("1234567.8"), fewer_digits("12")
    ('-3.868 ± 5e-14', '1234568', '12')
    """
    return DECIMAL.sub(lambda found: _round(found[0]), text)


def _round(number: str) -> str:
    value = float(number)
    # Whole digits are never rounded away: 1234567.8 is 1234568, not 1.235e+06.
    return f"{value:.0f}" if 10**DIGITS <= value < 1e15 else f"{value:.{DIGITS}g}"
