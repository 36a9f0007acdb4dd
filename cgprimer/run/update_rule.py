"""How a descent moves parameters: texts in our own language, run by every tier.

    UpdateRule ─▶ numpy kernels, or instructions of machine code

The rules themselves are those of `fitting` and of `Objective.sgd_epoch`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cgprimer.expr.kernel import Kernel
from cgprimer.expr.node import Node
from cgprimer.expr.ops import name
from cgprimer.expr.syntax import parse_expression
from cgprimer.keeping import lazy
from cgprimer.run.llvm.emit import Emitter


@dataclass(frozen=True)
class UpdateRule:
    """One step: what becomes of a parameter `p` and of memories, for a gradient `g`.

    memory : (name, its new value) in order; each sees those before it.
    move : the new `p`. settings : names of numbers that each step is given.
    """

    settings: tuple[str, ...]
    memory: tuple[tuple[str, str], ...]
    move: str

    @lazy
    def _nodes(self) -> list[tuple[Node, Node]]:
        """(name, new value) for each memory and then for the parameter."""
        return [
            (name(text), parse_expression(new))
            for text, new in (*self.memory, ("p", self.move))
        ]

    def emit(
        self, e: Emitter, settings: Mapping[Node, str], slope: str, old: Sequence[str]
    ) -> list[str]:
        """Instructions for one parameter; `old` and the result: it, then memories."""
        names = [name("p"), *(name(text) for text, _ in self.memory)]
        known = {**settings, name("g"): slope, **dict(zip(names, old, strict=True))}
        for text, new in self._nodes:
            [known[text]] = e.emit([new], known)
        return [known[text] for text in names]

    @lazy
    def kernels(self) -> list[tuple[str, Kernel]]:
        """Numpy code of each new value, over settings, g, p and memories."""
        # The order in which `stepwise` gives them.
        names = [*self.settings, "g", "p", *(text for text, _ in self.memory)]
        return [(str(text.value), Kernel([new], names)) for text, new in self._nodes]
