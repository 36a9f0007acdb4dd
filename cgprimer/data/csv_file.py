"""Tables of text: path ─▶ the names of the columns, and those that are used as arrays.

    text_file ─ lines ─▶ heading, looks ─ Heading ─▶ rows ─▶ collect, signs ─▶ arrays

A cell that is used is a number, or it is refused with its line; nothing is guessed that
a caller could not see. Cells of other columns are only counted, however long they are.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from cgprimer.data.collect import Collector
from cgprimer.data.entries import check_entries, columns_for, gather
from cgprimer.data.heading import SAMPLE, check_renamed, find_heading
from cgprimer.data.reading import TableReading
from cgprimer.data.roles import Roles
from cgprimer.data.rows import long_fields
from cgprimer.data.text_file import open_lines
from cgprimer.errors import DataError, listing, visible
from cgprimer.types import Array

Choice = Callable[[Sequence[str]], Roles]


class TableRead(NamedTuple):
    """Roles of the columns of a file, those that are used, and how they were read."""

    roles: Roles
    columns: dict[str, Array]
    remarks: Sequence[str]


def read_columns(
    path: Path, reading: TableReading, wanted: Sequence[str], choose: Choice
) -> TableRead:
    """The columns that `choose` says are used, of the names in the heading.

    wanted : names that are expected there. Raises DataError for a file that cannot be
    read, has more than `MOST` bytes or a line of more than `LONGEST` characters, and
    for a row that does not fit the heading.
    """
    shown = visible(str(path))
    try:
        with open_lines(path, reading.encoding) as lines, long_fields():
            heading = find_heading(lines.peek(SAMPLE), wanted, reading, shown)
            check_renamed(heading, reading)
            names = [name for name in heading.names if name]
            counts = Counter(names)
            if any(counts[name] > 1 for name in columns_for(names, wanted)):
                raise DataError(
                    f"{shown}: a column name appears twice in {listing(names)}"
                )
            roles = choose(names)
            check_entries(names, roles.used)
            used = columns_for(names, roles.used)
            collector = Collector(heading, used, reading, shown)
            lines.skip(heading.first - 1)
            for rows, numbers in heading.cutter.rows_of(lines, collector):
                collector.add(rows, numbers)
            columns = gather(collector.finish(), roles.used)
            return TableRead(roles, columns, [*collector.remarks()])
    except (OSError, ValueError, csv.Error) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"cannot read {shown}: {error}") from error
