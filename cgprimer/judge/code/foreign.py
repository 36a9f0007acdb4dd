"""Gradients of code that has no graph: plain Python functions.

f, x ─ arguments ─▶ subject: f as a number, leaves with names ┐
gradient, its value or code ─▶ claims for all components       ┴ code_check ─▶ report
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cgprimer import takes
from cgprimer.errors import OptionError
from cgprimer.interrupts import contained
from cgprimer.judge.code.arguments import Arguments, own_names
from cgprimer.judge.code.code_check import check_code
from cgprimer.judge.code.purity import (
    changes_argument,
    name_of,
    quiet,
    undecided_report,
    unlike,
)
from cgprimer.judge.code.subject import ClaimedGradient, Subject
from cgprimer.judge.report import CheckReport

PRECISIONS = {float(np.finfo(t).eps): t.__name__ for t in (np.float16, np.float32)}


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
    code = _Code(arguments.name, f, arguments)
    subject = Subject(code.name, code.number, arguments.arrays, labels, each)
    with quiet():
        for i in np.flatnonzero(~np.isfinite(subject.x)).tolist():
            return undecided_report(
                f"{subject.wrt(i)} is {subject.x[i]:g}: x must be finite"
            )
        given = arguments.copies()
        first, remarks = code.number(given), code.changes(given, subject)
        claim = partial(_claims, subject, arguments, grad, remarks)
        random = takes.generator(0 if rng is None else rng)
        return check_code(subject, first, claim, random, progress)


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

    def gradient(self, arrays: Sequence[NDArray[Any]]) -> ClaimedGradient:
        """What its gradient returns, as `Arguments.gradient` reads it."""
        return self.arguments.gradient(self.call(*self.arguments.fill(arrays)))

    def changes(
        self, after: Sequence[NDArray[Any]], subject: Subject
    ) -> tuple[str, ...]:
        """What to say where it changed what it was given."""
        says = changes_argument(self.name, self.arguments.arrays, after, subject)
        return (says,) if says else ()


def _claims(
    subject: Subject, arguments: Arguments, grad: Any, remarks: tuple[str, ...]
) -> ClaimedGradient | CheckReport:
    """All that is known of the gradient at x: its values, and what is wrong with it."""
    if callable(grad):
        claims = _by_code(_Code(name_of(grad, "grad"), grad, arguments), subject)
        if isinstance(claims, CheckReport):
            return claims
    else:
        claims = arguments.gradient(grad)
    remarks += claims.remarks
    kind = PRECISIONS.get(claims.precision)
    if kind and all(leaf.dtype == np.float64 for leaf in subject.leaves):
        remarks += (f"the gradient is {kind}",)
    return replace(claims, remarks=remarks)


def _by_code(code: _Code, subject: Subject) -> ClaimedGradient | CheckReport:
    """The same of code; a report instead, where it is random."""
    given = code.arguments.copies()
    claims = code.gradient(given)
    values, remarks = claims.values.copy(), code.changes(given, subject)
    says, grows = unlike(
        code.name, lambda: code.gradient(code.arguments.copies()).values, values
    )
    if says and not grows:
        return undecided_report(says)
    wrong = says or claims.wrong
    return ClaimedGradient(values, claims.precision, remarks, wrong, code.gradient)
