"""The equations as they are run: stable forms that are spread over several of them.

    xp = sigmoid(xz)                             xp = sigmoid(xz)
    xl = -(y*log(xp) + (1 - y)*log(1 - xp))  →   xl = y*softplus(-xz) + …

An equation that is a piece of a form, such as xp here, is put into those that use it,
and where a form of `diff.stable_forms` is then taken, the equation is run in that form.
All variables keep their places; only what an equation is computed from changes.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from cgprimer.diff.match import has_form
from cgprimer.diff.stable import stable
from cgprimer.diff.stable_forms import taken_forms, telling_ops
from cgprimer.expr.node import Node, postorder, substitute
from cgprimer.expr.ops import ONE, OPS, name
from cgprimer.graph.shape import Shape
from cgprimer.graph.slots import VARIABLE, Leaf, slot_kind, slot_number
from cgprimer.graph.table import Table
from cgprimer.types import Integers

ROUNDS = 4  # equations that a form may be spread over, one after another
_READS = frozenset(map(OPS.__getitem__, ("log", "div", "exp")))
_ADDS = frozenset(map(OPS.__getitem__, ("add", "sub")))


Key = tuple[object, ...]


@dataclass(frozen=True)
class Running:
    """`table` as it is run; `bypassed` are the variables that were put into others."""

    table: Table
    bypassed: frozenset[str]


def running_of(table: Table) -> Running:
    """The equations in stable forms, where these are spread over several of them."""
    spread = _Spread(table)
    # In each round the pieces found last are put into what uses them, which may make
    # new pieces: exp in one equation, 1 + exp in the next, the quotient in a third.
    for _ in range(ROUNDS):
        if not spread.extend():
            break
    if not spread.rows:
        return Running(table, frozenset())
    names = frozenset(table.variables[number] for number in spread.bypassed)
    return Running(replace_rows(table, spread.rows), names)


class _Spread:
    """Pieces of forms, by equation, and the equations that use them in a form.

    What becomes of an equation depends on its shape, those of the pieces in it, and on
    which names are the same: that is its key, and is looked at once.

    deep : equation → whether pieces in it are put in; where not, it is one by itself.
    rows : equation → the shape that it is run in, and the numbers in its slots.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self.deep: dict[int, bool] = {}
        self.rows: dict[int, tuple[Shape, list[int]]] = {}
        self.bypassed: set[int] = set()
        self._known: dict[Key, tuple[Shape | None, bool]] = {}
        self.fresh = self._first()

    def _first(self) -> Integers:
        """The equations that are pieces by themselves, where a form may need them."""
        shapes = self.table.shapes
        reads = np.array([_reads(shape) for shape in shapes], dtype=bool)
        if not reads.any():
            return np.zeros(0, dtype=np.int64)
        first = np.array([_is_piece(shape.stable) for shape in shapes], dtype=bool)
        self._reads = reads[self.table.shape]
        source, target = self.table.arcs
        pieces = np.unique(
            source[first[self.table.shape[source]] & self._reads[target]]
        )
        self.deep = dict.fromkeys(pieces.tolist(), False)
        return pieces

    def extend(self) -> bool:
        """Look at what uses the pieces found last; whether that gives new ones."""
        if not len(self.fresh):
            return False
        source, target = self.table.arcs
        users = np.unique(target[np.isin(source, self.fresh) & self._reads[target]])
        before = len(self.deep)
        for equation in users.tolist():
            self._look_at(equation)
        self.fresh = np.array(list(self.deep)[before:], dtype=np.int64)
        return len(self.fresh) > 0

    def _look_at(self, equation: int) -> None:
        leaves: dict[Leaf, int] = {}
        key = self._key(equation, leaves, True)
        # Equations that are alike, of which there may be thousands, are judged once.
        if key not in self._known:
            self._known[key] = self._judge(equation, leaves)
        shape, is_piece = self._known[key]
        if is_piece:
            self.deep.setdefault(equation, True)
        if shape is not None:
            numbers = [number for _, number in leaves]
            slots = [numbers[slot_number(slot)] for slot in shape.slots]
            self.rows[equation] = shape, slots
            pieces = (self._defining_equation(leaf) for leaf in leaves)
            self.bypassed |= {
                int(self.table.defined[e]) for e in pieces if e in self.deep
            }

    def _key(self, equation: int, leaves: dict[Leaf, int], deep: bool) -> Key:
        """Shapes and, for every slot, which leaf it holds or the key of the piece."""
        # For xl = log(xp), xp = sigmoid(xz) the key is (shape of xl, 0, (shape of xp,
        # 1)): leaf 0 is xp, a piece, followed by its own key, in which leaf 1 is xz.
        parts: list[object] = [int(self.table.shape[equation])]
        for leaf in self.table.fillers(equation):
            parts.append(leaves.setdefault(leaf, len(leaves)))
            inner = self._defining_equation(leaf)
            if deep and inner in self.deep:
                parts.append(self._key(inner, leaves, self.deep[inner]))
        return tuple(parts)

    def _defining_equation(self, leaf: Leaf) -> int:
        """The equation that defines what is in a slot, or -1."""
        kind, number = leaf
        return int(self.table.equation_of[number]) if kind is VARIABLE else -1

    def _judge(
        self, equation: int, leaves: Mapping[Leaf, int]
    ) -> tuple[Shape | None, bool]:
        """The shape an equation is run in, if another; whether it is a piece itself."""
        whole, pieces = self._whole(equation, leaves, True)
        # A piece that is still whole in the result is read as the variable that it is.
        # If that leaves what the equation is without its pieces, no rule has applied
        # across them.
        [made] = substitute([whole], {node: leaf for leaf, node in pieces.items()})
        alone, _ = self._whole(equation, leaves, False)
        return None if made is alone else Shape.from_body(made), _is_piece(whole)

    def _whole(
        self, equation: int, leaves: Mapping[Leaf, int], deep: bool
    ) -> tuple[Node, dict[Node, Node]]:
        """An equation over its leaves, in its stable form; the pieces put into it."""
        pieces: dict[Node, Node] = {}
        filling = []
        for leaf in self.table.fillers(equation):
            node = name(leaf[0].slot(leaves[leaf]))
            inner = self._defining_equation(leaf)
            if deep and inner in self.deep:
                pieces[node], _ = self._whole(inner, leaves, self.deep[inner])
            filling.append(pieces.get(node, node))
        shape = self.table.shape_of(equation)
        return stable(shape.fill(shape.body, filling)), pieces


