"""Numbers that a caller gives: a number or an array ─▶ float64, or a refusal.

Points, columns, starts, weights and parameters are all read here, so that one rule
holds: integers, floats and bools (0 and 1) are numbers, and so is one plain decimal as
text. Masked entries, dates, time spans, complex numbers, bytes, records, other text and
other objects are refused with their place, never turned into a number by a cast.
"""

from __future__ import annotations

import datetime
import reprlib
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cgprimer.errors import CGPrimerError, PointError, counted, shorten
from cgprimer.takes import REAL
from cgprimer.types import Array, Integers, Mask

Place = tuple[int, ...]
Oddity = tuple[Place, object, str]  # where, what, and the key of its hint
ODD: dict[str, tuple[type, ...]] = {  # items of a list that numpy would cast
    "U": (str,),
    "S": (bytes, bytearray),
    "M": (datetime.date, np.datetime64),
    "m": (datetime.timedelta, np.timedelta64),
    "c": (complex, np.complexfloating),
    "O": (type(None),),
}
DOUBLE = np.dtype(np.float64)
EXPECTED = "a real number or an array of real numbers is expected"
HINTS = {  # by kind of numpy's dtype, and for what has none
    "U": "turn text into numbers first: float('1.5') does",
    "S": "turn bytes into numbers first: float(b'1.5') does",
    "M": "give numbers: (dates - dates[0]) / np.timedelta64(1, 's')",
    "m": "give numbers: spans / np.timedelta64(1, 's')",
    "c": "give the real and the imaginary part names of their own",
    "V": "give one field of the records: records['field']",
    "masked": "leave the masked samples out of every array",
    "huge": "a number in double precision ends at 1.8e308",
    "O": "leave out what is no number; array.astype(float) reads the others",
}


def decimal(text: str) -> float:
    """The number that a text spells in the way Python prints it.

    ValueError for all else that float() would take: 1_0, １２, blanks around it.

    >>> decimal("-1.5e3")
    -1500.0
    """
    if not text.isascii() or "_" in text or text.strip() != text:
        raise ValueError(f"{text!r} is no plain decimal number")
    return float(text)


def as_numbers(
    label: str, value: ArrayLike, error: type[CGPrimerError] = PointError
) -> Array:
    """A contiguous float64 array of the shape of `value`; `error` for no real numbers.

    label : how a message calls the value, such as "the value of 'xa'".
    """
    if type(value) is np.ndarray and value.dtype is DOUBLE and value.flags.c_contiguous:
        return value  # at once: an objective is asked with the same kind over and over
    array = _read(label, value, error)
    return np.ascontiguousarray(array).reshape(array.shape)  # it makes () into (1,)


def as_number(label: str, value: ArrayLike, error: type[CGPrimerError]) -> float:
    """One number; `error` for anything else."""
    number = as_numbers(label, value, error)
    if number.ndim:
        raise error(f"{label} has shape {number.shape}: one number is expected")
    return float(number)


def as_rows(label: str, rows: Any, size: int, error: type[CGPrimerError]) -> Integers:
    """Numbers of samples (n,), of `size` there are; also those that a mask names.

    `error` for what is neither. Numbers from the end are negative, as in Python.
    """
    numbers, kind = as_numbers(label, rows, error), np.asarray(rows).dtype.kind
    if numbers.ndim != 1 or (numbers.size and kind not in "biu"):
        raise error(f"{label} holds numbers of samples, or a mask, of shape (n,)")
    if kind == "b":
        if len(numbers) != size:
            raise error(
                f"{label} is a mask of {counted(len(numbers), 'sample')}, "
                f"there are {size}"
            )
        return np.flatnonzero(numbers)
    if len(odd := numbers[(numbers < -size) | (numbers >= size)]):
        raise error(f"{label} holds {odd[0]:.0f}: samples go from 0 to {size - 1}")
    return numbers.astype(np.int64)


