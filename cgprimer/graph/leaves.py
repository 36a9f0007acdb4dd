"""Where names and numbers stand in many texts at once, and what they spell.

All texts are one array of bytes, cut by array operations: no equation and no word
costs a call. Words are runs of letters, digits, underscores and points; `leaves` are
those that fill slots of a shape, which calls, exponents, 0 and 1 do not.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cgprimer.expr.tokens import SYMBOLS
from cgprimer.types import Integers, Mask

Bytes = NDArray[np.uint8]

_BLANKS = bytes.maketrans(b"\t\n\v\f\r", b"     ")
_NULS = bytes.maketrans(b"\0", b" ")
_WORD = np.zeros(256, dtype=bool)
_WORD[[*map(ord, string.ascii_letters + string.digits + "_.")]] = True
_WORD[128:] = True  # the bytes of letters that are not ASCII, in UTF-8
_SPACES = " \t\n\v\f\r"
_PACKED = 8


def mask_of(size: int, start: Integers, stop: Integers) -> Mask:
    """Which of `size` places lie between a start and its stop."""
    # +1 at each start, -1 at each stop, summed up: 1 inside, 0 outside, so the bytes
    # can be read as truth values. A place from i to i cancels itself and covers
    # nothing.
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
        # A name: digits and the point are below the letters.
        plain &= data[self.start[left]] > ord("9")
        if len(left) < count or not plain.all():
            return []
        return [self.words[i] for i in self.word[left].tolist()]


def find_leaves(texts: Sequence[str]) -> Leaves:
    """All leaves of all texts."""
    data = _join(texts)
    start, stop = _places(data)
    equation = np.searchsorted(np.flatnonzero(data == 0), start) - 1
    return Leaves(data, start, stop, equation, *_distinct_words(data, start, stop))


def _join(texts: Sequence[str]) -> Bytes:
    """The texts in UTF-8, each between two NULs, with single spaces for blanks.

    What is no letter, and so no part of a good equation, becomes a question mark.
    """
    # NUL is in no equation, as `_ascii` takes it out, so it can mark where one ends.
    # For two texts the bytes are 0 xy=ab*xx 0 xq=xy 0.
    text = "\0".join(["", *texts, ""])
    if not text.isascii() or text.count("\0") > len(texts) + 1:
        text = "\0".join(["", *map(_clean, texts), ""])
    data = text.encode().translate(_BLANKS)
    if b"  " in data:
        data = b" ".join(data.split())
    # Room behind the last text, for a look at the next characters of any word.
    return np.frombuffer(data + bytes(_PACKED), dtype=np.uint8)


def _clean(text: str) -> str:
    # Then letters and accents only: `expr.printed` leaves nothing else beyond ASCII.
    text = re.sub(f"[\0{SYMBOLS}]", "?", text)
    left, equals, right = text.partition("=")
    return (left + equals + right.strip(_SPACES)).encode("utf-8", "replace").decode()


def _places(data: Bytes) -> tuple[Integers, Integers]:
    """Where the words that may fill slots start and stop."""
    start, stop = _words(data)
    # A name before a bracket is a function, which is part of the shape.
    called = (data[stop] == ord("(")) | (
        (data[stop] == ord(" ")) & (data[stop + 1] == ord("("))
    )
    # A name with a point in it, such as math.pi, is no name: left in the key, it makes
    # the key unreadable, and so the equation is parsed for a message. The last word
    # that begins at a point or before it is the one that the point is in.
    pointed = np.zeros(len(start), dtype=bool)
    points = np.flatnonzero(data == ord("."))
    pointed[np.searchsorted(start, points, side="right") - 1] = True
    keep = ~called & ~pointed & (data[start] != ord("_"))
    numbers = np.flatnonzero(data[start] <= ord("9"))
    keep[numbers] = ~_kept_numbers(data, start[numbers], stop[numbers])
    return start[keep], stop[keep]


def _words(data: Bytes) -> tuple[Integers, Integers]:
    """Runs of the characters of words; the sign in 1e-5 does not cut."""
    # `2*xa + 1e-5` has the runs  2  xa  1e  5. The last two are one word, since the
    # first begins as a number and ends in e, and one sign and a digit follow. In
    # `x1e-5` they are two: that is a difference.
    inside = _WORD[data]
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    start, stop = edges[::2], edges[1::2]
    sign = np.flatnonzero(start[1:] == stop[:-1] + 1)
    sign = sign[np.isin(data[stop[sign]], [*b"+-"])]
    sign = sign[np.isin(data[stop[sign] - 1], [*b"eE"]) & (data[start[sign]] <= 57)]
    sign = sign[_is_digit(data[start[sign + 1]])]
    return np.delete(start, sign + 1), np.delete(stop, sign)


def _kept_numbers(data: Bytes, start: Integers, stop: Integers) -> Mask:
    """Which numbers stay: exponents, 0 and 1, and all beside a computed power."""
    # For each number whether it is part of the key, or else fills a slot:
    #
    #     xy=a*xx^2+1*xb+0.5     2 exponent, 1 trivial         key p0*x1^2+1*x2+c3
    #     xy=xa**-2+0.5          - after the power: all stay   key x0**-2+0.5
    #     xy=xb^(3-c)*0.5        ( after the power: all stay   key x0^(3-p1)*0.5
    #
    # `power` is true at ^ and at the second * of **. An exponent that does not begin
    # with a digit may hold numbers anywhere behind it; finding where it ends would take
    # a parser, so all numbers of such an equation stay.
    star, before = data == ord("*"), data[start - 1]
    power = data == ord("^")
    power[1:] |= star[1:] & star[:-1]
    exponent: Mask = power[start - 1] | (power[start - 2] & np.isin(before, [*b" -"]))
    trivial = (stop == start + 1) & np.isin(data[start], [*b"01"])
    # `searchsorted` counts the NULs before a place: 1 for the first text, and so on.
    ends = np.flatnonzero(data == 0)
    power_at = np.flatnonzero(power)
    after = data[power_at + 1]
    after = np.where(after == ord(" "), data[power_at + 2], after)
    computed = np.zeros(len(ends) + 1, dtype=bool)
    computed[np.searchsorted(ends, power_at[~_is_digit(after)])] = True
    exponent |= trivial | computed[np.searchsorted(ends, start)]
    return exponent


def _is_digit(data: Bytes) -> Mask:
    return (data >= ord("0")) & (data <= ord("9"))


def _distinct_words(
    data: Bytes, start: Integers, stop: Integers
) -> tuple[list[str], Integers, Integers]:
    """The different words by first appearance, each place's word, each word's place."""
    # A word of up to 8 letters is told by one number, so that `unique` compares numbers
    # and no text is made for each place. Read as little-endian, its first letter is the
    # lowest byte; shifted left, the bytes behind the word fall out. Longer words are
    # numbered by a dict, from 2^63 on: so are those that end in the byte of a
    # letter above 127, for no other packed word is as large.
    length = stop - start
    packed = np.ndarray(len(data) - _PACKED + 1, "<u8", data, strides=(1,))
    code = packed[start] << (8 * np.maximum(_PACKED - length, 0)).astype(np.uint64)
    long = np.flatnonzero((length > _PACKED) | (code >= 2**63))
    text, table = data.tobytes(), dict[bytes, int]()
    spans = zip(start[long].tolist(), stop[long].tolist(), strict=True)
    code[long] = [table.setdefault(text[a:b], len(table)) + 2**63 for a, b in spans]
    # `unique` sorts by code; words are to be numbered by first appearance, as names are
    # in a graph: with first = [7, 1, 4] order is [1, 2, 0] and rank [2, 0, 1].
    _, first, number = np.unique(code, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    first = first[order]
    # All bytes but those of the first appearances become NUL, then blanks: what is left
    # splits into the words, in order, by one call.
    shown = data * mask_of(len(data), start[first], stop[first])
    words = shown.tobytes().translate(_NULS).decode().split()
    return words, rank[number], first