def _is_piece(node: Node) -> bool:
    """Whether an expression is a proper part of some rule."""
    return any(has_form(piece, node) for piece in _pieces() if piece.op is node.op)


@functools.cache
def _pieces() -> list[Node]:
    """The parts of the rules that a function of their own is in: exp(a), 1 + exp(a)."""
    parts = (part for f in taken_forms() for part in postorder(f.pattern.args))
    telling = telling_ops()
    return [
        part
        for part in dict.fromkeys(parts)
        if not telling.isdisjoint(node.op for node in postorder([part]))
    ]


def _reads(shape: Shape) -> bool:
    slots = {name(slot) for slot in shape.slots if slot_kind(slot) is VARIABLE}
    return any(
        not slots.isdisjoint(node.args)
        and (node.op in _READS or (node.op in _ADDS and ONE in node.args))
        for node in postorder([shape.body])
    )


def replace_rows(table: Table, rows: Mapping[int, tuple[Shape, list[int]]]) -> Table:
    """The table with other right sides, each a shape and what fills its slots."""
    shapes = {shape: i for i, shape in enumerate(table.shapes)}
    shape, size = table.shape.copy(), np.diff(table.start)
    parts, last = list[list[int]](), 0
    for equation, (own, slots) in sorted(rows.items()):
        shape[equation] = shapes.setdefault(own, len(shapes))
        parts += [table.slots[last : table.start[equation]].tolist(), slots]
        last, size[equation] = int(table.start[equation + 1]), len(slots)
    parts.append(table.slots[last:].tolist())
    return replace(
        table,
        texts=None,  # those of the author say what was written, not what is run
        shapes=tuple(shapes),
        shape=shape,
        slots=np.array([number for part in parts for number in part], dtype=np.int64),
        start=np.concatenate([[0], np.cumsum(size)]),
    )
