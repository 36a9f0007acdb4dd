"""The chain rule of a trace in stages, each the terms of a sum, in any notation.

    x̄a  =  x̄x·∂xx/∂xa + x̄y·∂xy/∂xa      symbols
        =  x̄x·(2*xa) + x̄y·ac             formulas
        =  182.13·3 + 64.868·(−1.1)       numbers
        =  475.03                         result

Row of a trace, notation ─ reverse_stages, forward_stages ─▶ stages ─ set_lines ─▶ lines
"""

from __future__ import annotations

from collections.abc import Sequence

from cgprimer.derivation.notations import UNICODE, Notation
from cgprimer.derivation.trace import SEED, Row, Share, Trace, share_value
from cgprimer.errors import columns
from cgprimer.graph.local import LARGE
from cgprimer.notation.array_numbers import is_array, is_short
from cgprimer.notation.numbers import rounded
from cgprimer.notation.text import tree_size
from cgprimer.types import Value

Stages = list[list[str]]


def reverse_stages(
    trace: Trace, row: Row, notation: Notation, numbers: bool = True
) -> list[list[str]]:
    """The stages of an adjoint, each as the terms of its sum.

    numbers : whether those with numbers are among them, where the trace has any.
    """
    # The output has no users in the trace: its adjoint is 1.
    if not row.shares:
        return [[notation.number(1.0)]]
    stages = [
        [_symbols(trace, row, share, notation) for share in row.shares],
        formulas(trace, row, notation),
    ]
    if trace.has_numbers and numbers:
        # As printed elsewhere: 0 for what may be all rounding.
        adjoints = trace.shown_adjoints
        # What came through arrays is told by its sum alone.
        if not (trace.has_arrays and any(share.pulled for share in row.shares)):
            terms = [_numbers(s, adjoints[s.user], notation) for s in row.shares]
            stages.append(terms)
        stages += value_stage(adjoints[row.name], notation)
    return without_repetition(stages)


def value_stage(value: Value, notation: Notation, given: bool = False) -> Stages:
    """The stage of a result; none of an array that is too large to be written out."""
    write = notation.given if given else notation.number
    # By the digits of plain text, so that every face writes out the same arrays.
    if is_array(value) and not is_short(value, UNICODE.given if given else rounded):
        return []
    return [[notation.value(value, write)]]


def forward_stages(
    trace: Trace, row: Row, notation: Notation, numbers: bool = True
) -> list[list[str]]:
    """The stages of a value: the expression, and the number."""
    stages = []
    if row.body is not None:
        stages.append([notation.expression(row.body, trace.sizing_at())])
    if trace.has_numbers and (numbers or row.body is None):
        # An input as it was given: what follows was computed from all of its digits.
        given = row.body is None
        stages += value_stage(trace.shown_values[row.name], notation, given)
    return without_repetition(stages)


def _symbols(trace: Trace, row: Row, share: Share, notation: Notation) -> str:
    if share.pulled:
        return _pull_back(trace, share, notation)
    adjoint = notation.adjoint(share.user)
    return f"{adjoint}{notation.dot}{notation.partial(share.user, row.name)}"


def formulas(trace: Trace, row: Row, notation: Notation) -> list[str]:
    """The terms of an adjoint with the partials as formulas."""
    return [_formula(trace, row, share, notation) for share in row.shares]


def _formula(trace: Trace, row: Row, share: Share, notation: Notation) -> str:
    # A partial of pages is told by its symbol.
    if share.pulled or tree_size(share.partial) > LARGE:
        return _symbols(trace, row, share, notation)
    adjoint = notation.adjoint(share.user)
    return f"{adjoint}{notation.dot}{notation.factor(share.partial)}"


def _pull_back(trace: Trace, share: Share, notation: Notation) -> str:
    """A backward that is no product, applied to the adjoint that arrives."""
    # By its text: the formula of a backward may hold the adjoint anywhere.
    placeholder = notation.formula(SEED)
    text = notation.expression(share.partial, trace.sizing_at(share.user))
    return text.replace(placeholder, notation.adjoint(share.user))


def _numbers(share: Share, adjoint: Value, notation: Notation) -> str:
    if share.pulled:
        return notation.product(float(share_value(share, adjoint)))
    value = 0.0 if share.value is None else float(share.value)
    return notation.product(float(adjoint), value)


def without_repetition(stages: Sequence[list[str]]) -> list[list[str]]:
    """`stages` without those that repeat the one before."""
    return [s for i, s in enumerate(stages) if not i or s != stages[i - 1]]


def set_lines(
    stages: Sequence[Sequence[str]],
    width: int,
    breaks_sums: bool = True,
    measured: Sequence[Sequence[str]] | None = None,
) -> list[str]:
    """`= term + term = term …` in lines of `width` columns: a stage is kept together.

    A stage that is wider than a line is broken at its plus signs.
    measured : the same stages in plain text, where these are source code several times
        as long as what it sets; lines are broken where that is.
    """
    lines: list[list[str]] = [[]]
    used = 0
    for i, plain in enumerate(measured or stages):
        # Three more for the sign and the blanks around it.
        sizes = [columns(term) + 3 for term in plain]
        if used and used + sum(sizes) > width:
            lines.append([])
            used = 0
        for k, size in enumerate(sizes):
            if used and used + size > width and (breaks_sums or not k):
                lines.append([])
                used = 0
            lines[-1].append(f"{'+' if k else '='} {stages[i][k]}")
            used += size
    return [" ".join(terms) for terms in lines]
