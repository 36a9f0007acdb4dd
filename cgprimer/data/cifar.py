"""The binary version of CIFAR-10 and CIFAR-100: records of labels and an image each.

path or paths ─ read_cifar ─▶ images, labels;  the same ─ write_cifar ─▶ file

    CIFAR-10     label                     1024 red, 1024 green, 1024 blue
    CIFAR-100    coarse label, fine label  1024 red, 1024 green, 1024 blue

each a byte, the pixels of a colour row by row. Source: A. Krizhevsky, "Learning
multiple layers of features from tiny images", 2009, and the page of the data sets.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cgprimer import takes
from cgprimer.data.binary_file import (
    MOST,
    PIECE,
    ByteFile,
    Format,
    open_bytes,
    write_bytes,
)
from cgprimer.data.idx import plain_array
from cgprimer.errors import DataError, counted
from cgprimer.graph.arrays import as_numbers

Bytes = NDArray[np.uint8]
OnePath = str | os.PathLike[str]
IMAGE = 3, 32, 32  # colours, rows, columns
PIXELS = 3072
LABELS = {10: (10,), 100: (20, 100)}  # classes of each label in a record


@overload
def read_cifar(
    path: OnePath | Iterable[OnePath], classes: Literal[10] = 10, *, limit: int = MOST
) -> tuple[Bytes, Bytes]: ...


@overload
def read_cifar(
    path: OnePath | Iterable[OnePath], classes: Literal[100], *, limit: int = MOST
) -> tuple[Bytes, Bytes, Bytes]: ...


@overload
def read_cifar(
    path: OnePath | Iterable[OnePath], classes: int, *, limit: int = MOST
) -> tuple[Bytes, ...]: ...


def read_cifar(
    path: OnePath | Iterable[OnePath], classes: int = 10, *, limit: int = MOST
) -> tuple[Bytes, ...]:
    """Images (n, 3, 32, 32) and labels (n,) of CIFAR's binary version, all uint8.

    path : a file, gzipped or not, or several, whose samples follow one another.
    classes : 10, or 100 for CIFAR-100; then there are coarse labels (n,) as well, below
        20: images, labels, coarse.
    limit : bytes of all files together, 2 GiB by default; more are refused.

    Raises DataError for files of another size or with other labels, before an array is
    made for the first; the pickled version ("python") is refused.

    >>> images, labels = read_cifar("data_batch_1.bin")  # doctest: +SKIP
    """
    takes.count(limit=limit)
    if not takes.is_count(classes) or classes not in LABELS:
        raise takes.refuse("classes", "10 or 100", classes)
    paths, ends = _paths(path), LABELS[int(classes)]
    counts: list[int] = []
    for each in paths:
        counts.append(_count(each, ends, int(limit) - sum(counts) * _width(ends)))
    images = np.empty((sum(counts), *IMAGE), np.uint8)
    labels = np.empty((len(ends), sum(counts)), np.uint8)
    first = 0
    for each, count in zip(paths, counts, strict=True):
        part = slice(first, first + count)
        with open_bytes(each, _format(ends)) as file:
            _fill(file, images[part], labels[:, part])
            _check_labels(f"{file.shown}: ", labels[:, part], ends)
        first += count
    return images, *labels[::-1]


def _paths(path: Any) -> list[Any]:
    paths = [path] if isinstance(path, str | os.PathLike) else takes.items(path)
    if not paths:
        raise DataError(f"the path of a file is expected, not {takes.quote(path)}")
    return paths


def _format(ends: Sequence[int]) -> Format:
    name = f"CIFAR-{ends[-1]}'s binary version"
    return Format(name, f"the binary version, of cifar-{ends[-1]}-binary.tar.gz")


def _width(ends: Sequence[int]) -> int:
    """Bytes of a record."""
    return len(ends) + PIXELS


def _count(path: OnePath, ends: Sequence[int], limit: int) -> int:
    """How many records a file has; DataError where they are not whole, or too many."""
    with open_bytes(path, _format(ends)) as file:
        found = file.count(limit)
        if found > limit:
            raise DataError(
                f"{file.shown}: more than {limit} bytes, and no more are read",
                "read_cifar(…, limit=…) sets how many bytes of all files are read",
            )
        count, rest = divmod(found, _width(ends))
        if rest:
            raise DataError(
                f"{file.shown}: {file.counted(found, limit)} are no whole number of "
                f"records of {_width(ends)}, as {_format(ends).name} has",
                _other_format(file, found, ends),
            )
        return count


def _other_format(file: ByteFile, found: int, ends: Sequence[int]) -> str:
    """A hint at what a file of such a size may be."""
    for classes, others in LABELS.items():
        if others != ends and not found % _width(others):
            records = f"{found // _width(others)} records of {_width(others)}"
            return f"they are {records}: pass classes={classes} for CIFAR-{classes}"
    return "it begins as IDX does: read_idx reads that" * (file.head[:3] == b"\0\0\x08")


def _fill(file: ByteFile, images: Bytes, labels: Bytes) -> None:
    """Read all records, some at a time, into images (n, …) and labels (k, n)."""
    own, step = len(labels), PIECE // PIXELS
    file.file.seek(0)
    for first in range(0, len(images), step):
        part = slice(first, first + step)
        records = np.empty((len(images[part]), own + PIXELS), np.uint8)
        file.go_on(records)
        labels[:, part] = records[:, :own].T
        images[part] = records[:, own:].reshape(-1, *IMAGE)


def _check_labels(where: str, labels: NDArray[Any], ends: Sequence[int]) -> None:
    """DataError for a label that is no class; labels (k, n) in the file's order."""
    kinds = ["labels"] if len(ends) == 1 else ["coarse labels", "labels"]
    for kind, column, end in zip(kinds, labels, ends, strict=True):
        bad = np.flatnonzero(~((column >= 0) & (column < end)) | (column % 1 != 0))
        if len(bad):
            raise DataError(
                f"{where}sample {bad[0]} has the label {column[bad[0]]:g}, but "
                f"{kind} of CIFAR-{ends[-1]} are 0 to {end - 1}"
            )


