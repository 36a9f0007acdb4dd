"""A graph over the names of another library, for values of whatever shapes arrive.

graph, outputs, library ─▶ Exported: values ─▶ values of the outputs
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cgprimer.errors import OpError
from cgprimer.expr.definitions import expand_to_table
from cgprimer.expr.node import postorder
from cgprimer.graph.array_point import bind
from cgprimer.graph.gradient import bodies_for
from cgprimer.graph.point import check_names
from cgprimer.keeping import memo
from cgprimer.run.arrays.evaluation import concrete
from cgprimer.run.arrays.kernel import ArrayKernel

if TYPE_CHECKING:
    from cgprimer.graph.graph import Graph

Functions = Mapping[str, Callable[..., Any]]


class Exported:
    """The outputs of a graph as a function of values in another library.

    xp : the module with numpy's names. functions : what other names there are for
        operations on numbers. dtype : makes a constant of a number.
    """

    def __init__(
        self,
        graph: Graph,
        outputs: Sequence[str],
        xp: Any,
        functions: Functions,
        dtype: Callable[[float], Any],
    ) -> None:
        self.graph, self.outputs = graph, tuple(outputs)
        self.xp, self.functions, self.dtype = xp, functions, dtype
        needed = {v for output in self.outputs for v in bodies_for(graph, output)}
        for variable in needed:
            self._check(variable)

    def _check(self, variable: str) -> None:
        """OpError for an operation that only numpy code knows."""
        for node in postorder(expand_to_table([self.graph.equation(variable).body])):
            op = node.op
            if op.pullback and op.formula is None:
                raise OpError(
                    op.name,
                    "is code for numpy, which no other library can run",
                    f"give it as a formula: custom_op('{op.name}(a) = …')",
                    (variable,),
                )

    def __call__(self, values: Mapping[str, Any]) -> list[Any]:
        """The outputs, for a value of every input and parameter."""
        check_names(self.graph, values)
        shapes = tuple((name, tuple(value.shape)) for name, value in values.items())
        return self._kernel(shapes)(values)

    @memo
    def _kernel(self, shapes: tuple[tuple[str, tuple[int, ...]], ...]) -> ArrayKernel:
        bound = bind(self.graph, dict(shapes))
        bodies, sizing = concrete(self.graph, tuple(bound.sizes.items()))
        table = {name: expand_to_table([body])[0] for name, body in bodies.items()}
        return ArrayKernel(
            table,
            self.outputs,
            sizing,
            bound.sampled,
            xp=self.xp,
            dtype=self.dtype,
            functions=self.functions,
        )
