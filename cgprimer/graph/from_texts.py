"""Equations from many texts to arrays, all at once.

    Leaves (words, and where they stand) ─ kinds ─▶ slots ─▶ codes ─▶ shapes ─▶ Table

No equation costs a call, so a million of them are read in seconds: texts that differ in
names and numbers alone have the same codes. `graph.read` calls it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress, pairwise

import numpy as np
from numpy.typing import NDArray

from cgprimer.errors import ExpressionError
from cgprimer.expr.ops import CONSTANTS, FUNCTIONS
from cgprimer.expr.tokens import NUMBER, RESERVED
from cgprimer.graph.leaves import Bytes, Leaves, mask_of
from cgprimer.graph.numbering import Names
from cgprimer.graph.shape import Shape
from cgprimer.graph.slots import CONSTANT, PARAMETER, VARIABLE
from cgprimer.graph.table import Table
from cgprimer.types import Array, Integers, Mask

# Kinds of words beside those of slots.
WRITTEN = "="  # part of the shape: exponents, 0 and 1, named constants
DOUBTFUL = "!"  # what the parser may refuse

KINDS = VARIABLE, PARAMETER, CONSTANT  # in the order of their codes


def table_of(
    leaves: Leaves, names: Names, texts: Sequence[str]
) -> tuple[Table, set[int]]:
    """The arrays of equations cut into leaves; numbers of those that may be wrong."""
    # Two equations, xy=ab*xx+0.5*xa and xq=u*xy+2*xr:
    #
    #     words   xy ab xx 0.5 xa xq u 2 xr       kinds   x p x c x x p c x
    #     word    0 1 2 3 4 | 5 6 0 7 8           (| is between the two equations)
    #     slot    0 1 2 3 4 | 0 1 2 3 4           0 is the left side
    #     codes   128 = 133 * 136 + 142 * 144     twice: 128 + 4*slot + (p 1, c 2)
    #
    # The codes of both are the same, so there is one shape, p0*x1+c2*x3. With
    #
    #     variables xy xx xa xq xr     parameters ab u     constants 0.5 2
    #
    # what fills its slots is 0 1 0 2 | 1 0 1 4 (ab xx 0.5 xa | u xy 2 xr), and `start`
    # is 0 4 8. The left sides, which `defined` holds, are variables 0 and 3.
    words, kinds = leaves.words, _kinds(leaves, names)
    free = kinds[leaves.word] != WRITTEN
    word, equation = leaves.word[free], leaves.equation[free]
    start, stop, kind = leaves.start[free], leaves.stop[free], kinds[word]
    # Every number gets a slot of its own, also one that is there twice: else 2*xa+2*xb
    # and 2*xa+3*xb would have two shapes. So its word is made different at each place.
    slot, new = _slots(equation, np.where(kind == CONSTANT, len(words) + start, word))
    which = (kind == PARAMETER) + 2 * (kind == CONSTANT)  # as in KINDS
    codes = _codes(leaves.data, start, stop, 4 * slot + which)
    shapes, shape = _shapes(codes, len(texts))
    # The key parses, but the values may not do: in 1e200*1e200*xa the constant part
    # overflows, which only the text itself tells.
    doubtful = np.array([s is None or s.has_constant_part for s in shapes], dtype=bool)
    suspects = {*equation[kind == DOUBTFUL].tolist(), *np.flatnonzero(doubtful[shape])}
    filled = np.bincount(equation[new & (slot > 0)], minlength=len(texts))
    number, constants = _number_words(words, kinds)
    table = Table(
        tuple(compress(words, (kinds == VARIABLE).tolist())),
        tuple(compress(words, (kinds == PARAMETER).tolist())),
        constants,
        number[word[slot == 0]],
        tuple(filter(None, shapes)),
        shape,
        number[word[new & (slot > 0)]],
        np.concatenate([[0], np.cumsum(filled)]),
        texts,
    )
    return table, suspects


def _kinds(leaves: Leaves, names: Names) -> NDArray[np.str_]:
    """The kind of each word: by its first letter, unless it is an exception."""
    words, initial = leaves.words, leaves.data[leaves.start[leaves.first]]
    kinds = np.where(initial == ord("x"), str(VARIABLE), str(PARAMETER))
    numbers = np.flatnonzero(initial <= ord("9"))
    kinds[numbers] = [_number_kind(words[i]) for i in numbers.tolist()]
    # What is on the left is a variable, whatever its first letter.
    kinds[leaves.word[leaves.left]] = VARIABLE
    special = {*names.given, *CONSTANTS, *FUNCTIONS, *RESERVED}.intersection(words)
    special |= {words[i] for i in np.flatnonzero(initial >= 128).tolist()}
    if special:
        found = [i for i, word in enumerate(words) if word in special]
        kinds[found] = [_name_kind(words[i], names) for i in found]
    return kinds


def _number_kind(word: str) -> str:
    """A constant's slot, or what stays as written, or may be refused."""
    if not NUMBER.fullmatch(word):
        return WRITTEN
    return CONSTANT if float(word) < float("inf") else DOUBTFUL


