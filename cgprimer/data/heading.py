"""Where the names of a table stand, and what separates its cells.

first lines, wanted names, TableReading ─ find_heading ─▶ Heading

Instruments write remarks before the heading and units below it. The heading is the row
that holds every name that is wanted; it is the last such row before the first numbers.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple, NoReturn

from cgprimer.data.cells import is_missing, looks_like_number, shows_comma
from cgprimer.data.reading import TableReading, spaced
from cgprimer.data.reading_error import Pass, ReadingError
from cgprimer.data.rows import Cutter, Row
from cgprimer.data.text_file import legible, refuse_nul
from cgprimer.errors import DataError, listing

SAMPLE = 1000  # lines that are looked at before the first row is read
LONG = 1000  # characters of a name
SEPARATORS = (",", ";", "\t", "|", " ")  # of two that fit the first is taken
EXCEL = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
RULE = re.compile(r":-+:?|-+:|[+:]*[-=]{3,}(?:[+:]+[-=]{3,})*[+:]*")
UNIT = re.compile(
    r"""%|‰|°|ppm|a\.?\s?u\.?|arb\.?|counts?|cps|dB|deg|seconds?|volts?
    |(?:(?:[yzafpnuµμmcdhkMGTP]|da)?
        (?:s|sec|min|h|hr|d|m|g|K|°C|degC|°F|C|F|V|A|W|J|N|Pa|bar|atm|Torr|psi|Hz|Ohm|Ω|Ω|S
        |mol|M|L|l|T|G|H|eV|rad|cd|lm|lx|Bq|Sv|cal|rpm|Wb|kat|Å|px)
        (?:\^?[-+−]?\d+|[⁻⁺]?[¹²³⁴]+)?[*·/.\s]*)+""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Heading:
    """What the first lines tell.

    names : of the columns, in order; "" for one without.
    first : the line from which on there are samples.
    units : the line that holds units, 0 where there is none.
    doubtful : whether a point may stand between thousands. Where semicolons separate,
        commas are decimal signs as a rule; or a cell that nobody uses shows it.
    """

    cutter: Cutter
    names: list[str]
    first: int
    units: int = 0
    doubtful: bool = True


class _Line(NamedTuple):
    """A row, its number in the file, and whether it was behind a comment sign."""

    row: Row
    number: int
    comment: bool


class _Guess(NamedTuple):
    """A reading of the first lines: how many rows suit it, and how many do not."""

    heading: Heading
    good: int
    bad: int


def find_heading(
    lines: Sequence[str], wanted: Sequence[str], reading: TableReading, shown: str
) -> Heading:
    """The heading in the first lines; DataError where there is none.

    wanted : names that are to be found, as they are after `reading.rename`.
    """
    said, start = reading.separator, 0
    if lines and (excel := EXCEL.fullmatch(lines[0])):
        said, start = said or excel[1], 1
    text = "".join(lines)
    # Tabs are tried in any case: so a single column, without any, is read.
    tried = [said] if said else [s for s in SEPARATORS if s in text or s == "\t"]
    looks, guesses = [], []
    for separator in tried:
        look = _Look(Cutter(separator, reading.comment), lines, start, reading, shown)
        looks.append(look)
        if not look.lines:
            raise DataError(
                f"{shown}: a first line with names and some samples are expected"
            )
        if guess := look.guess(wanted):
            guesses.append(guess)
    if guesses:
        # The first of those that suit best: rows that do not suit count more.
        best = min(guesses, key=lambda guess: (guess.bad > 0, -guess.good))
        if not best.good and reading.names is not None:
            _check_count(looks, reading.names, shown)
        return best.heading
    if "\0" in text:
        refuse_nul(shown)
    return _without(looks, wanted, reading)


