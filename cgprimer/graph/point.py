"""Points: the values a caller gives for inputs and parameters, checked and packed.

    name → number or array ─▶ Point(inputs (I, n), parameters (P, 1|n))

Whoever evaluates a graph reads its point here.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from cgprimer.errors import (
    NonFiniteWarning,
    PointError,
    counted,
    listing,
    shorten,
    unknown,
)
from cgprimer.graph.arrays import as_numbers
from cgprimer.graph.names import by_plain_name
from cgprimer.types import Array

if TYPE_CHECKING:
    from cgprimer.graph.graph import Graph
    from cgprimer.run.sweeps import Sweeps

BLOCK = 2**20  # numbers looked at in one call of numpy
NOTHING = np.zeros(())  # for a parameter that is in no equation, if it has no value


@dataclass(frozen=True)
class Point:
    """Values in the order of the graph.

    inputs : (number of inputs, n); parameters : (number of parameters, 1 or n).
    samples : n, or None where every value is a plain number.
    """

    inputs: Array
    parameters: Array
    samples: int | None

    @property
    def width(self) -> int:
        """Columns of the value arrays."""
        return 1 if self.samples is None else self.samples

    @classmethod
    def of(cls, graph: Graph, at: Mapping[str, ArrayLike]) -> Point:
        """Check `at` against the graph and pack it; PointError says what is wrong."""
        at = by_plain_name(at, PointError)
        check_names(graph, at)
        arrays = {name: as_array(name, value) for name, value in at.items()}
        samples, table = common_length(arrays), graph.table
        inputs = table.input_rows.pack(arrays, samples or 1)
        arrays = dict.fromkeys(table.parameter_rows, NOTHING) | arrays
        # Parameters that are all plain numbers stay one column, also beside arrays of
        # inputs: whoever computes with them broadcasts.
        varying = any(arrays[name].ndim for name in table.parameter_rows)
        width = (samples or 1) if varying else 1
        return cls(inputs, table.parameter_rows.pack(arrays, width), samples)

    def unpack(self, row: Array) -> float | Array:
        """One row of results as the caller expects it: a float, or (n,) read-only."""
        if self.samples is None:
            return float(row[0])
        full = np.broadcast_to(row, (self.samples,))
        # A broadcast row has one number in memory for all samples; writing to one would
        # write to all.
        full.flags.writeable = False
        return full

    def warn_nonfinite(
        self, graph: Graph, program: Sweeps, values: Array, stacklevel: int = 4
    ) -> None:
        """Name the first computed variable that is nan or inf, if any is."""
        if _all_finite(values, program.computed):
            return
        rows = graph.variable_number
        computed = set(program.computed)
        named = {n: values[rows[n]] for n in graph.order if rows[n] in computed}
        warn_nonfinite(named, self.samples, stacklevel)


def _all_finite(values: Array, rows: Sequence[int]) -> bool:
    """Whether some rows are finite; in blocks, so that Ctrl-C need not wait."""
    width = max(values.shape[1], 1)
    # So many rows that a block of them holds about BLOCK numbers, whether there are few
    # samples or many.
    high = max(BLOCK // width, 1)
    return all(
        np.isfinite(values[rows[k : k + high], first : first + BLOCK]).all()
        for k in range(0, len(rows), high)
        for first in range(0, width, BLOCK)
    )


def warn_nonfinite(
    values: Mapping[str, ArrayLike], samples: int | None, stacklevel: int = 5
) -> None:
    """Name the first variable that is nan or inf, if any is."""
    for name, value in values.items():
        row = np.atleast_1d(value)
        bad = np.flatnonzero(~np.isfinite(row))
        if len(bad):
            where = "" if samples is None else f" in sample {bad[0]}"
            more = "" if len(bad) < 2 else f" (and in {len(bad) - 1} more)"
            warnings.warn(
                f"{name} is {row[bad[0]]}{where}{more}",
                NonFiniteWarning,
                stacklevel=stacklevel,
            )
            return


def check_names(graph: Graph, at: Mapping[str, ArrayLike]) -> None:
    """Refuse a point that names too much or too little."""
    if not isinstance(at, Mapping):
        raise PointError(f"values are given as a dict name → value, not {type(at)}")
    wanted = (*graph.inputs, *graph.parameters)
    known = {*wanted, *graph.spare}
    for name in at:
        if name in known:
            continue
        if name in graph.variable_number:
            raise PointError(
                f"{name!r} is defined by an equation, so its value cannot be given\n"
                f"  hint: give values for {listing(wanted)}"
            )
        every = f"the graph has {listing(wanted)}"
        raise PointError(unknown(f"name {shorten(name)!r}", name, wanted, every))
    missing = [n for n in wanted if n not in at and n not in graph.spare]
    if missing:
        inputs = set(graph.inputs)
        kinds = {"input" if name in inputs else "parameter" for name in missing}
        what = " and ".join(sorted(kinds)) + "s" * (len(missing) > 1)
        raise PointError(f"no value for the {what} {listing(missing)}")


def as_array(name: str, value: ArrayLike) -> Array:
    """A number or a one-dimensional array as float64; anything else is refused."""
    array = as_numbers(f"the value of {name!r}", value)
    if array.ndim > 1:
        raise PointError(
            f"the value of {name!r} has shape {array.shape}; expected a number or (n,)"
        )
    if not array.size:
        raise PointError(f"the value of {name!r} is an empty array: it has no samples")
    return array


def common_length(arrays: Mapping[str, Array]) -> int | None:
    """The n that all arrays (n,) share, or None where all values are numbers."""
    lengths = {name: len(array) for name, array in arrays.items() if array.ndim}
    for name, length in lengths.items():
        first = next(iter(lengths))
        if length != lengths[first]:
            raise PointError(
                f"{first!r} has {counted(lengths[first], 'sample')} "
                f"but {name!r} has {length}"
            )
    return next(iter(lengths.values()), None)
