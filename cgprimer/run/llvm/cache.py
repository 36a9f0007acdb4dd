"""Object code kept on disk between processes.

    key ─▶ folder (opened, then looked at) ─▶ file (opened, then looked at) ─▶ code

Code is run, so it is taken only from what nobody else can have written. A path may
mean another file at the second look, if somebody can write in a folder above; what is
open stays what it is. So the folder is opened once, never through a link, and its
descriptor is asked for owner and mode; files are opened in that descriptor and asked
likewise. A link, a pipe or a file of somebody else counts as absent.

One file for each key: a digest of the rest, then the code. Files are written beside
their place and moved there in one step, so that several processes may write at once; a
file that is damaged counts as absent. Nothing else in the folder is ever deleted.

The folder is `cgprimer` in XDG_CACHE_HOME, in ~/.cache, or where the system keeps
caches; CGPRIMER_CACHE names another, and an empty CGPRIMER_CACHE keeps nothing.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

DIGEST = sha256().digest_size
MOST = 256 * 2**20  # bytes kept; the least recently used files go first
SUFFIX = ".o"
UNFINISHED = "cgprimer-", ".part"  # begin and end of what is being written
STALE = 3600.0  # seconds after which whoever was writing must have died
OURS = re.compile(r"[0-9a-f]{64}\.o|cgprimer-[0-9a-f]{16}\.part")
# Windows has no descriptors of folders and no such owners; there paths must do.
ONLY_PATHS = os.open not in os.supports_dir_fd
FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
READ |= getattr(os, "O_NONBLOCK", 0)  # a pipe without a writer would keep us waiting
WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def folder() -> Path | None:
    """Where code is kept; None where nothing is to be kept."""
    named = os.environ.get("CGPRIMER_CACHE")
    if named is not None:
        return Path(named) if named else None
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if given.is_absolute():  # others are to be ignored, says the specification
        return given / "cgprimer"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local) / "cgprimer" / "cache" if local else None
    try:
        home = Path.home()
    except RuntimeError:
        return None
    caches = "Library/Caches" if sys.platform == "darwin" else ".cache"
    return home / caches / "cgprimer"


def load(key: str) -> bytes | None:
    """The code stored under `key`; None where there is none that can be trusted."""
    try:
        with _open() as place:
            whole = place.read(key + SUFFIX)
    except OSError:
        return None
    digest, code = whole[:DIGEST], whole[DIGEST:]
    # The digest takes in the key: a whole file under another file's name is damage as
    # well.
    return code if code and _digest(key, code) == digest else None


def store(key: str, code: bytes) -> None:
    """Keep `code` under `key` if that is possible."""
    where = folder()
    if where is None:
        return
    with contextlib.suppress(OSError):
        where.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _open() as place:
            place.write(key + SUFFIX, _digest(key, code) + code)
            _prune(place)


def clear() -> tuple[int, int]:
    """Delete everything that is kept; (number of files, bytes)."""
    gone = []
    with contextlib.suppress(OSError), _open() as place:
        for name, (_, length) in place.files().items():
            with contextlib.suppress(OSError):
                place.unlink(name)
                gone.append(length)
    return len(gone), sum(gone)


def contents() -> tuple[int, int]:
    """What is kept: (number of files, bytes)."""
    with contextlib.suppress(OSError), _open() as place:
        sizes = [length for _, length in place.files().values()]
        return len(sizes), sum(sizes)
    return 0, 0


@dataclass(frozen=True)
class _Folder:
    """An open folder that is known to be ours: its path and, but for Windows, `fd`."""

    path: Path
    fd: int | None

    def _path_of(self, name: str) -> str:
        """What a system call takes beside dir_fd: a bare name in the open folder."""
        return name if self.fd is not None else str(self.path / name)

    def read(self, name: str) -> bytes:
        """The bytes of a regular file that is ours; OSError where it is not."""
        # Opened first, then asked who owns it: between a question about a path and its
        # opening somebody else could put another file there. The descriptor cannot be
        # exchanged.
        fd = os.open(self._path_of(name), READ, dir_fd=self.fd)
        try:
            _check_ours(fd, stat.S_ISREG)
            if os.fstat(fd).st_size > MOST:
                raise PermissionError("not of a size that is kept")
            with contextlib.suppress(OSError):  # used just now; not all systems can
                os.utime(fd if os.utime in os.supports_fd else self._path_of(name))
            with open(fd, "rb", closefd=False) as file:
                return file.read()
        finally:
            os.close(fd)

    def write(self, name: str, whole: bytes) -> None:
        """Write a file in one step, as seen by others."""
        begin, end = UNFINISHED
        # A name that nobody can foresee, and O_EXCL, which follows no link: so what is
        # written to is a new file of ours. The move then replaces the place in one
        # step.
        part = begin + secrets.token_hex(8) + end
        handle = os.open(self._path_of(part), WRITE, 0o600, dir_fd=self.fd)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(whole)
            os.replace(
                self._path_of(part),
                self._path_of(name),
                src_dir_fd=self.fd,
                dst_dir_fd=self.fd,
            )
        except BaseException:
            self.unlink(part)
            raise

    def unlink(self, name: str) -> None:
        """Delete a file, if it is still there."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path_of(name), dir_fd=self.fd)

    def files(self) -> dict[str, tuple[float, int]]:
        """Name → (time of last use, bytes) of what this module has written."""
        files: dict[str, tuple[float, int]] = {}
        with os.scandir(self.path if self.fd is None else self.fd) as entries:
            for name in (e.name for e in entries if OURS.fullmatch(e.name)):
                with contextlib.suppress(OSError):  # gone by now: another's doing
                    status = os.stat(
                        self._path_of(name), dir_fd=self.fd, follow_symlinks=False
                    )
                    if not stat.S_ISDIR(status.st_mode):
                        files[name] = status.st_mtime, status.st_size
        return files


@contextlib.contextmanager
def _open() -> Iterator[_Folder]:
    """The folder of the cache, open; OSError where there is none that is ours."""
    path = folder()
    if path is None:
        raise FileNotFoundError("no folder for machine code")
    if ONLY_PATHS:
        yield _Folder(path, None)
        return
    fd = os.open(path, FOLDER)
    try:
        _check_ours(fd, stat.S_ISDIR)
        yield _Folder(path, fd)
    finally:
        os.close(fd)


def _check_ours(fd: int, is_kind: Callable[[int], bool]) -> None:
    """Refuse what is of another kind, or what somebody else can write to."""
    status = os.fstat(fd)
    if not is_kind(status.st_mode):
        raise PermissionError("not a plain file or folder")
    # 0o022: the bits by which the group and all others may write.
    if not ONLY_PATHS and (status.st_uid != os.getuid() or status.st_mode & 0o022):
        raise PermissionError("somebody else can write to it")


def _digest(key: str, code: bytes) -> bytes:
    return sha256(key.encode() + code).digest()


def _prune(place: _Folder) -> None:
    """Drop what nobody finishes, and where too much is kept what was not used long."""
    files = place.files()
    total = sum(size for _, size in files.values())
    # By time of last use, the oldest first, until what is left fits.
    for name, (used, size) in sorted(files.items(), key=lambda item: item[1]):
        # What is no code yet somebody may be writing at this moment.
        is_code, old = name.endswith(SUFFIX), used < time.time() - STALE
        if (is_code and total > MOST) or (old and not is_code):
            place.unlink(name)
            total -= size
