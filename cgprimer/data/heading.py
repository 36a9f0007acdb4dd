"""Where the names of a table stand, and what separates its cells.

first lines, wanted names, TableReading ─ find_heading ─▶ Heading

Each separator is tried; of those whose heading has the names that are wanted, the one
is taken that most rows suit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NoReturn

from cgprimer.data.cells import looks_like_number
from cgprimer.data.looks import FirstLine, Heading, Look
from cgprimer.data.reading import TableReading
from cgprimer.data.reading_error import Pass, ReadingError
from cgprimer.data.rows import Cutter
from cgprimer.data.text_file import refuse_nul
from cgprimer.errors import DataError, counted, listing, shorten, suggest

SAMPLE = 1000  # lines that are looked at before the first row is read
SEPARATORS = (",", ";", "\t", "|", " ")  # of two that fit the first is taken
EXCEL = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)


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
        look = Look(Cutter(separator, reading.comment), lines, start, reading, shown)
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
        refuse_nul(shown, text)
    return _without(looks, wanted, reading)


def check_renamed(heading: Heading, reading: TableReading) -> None:
    """ReadingError where a name of `rename` is no heading."""
    titles = [title for title in heading.titles if title]
    for name in (reading.rename or {}) if titles else ():
        if name not in titles:
            said = f" names {shorten(name)!r}, which is no column"
            hint = suggest(name, titles) or f"the columns are {listing(titles)}"
            raise ReadingError(Pass("rename"), said, hint=[hint])


def _check_count(looks: Sequence[Look], names: Sequence[str], shown: str) -> None:
    """ReadingError where there are fewer or more names than cells."""
    width, rows = max((look.width() for look in looks), key=lambda pair: pair[::-1])
    if rows and width != len(names):
        raise ReadingError(
            f"{shown}: most rows have {counted(width, 'cell')}, but there are "
            f"{counted(len(names), 'name')} in ",
            Pass("names", [*names]),
            hint=["give one for each column, an empty one for what is not used"],
        )


def _without(
    looks: Sequence[Look], wanted: Sequence[str], reading: TableReading
) -> Heading:
    """What is likely the heading, where none has the names that are wanted."""
    look = max(looks, key=lambda look: look.width()[::-1])
    if reading.names is not None:
        return look.heading([*reading.names], look.lines[0].number)
    rows, (width, _) = [x for x in look.lines if not x.comment], look.width()
    at = next((i for i, x in enumerate(rows) if len(x.row) == width), None)
    if at is None:
        return look.heading([], 1)
    if all(map(looks_like_number, filter(str.strip, rows[at].row))):
        _refuse_no_names(rows, at, wanted, look.shown)
    return look.heading(look.titles(rows[at].row), rows[at].number + 1)


def _refuse_no_names(
    rows: Sequence[FirstLine], at: int, wanted: Sequence[str], shown: str
) -> NoReturn:
    """There are numbers, and above them nothing that fits."""
    row, width = rows[at].number, len(rows[at].row)
    said = f"{shown}: row {row} holds numbers, and no row above it the names of columns"
    if at:
        above = rows[at - 1]
        said = (
            f"{shown}: row {above.number} has {counted(len(above.row), 'cell')}, the "
            f"numbers below it {width}"
        )
    names = [*wanted, *[""] * (width - len(wanted))]
    order = f" in the order of the {counted(width, 'column')}"
    raise ReadingError(said, hint=["pass ", Pass("names", names), order])
