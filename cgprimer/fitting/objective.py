"""The loss of a graph on data as a function of its parameters, with derivatives."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cgprimer.data.dataset import Dataset
from cgprimer.errors import FitError, listing, suggest
from cgprimer.expr.ops import OPS
from cgprimer.expr.ops import name as name_node
from cgprimer.engine.losses import Loss
from cgprimer.graph.graph import Graph
from cgprimer.graph.rows import graph_of

Array = NDArray[np.float64]
BLOCK = 8_192  # samples at a time: small enough for the cache, large enough for numpy


class Objective:
    """`loss(parameters)`, its gradient, and residuals with their Jacobian.

    Parameters are arrays (p,) in the order of `graph.parameters`. The data are packed
    once. Where sigma is known, losses see predictions and targets divided by it.
    """

    nonnegative = True

    def __init__(self, graph: Graph, data: Dataset, loss: Loss) -> None:
        targets = _checked_targets(graph, data)
        self.names = graph.parameters
        self.loss = loss
        self.graph, rows = (
            _with_logits(graph, targets) if loss.from_logits else (graph, targets)
        )
        self.program = self.graph.program(rows)
        self.rows = [self.graph.variable_number[name] for name in rows]
        self.inputs = np.array([data.inputs[n] for n in self.graph.inputs]).reshape(
            len(self.graph.inputs), len(data)
        )
        self.targets = np.array([data.targets[name] for name in targets])
        self.sigma = None
        if data.sigma is not None:
            self.sigma = np.array([data.sigma[name] for name in targets])
        if loss.from_logits and not ((self.targets >= 0) & (self.targets <= 1)).all():
            raise FitError("cross-entropy needs targets between 0 and 1")
        if loss.from_logits and self.sigma is not None:
            raise FitError("cross-entropy has no residuals, so no sigma: leave it out")

    def __len__(self) -> int:
        return int(self.targets.shape[1])

    def _blocks(
        self, rows: NDArray[np.int64] | None
    ) -> Iterator[slice | NDArray[np.int64]]:
        count = len(self) if rows is None else len(rows)
        for first in range(0, count, BLOCK):
            span = slice(first, min(first + BLOCK, count))
            yield span if rows is None else rows[span]

    def _forward(self, params: Array, block: slice | NDArray[np.int64]) -> Array:
        inputs = self.inputs[:, block] if len(self.inputs) else self.inputs[:, :1]
        values = self.program.forward(inputs, params[:, None])
        width = self.targets[:, block].shape[1]
        if values.shape[1] != width:  # no inputs: the same values for every sample
            values = np.repeat(values, width, axis=1)
        return values

    def predictions(self, params: Array) -> Array:
        """The outputs (outputs, n): logits where the loss asks for them."""
        blocks = [
            self._forward(params, block)[self.rows] for block in self._blocks(None)
        ]
        return np.concatenate(blocks, axis=1)

    def value(self, params: Array, rows: NDArray[np.int64] | None = None) -> float:
        """The loss, over the samples in `rows` or all."""
        total, count = 0.0, 0
        with np.errstate(all="ignore"):
            for block in self._blocks(rows):
                predicted, targets, _ = self._scaled(
                    self._forward(params, block), block
                )
                total += float(self.loss.value(predicted, targets).sum())
                count += predicted.shape[1]
        return total / count

    def _scaled(
        self, values: Array, block: slice | NDArray[np.int64]
    ) -> tuple[Array, Array, Array | float]:
        """Predictions and targets in units of sigma, and sigma itself."""
        predicted, targets = values[self.rows], self.targets[:, block]
        if self.sigma is None:
            return predicted, targets, 1.0
        sigma = self.sigma[:, block]
        return predicted / sigma, targets / sigma, sigma

    def value_and_gradient(
        self, params: Array, rows: NDArray[np.int64] | None = None
    ) -> tuple[float, Array]:
        """The loss and its gradient (p,), over the samples in `rows` or all."""
        total, count, gradient = 0.0, 0, np.zeros(len(params))
        with np.errstate(all="ignore"):
            for block in self._blocks(rows):
                values = self._forward(params, block)
                predicted, targets, sigma = self._scaled(values, block)
                total += float(self.loss.value(predicted, targets).sum())
                slopes = self.loss.slope(predicted, targets) / sigma
                seeds = dict(zip(self.rows, slopes, strict=True))
                _, shares = self.program.backward(
                    values, params[:, None], seeds, total=True
                )
                gradient += shares[:, 0]
                count += predicted.shape[1]
        return total / count, gradient / count

    def residuals(self, params: Array) -> Array:
        """(prediction - target)/sigma, (m,) with m = outputs · samples."""
        with np.errstate(all="ignore"):
            residuals: Array = self.predictions(params) - self.targets
            return (
                residuals.ravel()
                if self.sigma is None
                else ((residuals / self.sigma).ravel())
            )

    def jacobian_blocks(self, params: Array) -> Iterator[Array]:
        """Rows of the residuals' Jacobian, (≤ block, p) at a time, samples in order."""
        for row, target in enumerate(self.rows):
            for block in self._blocks(None):
                values = self._forward(params, block)
                seed = {target: np.ones(values.shape[1])}
                _, shares = self.program.backward(values, params[:, None], seed)
                rows = shares.T
                yield (
                    rows
                    if self.sigma is None
                    else rows / self.sigma[row, block][:, None]
                )

    def jacobian(self, params: Array) -> Array:
        """d residuals / d parameters, (m, p), exact."""
        return np.concatenate(list(self.jacobian_blocks(params)))


def _checked_targets(graph: Graph, data: Dataset) -> tuple[str, ...]:
    if not graph.parameters:
        raise FitError("the graph has no parameters: there is nothing to fit")
    for name in data.targets:
        if name not in graph.sources:
            hint = suggest(name, graph.dependents)
            hint = hint or f"the defined variables are {listing(graph.dependents)}"
            raise FitError(
                f"the target {name!r} is not defined by the graph\n  hint: {hint}"
            )
    if missing := [name for name in graph.inputs if name not in data.inputs]:
        hint = suggest(missing[0], data.inputs)
        hint = hint or f"it has {listing(data.inputs) or 'no inputs'}"
        raise FitError(f"the data lack the inputs {listing(missing)}\n  hint: {hint}")
    if unknown := [name for name in data.inputs if name not in graph.inputs]:
        hint = suggest(unknown[0], graph.inputs)
        hint = hint or f"it has {listing(graph.inputs) or 'no inputs'}"
        raise FitError(f"the graph has no inputs {listing(unknown)}\n  hint: {hint}")
    return tuple(data.targets)


def _with_logits(graph: Graph, targets: tuple[str, ...]) -> tuple[Graph, list[str]]:
    """The graph with every target `sigmoid(…)` split in two, and the logits' names."""
    bodies = {equation.name: equation.body for equation in graph.equations}
    rows = []
    for target in targets:
        body = bodies[target]
        if body.op.name != "sigmoid":
            rows.append(target)
            continue
        logit = f"{target}_logit"
        while logit in graph.variable_number or logit in graph.parameters:
            logit += "_"
        bodies[logit] = body.args[0]
        bodies[target] = OPS["sigmoid"](name_node(logit))
        rows.append(logit)
    return graph_of(bodies, rows, graph.parameters, graph.inputs), rows
