r"""How the pieces of a derivation are written: as Unicode, as plain ASCII, as LaTeX.

    x̄y·∂xy/∂xa     bar_xy*\partial xy/\partial xa     \overline{xy} \cdot \frac{…}{…}

A notation is one `Notation`; `stages` fills in the chain rule, and `to_text`,
`to_latex` and `to_html` set it in lines, tables and pages.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cgprimer.expr.dims import Sizing
from cgprimer.expr.node import Node
from cgprimer.graph.paths import bracket
from cgprimer.notation.array_numbers import Write, is_array, typeset, written
from cgprimer.notation.columns import as_columns
from cgprimer.notation.latex import latex, latex_factor, latex_name, latex_number
from cgprimer.notation.numbers import exact, to_its_digits
from cgprimer.notation.signs import overline
from cgprimer.notation.text import show, tree_size
from cgprimer.types import Value

WIDE = 5_000  # nodes of an author's expression above which it is not written out


@dataclass(frozen=True)
class Notation:
    """One way to write.

    number : a result, in the digits that are printed. given : an input, in all it has.
    factor : an expression as it stands behind a dot; `brackets` go around a negative
        number there. comment : what stands around a note.
    array : an array of numbers. columns : whether vectors are typeset as columns.
    breaks_sums : whether a sum that is wider than a line may go on in the next.
    """

    name: Callable[[str], str]
    adjoint: Callable[[str], str]
    partial: Callable[[str, str], str]
    formula: Callable[[Node], str]
    factor: Callable[[Node], str]
    number: Callable[[float], str]
    given: Callable[[float], str]
    dot: str
    brackets: tuple[str, str]
    dots: str
    comment: tuple[str, str] = ("(", ")")
    breaks_sums: bool = True
    array: Callable[[Value, Write], str] = written
    columns: bool = False

    def product(self, *factors: float) -> str:
        """Numbers multiplied, the negative ones in brackets."""
        left, right = self.brackets
        texts = map(self.number, factors)
        return self.dot.join(f"{left}{t}{right}" if t[0] in "-−" else t for t in texts)

    def value(self, value: Value, write: Write | None = None) -> str:
        """A result, of which an array is written out; `write` is for its numbers."""
        write = write or self.number
        return self.array(value, write) if is_array(value) else write(float(value))

    def expression(self, body: Node, sizing: Sizing | None = None) -> str:
        """The right side of an equation; `sizing` knows the dims of its names."""
        if sizing is not None and self.columns:
            body = as_columns(body, sizing)
        return self.formula(body) if tree_size(body) <= WIDE else self.dots


UNICODE = Notation(
    name=str,
    adjoint=overline,
    partial=lambda node, wrt: f"∂{node}/∂{wrt}",
    formula=show,
    factor=bracket,
    number=to_its_digits,
    given=lambda value: exact(value).replace("-", "−"),
    dot="·",
    brackets=("(", ")"),
    dots="…",
)

ASCII = Notation(
    name=str,
    adjoint=lambda name: f"bar_{name}",
    partial=lambda node, wrt: rf"\partial {node}/\partial {wrt}",
    formula=show,
    factor=bracket,
    number=lambda value: to_its_digits(value, infinity="inf").replace("−", "-"),
    given=exact,
    dot="*",
    brackets=("(", ")"),
    dots="...",
    comment=("# ", ""),
    breaks_sums=False,
)

LATEX = Notation(
    name=latex_name,
    adjoint=lambda name: rf"\overline{{{latex_name(name)}}}",
    partial=lambda node, wrt: (
        rf"\frac{{\partial {latex_name(node)}}}{{\partial {latex_name(wrt)}}}"
    ),
    formula=latex,
    factor=latex_factor,
    number=lambda value: latex_number(to_its_digits(value)),
    given=lambda value: latex_number(exact(value)),
    dot=r" \cdot ",
    brackets=(r"\left(", r"\right)"),
    dots=r"\ldots",
    array=typeset,
    columns=True,
)
