"""Gradients of code that has no graph: plain Python functions, and torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cgprimer.checking.components import component_report, component_rows, slopes
from cgprimer.checking.report import CheckReport, overall
from cgprimer.errors import OptionError
from cgprimer.numeric.verdict import FAIL, INCONCLUSIVE

Array = NDArray[np.float64]
LARGE = 64  # components beyond this many are drawn at random, and the report says so


def check_function(
    f: Callable[[Any], Any], grad: Callable[[Any], Any] | ArrayLike, x: ArrayLike
) -> CheckReport:
    """Judge a gradient of plain code: `grad` is a function of x, or its value at x.

    f : returns a number; x is a number or an array of any shape, float32 if `f` is to
        be given that. `f` and `grad` get copies, so they cannot change it.

    Raises OptionError where a shape does not fit.

    >>> import numpy as np
    >>> report = check_function(lambda x: np.sum(x**2), lambda x: x, [1.0, 2.0])
    >>> print(report.diagnosis)
    f: it is 1/2 times the true derivative, at every component.
    """
    at = np.asarray(x)
    at = at if at.dtype == np.float32 else at.astype(np.float64)
    if not at.size:
        raise OptionError("x has no components: there is nothing to differentiate by")
    given = np.asarray(grad(at.copy()) if callable(grad) else grad)
    claimed, note = _fitting(given, at)
    name = _called(f)
    if float(_number(f, at)) != float(_number(f, at)):
        reason = "f gives two values for one x: fix its random numbers first"
        return CheckReport(INCONCLUSIVE, (), None, f"{name}: {reason}")
    found, precision = slopes(lambda v: _number(f, v), at, np.arange(at.size))
    precision = max(precision, float(np.finfo(_float(given.dtype)).eps))
    rows = component_rows(name, at, range(at.size), claimed, found, precision)
    return component_report(name, rows, at, claimed, found, note)


def _called(f: Callable[..., Any]) -> str:
    name = getattr(f, "__name__", type(f).__name__)
    return "f" if name == "<lambda>" else str(name)


def _float(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return dtype if dtype.kind == "f" else np.dtype(np.float64)


def _fitting(given: NDArray[Any], at: NDArray[Any]) -> tuple[Array, str]:
    """The gradient flat, in the order of x, and a note where it was transposed."""
    claimed = given.astype(np.float64)
    if claimed.shape == at.shape or (claimed.size == at.size == 1):
        return claimed.ravel(), ""
    if claimed.ndim == 2 and claimed.T.shape == at.shape:
        note = f"transposed: x has shape {at.shape}, the gradient {claimed.shape}"
        return claimed.T.ravel(), note
    raise OptionError(
        f"x has shape {at.shape}, but the gradient has shape {claimed.shape}\n"
        "  hint: one derivative for every component of x is expected"
    )


def _number(f: Callable[[Any], Any], at: NDArray[Any]) -> float:
    value = np.asarray(f(at.copy() if at.ndim else at[()]))
    if value.size != 1 or value.dtype.kind not in "biuf":
        raise OptionError(
            f"f returns {value.dtype} of shape {value.shape}; a number is expected\n"
            "  hint: sum up, or check one output at a time"
        )
    return float(value.reshape(()))


def check_torch(
    fn: Any, *inputs: Any, rng: np.random.Generator | int | None = None
) -> CheckReport:
    """Judge the backward of a `torch.autograd.Function`, or of any torch function.

    inputs : its arguments; tensors that require a gradient are checked, or, if none
        does, all of floating point. They are copied and made double precision.

    Outputs are weighed with random cotangents. Raises OptionError without torch.
    """
    try:
        torch: Any = import_module("torch")
    except ImportError as error:
        hint = "\n  hint: pip install torch"
        raise OptionError("torch is not installed" + hint) from error
    rng = np.random.default_rng(rng)
    weighed = _Weighed.of(torch, fn, inputs, rng)
    if weighed is None:
        says = f"{_called(fn)}: no output requires a gradient: backward is never called"
        return CheckReport(FAIL, (), None, says)
    gradients = weighed.gradient(1.0)
    upstream = _upstream(gradients, weighed.gradient(2.0))
    reports = [
        _of_input(weighed, i, gradient, rng)
        for i, gradient in zip(weighed.marked, gradients, strict=True)
    ]
    return _joined(weighed.name, reports, upstream)


@dataclass(frozen=True)
class _Weighed:
    """A torch function as a number: its outputs times fixed random weights, summed.

    marked : which of the inputs are differentiated by.
    """

    torch: Any
    name: str
    call: Callable[..., Any]
    inputs: list[Any]
    marked: list[int]
    weights: list[Any]

    @classmethod
    def of(
        cls, torch: Any, fn: Any, inputs: Sequence[Any], rng: np.random.Generator
    ) -> _Weighed | None:
        """None where no output depends on the inputs as torch sees it."""
        real = [i for i, a in enumerate(inputs) if _is_real(a)]
        marked = [i for i in real if inputs[i].requires_grad] or real
        if not marked:
            raise OptionError("there is no tensor of floating point among the inputs")
        base = [a.detach().double().clone() if _is_real(a) else a for a in inputs]
        call = getattr(fn, "apply", fn)
        bare = cls(torch, _called(fn), call, base, marked, [])
        made = bare.outputs(bare.fresh())
        if not any(output.requires_grad for output in made):
            return None
        draws = [rng.standard_normal(tuple(output.shape)) for output in made]
        weights = [torch.as_tensor(draw, dtype=torch.float64) for draw in draws]
        return cls(torch, _called(fn), call, base, marked, weights)

    def outputs(self, inputs: Sequence[Any]) -> list[Any]:
        found = self.call(*inputs)
        several = found if isinstance(found, tuple | list) else [found]
        return [output for output in several if _is_real(output)]

    def fresh(self) -> list[Any]:
        """Copies of the inputs, those that are marked ready to get a gradient."""
        copies = [a.clone() if _is_real(a) else a for a in self.inputs]
        for i in self.marked:
            copies[i].requires_grad_()
        return copies

    def total(self, inputs: Sequence[Any]) -> Any:
        pairs = zip(self.weights, self.outputs(inputs), strict=True)
        return sum((weight * output).sum() for weight, output in pairs)

    def gradient(self, times: float) -> list[Array]:
        """By torch: the gradient of `times` the number, zero where torch has none."""
        copies = self.fresh()
        wrt = [copies[i] for i in self.marked]
        total = times * self.total(copies)
        found = self.torch.autograd.grad(total, wrt, allow_unused=True)
        return [
            np.zeros(tuple(w.shape)) if g is None else g.detach().numpy()
            for g, w in zip(found, wrt, strict=True)
        ]

    def along(self, i: int) -> Callable[[NDArray[Any]], float]:
        """The number as a function of one input."""

        def f(at: NDArray[Any]) -> float:
            copies = [a.clone() if _is_real(a) else a for a in self.inputs]
            copies[i] = self.torch.from_numpy(np.array(at))
            with self.torch.no_grad():
                return float(self.total(copies))

        return f


def _is_real(value: Any) -> bool:
    return bool(getattr(getattr(value, "dtype", None), "is_floating_point", False))


def _upstream(once: Sequence[Array], twice: Sequence[Array]) -> str:
    """How backward uses the gradient that arrives; it must be in proportion to it."""
    a, b = (np.concatenate([part.ravel() for part in d]) for d in (once, twice))
    if np.allclose(b, 2 * a, rtol=1e-9, atol=0) or not a.any():
        return ""
    if np.allclose(b, a, rtol=1e-9, atol=0):
        return "backward does not use the gradient that arrives (grad_output)"
    if np.allclose(b, 4 * a, rtol=1e-9, atol=0):
        return "backward uses the gradient that arrives (grad_output) twice"
    return "backward is not linear in the gradient that arrives (grad_output)"


def _of_input(
    weighed: _Weighed, i: int, gradient: Array, rng: np.random.Generator
) -> CheckReport:
    at, label = weighed.inputs[i].numpy(), f"input {i}"
    chosen = np.arange(at.size)
    if at.size > LARGE:
        chosen = np.sort(rng.choice(at.size, LARGE, replace=False))
    found, precision = slopes(weighed.along(i), at, chosen)
    claimed = gradient.reshape(-1)[chosen]
    indices = chosen.tolist()
    rows = component_rows(weighed.name, at, indices, claimed, found, precision, label)
    report = component_report(f"{weighed.name}, {label}", rows, at, claimed, found)
    if at.size > LARGE:
        says = f"{report.diagnosis} ({LARGE} of {at.size} components were looked at)"
        return CheckReport(report.verdict, rows, report.first_wrong, says)
    return report


def _joined(name: str, reports: Sequence[CheckReport], upstream: str) -> CheckReport:
    rows = tuple(row for report in reports for row in report.rows)
    verdict = overall(rows)
    if upstream:
        first = next((r.first_wrong for r in reports if r.first_wrong), rows[0].edge)
        return CheckReport(FAIL, rows, first, f"{name}: {upstream}.")
    told = [r for r in reports if r.verdict == verdict]
    wrong = told[0].first_wrong
    return CheckReport(verdict, rows, wrong, "; ".join(r.diagnosis for r in told))
