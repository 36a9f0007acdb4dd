"""A derivation in plain text: as two tables side by side, and written out in stages.

Trace ─ text ─▶    xy = a*xx^2 = 18
                   x̄x = x̄y·∂xy/∂xx = x̄y·(2*a*xx) = 1·12 = 12
Trace ─ tables ─▶  parts of a report, for a terminal and a notebook
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from cgprimer.derivation.notations import ASCII, UNICODE, Notation
from cgprimer.derivation.stages import (
    formulas,
    forward_stages,
    reverse_stages,
    set_lines,
    value_stage,
)
from cgprimer.derivation.trace import Row, Trace
from cgprimer.errors import columns
from cgprimer.expr.dims import show_dims
from cgprimer.notation.array_numbers import is_array, summed_up
from cgprimer.notation.report import Beside, Part, Said
from cgprimer.notation.text_table import OPEN, TextTable, cap, pad
from cgprimer.types import Value

WIDTH = 96
IN_CELL = 4
HEADS = "Forward trace, first to last", "Reverse trace, last to first"
_OVERLINED = re.compile("(?:\\w\N{COMBINING OVERLINE})+")
_NOTES = re.compile(
    rf"^(?:{'|'.join(HEADS)}|not needed for .*)$"
    r"|^  \S+ +\((?:input|parameter)\)$|  \([\w, ]+\)$",
    re.MULTILINE,
)
FORWARD, REVERSE = "Forward trace ↓", "Reverse trace ↑"


def text(trace: Trace, notation: Notation) -> str:
    """The forward trace, then the reverse trace from the output back."""
    # "# " where the text is to be read again by `check_derivation`.
    comment = notation.comment[0].strip("(")
    names = _pad(notation.name, trace)
    adjoints = _pad(notation.adjoint, trace)
    lines = [f"{comment}{HEADS[0]}"]
    # What follows from arrays that are not written out cannot be held against numbers:
    # these are notes then.
    shown = not (comment and _leaves_out_values(trace))
    for row in trace.rows:
        notes = [*([] if row.kind == "variable" else [row.kind]), *row.author]
        stages = forward_stages(trace, row, notation, shown)
        if trace.has_numbers and not shown and row.body is not None:
            notes += noted(trace.shown_values[row.name], notation)
        elif trace.has_numbers:
            notes += large(trace.shown_values[row.name], notation, bool(stages))
        dims = show_dims(row.dims) if trace.has_arrays else ""
        lines += _line(names[row.name], stages, notes, notation, dims)
    lines += ["", f"{comment}{HEADS[1]}"]
    for row in trace.backwards:
        stages = reverse_stages(trace, row, notation, shown)
        notes = [] if row.shares else ["seed"]
        if trace.has_numbers and not shown and row.shares:
            notes += noted(trace.shown_adjoints[row.name], notation)
        elif trace.has_numbers:
            notes += large(trace.shown_adjoints[row.name], notation)
        lines += _line(adjoints[row.name], stages, notes, notation)
    if trace.left_out:
        lines += ["", f"{comment}{omissions(trace)}"]
    return "\n".join(lines)


def without_notes(text: str) -> str:
    """A text of ours without what in it is no formula, as `check_derivation` reads it.

    Blanks stand for it, so that columns still count; other texts are left alone.
    """
    if not re.search(rf"^{HEADS[0]}$", text, re.MULTILINE):
        return text
    text = _NOTES.sub(lambda note: " " * len(note[0]), text)
    text = re.sub(r"(?<=\d)e−(?=\d)", "e-", text)  # of 3e−9, a number
    return _OVERLINED.sub(_spelled, text)


def _spelled(overlined: re.Match[str]) -> str:
    """`bar_d_xy_d_xa` in as many columns of the text as the signs took."""
    bare = f"bar_{overlined[0][::2]}"
    if "_" not in bare[4:]:
        return overlined[0]
    # v_a is too short for bar_v_a, so the bar stays above its letter.
    short = overlined[0][:2] + bare[5:]
    fits = len(bare) <= len(overlined[0])
    return (bare if fits else short).ljust(len(overlined[0]))


def omissions(trace: Trace) -> str:
    """Which names have no line, and why."""
    return f"not needed for {trace.output}: {', '.join(trace.left_out)}"


def _pad(write: Callable[[str], str], trace: Trace) -> dict[str, str]:
    """Every name as it is written, filled up to the widest."""
    written = {row.name: write(row.name) for row in trace.rows}
    widest = max(map(columns, written.values()))
    return {name: pad(text, widest) for name, text in written.items()}


def _leaves_out_values(trace: Trace) -> bool:
    """Whether an input or a parameter is an array that is not written out."""
    given = [row.name for row in trace.rows if row.body is None]
    return trace.has_numbers and any(large(trace.shown_values[n], ASCII) for n in given)


def noted(value: Value, notation: Notation) -> list[str]:
    """A value as a note behind its line."""
    return large(value, notation) or [notation.value(value)]


def large(value: Value, notation: Notation, dims: bool = True) -> list[str]:
    """What is said of an array that is too large to be written out."""
    if not is_array(value) or value_stage(value, notation):
        return []
    said = summed_up(value, dims)
    return [said if notation is UNICODE else said.replace("−", "-")]


def _line(
    name: str,
    stages: list[list[str]],
    notes: list[str],
    notation: Notation,
    dims: str = "",
) -> list[str]:
    """`name = stage = stage  (note)`, continued under its first `=` if it is long.

    dims : what a name without stages is declared by: `W: 3 x 2  (parameter)`.
    """
    left, right = notation.comment
    note = f"  {left}{', '.join(notes)}{right}" if notes else ""
    if not stages and dims:
        return [f"  {name.rstrip()}: {dims}{note}"]
    if not stages:
        bare = left.strip("(")
        return [f"  {bare}{name}{note.replace(bare, '') if bare else note}"]
    blank = " " * (columns(name) + 3)
    # Lines go on under the first '=', so that they have less room.
    width = WIDTH - len(blank)
    lines = set_lines(stages, width, notation.breaks_sums)
    lines = [f"  {name} {lines[0]}", *(f"{blank}{line}" for line in lines[1:])]
    lines[-1] += note
    return lines


def tables(trace: Trace) -> list[Part]:
    """The forward and the reverse trace side by side, one line for each name."""
    rows, skipped = cap(trace.rows)
    forward = TextTable(
        ("variable", "expression", "value"),
        [(row_label(row), _expression(row), _value(trace, row)) for row in rows],
        numbers=("value",),
        formulas=("expression",),
        title=FORWARD,
        styles={"variable": "bold", "value": "green"},
        frame=OPEN,
    )
    reverse = TextTable(
        ("adjoint", "chain rule", "gradient"),
        [
            (UNICODE.adjoint(row.name), _rule(trace, row), _adjoint(trace, row))
            for row in rows
        ],
        numbers=("gradient",),
        formulas=("chain rule",),
        title=REVERSE,
        styles={"adjoint": "bold", "gradient": "red"},
        frame=OPEN,
    )
    unneeded = omissions(trace) if trace.left_out else ""
    below = [Said(said, "dim") for said in (unneeded, skipped) if said]
    return [Beside(forward, reverse), *below]


def row_label(row: Row) -> str:
    """The name in the trace, and the author's where that is another."""
    return f"{row.name} ({', '.join(row.author)})" if row.author else row.name


def _expression(row: Row) -> str:
    if row.body is not None:
        return UNICODE.expression(row.body)
    return f"({', '.join([row.kind, *([show_dims(row.dims)] if row.dims else [])])})"


def _value(trace: Trace, row: Row) -> str:
    return _cell(trace.shown_values[row.name]) if trace.has_numbers else ""


def _adjoint(trace: Trace, row: Row) -> str:
    return _cell(trace.shown_adjoints[row.name]) if trace.has_numbers else ""


def _cell(value: Value) -> str:
    """A value in a column of a table: an array of four numbers at most, or its norm."""
    if is_array(value) and np.size(value) > IN_CELL:
        return f"norm {UNICODE.number(float(np.linalg.norm(np.ravel(value))))}"
    return UNICODE.value(value)


def _rule(trace: Trace, row: Row) -> str:
    stages = reverse_stages(trace, row, UNICODE)
    if trace.has_arrays and row.shares:
        return " + ".join(formulas(trace, row, UNICODE))
    return " + ".join(stages[min(1, len(stages) - 1)]) if row.shares else "1 (seed)"
