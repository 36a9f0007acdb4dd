"""Files of text as lines: any encoding that can be told, none of them without end.

path ─ open_lines ─▶ Lines ─ .peek, .block, next ─▶ lines without their ends

UTF-8 and what has a mark (UTF-16, UTF-32) are known. A byte that is not UTF-8 is kept
as a lone surrogate, as numbers do not need it, and `legible` reads it as cp1252, which
Excel writes in Western Europe.
"""

from __future__ import annotations

import codecs
import io
import os
import stat
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from operator import length_hint
from pathlib import Path
from typing import BinaryIO, NoReturn

from cgprimer.data.reading_error import Pass, ReadingError
from cgprimer.errors import DataError, quote, visible

LONGEST = 2**26  # characters of a line: a device that never ends one is soon refused
MOST = 2**31  # bytes of a file: about a hundred million numbers, a gigabyte of them
BLOCK = 2**18  # characters that are cut into lines at a time
FEW = 20  # lines that tell what separates cells, however long they are
MARKS = {  # UTF-32 first: its mark begins as that of UTF-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
NO_TEXT = {  # how files begin that are often taken for a table of text
    b"PK\3\4": "a spreadsheet or an archive (xlsx, ods, zip)",
    b"\xd0\xcf\x11\xe0": "a spreadsheet (xls)",
    b"\x1f\x8b": "compressed (gz)",
    b"BZh": "compressed (bz2)",
    b"\xfd7zXZ": "compressed (xz)",
    b"\x93NUMPY": "an array of numpy (npy)",
    b"\x89HDF": "HDF5",
    b"PAR1": "Parquet",
    b"%PDF": "PDF",
    b"<?xml": "XML",
    b"<!DOC": "HTML",
    b"<html": "HTML",
    b"<table": "HTML",
    b'{"': "JSON",
    b"[{": "JSON",
}


@contextmanager
def open_lines(path: Path, encoding: str | None) -> Iterator[Lines]:
    """The lines of a file; DataError where it is none, or too large."""
    shown = visible(str(path))
    with path.open("rb") as raw:
        _check_size(raw, shown)
        begins = raw.peek(8)
        for mark, what in NO_TEXT.items():
            if begins.startswith(mark) and encoding is None:
                raise DataError(
                    f"{shown} is {what}, no table of text", "save it as CSV"
                )
        found = next((MARKS[mark] for mark in MARKS if begins.startswith(mark)), None)
        lenient = encoding is None and found is None
        try:
            text = io.TextIOWrapper(
                raw,
                encoding or found or "utf-8-sig",
                "surrogateescape" if lenient else "strict",
            )
        except (LookupError, ValueError) as error:
            raise ReadingError(
                Pass("encoding"),
                f" is {quote(encoding)}, which is unknown",
                hint=["such as 'utf-8', 'cp1252', 'utf-16-le'"],
            ) from error
        with text:
            yield Lines(text, shown)


def legible(text: str) -> str:
    """Text with bytes that are not UTF-8 read as cp1252, where it has all of them."""
    try:
        raw = text.encode("utf-8", "surrogateescape")
        return text if raw.decode("utf-8", "replace") == text else raw.decode("cp1252")
    except UnicodeError:
        return text


def _check_size(file: BinaryIO, shown: str) -> None:
    known = os.fstat(file.fileno())
    # A large file is refused before it is read. What is no file, such as a pipe, has no
    # size, and is counted as it comes, by `Lines`.
    if stat.S_ISREG(known.st_mode) and known.st_size > MOST:
        _refuse_size(shown)


def _refuse_size(shown: str) -> NoReturn:
    raise DataError(
        f"{shown}: more than {MOST >> 30} GiB, and no more is read",
        "leave out rows, or columns that are not used",
    )


class Lines:
    """Lines, one by one with their ends, or those that were read together without."""

    def __init__(self, file: io.TextIOWrapper, shown: str) -> None:
        self.file, self.shown = file, shown
        self.read = self.size = 0  # lines and characters so far
        self._text = ""  # what was read last, and its lines
        self._lines: list[str] = []
        self._rest: Iterator[str] = iter(())
        self._tail: list[str] = []  # what was read of a line whose end was not

    @property
    def left(self) -> int:
        """How many lines were read and not handed out."""
        return length_hint(self._rest)

    @property
    def number(self) -> int:
        """How many lines were handed out."""
        return self.read - self.left

    def holds(self, sign: str) -> bool:
        """Whether the lines that were read last hold a sign."""
        return sign in self._text

    def peek(self, count: int) -> list[str]:
        """The first lines of the file, `count` if there are so many; none is taken.

        Fewer where they are long, as nothing of them is short of a table.
        """
        lines: list[str] = []
        while len(lines) < count and self._load():
            lines += self._lines
            if self.size > BLOCK and len(lines) > FEW:
                break
        self._put("\n".join(lines), lines)
        return lines[:count]

    def block(self) -> list[str]:
        """The lines that were read and not handed out, or the next; none is taken."""
        if not self.left and not self._load():
            return []
        return self._lines[-self.left :]

    def ahead(self) -> str | None:
        """The line that is next, None at the end."""
        if not self.left and not self._load():
            return None
        return self._lines[-self.left]

    def skip(self, count: int) -> None:
        """Leave out lines of those that were read."""
        deque(islice(self._rest, count), maxlen=0)

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        if self.ahead() is None:
            raise StopIteration
        return next(self._rest) + "\n"

    def _load(self) -> bool:
        """Read on, up to the last end of line of what the file gives; False at its end.

        The parts of a line are put together once, however many they are.
        """
        waiting = sum(map(len, self._tail))
        while text := self.file.read(BLOCK):
            self.size += len(text)
            if self.size > MOST:
                _refuse_size(self.shown)
            head, end, tail = text.rpartition("\n")
            if end:
                whole = "".join([*self._tail, head])
                self._tail = [tail]
                return self._cut(whole)
            self._tail.append(text)
            waiting += len(text)
            if waiting >= LONGEST:
                self._refuse_line(self.read + 1)
        last, self._tail = "".join(self._tail), []
        return bool(last) and self._cut(last)

    def _cut(self, text: str) -> bool:
        lines = text.split("\n")
        if len(text) >= LONGEST:
            for number, line in enumerate(lines, self.read + 1):
                if len(line) >= LONGEST:
                    self._refuse_line(number)
        self.read += len(lines)
        self._put(text, lines)
        return True

    def _put(self, text: str, lines: list[str]) -> None:
        self._text, self._lines, self._rest = text, lines, iter(lines)

    def _refuse_line(self, number: int) -> NoReturn:
        raise DataError(
            f"{self.shown}: line {number} has more than {LONGEST >> 20} million "
            "characters",
            "a CSV file has a line for each sample",
        )


def refuse_nul(shown: str, text: str) -> NoReturn:
    """Text of two bytes a letter that has no mark."""
    order = Pass("encoding", "utf-16-be" if text[0] == "\0" else "utf-16-le")
    hint = "if it is UTF-16 without a mark, pass ", order
    raise ReadingError(f"{shown} holds signs of no text", hint=hint)
