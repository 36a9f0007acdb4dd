"""Files that commands write: whole, or as they were before.

path, function that writes ─▶ the file, and a line that says so
"""

from __future__ import annotations

from pathlib import Path

from cgprimer.errors import OptionError, visible
from cgprimer.replacing import Write, replace_file


def write_file(path: str | Path, write: Write) -> None:
    """Write a file as `replace_file` does, and say so.

    Raises OptionError where that cannot be done.
    """
    try:
        replace_file(path, write)
    except OSError as error:
        reason = error.strerror or error
        raise OptionError(f"cannot write {str(path)!r}: {reason}") from error
    print(f"written: {visible(str(path))}")
