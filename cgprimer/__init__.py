"""cgprimer: type equations, see the graph, trust the gradients, fit the parameters."""

from cgprimer.errors import (
    CGPrimerError as CGPrimerError,
)
from cgprimer.graph.graph import Graph as Graph
from cgprimer.graph.read import parse_graph as parse_graph
from cgprimer.numeric.compare import compare_partials as compare_partials
from cgprimer.numeric.edges import edge_partials as edge_partials
