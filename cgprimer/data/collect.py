"""Rows of a table ─▶ the numbers of the columns that are used.

rows, numbers of their lines ─ Collector.add … finish ─▶ arrays (n,), rows left out

A block of rows is read by C where all of it is plain; else in pieces, and at last cell
by cell.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import NoReturn

import numpy as np

from cgprimer.data.cells import MINUS, is_missing, looks_like_number
from cgprimer.data.looks import Heading
from cgprimer.data.reading import TableReading
from cgprimer.data.reading_error import Pass, ReadingError
from cgprimer.data.rows import COMMENTS, Row, has_width, places_of
from cgprimer.data.signs import Cell, Signs
from cgprimer.data.text_file import legible
from cgprimer.errors import DataError, counted, shorten
from cgprimer.types import Array

PIECE = 64  # rows; an odd one costs that others around it are looked at, too
SHOWN = 3  # rows that are named of those that lack a value in a column


class Collector:
    """The numbers of the used columns, and which rows lack some."""

    def __init__(
        self, heading: Heading, used: Sequence[str], reading: TableReading, shown: str
    ) -> None:
        self.heading, self.reading, self.shown = heading, reading, shown
        self.names = heading.names
        # A column may be used more than once; it is read once.
        self.places = sorted({*places_of(self.names, used)})
        self.pick = _picker(self.places)
        self.signs = Signs(reading, heading.doubtful, shown)
        # All numbers in one array, row by row: 8 bytes each, where a list would hold
        # objects.
        self.values = array("d")
        self.rows = self.incomplete = 0
        self.gaps: dict[str, list[int]] = {}
        self.spelled: dict[str, None] = {}
        self.taken_out: list[int] = []

    def add(self, rows: Sequence[Row], numbers: Sequence[int]) -> None:
        """Append rows, whose lines have these numbers; DataError for what is odd."""
        if self._add_plain(rows):
            return
        for at in range(0, len(rows), PIECE):
            piece, lines = rows[at : at + PIECE], numbers[at : at + PIECE]
            if not self._add_plain(piece):
                for row, number in zip(piece, lines, strict=True):
                    self._add_row(row, number)

    def _add_plain(self, rows: Sequence[Row]) -> bool:
        """Append rows by C; False, and none of them, where one is not plain."""
        if {*map(len, rows)} != {len(self.names)}:
            return False
        numbers = self._plain([*chain.from_iterable(map(self.pick, rows))])
        if numbers is None:
            return False
        self.values.extend(numbers)
        self.rows += len(rows)
        return True

    def _plain(self, cells: list[str]) -> array[float] | None:
        """Cells as numbers, if nothing has to be found out about any of them.

        Text in ASCII without _ that float() takes is what `decimal` takes, but for
        blanks around it.
        """
        text = told = "\n".join(cells)
        if not text.isascii():
            text = text.replace(MINUS, "-")
        if not text.isascii() or "_" in text or not self.signs.are_plain(text):
            return None
        if self.signs.sign == ",":
            text = text.replace(",", ".")
        try:
            numbers = array(
                "d", map(float, cells if text is told else text.split("\n"))
            )
        except ValueError:
            return None
        odd = len(numbers) != len(cells) or not np.isfinite(numbers).all()
        return None if odd else numbers

    def _add_row(self, row: Row, number: int) -> None:
        if not any(map(str.strip, row)):
            return
        if not has_width(row, self.names):
            self._refuse_row(row, number)
        cells = [Cell(row[p], number, self.names[p]) for p in self.places]
        missing = [cell for cell in cells if is_missing(cell.text)]
        values = [self.signs.number(c) for c in cells if c not in missing]
        for cell in missing:
            self.spelled.setdefault(legible(cell.text).strip())
            self.gaps.setdefault(cell.column, []).append(number)
        self.incomplete += bool(missing)
        if not missing:
            self.rows += 1
            self.values.extend(values)

    def check_comment(self, line: str, number: int) -> None:
        """DataError for a comment that could be a sample; one taken out is remarked.

        What begins with a number behind its sign was taken out; but #12 may be the name
        of a sample that nobody uses, and #### a number.
        """
        row = self.heading.cutter.cells(line.strip())
        others = [place for place in self.places if place]
        if self.reading.comment is not None or not self._fits(row, others):
            return
        first = row[0].lstrip("#%/")
        if 0 in self.places and looks_like_number(first):
            self.taken_out.append(number)
        elif others and not (
            0 in self.places and (first[:1].isspace() or row[0] in COMMENTS)
        ):
            self._refuse_comment(row[0], number)

    def _refuse_comment(self, cell: str, number: int) -> NoReturn:
        signs = self.heading.cutter.signs
        sign = next(sign for sign in signs if cell.startswith(sign))
        leave, read = Pass("comment", sign), Pass("comment", "")
        raise ReadingError(
            f"{self.shown}: row {number} begins with {sign!r} and holds numbers as "
            "samples do",
            hint=["pass ", leave, " to leave such rows out, ", read, " to read them"],
        )

    def check_long(self, row: Row, first: int, last: int) -> None:
        """DataError for a quoted cell over lines that has swallowed rows."""
        cut = self.heading.cutter.cells
        for line in (line for cell in row for line in cell.split("\n")[1:]):
            if self._fits(cut(line), self.places):
                raise DataError(
                    f"{self.shown}: a quoted cell goes on from row {first} to row "
                    f"{last}, over what look like samples",
                    "close its quote",
                )

    def _fits(self, row: Row, places: Sequence[int]) -> bool:
        return has_width(row, self.names) and all(
            looks_like_number(row[p]) or is_missing(row[p]) for p in places
        )

    def _refuse_row(self, row: Row, number: int) -> NoReturn:
        names, width = self.names, len(row)
        cells = counted(width, "cell")
        said = f"{self.shown}: row {number} has {cells}, the first {len(names)}"
        commas = self.heading.cutter.separator == "," and width > len(names)
        more = "if commas are decimal signs too, separate cells by ;" * commas
        if width == len(names) + 1:
            end = " with an empty name in its place" + f"; {more}" * commas
            named = Pass("names", ["", *names])
            alone = "if a column has no heading, pass "
            raise ReadingError(said, hint=[alone, named, end])
        raise DataError(said, more)

    def finish(self) -> dict[str, Array]:
        """The columns; DataError where a sign is not clear, or values are missing."""
        self.signs.finish()
        if self.incomplete and self.reading.missing == "refuse":
            self._refuse_gaps()
        if not self.rows:
            expected = "a first line with names and some samples are expected"
            said = "every row lacks a value" if self.incomplete else expected
            raise DataError(f"{self.shown}: {said}")
        table = np.frombuffer(self.values).reshape(self.rows, len(self.places))
        return {self.names[place]: table[:, k] for k, place in enumerate(self.places)}

    def _refuse_gaps(self) -> NoReturn:
        count = sum(map(len, self.gaps.values()))
        where = "; ".join(
            f"column {shorten(n)!r} in {_rows(at)}" for n, at in self.gaps.items()
        )
        spelled = ", ".join(repr(shorten(text)) for text in [*self.spelled][:SHOWN])
        rows = f"these {self.incomplete} rows" if self.incomplete > 1 else "this row"
        raise ReadingError(
            f"{self.shown}: {count} value{'s are' if count > 1 else ' is'} missing: "
            f"{where} (written {spelled})",
            hint=[Pass("missing", "drop"), f" leaves out {rows}"],
        )

    def remarks(self) -> Iterator[str]:
        """What a reader of the numbers should know of how they were read."""
        if self.heading.units:
            yield f"Row {self.heading.units} of the file was read as units"
        if self.signs.sign == "," and self.signs.first:
            yield "Commas were read as decimal signs"
        if self.incomplete:
            rows = sorted({n for at in self.gaps.values() for n in at})
            yield _left_out(rows, "for lack of values")
        if self.taken_out:
            yield _left_out(self.taken_out, "as comments")


def _left_out(rows: Sequence[int], why: str) -> str:
    count = "1 row was" if len(rows) == 1 else f"{len(rows)} rows were"
    return f"{count} left out {why}: {_rows(rows)} of the file"


def _picker(places: list[int]) -> Callable[[Row], Sequence[str]]:
    """The cells of a row that stand in `places`."""
    if len(places) == 1:  # of one place itemgetter would return the cell itself
        return itemgetter(slice(places[0], places[0] + 1))
    return itemgetter(*places) if places else lambda row: ()


def _rows(numbers: Sequence[int]) -> str:
    """`rows 4, 9 and 3 more`."""
    shown = ", ".join(map(str, numbers[:SHOWN]))
    more = f" and {len(numbers) - SHOWN} more" * (len(numbers) > SHOWN)
    return f"row{'s' * (len(numbers) > 1)} {shown}{more}"
