"""Equations from ready-made expressions to a Graph, one by one.

    name → Node ─▶ rows of arrays ─▶ Table ─▶ Graph

Gradients, copies and derivations are made so; texts go by `graph.from_texts`.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping, Sequence
from itertools import chain

import numpy as np

from cgprimer.expr.dims import Sizing
from cgprimer.expr.node import Node, leaves, substitute
from cgprimer.expr.ops import name as name_node
from cgprimer.graph.graph import Graph
from cgprimer.graph.numbering import Names
from cgprimer.graph.shape import Shape
from cgprimer.graph.table import Table


def graph_of(
    bodies: Mapping[str, Node],
    outputs: Sequence[str] | None,
    parameters: Sequence[str],
    variables: Sequence[str],
    spare: Collection[str] = (),
    sizing: Sizing | None = None,
    texts: Sequence[str] | None = None,
) -> Graph:
    """The graph of ready-made expressions: name → right side.

    `parameters` and `variables` tell the kinds of names that no expression defines;
    parameters come in the order given, and those that are neither used nor in `spare`
    are left out.
    sizing : the dims of the names, where some are arrays. texts : of the equations, as
    their author wrote them.
    """
    used = {name for body in bodies.values() for name in leaves(body)}
    parameters = [name for name in parameters if name in used or name in spare]
    names = Names(bodies, parameters, variables)
    for name in parameters:
        names.enter(name)
    defined, found = array("q"), list[Shape]()
    slots: list[array[int]] = []
    for name, body in bodies.items():
        defined.append(names.enter(name)[1])
        shape, numbers = _shape_and_slots(body, names)
        found.append(shape)
        slots.append(numbers)
    shapes = {shape: number for number, shape in enumerate(dict.fromkeys(found))}
    table = Table(
        tuple(names.variables),
        tuple(names.parameters),
        np.zeros(0),
        np.array(defined, dtype=np.int64),
        tuple(shapes),
        np.array([shapes[shape] for shape in found], dtype=np.int64),
        np.array([*chain.from_iterable(slots)], dtype=np.int64),
        np.cumsum([0, *map(len, slots)]),
        texts,
    )
    return Graph(table, outputs, spare, sizing=sizing)


def _shape_and_slots(body: Node, names: Names) -> tuple[Shape, array[int]]:
    """The shape of an expression over names, and the numbers of these names."""
    here = leaves(body)
    entered = [names.enter(leaf) for leaf in here]
    slots = (name_node(kind.slot(i)) for i, (kind, _) in enumerate(entered))
    by = dict(zip(map(name_node, here), slots, strict=True))
    shape = Shape.from_body(substitute([body], by)[0])
    # With 8 bytes a number where a list would hold objects.
    return shape, array("q", (number for _, number in entered))
