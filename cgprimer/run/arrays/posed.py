"""What a fit of arrays asks: data, and the loss to be made small, as an equation.

    graph, name → array, loss ─ pose ─▶ ArrayProblem ─▶ `runner`

The loss is one more equation of the graph, of the data's targets as further inputs, so
that its gradient is a graph like any other. A sample's loss is the sum over all entries
of all targets, and a data set's the mean over samples. Where a graph writes its samples
out (`xx: batch x 784`), data are one sample of it, and the first axis of the targets is
what counts as samples.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cgprimer.expr.dims import Dims
from cgprimer.expr.node import leaves
from cgprimer.expr.ops import Op
from cgprimer.graph.array_point import Sizes
from cgprimer.keeping import lazy
from cgprimer.run.arrays.entries import Entries
from cgprimer.run.arrays.model import ArrayModel
from cgprimer.run.losses import Loss
from cgprimer.types import Array, Integers

if TYPE_CHECKING:
    from cgprimer.graph.graph import Graph
    from cgprimer.run.arrays.loss_graph import LossGraph
    from cgprimer.run.problem import Model

Arrays = Mapping[str, Array]
FEW = 32  # samples at which a parameter is felt, if it is …
MOST_FELT = 200_000  # … unless there are more targets times parameters


@dataclass(frozen=True, eq=False)
class ArrayProblem:
    """Data by name, and a graph that ends in their loss.

    graph : as it is fitted; the names of `met` are the variables that meet targets.
    objective : the same with the loss, see `loss_graph`.
    sizes : what the symbols of its dims stand for. entries : of the parameters.
    given : the inputs; those in `sampled` have samples in front, (n, *dims).
    met : the targets, (n, *dims); (*dims) where nothing has samples. deviations : as
        `met`, or None. weights : (n,), of mean one.
    samples : n, or None where all data are one sample.
    """

    graph: Graph
    objective: LossGraph
    sizes: Sizes
    entries: Entries
    given: Arrays
    sampled: frozenset[str]
    met: Arrays
    deviations: Arrays | None
    weights: Array | None
    samples: int | None
    loss: Loss
    threads: int

    @lazy
    def count(self) -> int:
        """The number of samples, or the length of the axis that stands for them."""
        if self.samples is not None:
            return self.samples
        first = {array.shape[:1] for array in self.met.values()}
        axes = sum(first, ())
        return int(axes[0]) if len(first) == len(axes) == 1 else 1

    def rows_of(self, arrays: Arrays) -> Array:
        """Arrays of all samples as rows, (entries, n)."""
        # One array is only looked at otherwise, not copied.
        rows = [array.reshape(self.count, -1).T for array in arrays.values()]
        return rows[0] if len(rows) == 1 else np.concatenate([*rows])

    @lazy
    def targets(self) -> Array:
        """The entries of all targets, (targets, n)."""
        return self.rows_of(self.met)

    @lazy
    def sigma(self) -> Array | None:
        """Their standard deviations, (targets, n)."""
        return None if self.deviations is None else self.rows_of(self.deviations)

    @lazy
    def inputs(self) -> Array:
        """The entries of the inputs that have samples, (inputs, n).

        Where samples are an axis, the place along it is the first: what is fitted
        may differ along it as well.
        """
        rows = [np.arange(float(self.count))[None]] if self.samples is None else []
        rows += [
            array.reshape(self.count, -1).T
            for name, array in self.given.items()
            if self._is_by_samples(name)
        ]
        return np.concatenate([np.empty((0, self.count)), *rows])

    def _is_by_samples(self, name: str) -> bool:
        """Whether an input has an entry for each sample, in its first axis."""
        if self.samples is not None:
            return name in self.sampled
        mine = self.graph.dims(name)[:1]
        return mine in {self.graph.dims(target)[:1] for target in self.met} - {()}

    @lazy
    def target_entries(self) -> Entries:
        """Names of the rows of `targets`."""
        axis = self.samples is None and self.count > 1
        dims = {name: self.dims(name) for name in self.met}
        return Entries({n: d[1:] if axis else d for n, d in dims.items()})

    @lazy
    def rows(self) -> range:
        """Numbers of the rows of `targets`."""
        return range(len(self.target_entries))

    @property
    def parameters(self) -> Entries:
        """Names of the parameters' entries, in order."""
        return self.entries

    @property
    def slots(self) -> int:
        """How much a sweep costs, as the number of names in equations of numbers."""
        return self.operations

    @property
    def asked(self) -> Mapping[Op, bool | None]:
        """Of every custom op, whether its backward is in use."""
        return {}

    @lazy
    def operations(self) -> int:
        """How many multiplications and calls one sample takes, there and back."""
        every = self.objective.operations(self.sizes)
        return every if self.samples is not None else 1 + every // self.count

    @lazy
    def numbers(self) -> int:
        """How many numbers the values of one sample are, there and back."""
        return self.objective.numbers(self.sizes)

    def dims(self, name: str) -> tuple[int, ...]:
        """The dims of a name, in numbers."""
        return in_numbers(self.graph.dims(name), self.sizes)

    def take(self, rows: Any) -> ArrayProblem:
        """The same of some samples; of all where data are one sample."""
        if self.samples is None:
            return self

        def part(arrays: Arrays) -> dict[str, Array]:
            return {name: array[rows] for name, array in arrays.items()}

        own = {name: self.given[name] for name in self.given}
        own |= part({name: own[name] for name in self.sampled})
        return ArrayProblem(
            self.graph,
            self.objective,
            self.sizes,
            self.entries,
            own,
            self.sampled,
            part(self.met),
            None if self.deviations is None else part(self.deviations),
            None if self.weights is None else self.weights[rows],
            len(next(iter(part(self.met).values()))),
            self.loss,
            self.threads,
        )

    def model(self, chosen: Integers) -> Model:
        """The targets at some samples."""
        return ArrayModel(self.take(chosen))

    def slopes(self, params: Array, rows: slice, seeds: Array) -> Array:
        """d Σ seeds·targets / d parameters (p,), at some samples."""
        return ArrayModel(self.take(rows)).slopes(params, seeds)

    def reach(self, members: Sequence[int]) -> tuple[list[int], int]:
        """Rows of the inputs that reach some targets, and how many parameters do."""
        names = {self.target_entries[k].partition("[")[0] for k in members}
        needed = needed_names(self.graph, names)
        count = self._felt(members[0]) if len(members) == 1 else 0
        if not count:
            parameters = (n for n in self.entries.dims if n in needed)
            count = sum(math.prod(self.entries.dims[n]) for n in parameters)
        places, first = ([0], 1) if self.samples is None else (list[int](), 0)
        for name, array in self.given.items():
            if self._is_by_samples(name):
                size = array.size // self.count
                places += range(first, first + size) if name in needed else ()
                first += size
        return places, count

    def _felt(self, row: int) -> int:
        """How many parameters one row of the targets feels; 0 where that would cost."""
        if len(self.rows) * len(self.entries) > MOST_FELT:
            return 0
        # An entry of W @ xx needs one row of W: at random a slope is 0 by no chance.
        params = np.random.default_rng(0).normal(size=len(self.entries))
        few = slice(0, max(1, min(self.count, FEW)))
        model = ArrayModel(self.take(few))
        slopes = model.target_jacobian(params, row, few)
        return int(((slopes != 0) & np.isfinite(slopes)).any(axis=0).sum())


def in_numbers(dims: Dims, sizes: Sizes) -> tuple[int, ...]:
    """Dims with the numbers that their symbols stand for."""
    known = dict(sizes)
    return tuple(known[d] if isinstance(d, str) else int(d) for d in dims)


def needed_names(graph: Graph, names: Iterable[str]) -> set[str]:
    """All names that the values of some depend on, these as well."""
    needed, stack = set[str](), [*names]
    while stack:
        name = stack.pop()
        if name not in needed:
            needed.add(name)
            if name in graph.sources:
                stack += leaves(graph.equation(name).body)
    return needed
