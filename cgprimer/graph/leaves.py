"""Where names and numbers stand in many texts at once, and what they spell.

All texts are one array of bytes, cut by array operations: no equation and no word
costs a call. Words are runs of letters, digits, underscores and points; `leaves` are
those that fill slots of a shape, which calls, exponents, 0 and 1 do not.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cgprimer.types import Integers

Bytes = NDArray[np.uint8]

_BLANKS = bytes.maketrans(b"\t\n\v\f\r", b"     ")
_NULS = bytes.maketrans(b"\0", b" ")
_WORD = np.zeros(256, dtype=bool)
_WORD[[*map(ord, string.ascii_letters + string.digits + "_.")]] = True
_PACKED = 8


def covered(size: int, start: Integers, stop: Integers) -> NDArray[np.bool_]:
    """Which of `size` places lie between a start and its stop."""
    step = np.zeros(size, dtype=np.int8)
    step[start] += 1
    step[stop] -= 1
    return np.cumsum(step, dtype=np.int8).view(bool)


class Leaves(NamedTuple):
    """Words that may fill slots, in the order of the texts.

    Leaf `i` is `data[start[i]:stop[i]]`, stands in text `equation[i]`, and spells
    `words[word[i]]`; word `j` appears first at leaf `first[j]`.
    """

    data: Bytes
    start: Integers
    stop: Integers
    equation: Integers
    words: list[str]
    word: Integers
    first: Integers

    @property
    def left(self) -> Integers:
        """The first leaf of every text that has one."""
        return np.flatnonzero(np.diff(self.equation, prepend=-1))

    def left_sides(self, count: int) -> list[str]:
        """The names before `=` if all of `count` texts begin `name =`; else none."""
        data, left = self.data, self.left
        before, after = self.start[left] - 1, self.stop[left]
        before = before - (data[before] == ord(" "))
        after = after + (data[after] == ord(" "))
        plain = (data[before] == 0) & (data[after] == ord("="))
        plain &= data[self.start[left]] > ord("9")
        if len(left) < count or not plain.all():
            return []
        return [self.words[i] for i in self.word[left].tolist()]


def find_leaves(texts: Sequence[str]) -> Leaves:
    """All leaves of all texts."""
    data = _joined(texts)
    start, stop = _places(data)
    equation = np.searchsorted(np.flatnonzero(data == 0), start) - 1
    return Leaves(data, start, stop, equation, *_spelled(data, start, stop))


def _joined(texts: Sequence[str]) -> Bytes:
    """The texts in ASCII, each between two NULs, with single spaces for blanks.

    What is not ASCII, and so no part of a good equation, becomes a question mark.
    """
    text = "\0".join(["", *texts, ""])
    if not text.isascii() or text.count("\0") > len(texts) + 1:
        text = "\0".join(["", *map(_ascii, texts), ""])
    data = text.encode("ascii").translate(_BLANKS)
    if b"  " in data:
        data = b" ".join(data.split())
    return np.frombuffer(data + bytes(_PACKED), dtype=np.uint8)


def _ascii(text: str) -> str:
    left, equals, right = text.replace("\0", "?").partition("=")
    return (left + equals + right.strip()).encode("ascii", "replace").decode("ascii")


def _places(data: Bytes) -> tuple[Integers, Integers]:
    """Where the words that may fill slots start and stop."""
    start, stop = _words(data)
    called = (data[stop] == ord("(")) | (
        (data[stop] == ord(" ")) & (data[stop + 1] == ord("("))
    )
    pointed = np.zeros(len(start), dtype=bool)
    points = np.flatnonzero(data == ord("."))
    pointed[np.searchsorted(start, points, side="right") - 1] = True
    keep = ~called & ~pointed & (data[start] != ord("_"))
    numbers = np.flatnonzero(data[start] <= ord("9"))
    keep[numbers] = ~_kept_numbers(data, start[numbers], stop[numbers])
    return start[keep], stop[keep]


def _words(data: Bytes) -> tuple[Integers, Integers]:
    """Runs of the characters of words; the sign in 1e-5 does not cut."""
    inside = _WORD[data]
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    start, stop = edges[::2], edges[1::2]
    sign = np.flatnonzero(start[1:] == stop[:-1] + 1)
    sign = sign[np.isin(data[stop[sign]], [*b"+-"])]
    sign = sign[np.isin(data[stop[sign] - 1], [*b"eE"]) & (data[start[sign]] <= 57)]
    sign = sign[_is_digit(data[start[sign + 1]])]
    return np.delete(start, sign + 1), np.delete(stop, sign)


def _kept_numbers(data: Bytes, start: Integers, stop: Integers) -> NDArray[np.bool_]:
    """Which numbers stay: exponents, 0 and 1, and all beside a computed power."""
    star, before = data == ord("*"), data[start - 1]
    power = data == ord("^")
    power[1:] |= star[1:] & star[:-1]
    exponent: NDArray[np.bool_] = power[start - 1] | (
        power[start - 2] & np.isin(before, [*b" -"])
    )
    trivial = (stop == start + 1) & np.isin(data[start], [*b"01"])
    ends = np.flatnonzero(data == 0)
    power_at = np.flatnonzero(power)
    after = data[power_at + 1]
    after = np.where(after == ord(" "), data[power_at + 2], after)
    computed = np.zeros(len(ends) + 1, dtype=bool)
    computed[np.searchsorted(ends, power_at[~_is_digit(after)])] = True
    exponent |= trivial | computed[np.searchsorted(ends, start)]
    return exponent


def _is_digit(data: Bytes) -> NDArray[np.bool_]:
    return (data >= ord("0")) & (data <= ord("9"))


def _spelled(
    data: Bytes, start: Integers, stop: Integers
) -> tuple[list[str], Integers, Integers]:
    """The different words by first appearance, each place's word, each word's place."""
    length = stop - start
    packed = np.ndarray(len(data) - _PACKED + 1, "<u8", data, strides=(1,))
    code = packed[start] << (8 * np.maximum(_PACKED - length, 0)).astype(np.uint64)
    long = np.flatnonzero(length > _PACKED)
    text, table = data.tobytes(), dict[bytes, int]()
    spans = zip(start[long].tolist(), stop[long].tolist(), strict=True)
    code[long] = [table.setdefault(text[a:b], len(table)) + 2**63 for a, b in spans]
    _, first, number = np.unique(code, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    first = first[order]
    shown = data * covered(len(data), start[first], stop[first])
    words = shown.tobytes().translate(_NULS).decode("ascii").split()
    return words, rank[number], first
