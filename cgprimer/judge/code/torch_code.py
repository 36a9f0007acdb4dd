"""Gradients of torch: of an autograd function, of any function, of a module.

    fn, inputs ─ TorchCode ─▶ Σ weights·outputs, a number ─▶ its gradient by torch
                                      └─ differences ─────▶ report

Outputs are weighed with random cotangents. For the second order the gradient itself,
weighed at random, is the number, and torch differentiates it once more.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from cgprimer import takes
from cgprimer.errors import OptionError, unknown
from cgprimer.expr.custom import CONTRACTS
from cgprimer.interrupts import contained
from cgprimer.judge.code.code_check import check_code, compare
from cgprimer.judge.code.purity import (
    name_of,
    quiet,
    undecided_report,
    unlike,
)
from cgprimer.judge.code.subject import ClaimedGradient, Subject
from cgprimer.judge.code.torch_calls import TorchCode
from cgprimer.judge.code.torch_number import (
    Weighed,
    in_train_mode,
    remarks,
    watch_narrowing,
)
from cgprimer.judge.report import CheckReport, overall
from cgprimer.judge.verdict import FAIL, INCONCLUSIVE, PASS, SURROGATE
from cgprimer.types import Array, Arrays

LINEAR = 1e-9  # relative: how well a gradient keeps in proportion to what arrives
USES = {  # by how many times it grows where what arrives is doubled
    1: "does not use the gradient that arrives (grad_output)",
    4: "uses the gradient that arrives (grad_output) twice",
}


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
        raise OptionError(unknown(f"contract {contract!r}", contract, CONTRACTS, every))
    if order not in (1, 2):
        raise OptionError(f"order={order!r}: the first and the second can be checked")
    try:
        torch: Any = import_module("torch")
    except ImportError as error:
        says = "torch is not installed\n  hint: pip install torch"
        raise OptionError(says) from error
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
    claim = partial(_claims, weighed, forward)
    return check_code(subject, first, claim, rng, progress, in_train_mode(code))


def _claims(weighed: Weighed, forward: set[Any]) -> ClaimedGradient | CheckReport:
    """The gradient by torch; `forward` are types that the code was narrowed to.

    A report instead, where the backward fails or is random.
    """
    name = weighed.name
    try:
        with watch_narrowing(weighed.code.torch) as both:
            gradient = weighed.gradient()
    except RuntimeError as error:
        line = str(error).splitlines()[0]
        return CheckReport(FAIL, (), None, f"{name}: backward raises: {line}")
    unsteady, grows = unlike(f"the backward of {name}", weighed.gradient, gradient)
    if unsteady and not grows:
        return undecided_report(unsteady)
    says, precision = remarks(weighed, forward, both)
    wrong = unsteady or _upstream(name, gradient, weighed.gradient(2.0))

    def again(arrays: Arrays) -> ClaimedGradient:
        return ClaimedGradient(weighed.gradient(arrays=arrays), precision)

    return ClaimedGradient(gradient, precision, tuple(says), wrong, again=again)


def _upstream(name: str, once: Array, twice: Array) -> str:
    """How backward uses the gradient that arrives; it must be in proportion to it."""
    if not (np.isfinite(once).all() and np.isfinite(twice).all()):
        return ""  # the rows say so
    # A gradient of 0 is in proportion to anything.
    if np.allclose(twice, 2 * once, rtol=LINEAR, atol=0) or not once.any():
        return ""
    says = "is not linear in the gradient that arrives (grad_output)"
    for times, use in USES.items():
        if np.allclose(twice, times * once, rtol=LINEAR, atol=0):
            says = use
    return f"{name}: backward {says}"


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
    differ = f"{off} of {len(rows)} components differ from differences"
    beside = differ if off else "it is what differences say"
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
        none = torch.zeros((), dtype=torch.float64)
        every = ((d.to(g) * g).double().sum() for d, g in pairs)
        return sum(every, start=none), [*wrt, *weights]

    every = (*leaves, *arrives)
    try:
        number, wrt = slope(every)
        if number.requires_grad:
            torch.autograd.backward(number, retain_graph=True)  # refuses aloud
        gradient = code.gradient(number, wrt)
    except RuntimeError as error:
        return undecided_report(f"{name} is refused: {str(error).splitlines()[0]}")
    labels = (*weighed.labels(), *names)
    subject = Subject(
        name, lambda a: float(slope(a)[0].detach()), every, labels, told=True
    )
    precision = remarks(weighed, set(), set())[1]
    claims = ClaimedGradient(gradient, precision)
    return compare(subject, claims, rng, progress)
