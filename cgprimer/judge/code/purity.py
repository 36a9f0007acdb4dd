"""What a gradient check must know of code: that it is a function, and finite there.

A function gives one value for one x, and leaves x as it was. Code that does not is
named for it: it accumulates over calls, is random, changes its argument, or is nan.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cgprimer.errors import visible
from cgprimer.judge.code.subject import Subject, index
from cgprimer.judge.report import CheckReport
from cgprimer.judge.verdict import INCONCLUSIVE
from cgprimer.notation.numbers import apart
from cgprimer.types import Array

SAME = 64 * float(np.finfo(np.float64).eps)  # threads may add up in another order
CULPRITS = 64  # components that are tried one by one for making f nan


def varies(subject: Subject, first: float) -> str:
    """What to say where f gives another value now; nothing where it is the same."""
    now = subject.again()
    if first == now or (np.isnan(first) and np.isnan(now)):
        return ""
    runs = [np.array([value]) for value in (first, now, subject.again())]
    # If f is 0 at x, its last digits are those of its size elsewhere.
    away = np.nan_to_num(abs(subject.value(subject.x + 0.1 * subject.sizes)))
    return "" if _same(runs[0], runs[1], away) else _impure(subject.name, runs)[0]


def unlike(name: str, call: Callable[[], Array], first: Array) -> tuple[str, bool]:
    """(what to say where a gradient is another one now, whether it accumulates)."""
    now = call()
    scale = np.nan_to_num(np.abs(first)).max(initial=0.0)
    if _same(first, now, scale):
        return "", False
    return _impure(name, [first, now, call()])


def _same(one: Array, two: Array, scale: float) -> bool:
    """Whether two results are one, but for the last digits; nan is nan."""
    near = np.abs(one - two) <= SAME * np.fmax(scale, np.abs(one))
    equal = (one == two) | (np.isnan(one) & np.isnan(two))
    return bool(np.all(near | equal))


def _impure(name: str, runs: list[Array]) -> tuple[str, bool]:
    """(what to say of three results for one x, whether they grow evenly)."""
    i = int(np.nan_to_num(np.abs(runs[1] - runs[0])).argmax())
    # 5 and 5.000000001 are both 5 in six digits, which would read as one value.
    a, b = (float(run[i]) for run in runs[:2])
    n = next((n for n in range(6, 17) if f"{a:.{n}g}" != f"{b:.{n}g}"), 17)
    values = ", ".join(f"{run[i]:.{n}g}" for run in runs)
    says = f"{name} gives two values for one x ({values}, …): "
    # +=, as of gradients that are not set back to zero, adds the same each time.
    if np.allclose(runs[1] - runs[0], runs[2] - runs[1], rtol=1e-6, atol=0):
        return says + "it accumulates over calls", True
    hint = "fix its random numbers first, and let it keep nothing between calls"
    return says + hint, False


def changes_argument(
    name: str,
    before: Sequence[NDArray[np.generic]],
    after: Sequence[NDArray[np.generic]],
    subject: Subject,
) -> str:
    """What to say where code changed its argument in place; else nothing."""
    a, b = (np.concatenate([np.ravel(v) for v in row]) for row in (before, after))
    moved = np.flatnonzero(~((a == b) | ((a != a) & (b != b))))
    if not len(moved):
        return ""
    i = int(moved[0])
    was, now = apart(float(a[i]), float(b[i]), range(6, 18))
    return (
        f"{name} changes its argument in place: {subject.wrt(i)} was {was}, then {now}"
    )


def not_finite(subject: Subject) -> str:
    """`f is nan at x[0] = -1`: with the components that make it so, if they are few."""
    kind = f"{subject.here:g}"
    guilty = [i for i in range(min(len(subject), CULPRITS)) if _is_guilty(subject, i)]
    shown = guilty or range(len(subject))
    pairs = [f"{subject.wrt(i)} = {subject.x[i]:.6g}" for i in shown[:4]]
    at = index(pairs, 3, len(shown))
    return f"{subject.name} is {kind} at {at}: there is no slope to compare with"


def _is_guilty(subject: Subject, i: int) -> bool:
    """Whether another value of component i alone makes f finite."""
    here, each = subject.x[[i]], subject.components(np.array([i]))
    # log(x) at -1 is finite at 1, 1/x at 0 is at 0.5, sqrt(1 - x²) at 2 is at 1.
    others = -here, abs(here) / 2 + 0.5, here + 1, here - 1, np.array([0.5])
    return any(np.isfinite(each(other)).all() for other in others)


def name_of(code: Any, otherwise: str) -> str:
    """What a function is called in a report."""
    name = getattr(code, "__name__", type(code).__name__)
    return otherwise if name == "<lambda>" else visible(str(name))


def undecided_report(says: str) -> CheckReport:
    """The report where there is nothing to compare with."""
    return CheckReport(INCONCLUSIVE, (), None, says)


@contextmanager
def quiet() -> Iterator[None]:
    """Far from x anything may happen to numbers: no warning of it is for the caller."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield
