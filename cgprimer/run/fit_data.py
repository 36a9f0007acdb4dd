"""Data as a fit gives them, looked at and packed: names, weights, deviations.

    name → column, of inputs and targets ─▶ arrays of a Problem, or a FitError

`Program.objective` asks, before anything is computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from cgprimer import takes
from cgprimer.errors import FitError, counted, listing, suggest
from cgprimer.graph.named_rows import NamedRows
from cgprimer.graph.point import as_array, common_length
from cgprimer.types import Array

if TYPE_CHECKING:
    from cgprimer.graph.graph import Graph


def columns_of(
    inputs: Mapping[str, ArrayLike], targets: Mapping[str, ArrayLike]
) -> tuple[dict[str, Array], dict[str, Array], int]:
    """Columns (n,) of the inputs and of the targets, by name, and n."""
    given = {name: as_array(name, column) for name, column in inputs.items()}
    # "target xy" says in a message which of the two it is, also where an input has that
    # name; one dict of both, so that lengths are compared across them.
    labels = {f"target {name}": name for name in targets}
    met = {label: as_array(label, targets[n]) for label, n in labels.items()}
    count = common_length(given | met) or 1
    return given, {labels[label]: column for label, column in met.items()}, count


def deviations(sigma: Mapping[str, ArrayLike], targets: NamedRows, count: int) -> Array:
    """Standard deviations of the targets (targets, n)."""
    if missing := [name for name in targets if name not in sigma]:
        raise FitError(f"sigma lacks {listing(missing)}")
    columns = {name: as_array(name, sigma[name]) for name in targets}
    for name, column in columns.items():
        if column.ndim and len(column) != count:
            raise FitError(
                f"sigma of {name!r} has {counted(len(column), 'sample')}, "
                f"the data have {count}"
            )
        if not (np.isfinite(column).all() and (column > 0).all()):
            raise FitError(f"sigma of {name!r} is not positive and finite everywhere")
    return targets.pack(columns, count)


def weights_of_mean_one(weights: ArrayLike | None, count: int) -> Array | None:
    """Weights of mean one."""
    if weights is None:
        return None
    given = as_array("weights", weights)
    if given.shape != (count,):
        raise FitError(f"weights has shape {given.shape}; expected ({count},)")
    if not (np.isfinite(given).all() and (given >= 0).all() and given.any()):
        raise FitError("weights are finite, not negative, and not all zero")
    scaled: Array = given / given.mean()
    return scaled


def _refuse_as(graph: Graph, name: str, role: str) -> None:
    """FitError for a name that the graph knows as something else than `role`."""
    defined = f"the defined variables are {listing(graph.dependents)}"
    if name in graph.parameter_number:
        what = "is a parameter of the graph"
        mend = f"parse_graph(…, variables=[{name!r}]) turns it into an input"
        hint = mend if role == "an input" else defined
    elif name in graph.inputs:
        what, hint = "is an input of the graph: no equation computes it", defined
    elif name in graph.variable_number:
        what = "an equation of the graph defines"
        hint = "give it as a target, or leave its equation out"
    else:
        return
    raise FitError(f"the data have {role} {name!r}, which {what}\n  hint: {hint}")


def check_targets(
    graph: Graph, inputs: Mapping[str, Any], targets: Mapping[str, Any]
) -> None:
    """Refuse data that name what the graph does not define, or lack an input."""
    if not graph.parameters:
        raise FitError("the graph has no parameters: there is nothing to fit")
    if not targets:
        raise FitError("there is no target to meet")
    for name in [*inputs, *targets]:
        takes.text(name=name)
    for name in targets:
        if name not in graph.variable_number or name in graph.inputs:
            _refuse_as(graph, name, "a target")
            hint = suggest(name, graph.dependents)
            hint = hint or f"the defined variables are {listing(graph.dependents)}"
            raise FitError(
                f"the target {name!r} is not defined by the graph\n  hint: {hint}"
            )
    known = set(graph.inputs)
    for name in inputs:
        if name not in known:
            _refuse_as(graph, name, "an input")
    if missing := [name for name in graph.inputs if name not in inputs]:
        hint = suggest(missing[0], inputs)
        hint = hint or f"it has {listing(inputs) or 'no inputs'}"
        raise FitError(f"the data lack the inputs {listing(missing)}\n  hint: {hint}")
    if unknown := [name for name in inputs if name not in known]:
        hint = suggest(unknown[0], graph.inputs)
        if not graph.inputs:
            near = suggest(unknown[0], graph.parameters) or "no name starts with x"
            hint = f"{near}; parse_graph(…, variables=[…]) declares other inputs"
        hint = hint or f"it has {listing(graph.inputs)}"
        raise FitError(f"the graph has no inputs {listing(unknown)}\n  hint: {hint}")
