"""Graphs as modules of PyTorch, whose parameters have the author's names.

graph, start ─▶ to_torch(graph, output, start): nn.Module;  module(xx=…) ─▶ tensor
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from cgprimer import takes
from cgprimer.errors import OptionError, PointError, listing
from cgprimer.graph.arrays import as_numbers
from cgprimer.graph.graph import Graph
from cgprimer.graph.local import sole_output
from cgprimer.run.exports.namespace import Exported
from cgprimer.run.exports.torch_names import TorchNames, torch_functions

if TYPE_CHECKING:
    import torch


def to_torch(
    graph: Graph,
    output: str | None = None,
    start: Mapping[str, ArrayLike] | None = None,
    *,
    dtype: Any = None,
) -> torch.nn.Module:
    """The output as a Module; its parameters are the graph's, under the same names.

    start : values of the parameters, by name. dtype : of parameters and constants,
        torch.float64 unless another is given.

    Call it with a tensor for every input: `module(xx=x, xt=t)`. These have the dims of
    their names, or (n, *dims) for n samples. Raises OptionError where torch is not
    installed, PointError for parameters without a value, OpError for an operation that
    only numpy code knows.

    Example: to_torch(graph, "xl", params)(xx=x).mean().backward()
    """
    takes.kind(Graph, graph=graph)
    takes.mapping(start=start)
    output = sole_output(graph, output)
    try:
        import torch
    except ImportError as error:
        raise OptionError(
            "to_torch needs torch", "pip install 'cgprimer[torch]'"
        ) from error
    dtype = dtype or torch.float64
    values = dict(start or {})
    if missing := [name for name in graph.parameters if name not in values]:
        raise PointError(
            f"no value for the parameter{'s' * (len(missing) > 1)} {listing(missing)}",
            "give start={name: array}, such as the params of a fit",
        )
    tensors = {
        name: torch.as_tensor(as_numbers(f"start of {name!r}", values[name]).copy())
        for name in graph.parameters
    }
    number = partial(torch.tensor, dtype=dtype)
    exported = Exported(graph, [output], TorchNames(), torch_functions(), number)
    return _module(exported, {k: v.to(dtype) for k, v in tensors.items()}, dtype)


def _module(
    exported: Exported, tensors: Mapping[str, torch.Tensor], dtype: Any
) -> torch.nn.Module:
    import torch

    class GraphModule(torch.nn.Module):  # type: ignore[misc, unused-ignore]
        """One output of a graph."""

        def __init__(self) -> None:
            super().__init__()
            for name, value in tensors.items():
                self.register_parameter(name, torch.nn.Parameter(value))

        def forward(self, **inputs: Any) -> torch.Tensor:
            """The output for a tensor of every input."""
            given = {k: torch.as_tensor(v).to(dtype) for k, v in inputs.items()}
            [result] = exported({**given, **dict(self.named_parameters())})
            return torch.as_tensor(result)

        def extra_repr(self) -> str:
            return f"{exported.outputs[0]} of {exported.graph!r}"

    return GraphModule()
