"""The loss of a problem by numpy: always there; other ways are held against it.

    Problem ─▶ ByNumpy: parameters (p,) ─▶ loss, gradient, Jacobian, epochs

`run.program` takes it where there is no machine code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from cgprimer.run.problem import Problem, Steps, check_order
from cgprimer.types import Array, Integers

BLOCK = 8_192  # samples at a time: small enough for the cache, large enough for numpy


class ByNumpy:
    """Sweeps over blocks of samples; a Runner."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem

    def _blocks(self, rows: Integers | None) -> Iterator[slice | Integers]:
        count = self.problem.count if rows is None else len(rows)
        for first in range(0, count, BLOCK):
            span = slice(first, min(first + BLOCK, count))
            yield span if rows is None else rows[span]

    def _forward(self, params: Array, block: slice | Integers) -> Array:
        inputs = self.problem.inputs_at(block)
        values = self.problem.sweeps.forward(inputs, params[:, None])
        width = self.problem.targets[:, block].shape[1]
        if values.shape[1] != width:  # no inputs: the same values for every sample
            values = np.repeat(values, width, axis=1)
        return values

    def predictions(self, params: Array) -> Array:
        """The targets' variables (targets, n)."""
        blocks = [
            self._forward(params, block)[self.problem.rows]
            for block in self._blocks(None)
        ]
        return np.concatenate(blocks, axis=1)

    def value_and_gradient(
        self, params: Array, rows: Integers | None = None
    ) -> tuple[float, Array]:
        """The mean loss and its gradient (p,), over the samples in `rows` or all."""
        problem, loss = self.problem, self.problem.loss
        total, count, gradient = 0.0, 0, np.zeros(len(params))
        with np.errstate(all="ignore"):
            for block in self._blocks(rows):
                values = self._forward(params, block)
                weight, sigma = (
                    1.0 if each is None else each[..., block]
                    for each in (problem.weights, problem.sigma)
                )
                # The loss sees p/sigma, so its slope by p has one more 1/sigma.
                predicted = values[problem.rows] / sigma
                targets = problem.targets[:, block] / sigma
                total += float((loss.value(predicted, targets) * weight).sum())
                slopes = loss.slope(predicted, targets) / sigma * weight
                _, shares = problem.sweeps.backward(
                    values,
                    params[:, None],
                    dict(zip(problem.rows, slopes, strict=True)),
                    total=True,
                )
                gradient += shares[:, 0]
                count += predicted.shape[1]
        # Weights have mean one, so this is the weighted mean as well.
        return total / count, gradient / count

    def jacobian(self, params: Array, target: int, rows: slice) -> Array:
        """d prediction / d parameters for one target, (samples in `rows`, p)."""
        values = self._forward(params, rows)
        seed = {self.problem.rows[target]: np.ones(values.shape[1])}
        _, shares = self.problem.sweeps.backward(
            values, params[:, None], seed, inputs=False
        )
        return shares.T

    def epoch(self, state: Array, steps: Steps) -> Array:
        """Step through an order in batches; the mean loss of every batch (steps,)."""
        check_order(steps.order, self.problem.count)
        return stepwise(self.value_and_gradient, state, steps)


def stepwise(
    value_and_gradient: Callable[[Array, Integers], tuple[float, Array]],
    state: Array,
    steps: Steps,
) -> Array:
    """An epoch, a gradient (over the samples of a batch) and a step at a time."""
    rule, order, batch = steps.rule, steps.order, steps.batch
    losses, settings = np.empty(steps.batches), steps.each_settings()
    row = {"p": 0} | {text: k for k, (text, _) in enumerate(rule.memory, 1)}
    for number, first in enumerate(range(0, len(order), batch)):
        rows = order[first : first + batch]
        losses[number], gradient = value_and_gradient(state[0], rows)
        with np.errstate(all="ignore"):
            # In the rule's order, each value at once in its row: a memory is new when
            # the next one and the parameter are computed from it. Row 0 is the
            # parameters.
            for text, kernel in rule.kernels:
                [state[row[text]]] = kernel(*settings[number], gradient, *state)
    return losses