def _name_kind(word: str, names: Names) -> str:
    """The kind of a name's slot, or what stays as written, or may be refused."""
    if word in names.declared or not word.isascii():
        return names.kind(word)
    return WRITTEN if word in CONSTANTS else DOUBTFUL


def _slots(equation: Integers, word: Integers) -> tuple[Integers, Mask]:
    """The slot of every leaf in its equation, and whether it is the first there.

    Slot 0 is the left side; from 1 on they are those of the right side.
    """
    left = np.flatnonzero(np.diff(equation, prepend=-1))
    pair = equation * (word.max(initial=0) + 2) + word
    # A number that no word has, so that the left side is never one with a name on the
    # right: in xy = xy + 1 the second xy fills slot 1, and the cycle is found.
    pair[left] = equation[left] * (word.max(initial=0) + 2) + word.max(initial=0) + 1
    _, first, which = np.unique(pair, return_index=True, return_inverse=True)
    first = first[which]
    new = first == np.arange(len(word))
    count = np.cumsum(new)
    return count[first] - np.repeat(count[left], np.diff(left, append=len(word))), new


def _number_words(words: list[str], kinds: NDArray[np.str_]) -> tuple[Integers, Array]:
    """The number of each word among its kind, and the values of the constants."""
    number = np.zeros(len(words), dtype=np.int64)
    for kind in (VARIABLE, PARAMETER):
        number[kinds == kind] = np.arange(np.count_nonzero(kinds == kind))
    values = [float(word) for word in compress(words, (kinds == CONSTANT).tolist())]
    # By value: 0.5 and 0.50 are two words and one constant.
    constants, number[kinds == CONSTANT] = np.unique(values, return_inverse=True)
    return number, constants.astype(np.float64)


def _codes(
    data: Bytes, start: Integers, stop: Integers, leaf: Integers
) -> NDArray[np.unsignedinteger]:
    """The texts with each leaf replaced by one code, which is above all characters."""
    # Bytes as long as there are fewer than 32 slots, then 16 bits a character.
    codes = data.astype(np.min_scalar_type(128 + leaf.max(initial=0)))
    # A letter above these that is in no leaf, such as of a function φ(x), has no key.
    codes[data >= 128] = ord("?")
    codes[start] = 128 + leaf
    return codes[~mask_of(len(data), start + 1, stop)]


def _shapes(
    codes: NDArray[np.unsignedinteger], count: int
) -> tuple[list[Shape | None], Integers]:
    """The shapes there are, and the one of each text; None where it has an error."""
    text, size = codes.tobytes(), codes.itemsize
    ends = (size * np.flatnonzero(codes == 0)[: count + 1]).tolist()
    keys = [text[a + size : b] for a, b in pairwise(ends)]
    shapes: dict[Shape | None, int] = {}
    # By key, then by shape: texts with other blanks or brackets have other keys and the
    # same body, which `from_key` returns as the same object.
    by_key = {
        key: shapes.setdefault(_shape(np.frombuffer(key, codes.dtype)), len(shapes))
        for key in dict.fromkeys(keys)
    }
    return list(shapes), np.array([by_key[key] for key in keys], dtype=np.int64)


def _shape(codes: NDArray[np.unsignedinteger]) -> Shape | None:
    """The shape that the codes of one equation spell, if they spell one."""
    text = [
        chr(code) if code < 128 else KINDS[code % 4].slot(code // 4 - 33)
        for code in codes.tolist()
    ]
    try:
        # The left side, slot 0, is spelled x-1 and cut off here.
        return Shape.from_key("".join(text).partition("=")[2].strip())
    except ExpressionError:
        return None
