"""A module of LLVM's assembly language, from the bodies of its functions.

[FunctionText] ─▶ declarations, elementary functions, definitions ─▶ `jit.compile_text`
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cgprimer.run.llvm.emit import Emitter
from cgprimer.run.llvm.vector_math import definitions

ARGUMENTS = "ptr %args"  # of what Python calls: one pointer costs as little as can be
INLINE = 8  # calls of functions, up to which they are written out in place


class FunctionText(NamedTuple):
    """A function without a result: its name, its arguments, and its body."""

    title: str
    body: Emitter
    parameters: str = ARGUMENTS
    internal: bool = False

    @property
    def text(self) -> str:
        """Its definition."""
        scope, how = ("internal ", " noinline") if self.internal else ("", "")
        head = f"define {scope}void @{self.title}({self.parameters}){how} {{"
        return "\n".join([head, *self.body.lines, "  ret void", "}"])

    @property
    def calls(self) -> int:
        """How many calls of elementary functions it holds."""
        return sum(" @v_" in line for line in self.body.lines)


def module_text(functions: Sequence[FunctionText]) -> str:
    """The module of some functions, which all have vectors of the same width."""
    # Written out in place, each call adds the whole function to what is to be built.
    math = definitions(
        set().union(*(function.body.functions for function in functions)),
        functions[0].body.width,
        inline=max(function.calls for function in functions) <= INLINE,
        declared=set().union(*(function.body.declared for function in functions)),
    )
    return "\n".join([math, *(function.text for function in functions), ""])
