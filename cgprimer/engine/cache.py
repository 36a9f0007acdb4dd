"""Object code kept on disk between processes.

One file for each key: a digest of the rest, then the code. Files are written beside
their place and moved there in one step, so that several processes may write at once; a
file that is damaged counts as absent. Code is only taken from a folder that nobody
else can write to: otherwise, or where the home is read-only, nothing is kept.

The folder is `cgprimer` in XDG_CACHE_HOME, in ~/.cache, or where the system keeps
caches; CGPRIMER_CACHE names another, and an empty CGPRIMER_CACHE keeps nothing.
"""

from __future__ import annotations

import contextlib
import os
import sys
from hashlib import sha256
from pathlib import Path

DIGEST = sha256().digest_size
MOST = 256 * 2**20  # bytes kept; the least recently used files go first
SUFFIX = ".o"


def folder() -> Path | None:
    """Where code is kept; None where nothing is to be kept."""
    named = os.environ.get("CGPRIMER_CACHE")
    if named is not None:
        return Path(named) if named else None
    if os.environ.get("XDG_CACHE_HOME"):
        return Path(os.environ["XDG_CACHE_HOME"]) / "cgprimer"
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
    place = folder()
    if place is None or not _is_ours(place):
        return None
    path = place / (key + SUFFIX)
    try:
        if not _is_ours(path):
            return None
        whole = path.read_bytes()
        with contextlib.suppress(OSError):
            os.utime(path)
    except OSError:
        return None
    digest, code = whole[:DIGEST], whole[DIGEST:]
    return code if code and _digest(key, code) == digest else None


def store(key: str, code: bytes) -> None:
    """Keep `code` under `key` if that is possible."""
    place = folder()
    if place is None:
        return
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_ours(place):
            return
        import tempfile

        handle, name = tempfile.mkstemp(dir=place, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_digest(key, code) + code)
            os.replace(name, place / (key + SUFFIX))
        except BaseException:
            os.unlink(name)
            raise
        _prune(place)
    except OSError:
        return


def clear() -> tuple[int, int]:
    """Delete everything that is kept; (number of files, bytes)."""
    count = size = 0
    for path, (_, length) in _files(folder()).items():
        with contextlib.suppress(OSError):
            path.unlink()
            count, size = count + 1, size + length
    return count, size


def contents() -> tuple[int, int]:
    """What is kept: (number of files, bytes)."""
    sizes = [length for _, length in _files(folder()).values()]
    return len(sizes), sum(sizes)


def _digest(key: str, code: bytes) -> bytes:
    return sha256(key.encode() + code).digest()


def _is_ours(path: Path) -> bool:
    """Whether nobody but this user can write to `path`."""
    try:
        status = path.stat()
    except OSError:
        return False
    if sys.platform == "win32":
        return True
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def _files(place: Path | None) -> dict[Path, tuple[float, int]]:
    """Path → (time of last use, bytes) of what this module has written."""
    found: dict[Path, tuple[float, int]] = {}
    if place is None:
        return found
    with contextlib.suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            if entry.name.endswith((SUFFIX, ".part")):
                with contextlib.suppress(OSError):  # gone by now: another's doing
                    status = entry.stat(follow_symlinks=False)
                    found[Path(entry.path)] = status.st_mtime, status.st_size
    return found


def _prune(place: Path) -> None:
    """Drop what was least recently used where too much is kept."""
    files = _files(place)
    total = sum(size for _, size in files.values())
    for path in sorted(files, key=lambda path: files[path][0]):
        if total <= MOST:
            return
        path.unlink(missing_ok=True)
        total -= files[path][1]
