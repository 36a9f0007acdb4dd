"""Data: samples of inputs and targets by name, checked once and then frozen.

columns by name, a DataFrame, a CSV file ─▶ Dataset, for fits
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cgprimer import takes
from cgprimer.data.array_dims import check_dims
from cgprimer.data.columns import (
    by_name,
    check_columns,
    frame_column,
    freeze,
    freeze_sigma,
    read_column,
    take_rows,
)
from cgprimer.data.csv_file import read_columns
from cgprimer.data.csv_writing import write_table
from cgprimer.data.entries import columns_for, gather
from cgprimer.data.reading import TableReading
from cgprimer.data.roles import Roles, choose, column_names, wanted
from cgprimer.data.summary import SUMMARY, summary_row
from cgprimer.errors import DataError, counted, listing
from cgprimer.expr.printed import as_name
from cgprimer.graph.arrays import as_rows
from cgprimer.graph.graph import Graph
from cgprimer.notation.report import Part, Report, Said
from cgprimer.notation.text_table import TextTable, cap

if TYPE_CHECKING:
    import pandas as pd

Seed = int | np.random.Generator | None


@dataclass(frozen=True, eq=False, repr=False)
class Dataset(Report):
    """Samples of the inputs and of the targets of a graph.

    inputs, targets : name → array (n,) of finite numbers, or (n, *dims) of arrays.
    sigma : standard deviation of the targets' noise: a number, an array (n,), one of
        the target's shape, or a dict target → any; None if unknown. It weighs the
        residuals of LeastSquares.
    ignored : names of columns that were there but are neither.
    remarks : sentences on how a file was read, such as which rows were left out.

    Columns (n,) are float64. Arrays keep a type that float64 holds, such as uint8; one
    that is closed to writing, with all that it is a view of, is not copied.

    Raises DataError for columns of different length, missing or infinite values.
    """

    inputs: Mapping[str, NDArray[Any]]
    targets: Mapping[str, NDArray[Any]]
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
            name: read_column(name, value)
            for name, value in {**self.inputs, **self.targets}.items()
        }
        check_columns(columns)
        for field in ("inputs", "targets"):
            part = {name: columns[name] for name in getattr(self, field)}
            object.__setattr__(self, field, freeze(part))
        if self.sigma is not None:
            sigma = freeze_sigma(self.sigma, self.targets)
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
        sigma = self.sigma or {}
        rows = [
            summary_row(name, role, parts[role][name], sigma.get(name))
            for role, name in shown
        ]
        table = TextTable(SUMMARY, rows, SUMMARY[2:], SUMMARY[:1:-1], caption=left_out)
        return [Said(said), *map(Said, self.remarks), table]

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
            `graph`. An array has a column for each entry, named as W[0,3] is. Raises
            DataError for a column that is not there, and for one that would be left out
            though the graph has a parameter or a variable of its name; other columns
            are `ignored`.
        """
        if not hasattr(frame, "columns"):
            raise DataError(f"a pandas DataFrame is expected, not {takes.quote(frame)}")
        # Labels of a frame may be numbers; names of a graph are texts.
        place = {as_name(str(name)): name for name in frame.columns}
        roles = choose(list(place), graph, inputs, targets, sigma)
        used = columns_for([*place], roles.used)
        columns = {name: frame_column(frame, place[name]) for name in used}
        data = cls._of(gather(columns, roles.used), roles, sigma)
        return data.checked(graph)

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
        data = cls._of(table.columns, table.roles, sigma, table.remarks)
        return data.checked(graph)

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

    def to_csv(self, path: str | PathLike[str]) -> None:
        """Write all columns as a table that `from_csv` reads, each with all its digits.

        Of arrays there is a column for each entry, W[0,0] and so on; of sigma one named
        `sigma xy`: `from_csv(path, graph, sigma={"xy": "sigma xy"})`. An older file is
        replaced in one step. Raises DataError where it cannot be written, or two
        columns would have the same name.
        """
        write_table(path, {**self.inputs, **self.targets}, self.sigma or {})

    def checked(self, graph: Graph | None) -> Dataset:
        """These data; DataError where an array has other dims than in `graph`."""
        if graph is not None:
            check_dims(graph, {**self.inputs, **self.targets})
        return self

    def take(self, rows: ArrayLike | slice) -> Dataset:
        """The samples in `rows`: numbers, a mask or a slice."""
        at: Any = rows
        if not isinstance(rows, slice):
            at = as_rows("rows", rows, len(self), DataError)
        # What was checked and frozen is neither checked nor copied again.
        part = object.__new__(Dataset)
        for field in fields(self):
            value = getattr(self, field.name)
            taken = take_rows(value, at) if isinstance(value, Mapping) else value
            object.__setattr__(part, field.name, taken)
        if not len(part):
            raise DataError("a data set needs at least one sample")
        return part

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
