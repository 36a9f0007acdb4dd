"""What Python hands to compiled code: records of 64-bit fields, described once.

    class of fields, with values in it ─▶ `pack`: an array, whose address is passed
    class of fields ─▶ `Writer.record`: instructions that read them, with names in it

A field says its name and its type, so that whoever writes a record and the code that
reads it cannot disagree.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple, ParamSpec, get_type_hints

import numpy as np
from numpy.typing import NDArray

from cgprimer.types import Integers

P = ParamSpec("P")

# Types of a field: a whole number; the address of an array or a function; a float64. In
# Python it holds a value of that kind, in the text of code the name of one.
Int = Annotated[Any, "i64"]
Pointer = Annotated[Any, "ptr"]
Number = Annotated[Any, "double"]


@functools.cache
def kinds_of(record: type[NamedTuple]) -> tuple[str, ...]:
    """The type of each field, as LLVM writes it.

    class Span(NamedTuple):
        first: Int
        data: Pointer

    kinds_of(Span) == ("i64", "ptr")
    pack(Span, first=3, data=array)     array([3, address])
    """
    hints = get_type_hints(record, include_extras=True)
    return tuple(hints[field].__metadata__[0] for field in record._fields)


def pack(kind: Callable[P, NamedTuple], *args: P.args, **fields: P.kwargs) -> Integers:
    """A record (fields,), int64; arrays stand for their address.

    The arrays are not held: that is up to the caller.
    """
    record = kind(*args, **fields)
    pairs = zip(record, kinds_of(type(record)), strict=True)
    words = [bits(value) if kind == "double" else word(value) for value, kind in pairs]
    return np.array(words, dtype=np.int64)


def word(value: float | NDArray[Any]) -> int:
    """What a field holds that is no number: an integer, or the address of an array."""
    return value.ctypes.data if isinstance(value, np.ndarray) else int(value)


def bits(number: float) -> int:
    """The 64 bits of a number, as an integer."""
    return int(struct.unpack("<q", struct.pack("<d", number))[0])
