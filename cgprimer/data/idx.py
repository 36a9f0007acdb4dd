"""IDX, the format of MNIST: an array of numbers behind a header of its type and sizes.

path ─ read_idx ─▶ array;  path, array ─ write_idx ─▶ file

    00 00 08 03   two zeros, the type of the numbers (uint8), how many axes
    00 00 ea 60   the size of each axis, big-endian, as the numbers are
    00 00 00 1c …

Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten
digits", section "The IDX file format".
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Iterator, Sequence
from typing import Any

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
from cgprimer.errors import DataError, counted, listing

TYPES = {
    code: np.dtype(name)
    for code, name in {
        0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8",
    }.items()
}  # fmt: skip
CODES = {kind.newbyteorder("="): code for code, kind in TYPES.items()}
MOST_AXES = 32  # numpy had no more until its second version
IDX = Format("an IDX file", "the version in IDX, as train-images-idx3-ubyte.gz is")
LARGEST = 2**32 - 1  # size of an axis


def read_idx(
    path: str | os.PathLike[str], *, axes: int | None = None, limit: int = MOST
) -> NDArray[Any]:
    """The array of an IDX file such as MNIST's, gzipped or not.

    axes : how many the array must have: 3 for images (n, rows, columns), 1 for labels
        (n,); by default any number.
    limit : bytes, 2 GiB by default; what is more when unpacked is refused.

    Returns an array of the file's shape and type: uint8, int8, int16, int32, float32 or
    float64. Raises DataError for what is no such file, and for one whose size is not
    that of its header, before an array is made.

    >>> read_idx("train-images-idx3-ubyte.gz").shape  # doctest: +SKIP
    (60000, 28, 28)
    """
    takes.count(limit=limit)
    if axes is not None:
        takes.count(axes=axes)
    with open_bytes(path, IDX) as file:
        kind, shape = _header(file)
        _check_axes(file, shape, axes)
        start = 4 + 4 * len(shape)
        _check_size(file, kind, shape, start + math.prod(shape) * kind.itemsize, limit)
        array = np.empty(shape, kind)
        file.fill(start, array)
        return array.astype(kind.newbyteorder("="), copy=False)


def _header(file: ByteFile) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """The type of the numbers and the size of each axis."""
    head = file.head
    if len(head) < 4 or head[:2] != b"\0\0":
        raise DataError(
            f"{file.shown} is no IDX file: it begins with {head[:4].hex(' ')}, not "
            "with 00 00, a type and the number of axes"
        )
    if head[2] not in TYPES:
        known = listing(f"{code:02x} {kind.name}" for code, kind in TYPES.items())
        raise DataError(
            f"{file.shown} is no IDX file: it begins with 00 00 {head[2]:02x}, and "
            f"{head[2]:02x} is no type of numbers",
            f"the types are {known}",
        )
    axes = head[3]
    if not 1 <= axes <= MOST_AXES:
        raise DataError(
            f"{file.shown}: its header tells of {axes} axes; 1 to {MOST_AXES} are read"
        )
    if len(head) < 4 + 4 * axes:
        raise DataError(
            f"{file.shown}: {counted(len(head), 'byte')}, but a header of "
            f"{counted(axes, 'size')} has {4 + 4 * axes}"
        )
    return TYPES[head[2]], struct.unpack_from(f">{axes}I", head, 4)


def _check_axes(file: ByteFile, shape: Sequence[int], axes: int | None) -> None:
    if axes is None or len(shape) == axes:
        return
    kinds = {1: "labels", 3: "images"}
    what = f", {kinds[len(shape)]} as it seems" if len(shape) in kinds else ""
    have = "axis" if len(shape) == 1 else "axes"
    raise DataError(
        f"{file.shown} holds {_sizes(shape)} numbers{what}: {len(shape)} {have}, "
        f"but axes={int(axes)} is asked for"
    )


def _check_size(
    file: ByteFile, kind: np.dtype[Any], shape: Sequence[int], wanted: int, limit: int
) -> None:
    """DataError unless the file has the bytes of its header, `limit` at most."""
    said = f"{_sizes(shape)} of {kind.name}"
    if not math.prod(shape):
        raise DataError(f"{file.shown}: {said} are no numbers at all")
    most = min(wanted, int(limit))
    found = file.count(most)
    # Beyond the limit nothing was counted, so that the header may be right.
    beyond = file.packed and wanted > limit and found > limit
    if found != wanted and not beyond:
        raise DataError(
            f"{file.shown}: {file.counted(found, most)}, but {said} are {wanted}"
        )
    if wanted > limit:
        raise DataError(
            f"{file.shown}: {said} are {wanted} bytes, and no more than {int(limit)} "
            "are read",
            f"read_idx(…, limit={wanted}) reads them, if there is memory for them",
        )


def _sizes(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))


def write_idx(path: str | os.PathLike[str], array: ArrayLike) -> None:
    """Write an array as an IDX file, gzipped where the name ends with .gz.

    array : uint8, int8, int16, int32, float32 or float64, of any shape with an entry.

    An older file is replaced in one step, or stays. Raises DataError for an array of
    another type, and where the file cannot be written.

    >>> write_idx("labels-idx1-ubyte", np.arange(10, dtype="uint8"))  # doctest: +SKIP
    """
    values = plain_array("the array", array)
    native = values.dtype.newbyteorder("=")
    if native not in CODES:
        known = listing(kind.name for kind in CODES)
        raise DataError(
            f"IDX holds no {values.dtype.name}: its types are {known}", _fitting(values)
        )
    if not 1 <= values.ndim <= MOST_AXES:
        raise DataError(f"IDX holds 1 to {MOST_AXES} axes, not {values.ndim}")
    if not values.size:
        raise DataError(
            f"{_sizes(values.shape)} of {native.name} are no numbers at all"
        )
    if max(values.shape) > LARGEST:
        raise DataError(f"an axis of IDX ends at {LARGEST}, not {max(values.shape)}")
    write_bytes(path, _pieces(values, CODES[native]))


def plain_array(label: str, array: ArrayLike) -> NDArray[Any]:
    """An array of any type as numpy reads it; DataError for what has masked entries."""
    try:
        if np.ma.is_masked(array):
            raise DataError(
                f"{label} has masked entries, which no file of bytes can hold",
                "array.filled(0) puts a number in their place",
            )
        return np.asarray(array)
    except DataError:
        raise
    except Exception as error:  # lists of unequal length, an __array__ of somebody else
        raise DataError(f"{label} is no array: {takes.quote(array)}") from error


def _fitting(values: NDArray[Any]) -> str:
    """A hint at the smallest type of whole numbers that holds all values."""
    if values.dtype.kind == "f":
        exact = values.itemsize == 2
        to = (
            "array.astype('float32') holds"
            if exact
            else "array.astype('float64') rounds"
        )
        return f"{to} it"
    if values.dtype.kind not in "biu" or not values.size:
        return ""
    least, greatest = int(values.min()), int(values.max())
    for kind in (kind for kind in CODES if kind.kind in "iu"):
        if np.iinfo(kind).min <= least and greatest <= np.iinfo(kind).max:
            return f"all of it fits: array.astype({kind.name!r})"
    return "array.astype('float64') holds whole numbers up to 2^53"


def _pieces(values: NDArray[Any], code: int) -> Iterator[bytes]:
    """The header, then the numbers, some along the first axis at a time."""
    sizes = struct.pack(f">{values.ndim}I", *values.shape)
    yield bytes([0, 0, code, values.ndim]) + sizes
    step = max(1, PIECE * len(values) // values.nbytes)
    for first in range(0, len(values), step):
        yield values[first : first + step].astype(TYPES[code]).tobytes()
