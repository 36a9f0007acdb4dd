"""Graphs compiled by JAX, for its devices: values and gradients at points.

    Graph ─▶ JaxProgram: name → array ─▶ values, gradients, as numpy's arrays

`Graph.compile(target="jax")` makes it; JAX compiles once for every set of shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from cgprimer.errors import OptionError
from cgprimer.graph.array_point import ArrayPoint
from cgprimer.graph.names import known_names
from cgprimer.keeping import Frozen, memo
from cgprimer.notation.report import Report, Said
from cgprimer.run.arrays.evaluation import derived_graph, full, sampled_names
from cgprimer.run.exports.jax_names import jax_functions
from cgprimer.run.exports.namespace import Exported
from cgprimer.types import Array, Value

if TYPE_CHECKING:
    from cgprimer.graph.graph import Graph


def _double(jax: Any) -> Any:
    """While it is entered, JAX computes in double precision."""
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    from jax.experimental import enable_x64  # before JAX 0.8

    return enable_x64(True)


class JaxProgram(Frozen, Report):
    """A graph that JAX runs, in double precision; `Graph.compile` makes it."""

    def __init__(self, graph: Graph) -> None:
        try:
            import jax
        except ImportError as error:
            raise OptionError(
                "target='jax' needs jax", "pip install 'cgprimer[jax]'"
            ) from error
        self.graph, self.jax = graph, jax

    def __reduce__(self) -> tuple[Any, ...]:
        return JaxProgram, (self.graph,)

    def values(self, at: Mapping[str, ArrayLike]) -> dict[str, Value]:
        """The value of every variable, with the dims that `Graph.evaluate` gives."""
        point = ArrayPoint.of(self.graph, at)
        found = self._run(self.graph, self.graph.order, point)
        return {
            name: full(value, self.graph.dims(name), point.samples)
            for name, value in found.items()
        }

    def gradient_at(
        self,
        output: str,
        at: Mapping[str, ArrayLike],
        wrt: Sequence[str] | None = None,
    ) -> dict[str, Value]:
        """d output / d name, as `Graph.gradient_at` returns it, by our own rules."""
        graph = self.graph
        [output] = graph.checked_outputs([output])
        wrt = (*graph.inputs, *graph.parameters) if wrt is None else wrt
        wrt = known_names(wrt, "wrt", dict.fromkeys((*graph.names, *graph.spare)))
        point = ArrayPoint.of(graph, at)
        derived = derived_graph(graph, output, tuple(wrt))
        found = self._run(derived, derived.outputs, point)
        has = sampled_names(graph, point.sampled)
        adjoints = dict(zip(dict.fromkeys(wrt), derived.outputs, strict=True))
        return {
            name: full(
                found[adjoint],
                derived.dims(adjoint),
                point.samples if {name, output} & has else None,
            )
            for name, adjoint in adjoints.items()
        }

    def explain(self) -> str:
        """What runs it, and where."""
        devices = ", ".join(map(str, self.jax.devices()))
        return f"JAX {self.jax.__version__} on {devices}, in double precision"

    def _run(
        self, graph: Graph, names: Sequence[str], point: ArrayPoint
    ) -> dict[str, Array]:
        used = {*graph.inputs, *graph.parameters}
        given = {name: x for name, x in point.values.items() if name in used}
        with _double(self.jax):
            found = self._function(graph, tuple(names))(given)
        return dict(zip(names, map(np.asarray, found), strict=True))

    @memo
    def _function(self, graph: Graph, names: tuple[str, ...]) -> Callable[..., Any]:
        import jax.numpy as jnp

        exported = Exported(graph, names, jnp, jax_functions(), float)

        def run(values: Mapping[str, Any]) -> list[Any]:
            arrays = {name: jnp.asarray(value) for name, value in values.items()}
            return [jnp.asarray(result) for result in exported(arrays)]

        return self.jax.jit(run)  # type: ignore[no-any-return]

    def _parts(self) -> list[Said]:
        return [Said(f"Program of {self.graph!r}\n{self.explain()}")]
