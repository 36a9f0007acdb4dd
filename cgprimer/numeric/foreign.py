"""Gradients of code that has no graph: plain Python functions, and torch.

Every component is differenced by itself, with the rounding of `f` probed rather than
assumed, so that single precision inside `f` widens the bounds and condemns nobody. Then
the demand that bounds be sharp is eased as well, and the report says how far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cgprimer.errors import OptionError
from cgprimer.numeric.compare import FAIL, INCONCLUSIVE, NARROW
from cgprimer.numeric.explain import Wrong, fraction, special
from cgprimer.numeric.finite import EPSILON, ROUNDING
from cgprimer.numeric.report import CheckReport, CheckRow, overall
from cgprimer.numeric.verdict import SHARP, Slope, judge, slope

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
    found, precision = _slopes(lambda v: _number(f, v), at, np.arange(at.size))
    precision = max(precision, float(np.finfo(_float(given.dtype)).eps))
    rows = _rows(name, at, range(at.size), claimed, found, precision)
    return _report(name, rows, at, claimed, found, note)


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


def _slopes(
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


def _rows(
    name: str,
    at: NDArray[Any],
    chosen: Sequence[int] | range,
    claimed: Array,
    found: Slope,
    precision: float,
    label: str = "x",
) -> tuple[CheckRow, ...]:
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


def _report(
    name: str,
    rows: tuple[CheckRow, ...],
    at: NDArray[Any],
    claimed: Array,
    found: Slope,
    note: str = "",
) -> CheckReport:
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
        raise OptionError(
            "torch is not installed\n  hint: pip install torch"
        ) from error
    rng = np.random.default_rng(rng)
    call, name = getattr(fn, "apply", fn), getattr(fn, "__name__", type(fn).__name__)
    tensors = [i for i, a in enumerate(inputs) if _is_real(a)]
    marked = [i for i in tensors if inputs[i].requires_grad] or tensors
    if not marked:
        raise OptionError("there is no tensor of floating point among the inputs")
    base = [a.detach().double().clone() if _is_real(a) else a for a in inputs]

    def outputs(args: Sequence[Any]) -> list[Any]:
        found = call(*args)
        return [o for o in _several(found) if _is_real(o)]

    def fresh() -> list[Any]:
        args = list(base)
        for i in marked:
            args[i] = base[i].clone().requires_grad_()
        return args

    args = fresh()
    made = outputs(args)
    if not any(o.requires_grad for o in made):
        says = f"{name}: no output requires a gradient, so backward is never called"
        return CheckReport(FAIL, (), None, says)
    weights = [torch.from_numpy(rng.standard_normal(tuple(o.shape))) for o in made]

    def gradient(times: float) -> list[Array]:
        mine = fresh()
        pairs = zip(weights, outputs(mine), strict=True)
        total = sum((times * w * o).sum() for w, o in pairs)
        wrt = [mine[i] for i in marked]
        found = torch.autograd.grad(total, wrt, allow_unused=True)
        return [
            np.zeros(tuple(w.shape)) if g is None else g.detach().numpy()
            for g, w in zip(found, wrt, strict=True)
        ]

    def value(i: int) -> Callable[[NDArray[Any]], float]:
        def f(at: NDArray[Any]) -> float:
            args = [a.clone() if _is_real(a) else a for a in base]
            args[i] = torch.from_numpy(np.array(at))
            with torch.no_grad():
                pairs = zip(weights, outputs(args), strict=True)
                return float(sum((w * o).sum() for w, o in pairs))

        return f

    gradients = gradient(1.0)
    upstream = _upstream(gradients, gradient(2.0))
    reports = [
        _torch_input(name, f"input {i}", value(i), base[i].numpy(), g, rng)
        for i, g in zip(marked, gradients, strict=True)
    ]
    return _joined(name, reports, upstream)


def _is_real(value: Any) -> bool:
    return bool(getattr(getattr(value, "dtype", None), "is_floating_point", False))


def _several(found: Any) -> Sequence[Any]:
    return found if isinstance(found, tuple | list) else [found]


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


def _torch_input(
    name: str,
    label: str,
    f: Callable[[NDArray[Any]], float],
    at: Array,
    gradient: Array,
    rng: np.random.Generator,
) -> CheckReport:
    chosen = np.arange(at.size)
    if at.size > LARGE:
        chosen = np.sort(rng.choice(at.size, LARGE, replace=False))
    found, precision = _slopes(f, at, chosen)
    claimed = gradient.reshape(-1)[chosen]
    rows = _rows(name, at, chosen.tolist(), claimed, found, precision, label)
    report = _report(f"{name}, {label}", rows, at, claimed, found)
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
