"""cgprimer: type equations, see the graph, trust the gradients, fit the parameters."""

from cgprimer.data.dataset import Dataset as Dataset
from cgprimer.data.generate import generate as generate
from cgprimer.draw.curves import plot_loss as plot_loss
from cgprimer.draw.network import draw_graph as draw_graph
from cgprimer.errors import CGPrimerError as CGPrimerError
from cgprimer.errors import CycleError as CycleError
from cgprimer.errors import DataError as DataError
from cgprimer.errors import DifferenceError as DifferenceError
from cgprimer.errors import ExpressionError as ExpressionError
from cgprimer.errors import FitError as FitError
from cgprimer.errors import GraphError as GraphError
from cgprimer.errors import NonFiniteWarning as NonFiniteWarning
from cgprimer.errors import OptionError as OptionError
from cgprimer.errors import PointError as PointError
from cgprimer.fit.descent import SGD as SGD
from cgprimer.fit.descent import Adam as Adam
from cgprimer.fit.fit import fit as fit
from cgprimer.fit.fit import minimize as minimize
from cgprimer.fit.least_squares import LeastSquares as LeastSquares
from cgprimer.fit.losses import Loss as Loss
from cgprimer.fit.losses import huber as huber
from cgprimer.fit.result import FitResult as FitResult
from cgprimer.graph.gradient import gradient as gradient
from cgprimer.graph.graph import Graph as Graph
from cgprimer.graph.read import parse_graph as parse_graph
from cgprimer.numeric.compare import PartialReport as PartialReport
from cgprimer.numeric.compare import compare_partials as compare_partials
from cgprimer.numeric.edges import edge_partials as edge_partials
from cgprimer.primer import ComputationalGraphPrimer as ComputationalGraphPrimer

__version__ = "0.1.0"
__all__ = [
    "Adam",
    "CGPrimerError",
    "ComputationalGraphPrimer",
    "CycleError",
    "DataError",
    "Dataset",
    "DifferenceError",
    "ExpressionError",
    "FitError",
    "FitResult",
    "Graph",
    "GraphError",
    "LeastSquares",
    "Loss",
    "NonFiniteWarning",
    "OptionError",
    "PartialReport",
    "PointError",
    "SGD",
    "compare_partials",
    "draw_graph",
    "edge_partials",
    "fit",
    "generate",
    "gradient",
    "huber",
    "minimize",
    "parse_graph",
    "plot_loss",
]
