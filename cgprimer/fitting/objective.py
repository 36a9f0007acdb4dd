"""The loss of a graph on a data set."""

from __future__ import annotations

from cgprimer.data.dataset import Dataset
from cgprimer.engine.losses import Loss
from cgprimer.graph.graph import Graph
from cgprimer.graph.objective import Objective


def objective_of(graph: Graph, data: Dataset, loss: Loss) -> Objective:
    """The loss as a function of the parameters, compiled where that is possible.

    Raises FitError for targets or inputs that do not fit the graph.
    """
    return graph.compile().objective(
        data.inputs, data.targets, loss=loss, sigma=data.sigma
    )
