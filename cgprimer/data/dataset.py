"""Data: samples of inputs and targets by name, checked once and then frozen.

columns by name, a DataFrame, a CSV file ─▶ Dataset, for fits
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from cgprimer import takes
from cgprimer.data.columns import by_name, check_columns, freeze, freeze_sigma
from cgprimer.data.csv_file import read_columns
from cgprimer.data.reading import TableReading
from cgprimer.data.roles import Roles, choose, column_names, wanted
from cgprimer.errors import DataError, counted, listing
from cgprimer.expr.printed import as_name
from cgprimer.graph.arrays import as_numbers, as_rows
from cgprimer.graph.graph import Graph
from cgprimer.notation.report import Part, Report, Said
from cgprimer.notation.text_table import TextTable, cap
from cgprimer.types import Array

if TYPE_CHECKING:
    import pandas as pd

Seed = int | np.random.Generator | None
SUMMARY = ("column", "role", "least", "mean", "greatest", "spread", "sigma")


@dataclass(frozen=True, eq=False, repr=False)
class Dataset(Report):
    """Samples of the inputs and of the targets of a graph.

    inputs, targets : name → array (n,) of finite numbers.
    sigma : standard deviation of the targets' noise: a number, an array (n,), or a
        dict target → either; None if unknown. It weighs the residuals of LeastSquares.
    ignored : names of columns that were there but are neither.
    remarks : sentences on how a file was read, such as which rows were left out.

    Raises DataError for columns of different length, missing or infinite values.
    """

    inputs: Mapping[str, Array]
    targets: Mapping[str, Array]
    sigma: Any = None
    ignored: Sequence[str] = ()
    remarks: Sequence[str] = ()

    def __post_init__(self) -> None:
        # The class is frozen; these are the only places where its fields are set.
        for field in ("ignored", "remarks"):
            texts = column_names(getattr(self, field), field)
            object.__setattr__(self, field, tuple(texts))
        for field in ("inputs", "targets"):
            object.__setattr__(self, field, by_name(getattr(self, field), field))
        if not self.targets:
            raise DataError("a data set needs at least one target")
        if both := [name for name in self.inputs if name in self.targets]:
            raise DataError(f"{listing(both)}: both an input and a target")
        columns = {
            name: as_numbers(repr(name), value, DataError)
            for name, value in {**self.inputs, **self.targets}.items()
        }
        size = check_columns(columns)
        for field in ("inputs", "targets"):
            part = {name: columns[name] for name in getattr(self, field)}
            object.__setattr__(self, field, freeze(part, size))
        if self.sigma is not None:
            sigma = freeze_sigma(self.sigma, tuple(self.targets), size)
            object.__setattr__(self, "sigma", sigma)

    def __reduce__(self) -> tuple[Any, ...]:
        sigma = None if self.sigma is None else dict(self.sigma)
        own = sigma, self.ignored, self.remarks
        return Dataset, (dict(self.inputs), dict(self.targets), *own)

    def __len__(self) -> int:
        return len(next(iter(self.targets.values())))

    def _parts(self) -> list[Part]:
        said = (
            f"Dataset({counted(len(self), 'sample')}: inputs "
            f"{listing(self.inputs) or 'none'}; targets {listing(self.targets)}"
            + f"; not used: {listing(self.ignored)}" * bool(self.ignored)
            + ")"
        )
        parts = {"input": self.inputs, "target": self.targets}
        pairs = [(role, name) for role, part in parts.items() for name in part]
        shown, left_out = cap(pairs, most=20)
        rows = [self._row(role, name) for role, name in shown]
        table = TextTable(SUMMARY, rows, SUMMARY[2:], SUMMARY[:1:-1], caption=left_out)
        return [Said(said), *map(Said, self.remarks), table]

    def _row(self, role: str, name: str) -> tuple[str, ...]:
        """A column of the data in words: its range, mean and spread, its noise."""
        column = (self.inputs if role == "input" else self.targets)[name]
        size = float(np.abs(column).max()) or 1.0  # so that no sum overflows
        mean, spread = size * (column / size).mean(), size * (column / size).std()
        figures = [column.min(), mean, column.max(), spread]
        sigma = (self.sigma or {}).get(name) if role == "target" else None
        noise = "" if sigma is None else _range(sigma)
        return name, role, *(f"{value:.4g}" for value in figures), noise

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
            raise DataError(f"a pandas DataFrame is expected, not {takes.quote(frame)}")
        # Labels of a frame may be numbers; names of a graph are texts.
        place = {as_name(str(name)): name for name in frame.columns}
        roles = choose(list(place), graph, inputs, targets, sigma)
        columns = {name: frame[place[name]].to_numpy() for name in roles.used}
        return cls._of(columns, roles, sigma)

    @classmethod
    def from_csv(
        cls,
        path: str | PathLike[str],
        graph: Graph | None = None,
        *,
        inputs: Sequence[str] | None = None,
        targets: Sequence[str] | None = None,
        sigma: Any = None,
        separator: str | None = None,
        decimal: str | None = None,
        thousands: str | None = None,
        comment: str | None = None,
        encoding: str | None = None,
        names: Sequence[str] | None = None,
        rename: Mapping[str, str] | None = None,
        missing: str = "refuse",
    ) -> Dataset:
        """The columns of a table of text, as spreadsheets and instruments write it.

        graph, inputs, targets, sigma : as in `from_frame`.
        separator : "," ";" tab "|" or " " for runs of blanks; found by itself.
        decimal : "." or ","; found by itself where a cell such as 0,5 shows it.
        thousands : "," "." " " or "'" between groups of three digits; never assumed.
        comment : how a line begins that is none; by default # or % or //.
        encoding : by default UTF-8, or UTF-16 with a mark; cp1252 where it is neither.
        names : of all columns in order, where there is no heading; "" for one without.
        rename : heading → name, such as {"T [K]": "T"}.
        missing : "refuse", or "drop" to leave out rows that lack a value that is used.

        Remarks before the heading are passed by, and so is a row of units below it.
        Raises DataError, with the row, for a cell that is no number, and for what can
        be read in two ways, with what to pass; for a file of more than 2 GiB, or with a
        line of more than 64 million characters.

        >>> Dataset.from_csv("log.csv", graph, rename={"T [K]": "T"})  # doctest: +SKIP
        """
        if not isinstance(path, str | PathLike):
            raise DataError(f"the path of a file is expected, not {takes.quote(path)}")
        reading = TableReading(
            separator, decimal, thousands, comment, encoding, names, rename, missing
        )
        table = read_columns(
            Path(path),
            reading,
            wanted(graph, inputs, targets, sigma).used,
            lambda names: choose(names, graph, inputs, targets, sigma),
        )
        return cls._of(table.columns, table.roles, sigma, table.remarks)

    @classmethod
    def _of(
        cls,
        columns: Mapping[str, Any],
        roles: Roles,
        sigma: Any,
        remarks: Sequence[str] = (),
    ) -> Dataset:
        inputs, targets = ({name: columns[name] for name in part} for part in roles[:2])
        if roles.sigma:
            by_name = sigma if isinstance(sigma, Mapping) else dict.fromkeys(targets)
            sigma = {**by_name, **{t: columns[c] for t, c in roles.sigma.items()}}
        return cls(inputs, targets, sigma, roles.ignored, remarks)

    def take(self, rows: ArrayLike | slice) -> Dataset:
        """The samples in `rows`: numbers, a mask or a slice."""
        at: Any = rows
        if not isinstance(rows, slice):
            at = as_rows("rows", rows, len(self), DataError)

        def part(columns: Mapping[str, Array]) -> dict[str, Array]:
            return {name: column[at] for name, column in columns.items()}

        sigma = None if self.sigma is None else part(self.sigma)
        own = sigma, self.ignored, self.remarks
        return Dataset(part(self.inputs), part(self.targets), *own)

    def split(self, fraction: float, rng: Seed = None) -> tuple[Dataset, Dataset]:
        """Two random parts; the first holds `fraction` of the samples, both some."""
        if not (takes.is_real(fraction) and 0 < fraction < 1) or len(self) < 2:
            raise DataError("split takes a fraction between 0 and 1 and two samples")
        order = takes.generator(rng, DataError).permutation(len(self))
        # Each part gets one sample at least, however small the fraction.
        cut = min(max(1, round(fraction * len(self))), len(self) - 1)
        return self.take(order[:cut]), self.take(order[cut:])

    def batches(self, size: int, rng: Seed = None) -> Iterator[Dataset]:
        """All samples once, `size` at a time (the last may be smaller), shuffled."""
        if not takes.is_count(size):
            raise DataError(f"a batch has at least one sample, not {takes.quote(size)}")
        size = int(size)
        order = takes.generator(rng, DataError).permutation(len(self))
        for first in range(0, len(order), size):
            yield self.take(order[first : first + size])


def _range(column: Array) -> str:
    low, high = f"{column.min():.4g}", f"{column.max():.4g}"
    return low if low == high else f"{low} … {high}"
