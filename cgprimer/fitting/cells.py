"""A FitResult as cells: names, values rounded to their error, errors or why none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cgprimer.errors import shorten

if TYPE_CHECKING:
    from cgprimer.fitting.result import FitResult

MOST_ROWS = 100  # of a table; what is left out is said below it
Row = tuple[str, str, str]


def rows(result: FitResult) -> tuple[list[Row], str]:
    """(name, value, standard error) of all that is told of; what is left out."""
    errors = result.standard_errors or {}
    combined = result.combinations[: MOST_ROWS // 2]
    names = list(result.parameters)[: MOST_ROWS - len(combined)]
    cells = [_row(result, n, result.parameters[n], errors.get(n), n) for n in names]
    for each in combined:
        value, error = result.combination(each.coefficients)
        value = value if each.value is None else each.value
        cells.append(_row(result, shorten(each.text), value, error))
    left = [
        f"{count:,}".replace(",", " ") + f" more {what}"
        for count, what in (
            (len(result.parameters) - len(names), "parameters, see .parameters"),
            (len(result.combinations) - len(combined), "combinations"),
        )
        if count > 0
    ]
    return cells, "; ".join(left)


def _row(
    result: FitResult, text: str, value: float, error: float | None, name: str = ""
) -> Row:
    why = why_none(result, name, error)
    if why or error is None:
        return text, f"{value:.8g}", why
    return text, *round_to_error(value, error, name in result.practically_undetermined)


def why_none(result: FitResult, name: str, error: float | None) -> str:
    """Why there is no standard error to show; empty where there is one."""
    if name in result.undetermined:
        return "undetermined"
    if result.without_errors or result.spread is None:
        return result.without_errors or f"none by {result.method}"
    if error is None or not math.isfinite(error):
        return "undetermined"
    free, every = set(result.noise_free), set(result.parameters)
    return "data met to rounding" if name in free or free == every else ""


def round_to_error(value: float, error: float, doubt: bool = False) -> tuple[str, str]:
    """The value to the second digit of its error, and the error.

    >>> round_to_error(2.99971234, 0.00056), round_to_error(1.2345e-12, 3.4e-15)
    (('2.99971', '0.00056'), ('1.2345e-12', '3.4e-15'))
    """
    shown = f"{error:#.2g}".rstrip(".") + " (practically undetermined)" * doubt
    if not (error > 0 and math.isfinite(error) and math.isfinite(value)):
        return f"{value:.8g}", shown
    # The printed error's own exponent: 0.0996 is 0.10, one place higher than its
    # logarithm says.
    place = int(f"{error:.1e}".partition("e")[2]) - 1
    if -12 <= place <= 0 and abs(value) < 1e6:
        return f"{value:.{-place}f}", shown
    size = int(f"{value:.1e}".partition("e")[2]) if value else place
    return f"{value:.{max(0, min(size - place, 15))}e}", shown
