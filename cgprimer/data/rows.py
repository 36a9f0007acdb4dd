"""Lines ─▶ rows of cells: separators, quotes and comments.

    Lines ─ rows_of ─▶ (rows, numbers of their lines), a block at a time

A block is cut by C in one go, unless a quoted cell in it goes on over lines.
"""

from __future__ import annotations

import csv
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cgprimer.data import text_file
from cgprimer.data.cells import begins_with_error
from cgprimer.data.entries import columns_for
from cgprimer.data.text_file import Lines
from cgprimer.errors import DataError

if TYPE_CHECKING:
    from cgprimer.data.collect import Collector

Row = list[str]
QUOTES = {  # what the csv module says, and what it means
    "unexpected end of data": "a quoted cell is never closed",
    "expected after '\"'": "a quoted cell goes on behind its closing quote",
}
Rows = tuple[list[Row], Sequence[int]]
COMMENTS = ("#", "%", "//")
_LIMIT = threading.RLock()  # the longest field is a setting of the whole csv module


@contextmanager
def long_fields() -> Iterator[None]:
    """Cells may be as long as lines; what others set is set again afterwards."""
    with _LIMIT:
        before = csv.field_size_limit(text_file.LONGEST)
        try:
            yield
        finally:
            csv.field_size_limit(before)


class Cutter:
    """How lines are cut into cells, and which are none.

    separator : one sign; a blank stands for any run of blanks and tabs.
    comment : how a line begins that is none; None for the usual signs.
    """

    def __init__(self, separator: str, comment: str | None) -> None:
        self.separator = separator
        # Blanks behind a quote, which the csv module takes for more of the cell.
        blanks = " " if separator == "\t" else " \t"
        self.loose = re.compile(rf'"[{blanks}]+(?={re.escape(separator)}|$)')
        self.signs = COMMENTS if comment is None else (comment,) if comment else ()

    def is_comment(self, line: str) -> bool:
        """Whether a line holds no sample."""
        return line.lstrip().startswith(self.signs) and not begins_with_error(line)

    def cut(self, lines: list[str]) -> list[Row]:
        """The cells of lines without quotes."""
        if self.separator == " ":
            return [*map(str.split, lines)]
        return [*csv.reader(lines, delimiter=self.separator, quoting=csv.QUOTE_NONE)]

    def cut_quoted(
        self, lines: Iterable[str], strict: bool = True, loose: bool = True
    ) -> Iterator[Row]:
        """The cells of lines, some of them quoted; csv.Error where a quote is odd.

        loose : whether there may be blanks between a quote and a separator.
        """
        if self.separator == " ":
            lines = (f"{line.expandtabs(1).strip()}\n" for line in lines)
        elif loose:
            lines = (self.loose.sub('"', line) for line in lines)
        return csv.reader(
            lines, delimiter=self.separator, skipinitialspace=True, strict=strict
        )

    def cells(self, line: str) -> Row:
        """The cells of one line, read as it may be."""
        try:
            return next(self.cut_quoted([line], strict=False), [])
        except csv.Error:
            return []

    def rows_of(self, lines: Lines, watch: Collector) -> Iterator[Rows]:
        """All rows, a block at a time; for a comment there may be an empty one.

        watch : is asked about comments, and rows that go on over lines.
        """
        while lines.ahead() is not None:
            comments = any(map(lines.holds, self.signs))
            first, block = lines.number + 1, lines.block()
            rows = self._whole(block, lines)
            if rows is None:
                yield self._row_by_row(lines, watch, comments)
                continue
            for i, line in enumerate(block if comments else ()):
                if self.is_comment(line):
                    watch.check_comment(line, first + i)
                    rows[i] = []
            lines.skip(len(block))
            yield rows, range(first, first + len(block))

    def _whole(self, block: list[str], lines: Lines) -> list[Row] | None:
        """The rows of a block, one for each line; None where some row has several."""
        if not lines.holds('"'):
            return self.cut(block)
        loose = lines.holds('" ') or lines.holds('"\t')
        try:
            rows = [*self.cut_quoted(block, loose=loose)]
        except csv.Error:
            return None
        return rows if len(rows) == len(block) else None

    def _row_by_row(self, lines: Lines, watch: Collector, comments: bool) -> Rows:
        """The rest of a block; where it ends in a quoted cell, the next one too."""
        rows: list[Row] = []
        numbers: list[int] = []
        reader = self.cut_quoted(lines)
        while lines.left:
            before = lines.number
            if comments and self.is_comment(line := lines.ahead() or ""):
                watch.check_comment(line, before + 1)
                lines.skip(1)
                continue
            try:
                rows.append(next(reader))
            except csv.Error as error:
                what = next((QUOTES[e] for e in QUOTES if e in str(error)), error)
                said = f"{lines.shown}: row {before + 1}: {what}"
                raise DataError(said) from error
            numbers.append(lines.number)
            if lines.number > before + 1:
                watch.check_long(rows[-1], before + 1, lines.number)
        return rows, numbers


def has_names(names: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether all names that are wanted are there, or entries of arrays so named."""
    return {*wanted} <= {*names} or {*columns_for(names, wanted)} <= {*names}


def places_of(names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Where the names that are wanted stand, the first where one stands twice."""
    place = {name: i for i, name in reversed([*enumerate(names)])}
    return [place[name] for name in columns_for(names, wanted)]


def has_width(row: Row, names: Sequence[str]) -> bool:
    """Whether a row has a cell for each name, and empty ones at most beyond."""
    if len(row) == len(names):
        return True
    longest = max((i for i, name in enumerate(names, 1) if name), default=0)
    return len(row) >= longest and not any(map(str.strip, row[len(names) :]))
