"""Fit the parameters of a graph to data, or minimise an output of it."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from cgprimer import takes
from cgprimer.data.dataset import Dataset, Seed
from cgprimer.errors import DataError, FitError, listing
from cgprimer.fitting.advice import Ending
from cgprimer.fitting.arguments import (
    Data,
    Method,
    array_start,
    check_counts,
    check_descent,
    check_kinds,
    data_of,
    loss_of,
    start_of,
)
from cgprimer.fitting.conclusion import (
    Attempt,
    assemble,
    remarks_on_custom,
    remarks_on_loss,
)
from cgprimer.fitting.least_squares import LeastSquares, least_squares
from cgprimer.fitting.loop import Passes, descend
from cgprimer.fitting.objective import in_units, objective_of
from cgprimer.fitting.optimisers import SGD, Adam
from cgprimer.fitting.outcome import sentences_of
from cgprimer.fitting.result import FitResult
from cgprimer.fitting.trail import Trail
from cgprimer.graph.array_point import ArrayPoint
from cgprimer.graph.graph import Graph
from cgprimer.graph.names import by_plain_name
from cgprimer.interrupts import contained
from cgprimer.run.arrays.entries import Entries
from cgprimer.run.arrays.one_thread import one_thread
from cgprimer.run.arrays.output import ArrayOutput
from cgprimer.run.arrays.pose import entries_of
from cgprimer.run.arrays.program import ArrayObjective
from cgprimer.run.by_numpy import stepwise
from cgprimer.run.llvm import jit
from cgprimer.run.losses import Loss
from cgprimer.run.objective import Objective
from cgprimer.run.problem import Steps
from cgprimer.types import Array, Integers

DEFAULT_SEED = 0
# Who presses Ctrl-C waits no longer than that for an answer.
BRIEF = 2e7  # operations, about 0.1 s, that an interrupted fit is looked at


@contained
def fit(
    graph: Graph,
    data: Dataset | Mapping[str, ArrayLike],
    method: Method = Adam(rate=1e-2),  # noqa: B008  (frozen settings)
    *,
    loss: str | Loss = "mse",
    start: Mapping[str, ArrayLike] | None = None,
    epochs: int = 100,
    batch: int | None = 64,
    weighted: bool | None = None,
    rng: Seed = None,
    progress: bool = True,
    identify: bool | None = None,
) -> FitResult:
    """Fit the parameters of `graph` so that its targets meet `data`.

    data : a Dataset, or a dict name → array; of this the names that equations define
        are targets. Of names with axes (n, *dims); where the graph writes its samples
        out (`xx: batch x 784`) all data are one sample, and one step takes them all.
    method : SGD, Adam, or LeastSquares (exact Jacobian, standard errors).
    loss : "mse", "mae", "huber", "cross-entropy", "softmax-cross-entropy" (a target
        for every class), or a Loss; the mean over samples of the sum over targets and
        all their entries. Or the name of an output that is itself the loss of a sample.
        Cross-entropies take logits: a target written as sigmoid(…), or targets
        written as exp(z)/Σ exp(z), are taken before it.
    start : first values by name; those left out are drawn uniformly from (0, 1). Of an
        array an array, one number for all entries, or entries by name: "W[0,3]".
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
    if not isinstance(method, LeastSquares):
        check_descent(method, "SGD, Adam or LeastSquares")
    check_kinds(graph, data)
    takes.flag(weighted=weighted, progress=progress, identify=identify)
    random = takes.generator(DEFAULT_SEED if rng is None else rng, DataError)
    columns, kind = loss_of(graph, data_of(graph, data), loss)
    if not isinstance(method, LeastSquares):
        check_counts(epochs=epochs, batch=batch)
        epochs, batch = int(epochs), batch and int(batch)
    names, first = _start(graph, columns, start, random)
    trail = Trail(first, first)
    attempt = Attempt(graph, columns, kind, method, trail, identify, names)
    passes = Passes(epochs, batch, random, progress)
    with nullcontext() if graph.sizing is None else one_thread():
        return _run(attempt, passes, weighted)


def _start(
    graph: Graph,
    data: Data,
    start: Mapping[str, ArrayLike] | None,
    random: np.random.Generator,
) -> tuple[Sequence[str], Array]:
    """Names of what is fitted, and first values (p,)."""
    if graph.sizing is None:
        return graph.parameters, start_of(graph.parameters, start, random)
    entries = entries_of(graph, {**data.inputs, **data.targets})
    return entries, array_start(entries, start, random)


