"""A derivation in plain text: as a table, and written out stage by stage."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cgprimer.draw.derivation import Row, Trace
from cgprimer.draw.notation import (
    UNICODE,
    Notation,
    filled_lines,
    forward_stages,
    reverse_stages,
)
from cgprimer.lower.to_text import columns, padded

if TYPE_CHECKING:
    from rich.table import Table

WIDTH = 96
FORWARD, REVERSE = "Forward trace ↓", "Reverse trace ↑"


def text(trace: Trace, notation: Notation) -> str:
    """The forward trace, then the reverse trace from the output back."""
    comment = notation.comment[0].strip("(")
    names = _padded(notation.name, trace)
    adjoints = _padded(notation.adjoint, trace)
    lines = [f"{comment}Forward trace, first to last"]
    for row in trace.rows:
        notes = [*([] if row.kind == "variable" else [row.kind]), *row.author]
        stages = forward_stages(trace, row, notation)
        lines += _line(names[row.name], stages, notes, notation)
    lines += ["", f"{comment}Reverse trace, last to first"]
    for row in trace.backwards:
        stages = reverse_stages(trace, row, notation)
        notes = [] if row.shares else ["seed"]
        lines += _line(adjoints[row.name], stages, notes, notation)
    if trace.left_out:
        lines += ["", f"{comment}{left_out(trace)}"]
    return "\n".join(lines)


def left_out(trace: Trace) -> str:
    """Which names have no line, and why."""
    return f"not needed for {trace.output}: {', '.join(trace.left_out)}"


def _padded(write: Callable[[str], str], trace: Trace) -> dict[str, str]:
    """Every name as it is written, filled up to the widest."""
    written = {row.name: write(row.name) for row in trace.rows}
    widest = max(map(columns, written.values()))
    return {name: padded(text, widest) for name, text in written.items()}


def _line(
    name: str, stages: list[list[str]], notes: list[str], notation: Notation
) -> list[str]:
    """`name = stage = stage  (note)`, continued under its first `=` if it is long."""
    left, right = notation.comment
    note = f"  {left}{', '.join(notes)}{right}" if notes else ""
    if not stages:
        bare = left.strip("(")
        return [f"  {bare}{name}{note.replace(bare, '') if bare else note}"]
    blank = " " * (columns(name) + 3)
    width = WIDTH - len(blank)
    lines = []
    for n, line in enumerate(filled_lines(stages, width, notation.breaks_sums)):
        joined = " ".join(f"{'+' if k else '='} {stages[i][k]}" for i, k in line)
        lines.append(f"{blank if n else f'  {name} '}{joined}")
    lines[-1] += note
    return lines


def table(trace: Trace) -> Table:
    """Both traces side by side, one line for each name."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    names = [called(row) for row in trace.rows]
    expressions = [_expression(row) for row in trace.rows]
    made = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        title=Text(_titles(trace, names, expressions), "italic"),
        title_justify="left",
        caption=left_out(trace) if trace.left_out else None,
        caption_justify="left",
    )
    made.add_column("variable", style="bold", no_wrap=True)
    made.add_column("expression", overflow="fold")
    if trace.has_numbers:
        made.add_column("value", justify="right", style="green", no_wrap=True)
    made.add_column("adjoint", style="bold", no_wrap=True)
    made.add_column("chain rule", overflow="fold")
    if trace.has_numbers:
        made.add_column("gradient", justify="right", style="red", no_wrap=True)
    for row, name, expression in zip(trace.rows, names, expressions, strict=True):
        made.add_row(*map(Text, _cells(trace, row, name, expression)))
    return made


def called(row: Row) -> str:
    """The name in the trace, and the author's where that is another."""
    return f"{row.name} ({', '.join(row.author)})" if row.author else row.name


def _expression(row: Row) -> str:
    return f"({row.kind})" if row.body is None else UNICODE.expression(row.body)


def _values(trace: Trace) -> list[str]:
    return [UNICODE.number(trace.shown_values[row.name]) for row in trace.rows]


def _titles(trace: Trace, names: list[str], expressions: list[str]) -> str:
    """The two titles, each above its own columns."""
    width = max(map(columns, (*names, "variable")))
    width += 3 + max(map(columns, (*expressions, "expression")))
    if trace.has_numbers:
        width += 3 + max(map(columns, (*_values(trace), "value")))
    return f"{padded(FORWARD, width + 3)}{REVERSE}"


def _cells(trace: Trace, row: Row, name: str, expression: str) -> list[str]:
    stages = reverse_stages(trace, row, UNICODE)
    rule = " + ".join(stages[min(1, len(stages) - 1)]) if row.shares else "1 (seed)"
    cells = [name, expression, UNICODE.adjoint(row.name), rule]
    if trace.has_numbers:
        cells.insert(2, UNICODE.number(trace.shown_values[row.name]))
        cells.append(UNICODE.number(trace.shown_adjoints[row.name]))
    return cells
