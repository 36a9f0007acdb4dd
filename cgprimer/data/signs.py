"""The decimal sign of a file: said, or found in its cells.

Cell ─ Signs.number ─▶ float, or DataError

0,5 tells that the comma is a decimal sign. 1,234 alone may be 1.234 or 1234, so that
another cell has to tell; where none does, the caller is asked. A file has one sign.
"""

from __future__ import annotations

import math
from typing import NamedTuple, NoReturn

from cgprimer.data.cells import groups_of, kind_of, plain, without_groups
from cgprimer.data.reading import TableReading
from cgprimer.data.reading_error import Pass, ReadingError
from cgprimer.data.text_file import legible
from cgprimer.errors import DataError, shorten
from cgprimer.graph.arrays import decimal as decimal_of

_SWAP = str.maketrans(",.", ".,")


class Cell(NamedTuple):
    """A cell and where it stands."""

    text: str
    row: int
    column: str

    def __str__(self) -> str:
        return f"{shorten(legible(self.text))!r} in row {self.row}"


class Signs:
    """What is known of the signs in numbers.

    sign : None until it is said or a cell shows one; `first` is the cell that did.
    proven : whether it cannot stand between thousands.
    """

    def __init__(self, reading: TableReading, doubtful: bool, shown: str) -> None:
        self.sign = self.said = reading.decimal_sign
        self.thousands, self.shown = reading.thousands, shown
        self.proven = self.sign is not None
        self.first: Cell | None = None
        # A point is decimal, unless the file looks as if commas were.
        self.trusted = "" if doubtful else "."

    def are_plain(self, text: str) -> bool:
        """Whether nothing has to be found out about numbers in `text`.

        Then they are Python's, but for the sign.
        """
        if self.thousands:
            return False
        if not self.proven:
            return "." not in text and "," not in text
        return ("." if self.sign == "," else ",") not in text

    def number(self, cell: Cell) -> float:
        """The number in a cell; DataError where there is none."""
        text = plain(legible(cell.text))
        shown = [sign for sign in ".," if sign in text and sign != self.thousands]
        if len(shown) == 1 and not self.said and text.count(shown[0]) == 1:
            self._meet(shown[0], text, cell)
        sign = self.sign or "."
        read = without_groups(text, self.thousands, sign) if self.thousands else text
        if sign == ",":
            read = read.translate(_SWAP)  # so that a point is none
        try:
            number = decimal_of(read)
        except ValueError:
            self._refuse(cell, text)
        if math.isinf(number):
            self._refuse(cell, text)
        return number

    def _meet(self, sign: str, text: str, cell: Cell) -> None:
        """Learn from a cell with one sign in it."""
        if self.sign is None:
            self.sign, self.first = sign, cell
            self.proven = bool(self.thousands) or sign == self.trusted
        if sign != self.sign:
            self._refuse_both(cell, text)
        self.proven = self.proven or not groups_of(text)

    def _refuse_both(self, cell: Cell, text: str) -> NoReturn:
        """Both signs stand in the file, and nobody said which one is decimal."""
        said = f"{self.shown}: {cell}, but {self.first}"
        grouped = [
            each for each in (cell, self.first) if each and groups_of(plain(each.text))
        ]
        if not grouped or self.thousands:
            raise DataError(
                f"{said}: a comma and a point as decimal signs",
                "write all numbers with the same sign",
            )
        text = plain(grouped[0].text)
        sign, decimal = groups_of(text) or ("", "")
        whole = f" if {text!r} is {without_groups(text, sign, decimal)}"
        hint = "pass ", Pass("thousands", sign), whole
        raise ReadingError(f"{said}: which sign is the decimal one?", hint=hint)

    def finish(self) -> None:
        """DataError where the sign may be decimal or between thousands."""
        if self.proven or self.first is None:
            return
        text, sign = plain(legible(self.first.text)), self.sign or "."
        decimal, grouped = text.replace(sign, "."), text.replace(sign, "")
        raise ReadingError(
            f"{self.shown}: {self.first}, column {shorten(self.first.column)!r}, "
            f"may be {decimal} or {grouped}, and no other cell tells",
            hint=[
                *("pass ", Pass("decimal", sign), f" for {decimal}, "),
                *(Pass("thousands", sign), f" for {grouped}"),
            ],
        )

    def _refuse(self, cell: Cell, text: str) -> NoReturn:
        """DataError for a cell that is no number, with what it looks like."""
        what, hint = kind_of(text)
        said = (
            f"{self.shown}: row {cell.row}, column {shorten(cell.column)!r} holds "
            f"{shorten(legible(cell.text))!r}, which is {what}"
        )
        sign, decimal = groups_of(text) or ("", "")
        if sign and not self.thousands and self.said in (None, decimal or self.said):
            passes: list[str | Pass] = [Pass("thousands", sign)]
            if decimal and sign in " '":
                passes += [" and ", Pass("decimal", decimal)]
            read = without_groups(text, sign, decimal).replace(decimal or ".", ".")
            raise ReadingError(said, hint=["pass ", *passes, f", if it is {read}"])
        raise DataError(said, hint)
