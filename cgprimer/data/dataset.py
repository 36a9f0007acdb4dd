"""Data: samples of inputs and targets by name, checked once and then frozen.

columns by name, a DataFrame, a CSV file ─▶ Dataset, for fits
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from cgprimer import takes
from cgprimer.data.csv_file import read_columns
from cgprimer.errors import DataError, GraphError, listing, shorten, suggest
from cgprimer.graph.arrays import as_numbers, as_rows
from cgprimer.graph.graph import Graph
from cgprimer.graph.names import name_list
from cgprimer.notation.report import Part, Report, Said
from cgprimer.notation.table import TextTable, capped
from cgprimer.types import Array

if TYPE_CHECKING:
    import pandas as pd

Names = tuple[Sequence[str], Sequence[str]]  # of the inputs, of the targets
Seed = int | np.random.Generator | None
SUMMARY = ("column", "role", "least", "mean", "greatest", "spread", "sigma")


@dataclass(frozen=True, eq=False, repr=False)
class Dataset(Report):
    """Samples of the inputs and of the targets of a graph.

    inputs, targets : name → array (n,) of finite numbers.
    sigma : standard deviation of the targets' noise: a number, an array (n,), or a
        dict target → either; None if unknown. It weighs the residuals of LeastSquares.
    ignored : names of columns that were there but are neither.

    Raises DataError for columns of different length, missing or infinite values.
    """

    inputs: Mapping[str, Array]
    targets: Mapping[str, Array]
    sigma: Any = None
    ignored: Sequence[str] = ()

    def __post_init__(self) -> None:
        # The class is frozen; these are the only places where its fields are set.
        object.__setattr__(self, "ignored", tuple(_names(self.ignored, "ignored")))
        for field in ("inputs", "targets"):
            object.__setattr__(self, field, _by_name(getattr(self, field), field))
        if not self.targets:
            raise DataError("a data set needs at least one target")
        if both := [name for name in self.inputs if name in self.targets]:
            raise DataError(f"{listing(both)}: both an input and a target")
        columns = {
            name: as_numbers(repr(name), value, DataError)
            for name, value in {**self.inputs, **self.targets}.items()
        }
        size = _length(columns)
        for field in ("inputs", "targets"):
            frozen = {k: _column(k, columns[k], size) for k in getattr(self, field)}
            object.__setattr__(self, field, MappingProxyType(frozen))
        if self.sigma is not None:
            sigma = _sigma(self.sigma, tuple(self.targets), size)
            object.__setattr__(self, "sigma", MappingProxyType(sigma))

    def __reduce__(self) -> tuple[Any, ...]:
        sigma = None if self.sigma is None else dict(self.sigma)
        return Dataset, (dict(self.inputs), dict(self.targets), sigma, self.ignored)

    def __len__(self) -> int:
        return len(next(iter(self.targets.values())))

    def _parts(self) -> list[Part]:
        said = (
            f"Dataset({len(self)} sample{'s' * (len(self) != 1)}: inputs "
            f"{listing(self.inputs) or 'none'}; targets {listing(self.targets)}"
            + f"; not used: {listing(self.ignored)}" * bool(self.ignored)
            + ")"
        )
        parts = {"input": self.inputs, "target": self.targets}
        pairs = [(role, name) for role, part in parts.items() for name in part]
        shown, left_out = capped(pairs, most=20)
        rows = [self._row(role, name) for role, name in shown]
        table = TextTable(SUMMARY, rows, SUMMARY[2:], SUMMARY[:1:-1], caption=left_out)
        return [Said(said), table]

    def _row(self, role: str, name: str) -> tuple[str, ...]:
        """A column of the data in words: its range, mean and spread, its noise."""
        column = (self.inputs if role == "input" else self.targets)[name]
        size = float(np.abs(column).max()) or 1.0  # so that no sum overflows
        mean, spread = size * (column / size).mean(), size * (column / size).std()
        found = [column.min(), mean, column.max(), spread]
        sigma = (self.sigma or {}).get(name) if role == "target" else None
        noise = "" if sigma is None else _range(sigma)
        return name, role, *(f"{value:.4g}" for value in found), noise

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        graph: Graph | None = None,
        *,
        inputs: Sequence[str] | None = None,
        targets: Sequence[str] | None = None,
        sigma: Any = None,
    ) -> Dataset:
        """The columns of a pandas DataFrame.

        inputs, targets : names of columns; by default the inputs and the outputs of
            `graph`. Raises DataError for a column that is not there, and for one that
            would be left out though the graph has a parameter or a variable of its
            name; other columns are `ignored`.
        """
        if not hasattr(frame, "columns"):
            raise DataError(f"a pandas DataFrame is expected, not {takes.shown(frame)}")
        # Labels of a frame may be numbers; names of a graph are texts.
        place = {str(name): name for name in frame.columns}
        chosen = _chosen(list(place), graph, inputs, targets)
        used = [name for part in chosen for name in part]
        columns = {name: frame[place[name]].to_numpy() for name in used}
        return cls._picked(columns, chosen, list(place), sigma)

    @classmethod
    def from_csv(
        cls,
        path: str | PathLike[str],
        graph: Graph | None = None,
        *,
        inputs: Sequence[str] | None = None,
        targets: Sequence[str] | None = None,
        sigma: Any = None,
    ) -> Dataset:
        """The columns of a CSV file whose first line holds their names.

        Other arguments as in `from_frame`. Raises DataError, with the line, for a cell
        that is not a plain decimal number, and for a file that is too large: more than
        2 GiB, or a line of more than 64 million characters.
        """
        if not isinstance(path, str | PathLike):
            raise DataError(f"the path of a file is expected, not {takes.shown(path)}")
        chosen: Names = ((), ())

        def choose(names: Sequence[str]) -> list[str]:
            nonlocal chosen
            chosen = _chosen(names, graph, inputs, targets)
            return [name for part in chosen for name in part]

        names, columns = read_columns(Path(path), choose)
        return cls._picked(columns, chosen, names, sigma)

    @classmethod
    def _picked(
        cls, columns: Mapping[str, Any], chosen: Names, names: Sequence[str], sigma: Any
    ) -> Dataset:
        inputs, targets = ({name: columns[name] for name in part} for part in chosen)
        rest = [n for n in names if n not in inputs and n not in targets]
        return cls(inputs, targets, sigma, rest)

    def take(self, rows: ArrayLike | slice) -> Dataset:
        """The samples in `rows`: numbers, a mask or a slice."""
        at: Any = rows
        if not isinstance(rows, slice):
            at = as_rows("rows", rows, len(self), DataError)
        parts = [
            {k: v[at] for k, v in part.items()} for part in (self.inputs, self.targets)
        ]
        sigma = (
            None if self.sigma is None else {k: v[at] for k, v in self.sigma.items()}
        )
        return Dataset(parts[0], parts[1], sigma, self.ignored)

    def split(self, fraction: float, rng: Seed = None) -> tuple[Dataset, Dataset]:
        """Two random parts; the first holds `fraction` of the samples, both some."""
        if not (takes.is_real(fraction) and 0 < fraction < 1) or len(self) < 2:
            raise DataError("split takes a fraction between 0 and 1 and two samples")
        order = generator(rng).permutation(len(self))
        # Each part gets one sample at least, however small the fraction.
        cut = min(max(1, round(fraction * len(self))), len(self) - 1)
        return self.take(order[:cut]), self.take(order[cut:])

    def batches(self, size: int, rng: Seed = None) -> Iterator[Dataset]:
        """All samples once, `size` at a time (the last may be smaller), shuffled."""
        if not is_count(size):
            raise DataError(f"a batch has at least one sample, not {takes.shown(size)}")
        size = int(size)
        order = generator(rng).permutation(len(self))
        for first in range(0, len(order), size):
            yield self.take(order[first : first + size])


def _chosen(
    names: Sequence[str],
    graph: Graph | None,
    inputs: Sequence[str] | None,
    targets: Sequence[str] | None,
) -> Names:
    """The columns, of those with `names`, that are inputs, and that are targets."""
    if graph is None and (inputs is None or targets is None):
        raise DataError("say which columns are inputs and targets, or give the graph")
    if graph is not None:
        takes.kind(Graph, graph=graph)
        # Whoever names the columns has decided; only a choice by default may overlook
        # one.
        if inputs is None:
            _refuse_parameters(names, graph)
        if targets is None:
            _refuse_variables(names, graph)
        inputs = graph.inputs if inputs is None else inputs
        targets = graph.outputs if targets is None else targets
    inputs, targets = _names(inputs, "inputs"), _names(targets, "targets")
    known = set(names)
    for name in (*inputs, *targets):
        if name not in known:
            hint = suggest(name, names) or f"the columns are {listing(names)}"
            raise DataError(f"there is no column {shorten(name)!r}\n  hint: {hint}")
    return inputs, targets


def _names(names: object, keyword: str) -> list[str]:
    """Names of columns, as a list."""
    try:
        return name_list(() if names is None else names, keyword)
    except GraphError as error:
        raise DataError(str(error)) from None


def _range(column: Array) -> str:
    low, high = f"{column.min():.4g}", f"{column.max():.4g}"
    return low if low == high else f"{low} … {high}"


def generator(rng: Seed) -> np.random.Generator:
    """The Generator that a seed stands for; DataError for what is neither."""
    return takes.generator(rng, DataError)


def _by_name(columns: Any, field: str) -> dict[str, Any]:
    """The columns as a dict, also of a pandas DataFrame."""
    # Told by what it can do: pandas need not be installed.
    if hasattr(columns, "columns") and hasattr(columns, "to_dict"):
        return {str(name): columns[name].to_numpy() for name in columns.columns}
    if not isinstance(columns, Mapping) or not all(isinstance(n, str) for n in columns):
        raise DataError(
            f"{field} are given as a dict name → values, not {type(columns).__name__}"
        )
    return dict(columns)


def is_count(value: Any) -> bool:
    """Whether `value` is a whole number from 1."""
    return takes.is_count(value)


def _length(columns: Mapping[str, Array]) -> int:
    lengths = {name: value.shape for name, value in columns.items()}
    for name, shape in lengths.items():
        if len(shape) != 1:
            raise DataError(f"{name!r} has shape {shape}; a column has shape (n,)")
    (first, (size,)), *others = lengths.items()
    for name, (length,) in others:
        if length != size:
            raise DataError(
                f"{first!r} has {size} samples but {name!r} has {length}: "
                "every column holds one value per sample"
            )
    if not size:
        raise DataError("a data set needs at least one sample")
    return int(size)


def _column(name: str, value: Array, size: int) -> Array:
    """A frozen copy of one column, all numbers finite."""
    # A copy, so that a caller who goes on writing to his array changes no data that
    # were checked.
    column = np.array(np.broadcast_to(value, (size,)))
    bad = np.flatnonzero(~np.isfinite(column))
    if len(bad):
        raise DataError(
            f"{name!r} is {column[bad[0]]} in sample {bad[0]} "
            f"({len(bad)} such values)\n  hint: leave these samples out"
        )
    column.flags.writeable = False
    return column


def _sigma(sigma: Any, targets: tuple[str, ...], size: int) -> dict[str, Array]:
    by_name = sigma if isinstance(sigma, Mapping) else dict.fromkeys(targets, sigma)
    if set(by_name) != set(targets):
        raise DataError(
            f"sigma names {listing(by_name)}, but the targets are {listing(targets)}"
        )
    columns = {}
    for name in targets:
        value = as_numbers(f"sigma of {name!r}", by_name[name], DataError)
        if value.shape not in ((), (size,)):
            raise DataError(
                f"sigma of {name!r} has shape {value.shape}; expected () or ({size},)"
            )
        columns[name] = _column(f"sigma of {name}", value, size)
    for name, column in columns.items():
        if not (column > 0).all():
            raise DataError(f"sigma of {name!r} must be positive")
    return columns


def _refuse_parameters(columns: Sequence[str], graph: Graph) -> None:
    """Columns that the caller surely means as inputs, but the graph does not."""
    if found := [name for name in columns if name in graph.parameter_number]:
        raise DataError(
            f"{_left_out(found, 'a parameter of the graph', 'parameters of the graph')}"
            f"\n  hint: parse_graph(…, variables={found!r}) turns parameters into "
            "inputs; rename a column that is something else"
        )


def _refuse_variables(columns: Sequence[str], graph: Graph) -> None:
    """Columns that the graph computes but does not compare with anything."""
    known = {*graph.outputs, *graph.inputs}
    if found := [n for n in columns if n in graph.variable_number and n not in known]:
        kind = "defined by the graph but no output of it"
        every, only = [*graph.outputs, *found], [*graph.outputs]
        raise DataError(
            f"{_left_out(found, kind, kind)}\n"
            f"  hint: parse_graph(…, outputs={every!r}) fits all of them, "
            f"targets={only!r} only the outputs"
        )


def _left_out(names: list[str], one: str, many: str) -> str:
    if len(names) == 1:
        return f"the column {names[0]!r} is {one}, so it would be left out"
    return f"the columns {listing(names)} are {many}, so they would be left out"
