"""The derivative on an edge as text, found once for equations that are alike.

    shape, slot, how the names sort ─▶ sympy's formula in stand-ins ─▶ names put in

sympy orders sums and products by the names in them. Equations of one shape whose names
sort alike have the same formula but for the names, so a chain of thousands has one.
"""

from __future__ import annotations

import functools
from contextlib import suppress
from typing import TYPE_CHECKING

from cgprimer.diff.textbook import textbook
from cgprimer.errors import GraphError
from cgprimer.expr.node import Node, substitute
from cgprimer.expr.ops import NAME, const, name
from cgprimer.graph.local import LARGE
from cgprimer.graph.shape import Shape
from cgprimer.graph.slots import CONSTANT
from cgprimer.notation.text import show

if TYPE_CHECKING:
    from cgprimer.graph.graph import Graph


def partial_text(graph: Graph, node: str, wrt: str) -> tuple[str, bool]:
    """∂node/∂wrt as text; whether it is sympy's: else it is that of our own rules.

    Of a long formula only its length is told.
    """
    number = graph.equation_number(node)
    shape, leaves = graph.shape(node), graph.table.leaves(number)
    i = [leaf.value for leaf in leaves].index(wrt)
    if shape.by_sympy[i] is not None:
        # sympy may answer with what the language lacks, such as its zoo.
        with suppress(GraphError):  # where it is not one of real numbers
            return show(sympy_formula(shape, i, leaves)), True
    if shape.lengths[i] > LARGE:
        return f"({shape.lengths[i]} operations)", False
    [own] = substitute([shape.partials[i]], {shape.stable: name("y")})
    by = shape.by_slot(leaves) | {name("y"): name(node)}
    return show(textbook(substitute([own], by)[0])), False


def sympy_formula(shape: Shape, i: int, leaves: list[Node]) -> Node:
    """sympy's derivative of a shape by slot `i`, with `leaves` in its slots."""
    # The k-th name in alphabetical order is n00000k, with zeros in front so that
    # stand-ins sort as their numbers do: with xb and xa in slots 0 and 1 the pattern is
    # n000001, n000000, and so it is for every equation of the shape whose names sort
    # alike.
    names = sorted(str(leaf.value) for leaf in leaves if leaf.op is NAME)
    stand_in = {text: f"n{k:06d}" for k, text in enumerate(names)}
    pattern = tuple(
        stand_in[str(leaf.value)] if leaf.op is NAME else float(leaf.value or 0.0).hex()
        for leaf in leaves
    )
    formula = _in_stand_ins(shape, i, pattern)
    back = {name(short): name(text) for text, short in stand_in.items()}
    return substitute([formula], back)[0]


@functools.lru_cache(maxsize=4096)
def _in_stand_ins(shape: Shape, i: int, pattern: tuple[str, ...]) -> Node:
    from cgprimer.notation.from_sympy import from_sympy
    from cgprimer.notation.to_sympy import with_leaves

    leaves = [
        const(float.fromhex(text)) if kind is CONSTANT else name(text)
        for kind, text in zip(shape.kinds, pattern, strict=True)
    ]
    return from_sympy(with_leaves(shape.formulas[i], shape.slots, leaves))
