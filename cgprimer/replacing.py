"""Files that are written whole, or stay as they were.

path, function that writes ─ replace_file ─▶ the file, put in its place by one rename
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

Write = Callable[[BinaryIO], object]
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def replace_file(path: str | os.PathLike[str], write: Write) -> None:
    """Write a file; whatever goes wrong, Ctrl-C too, an older one stays as it was.

    Permissions are kept, and a link stays one: what it leads to is replaced. A device
    or a pipe is written to as it is. Raises OSError where that cannot be done.
    """
    target = Path(os.path.realpath(path))
    if target.is_symlink():  # it leads round in a circle
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    mode = target.stat().st_mode if target.exists() else None
    # /dev/stdout cannot be replaced by a rename.
    if mode is not None and not stat.S_ISREG(mode):
        with target.open("wb") as file:
            write(file)
        return
    if mode is not None:
        # A rename needs no right to the file itself, only to its folder: so ask first.
        os.close(os.open(target, os.O_WRONLY))  # what is protected is not replaced
    _replace(target, write, None if mode is None else stat.S_IMODE(mode))


def _replace(target: Path, write: Write, mode: int | None) -> None:
    """Beside the target first, on the disk, and only then under its name."""
    # In the same folder, as a rename does not lead from one disk to another.
    part = target.with_name(f".cgprimer-{secrets.token_hex(8)}.part")
    try:
        with os.fdopen(os.open(part, NEW, 0o666), "wb") as file:  # umask applies
            write(file)
            file.flush()
            # Else a crash after the rename might leave a file of the right name and no
            # content.
            os.fsync(file.fileno())
        if mode is not None:
            part.chmod(mode)
        part.replace(target)
    except BaseException:  # an interrupt too
        part.unlink(missing_ok=True)
        raise