def _read(label: str, value: Any, error: type[CGPrimerError]) -> Array:
    if type(value) is float:  # at once: the start of a large model holds many
        return np.array(value)
    if isinstance(value, str):
        with suppress(ValueError):
            return np.array(decimal(value))
    try:
        # The items of a list are looked at before numpy sees them together: it makes
        # text of [1, "a"], complex numbers of [1, 1j] and nan of None, without a word.
        odd = _odd_item(value) if isinstance(value, list | tuple) else None
        if odd is None:
            array = _array(value)
            odd = _odd_entry(array)
        if odd is None:
            with np.errstate(over="raise"):  # a long double beyond double precision
                return np.asarray(array, dtype=np.float64)
    except Exception as cause:  # an __array__ of somebody else raises what it likes
        odd = (), value, "O"
        raise error(_refusal(label, *odd)) from cause
    raise error(_refusal(label, *odd))


def _array(value: Any) -> NDArray[Any]:
    """As numpy reads it, but integers of any length are floats, and bytes text."""
    # With a type given, integers beyond 64 bits become floats; numpy itself would keep
    # them as objects.
    items = value if isinstance(value, list | tuple) else (value,)
    if all(map(_is_real, set(map(type, items)))):
        return np.array(value, dtype=np.float64)
    return np.asanyarray(bytes(value) if isinstance(value, bytearray) else value)


def _odd_item(items: list[Any] | tuple[Any, ...]) -> Oddity | None:
    """The first item of a list that is no number, although numpy may make it one."""
    if all(issubclass(kind, float) for kind in set(map(type, items))):
        return None
    found = (((i,), item, _kind(item)) for i, item in enumerate(items))
    return next((odd for odd in found if odd[2]), None)


def _is_real(kind: type) -> bool:
    """Whether all of a type are real numbers; to numpy a time span is an integer."""
    return issubclass(kind, REAL) and not issubclass(kind, np.timedelta64)


def _kind(item: object) -> str:
    if isinstance(item, np.ma.MaskedArray):
        return "masked" * bool(np.ma.is_masked(item))
    if isinstance(item, int):
        # 2^1024 is the first power of two beyond double precision.
        return "huge" * (item.bit_length() > 1024)
    return next((kind for kind, types in ODD.items() if isinstance(item, types)), "")


def _odd_entry(array: NDArray[Any]) -> Oddity | None:
    """The first entry of an array that is no number, or is masked."""
    # T is the kind of numpy's strings of variable width.
    kind = {"T": "U"}.get(array.dtype.kind, array.dtype.kind)
    if kind in "biuf":
        return _first(array, np.ma.getmaskarray(array), "masked")
    # In an array of objects some may be numbers: the first that is none is the one to
    # be named. In all other kinds every entry is as odd as the first.
    entries = array.ravel().tolist() if kind == "O" else ()
    odd = np.array([not _is_real(type(entry)) for entry in entries], dtype=bool)
    if not odd.any():  # all of them, if none is worse than the others
        odd = np.ones(array.size, dtype=bool)
    return _first(array, odd.reshape(array.shape), kind)


def _first(array: NDArray[Any], odd: Mask, kind: str) -> Oddity | None:
    places = np.argwhere(odd)
    if not len(places):
        return None
    place = tuple(places[0].tolist())
    item = array[place]
    if kind == "O":
        return place, item, _kind(item) or kind
    return place, item if kind in "Mm" else item.tolist(), kind


def _refusal(label: str, place: Place, item: object, kind: str) -> str:
    where = f" in sample {place[0]}" if len(place) == 1 else f" at {list(place)}"
    plain = not place and kind in "UOc"  # the sentence says it all
    hint = "" if plain else f"\n  hint: {HINTS[kind]}"
    what = "masked" if kind == "masked" else _quote(item)
    what = "the object " * (kind == "O" and _is_real(type(item))) + what
    return f"{label} is {what}{where * bool(place)}: {EXPECTED}{hint}"


def _quote(item: object) -> str:
    """How a value looks, whatever its repr does."""
    if isinstance(item, np.datetime64 | np.timedelta64):
        return str(item)
    try:
        return shorten(repr(item) if isinstance(item, str) else reprlib.repr(item))
    except Exception:
        return f"a {type(item).__name__}"
