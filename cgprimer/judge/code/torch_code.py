"""Gradients of torch: of an autograd function, of any function, of a module.

    fn, inputs ─ TorchCode ─▶ Σ weights·outputs, a number ─▶ its gradient by torch
                                      └─ differences ─────▶ report

Outputs are weighed with random cotangents. For the second order the gradient itself,
weighed at random, is the number, and torch differentiates it once more.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np

from cgprimer import takes
from cgprimer.errors import OptionError, unknown
from cgprimer.expr.custom import CONTRACTS
from cgprimer.interrupts import contained
from cgprimer.judge.code.beside import beside, doubt
from cgprimer.judge.code.directions import FIRST
from cgprimer.judge.code.findings import LARGE, SAMPLE, examine, report_on
from cgprimer.judge.code.purity import (
    name_of,
    not_finite,
    quiet,
    undecided_report,
    unlike,
    varies,
)
from cgprimer.judge.code.subject import Subject
from cgprimer.judge.code.torch_calls import TorchCode
from cgprimer.judge.code.torch_number import (
    Weighed,
    flat,
    in_train_mode,
    or_zero,
    plain,
    remarks,
    watch_narrowing,
)
from cgprimer.judge.report import CheckReport, overall
from cgprimer.judge.verdict import FAIL, INCONCLUSIVE, PASS, SURROGATE
from cgprimer.notation.progress import check_bar
from cgprimer.types import Array, Arrays

LINEAR = 1e-9  # relative: how well a gradient keeps in proportion to what arrives


@contained
def check_torch(
    fn: Any,
    *inputs: Any,
    contract: str = "exact",
    order: int = 1,
    rng: np.random.Generator | int | None = None,
    progress: bool | None = None,
) -> CheckReport:
    """Judge the backward of a `torch.autograd.Function`, of a function or a module.

    fn : anything that torch differentiates; of a module its parameters are checked too,
        by their names. A copy is checked, in double precision: its state stays as it
        is.
    inputs : its arguments, also nested in tuples, lists and dicts. Tensors that require
        a gradient are checked, or, if none does, all of floating point.
    contract : "exact", or what the backward is declared to be: "straight-through" or
        "surrogate". Then it is reported and not judged.
    order : 2 to check what torch gets by differentiating the backward once more.
    rng, progress : see `check_function`. Outputs are weighed with random cotangents.

    A step in single precision is named. Raises OptionError without torch.
    """
    if contract not in CONTRACTS:
        every = f"known are {', '.join(CONTRACTS)}"
        said = f"contract {contract!r}"
        raise OptionError(unknown(said, contract, CONTRACTS, every))
    if order not in (1, 2):
        raise OptionError(f"order={order!r}: the first and the second can be checked")
    try:
        torch: Any = import_module("torch")
    except ImportError as error:
        hint = "\n  hint: pip install torch"
        raise OptionError("torch is not installed" + hint) from error
    random = takes.generator(0 if rng is None else rng)
    with quiet(), torch.random.fork_rng(), torch.enable_grad():
        code = TorchCode.of(torch, fn, inputs)
        weighed = Weighed.of(code, name_of(fn, "f"), random)
        if isinstance(weighed, CheckReport):
            return weighed
        report = _check(weighed, random, progress)
        if contract != "exact":
            return _declared_report(report, weighed.name, contract)
        if order == 1 or report.verdict == FAIL:
            return report
        return _both(report, _second(weighed, random, progress))


def _check(
    weighed: Weighed, rng: np.random.Generator, progress: bool | None
) -> CheckReport:
    code, name = weighed.code, weighed.name
    leaves = tuple(code.arrays())
    subject = Subject(name, weighed.number, leaves, weighed.labels(), told=True)
    with watch_narrowing(code.torch) as forward:
        first = weighed.number(leaves)
    forward |= weighed.narrow
    if says := varies(name, lambda: weighed.number(leaves), first, subject):
        return undecided_report(says + in_train_mode(code))
    if not np.isfinite(first):
        return undecided_report(not_finite(subject))
    try:
        with watch_narrowing(code.torch) as both:
            gradient = flat(weighed.gradient())
    except RuntimeError as error:
        line = str(error).splitlines()[0]
        return CheckReport(FAIL, (), None, f"{name}: backward raises: {line}")
    unsteady, grows = unlike(
        f"the backward of {name}", lambda: flat(weighed.gradient()), gradient
    )
    if unsteady and not grows:
        return undecided_report(unsteady)
    aside, precision = remarks(weighed, forward, both)
    report = _compare(subject, gradient, precision, rng, progress, aside)
    if says := varies(name, lambda: weighed.number(leaves), first, subject):
        return undecided_report(says)
    wrong = unsteady or _upstream(name, gradient, flat(weighed.gradient(2.0)))
    there = beside(subject, gradient) if report.verdict == PASS and not wrong else None
    if there is not None:
        moved = flat(weighed.gradient(arrays=there.split(there.x)))
        looked = _compare(there, moved, precision, rng, progress, ())
        return doubt(report, looked)
    if not wrong:
        return report
    where = report.first_wrong or report.rows[0].edge
    return CheckReport(FAIL, report.rows, where, f"{wrong}.")


def _compare(
    subject: Subject,
    gradient: Array,
    precision: float,
    rng: np.random.Generator,
    progress: bool | None,
    aside: Sequence[str],
) -> CheckReport:
    began = time.perf_counter()
    subject.value(subject.x)
    seconds = time.perf_counter() - began
    lines = len(subject) if len(subject) <= LARGE else SAMPLE + FIRST
    with check_bar(f"{subject.name}: differences", lines, seconds, progress) as tick:
        known = examine(subject, gradient, precision, rng, tick)
    return report_on(known, gradient, precision, aside)


def _upstream(name: str, once: Array, twice: Array) -> str:
    """How backward uses the gradient that arrives; it must be in proportion to it."""
    if not (np.isfinite(once).all() and np.isfinite(twice).all()):
        return ""  # the rows say so
    # A gradient of 0 is in proportion to anything.
    if np.allclose(twice, 2 * once, rtol=LINEAR, atol=0) or not once.any():
        return ""
    if np.allclose(twice, once, rtol=LINEAR, atol=0):
        return f"{name}: backward does not use the gradient that arrives (grad_output)"
    if np.allclose(twice, 4 * once, rtol=LINEAR, atol=0):
        return f"{name}: backward uses the gradient that arrives (grad_output) twice"
    says = "backward is not linear in the gradient that arrives (grad_output)"
    return f"{name}: {says}"


def _declared_report(report: CheckReport, name: str, contract: str) -> CheckReport:
    """The report of a gradient that is on purpose no derivative: nothing is judged."""
    reason = f"declared {contract}"
    rows = tuple(
        replace(row, verdict=SURROGATE, reason=reason, ratio=None)
        for row in report.rows
    )
    if not rows:
        return report
    off = sum(row.verdict == FAIL for row in report.rows)
    beside = f"{off} of {len(rows)} components differ from differences"
    if not off:
        beside = "it is what differences say"
    says = f"{name}: the gradient is {reason}, reported and not judged: {beside}"
    return CheckReport(overall(rows), rows, None, says)


def _both(first: CheckReport, second: CheckReport) -> CheckReport:
    """The reports of the first and of the second order as one."""
    ranks = (FAIL, INCONCLUSIVE, PASS)
    verdict = min(first.verdict, second.verdict, key=ranks.index)
    says = second.diagnosis
    if second.verdict != FAIL:
        says = f"{first.diagnosis}; {says}"
    return CheckReport(verdict, (*first.rows, *second.rows), second.first_wrong, says)


def _second(
    weighed: Weighed, rng: np.random.Generator, progress: bool | None
) -> CheckReport:
    """The gradient, weighed, as the number: by the leaves and by what arrives."""
    code, torch = weighed.code, weighed.code.torch
    name = f"the second derivative of {weighed.name}"
    leaves, count = code.arrays(), len(code.marked)
    draws = [torch.as_tensor(rng.standard_normal(np.shape(leaf))) for leaf in leaves]
    arrives = [code.array(weight) for weight in weighed.weights]
    each = range(len(arrives))
    names = [f"grad_output {i}" if len(arrives) > 1 else "grad_output" for i in each]

    def slope(arrays: Arrays) -> tuple[Any, list[Any]]:
        outputs, wrt = code.run(arrays[:count])
        weights = [
            torch.from_numpy(np.array(a)).to(w).requires_grad_()
            for a, w in zip(arrays[count:], weighed.weights, strict=True)
        ]
        total = weighed.total(outputs, weights)
        parts = torch.autograd.grad(total, wrt, create_graph=True, allow_unused=True)
        pairs = [(d, g) for d, g in zip(draws, parts, strict=True) if g is not None]
        return sum((d.to(g) * g).double().sum() for d, g in pairs), [*wrt, *weights]

    every = (*leaves, *arrives)
    try:
        number, wrt = slope(every)
        parts = [None] * len(wrt)
        if getattr(number, "requires_grad", False):
            torch.autograd.backward(number, retain_graph=True)  # refuses aloud
            parts = torch.autograd.grad(number, wrt, allow_unused=True)
    except RuntimeError as error:
        return undecided_report(f"{name} is refused: {str(error).splitlines()[0]}")
    gradient = [code.array(or_zero(g, w)) for g, w in zip(parts, wrt, strict=True)]
    labels = (*weighed.labels(), *names)
    subject = Subject(name, lambda a: plain(slope(a)[0]), every, labels, told=True)
    precision = remarks(weighed, set(), set())[1]
    return _compare(subject, flat(gradient), precision, rng, progress, ())
