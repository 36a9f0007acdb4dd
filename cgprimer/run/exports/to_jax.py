"""Graphs as functions of JAX, for its devices, its jit and its grad.

graph ─▶ to_jax(graph, output): {name: array} ─▶ array
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cgprimer import takes
from cgprimer.errors import OptionError
from cgprimer.graph.graph import Graph
from cgprimer.graph.local import sole_output
from cgprimer.run.exports.jax_names import jax_functions
from cgprimer.run.exports.namespace import Exported


def to_jax(
    graph: Graph, output: str | None = None
) -> Callable[[Mapping[str, Any]], Any]:
    """The output as a function of JAX: a dict name → array in, an array out.

    It is pure and made of `jax.numpy` alone, so `jax.jit`, `jax.grad`, `jax.vmap` and
    shardings work on it. Arrays have the dims of their names, or (n, *dims) for n
    samples, as for `Graph.evaluate`; they keep their type, which is float32 in JAX
    unless `jax_enable_x64` is on. Indexes are not checked: JAX takes the last entry, or
    nan, for one beyond the axis. Raises OptionError where JAX is not installed,
    OpError for an operation that only numpy code knows.

    Example: jax.grad(to_jax(graph, "xl"))(params | {"xx": x})["W"]
    """
    takes.kind(Graph, graph=graph)
    output = sole_output(graph, output)
    try:
        import jax.numpy as jnp
    except ImportError as error:
        raise OptionError("to_jax needs jax", "pip install 'cgprimer[jax]'") from error
    exported = Exported(graph, [output], jnp, jax_functions(), float)

    def function(values: Mapping[str, Any]) -> Any:
        arrays = {name: jnp.asarray(value) for name, value in values.items()}
        [result] = exported(arrays)
        return jnp.asarray(result)

    function.__name__ = function.__qualname__ = output
    function.__doc__ = f"{output} of {graph!r}"
    return function
