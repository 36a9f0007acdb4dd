"""Gradients component by component: differences of code that has no graph.

Every component is differenced by itself, with the rounding of `f` probed rather than
assumed, so that single precision inside `f` widens the bounds and condemns nobody. Then
the demand that bounds be sharp is eased as well, and the report says how far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cgprimer.checking.explain import Wrong, fraction, special
from cgprimer.checking.report import CheckReport, CheckRow, overall
from cgprimer.numeric.finite import EPSILON, ROUNDING
from cgprimer.numeric.verdict import (
    FAIL,
    INCONCLUSIVE,
    NARROW,
    SHARP,
    Slope,
    judge,
    slope,
)

Array = NDArray[np.float64]


def slopes(
    f: Callable[[NDArray[Any]], float], at: NDArray[Any], chosen: NDArray[np.int64]
) -> tuple[Slope, float]:
    """The derivative of `f` by each chosen component, and the relative noise of `f`."""

    def each(values: Any) -> Array:
        found = np.empty(len(chosen))
        for k, (i, value) in enumerate(zip(chosen, np.ravel(values), strict=True)):
            moved = at.copy()
            moved.reshape(-1)[i] = value
            found[k] = f(moved)
        return found

    x = at.reshape(-1)[chosen].astype(np.float64)
    noise = _noise(each, x)
    with np.errstate(all="ignore"):
        precision = float(np.max(noise / np.abs(each(x)), initial=0.0, where=noise > 0))
    return slope(each, x, noise / ROUNDING), min(precision, 1.0)


def _noise(f: Callable[[Array], Array], x: Array) -> Array:
    """What rounding does to one value of `f`, whatever precision it works in.

    Where `f` works in single precision it is flat over short steps. So the shortest
    step that changes `f` at all is sought, and the change there is a quantum of `f`;
    beyond it the values scatter about a parabola.
    """
    size = np.where(x == 0, 1.0, np.abs(x))
    here = f(x)
    quantum, step = np.zeros(len(x)), np.zeros(len(x))
    for exponent in np.arange(-16.0, -2.0, 0.5):
        changed = np.abs(f(x + size * 10**exponent) - here)
        new = (step == 0) & (changed > 0)
        quantum[new], step[new] = changed[new], (size * 10**exponent)[new]
    near = np.array([f(x + k * step) for k in range(-4, 5)])
    k = np.arange(-4.0, 5.0)
    powers = np.stack([k**0, k, k**2])
    fit = powers.T @ np.linalg.lstsq(powers.T, np.nan_to_num(near), rcond=None)[0]
    scatter = np.abs(np.nan_to_num(near) - fit).max(axis=0)
    found: Array = np.fmax(2 * np.fmax(quantum, scatter), EPSILON * np.abs(here))
    return found


def component_rows(
    name: str,
    at: NDArray[Any],
    chosen: Sequence[int] | range,
    claimed: Array,
    found: Slope,
    precision: float,
    label: str = "x",
) -> tuple[CheckRow, ...]:
    """The rows of a check, one for each chosen component."""
    sharp = min(NARROW, max(SHARP, 3 * precision**0.5))
    rows = []
    for k, i in enumerate(chosen):
        claim = float(claimed[k])
        terms = 4 * abs(claim) * precision / EPSILON
        judged = judge(claim, found, k, terms, sharp)
        value = float(found.value[k])
        ratio = claim / value if value else np.inf
        wrt = label + _index(i, at.shape)
        rows.append(
            CheckRow(
                "component",
                name,
                wrt,
                "",
                "",
                claim,
                value,
                float(found.bound[k]),
                judged.verdict,
                judged.reason,
                1,
                {wrt: float(at.reshape(-1)[i])},
                (ratio, ratio) if judged.verdict == FAIL else None,
            )
        )
    return tuple(rows)


def _index(i: int, shape: tuple[int, ...]) -> str:
    if not shape:
        return ""
    return f"[{', '.join(str(k) for k in np.unravel_index(i, shape))}]"


def component_report(
    name: str,
    rows: tuple[CheckRow, ...],
    at: NDArray[Any],
    claimed: Array,
    found: Slope,
    note: str = "",
) -> CheckReport:
    """The report on such rows, with the sentence on what went wrong."""
    verdict = FAIL if note else overall(rows)
    wrong = [i for i, row in enumerate(rows) if row.verdict == FAIL]
    first = rows[wrong[0]].edge if wrong else None
    if note:
        first = first or rows[0].edge
        return CheckReport(verdict, rows, first, f"{name}: {note}.")
    if wrong:
        says = next(_seen(at, claimed, found, wrong))
        where = (
            "at every component" if len(wrong) == len(rows) else _listed(rows, wrong)
        )
        return CheckReport(verdict, rows, first, f"{name}: {says}, {where}.")
    doubts = [row for row in rows if row.verdict == INCONCLUSIVE]
    if doubts:
        says = f"{doubts[0].derivative} could not be decided: {doubts[0].reason}"
        return CheckReport(verdict, rows, None, f"{name}: {says}")
    count = f"{len(rows)} components agree" if len(rows) != 1 else "it agrees"
    off = max(row.bound / max(abs(row.claimed), row.bound, 1e-300) for row in rows)
    told = f", known to {off:.0e} only" if SHARP < off < 1 else ""
    return CheckReport(verdict, rows, None, f"{name}: {count} with differences{told}")


def _listed(rows: Sequence[CheckRow], wrong: Sequence[int]) -> str:
    names = [rows[i].wrt for i in wrong[:4]]
    more = f" and {len(wrong) - 4} more" if len(wrong) > 4 else ""
    return f"at {', '.join(names)}{more}"


def _seen(
    at: NDArray[Any], claimed: Array, found: Slope, wrong: Sequence[int]
) -> Iterator[str]:
    """What the wrong components look like, likelier mistakes first."""
    slack = 4 * found.bound + 1e-7 * np.abs(found.value)
    some = Wrong(claimed[wrong], found.value[wrong], slack[wrong])
    if not np.isfinite(some.claimed).all():
        yield "the gradient is nan or inf where the slope is not"
    if not some.claimed.any():
        yield "the gradient is zero where the slope is not"
    ratio = some.constant()
    sizes = {float(size) for size in (at.size, *at.shape) if size > 1}
    near = float(np.median(some.slack / np.maximum(np.abs(some.true), 1e-300)))
    if ratio is not None and (known := special(ratio, sizes, min(near, 1e-3))):
        yield known[1]
    if at.ndim == 2 and len(claimed) == at.size:
        true = found.value.reshape(at.shape).T.ravel()
        if len(true) == len(claimed) and at.shape[0] == at.shape[1]:
            every = Wrong(claimed, true, slack)
            if every.agrees(true):
                yield "the gradient is transposed"
    if len(wrong) > 1 and _is_permuted(some):
        yield "components have changed places"
    if ratio is not None:
        yield f"it is {fraction(ratio)} times the true derivative"
    yield from _penalty(at, claimed, found, slack)
    low, high = some.ratios().min(initial=np.inf), some.ratios().max(initial=-np.inf)
    if low <= high:
        yield f"claimed / true goes from {low:.4g} to {high:.4g}"
    yield "the true derivative is zero"


def _is_permuted(some: Wrong) -> bool:
    """Whether the wrong values are the true ones in another order."""
    a, b = np.argsort(some.claimed), np.argsort(some.true)
    return Wrong(some.claimed[a], some.true[b], some.slack[b]).agrees(some.true[b])


def _penalty(
    at: NDArray[Any], claimed: Array, found: Slope, slack: Array
) -> Iterator[str]:
    """A gap in proportion to x: a quadratic penalty is forgotten, or is too many."""
    x = at.reshape(-1).astype(np.float64)
    if len(x) != len(claimed) or len(x) < 2 or not x.any():
        return
    factor = float(x @ (claimed - found.value) / (x @ x))
    if Wrong(claimed - found.value, factor * x, slack).agrees(factor * x):
        way = "too many" if factor > 0 else "missing"
        yield f"a term {abs(factor):.4g}·x is {way}, as of a penalty on x²"
