"""Files of bytes, gzipped or not, whose size is known before an array is made.

path ─ open_bytes ─▶ ByteFile ─ .head, .count, .fill ─▶ arrays
path, pieces ─ write_bytes ─▶ a file, gzipped if its name ends with .gz

Whether a file is gzipped is told by its content. What is often given in place of data
is told by how it begins, and refused: nothing is unpickled, nor unpacked but by gzip.
"""

from __future__ import annotations

import gzip
import os
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from cgprimer import takes
from cgprimer.data.text_file import NO_TEXT
from cgprimer.errors import DataError, counted, visible
from cgprimer.replacing import replace_file

MOST = 2**31  # bytes that are read unless the caller says more
PIECE = 2**20  # bytes that are read or written at a time
HEAD = 512  # bytes that tell what a file is: those of a tar archive's first header
PICKLED = (*(bytes([0x80, protocol]) for protocol in range(2, 6)), b"(dp", b"(lp")
# How a file begins that is none of numbers as bytes: with 20 or more, as no label does.
OTHERS = NO_TEXT | {b"MATLAB 5.0": "MATLAB's version"}
UNPACK = "unpack it, and give the files in it"
SAVED = "a page was saved in place of the file"
HINTS = {
    **dict.fromkeys((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"PK\3\4"), UNPACK),
    **dict.fromkeys((b"<?xml", b"<!DOC", b"<html"), SAVED),
    b"\x93NUMPY": "numpy.load reads it",
}


class Format(NamedTuple):
    """What a file should be, for messages, and what to get in place of another one."""

    name: str
    get: str


class ByteFile:
    """An open file: its first bytes, how many there are, and arrays filled from it.

    shown : its name for messages; packed : whether it is gzipped, so that its size is
    only known by unpacking it.
    """

    def __init__(self, file: BinaryIO, shown: str, packed: bool, size: int) -> None:
        self.file, self.shown, self.packed, self._size = file, shown, packed, size
        self.head = file.read(HEAD)

    def count(self, most: int) -> int:
        """The bytes of the content; of packed ones no more than `most` + 1 are told.

        None of them is kept, however many they are.
        """
        if not self.packed:
            return self._size
        self.file.seek(0)
        found = 0
        while found <= most and (piece := self.file.read(min(PIECE, most + 1 - found))):
            found += len(piece)
        return found

    def counted(self, found: int, most: int) -> str:
        """What `count` found, in words."""
        more = "more than " * (self.packed and found > most)
        said = counted(min(found, most) if more else found, "byte")
        return f"{more}{said}{' when unpacked' * self.packed}"

    def fill(self, start: int, array: NDArray[Any]) -> None:
        """Read on from byte `start` into a contiguous array, until it is full."""
        self.file.seek(start)
        self.go_on(array)

    def go_on(self, array: NDArray[Any]) -> None:
        """Read on from where the last reading ended."""
        room = array.reshape(-1).view(np.uint8).data
        for first in range(0, len(room), PIECE):
            piece = room[first : first + PIECE]
            # A file has its size from the system; one that shrinks was written to.
            if self.file.readinto(piece) != len(piece):  # type: ignore[attr-defined]
                raise DataError(f"{self.shown}: the file changed while it was read")


@contextmanager
def open_bytes(path: str | os.PathLike[str], wanted: Format) -> Iterator[ByteFile]:
    """A file of which an array is read; DataError for whatever goes wrong in between.

    What is no plain file, such as a folder or a device, is refused before it is opened.
    """
    shown = shown_path(path)
    try:
        known = os.stat(path)
        if not stat.S_ISREG(known.st_mode):
            what = "a folder" if stat.S_ISDIR(known.st_mode) else "no plain file"
            raise DataError(f"cannot read {shown}: it is {what}")
        with open(path, "rb") as raw:
            packed = raw.peek(2)[:2] == b"\x1f\x8b"
            file: Any = gzip.GzipFile(fileobj=raw) if packed else raw
            opened = ByteFile(file, shown, packed, known.st_size)
            _refuse_others(opened, wanted)
            yield opened
    except EOFError as error:
        raise DataError(
            f"{shown}: the end of its gzip data is missing", "get the file anew"
        ) from error
    except (zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{shown}: its gzip data are damaged ({visible(str(error))})",
            "get the file anew",
        ) from error
    except MemoryError as error:
        raise DataError(f"{shown}: its numbers do not fit into memory") from error
    except (OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        _refuse_access("read", shown, error)


def shown_path(path: object) -> str:
    """A path for messages; DataError for what is none."""
    if not isinstance(path, str | os.PathLike):
        raise DataError(f"the path of a file is expected, not {takes.quote(path)}")
    shown = visible(os.fsdecode(path))
    if "\0" in os.fsdecode(path):
        raise DataError(f"no file has a name with U+0000 in it, as {shown} has")
    return shown


def _refuse_access(what: str, shown: str, error: Exception) -> NoReturn:
    reason = getattr(error, "strerror", None) or error
    raise DataError(f"cannot {what} {shown}: {reason}") from error


def _refuse_others(file: ByteFile, wanted: Format) -> None:
    """DataError for an empty file and for what begins as something else does."""
    shown, head = f"{file.shown}{', unpacked,' * file.packed}", file.head
    if not head:
        raise DataError(f"{shown} is empty")
    for begins, what in OTHERS.items():
        if head.startswith(begins):
            said = f"{shown} is {what}, not {wanted.name}"
            raise DataError(said, HINTS.get(begins) or f"take {wanted.get}")
    archive = head[257:262] == b"ustar"
    first = visible(head[:100].rstrip(b"\0").decode("latin-1")) if archive else ""
    if "python" in first or "-py" in first or head.startswith(PICKLED):
        what = f"an archive of pickled files ({first})" if archive else "pickled"
        raise DataError(
            f"{shown} is {what}, and to unpickle a file is to run the code in it",
            f"take {wanted.get}",
        )
    if archive:
        raise DataError(f"{shown} is an archive (tar) of {first}", UNPACK)
    if is_text(head):
        hint = "Dataset.from_csv reads tables of numbers"
        raise DataError(f"{shown} is text, not {wanted.name}", hint)


def is_text(head: bytes) -> bool:
    """Whether a file begins with 16 letters, so that it holds no numbers as bytes."""
    return head[:1] > b"\x1f" and all(
        32 <= b < 127 or b in b"\t\r\n" for b in head[:16]
    )


def write_bytes(path: str | os.PathLike[str], pieces: Iterable[Any]) -> None:
    """Write what `pieces` hold, whole or not at all; DataError where that cannot be.

    The same pieces give the same bytes: no time and no name is put into gzip's header.
    """
    shown = shown_path(path)

    def write(file: BinaryIO) -> None:
        if not shown.endswith(".gz"):
            file.writelines(pieces)
            return
        with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
            for piece in pieces:
                packed.write(piece)

    try:
        replace_file(path, write)
    except DataError:
        raise
    except (OSError, ValueError) as error:
        _refuse_access("write", shown, error)