def write_cifar(
    path: OnePath, images: ArrayLike, labels: ArrayLike, coarse: ArrayLike | None = None
) -> None:
    """Write images and labels as CIFAR-10 has them, with `coarse` as CIFAR-100 has.

    images : (n, 3, 32, 32), uint8: red, green and blue, rows, columns.
    labels : (n,), whole numbers below 10, or below 100 where coarse labels (n,) below
        20 are given.

    It is gzipped where the name ends with .gz. An older file is replaced in one step,
    or stays. Raises DataError for what the format does not hold, and where the file
    cannot be written.

    >>> write_cifar("batch.bin", images, labels)  # doctest: +SKIP
    """
    pixels = _images(images)
    given = {"coarse": coarse, "labels": labels} if coarse is not None else {}
    columns = []
    for label, value in (given or {"labels": labels}).items():
        column = as_numbers(label, value, DataError)
        if column.shape != pixels.shape[:1]:
            count = counted(len(pixels), "image")
            raise DataError(
                f"{label} has shape {column.shape}; for {count} it is ({len(pixels)},)"
            )
        columns.append(column)
    numbers = np.stack(columns)
    _check_labels("", numbers, LABELS[100 if given else 10])
    write_bytes(path, _records(pixels, numbers.T.astype(np.uint8)))


def _images(images: ArrayLike) -> Bytes:
    array = plain_array("images", images)
    if array.dtype != np.uint8:
        raise DataError(
            f"images hold {array.dtype.name}: those of CIFAR are uint8, 0 to 255",
            _as_bytes(array),
        )
    if array.ndim != 4 or array.shape[1:] != IMAGE or not len(array):
        hint = ""
        if array.ndim == 4 and array.shape[1:] == (32, 32, 3):
            hint = "images.transpose(0, 3, 1, 2) puts the colours first"
        if array.shape == IMAGE:
            hint = "images[None] is one of them"
        raise DataError(f"images has shape {array.shape}, not (n, 3, 32, 32)", hint)
    return array


def _as_bytes(array: NDArray[Any]) -> str:
    """A hint at how other numbers become bytes, where they tell it."""
    if array.dtype.kind not in "iuf" or not array.size:
        return ""
    least, greatest = array.min(), array.max()
    if least >= 0 and greatest <= 255 and (array % 1 == 0).all():
        return "images.astype('uint8') keeps them"
    if least >= 0 and greatest <= 1:
        return "(255*images).round().astype('uint8'), if 1 is the brightest"
    return ""


def _records(images: Bytes, labels: Bytes) -> Iterator[bytes]:
    """Labels (n, k) and images as records, some at a time."""
    step = PIECE // PIXELS
    for first in range(0, len(images), step):
        part = slice(first, first + step)
        pixels = images[part].reshape(-1, PIXELS)
        yield np.concatenate([labels[part], pixels], axis=1).tobytes()
