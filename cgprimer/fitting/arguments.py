"""What `fit` and `minimize` are asked for: checked, and turned into a first point.

method, counts, graph, data ─▶ FitError, or nothing
start, rng ─ start_of ─▶ first values of the parameters (p,)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Union

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from cgprimer import takes
from cgprimer.data.dataset import Dataset
from cgprimer.errors import FitError, listing, suggest
from cgprimer.expr.dims import show_dims
from cgprimer.fitting.least_squares import LeastSquares
from cgprimer.fitting.optimisers import Descent
from cgprimer.graph.arrays import as_numbers
from cgprimer.graph.graph import Graph
from cgprimer.graph.names import by_plain_name
from cgprimer.graph.point import as_array
from cgprimer.run.arrays.entries import Entries
from cgprimer.run.arrays.pose import check_loss
from cgprimer.run.losses import Loss, every_loss, find_loss, output_itself
from cgprimer.types import Array

Method = Descent | LeastSquares
Data = Union[Dataset, "GivenData"]


@dataclass(frozen=True, eq=False)
class GivenData:
    """Data by name, as a dict gave them: inputs and targets of a graph."""

    inputs: Mapping[str, ArrayLike]
    targets: Mapping[str, ArrayLike]
    sigma: Mapping[str, Array] | None = None
    ignored: Sequence[str] = ()
    remarks: Sequence[str] = ()


def data_of(graph: Graph, data: Dataset | Mapping[str, ArrayLike]) -> Data:
    """A data set; of a dict the names that the graph defines are the targets."""
    if not isinstance(data, Mapping):
        return data
    given = by_plain_name(data, FitError)
    defined = set(graph.dependents)
    targets = {name: value for name, value in given.items() if name in defined}
    inputs = {name: value for name, value in given.items() if name not in defined}
    return GivenData(inputs, targets)


def loss_of(graph: Graph, data: Data, loss: str | Loss) -> tuple[Data, Loss]:
    """The loss, and the data as it needs them.

    A name of the graph that is no loss is an output which is the loss itself; all data
    are then inputs.
    """
    name = loss if isinstance(loss, str) and loss in graph.dependents else ""
    if name and (name not in every_loss() or not data.targets):
        every = {**data.inputs, **data.targets}
        check_loss(graph, {name: 0.0}, output_itself(name))
        if sigma := data.sigma:
            raise FitError(f"{name} is the loss itself, so no sigma: {listing(sigma)}")
        zero = {name: np.zeros(())}
        return GivenData(every, zero, None, data.ignored, data.remarks), (
            output_itself(name)
        )
    if not data.targets:
        raise FitError(
            f"the data have no target, such as {graph.outputs[0]}\n"
            f"  hint: an output that is the loss itself is named: "
            f"loss={graph.outputs[0]!r}"
        )
    kind = find_loss(loss)
    check_loss(graph, data.targets, kind)
    return data, kind


def check_kinds(graph: object, data: object) -> None:
    """Raise FitError unless these are a Graph and data."""
    if not isinstance(graph, Graph):
        raise FitError(
            f"fit takes a Graph, see parse_graph, not {type(graph).__name__}"
        )
    if not isinstance(data, Dataset | Mapping):
        raise FitError(
            f"fit takes a Dataset, not {type(data).__name__}\n"
            "  hint: write Dataset(inputs, targets), Dataset.from_csv or .from_frame"
        )
    if isinstance(data, Dataset):
        data.checked(graph)  # a DataError for arrays of other dims


def check_descent(method: object, known: str) -> None:
    """Raise FitError unless `method` goes by steps; `known` names those that do."""
    if isinstance(method, type) or not hasattr(method, "rule"):
        raise FitError(f"method is a value of {known}, not {takes.quote(method)}")


def check_counts(**counts: int | None) -> None:
    """Raise FitError unless each is a whole number from 1; `batch` may be None."""
    for name, value in counts.items():
        if not takes.is_count(value) and (value is not None or name != "batch"):
            said = takes.quote(value)
            raise FitError(f"{name} is a whole number from 1, not {said}")


def start_of(
    names: Sequence[str], start: Mapping[str, ArrayLike] | None, rng: Generator
) -> Array:
    """First values (p,): those of `start`, and uniform ones from (0, 1) for the rest.

    names : of what is fitted. Raises FitError for an unknown name, and for a value that
    is not one finite number.
    """
    if not isinstance(start, Mapping | None):
        raise FitError(f"start is a dict name → value, not {type(start).__name__}")
    given, known = dict(by_plain_name(start, FitError) or {}), set(names)
    if unknown := [name for name in given if name not in known]:
        hint = suggest(unknown[0], names) or f"the parameters are {listing(names)}"
        raise FitError(
            f"start names {listing(unknown)}, which is unknown\n  hint: {hint}"
        )
    # Drawn for all, also for those given: a start for one name leaves the others' as
    # they are.
    first = rng.uniform(0.0, 1.0, len(names))
    for i, name in enumerate(names):
        if name in given:
            value = as_array(name, given[name])
            if value.ndim or not np.isfinite(value):
                raise FitError(f"the start of {name!r} is one finite number")
            first[i] = value
    return first


def array_start(
    entries: Entries, start: Mapping[str, ArrayLike] | None, rng: Generator
) -> Array:
    """`start_of` for arrays: values are arrays, numbers for all entries, or of one.

    Raises FitError for an unknown name, another shape, and what is not finite.
    """
    if not isinstance(start, Mapping | None):
        raise FitError(f"start is a dict name → value, not {type(start).__name__}")
    first = rng.uniform(0.0, 1.0, len(entries))
    views, places = entries.split(first), dict[str, int]()
    for name, given in (start or {}).items():
        if name not in views:
            places = places or {entry: k for k, entry in enumerate(entries)}
        if name not in views and name not in places:
            hint = suggest(str(name), views) or f"the parameters are {listing(views)}"
            raise FitError(f"start names {name!r}, which is unknown\n  hint: {hint}")
        value = as_numbers(f"the start of {name!r}", given, FitError)
        dims = entries.dims.get(name, ())
        if value.ndim and value.shape != dims:
            raise FitError(
                f"the start of {name!r} has shape {value.shape}, but {name} is "
                f"{show_dims(dims)}\n  hint: give that, or one number for all entries"
            )
        if not np.isfinite(value).all():
            raise FitError(f"the start of {name!r} is not finite")
        if name in views:
            views[name][...] = value
        else:
            first[places[name]] = value
    return first
