"""A model on some of its samples: predictions, Jacobian, and how well both are known.

Names and remarks about a fit are held against the model itself before they are given;
a few hundred samples are enough for that.
"""

from __future__ import annotations

import numpy as np

from cgprimer.fitting.matrices import lengths
from cgprimer.run.objective import Objective
from cgprimer.types import Array

SAMPLES = 256
NUMBERS = 2_000_000  # of a Jacobian on the samples, at most
NUDGE = 1e-13  # relative: far above rounding, far below what a model can feel …
WIDER = 1e-9  # … but exp(-r*t) of a tiny r*t rounds alike until it is moved so far
CURVED = 30.0  # growth of what remains by a tenfold nudge: 100 if bent, 1 if rounded
FELT = 1e-10  # rounding of a column that is worth a word; all columns have 1e-15
NOTHING = 0.1  # … from which on there is nothing else in a column
FAINT = 1e-6  # effect of a parameter beside its target, that rounding may have


class Sampled:
    """The targets of an objective at samples spread evenly over its data.

    Where the loss is one of all targets together and only sees their differences, so
    do predictions and Jacobians: the mean over targets is taken off.
    """

    def __init__(self, objective: Objective) -> None:
        problem = objective.problem
        self.joint = problem.loss.joint is not None
        each = max(len(problem.rows) * len(problem.parameters), 1)
        # Fewer samples where the Jacobian of many targets or parameters would grow too
        # large.
        count = max(8, min(SAMPLES, NUMBERS // each, problem.count))
        chosen = np.unique(np.linspace(0, problem.count - 1, count).astype(np.int64))
        self.model = problem.model(chosen)

    def predictions(self, params: Array) -> Array:
        """The targets (targets, n)."""
        with np.errstate(all="ignore"):
            rows = self.model.predictions(params)
            return rows - rows.mean(axis=0) if self.joint else rows

    def jacobian(self, params: Array) -> Array:
        """d target / d parameter, (targets, n, p)."""
        with np.errstate(all="ignore"):
            rows = self.model.jacobian(params)
            return rows - rows.mean(axis=0) if self.joint else rows

    def rounding(self, params: Array) -> Array:
        """The relative part of every column that is rounding, (targets, p).

        Three points in a row, all parameters nudged: what remains of J₀ - 2J₁ + J₂ is
        rounding of the terms that a column is the sum of, as what the model itself
        feels is straight so near. 1 is a column with nothing else in it, such as a/a
        has; a great one is that of a chaotic model, of which nothing is said.
        """
        rng, signs = np.random.default_rng(0), np.array([-1.0, 1.0])
        first, size = self._columns(params)

        def remains(nudge: Array) -> Array:
            once, _ = self._columns(params * (1 + nudge))
            twice, _ = self._columns(params * (1 + 2 * nudge))
            # Three independent errors with the weights 1, -2, 1 come through √6 times
            # as large.
            rest: Array = lengths(first - 2 * once + twice) / np.sqrt(6.0)
            return np.where(size > 0, rest / size, 0.0)

        with np.errstate(all="ignore"):
            share = np.zeros_like(size)
            for _ in range(2):
                turn = rng.choice(signs, len(params))
                # Two nudges with other signs: by one alone the roundings may be the
                # same by chance.
                share = np.fmax(share, remains(NUDGE * turn))
            # What bends grows a hundredfold by a nudge ten times as long, what is
            # rounded does not.
            near, far = (remains(k * WIDER * turn) for k in (1, 10))
            share = np.fmax(share, np.where(far <= CURVED * near, near, 0.0))
        own = np.abs(self.predictions(params)).max(axis=1, keepdims=True)
        # A column of rounding alone, with an effect that is seen, is no rounding: a
        # chaotic model.
        nothing = size * np.abs(params) <= FAINT * own
        share = np.where(nothing | (share < NOTHING), share, 0.0)
        return np.where(share > FELT, share, 0.0)

    def _columns(self, params: Array) -> tuple[Array, Array]:
        """The columns of the Jacobian (n, targets, p), and their lengths."""
        columns = self.jacobian(params).swapaxes(0, 1)
        return columns, lengths(columns)
