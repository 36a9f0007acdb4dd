"""What is to be compiled, and which operations have machine code."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cgprimer.expr.array_op import ArrayOp
from cgprimer.expr.array_ops import defined
from cgprimer.expr.definitions import expand
from cgprimer.expr.dims import Sizing
from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import Op
from cgprimer.run.llvm.arrays.expression import Shape
from cgprimer.run.llvm.arrays.operations import OPERATIONS
from cgprimer.run.llvm.arrays.steps import Plan
from cgprimer.run.llvm.emit import is_coded


class Uncoded(Exception):
    """Operations that the engine has no code for."""


@dataclass
class Lowered:
    """What is run, and where its ends lie.

    inputs : name → buffer. results : buffer of each root, and its shape as handed out.
    indices : name of whole numbers → how many entries they count.
    """

    plan: Plan
    inputs: dict[str, int] = field(default_factory=dict)
    results: list[tuple[int, Shape]] = field(default_factory=list)
    indices: dict[str, int] = field(default_factory=dict)


class Request(NamedTuple):
    """What is wanted: roots, those of them that are means over samples, and updates.

    updates : name of a parameter → its slope, by which it is stepped in place.
    """

    roots: Sequence[Node]
    means: Collection[int]
    updates: Mapping[str, Node]
    sizing: Sizing
    sampled: Collection[str]
    samples: int


def uncoded(roots: Sequence[Node]) -> list[str]:
    """The operations below that have no machine code, each once."""
    order = postorder(written_out(roots))
    missing = [
        n.op.name
        for n in order
        if not (
            n.op.name in OPERATIONS if isinstance(n.op, ArrayOp) else is_coded(n.op)
        )
    ]
    return list(dict.fromkeys(missing))


def written_out(roots: Sequence[Node]) -> list[Node]:
    """Roots in operations that have code, where definitions say it all."""
    written = [defined(root) for root in roots]
    return expand(written, _definition)


def _definition(op: Op) -> Node | None:
    if isinstance(op, ArrayOp) or is_coded(op):
        return None
    return op.formula
