"""Equations to the arrays of a graph: from texts, and from ready-made expressions.

texts cut into leaves ─▶ Table, all at once, for `graph.read`
name → Node ─▶ Graph, one by one, for gradients and copies
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import compress, pairwise

import numpy as np
from numpy.typing import NDArray

from cgprimer.errors import ExpressionError, GraphError, listing
from cgprimer.expr.node import Node, leaves, substitute
from cgprimer.expr.ops import CONSTANTS, FUNCTIONS
from cgprimer.expr.ops import name as name_node
from cgprimer.expr.tokens import NUMBER, RESERVED
from cgprimer.graph.graph import Graph
from cgprimer.graph.leaves import Bytes, Leaves, covered
from cgprimer.graph.shape import Shape
from cgprimer.graph.table import Table
from cgprimer.keeping import lazy
from cgprimer.types import Integers


def graph_of(
    bodies: Mapping[str, Node],
    outputs: Sequence[str],
    parameters: Sequence[str],
    variables: Sequence[str],
    spare: Collection[str] = (),
) -> Graph:
    """The graph of ready-made expressions: name → right side.

    `parameters` and `variables` tell the kinds of names that no expression defines;
    parameters come in the order given, and those that are neither used nor in `spare`
    are left out.
    """
    used = {name for body in bodies.values() for name in leaves(body)}
    parameters = [name for name in parameters if name in used or name in spare]
    rows = EquationRows(Names(bodies, parameters, variables))
    for name in parameters:
        rows.names.enter(name)
    for name, body in bodies.items():
        rows.add_body(name, body)
    return Graph(rows.table(), outputs, spare)


class Names:
    """The names met so far, numbered by first appearance, and their kinds."""

    def __init__(
        self,
        defined: Collection[str],
        parameters: Sequence[str],
        variables: Sequence[str],
    ) -> None:
        self.variables: dict[str, int] = {}
        self.parameters: dict[str, int] = {}
        self.known: dict[str, tuple[str, int]] = {}
        self.defined, self.given = defined, (*parameters, *variables)
        self.declared_parameters = frozenset(parameters)
        both = parameters and self.declared_parameters & {*variables, *defined}
        if both:
            raise GraphError(
                f"{listing(sorted(both))}: declared a parameter, and also a variable "
                "or on the left of '='"
            )

    @lazy
    def declared(self) -> frozenset[str]:
        """Names that are names whatever they spell."""
        return frozenset((*self.given, *self.defined))

    def kind(self, name: str) -> str:
        """x or p: what is defined or declared decides, else the first letter."""
        if name in self.declared:
            return "p" if name in self.declared_parameters else "x"
        return "x" if name[0] == "x" else "p"

    def enter(self, name: str) -> tuple[str, int]:
        """(kind x or p, number among its kind) of a name, numbered now if it is new."""
        found = self.known.get(name)
        if found is None:
            kind = self.kind(name)
            table = self.variables if kind == "x" else self.parameters
            number = table.setdefault(name, len(table))
            found = self.known[name] = (kind, number)
        return found


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
    free = kinds[leaves.word] != "="
    word, equation = leaves.word[free], leaves.equation[free]
    start, stop, kind = leaves.start[free], leaves.stop[free], kinds[word]
    # Every number gets a slot of its own, also one that is there twice: else 2*xa+2*xb
    # and 2*xa+3*xb would have two shapes. So its word is made different at each place.
    slot, new = _slots(equation, np.where(kind == "c", len(words) + start, word))
    codes = _codes(
        leaves.data, start, stop, 4 * slot + (kind == "p") + 2 * (kind == "c")
    )
    shapes, shape = _shapes(codes, len(texts))
    # The key parses, but the values may not do: in 1e200*1e200*xa the constant part
    # overflows, which only the text itself tells.
    doubtful = np.array([s is None or s.has_constant_part for s in shapes], dtype=bool)
    suspects = {*equation[kind == "!"].tolist(), *np.flatnonzero(doubtful[shape])}
    filled = np.bincount(equation[new & (slot > 0)], minlength=len(texts))
    number, constants = _numbered(words, kinds)
    table = Table(
        tuple(compress(words, (kinds == "x").tolist())),
        tuple(compress(words, (kinds == "p").tolist())),
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
    kinds = np.where(initial == ord("x"), "x", "p")
    numbers = np.flatnonzero(initial <= ord("9"))
    kinds[numbers] = [_number_kind(words[i]) for i in numbers.tolist()]
    # What is on the left is a variable, whatever its first letter.
    kinds[leaves.word[leaves.left]] = "x"
    special = {*names.given, *CONSTANTS, *FUNCTIONS, *RESERVED}.intersection(words)
    if special:
        found = [i for i, word in enumerate(words) if word in special]
        kinds[found] = [_name_kind(words[i], names) for i in found]
    return kinds


def _number_kind(word: str) -> str:
    """c for a slot; `=` for what stays as written; `!` for what may be refused."""
    if not NUMBER.fullmatch(word):
        return "="
    return "c" if float(word) < float("inf") else "!"


def _name_kind(word: str, names: Names) -> str:
    """x or p for a slot; `=` for what stays as written; `!` for what may be refused."""
    if word in names.declared:
        return names.kind(word)
    return "=" if word in CONSTANTS else "!"


def _slots(equation: Integers, word: Integers) -> tuple[Integers, NDArray[np.bool_]]:
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


def _numbered(
    words: list[str], kinds: NDArray[np.str_]
) -> tuple[Integers, NDArray[np.float64]]:
    """The number of each word among its kind, and the values of the constants."""
    number = np.zeros(len(words), dtype=np.int64)
    for kind in "xp":
        number[kinds == kind] = np.arange(np.count_nonzero(kinds == kind))
    values = [float(word) for word in compress(words, (kinds == "c").tolist())]
    # By value: 0.5 and 0.50 are two words and one constant.
    constants, number[kinds == "c"] = np.unique(values, return_inverse=True)
    return number, constants.astype(np.float64)


def _codes(
    data: Bytes, start: Integers, stop: Integers, leaf: Integers
) -> NDArray[np.unsignedinteger]:
    """The texts with each leaf replaced by one code, which is above all characters."""
    # Bytes as long as there are fewer than 32 slots, then 16 bits a character.
    codes = data.astype(np.min_scalar_type(128 + leaf.max(initial=0)))
    codes[start] = 128 + leaf
    return codes[~covered(len(data), start + 1, stop)]


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
        chr(code) if code < 128 else f"{'xpc'[code % 4]}{code // 4 - 33}"
        for code in codes.tolist()
    ]
    try:
        # The left side, slot 0, is spelled x-1 and cut off here.
        return Shape.from_key("".join(text).partition("=")[2].strip())
    except ExpressionError:
        return None


class EquationRows:
    """Equations gathered as arrays."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.shapes: dict[Shape, int] = {}
        # Arrays that grow in place, with 8 bytes a number where a list would hold
        # objects.
        self.defined, self.shape, self.slots = array("q"), array("q"), array("q")
        self.start = array("q", [0])

    def add(self, name: str, shape: Shape, slots: Iterable[int]) -> None:
        """Append one equation, whose slots hold the numbers of its names."""
        self.defined.append(self.names.enter(name)[1])
        self.shape.append(self.shapes.setdefault(shape, len(self.shapes)))
        self.slots.extend(slots)
        self.start.append(len(self.slots))

    def add_body(self, name: str, body: Node) -> None:
        """Append one equation given as an expression over names."""
        self.names.enter(name)
        by: dict[Node, Node] = {}
        slots: list[int] = []
        for i, leaf in enumerate(leaves(body)):
            kind, number = self.names.enter(leaf)
            by[name_node(leaf)] = name_node(f"{kind}{i}")
            slots.append(number)
        self.add(name, Shape.from_body(substitute([body], by)[0]), slots)

    def table(self) -> Table:
        """The finished arrays."""
        arrays = (np.array(x, dtype=np.int64) for x in (self.defined, self.shape))
        defined, shape = arrays
        return Table(
            tuple(self.names.variables),
            tuple(self.names.parameters),
            np.zeros(0),
            defined,
            tuple(self.shapes),
            shape,
            np.array(self.slots, dtype=np.int64),
            np.array(self.start, dtype=np.int64),
        )
