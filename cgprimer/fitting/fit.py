"""Fit the parameters of a graph to data, or minimise an output of it."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cgprimer import takes
from cgprimer.data.dataset import Dataset, Seed, generator, is_count
from cgprimer.errors import FitError, listing, suggest
from cgprimer.expr.ops import Op
from cgprimer.fitting.baseline import Baseline, beside_constants, plain_loss
from cgprimer.fitting.descent import SGD, Adam, Descent
from cgprimer.fitting.determined import determined, price
from cgprimer.fitting.downhill import is_endless, run_off
from cgprimer.fitting.findings import findings
from cgprimer.fitting.identify import Identification
from cgprimer.fitting.least_squares import LeastSquares, least_squares
from cgprimer.fitting.loop import Trail, descend
from cgprimer.fitting.objective import in_units, objective_of, varies
from cgprimer.fitting.outcome import said, status_of
from cgprimer.fitting.result import FitResult
from cgprimer.fitting.sampled import Sampled
from cgprimer.graph.graph import Graph
from cgprimer.graph.names import in_no_equation
from cgprimer.graph.point import as_array
from cgprimer.interrupts import contained
from cgprimer.notation.report import printable
from cgprimer.run.by_numpy import stepwise
from cgprimer.run.llvm import jit
from cgprimer.run.losses import Loss, find_loss
from cgprimer.run.objective import Objective
from cgprimer.run.problem import Steps
from cgprimer.types import Array

Method = Adam | SGD | LeastSquares
DEFAULT_SEED = 0
MOST_ENTRIES = 10**8  # of a Jacobian, beyond which the rank is not computed
# Who presses Ctrl-C waits no longer than that for an answer.
BRIEF = 2e7  # operations, about 0.1 s, that an interrupted fit is looked at
SEPARABLE = 0.99  # R² from which squares may fall to zero without end, as logits do
PASSES = 20  # over the samples, that a comparison with constants takes


@contained
def fit(
    graph: Graph,
    data: Dataset,
    method: Method = Adam(rate=1e-2),  # noqa: B008  (frozen settings)
    *,
    loss: str | Loss = "mse",
    start: Mapping[str, float] | None = None,
    epochs: int = 100,
    batch: int | None = 64,
    weighted: bool | None = None,
    rng: Seed = None,
    progress: bool = True,
    identify: bool | None = None,
) -> FitResult:
    """Fit the parameters of `graph` so that its targets meet `data`.

    method : SGD, Adam, or LeastSquares (exact Jacobian, standard errors).
    loss : "mse", "mae", "huber", "cross-entropy", "softmax-cross-entropy" (a target
        for every class), or a Loss; the mean over samples of the sum over targets.
        Cross-entropies take logits: a target written as sigmoid(…), or targets
        written as exp(z)/Σ exp(z), are taken before it.
    start : first values by name; those left out are drawn uniformly from (0, 1).
    epochs, batch : passes over the data and samples per step (None: all at once);
        LeastSquares always uses all and has a limit of its own.
    weighted : whether samples weigh 1/σ², with the sigma of the data; by default in
        LeastSquares only. Losses are reported in the units of the data either way.
    rng : seed or numpy Generator, for the start and the order of samples; by default
        seed 0, so that the same call gives the same answer.
    progress : whether to show a bar on standard error.
    identify : whether to find out which parameters the data determine. None: where
        that costs no more than about a second, and always for LeastSquares, whose
        standard errors need it; beyond, only what the equations show is said. True:
        at any price. False: never, and without standard errors.

    A fit that is no better than the best constant ends as `trivial`, without standard
    errors. Ctrl-C ends the fit and returns the best so far. Raises FitError where it
    cannot begin: names that do not fit, a loss that is not finite at the start.
    """
    began = time.perf_counter()
    if not isinstance(method, LeastSquares):
        _check_descent(method, "SGD, Adam or LeastSquares")
    _check_kinds(graph, data)
    takes.flag(weighted=weighted, progress=progress, identify=identify)
    random = generator(DEFAULT_SEED if rng is None else rng)
    kind = find_loss(loss)
    if not isinstance(method, LeastSquares):
        _check_counts(epochs=epochs, batch=batch)
        epochs, batch = int(epochs), batch and int(batch)
    # Before the objective is made: a fit that is interrupted there has parameters to
    # show.
    first = _start(graph, start, random)
    trail, objective = Trail(first, first), None
    ended = functools.partial(_ended, graph, data, kind, method, trail, identify, began)
    try:
        objective = _objective(graph, data, kind, method, weighted)
        if progress and not jit.available():
            _advise()
        if isinstance(method, LeastSquares):
            least_squares(objective, method, trail, progress)
        else:
            descend(objective, method, trail, epochs, batch, random, progress)
        return ended(objective, np.inf)
    # The best so far is known; what is said of it may take BRIEF, and after a second
    # Ctrl-C nothing.
    except KeyboardInterrupt:
        trail.status = "interrupted"
    try:
        return ended(objective, BRIEF)
    except KeyboardInterrupt:  # again
        return ended(objective, 0.0)


def _objective(
    graph: Graph, data: Dataset, kind: Loss, method: Method, weighted: bool | None
) -> Objective:
    """What the method makes small: weighted if asked, by default for LeastSquares."""
    exact = isinstance(method, LeastSquares)
    if weighted and data.sigma is None:
        raise FitError(
            "weighted=True needs the sigma of the data\n"
            "  hint: write Dataset(inputs, targets, sigma)"
        )
    weigh = exact if weighted is None else weighted
    # Losses divided by σ² would make a rate that suits the data too great or too small.
    if weigh and data.sigma is not None and not exact and not kind.from_logits:
        kind = in_units(kind, data.sigma)
    return objective_of(graph, data, kind, weighted=weigh)


@functools.cache
def _advise() -> None:
    """One line, once, on how to be faster."""
    print(f"cgprimer runs this fit with numpy: {jit.missing()}", file=sys.stderr)


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


@contained
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
    takes.kind(Graph, graph=graph)
    takes.kind(Mapping, start=start)
    takes.flag(progress=progress)
    graph.checked_outputs([output])
    _check_counts(steps=steps)
    steps = int(steps)
    names = (*graph.inputs, *graph.parameters)
    if missing := [name for name in names if name not in start]:
        raise FitError(f"start lacks a value for {listing(missing)}")
    first = _start(graph, start, np.random.default_rng(0), names)
    trail = Trail(first, first, unit="step")
    objective: _Output | None = None

    def ended() -> FitResult:
        # Inputs are minimised over as well, so that a backward by them is in use.
        asked = objective.program.asked_by_inputs if objective else {}
        declared = _custom(asked)
        words = said(trail.status, trail, None, names, method.label)
        message = ". ".join([*words, *_without_loss(trail), *declared]) + "."
        seconds = time.perf_counter() - began
        return _assembled(names, method, trail, message, seconds, loss_name=output)

    try:
        objective = _Output(graph, output, names)
        # There is one sample, so that nothing is drawn; `descend` takes a generator.
        rng = np.random.default_rng(0)
        descend(objective, method, trail, steps, None, rng, progress)
        return ended()
    except KeyboardInterrupt:
        trail.status = "interrupted"
    return ended()


class _Output:
    """One output as a function of everything it depends on."""

    nonnegative = False

    def __init__(self, graph: Graph, output: str, names: tuple[str, ...]) -> None:
        self.graph, self.output, self.names = graph, output, names
        self.program = graph.program([output])
        self.row = graph.variable_number[output]
        self.cut = graph.table.input_rows.size

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
        gradient = np.concatenate([adjoints[self.program.inputs, 0], shares[:, 0]])
        return float(values[self.row, 0]), gradient

    def epoch(self, state: Array, steps: Steps) -> Array:
        return stepwise(self, state, steps)

    def parts(
        self, order: NDArray[np.int64], batch: int
    ) -> Iterator[NDArray[np.int64]]:
        yield order


def _check_descent(method: object, known: str) -> None:
    if isinstance(method, type) or not hasattr(method, "rule"):
        raise FitError(f"method is a value of {known}, not {takes.shown(method)}")


def _check_counts(**counts: int | None) -> None:
    for name, value in counts.items():
        if not is_count(value) and (value is not None or name != "batch"):
            said = takes.shown(value)
            raise FitError(f"{name} is a whole number from 1, not {said}")


_UNNEEDED = "nothing that is fitted depends on it"


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
        hint = suggest(unknown[0], names) or f"the parameters are {listing(names)}"
        raise FitError(
            f"start names {listing(unknown)}, which is unknown\n  hint: {hint}"
        )
    # Drawn for all, also for those given: a start for one name leaves the others' as
    # they are.
    first = rng.uniform(0.0, 1.0, len(names))
    for i, name in enumerate(names):
        if name in given:
            value = as_array(name, given[name])
            if value.ndim or not np.isfinite(value):
                raise FitError(f"the start of {name!r} is one finite number")
            first[i] = value
    return first


def _identified(
    objective: Objective, method: Method, trail: Trail, identify: bool | None
) -> Identification | None:
    """Rank and null directions at the best point, where they can be had in time."""
    squares, params = isinstance(method, LeastSquares), trail.best
    entries = objective.targets.size * len(params)
    # The decomposition comes on top of the Jacobian that the method has made: its limit
    # is lower than that of the method.
    too_much = squares and entries > MOST_ENTRIES and not identify
    if identify is False or too_much or _declared(objective):
        return None
    try:
        with np.errstate(all="ignore"):
            wanted = bool(identify) or squares
            return determined(objective, params, wanted, trail.origin)
    except (np.linalg.LinAlgError, ValueError):
        return None


def _declared(objective: Objective) -> bool:
    """Whether the gradient is on purpose no derivative, so that no rank follows."""
    asked = objective.problem.sweeps.asked.items()
    return any(use and op.contract != "exact" for op, use in asked)


def _notes(graph: Graph, data: Dataset, objective: Objective) -> list[str]:
    """What of the data and of the graph had no part in the fit, in sentences."""
    notes = []
    if graph.unused:
        notes.append(in_no_equation(graph.unused))
    if data.ignored:
        many = len(data.ignored) > 1
        columns = f"The column{'s' * many} {listing(data.ignored)} of the data"
        notes.append(f"{columns} {'were' if many else 'was'} not used")
    if data.sigma is not None and objective.sigma is None and varies(data.sigma):
        notes.append("All samples weigh the same; weighted=True weighs them by sigma")
    return notes


def _custom(asked: Mapping[Op, bool | None]) -> list[str]:
    """What to know of a gradient that is no derivative, and of unused backwards."""
    declared = {op: op.contract for op, use in asked.items() if use}
    sentences = [
        f"The gradient through {op.name} is a declared {contract}, no derivative"
        for op, contract in declared.items()
        if contract != "exact"
    ]
    for use, why in ((False, "no parameter lies before it"), (None, _UNNEEDED)):
        idle = [op.name for op, u in asked.items() if op.pullback and u is use]
        if idle:
            told = f"The backward of {listing(idle)} was never asked for: {why}"
            sentences.append(told)
    return sentences


def _ended(
    graph: Graph,
    data: Dataset,
    loss: Loss,
    method: Method,
    trail: Trail,
    identify: bool | None,
    began: float,
    objective: Objective | None,
    most: float,
) -> FitResult:
    """The result, with what takes no more than `most` operations to find out."""
    asked, targets, known = identify is not False, [*data.targets], None
    # Interrupted before there was an objective, or with so many data that a look at
    # them would take too long.
    if objective is None or (objective.problem.operations + PASSES) * len(data) > most:
        return _unexamined(graph, loss, method, trail, objective, began)
    if trail.status == "interrupted":
        _at_last(objective, trail)
    if price(objective) <= most:
        known = _identified(objective, method, trail, identify)
    # Without a rank every parameter counts: a gain must be the larger.
    rank = (known and known.rank) or len(objective.names)
    with np.errstate(all="ignore"):
        baseline = beside_constants(objective, targets, loss, trail.best, rank)
    _look_beyond(objective, loss, trail, baseline)
    status = status_of(trail, baseline, not isinstance(method, LeastSquares))
    # Zero slopes far out are no minimum.
    if status == "converged" and (trail.gone or trail.endless):
        status = "stalled"
    sentences = said(status, trail, baseline, objective.names, method.label)
    sentences += _custom(objective.problem.sweeps.asked)
    sentences += _notes(graph, data, objective)
    known_now, extra = findings(objective, method, status, trail.best, known, asked)
    at_end = trail.loss
    if objective.sigma is not None:
        at_end = plain_loss(objective, loss, trail.best)
    message = ". ".join([*sentences, *known_now]) + "."
    extra |= {
        "r_squared": baseline.r_squared,
        "loss_name": f"{loss.name} over all data",
    }
    seconds = time.perf_counter() - began
    trail = replace(trail, status=status, loss=at_end)
    return _assembled(objective.names, method, trail, message, seconds, **extra)


def _look_beyond(
    objective: Objective, loss: Loss, trail: Trail, baseline: Baseline
) -> None:
    """Whether the loss has a minimum this way at all; without one none was reached."""
    if trail.status not in ("max_steps", "stalled", "converged"):
        return
    trail.gone = run_off(Sampled(objective).predictions, trail.origin, trail.best)
    if loss.from_logits or min(baseline.r_squared.values()) > SEPARABLE:
        trail.endless = is_endless(
            lambda params: plain_loss(objective, loss, params), trail.best
        )


def _at_last(objective: Objective, trail: Trail) -> None:
    """Look at where an interrupted descent stands: it may be better than the best."""
    reached = trail.best if trail.state is None else trail.state[0].copy()
    with np.errstate(all="ignore"):
        # Interrupted within the first epoch, not even the start has a loss yet.
        for params in (trail.best,) * bool(np.isnan(trail.loss)) + (reached,):
            trail.keep(params, objective.value(params))


def _unexamined(
    graph: Graph,
    loss: Loss,
    method: Method,
    trail: Trail,
    objective: Objective | None,
    began: float,
) -> FitResult:
    """The best so far, and what was not computed of it."""
    if objective is not None and objective.sigma is not None:
        # A loss in other units than the data's would be read as one in theirs.
        trail = replace(trail, loss=np.nan)  # it is in units of sigma
    words = [*said("interrupted", trail, None, graph.parameters, method.label)]
    words += [*_without_loss(trail), "R² was not computed"]
    message = ". ".join([*words, "Which parameters are determined was not computed."])
    return _assembled(
        graph.parameters,
        method,
        trail,
        message,
        time.perf_counter() - began,
        loss_name=f"{loss.name} over all data",
        without_errors="interrupted",
    )


def _without_loss(trail: Trail) -> list[str]:
    """That the loss is missing, if it is, and what that means."""
    if not np.isnan(trail.loss):
        return []
    same = " and nothing better than the start is known" * (trail.best is trail.params)
    return [f"Their loss was not computed{same}"]


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
        printable(message),
        method.label,
        len(trail.losses),
        trail.epochs,
        trail.evaluations,
        seconds,
        epoch_losses=np.array([loss for loss, *_ in trail.marks]),
        epoch_counts=np.array([counts for _, *counts in trail.marks]),
        **extra,
    )
