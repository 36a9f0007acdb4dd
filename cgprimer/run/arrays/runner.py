"""The loss of a problem of arrays by numpy: values, gradients, Jacobians, epochs.

    ArrayProblem ─▶ ArrayRunner, a Runner: parameters (p,) ─▶ loss, gradient (p,), …

Gradients come summed over the samples of a batch, one product of matrices for each
layer. Parameters are moved where they lie.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from cgprimer.keeping import lazy
from cgprimer.run.arrays.kernel import ArrayKernel
from cgprimer.run.arrays.model import NUMBERS, ArrayModel, joined, totals
from cgprimer.run.problem import Steps, check_order
from cgprimer.run.update_rule import UpdateRule
from cgprimer.types import Array, Integers

FEWEST = 16  # samples of a block
PLAIN = "p - rate*g"


class ArrayRunner(ArrayModel):
    """Kernels of numpy over batches of samples; a Runner."""

    @lazy
    def step(self) -> ArrayKernel:
        """The loss and its gradient, summed over samples."""
        derived = self.loss.gradient
        return self.kernel(derived, (self.loss.loss, *derived.outputs))

    def sums(self, values: dict[str, Any]) -> list[Any]:
        """The mean loss over some samples, and its gradient."""
        names = self.loss.loss, *self.loss.gradient.outputs
        samples = self.problem.samples and round(1 / values[self.loss.share])
        return totals(self.step, names, values, samples)

    @lazy
    def data(self) -> dict[str, Array]:
        """The names of arrays whose samples are chosen, by the names of the kernel."""
        problem, loss = self.problem, self.loss
        made = {name: problem.given[name] for name in problem.sampled}
        made |= {loss.met[t]: array for t, array in problem.met.items()}
        for target, array in (problem.deviations or {}).items():
            made[loss.deviations[target]] = array
        if problem.weights is not None:
            made[loss.weight] = problem.weights
        return made

    def at(self, rows: slice | Integers | None) -> dict[str, Any]:
        """The data of some samples, or of all, and their share of the mean."""
        problem, data = self.problem, self.data
        given: dict[str, Any] = {**problem.given, **data}
        if problem.samples is None or rows is None:
            return given | {self.loss.share: np.float64(1.0 / problem.count)}
        part = {name: array[rows] for name, array in data.items()}
        length = len(part[next(iter(self.loss.met.values()))])
        return given | part | {self.loss.share: np.float64(1.0 / length)}

    def _blocks(self, rows: Integers | None) -> Iterator[slice | Integers | None]:
        if self.problem.samples is None:
            yield None
            return
        count = self.problem.count if rows is None else len(rows)
        block = max(FEWEST, NUMBERS // (1 + self.problem.numbers))
        if rows is None and count <= block:
            yield None
            return
        for first in range(0, count, block):
            span = slice(first, min(first + block, count))
            yield span if rows is None else rows[span]

    def predictions(self, params: Array) -> Array:
        """The targets, or what the loss sees of them, (targets, n)."""
        blocks = [
            ArrayModel(self.problem if b is None else self.problem.take(b))
            for b in self._blocks(None)
        ]
        found = [block.predictions(params) for block in blocks]
        return found[0] if len(found) == 1 else np.concatenate(found, axis=1)

    def value(self, params: Array) -> float:
        """The mean loss over all samples."""
        problem, own, loss = self.problem, self.problem.entries.split(params), 0.0
        kernel = self.kernel(self.loss.graph, (self.loss.loss,))
        with np.errstate(all="ignore"):
            for block in self._blocks(None):
                given = self.at(block)
                part = 1.0 / given[self.loss.share] / problem.count
                samples = problem.samples and round(1 / given[self.loss.share])
                [value] = totals(kernel, (self.loss.loss,), own | given, samples)
                loss += part * float(value)
        return loss

    def value_and_gradient(
        self, params: Array, rows: Integers | None = None
    ) -> tuple[float, Array]:
        """The mean loss and its gradient (p,), over the samples in `rows` or all."""
        problem = self.problem
        count = problem.count if rows is None else len(rows)
        loss, gradient = 0.0, np.zeros(len(params))
        own = problem.entries.split(params)
        with np.errstate(all="ignore"):
            for block in self._blocks(rows):
                given = self.at(block)
                part = 1.0 / given[self.loss.share] / count
                value, *slopes = self.sums(own | given)
                loss += part * float(value)
                gradient += part * joined(problem, slopes)
        return loss, gradient

    def jacobian(self, params: Array, target: int, rows: slice) -> Array:  # type: ignore[override]
        """d prediction / d parameters for one target, (samples in `rows`, p)."""
        if self.problem.samples is None:
            return self.target_jacobian(params, target, rows)
        return ArrayModel(self.problem.take(rows)).target_jacobian(params, target)

    def epoch(self, state: Array, steps: Steps) -> Array:
        """Step through an order in batches; the mean loss of every batch (steps,)."""
        problem, (rule, _, order, batch) = self.problem, steps
        check_order(order, problem.count)
        losses, settings = np.empty(steps.batches), steps.each_settings()
        own = problem.entries.split(state[0])
        move = mover(rule, state, problem.entries.spans)
        with np.errstate(all="ignore"):
            for number, first in enumerate(range(0, len(order), batch)):
                given = self.at(span_of(order[first : first + batch]))
                losses[number], *slopes = self.sums(own | given)
                move(slopes, settings[number])
        return losses


def span_of(rows: Integers) -> slice | Integers:
    """Samples that lie side by side are looked at where they are."""
    first, count = int(rows[0]), len(rows)
    if rows[-1] - first == count - 1 and (np.diff(rows) == 1).all():
        return slice(first, first + count)
    return rows


def mover(
    rule: UpdateRule, state: Array, spans: dict[str, slice]
) -> Callable[[Sequence[Array], Array], None]:
    """A step of a rule: slopes by each array, settings ─▶ `state`, changed in place."""
    parts = [state[:, span] for span in spans.values()]
    if rule.move == PLAIN:
        from scipy.linalg.blas import daxpy

        def plain(slopes: Sequence[Array], settings: Array) -> None:
            for slope, part in zip(slopes, parts, strict=True):
                # One pass, without an array in between.
                daxpy(np.ravel(slope), part[0], a=-settings[0])

        return plain
    row = {"p": 0} | {text: k for k, (text, _) in enumerate(rule.memory, 1)}

    def move(slopes: Sequence[Array], settings: Array) -> None:
        flat = np.concatenate([np.ravel(slope) for slope in slopes])
        for text, kernel in rule.kernels:
            [state[row[text]]] = kernel(*settings, flat, *state)

    return move
