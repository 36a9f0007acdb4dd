"""A text as it is read, which knows where each sign of it was written.

    "a·x²"  ─ rewrite ─▶  "a*x^2"      span(2, 5) of that is (2, 4) of what was written

`printed` and `pasted` rewrite what papers and programs spell otherwise; carets come out
under the author's own signs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple


class Edit(NamedTuple):
    """`text[start:end]` is read as `new`."""

    start: int
    end: int
    new: str


@dataclass(frozen=True)
class Spelled:
    """`text` is what is read; `before` it was the other, with `edits` made in that."""

    text: str
    before: Spelled | None = None
    edits: tuple[Edit, ...] = ()
    starts: tuple[int, ...] = ()  # where each edit begins in `text`

    def rewrite(self, edits: Iterable[Edit]) -> Spelled:
        """The same with edits, which do not overlap, made; itself without any."""
        found = sorted(
            edit for edit in edits if self.text[edit[0] : edit[1]] != edit.new
        )
        if not found:
            return self
        parts: list[str] = []
        starts: list[int] = []
        at = size = 0
        for start, end, new in found:
            starts.append(size + start - at)
            parts += self.text[at:start], new
            size, at = starts[-1] + len(new), end
        parts.append(self.text[at:])
        return Spelled("".join(parts), self, tuple(found), tuple(starts))

    @property
    def written(self) -> str:
        """The author's own text."""
        step = self
        while step.before is not None:
            step = step.before
        return step.text

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` was written."""
        step = self
        while step.before is not None:
            start = step._place(start)[0]
            # An empty span, as behind the last sign, stays one.
            end = max(start, step._place(end - 1)[1]) if end else start
            step = step.before
        return start, max(end, start + 1)

    def _place(self, at: int) -> tuple[int, int]:
        """The span, one step before, of the character at a place."""
        number = bisect_right(self.starts, at) - 1
        if number < 0:
            return at, at + 1
        edit, beyond = self.edits[number], at - self.starts[number]
        if beyond < len(edit.new):
            return edit.start, max(edit.end, edit.start + 1)
        at = edit.end + beyond - len(edit.new)
        return at, at + 1