def _run(attempt: Attempt, passes: Passes, weighted: bool | None) -> FitResult:
    """The result of a fit, also of one that Ctrl-C ends."""
    conclude, method, trail = attempt.result, attempt.method, attempt.trail
    # A fit that is interrupted before there is an objective has parameters to show.
    objective = None
    try:
        objective = _objective(attempt, weighted)
        if passes.progress and not jit.available():
            _advise()
        if isinstance(method, LeastSquares):
            least_squares(objective, method, trail, passes.progress)
        else:
            whole = isinstance(objective, ArrayObjective) and objective.whole
            each = replace(passes, batch=None) if whole else passes
            descend(objective, method, trail, each)
        return conclude(objective, np.inf)
    # The best so far is known; what is said of it may take BRIEF, and after a second
    # Ctrl-C nothing.
    except KeyboardInterrupt:
        trail.status = "interrupted"
    try:
        return conclude(objective, BRIEF)
    except KeyboardInterrupt:  # again
        return conclude(objective, 0.0)


def _objective(attempt: Attempt, weighted: bool | None) -> Objective:
    """What the method makes small: weighted if asked, by default for LeastSquares."""
    kind, sigma = attempt.loss, attempt.data.sigma
    exact = isinstance(attempt.method, LeastSquares)
    if weighted and sigma is None:
        raise FitError(
            "weighted=True needs the sigma of the data\n"
            "  hint: write Dataset(inputs, targets, sigma)"
        )
    weigh = exact if weighted is None else weighted
    # Losses divided by σ² would make a rate that suits the data too great or too small.
    if weigh and sigma is not None and not exact and not kind.from_logits:
        kind = in_units(kind, sigma)
    return objective_of(attempt.graph, attempt.data, kind, weighted=weigh)


@functools.cache
def _advise() -> None:
    """One line, once, on how to be faster."""
    print(f"cgprimer runs this fit with numpy: {jit.obstacle()}", file=sys.stderr)


@contained
def minimize(
    graph: Graph,
    output: str,
    method: Adam | SGD = Adam(rate=1e-2),  # noqa: B008  (frozen settings)
    *,
    start: Mapping[str, ArrayLike],
    steps: int = 1000,
    progress: bool = True,
) -> FitResult:
    """Minimise `output` over the parameters and inputs of `graph`, without data.

    start : a first value for every input and parameter, an array of one with axes.
        Ends as `fit` does.
    """
    check_descent(method, "SGD or Adam")
    takes.kind(Graph, graph=graph)
    takes.kind(Mapping, start=start)
    takes.flag(progress=progress)
    [output] = graph.checked_outputs([output])
    check_counts(steps=steps)
    names = (*graph.inputs, *graph.parameters)
    start = by_plain_name(start, FitError)
    if missing := [name for name in names if name not in start]:
        raise FitError(f"start lacks a value for {listing(missing)}")
    every, first = _full_start(graph, names, start)
    trail = Trail(first, first, unit="step")
    objective: _Output | ArrayOutput | None = None

    def conclude() -> FitResult:
        # Inputs are minimised over as well, so that a backward by them is in use.
        asked = {}
        if isinstance(objective, _Output):
            asked = objective.program.asked_by_inputs
        words = sentences_of(trail.status, Ending(trail, every, exact=False), None)
        words += [*remarks_on_loss(trail), *remarks_on_custom(asked)]
        return assemble(every, method, trail, words, loss_name=output)

    try:
        if isinstance(every, Entries):
            objective = ArrayOutput(graph, output, every)
        else:
            objective = _Output(graph, output)
        # There is one sample, so that nothing is drawn; `descend` takes a generator.
        passes = Passes(int(steps), None, np.random.default_rng(0), progress)
        descend(objective, method, trail, passes)
        return conclude()
    except KeyboardInterrupt:
        trail.status = "interrupted"
    return conclude()


def _full_start(
    graph: Graph, names: Sequence[str], start: Mapping[str, ArrayLike]
) -> tuple[Sequence[str], Array]:
    """Names of what `minimize` moves, and their first values (p,), all given."""
    random = np.random.default_rng(0)
    if graph.sizing is None:
        return names, start_of(names, start, random)
    point = ArrayPoint.of(graph, start)
    if point.sampled:
        raise FitError(
            f"{listing(sorted(point.sampled))} has samples: minimize takes one point"
        )
    entries = Entries({name: point.values[name].shape for name in names})
    return entries, array_start(entries, start, random)


class _Output:
    """One output as a function of everything it depends on."""

    nonnegative = False

    def __init__(self, graph: Graph, output: str) -> None:
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
        self, params: Array, rows: Integers | None = None
    ) -> tuple[float, Array]:
        values = self._values(params)
        adjoints, shares = self.program.backward(
            values, params[self.cut :, None], {self.row: np.ones(1)}
        )
        gradient = np.concatenate([adjoints[self.program.inputs, 0], shares[:, 0]])
        return float(values[self.row, 0]), gradient

    def epoch(self, state: Array, steps: Steps) -> Array:
        return stepwise(self.value_and_gradient, state, steps)

    def parts(self, order: Integers, batch: int) -> Iterator[Integers]:
        yield order
