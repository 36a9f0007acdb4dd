"""Expressions to numpy: a straight list of instructions over registers.

    nodes, names of arguments ─▶ Kernel: a value for each name ─▶ one for each node

`graph.shape` runs equations by it, `run.update_rule` the steps of a descent, and
`diff.formula_op` the operations that formulas define. `diagnosis` alone walks nodes by
itself: it wants the value of every one of them, as written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from cgprimer.expr.definitions import expand_for_kernels
from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import CONST, NAME


class Kernel:
    """Numpy code for several expressions of the same named arguments.

    `kernel(*values)` returns one result per root. Values may be numbers or arrays that
    broadcast; a register is freed after its last use, so memory stays that of the
    widest moment. Floating-point warnings are the caller's to silence.
    """

    def __init__(self, roots: Iterable[Node], arguments: Sequence[str]) -> None:
        roots = expand_for_kernels(roots)
        position = {argument: i for i, argument in enumerate(arguments)}
        register: dict[Node, int] = {}
        self.initial: list[Any] = [None] * len(position)
        self.code: list[tuple[Callable[..., Any], int, tuple[int, ...]]] = []
        # Registers: first the arguments, in the caller's order, then a register for
        # each other node. For `a*b + 2` of (a, b): a → 0, b → 1, a*b → 2, 2 → 3, the
        # sum → 4; constants are in `initial`, and `code` holds the product and the sum.
        for node in postorder(roots):
            if node.op is NAME:
                register[node] = position[str(node.value)]
                continue
            register[node] = len(self.initial)
            self.initial.append(None if node.args else _leaf(node))
            if node.args:
                sources = tuple(register[arg] for arg in node.args)
                self.code.append((node.op.forward, register[node], sources))
        self.results = [register[root] for root in roots]
        self.last_use = _last_uses(self.code, self.results, len(position))

    def __call__(self, *values: Any) -> list[Any]:
        # Fewer values than arguments may come: a kernel of partials has the result and
        # the adjoint as its last arguments, and is not given what it does not read.
        registers = [*values, *self.initial[len(values) :]]
        for (forward, out, sources), dead in zip(self.code, self.last_use, strict=True):
            # Most operations have two arguments; without a generator the call costs
            # less, which counts where arrays are short.
            if len(sources) == 2:
                registers[out] = forward(registers[sources[0]], registers[sources[1]])
            else:
                registers[out] = forward(*(registers[i] for i in sources))
            for index in dead:
                registers[index] = None
        return [registers[index] for index in self.results]


def _leaf(node: Node) -> float:
    return float(node.value or 0.0) if node.op is CONST else float(node.op.forward())


def _last_uses(
    code: Sequence[tuple[Any, int, tuple[int, ...]]], kept: list[int], inputs: int
) -> list[tuple[int, ...]]:
    """For each instruction, the registers that nothing needs after it."""
    # Arguments belong to the caller, who holds them anyway: letting go frees nothing.
    seen = set(kept) | set(range(inputs))
    dead = []
    for _, _, sources in reversed(code):
        dead.append(tuple(set(sources) - seen))
        seen.update(sources)
    return dead[::-1]
