"""Where a command writes: any encoding, a pipe that nobody reads, a disk that is full.

Signs that the encoding lacks are spelled out. What a closed pipe no longer takes is
dropped, so that the exit code stays that of the command: a check that fails fails also
under `| head -1`. Any other failure to write is one line on standard error, and code 1.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from cgprimer.notation.folding import cut_marked_lines
from cgprimer.notation.report import terminal_width
from cgprimer.notation.signs import HANDLER, spell

CLOSED = {errno.EPIPE, errno.EINVAL} if os.name == "nt" else {errno.EPIPE}
CANNOT_WRITE = 1


class Unwritable(OSError):
    """Standard output took no more, and not because its reader has gone."""


def guard(command: Callable[[], int]) -> int:
    """The exit code of `command`, whatever happens to what it writes."""
    # Errors on standard error are never complained of: there is nowhere left to say so.
    with _stream("stdout", strict=True), _stream("stderr", strict=False):
        try:
            try:
                return command()
            finally:
                # Here and not at exit, where Python would print a traceback of its own.
                sys.stdout.flush()
        except Unwritable as error:
            complain(f"cgprimer: cannot write the output: {error.strerror}")
            return CANNOT_WRITE


def complain(message: str) -> None:
    """A message on standard error, its carets where they belong."""
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    said, cut = spell(message, encoding), spell("…", encoding)
    print(cut_marked_lines(said, terminal_width(), cut), file=sys.stderr)


@contextmanager
def _stream(name: str, strict: bool) -> Iterator[None]:
    """`sys.stdout` or `sys.stderr` as one that never raises UnicodeEncodeError."""
    # A stream that somebody has put in its place, or a terminal, is kept; only a plain
    # file or pipe is replaced.
    given = getattr(sys, name)
    if given is not getattr(sys, f"__{name}__") or (given and given.isatty()):
        with _lenient(given):
            yield
        return
    pipe = _Pipe(given, strict)
    encoding = given.encoding if given else "utf-8"
    # Standard error is flushed with every line, standard output when its buffer is
    # full.
    text: Any = io.TextIOWrapper(
        io.BufferedWriter(pipe), encoding, HANDLER, line_buffering=not strict
    )
    setattr(sys, name, text)
    try:
        yield
    finally:
        if not strict:
            text.flush()
        pipe.open = False  # what is still in the buffer was refused before
        setattr(sys, name, given)


@contextmanager
def _lenient(stream: Any) -> Iterator[None]:
    """Signs that the stream lacks are spelled out for a while."""
    before = getattr(stream, "errors", None)
    if not hasattr(stream, "reconfigure"):
        yield
        return
    stream.reconfigure(errors=HANDLER)
    try:
        yield
    finally:
        stream.reconfigure(errors=before)


class _Pipe(io.RawIOBase):
    """A file descriptor; when its reader has gone, it takes everything in silence.

    So it does from the start where the shell has closed the stream, as with `>&-`.
    """

    def __init__(self, stream: Any, strict: bool) -> None:
        self.open, self.strict = stream is not None, strict
        self.descriptor = stream.fileno() if stream else -1
        if stream:
            stream.flush()

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.descriptor

    def write(self, data: Any) -> int:
        if self.open:
            try:
                return os.write(self.descriptor, data)
            except OSError as error:
                if self.strict and error.errno not in CLOSED:
                    raise Unwritable(error.errno, error.strerror) from error
                self.open = False
        # All of it counts as written, or the buffer would try again.
        return len(data)
