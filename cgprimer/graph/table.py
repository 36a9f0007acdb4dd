"""The equations of a graph as arrays, and the order in which they can be evaluated.

`graph.from_texts` and `graph.rows` make tables; `run` computes from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import compress, pairwise

import numpy as np
from numpy.typing import NDArray

from cgprimer.errors import CycleError, shorten
from cgprimer.expr.node import Node
from cgprimer.expr.ops import NAME, const, name
from cgprimer.graph.named_rows import NamedRows
from cgprimer.graph.schedule import find_cycle, levels, topological_order
from cgprimer.graph.shape import Shape
from cgprimer.graph.slots import CONSTANT, PARAMETER, VARIABLE, Leaf, SlotKind
from cgprimer.keeping import lazy
from cgprimer.types import Array, Integers, Mask


@dataclass(frozen=True)
class Table:
    """The equations as arrays.

    Equation `e` defines variable `defined[e]`, has shape `shapes[shape[e]]`, and its
    slots are filled by `slots[start[e]:start[e + 1]]`: numbers of variables, of
    parameters or of constants, as the slot's own kind says. `texts` holds what the
    author wrote.
    """

    variables: tuple[str, ...]
    parameters: tuple[str, ...]
    constants: Array
    defined: Integers
    shapes: tuple[Shape, ...]
    shape: Integers
    slots: Integers
    start: Integers
    texts: Sequence[str] | None = None

    def __len__(self) -> int:
        return len(self.defined)

    @lazy
    def rows(self) -> NamedRows:
        """Where variables stand in arrays of values (V, n)."""
        return NamedRows(self.variables)

    @lazy
    def input_rows(self) -> NamedRows:
        """Where inputs stand in arrays of their own (I, n)."""
        inputs = (self.equation_of < 0).tolist()
        return NamedRows(compress(self.variables, inputs))

    @lazy
    def parameter_rows(self) -> NamedRows:
        """Where parameters stand in arrays (P, 1|n) and in vectors (P,)."""
        return NamedRows(self.parameters)

    def by_name(self, values: Array, parameters: Array) -> dict[str, Array]:
        """Rows of variables (V, …) and of parameters (P, …), by name."""
        return self.rows.unpack(values) | self.parameter_rows.unpack(parameters)

    def given_rows(self, inputs: Array, parameters: Array) -> dict[str, Array]:
        """Rows of inputs (I, …) and of parameters (P, …), by name."""
        return self.input_rows.unpack(inputs) | self.parameter_rows.unpack(parameters)

    def shape_of(self, equation: int) -> Shape:
        """The shape of one equation."""
        return self.shapes[int(self.shape[equation])]

    def numbers(self, equation: int) -> list[int]:
        """What fills the slots of one equation, each a number among its kind."""
        span = slice(self.start[equation], self.start[equation + 1])
        numbers: list[int] = self.slots[span].tolist()
        return numbers

    def fillers(self, equation: int) -> list[Leaf]:
        """What fills the slots of one equation: (kind, number among that kind)."""
        kinds = self.shape_of(equation).kinds
        return list(zip(kinds, self.numbers(equation), strict=True))

    @lazy
    def kinds(self) -> NDArray[np.str_]:
        """For every entry of `slots` its SlotKind."""
        kinds = np.array([k for shape in self.shapes for k in shape.kinds], dtype="U1")
        # `kinds` lists the slots of every shape once, those of shape s from first[s]
        # on. Entry i of equation e stands at first[shape[e]] + i - start[e]: hence the
        # shift.
        first = np.cumsum([0, *(len(shape.slots) for shape in self.shapes)])
        shift = np.repeat(first[self.shape] - self.start[:-1], np.diff(self.start))
        return np.asarray(kinds[shift + np.arange(len(self.slots))])

    @lazy
    def equation_of(self) -> Integers:
        """For every variable the equation that defines it, or -1 for an input."""
        owner = np.full(len(self.variables), -1)
        owner[self.defined] = np.arange(len(self))
        return owner

    @lazy
    def arcs(self) -> tuple[Integers, Integers]:
        """(equation used, equation using it) for every use of a defined variable."""
        target = np.repeat(np.arange(len(self)), np.diff(self.start))
        keep = self.kinds == VARIABLE
        # -1 is an input, which waits for nothing.
        source, target = self.equation_of[self.slots[keep]], target[keep]
        return source[source >= 0], target[source >= 0]

    @lazy
    def order(self) -> Integers:
        """Equation numbers in topological order; CycleError where there is none."""
        source, target = self.arcs
        order = topological_order(len(self), source, target).astype(np.int64)
        if len(order) < len(self):
            left_over = set(range(len(self))) - set(order.tolist())
            self._refuse_cycle(find_cycle(left_over, source, target))
        return order

    @lazy
    def level(self) -> Integers:
        """For every equation the length of the longest path that leads to it."""
        return levels(self.order, *self.arcs)

    def needed(self, names: Iterable[str]) -> Mask:
        """Which equations some variables depend on."""
        wanted = self.equation_of[[self.rows[name] for name in names]]
        needed = np.zeros(len(self), dtype=bool)
        needed[wanted[wanted >= 0]] = True
        # Arcs by the level of their target, from the last level back: a source has a
        # lower level, so what is marked is complete when its level comes.
        source, target = self.arcs
        turn = np.argsort(self.level[target], kind="stable")
        source, target = source[turn], target[turn]
        steps = np.diff(self.level[target], prepend=-1, append=-1)
        for first, last in reversed([*pairwise(np.flatnonzero(steps).tolist())]):
            needed[source[first:last][needed[target[first:last]]]] = True
        return needed

    def _refuse_cycle(self, cycle: list[int]) -> None:
        way = tuple(self.variables[self.defined[e]] for e in [*cycle, cycle[0]])
        shown = way if len(way) <= 12 else (*way[:8], "…", *way[-3:])
        raise CycleError(
            f"the equations go round in a circle: {' -> '.join(map(shorten, shown))}\n"
            "  hint: a variable cannot depend on itself; break the circle by renaming "
            "one side, for example to its value one step earlier",
            way,
        )

    def operations(self, equations: Integers | list[int] | slice = slice(None)) -> int:
        """How many nodes are computed for the values of some equations, or all."""
        # Each equation counts with those of its shape, which are counted once.
        sizes = np.array([shape.operations for shape in self.shapes])
        return int(sizes[self.shape[equations]].sum())

    def leaves(self, equation: int) -> list[Node]:
        """What fills the slots of one equation: names and constants, as leaves.

        Those of the equation that was asked for last are kept: who goes through the
        edges of a long one asks for them again and again.
        """
        kept = self._last.get(equation)
        if kept is not None:
            return kept
        make: dict[SlotKind, Callable[[int], Node]] = {
            VARIABLE: lambda number: name(self.variables[number]),
            PARAMETER: lambda number: name(self.parameters[number]),
            CONSTANT: lambda number: const(self.constants[number]),
        }
        nodes = [make[kind](number) for kind, number in self.fillers(equation)]
        self._last.clear()
        self._last[equation] = nodes
        return nodes

    @lazy
    def _last(self) -> dict[int, list[Node]]:
        return {}

    def names(self, equation: int) -> list[str]:
        """The variables and parameters of one equation, in order of appearance."""
        return [str(leaf.value) for leaf in self.leaves(equation) if leaf.op is NAME]
