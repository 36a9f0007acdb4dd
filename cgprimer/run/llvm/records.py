"""What Python hands to compiled code: records of 64-bit fields, described once.

    class of fields ─▶ `pack`: an array, whose address is passed
                    └▶ `Writer.field`: the instructions that read one

A field says its number and its type, so that whoever writes a record and the code that
reads it cannot disagree.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from cgprimer.types import Integers

INT, POINTER, NUMBER = "i64", "ptr", "double"
"""Types of a field: a whole number, the address of an array or a function, a float64.
"""


class Field(IntEnum):
    """A field of a record: its place is the member's value; `kind` is its type.

    class Span(Field):
        FIRST = INT
        DATA = POINTER

    Span.DATA == 1, Span.DATA.kind == "ptr"
    Span.pack({Span.FIRST: 3, Span.DATA: array})     array([3, address])
    """

    kind: str

    def __new__(cls, kind: str) -> Self:
        """Number the fields in the order in which they are written."""
        self = int.__new__(cls, len(cls.__members__))
        self._value_ = len(cls.__members__)
        self.kind = kind
        return self

    @classmethod
    def pack(cls, values: Mapping[Self, Any]) -> Integers:
        """A record (fields,), int64: every field once; arrays stand for their address.

        The arrays are not held: that is up to the caller. KeyError for a field that is
        not given, or not of this record.
        """
        fields, numbers = _fields(cls)
        if len(values) != len(fields):
            raise KeyError(f"{cls.__name__} has {len(fields)} fields: {list(cls)}")
        given = map(values.__getitem__, fields)
        # Nearly all are whole numbers, which need no call.
        words = [value if type(value) is int else word(value) for value in given]
        for field in numbers:
            words[field] = bits(values[field])
        return np.array(words, dtype=np.int64)

    @classmethod
    def table(cls, columns: Mapping[Self, Sequence[int]], words: int) -> Integers:
        """Several records (records, words), int64, from the column of each field."""
        assert columns.keys() == set(cls), f"not the fields of {cls.__name__}"
        records = np.zeros((len(next(iter(columns.values()))), words), dtype=np.int64)
        for field, column in columns.items():
            records[:, field] = column
        return records

    @classmethod
    def unpack(cls, record: Integers) -> dict[Self, int | float]:
        """What a record holds, field by field."""
        views = {NUMBER: record.view(np.float64)}
        return {field: views.get(field.kind, record)[field].item() for field in cls}


@functools.cache
def _fields(record: type[Field]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """All fields, and those that are numbers."""
    return tuple(record), tuple(field for field in record if field.kind == NUMBER)


def word(value: float | NDArray[Any]) -> int:
    """What a field holds that is no number: an integer, or the address of an array."""
    return value.ctypes.data if isinstance(value, np.ndarray) else int(value)


def bits(number: float) -> int:
    """The 64 bits of a number, as an integer."""
    return int(struct.unpack("<q", struct.pack("<d", number))[0])
