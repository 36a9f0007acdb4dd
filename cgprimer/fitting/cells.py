"""A FitResult as cells: names, values rounded to their error, errors or why none."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from cgprimer.errors import shorten

if TYPE_CHECKING:
    from cgprimer.fitting.result import FitResult

MOST_ROWS = 100  # of a table; what is left out is said below it
Row = tuple[str, str, str]


def rows(result: FitResult) -> tuple[list[Row], str]:
    """(name, value, standard error) of all that is told of; what is left out."""
    combined = result.combinations[: MOST_ROWS // 2]
    if _is_by_arrays(result, MOST_ROWS - len(combined)):
        return _arrays(result), ""
    errors, values = _errors(result), result.entries
    names = list(values)[: MOST_ROWS - len(combined)]
    cells = [_row(result, n, values[n], errors.get(n), n) for n in names]
    for each in combined:
        value, error = result.combination(each.coefficients)
        value = value if each.value is None else each.value
        cells.append(_row(result, shorten(each.text), value, error))
    left = [
        f"{count:,}".replace(",", " ") + f" more {what}"
        for count, what in (
            (len(values) - len(names), "parameters, see .parameters"),
            (len(result.combinations) - len(combined), "combinations"),
        )
        if count > 0
    ]
    return cells, "; ".join(left)


def _errors(result: FitResult) -> dict[str, float | None]:
    """The standard error of every entry."""
    if result.spread is None:
        return {}
    found = result.standard_errors or {}
    return {
        name: None if error is None or math.isnan(error) else float(error)
        for name, error in zip(result.entries, flat(found.values()), strict=True)
    }


def flat(values: Iterable[Any]) -> list[Any]:
    """Numbers and the entries of arrays, one after another."""
    return [x for v in values for x in (v.ravel() if hasattr(v, "ravel") else [v])]


def _is_by_arrays(result: FitResult, most: int) -> bool:
    """Whether arrays are told by their dims: too many entries, or without errors."""
    arrays = any(hasattr(value, "ravel") for value in result.parameters.values())
    return arrays and (result.spread is None or len(result.entries) > most)


def _arrays(result: FitResult) -> list[Row]:
    """A row for each array: its dims, and its length as a vector."""
    rows = []
    for name, value in list(result.parameters.items())[:MOST_ROWS]:
        if not hasattr(value, "ravel"):
            rows.append(_row(result, name, value, None, name))
            continue
        dims = " x ".join(map(str, value.shape))
        none = f"none by {result.method}" if result.spread is None else ""
        why = result.without_errors or none or "see .standard_errors"
        rows.append((name, f"{dims}, norm {math.hypot(*value.ravel()):.6g}", why))
    return rows


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
    free, every = set(result.noise_free), set(result.entries)
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
