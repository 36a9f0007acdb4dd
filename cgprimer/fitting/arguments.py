"""What `fit` and `minimize` are asked for: checked, and turned into a first point.

method, counts, graph, data ─▶ FitError, or nothing
start, rng ─ start_of ─▶ first values of the parameters (p,)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from cgprimer import takes
from cgprimer.data.dataset import Dataset
from cgprimer.errors import FitError, listing, suggest
from cgprimer.fitting.least_squares import LeastSquares
from cgprimer.fitting.optimisers import Descent
from cgprimer.graph.graph import Graph
from cgprimer.graph.names import by_plain_name
from cgprimer.graph.point import as_array
from cgprimer.types import Array

Method = Descent | LeastSquares


def check_kinds(graph: object, data: object) -> None:
    """Raise FitError unless these are a Graph and a Dataset."""
    if not isinstance(graph, Graph):
        raise FitError(
            f"fit takes a Graph, see parse_graph, not {type(graph).__name__}"
        )
    if not isinstance(data, Dataset):
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
