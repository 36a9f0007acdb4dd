"""Whether a loss that is an output ties its inputs together at all.

    objective, parameters ─▶ the inputs whose samples may be exchanged, or none

Where the loss stays the same when the samples of any input change places, while those
of the others stay, all that was found are constants: a network whose units are dead.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cgprimer.errors import listing
from cgprimer.run.arrays.posed import ArrayProblem
from cgprimer.run.arrays.runner import ArrayRunner
from cgprimer.run.objective import Objective
from cgprimer.types import Array

SAME = 1e-9  # change of a loss that is none, beside it


def untied(objective: Objective, params: Array) -> str:
    """A sentence where the samples of every input may be exchanged; empty elsewhere.

    One input alone has nothing to be tied to, and a loss near 0 has no size.
    """
    problem = objective.problem
    if not isinstance(problem, ArrayProblem) or len(problem.sampled) < 2:
        return ""
    order = np.random.default_rng(0).permutation(problem.count)
    loss, names = objective.value(params), [*problem.given]
    names = [name for name in names if name in problem.sampled]
    for name in names:
        given = {**problem.given, name: problem.given[name][order]}
        other = ArrayRunner(replace(problem, given=given)).value(params)
        if not abs(other - loss) <= SAME * abs(loss):
            return ""
    return (
        f"The loss is the same whichever samples of {listing(names)} belong together: "
        "nothing ties them here, as where units are dead; start elsewhere, or change "
        "the model"
    )