class _Look:
    """The first lines, cut in one way."""

    def __init__(
        self,
        cutter: Cutter,
        lines: Sequence[str],
        start: int,
        reading: TableReading,
        shown: str,
    ) -> None:
        self.cutter, self.reading, self.shown = cutter, reading, shown
        self.lines = list(self._rows(lines, start))

    def _rows(self, lines: Sequence[str], start: int) -> Iterator[_Line]:
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
                    yield _Line(self._cells(line), place, comment=True)
                behind.clear()
                if any(cell.strip() for cell in row):
                    yield _Line(row, number, comment=False)
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

    def named(self, row: Row) -> list[str]:
        """The names that a row would give to the columns."""
        # What is longer is no name that anybody wants, and would cost much.
        names = [spaced(legible(cell)) if len(cell) < LONG else "" for cell in row]
        rename = self.reading.rename or {}
        return [rename.get(name, name) for name in names]

    def guess(self, wanted: Sequence[str]) -> _Guess | None:
        """The heading by the names that are wanted, or by those that are given."""
        if self.reading.names is not None:
            return self._given(self.named([*self.reading.names]), wanted)
        at = self._exact(wanted, comments=False)
        if at is None:
            at = self._exact(wanted, comments=True)
        if at is None:
            return None
        return self._below(self.named(self.lines[at].row), at + 1, wanted)

    def _exact(self, wanted: Sequence[str], comments: bool) -> int | None:
        """The last row with all names before the first with numbers."""
        found: int | None = None
        places: list[int] = []
        for i, line in enumerate(self.lines):
            if found is not None and not line.comment and self.begins(line.row, places):
                return found
            if line.comment == comments and {*wanted} <= {
                *(names := self.named(line.row))
            }:
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

    def _given(self, names: list[str], wanted: Sequence[str]) -> _Guess | None:
        """Names that are given: rows before the first that suits them are passed by."""
        if not {*wanted} <= {*names}:
            return None
        places = places_of(names, wanted)
        for i, line in enumerate(self.lines):
            whole = not line.comment and len(line.row) == len(names)
            if whole and self.begins(line.row, places):
                return self._below(names, i, wanted)
            told = self.named(line.row)
            alike = len(told) == len(names) and {*wanted} <= {*told}
            if alike and places_of(told, wanted) != places:
                raise ReadingError(
                    f"{self.shown}: row {line.number} has the names "
                    f"{listing(told)}, others than ",
                    Pass("names", names),
                    "\n  hint: leave out what is given",
                )
        return self._below(names, 0, wanted)

    def _below(self, names: list[str], at: int, wanted: Sequence[str]) -> _Guess:
        """The guess, where samples begin with row `at` or below a row of units."""
        places = places_of(names, wanted)
        rows = [line for line in self.lines[at:] if not line.comment]
        first = 1 + (self.lines[at - 1].number if at else 0)
        units = 0
        if rows and self.cutter.separator in "| " and _is_rule(rows[0].row):
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
        heading = Heading(self.cutter, names, first, units, doubtful)
        return _Guess(heading, good, len(rows) - good)

    def _has_units(self, row: Row, places: Collection[int]) -> bool:
        if max(places, default=0) >= len(row):
            return False
        cells = [legible(row[place]).strip() for place in places]
        units = [*map(_is_unit, cells)]
        return any(units) and all(
            unit or cell in ("", "-") for unit, cell in zip(units, cells, strict=True)
        )


def _is_rule(row: Row) -> bool:
    """Whether a row is a line drawn below the heading."""
    return all(RULE.fullmatch(cell.strip()) or not cell for cell in row)


def _is_unit(cell: str) -> bool:
    """Whether a cell below a heading is that of a unit: in brackets, or a known one."""
    if len(cell) > 1 and cell[0] + cell[-1] in ("[]", "()"):
        return True
    # Short ones only: m, mm and m·m can be told apart in very many ways.
    return len(cell) <= 16 and bool(UNIT.fullmatch(cell))


def places_of(names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Where the names that are wanted stand, the first where one stands twice."""
    place = {name: i for i, name in reversed([*enumerate(names)])}
    return [place[name] for name in wanted]


def has_width(row: Row, names: Sequence[str]) -> bool:
    """Whether a row has a cell for each name, and empty ones at most beyond."""
    if len(row) == len(names):
        return True
    longest = max((i for i, name in enumerate(names, 1) if name), default=0)
    return len(row) >= longest and not any(map(str.strip, row[len(names) :]))


def _check_count(looks: Sequence[_Look], names: Sequence[str], shown: str) -> None:
    """ReadingError where there are fewer or more names than cells."""
    width, rows = max((look.width() for look in looks), key=lambda pair: pair[::-1])
    if rows and width != len(names):
        raise ReadingError(
            f"{shown}: most rows have {width} cells, but there are {len(names)} names "
            "in ",
            Pass("names", [*names]),
            "\n  hint: give one for each column, an empty one for what is not used",
        )


def _without(
    looks: Sequence[_Look], wanted: Sequence[str], reading: TableReading
) -> Heading:
    """What is likely the heading, where none has the names that are wanted."""
    look = max(looks, key=lambda look: look.width()[::-1])
    if reading.names is not None:
        return Heading(look.cutter, look.named([*reading.names]), look.lines[0].number)
    rows, (width, _) = [x for x in look.lines if not x.comment], look.width()
    at = next((i for i, x in enumerate(rows) if len(x.row) == width), None)
    if at is None:
        return Heading(look.cutter, [], 1)
    if all(map(looks_like_number, filter(str.strip, rows[at].row))):
        _refuse_no_names(rows, at, wanted, look.shown)
    return Heading(look.cutter, look.named(rows[at].row), rows[at].number + 1)


def _refuse_no_names(
    rows: Sequence[_Line], at: int, wanted: Sequence[str], shown: str
) -> NoReturn:
    """There are numbers, and above them nothing that fits."""
    row, width = rows[at].number, len(rows[at].row)
    said = f"{shown}: row {row} holds numbers, and no row above it the names of columns"
    if at:
        above = rows[at - 1]
        said = (
            f"{shown}: row {above.number} has {len(above.row)} cells, the numbers "
            f"below it {width}"
        )
    names = [*wanted, *[""] * (width - len(wanted))]
    raise ReadingError(
        f"{said}\n  hint: pass ",
        Pass("names", names),
        f" in the order of the {width} columns",
    )
