"""Gradients of code that has no graph: plain Python functions.

f, gradient ─ arguments ─▶ subject (f as a number, leaves with names)
              purity   ─▶ it is a function, and finite here
subject, claims ─ findings ─▶ report
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cgprimer import takes
from cgprimer.errors import OptionError
from cgprimer.interrupts import contained
from cgprimer.judge.code.arguments import Arguments, own_names
from cgprimer.judge.code.beside import UNSEEN, beside, doubt
from cgprimer.judge.code.directions import FIRST
from cgprimer.judge.code.findings import LARGE, SAMPLE, examine, report_on
from cgprimer.judge.code.purity import (
    changes_argument,
    name_of,
    not_finite,
    quiet,
    undecided_report,
    unlike,
    varies,
)
from cgprimer.judge.code.subject import Subject
from cgprimer.judge.code.torch_code import check_torch as check_torch
from cgprimer.judge.report import CheckReport
from cgprimer.judge.verdict import FAIL, PASS
from cgprimer.notation.progress import check_bar
from cgprimer.types import Array


@contained
def check_function(
    f: Callable[..., Any],
    grad: Callable[..., Any] | Any,
    x: Any,
    *,
    names: str | Sequence[str] | None = None,
    rng: np.random.Generator | int | None = None,
    progress: bool | None = None,
) -> CheckReport:
    """Judge a gradient of plain code: `grad` is a function of x, or its value at x.

    f : returns a number. `f` and `grad` get copies of x, so they cannot change it; that
        they try to is reported, and so is what is random or keeps a state.
    x : a number or an array of any shape, float32 if `f` is to be given that; a tuple
        for several arguments, f(*x); a dict, list or tuple of such. The gradient is
        nested as x is.
    names : one for each part of x, or one for each component.
    rng : a seed for what is drawn at random: of more than 64 components some are looked
        at by themselves, all of them along random directions, and what disagrees there
        is located. The report says what was looked at.
    progress : a bar on standard error; by default on a terminal, where it takes long.

    Raises OptionError where a shape or a structure does not fit, and for what is no
    real number.

    >>> import numpy as np
    >>> report = check_function(lambda x: np.sum(x**2), lambda x: x, [1.0, 2.0])
    >>> print(report.diagnosis)
    f: it is 1/2 times the true derivative, at every component.
    >>> def area(width, height):
    ...     return width * height
    >>> print(check_function(area, lambda w, h: (h, h), (2.0, 3.0)).diagnosis)
    area, height: it is 3/2 times the true derivative, at every component.
    """
    takes.function(f=f)
    takes.flag(progress=progress)
    arguments = Arguments.of(f, x)
    labels, each = own_names(names, arguments)
    code = _Code(name_of(f, "f"), f, arguments)
    subject = Subject(code.name, code.number, arguments.arrays, labels, each)
    with quiet():
        return _check(subject, code, grad, rng, progress)


@dataclass(frozen=True)
class _Code:
    """f or its gradient, to be called with arrays for the leaves of its arguments."""

    name: str
    call: Callable[..., Any]
    arguments: Arguments

    def number(self, arrays: Sequence[NDArray[Any]]) -> float:
        """What f returns; OptionError where that is no number."""
        value = np.asarray(self.call(*self.arguments.fill(arrays)))
        if value.size != 1 or value.dtype.kind not in "biuf":
            raise OptionError(
                f"{self.name} returns {value.dtype} of shape {value.shape}; a number "
                "is expected\n  hint: sum up, or check one output at a time"
            )
        return float(value.reshape(()))

    def gradient(self, arrays: Sequence[NDArray[Any]]) -> tuple[Array, float, str]:
        """What its gradient returns, as `Arguments.gradient` reads it."""
        return self.arguments.gradient(self.call(*self.arguments.fill(arrays)))

    def fresh(self) -> list[NDArray[Any]]:
        """The leaves as copies, so that a call may change them."""
        return [array.copy() for array in self.arguments.arrays]

    def remarks(self, subject: Subject, after: Sequence[NDArray[Any]]) -> list[str]:
        """What to say where it changed what it was given."""
        says = changes_argument(self.name, self.arguments.arrays, after, subject)
        return [says] if says else []


def _check(
    subject: Subject,
    code: _Code,
    grad: Any,
    rng: np.random.Generator | int | None,
    progress: bool | None,
) -> CheckReport:
    for i in np.flatnonzero(~np.isfinite(subject.x)).tolist():
        return undecided_report(
            f"{subject.wrt(i)} is {subject.x[i]:g}: x must be finite"
        )
    began, given = time.perf_counter(), code.fresh()
    first, remarks = code.number(given), code.remarks(subject, given)
    seconds = time.perf_counter() - began
    if says := varies(subject.name, lambda: code.number(code.fresh()), first, subject):
        return undecided_report(says)
    if not np.isfinite(first):
        return undecided_report(not_finite(subject))
    claims = _claims(subject, code.arguments, grad)
    few = len(subject) <= LARGE
    lines = len(subject) if few else SAMPLE + FIRST
    with check_bar(f"{subject.name}: differences", lines, seconds, progress) as tick:
        random = takes.generator(0 if rng is None else rng)
        known = examine(subject, claims.values, claims.precision, random, tick)
    # Once more at the end: what keeps a state may show it only after many calls.
    if says := varies(subject.name, lambda: code.number(code.fresh()), first, subject):
        return undecided_report(says)
    aside = [*remarks, *claims.remarks]
    if all(leaf.dtype == np.float64 for leaf in subject.leaves):
        aside += [f"the gradient is {claims.type}"] * bool(claims.type)
    report = report_on(known, claims.values, claims.precision, aside)
    report = claims.judge(report)
    if report.verdict == PASS and not (callable(grad) or claims.values.any()):
        return replace(report, diagnosis=f"{report.diagnosis}; {UNSEEN}")
    # Only code can be asked for its gradient at another point; numbers are those at x.
    there = beside(subject, claims.values) if callable(grad) else None
    if report.verdict != PASS or there is None:
        return report
    own = _Code(name_of(grad, "grad"), grad, code.arguments)
    values, precision, _ = own.gradient(there.split(there.x))
    looked = examine(there, values, precision, random)
    return doubt(report, report_on(looked, values, precision))


@dataclass(frozen=True)
class _Claims:
    """All components of a gradient, and what is wrong with it beside its values.

    precision : of its numbers. wrong, doubt : what makes it FAIL, or INCONCLUSIVE.
    """

    values: Array
    precision: float
    remarks: tuple[str, ...] = ()
    wrong: str = ""
    doubt: str = ""

    @property
    def type(self) -> str:
        """`float32` or what else its numbers are, where they have less precision."""
        known = {float(np.finfo(t).eps): t.__name__ for t in (np.float16, np.float32)}
        return known.get(self.precision, "")

    def judge(self, report: CheckReport) -> CheckReport:
        """The report, with the sentence on what is wrong with the gradient as such."""
        if self.wrong:
            first = report.first_wrong or report.rows[0].edge
            return replace(
                report, verdict=FAIL, first_wrong=first, diagnosis=self.wrong
            )
        return undecided_report(self.doubt) if self.doubt else report


def _claims(subject: Subject, arguments: Arguments, grad: Any) -> _Claims:
    if not callable(grad):
        values, precision, note = arguments.gradient(grad)
        wrong = f"{subject.name}: {note}." if note else ""
        return _Claims(values, precision, wrong=wrong)
    code = _Code(name_of(grad, "grad"), grad, arguments)
    given = code.fresh()
    values, precision, note = code.gradient(given)
    values, remarks = values.copy(), tuple(code.remarks(subject, given))
    wrong = f"{subject.name}: {note}." if note else ""
    says, grows = unlike(code.name, lambda: code.gradient(code.fresh())[0], values)
    if grows:
        wrong = f"{says}."
    return _Claims(values, precision, remarks, wrong, "" if grows else says)
