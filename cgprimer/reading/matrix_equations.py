r"""Equations of LaTeX over declared arrays ─▶ the same in the language of arrays.

    "W: 3 x 2", r"\mathbf{h} = \tanh(W x + b)" ─▶ "h = tanh(W @ x + b)"

Letters side by side are a product by the dims of their names, so each equation is read
with those of all before it. `graph.read` calls it where something is declared.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from cgprimer.errors import ExpressionError, Mistake
from cgprimer.expr.array_syntax import ArrayParser
from cgprimer.expr.dims import DimsError, Sizing
from cgprimer.expr.node import Node
from cgprimer.expr.tokens import is_latex
from cgprimer.graph.declarations import Declared
from cgprimer.notation.text import show
from cgprimer.reading.matrices import read_matrix_formula
from cgprimer.reading.matrix_tokens import MatrixTokens


def plain_equations(
    texts: Sequence[str], declared: Declared
) -> tuple[list[str], dict[int, Sequence[Mistake]]]:
    """The texts, with each equation of LaTeX as one of the language.

    With them what cannot be read, by the number of the text.
    """
    sizing = Sizing(declared.dims)
    plain, problems = [*texts], dict[int, Sequence[Mistake]]()
    for n in declared.equations:
        called, start = _left(texts[n]), texts[n].find("=") + 1
        if not (called and start):
            continue
        try:
            body = _body(texts[n], start, sizing)
        except ExpressionError as error:
            problems[n] = error.problems
            continue
        if body is None:
            continue
        if _reads_otherwise(texts[n], sizing):
            plain[n] = f"{called} = {show(body)}"
        # Dims that do not fit are told by whoever infers them.
        with suppress(DimsError):
            sizing.names.setdefault(called, sizing.of(body))
    return plain, problems


def _left(text: str) -> str:
    """The name that an equation defines; nothing where it is none."""
    left = text.partition("=")[0].strip()
    if left.isidentifier():
        return left
    tokens = MatrixTokens(left, Sizing(), 0)
    found = tokens.word(0) if left else None
    full, end = tokens.indexed(*found) if found else ("", 0)
    return "" if tokens.tokens[end] else full


def _reads_otherwise(text: str, sizing: Sizing) -> bool:
    """Whether an equation is none of the language as it stands."""
    if is_latex(text):
        return True
    try:
        ArrayParser.read_equation(text, sizing.names)
    except ExpressionError:
        return True
    return False


def _body(text: str, start: int, sizing: Sizing) -> Node | None:
    """The right side; None for a plain one that is wrong, which is told elsewhere."""
    if not _reads_otherwise(text, sizing):
        return ArrayParser.read_equation(text, sizing.names)[1]
    try:
        return read_matrix_formula(text, sizing, start)
    except ExpressionError:
        if is_latex(text):
            raise
        return None
