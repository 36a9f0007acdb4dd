"""The targets of a problem of arrays, and their derivatives, by numpy.

    ArrayProblem ─▶ ArrayModel: parameters (p,) ─▶ targets (targets, n), Jacobian, …

`runner` takes it for the loss; what looks at some samples of a fit asks it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cgprimer.graph.graph import Graph
from cgprimer.run.arrays.evaluation import kernel_of
from cgprimer.run.arrays.kernel import ArrayKernel
from cgprimer.types import Array

if TYPE_CHECKING:
    from cgprimer.run.arrays.posed import ArrayProblem

NUMBERS = 4_000_000  # of seeds, or of values of a block of samples, kept at once


class ArrayModel:
    """The targets of a problem, and their derivatives by the parameters."""

    def __init__(self, problem: ArrayProblem) -> None:
        self.problem, self.loss = problem, problem.objective

    def kernel(
        self, graph: Graph, wanted: Sequence[str], more: str = "", summed: bool = True
    ) -> ArrayKernel:
        """The kernel of a graph; `more` is a name that has samples besides the data."""
        problem, loss = self.problem, self.loss
        sampled = {*problem.sampled, more} - {""}
        if problem.samples is not None:
            data = {*loss.met.values(), *loss.deviations.values(), loss.weight}
            sampled |= data & {*graph.inputs, *graph.spare}
        added = frozenset(wanted if summed else ())
        sizes = problem.sizes
        return kernel_of(graph, sizes, frozenset(sampled), tuple(wanted), added)

    def values(self, params: Array) -> dict[str, Any]:
        """Parameters and inputs by name."""
        return {**self.problem.entries.split(params), **self.problem.given}

    def predictions(self, params: Array) -> Array:
        """The targets, or what the loss sees of them, (targets, n)."""
        problem, wanted = self.problem, [*self.loss.predicted.values()]
        with np.errstate(all="ignore"):
            found = self.kernel(self.loss.graph, wanted, summed=False)(
                self.values(params)
            )
        return problem.rows_of(
            {
                target: np.broadcast_to(value, problem.met[target].shape)
                for target, value in zip(self.loss.predicted, found, strict=True)
            }
        )

    def jacobian(self, params: Array) -> Array:
        """d target / d parameter, (targets, n, p)."""
        return np.stack([self.target_jacobian(params, t) for t in self.problem.rows])

    def target_jacobian(
        self, params: Array, row: int, rows: slice | None = None
    ) -> Array:
        """d target / d parameter of one row of the targets, (n, p)."""
        problem = self.problem
        target = problem.target_entries[row].partition("[")[0]
        place = row - problem.target_entries.spans[target].start
        derived, seed = self.loss.seeded(target)
        kernel = self.kernel(derived, derived.outputs, seed, summed=False)
        values = self.values(params)
        made = []
        for seeds in _seeds(problem, target, place, rows or slice(problem.count)):
            with np.errstate(all="ignore"):
                found = kernel(values | {seed: seeds})
            made.append(np.empty((len(seeds), len(problem.entries))))
            views = problem.entries.split(made[-1]).values()
            for view, value in zip(views, found, strict=True):
                view[...] = value
        return np.concatenate(made)

    def slopes(self, params: Array, seeds: Array) -> Array:
        """d Σ seeds·targets / d parameters (p,)."""
        problem, total = self.problem, np.zeros(len(params))
        for target, span in problem.target_entries.spans.items():
            derived, seed = self.loss.seeded(target)
            own = seeds[span].T.reshape(problem.met[target].shape)
            more = seed if problem.samples is not None else ""
            found = totals(
                self.kernel(derived, derived.outputs, more),
                derived.outputs,
                self.values(params) | {seed: own},
                problem.samples,
            )
            total += joined(problem, found)
        return total


def joined(problem: ArrayProblem, arrays: Sequence[Array]) -> Array:
    """The vector (p,) of an array for each parameter."""
    return problem.entries.join(dict(zip(problem.entries.dims, arrays, strict=True)))


def totals(
    kernel: ArrayKernel, names: Sequence[str], values: dict[str, Any], count: int | None
) -> list[Any]:
    """What a kernel returns, all summed over `count` samples."""
    found = kernel(values)
    if count is None:
        return found
    # What no sample has a part in is the same in each, as the slope of 0.1*w^2.
    return [
        value if kernel.has_samples.get(name) else value * count
        for name, value in zip(names, found, strict=True)
    ]


def _seeds(
    problem: ArrayProblem, target: str, place: int, rows: slice
) -> Iterator[Array]:
    """Seeds that ask for one entry of a target in each of some samples (k, *dims)."""
    met, chosen = problem.met[target], np.arange(problem.count)[rows]
    if problem.samples is not None:
        seeds = np.zeros((len(chosen), met[0].size))
        seeds[:, place] = 1.0
        yield seeds.reshape(len(chosen), *met.shape[1:])
        return
    # Samples are an axis of the one that there is: each is asked for by a seed.
    block = max(1, NUMBERS // met.size)
    for first in range(0, len(chosen), block):
        some = chosen[first : first + block]
        seeds = np.zeros((len(some), problem.count, met.size // problem.count))
        seeds[np.arange(len(some)), some, place] = 1.0
        yield seeds.reshape(len(some), *met.shape)
