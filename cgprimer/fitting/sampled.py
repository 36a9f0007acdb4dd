"""A model on some of its samples: predictions, Jacobian, and how well both are known.

Names and remarks about a fit are held against the model itself before they are given;
a few hundred samples are enough for that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cgprimer.engine.problem import Problem
from cgprimer.fitting.identify import lengths
from cgprimer.graph.objective import Objective

Array = NDArray[np.float64]

SAMPLES = 256
NUMBERS = 2_000_000  # of a Jacobian on the samples, at most
NUDGE = 1e-13  # relative: far above rounding, far below what a model can feel
FELT = 1e-10  # a column that a nudge moves by more than this is taken for imprecise


def inputs_at(problem: Problem, rows: slice | NDArray[np.int64]) -> Array:
    """The inputs of some samples, (inputs, n); one of nothing where there are none."""
    return problem.inputs[:, rows] if len(problem.inputs) else problem.inputs[:, :1]


class Sampled:
    """The targets of an objective at samples spread evenly over its data.

    Where the loss is one of all targets together and only sees their differences, so
    do predictions and Jacobians: the mean over targets is taken off.
    """

    def __init__(self, objective: Objective) -> None:
        problem = objective.problem
        self.sweeps, self.rows = problem.sweeps, problem.rows
        self.joint = problem.loss.joint is not None
        each = max(len(problem.rows) * len(problem.parameters), 1)
        count = max(8, min(SAMPLES, NUMBERS // each, problem.count))
        chosen = np.unique(np.linspace(0, problem.count - 1, count).astype(np.int64))
        self.inputs = inputs_at(problem, chosen)

    def predictions(self, params: Array) -> Array:
        """The targets (targets, n)."""
        with np.errstate(all="ignore"):
            found = self._values(params)[self.rows]
            return found - found.mean(axis=0) if self.joint else found

    def jacobian(self, params: Array) -> Array:
        """d target / d parameter, (targets, n, p)."""
        with np.errstate(all="ignore"):
            values = self._values(params)
            one = np.ones(values.shape[1])
            found = np.stack(
                [
                    self.sweeps.backward(values, params[:, None], {row: one})[1].T
                    for row in self.rows
                ]
            )
            return found - found.mean(axis=0) if self.joint else found

    def _values(self, params: Array) -> Array:
        return self.sweeps.forward(self.inputs, params[:, None])

    def rounding(self, params: Array) -> Array:
        """The relative part of every column that is rounding, (targets, p).

        Two nudges of all parameters show it: what a column is changed by is rounding of
        the terms that it is the sum of, unless the model feels changes of 1e-13. About
        1 is a column with nothing else in it, such as a/a - 1 has.
        """
        at, rng = self.jacobian(params).swapaxes(0, 1), np.random.default_rng(0)
        size, found = lengths(at), np.zeros(at.shape[1:])
        for _ in range(2):
            signs = rng.choice([-1.0, 1.0], len(params))
            nudged = self.jacobian(params * (1 + NUDGE * signs)).swapaxes(0, 1)
            with np.errstate(all="ignore"):
                share = np.where(size > 0, lengths(nudged - at) / size, 0.0)
            found = np.fmax(found, share)
        return np.where(found > FELT, found, 0.0)
