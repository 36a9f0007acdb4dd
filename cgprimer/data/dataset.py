"""Data: samples of inputs and targets by name, checked once and then frozen."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cgprimer import takes
from cgprimer.errors import DataError, GraphError, listing, shorten, suggest
from cgprimer.graph.graph import Graph, name_list
from cgprimer.notation.report import Part, Report, Said
from cgprimer.notation.table import Table, capped

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
Seed = int | np.random.Generator | None
Cell = tuple[int, str]  # line of the file, text
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
        object.__setattr__(self, "ignored", tuple(_names(self.ignored, "ignored")))
        for field in ("inputs", "targets"):
            object.__setattr__(self, field, _by_name(getattr(self, field), field))
        columns = {**self.inputs, **self.targets}
        if not self.targets:
            raise DataError("a data set needs at least one target")
        if both := [name for name in self.inputs if name in self.targets]:
            raise DataError(f"{listing(both)}: both an input and a target")
        size = _length(columns)
        for field in ("inputs", "targets"):
            frozen = {k: _column(k, v, size) for k, v in getattr(self, field).items()}
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
        table = Table(SUMMARY, rows, SUMMARY[2:], SUMMARY[:1:-1], caption=left_out)
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
        columns = {str(name): frame[name].to_numpy() for name in frame.columns}
        return cls._pick(columns, graph, inputs, targets, sigma)

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
        that is not a number.
        """
        if not isinstance(path, str | PathLike):
            raise DataError(f"the path of a file is expected, not {takes.shown(path)}")
        path = Path(path)
        return cls._pick(_read_csv(path), graph, inputs, targets, sigma, path)

    @classmethod
    def _pick(
        cls,
        columns: Mapping[str, Any],
        graph: Graph | None,
        inputs: Sequence[str] | None,
        targets: Sequence[str] | None,
        sigma: Any,
        path: Path | None = None,
    ) -> Dataset:
        if graph is None and (inputs is None or targets is None):
            raise DataError(
                "say which columns are inputs and targets, or give the graph"
            )
        if graph is not None:
            takes.kind(Graph, graph=graph)
            if inputs is None:
                _refuse_parameters(columns, graph)
            if targets is None:
                _refuse_variables(columns, graph)
            inputs = graph.inputs if inputs is None else inputs
            targets = graph.outputs if targets is None else targets
        chosen = [
            {name: _named(columns, name) for name in _names(names, keyword)}
            for names, keyword in ((inputs, "inputs"), (targets, "targets"))
        ]
        if path is not None:
            chosen = [
                {n: _cells(n, c, path) for n, c in part.items()} for part in chosen
            ]
        rest = [name for name in columns if not any(name in part for part in chosen)]
        return cls(chosen[0], chosen[1], sigma, rest)

    def take(self, rows: ArrayLike | slice) -> Dataset:
        """The samples in `rows`: numbers, a mask or a slice."""
        at = self._rows(rows)
        parts = [
            {k: v[at] for k, v in part.items()} for part in (self.inputs, self.targets)
        ]
        sigma = (
            None if self.sigma is None else {k: v[at] for k, v in self.sigma.items()}
        )
        return Dataset(parts[0], parts[1], sigma, self.ignored)

    def _rows(self, rows: Any) -> Any:
        """What picks `rows` from a column; DataError for what does not."""
        try:
            at: Any = rows if isinstance(rows, slice) else np.asarray(rows)
            if not isinstance(at, slice) and not at.size:
                return slice(0)
            next(iter(self.targets.values()))[at]
            return at
        except (IndexError, TypeError, ValueError, OverflowError) as error:
            raise DataError(
                f"rows={takes.shown(rows)} are not samples of these: {error}\n"
                f"  hint: give numbers from 0 to {len(self) - 1}, a mask or a slice"
            ) from error

    def split(self, fraction: float, rng: Seed = None) -> tuple[Dataset, Dataset]:
        """Two random parts; the first holds `fraction` of the samples, both some."""
        if not (takes.is_real(fraction) and 0 < fraction < 1) or len(self) < 2:
            raise DataError("split takes a fraction between 0 and 1 and two samples")
        order = generator(rng).permutation(len(self))
        cut = min(max(1, round(fraction * len(self))), len(self) - 1)
        return self.take(order[:cut]), self.take(order[cut:])

    def batches(self, size: int, rng: Seed = None) -> Iterator[Dataset]:
        """All samples once, `size` at a time (the last may be smaller), shuffled."""
        if not is_count(size):
            raise DataError(f"a batch has at least one sample, not {takes.shown(size)}")
        size = takes.index(size)
        order = generator(rng).permutation(len(self))
        for first in range(0, len(order), size):
            yield self.take(order[first : first + size])


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


def _length(columns: Mapping[str, ArrayLike]) -> int:
    lengths = {name: np.shape(value) for name, value in columns.items()}
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


def _column(name: str, value: ArrayLike, size: int) -> Array:
    """A frozen copy of one column, all numbers finite."""
    if np.iscomplexobj(value) or np.ma.is_masked(value):
        kind = "complex" if np.iscomplexobj(value) else "masked"
        raise DataError(f"{name!r} holds {kind} values; real numbers are expected")
    try:
        column = np.array(np.broadcast_to(np.asarray(value, np.float64), (size,)))
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{name!r} is not a column of {size} real numbers") from error
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
    columns = {
        name: _column(f"sigma of {name}", by_name[name], size) for name in targets
    }
    for name, column in columns.items():
        if not (column > 0).all():
            raise DataError(f"sigma of {name!r} must be positive")
    return columns


def _named(columns: Mapping[str, Any], name: str) -> Any:
    if name not in columns:
        hint = suggest(name, columns) or f"the columns are {listing(columns)}"
        raise DataError(f"there is no column {shorten(name)!r}\n  hint: {hint}")
    return columns[name]


def _refuse_parameters(columns: Mapping[str, Any], graph: Graph) -> None:
    """Columns that the caller surely means as inputs, but the graph does not."""
    if found := [name for name in columns if name in graph.parameter_number]:
        raise DataError(
            f"{_left_out(found, 'a parameter of the graph', 'parameters of the graph')}"
            f"\n  hint: parse_graph(…, variables={found!r}) turns parameters into "
            "inputs; rename a column that is something else"
        )


def _refuse_variables(columns: Mapping[str, Any], graph: Graph) -> None:
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


def _read_csv(path: Path) -> dict[str, list[Cell]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            rows = [(reader.line_num, row) for row in reader if row]
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"cannot read {path}: {error}") from error
    if len(rows) < 2:
        raise DataError(
            f"{path}: a first line with names and some samples are expected"
        )
    names = [name.strip() for name in rows[0][1]]
    if len(set(names)) < len(names):
        raise DataError(f"{path}: a column name appears twice in {listing(names)}")
    columns: dict[str, list[Cell]] = {name: [] for name in names}
    for number, row in rows[1:]:
        if len(row) != len(names):
            raise DataError(
                f"{path}: row {number} has {len(row)} cells, the first {len(names)}"
            )
        for name, cell in zip(names, row, strict=True):
            columns[name].append((number, cell))
    return columns


def _cells(name: str, cells: Sequence[Cell], path: Path) -> list[float]:
    """The cells of a column that is used, as numbers."""
    for number, cell in cells:
        try:
            float(cell)
        except ValueError:
            raise DataError(
                f"{path}: row {number}, column {name!r} holds {shorten(cell)!r}, "
                "which is not a number"
            ) from None
    return [float(cell) for _, cell in cells]
