"""How the faces of a derivation write its pieces, and the chain rule in stages.

x̄a  =  x̄x·∂xx/∂xa + x̄y·∂xy/∂xa      symbols
    =  x̄x·(2*xa) + x̄y·ac             formulas
    =  182.13·3 + 64.868·(−1.1)       numbers
    =  475.03                         result
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cgprimer.derivation.trace import SEED, Row, Share, Trace, passed
from cgprimer.errors import columns
from cgprimer.expr.node import Node
from cgprimer.graph.local import LARGE
from cgprimer.graph.paths import bracketed
from cgprimer.notation.latex import latex, latex_factor, latex_name, latex_number
from cgprimer.notation.numbers import rounded
from cgprimer.notation.signs import overlined
from cgprimer.notation.text import show, tree_size

WIDE = 5_000  # nodes of an author's expression above which it is not written out


@dataclass(frozen=True)
class Notation:
    """One way to write.

    factor : an expression as it stands behind a dot; `brackets` go around a negative
        number there. comment : what stands around a note.
    breaks_sums : whether a sum that is wider than a line may go on in the next.
    """

    name: Callable[[str], str]
    adjoint: Callable[[str], str]
    partial: Callable[[str, str], str]
    formula: Callable[[Node], str]
    factor: Callable[[Node], str]
    number: Callable[[float], str]
    dot: str
    brackets: tuple[str, str]
    dots: str
    comment: tuple[str, str] = ("(", ")")
    breaks_sums: bool = True

    def product(self, *factors: float) -> str:
        """Numbers multiplied, the negative ones in brackets."""
        left, right = self.brackets
        texts = map(self.number, factors)
        return self.dot.join(f"{left}{t}{right}" if t[0] in "-−" else t for t in texts)

    def expression(self, body: Node) -> str:
        """The right side of an equation."""
        return self.formula(body) if tree_size(body) <= WIDE else self.dots


UNICODE = Notation(
    name=str,
    adjoint=overlined,
    partial=lambda node, wrt: f"∂{node}/∂{wrt}",
    formula=show,
    factor=bracketed,
    number=rounded,
    dot="·",
    brackets=("(", ")"),
    dots="…",
)

ASCII = Notation(
    name=str,
    adjoint=lambda name: f"bar_{name}",
    partial=lambda node, wrt: rf"\partial {node}/\partial {wrt}",
    formula=show,
    factor=bracketed,
    number=lambda value: rounded(value, infinity="inf").replace("−", "-"),
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
    number=lambda value: latex_number(rounded(value)),
    dot=r" \cdot ",
    brackets=(r"\left(", r"\right)"),
    dots=r"\ldots",
)


def reverse_stages(trace: Trace, row: Row, notation: Notation) -> list[list[str]]:
    """The stages of an adjoint, each as the terms of its sum."""
    # The output has no users in the trace: its adjoint is 1.
    if not row.shares:
        return [[notation.number(1.0)]]
    stages = [
        [_symbols(row, share, notation) for share in row.shares],
        [_formulas(row, share, notation) for share in row.shares],
    ]
    if trace.has_numbers:
        # As printed elsewhere: 0 for what may be all rounding.
        adjoints = trace.shown_adjoints
        stages.append([_numbers(s, adjoints[s.user], notation) for s in row.shares])
        stages.append([notation.number(adjoints[row.name])])
    return without_repetition(stages)


def forward_stages(trace: Trace, row: Row, notation: Notation) -> list[list[str]]:
    """The stages of a value: the expression, and the number."""
    stages = []
    if row.body is not None:
        stages.append([notation.expression(row.body)])
    if trace.has_numbers:
        stages.append([notation.number(trace.shown_values[row.name])])
    return without_repetition(stages)


def _symbols(row: Row, share: Share, notation: Notation) -> str:
    if share.pulled:
        return _pulled(share, notation)
    adjoint = notation.adjoint(share.user)
    return f"{adjoint}{notation.dot}{notation.partial(share.user, row.name)}"


def _formulas(row: Row, share: Share, notation: Notation) -> str:
    # A partial of pages is told by its symbol.
    if share.pulled or tree_size(share.partial) > LARGE:
        return _symbols(row, share, notation)
    adjoint = notation.adjoint(share.user)
    return f"{adjoint}{notation.dot}{notation.factor(share.partial)}"


def _pulled(share: Share, notation: Notation) -> str:
    """A backward that is no product, applied to the adjoint that arrives."""
    # By its text: the formula of a backward may hold the adjoint anywhere.
    placeholder = notation.formula(SEED)
    text = notation.formula(share.partial)
    return text.replace(placeholder, notation.adjoint(share.user))


def _numbers(share: Share, adjoint: float, notation: Notation) -> str:
    if share.pulled:
        return notation.product(passed(share, adjoint))
    return notation.product(adjoint, share.value or 0.0)


def without_repetition(stages: Sequence[list[str]]) -> list[list[str]]:
    """`stages` without those that repeat the one before."""
    return [s for i, s in enumerate(stages) if not i or s != stages[i - 1]]


def filled_lines(
    stages: Sequence[Sequence[str]], width: int, breaks_sums: bool = True
) -> list[list[tuple[int, int]]]:
    """Terms (stage, place) set in lines of `width` columns: a stage is kept together.

    A stage that is wider than a line is broken at its plus signs. Measured is the
    plain text; every face breaks where that does.
    """
    lines: list[list[tuple[int, int]]] = [[]]
    used = 0
    for i, stage in enumerate(stages):
        # Three more for the sign and the blanks around it.
        sizes = [columns(term) + 3 for term in stage]
        if used and used + sum(sizes) > width:
            lines.append([])
            used = 0
        for k, size in enumerate(sizes):
            if used and used + size > width and (breaks_sums or not k):
                lines.append([])
                used = 0
            lines[-1].append((i, k))
            used += size
    return lines
