"""What holds of every Shape, Table, Graph and Point, as rules that can be broken.

    Shape, Graph or Point ─▶ AssertionError with the sentence of the rule, or nothing

`conftest` has each of them checked as soon as it is made, whichever test makes it;
`test_graph` breaks the rules one by one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

import numpy as np

from cgprimer.expr.array_syntax import ArrayParser
from cgprimer.expr.node import leaves
from cgprimer.expr.ops import NAME
from cgprimer.expr.syntax import Parser
from cgprimer.graph.graph import Graph
from cgprimer.graph.point import Point
from cgprimer.graph.shape import Shape
from cgprimer.graph.slots import (
    CONSTANT,
    PARAMETER,
    VARIABLE,
    SlotKind,
    slot_kind,
    slot_number,
)
from cgprimer.graph.table import Table

FEW = 200  # equations, up to which each is looked at by itself

Rules = dict[str, Callable[[Any], object]]


def _widths(point: Point) -> bool:
    given, learned = point.inputs.shape[1], point.parameters.shape[1]
    return given == point.width and learned in (1, point.width)


def _lengths(table: Table) -> bool:
    sizes = np.array([len(shape.slots) for shape in table.shapes], dtype=np.int64)
    ends = table.start[0] == 0 and table.start[-1] == len(table.slots)
    return bool(ends) and np.array_equal(np.diff(table.start), sizes[table.shape])


def _in_range(table: Table) -> bool:
    counts = {
        VARIABLE: len(table.variables),
        PARAMETER: len(table.parameters),
        CONSTANT: len(table.constants),
    }
    kinds = np.array([*chain(*(table.shapes[s].kinds for s in table.shape.tolist()))])
    most = np.array([counts[SlotKind(kind)] for kind in kinds], dtype=np.int64)
    return bool(((table.slots >= 0) & (table.slots < most)).all())


def _kinds(table: Table) -> bool:
    made = (table.shapes[s].kinds for s in table.shape.tolist())
    return table.kinds.tolist() == [*chain(*made)]


def _as_written(graph: Graph) -> bool:
    """Whether every equation is what the parser makes of its own text."""
    table = graph.table
    names = {*table.variables, *table.parameters}
    reader = Parser if graph.sizing is None else ArrayParser
    for number, text in enumerate(table.texts or ()):
        if number == FEW:
            break
        if any(f"={size}" in text.replace(" ", "") for size in _sizes(graph)):
            continue  # an axis by its name, which the graph has as a number
        parser, read = reader.read_equation(text, names)
        left, _, _ = parser.source.partition("=")
        shape = table.shape_of(number)
        made = shape.fill(shape.body, table.leaves(number))
        if made is not read or left.strip() != table.variables[table.defined[number]]:
            return False
    return True


def _sizes(graph: Graph) -> set[str]:
    """The names of sizes."""
    every = chain(*map(graph.dims, graph.names))
    return {dim for dim in every if isinstance(dim, str)}


def _sized(graph: Graph) -> bool:
    """Whether every variable has the dims of its equation."""
    if graph.sizing is None:
        return True
    return all(
        graph.sizing.of(graph.equation(name).body) == graph.dims(name)
        for name in graph.dependents[:FEW]
    )


def _in_order(table: Table) -> bool:
    """Whether every equation comes after those whose variables are in it."""
    place = np.empty(len(table), dtype=np.int64)
    place[table.order] = np.arange(len(table))
    equation = np.repeat(np.arange(len(table)), np.diff(table.start))
    used = np.where(table.kinds == VARIABLE, table.slots, 0)
    source = np.where(table.kinds == VARIABLE, table.equation_of[used], -1)
    inner = source >= 0
    return bool((place[source[inner]] < place[equation[inner]]).all())


def _leaves(table: Table) -> bool:
    """Whether the leaves of an equation are what its slots are filled with."""
    known = {VARIABLE: table.variables, PARAMETER: table.parameters}
    for number in range(min(len(table), FEW)):
        for (kind, i), leaf in zip(
            table.fillers(number), table.leaves(number), strict=True
        ):
            if kind is CONSTANT:
                if leaf.op is NAME or leaf.value != table.constants[i]:
                    return False
            elif leaf.op is not NAME or leaf.value != known[kind][i]:
                return False
    return True


def _numbered(table: Table) -> bool:
    """Whether the rows of names are those of the arrays that hold their values."""
    inputs = [i for i, e in enumerate(table.equation_of.tolist()) if e < 0]
    return (
        table.rows.names_of(range(table.rows.size)) == [*table.variables]
        and [*table.parameter_rows] == [*table.parameters]
        and [*table.input_rows] == table.rows.names_of(inputs)
        and [*table.input_rows.values()] == [*range(len(inputs))]
    )


SHAPE: Rules = {
    "slots are the names of the body, by number": lambda shape: (
        [*shape.slots] == sorted(leaves(shape.body), key=slot_number)
    ),
    "no two slots have one number": lambda shape: (
        len({*map(slot_number, shape.slots)}) == len(shape.slots)
    ),
    "a slot is its kind and its number": lambda shape: all(
        slot == slot_kind(slot).slot(slot_number(slot)) for slot in shape.slots
    ),
}

# In this order: a rule may rest on those before it.
TABLE: Rules = {
    "a name stands for one thing": lambda table: (
        len({*table.variables, *table.parameters})
        == len(table.variables) + len(table.parameters)
    ),
    "a shape is there once": lambda table: (
        len({shape.body for shape in table.shapes}) == len(table.shapes)
    ),
    "an equation has a shape": lambda table: (
        len(table.shape) == len(table)
        and bool(((table.shape >= 0) & (table.shape < len(table.shapes))).all())
    ),
    "an equation has as many slots as its shape": _lengths,
    "what fills a slot is there": _in_range,
    "the kind of a slot is that of its shape": _kinds,
    "an equation defines a variable of its own": lambda table: (
        len({*table.defined.tolist()}) == len(table)
        and bool((table.defined >= 0).all())
        and bool((table.defined < len(table.variables)).all())
    ),
    "a variable knows the equation that defines it": lambda table: (
        np.array_equal(table.equation_of[table.defined], np.arange(len(table)))
        and np.count_nonzero(table.equation_of < 0) == len(table.variables) - len(table)
    ),
    "constants are finite": lambda table: bool(np.isfinite(table.constants).all()),
    "there is a text for every equation, or none": lambda table: (
        table.texts is None or len(table.texts) == len(table)
    ),
    "the order holds every equation once": lambda table: np.array_equal(
        np.sort(table.order), np.arange(len(table))
    ),
    "what an equation uses comes before it": _in_order,
    "leaves are what the slots hold": _leaves,
    "rows are those of the names": _numbered,
}

GRAPH: Rules = {
    "outputs are variables, each once": lambda graph: (
        len({*graph.outputs}) == len(graph.outputs)
        and {*graph.outputs} <= {*graph.order}
    ),
    "every variable is an input or defined": lambda graph: (
        {*graph.order} == {*graph.inputs} | {*graph.dependents}
        and len(graph.order) == len(graph.inputs) + len(graph.dependents)
    ),
    "an equation is what its text says": _as_written,
    "a variable has the dims of its equation": _sized,
    "spare names are in no equation": lambda graph: graph.spare.isdisjoint(
        chain(*map(graph.table.names, range(min(len(graph), FEW))))
    ),
}

POINT: Rules = {
    "values are float64, by rows": lambda point: all(
        array.dtype == np.float64 and array.ndim == 2
        for array in (point.inputs, point.parameters)
    ),
    "a row has a number for every sample, or one for all": _widths,
    "there is a sample": lambda point: point.width > 0,
}


def check(thing: Shape | Table | Graph | Point) -> None:
    """AssertionError, with its sentence, for the first rule that is broken."""
    if isinstance(thing, Graph):
        check(thing.table)
    rules = {Shape: SHAPE, Table: TABLE, Graph: GRAPH, Point: POINT}[type(thing)]
    for sentence, holds in rules.items():
        assert holds(thing), f"broken: {sentence}"


@contextmanager
def watched() -> Iterator[None]:
    """Every Shape, Graph and Point is checked when it has been made."""
    before = {kind: kind.__init__ for kind in (Shape, Graph, Point)}
    try:
        for kind, init in before.items():
            kind.__init__ = _checked(init)  # type: ignore
        yield
    finally:
        for kind, init in before.items():
            kind.__init__ = init  # type: ignore


def _checked(init: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(init)
    def made(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        check(self)

    return made
