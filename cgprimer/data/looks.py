"""The first lines of a table, cut in one way: where its heading stands, if it has one.

lines, Cutter, TableReading ─ Look.guess ─▶ HeadingGuess: a Heading and what suits it

Instruments write remarks before the heading and units below it. The heading is the row
that holds every name that is wanted; it is the last such row before the first numbers.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

from cgprimer.data.cells import (
    is_missing,
    is_rule,
    is_unit,
    looks_like_number,
    shows_comma,
)
from cgprimer.data.reading import TableReading, spaced
from cgprimer.data.reading_error import Pass, ReadingError
from cgprimer.data.rows import Cutter, Row, has_names, has_width, places_of
from cgprimer.data.text_file import legible
from cgprimer.errors import listing

LONG = 1000  # characters of a name


@dataclass(frozen=True)
class Heading:
    """What the first lines tell.

    titles : what stands above the columns, in order; "" where nothing does.
    names : the same after `rename`.
    first : the line from which on there are samples.
    units : the line that holds units, 0 where there is none.
    doubtful : whether a point may stand between thousands. Where semicolons separate,
        commas are decimal signs as a rule; or a cell that nobody uses shows it.
    """

    cutter: Cutter
    titles: list[str]
    names: list[str]
    first: int
    units: int = 0
    doubtful: bool = True


class FirstLine(NamedTuple):
    """A row, its number in the file, and whether it was behind a comment sign."""

    row: Row
    number: int
    comment: bool


class HeadingGuess(NamedTuple):
    """A reading of the first lines: how many rows suit it, and how many do not."""

    heading: Heading
    good: int
    bad: int


class Look:
    """The first lines, cut in one way."""

    def __init__(
        self,
        cutter: Cutter,
        lines: Sequence[str],
        start: int,
        reading: TableReading,
        shown: str,
    ) -> None:
        self.cutter, self.reading = cutter, reading
        self.start, self.shown = start, shown
        self.lines = list(self._rows(lines, start))

    def _rows(self, lines: Sequence[str], start: int) -> Iterator[FirstLine]:
        """Rows that are not empty, and comments cut as if they were rows."""
        rest = iter(lines[start:])
        number = start

        def counted() -> Iterator[str]:
            nonlocal number
            for line in rest:
                number += 1
                if self.cutter.is_comment(line):
                    behind.append((line, number))
                else:
                    yield line + "\n"

        behind: list[tuple[str, int]] = []
        reader = self.cutter.cut_quoted(counted(), strict=False)
        try:
            for row in reader:
                for line, place in behind:
                    yield FirstLine(self._cells(line), place, comment=True)
                behind.clear()
                if any(cell.strip() for cell in row):
                    yield FirstLine(row, number, comment=False)
        except csv.Error:
            return

    def _cells(self, line: str) -> Row:
        sign = next(s for s in self.cutter.signs if line.lstrip().startswith(s))
        return self.cutter.cells(line.strip().lstrip(sign).strip())

    def width(self) -> tuple[int, int]:
        """How many cells most rows have, and how many rows; one cell separates none."""
        counts = Counter(len(line.row) for line in self.lines if not line.comment)
        if not counts:
            return 0, 0
        width, count = max(counts.items(), key=lambda pair: (pair[1], pair[0]))
        return width, count * (width > 1)

    def titles(self, row: Row) -> list[str]:
        """What a row would stand for above the columns."""
        # What is longer is no name that anybody wants, and would cost much.
        return [spaced(legible(cell)) if len(cell) < LONG else "" for cell in row]

    def named(self, row: Row) -> list[str]:
        """The names that a row would give to the columns."""
        return self._renamed(self.titles(row))

    def _renamed(self, titles: list[str]) -> list[str]:
        rename = self.reading.rename or {}
        return [rename.get(title, title) for title in titles]

    def heading(self, titles: list[str], first: int, *more: Any) -> Heading:
        """The heading of such columns, where samples begin with line `first`."""
        return Heading(self.cutter, titles, self._renamed(titles), first, *more)

    def guess(self, wanted: Sequence[str]) -> HeadingGuess | None:
        """The heading by the names that are wanted, or by those that are given."""
        if self.reading.names is not None:
            return self._given([*self.reading.names], wanted)
        at = self._exact(wanted, comments=False)
        if at is None:
            at = self._exact(wanted, comments=True)
        if at is None:
            return None
        self._check_above(at, wanted)
        return self._below(self.titles(self.lines[at].row), at + 1, wanted)

    def _check_above(self, at: int, wanted: Sequence[str]) -> None:
        """ReadingError where the names stand right below samples, not above them."""
        above, line = self.lines[at - 1], self.lines[at]
        if not at or above.comment or line.comment or len(above.row) != len(line.row):
            return
        places = places_of(self.named(line.row), wanted)
        # Behind an empty row another table begins.
        if above.number == line.number - 1 and self.fits(above.row, places):
            raise ReadingError(
                f"{self.shown}: row {line.number} has the names of columns, but row "
                f"{above.number} above it numbers",
                hint=[
                    "put the names above all samples, or an empty row above the names"
                ],
            )

    def _exact(self, wanted: Sequence[str], comments: bool) -> int | None:
        """The last row with all names before the first with numbers."""
        found: int | None = None
        places: list[int] = []
        for i, line in enumerate(self.lines):
            if found is not None and not line.comment and self.begins(line.row, places):
                return found
            if line.comment == comments and has_names(
                names := self.named(line.row), wanted
            ):
                found, places = i, places_of(names, wanted)
            elif comments and not line.comment and found is None:
                return None  # samples began: what is said further down is no heading
        return found

    def fits(self, row: Row, places: Collection[int]) -> bool:
        """Whether there are numbers, or none at all, where they should be."""
        if not places or max(places) >= len(row):
            return False
        cells = [row[place] for place in places]
        return any(map(looks_like_number, cells)) and all(
            looks_like_number(cell) or is_missing(cell) for cell in cells
        )

    def begins(self, row: Row, places: Collection[int]) -> bool:
        """Whether a row is a sample, or was meant to be one: it has some number."""
        cells = [row[place] for place in places if place < len(row)]
        told = (cell for cell in cells if cell.strip())
        return any(looks_like_number(cell) or is_missing(cell) for cell in told)

    def _given(self, titles: list[str], wanted: Sequence[str]) -> HeadingGuess | None:
        """Names that are given: rows before the first that suits them are passed by."""
        names = self._renamed(titles)
        if not has_names(names, wanted):
            return None
        places = places_of(names, wanted)
        for i, line in enumerate(self.lines):
            whole = not line.comment and len(line.row) == len(names)
            if whole and self.begins(line.row, places):
                return self._below(titles, i, wanted)
            told = self.named(line.row)
            alike = len(told) == len(names) and has_names(told, wanted)
            if alike and places_of(told, wanted) != places:
                raise ReadingError(
                    f"{self.shown}: row {line.number} has the names "
                    f"{listing(told)}, others than ",
                    Pass("names", names),
                    hint=["leave out what is given"],
                )
        return self._below(titles, 0, wanted)

    def _below(self, titles: list[str], at: int, wanted: Sequence[str]) -> HeadingGuess:
        """The guess, where samples begin with row `at` or below a row of units."""
        names = self._renamed(titles)
        places = places_of(names, wanted)
        rows = [line for line in self.lines[at:] if not line.comment]
        first = 1 + (self.lines[at - 1].number if at else self.start)
        units = 0
        ruled = self.cutter.separator in "| "  # elsewhere --- is a missing value
        if rows and ruled and all(map(is_rule, rows[0].row)):
            first = rows.pop(0).number + 1
        if rows and self._has_units(rows[0].row, places):
            units = rows.pop(0).number
            first = units + 1
        good = sum(
            has_width(line.row, names) and self.fits(line.row, places) for line in rows
        )
        doubtful = self.cutter.separator == ";" or any(
            map(shows_comma, chain.from_iterable(line.row for line in rows))
        )
        heading = self.heading(titles, first, units, doubtful)
        return HeadingGuess(heading, good, len(rows) - good)

    def _has_units(self, row: Row, places: Collection[int]) -> bool:
        if max(places, default=0) >= len(row):
            return False
        cells = [row[place] for place in places]
        return any(map(is_unit, cells)) and all(
            is_unit(cell) or cell.strip() in ("", "-") for cell in cells
        )
