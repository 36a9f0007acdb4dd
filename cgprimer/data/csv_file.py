"""CSV files: path ─▶ the names of the columns, and those that are used as arrays.

A cell that is used is a plain decimal number, or it is refused with its line. Cells of
other columns are only counted, however long they are.
"""

from __future__ import annotations

import csv
import os
import stat
import threading
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from string import whitespace
from typing import IO, TYPE_CHECKING, NoReturn

import numpy as np

from cgprimer.data.roles import Roles
from cgprimer.errors import DataError, listing, shorten, visible
from cgprimer.graph.arrays import decimal
from cgprimer.types import Array

Choice = Callable[[Sequence[str]], Roles]
if TYPE_CHECKING:
    from _csv import Reader

LONGEST = 2**26  # characters of a line: a device that never ends one is soon refused
MOST = 2**31  # bytes of a file: about a hundred million numbers, a gigabyte of them
_LIMIT = threading.RLock()  # the longest field is a setting of the whole csv module


def read_columns(path: Path, choose: Choice) -> tuple[Roles, dict[str, Array]]:
    """What `choose` says of the names in the first line, and the columns it uses.

    Raises DataError for a file that cannot be read, has more than `MOST` bytes or a
    line of more than `LONGEST` characters, and for a row that does not fit the first.
    """
    shown = visible(str(path))
    try:
        # As the csv module asks for: it finds the ends of lines itself, also in quotes.
        # The encoding drops the mark that spreadsheets put at the beginning of UTF-8.
        with path.open(newline="", encoding="utf-8-sig") as file, _long_fields():
            _check_size(file, shown)
            reader = csv.reader(_lines(file, shown))
            names = _names(next(filter(None, reader), []), shown)
            roles = choose(names)
            return roles, _columns(reader, names, roles.used, shown)
    except (OSError, ValueError, csv.Error) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"cannot read {shown}: {error}") from error


@contextmanager
def _long_fields() -> Iterator[None]:
    """Cells may be as long as lines; what others set is set again afterwards."""
    with _LIMIT:
        before = csv.field_size_limit(LONGEST)
        try:
            yield
        finally:
            csv.field_size_limit(before)


def _check_size(file: IO[str], shown: str) -> None:
    known = os.fstat(file.fileno())
    # A large file is refused before it is read. What is no file, such as a pipe, has no
    # size, and is counted as it comes, by `_lines`.
    if stat.S_ISREG(known.st_mode) and known.st_size > MOST:
        _refuse_size(shown)


def _refuse_size(shown: str) -> NoReturn:
    raise DataError(
        f"{shown}: more than {MOST >> 30} GiB, and no more is read\n"
        "  hint: leave out rows, or columns that are not used"
    )


def _lines(file: IO[str], shown: str) -> Iterator[str]:
    """The lines of a file, none without end, nor without end in number."""
    size = number = 0
    # One character more than allowed, to tell a line that is too long from one that
    # fits.
    while line := file.readline(LONGEST + 1):
        number, size = number + 1, size + len(line)
        if len(line) > LONGEST:
            raise DataError(
                f"{shown}: line {number} has more than {LONGEST >> 20} million "
                "characters\n  hint: a CSV file has a line for each sample"
            )
        if size > MOST:
            _refuse_size(shown)
        yield line


def _names(row: Sequence[str], shown: str) -> list[str]:
    if not row:
        _refuse_nothing(shown)
    names = [name.strip() for name in row]
    if len(set(names)) < len(names):
        raise DataError(f"{shown}: a column name appears twice in {listing(names)}")
    return names


def _columns(
    reader: Reader, names: list[str], used: Sequence[str], shown: str
) -> dict[str, Array]:
    """The used columns of all rows.

    Text in ASCII without _ that float() takes is what `decimal` takes, but for blanks
    around it: so the cells of a row are read together, and looked at if that fails.
    """
    number, width, rows = {name: k for k, name in enumerate(names)}, len(names), 0
    # A column may be named more than once; it is read once.
    places = sorted({number[name] for name in used})
    pick = itemgetter(*places, *places[:1]) if places else tuple  # a tuple also of one
    # All numbers in one array, row by row: 8 bytes each, where a list would hold
    # objects.
    values, count = array("d"), len(places)
    for row in reader:
        if not row:
            continue
        if len(row) != width:
            _refuse_row(reader, row, width, shown)
        cells = pick(row)[:count]
        text = "".join(cells)
        if not text.isascii() or "_" in text:
            _refuse_cell(reader, names, places, cells, shown)
        try:
            values.extend(map(float, cells))
        except ValueError:
            _refuse_cell(reader, names, places, cells, shown)
        rows += 1
    if not rows:
        _refuse_nothing(shown)
    table = np.frombuffer(values).reshape(rows, count)
    return {names[place]: table[:, k] for k, place in enumerate(places)}


def _refuse_nothing(shown: str) -> NoReturn:
    raise DataError(f"{shown}: a first line with names and some samples are expected")


def _refuse_row(reader: Reader, row: Sequence[str], width: int, shown: str) -> NoReturn:
    raise DataError(
        f"{shown}: row {reader.line_num} has {len(row)} cells, the first {width}"
    )


def _refuse_cell(
    reader: Reader,
    names: Sequence[str],
    places: Sequence[int],
    cells: Sequence[str],
    shown: str,
) -> NoReturn:
    """DataError that names the first cell that is no number."""
    odd = next(k for k, cell in enumerate(cells) if not _is_number(cell))
    raise DataError(
        f"{shown}: row {reader.line_num}, column {shorten(names[places[odd]])!r} holds "
        f"{shorten(cells[odd])!r}, which is not a number"
    )


def _is_number(cell: str) -> bool:
    try:
        decimal(cell.strip(whitespace))
    except ValueError:
        return False
    return True
