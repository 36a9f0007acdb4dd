r"""The lines of a derivation: what is to be read at a time, and the sides of its '='.

    v1 = 1/x \\ v2 = \sin x   % two          text of the author
    ─ statements ─▶  `v1 = 1/x `   ` v2 = \sin x`
    ─ sides ─▶       `v1`  `1/x`     `v2`  `\sin x`      as spans of the author's line

Comments and the scaffolding of LaTeX become blanks of the same length, so that columns
still count in the author's line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from cgprimer.derivation.spellings import marks
from cgprimer.errors import ExpressionError, Mistake

_BLANK, _BREAK, _EQUALS = marks("blank"), marks("break"), marks("equals")

Span = tuple[int, int]


@dataclass(frozen=True)
class Statement:
    """What is to be read at a time: `line[start:end]`, comments blanked in `clean`."""

    number: int
    line: str
    clean: str
    start: int
    end: int

    def sides(self, follows: bool) -> list[Span]:
        """The spans between one '=' and the next, at least two.

        An empty one only comes first, and only where the line `follows` another.
        """
        equals = [mark.span() for mark in _EQUALS.finditer(self.clean, *self.span)]
        if not equals:
            self.fail(
                "a line of a derivation needs '='", self._trim(*self.span),
                "what is no formula goes behind a #",
            )  # fmt: skip
        starts = [self.start, *(after for _, after in equals)]
        ends = [*(before for before, _ in equals), self.end]
        spans = [self._trim(a, b) for a, b in zip(starts, ends, strict=True)]
        for i, (a, b) in enumerate(spans):
            if a == b and (i or not follows):
                self.fail("a value is missing beside this '='", equals[max(i - 1, 0)])
        return spans

    @property
    def span(self) -> Span:
        """Where in the line it stands."""
        return self.start, self.end

    def _trim(self, start: int, end: int) -> Span:
        """The span without blanks, alignment marks and a sentence's punctuation."""
        inner = self.clean[start:end]
        first = start + len(inner) - len(inner.lstrip(" \t&"))
        last = start + len(inner.rstrip(" \t\r&,;:"))
        # "= 2." at the end of a sentence keeps its point: it is a number as well.
        text = self.clean[first:last]
        if text.endswith(".") and not text[-2:-1].isdigit():
            last -= 1
        return (first, last) if first < last else (start, start)

    def fail(self, message: str, span: Span, hint: str = "") -> NoReturn:
        """Raise with carets under `span` of the author's line."""
        raise ExpressionError([Mistake(message, self.line, *span, hint)])


def statements(text: str) -> Iterator[Statement]:
    r"""The statements of a text; a line may hold several, parted by `\\`."""
    for number, line in enumerate(text.split("\n"), 1):
        clean = _BLANK.sub(lambda mark: " " * len(mark[0]), line)
        breaks = [mark.span() for mark in _BREAK.finditer(clean)]
        start = 0
        for end, after in [*breaks, (len(line), 0)]:
            if clean[start:end].strip(" \t\r&.,;"):
                yield Statement(number, line, clean, start, end)
            start = after
