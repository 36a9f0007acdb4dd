"""The loss of a graph on data as a function of its parameters, with derivatives.

    Problem, Runner ─▶ Objective: parameters (p,) ─▶ loss, gradient, residuals, …

`Program.objective` makes it, `fitting` makes it small.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from cgprimer import takes
from cgprimer.errors import FitError, counted
from cgprimer.graph.arrays import as_numbers, as_rows
from cgprimer.keeping import Frozen, lazy
from cgprimer.run.by_numpy import ByNumpy, stepwise
from cgprimer.run.llvm.calling import INT64, is_plain
from cgprimer.run.pace import Pace
from cgprimer.run.problem import Posed, Problem, Steps, check_order
from cgprimer.run.update_rule import UpdateRule
from cgprimer.types import Array, Integers

if TYPE_CHECKING:
    from cgprimer.graph.graph import Graph
    from cgprimer.run.problem import Runner


PLAIN = UpdateRule(("rate",), (), "p - rate*g")
BLOCK = 8_192  # samples of a Jacobian at a time
LONG = 5e7  # operations of a batch: 0.1 s of machine code, and some more of numpy


class Objective(Frozen):
    """The mean over samples of the sum over targets of a loss, and its derivatives.

    loss : of one prediction. targets : what is to be met, (targets, n). sigma : their
    standard deviations, (targets, n), where they are known.

    Parameters are arrays (p,) in the order of `graph.parameters`. The data are packed
    once. Where sigma is known, losses see predictions and targets divided by it. Of
    several threads each may call any method at any time.
    """

    def __init__(self, graph: Graph, problem: Posed, runner: Runner) -> None:
        self.graph, self.problem, self.runner = graph, problem, runner
        self.names, self.loss = problem.parameters, problem.loss
        self.targets, self.sigma = problem.targets, problem.sigma

    @property
    def nonnegative(self) -> bool:
        """Whether the loss cannot be below zero."""
        return not self.loss.is_output

    def __len__(self) -> int:
        return self.problem.count

    def __repr__(self) -> str:
        samples = counted(len(self), "sample")
        return f"Objective({self.loss.name} of {samples}, {self.graph!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Machine code is not kept: it is made anew, where llvmlite is installed there.
        assert isinstance(self.problem, Problem)
        target = "numpy" if isinstance(self.runner, ByNumpy) else "auto"
        kept = {field.name: getattr(self.problem, field.name) for field in PACKED}
        return restore, (self.graph, target, kept)

    def checked(self, params: ArrayLike) -> Array:
        """Parameters as float64 (p,); FitError for another shape."""
        given = as_numbers("params", params, FitError)
        if given.shape != (len(self.names),):
            raise FitError(
                f"params has shape {given.shape}; expected ({len(self.names)},), "
                "in the order of graph.parameters"
            )
        return given

    def value(self, params: ArrayLike, rows: Integers | None = None) -> float:
        """The loss, over the samples in `rows` or all."""
        return self.value_and_gradient(params, rows)[0]

    def value_and_gradient(
        self, params: ArrayLike, rows: Integers | None = None
    ) -> tuple[float, Array]:
        """The loss and its gradient (p,), over the samples in `rows` or all."""
        if rows is not None:
            rows = self._order(rows)
            check_order(rows, len(self))
            if not len(rows):
                raise FitError("rows names no sample")
            # All samples as they come: those are packed already, and are read where
            # they lie.
            if len(rows) == len(self) and np.array_equal(rows, np.arange(len(rows))):
                rows = None
        return self.runner.value_and_gradient(self.checked(params), rows)

    def predictions(self, params: ArrayLike) -> Array:
        """The targets' variables (targets, n): logits where the loss asks for them."""
        return self.runner.predictions(self.checked(params))

    def residuals(self, params: ArrayLike) -> Array:
        """(prediction - target)/sigma, (m,) with m = targets · samples, by target.

        With weights, times their square roots.
        """
        scale = self._scale
        with np.errstate(all="ignore"):
            differences = self.predictions(params) - self.problem.targets
            return (differences if scale is None else differences * scale).ravel()

    @lazy
    def _scale(self) -> Array | None:
        """What residuals are multiplied by, (targets, n)."""
        problem = self.problem
        if problem.sigma is None and problem.weights is None:
            return None
        scale = np.ones(problem.targets.shape)
        if problem.sigma is not None:
            scale /= problem.sigma
        return scale if problem.weights is None else scale * np.sqrt(problem.weights)

    def jacobian_blocks(self, params: ArrayLike) -> Iterator[Array]:
        """Rows of the residuals' Jacobian, (≤ block, p) at a time, samples in order."""
        given = self.checked(params)
        for target in range(len(self.problem.rows)):
            for first in range(0, len(self), BLOCK):
                rows = slice(first, min(first + BLOCK, len(self)))
                yield self.target_jacobian(given, target, rows)

    def target_jacobian(self, params: Array, target: int, rows: slice) -> Array:
        """Rows of the residuals' Jacobian that belong to one target, (rows, p)."""
        jacobian, scale = self.runner.jacobian(params, target, rows), self._scale
        # A residual is the prediction times its scale, less a constant.
        return jacobian if scale is None else jacobian * scale[target, rows, None]

    def jacobian(self, params: ArrayLike) -> Array:
        """d residuals / d parameters, (m, p), exact."""
        return np.concatenate(list(self.jacobian_blocks(params)))

    def sgd_epoch(
        self,
        params: ArrayLike,
        *,
        rate: float,
        batch: int = 1,
        order: ArrayLike | None = None,
    ) -> Array:
        """The parameters (p,) after one pass of stochastic gradient descent.

        rate : what the mean gradient of a batch is multiplied by.
        batch : samples per step; a last, smaller one is used too.
        order : numbers of the samples to visit; by default all, as they come.

        Raises FitError for numbers of samples that are not there.
        """
        if not takes.is_count(batch):
            raise FitError(f"batch is a whole number from 1, not {takes.quote(batch)}")
        takes.number(rate=rate)
        batch = min(int(batch), self.problem.count)
        # A row of parameters and no memories; a copy, as the caller's array must not
        # change.
        state = np.array(self.checked(params), ndmin=2)
        # Whoever runs the epoch looks at the numbers, so a plain order needs no check.
        visited: Any = order if is_plain(order, INT64) else self._order(order)
        settings = np.array([[float(rate)]])
        for part in self.parts(visited, batch):
            self.epoch(state, Steps(PLAIN, settings, part, batch))
        parameters: Array = state[0]
        return parameters

    def _order(self, order: ArrayLike | None) -> Integers:
        if order is None:
            return np.arange(len(self))
        return as_rows("order", order, len(self), FitError)

    def epoch(self, state: Array, steps: Steps) -> Array:
        """Step through an order, as a Runner does; the loss of every batch (steps,).

        A batch that takes long is summed in parts, so that Ctrl-C is heard.
        """
        # One call of machine code does a whole step at least, and hears no Ctrl-C
        # meanwhile.
        _, _, order, batch = steps
        if self.problem.operations * min(batch, len(order)) <= LONG:
            return self.runner.epoch(state, steps)
        check_order(order, len(self))
        return stepwise(self.value_and_gradient, state, steps)

    def parts(self, order: Integers, batch: int) -> Iterator[Integers]:
        """An epoch in whole batches, short enough for Ctrl-C to be heard between."""
        # In units of batches: the steps are the same however the epoch is cut.
        for low, high in self._pace.spans(0, len(order), batch):
            yield order if high - low == len(order) else order[low:high]

    @lazy
    def _pace(self) -> Pace:
        return Pace(self.problem.operations)


# Sweeps and code hold kernels and addresses, which belong to this process.
PACKED = [f for f in fields(Problem) if f.name not in ("sweeps", "built")]


def restore(graph: Graph, target: str, packed: dict[str, Any]) -> Objective:
    """The objective of which `packed` holds the data; its code is made anew."""
    program = graph.compile(target=target, threads=packed["threads"])  # type: ignore
    rows = graph.table.rows.names_of(packed["rows"])
    problem = Problem(graph.program(rows), built=program.built, **packed)
    return Objective(graph, problem, program.runner(problem))
