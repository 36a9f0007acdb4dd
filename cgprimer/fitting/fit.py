"""Fit the parameters of a graph to data, or minimise an output of it."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cgprimer.data.dataset import Dataset, Seed, generator, is_count
from cgprimer.engine import jit
from cgprimer.engine.by_numpy import stepwise
from cgprimer.engine.losses import Loss, find_loss
from cgprimer.engine.rules import Rule
from cgprimer.errors import FitError, listing, suggest
from cgprimer.expr.ops import Op
from cgprimer.fitting.descent import SGD, Adam, Descent
from cgprimer.fitting.identify import MOST, Identification, identify, triangle
from cgprimer.fitting.least_squares import LeastSquares, least_squares
from cgprimer.fitting.loop import Trail, descend
from cgprimer.fitting.objective import objective_of
from cgprimer.fitting.result import OUTCOMES, FitResult
from cgprimer.graph.graph import Graph
from cgprimer.graph.objective import Objective
from cgprimer.graph.point import as_array

Array = NDArray[np.float64]
Method = Adam | SGD | LeastSquares
MOST_ENTRIES = 10**8  # of a Jacobian, beyond which the rank is not computed


def fit(
    graph: Graph,
    data: Dataset,
    method: Method = Adam(rate=1e-2),  # noqa: B008  (frozen settings)
    *,
    loss: str | Loss = "mse",
    start: Mapping[str, float] | None = None,
    epochs: int = 100,
    batch: int | None = 64,
    rng: Seed = None,
    progress: bool = True,
) -> FitResult:
    """Fit the parameters of `graph` so that its targets meet `data`.

    method : SGD, Adam, or LeastSquares (exact Jacobian, standard errors).
    loss : "mse", "mae", "huber", "cross-entropy" (from logits), or a Loss; the mean
        over samples of the sum over targets.
    start : first values by name; those left out are drawn uniformly from (0, 1).
    epochs, batch : passes over the data and samples per step (None: all at once);
        LeastSquares always uses all and has a limit of its own.
    rng : seed or numpy Generator, for the start and the order of samples.
    progress : whether to show a bar on standard error.

    Ctrl-C ends the fit and returns the best so far. Raises FitError where it cannot
    begin: names that do not fit, a loss that is not finite at the start.
    """
    began = time.perf_counter()
    if not isinstance(method, LeastSquares):
        _check_descent(method, "SGD, Adam or LeastSquares")
    _check_kinds(graph, data)
    random = generator(rng)
    objective = objective_of(graph, data, find_loss(loss))
    first = _start(graph, start, random)
    if not isinstance(method, LeastSquares):
        _check_counts(epochs=epochs, batch=batch)
    if progress and not jit.available():
        _advise()
    if isinstance(method, LeastSquares):
        trail = least_squares(objective, method, first, progress)
    else:
        trail = descend(objective, method, first, epochs, batch, random, progress)
    known = _identified(objective, trail.best)
    return _result(objective, method, trail, known, time.perf_counter() - began)


@functools.cache
def _advise() -> None:
    """One line, once, on how to be faster."""
    print(f"cgprimer runs this fit with numpy: {jit.ADVICE}", file=sys.stderr)


def _check_kinds(graph: object, data: object) -> None:
    if not isinstance(graph, Graph):
        raise FitError(
            f"fit takes a Graph, see parse_graph, not {type(graph).__name__}"
        )
    if not isinstance(data, Dataset):
        raise FitError(
            f"fit takes a Dataset, not {type(data).__name__}\n"
            "  hint: write Dataset(inputs, targets), Dataset.from_csv or .from_frame"
        )


def minimize(
    graph: Graph,
    output: str,
    method: Adam | SGD = Adam(rate=1e-2),  # noqa: B008  (frozen settings)
    *,
    start: Mapping[str, float],
    steps: int = 1000,
    progress: bool = True,
) -> FitResult:
    """Minimise `output` over the parameters and inputs of `graph`, without data.

    start : a first value for every input and parameter. Ends as `fit` does.
    """
    began = time.perf_counter()
    _check_descent(method, "SGD or Adam")
    graph.checked_outputs([output])
    _check_counts(steps=steps)
    names = (*graph.inputs, *graph.parameters)
    objective = _Output(graph, output, names)
    if missing := [name for name in names if name not in start]:
        raise FitError(f"start lacks a value for {listing(missing)}")
    first = _start(graph, start, np.random.default_rng(0), names)
    trail = descend(
        objective, method, first, steps, None, np.random.default_rng(0), progress
    )
    declared = dict.fromkeys(objective.program.asked, True)
    message = ". ".join([OUTCOMES[trail.status], *_custom(declared)]) + "."
    return _assembled(names, method, trail, message, time.perf_counter() - began)


class _Output:
    """One output as a function of everything it depends on."""

    nonnegative = False

    def __init__(self, graph: Graph, output: str, names: tuple[str, ...]) -> None:
        self.graph, self.output, self.names = graph, output, names
        self.program = graph.program([output])
        self.row = graph.variable_number[output]
        self.cut = len(graph.inputs)
        self.inputs = [graph.variable_number[name] for name in graph.inputs]

    def __len__(self) -> int:
        return 1

    def _values(self, params: Array) -> Array:
        column = params[:, None]
        return self.program.forward(column[: self.cut], column[self.cut :])

    def value(self, params: Array) -> float:
        return float(self._values(params)[self.row, 0])

    def value_and_gradient(
        self, params: Array, rows: NDArray[np.int64] | None = None
    ) -> tuple[float, Array]:
        values = self._values(params)
        adjoints, shares = self.program.backward(
            values, params[self.cut :, None], {self.row: np.ones(1)}
        )
        gradient = np.concatenate([adjoints[self.inputs, 0], shares[:, 0]])
        return float(values[self.row, 0]), gradient

    def epoch(
        self,
        state: Array,
        rule: Rule,
        settings: Array,
        order: NDArray[np.int64],
        batch: int,
    ) -> Array:
        return stepwise(self, state, rule, settings, order, batch)


def _check_descent(method: object, known: str) -> None:
    if isinstance(method, type) or not hasattr(method, "rule"):
        raise FitError(f"method is a value of {known}, not {method!r}")


def _check_counts(**counts: int | None) -> None:
    for name, value in counts.items():
        if not is_count(value) and (value is not None or name == "epochs"):
            raise FitError(f"{name} is a whole number from 1, not {value!r}")


def _start(
    graph: Graph,
    start: Mapping[str, ArrayLike] | None,
    rng: np.random.Generator,
    names: tuple[str, ...] | None = None,
) -> Array:
    names = graph.parameters if names is None else names
    if not isinstance(start, Mapping | None):
        raise FitError(f"start is a dict name → value, not {type(start).__name__}")
    given, known = dict(start or {}), set(names)
    if unknown := [name for name in given if name not in known]:
        hint = suggest(str(unknown[0]), names) or f"the parameters are {listing(names)}"
        raise FitError(
            f"start names {listing(unknown)}, which is unknown\n  hint: {hint}"
        )
    first = rng.uniform(0.0, 1.0, len(names))
    for i, name in enumerate(names):
        if name in given:
            value = as_array(name, given[name])
            if value.ndim or not np.isfinite(value):
                raise FitError(f"the start of {name!r} is one finite number")
            first[i] = value
    return first


def _identified(objective: Objective, params: Array) -> Identification | None:
    """Rank and null directions at `params`, where they can be computed in time."""
    entries = objective.targets.size * len(params)
    if len(params) > MOST or entries > MOST_ENTRIES or _declared(objective):
        return None
    try:
        with np.errstate(all="ignore"):
            factor = triangle(objective.jacobian_blocks(params))
            return identify(factor, objective.names, objective.targets.size)
    except (np.linalg.LinAlgError, ValueError):
        return None


def _declared(objective: Objective) -> bool:
    """Whether the gradient is on purpose no derivative, so that no rank follows."""
    asked = objective.problem.sweeps.asked.items()
    return any(use and op.contract != "exact" for op, use in asked)


def _custom(asked: Mapping[Op, bool]) -> list[str]:
    """What to know of a gradient that is no derivative, and of unused backwards."""
    idle = [op.name for op, use in asked.items() if op.pullback and not use]
    declared = {op: op.contract for op, use in asked.items() if use}
    sentences = [
        f"The gradient through {op.name} is a declared {contract}, no derivative"
        for op, contract in declared.items()
        if contract != "exact"
    ]
    if idle:
        sentences.append(
            f"The backward of {listing(idle)} was never asked for: no parameter lies "
            "before it"
        )
    return sentences


def _result(
    objective: Objective,
    method: Method,
    trail: Trail,
    known: Identification | None,
    seconds: float,
) -> FitResult:
    sentences = [OUTCOMES[trail.status], *_custom(objective.problem.sweeps.asked)]
    if known is None:
        sentences.append("Which parameters are determined was not computed")
    elif known.sentence():
        sentences.append(known.sentence())
    extra: dict[str, Any] = {}
    if known is not None:
        extra = {
            "rank": known.rank,
            "undetermined": known.undetermined,
            "combinations": known.combinations,
            "null_space": known.null_space,
        }
        if isinstance(method, LeastSquares) and objective.loss.name == "mse":
            extra |= _errors(objective, trail, known)
    message = ". ".join(sentences) + "."
    return _assembled(objective.names, method, trail, message, seconds, **extra)


def _errors(
    objective: Objective, trail: Trail, known: Identification
) -> dict[str, Any]:
    """Spread of the parameters: s²(JᵀJ)⁻¹, or (JᵀWJ)⁻¹ where sigma is known."""
    dof = objective.targets.size - known.rank
    squares = trail.loss * len(objective)
    variance = 1.0 if objective.sigma is not None else squares / dof if dof else np.nan
    return {"spread": known.inverse * variance, "dof": dof}


def _assembled(
    names: tuple[str, ...],
    method: Method | Descent,
    trail: Trail,
    message: str,
    seconds: float,
    **extra: Any,
) -> FitResult:
    return FitResult(
        dict(zip(names, trail.best.tolist(), strict=True)),
        trail.loss,
        np.array(trail.losses),
        trail.status,
        message,
        method.label,
        len(trail.losses),
        trail.epochs,
        trail.evaluations,
        seconds,
        **extra,
    )
