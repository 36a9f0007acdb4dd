"""The loss of a graph on a data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from cgprimer.fitting.arguments import Data
from cgprimer.graph.graph import Graph
from cgprimer.run.losses import Loss
from cgprimer.run.objective import Objective
from cgprimer.types import Array


def objective_of(
    graph: Graph, data: Data, loss: Loss, *, weighted: bool = True
) -> Objective:
    """The loss as a function of the parameters, compiled where that is possible.

    weighted : whether losses see predictions and targets divided by sigma, if known.

    Raises FitError for targets or inputs that do not fit the graph.
    """
    return graph.compile().objective(
        data.inputs, data.targets, loss=loss, sigma=data.sigma if weighted else None
    )


def in_units(loss: Loss, sigma: Mapping[str, Array]) -> Loss:
    """`loss` of what was divided by sigma, back in the data's units: times σ².

    sigma : target → (n,). σ² is their harmonic mean, so that mse becomes the weighted
    mean square with weights of mean one. A rate that suits data without sigma then
    suits them with it.
    """
    # With σ of 1 and 2, 1/σ² is 1 and 0.25; the mean is 0.625, σ² is 1.6, and the
    # weights are 1.6 and 0.4, of mean 1.
    inverse = np.mean([np.mean(column**-2.0) for column in sigma.values()])
    factor = float(1 / inverse)
    return replace(
        loss,
        value=lambda p, t: factor * loss.value(p, t),
        slope=lambda p, t: factor * loss.slope(p, t),
        formula=f"{factor!r}*({loss.formula})" if loss.formula else "",
    )


def varies(sigma: Mapping[str, Array]) -> bool:
    """Whether some targets or samples weigh more than others."""
    return len({float(x) for column in sigma.values() for x in np.unique(column)}) > 1
