"""What a fit asks of an engine: data, and the loss to be made small.

data, loss ─▶ Problem ─▶ a Runner, of `by_numpy`, `llvm.fused` or `llvm.by_shape`

What a fit reads of it is `Posed`, which holds for arrays too, see `arrays.problem`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from cgprimer.errors import FitError
from cgprimer.graph.slots import PARAMETER, VARIABLE
from cgprimer.keeping import Weakly, lazy
from cgprimer.run.losses import Loss
from cgprimer.run.update_rule import UpdateRule
from cgprimer.types import Array, Integers

if TYPE_CHECKING:
    from cgprimer.expr.ops import Op
    from cgprimer.run.sweeps import Sweeps

BACK = 3  # times as much as the values alone: a sweep there and back
MOST_WALKS = 300_000  # targets times equations: what reaches them is found one by one


class Model(Protocol):
    """A problem's targets at some samples."""

    def predictions(self, params: Array) -> Array:
        """The targets (targets, n)."""

    def jacobian(self, params: Array) -> Array:
        """d target / d parameter, (targets, n, p)."""


class Posed(Protocol):
    """What a fit reads of a problem; arrays are those of `Problem`.

    Of a graph with arrays targets, inputs and parameters are their entries.
    """

    @property
    def loss(self) -> Loss: ...
    @property
    def threads(self) -> int: ...
    @property
    def rows(self) -> Sequence[int]: ...
    @property
    def targets(self) -> Array: ...
    @property
    def inputs(self) -> Array: ...
    @property
    def sigma(self) -> Array | None: ...
    @property
    def weights(self) -> Array | None: ...
    @property
    def count(self) -> int: ...
    @property
    def operations(self) -> int: ...
    @property
    def parameters(self) -> Sequence[str]: ...
    @property
    def slots(self) -> int: ...
    @property
    def asked(self) -> Mapping[Op, bool | None]: ...

    def model(self, chosen: Integers) -> Model:
        """The targets at some samples."""

    def slopes(self, params: Array, rows: slice, seeds: Array) -> Array:
        """d Σ seeds·targets / d parameters (p,), at some samples."""

    def reach(self, members: Sequence[int]) -> tuple[list[int], int]:
        """Rows of the inputs that reach some targets, and how many parameters do."""


@dataclass(frozen=True, eq=False)
class Problem:
    """Data packed by rows, and the loss.

    rows : numbers of the variables that are to meet the targets.
    inputs : (inputs, n); targets : (targets, n); sigma : as targets; weights : (n,),
        of mean one. Losses see predictions and targets in units of sigma.
    threads : how many may be used. built : takes in every function that is compiled.
    """

    sweeps: Sweeps
    rows: list[int]
    inputs: Array
    targets: Array
    sigma: Array | None
    weights: Array | None
    loss: Loss
    threads: int
    built: Weakly[str, Any]

    @lazy
    def count(self) -> int:
        """The number of samples."""
        return int(self.targets.shape[1])

    def inputs_at(self, rows: slice | Integers) -> Array:
        """The inputs of some samples, (inputs, n); (0, 1) where there are none."""
        return self.inputs[:, rows] if len(self.inputs) else self.inputs[:, :1]

    @lazy
    def operations(self) -> int:
        """How many it takes for one sample, there and back."""
        return BACK * self.sweeps.table.operations(self.sweeps.needed)

    @property
    def data(self) -> list[Array]:
        """Rows of data (n,): inputs, targets, sigma and weights."""
        rows = [*self.inputs, *self.targets]
        rows += [] if self.sigma is None else [*self.sigma]
        return rows if self.weights is None else [*rows, self.weights]

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters, in order."""
        return self.sweeps.table.parameters

    @property
    def slots(self) -> int:
        """How many names stand in the equations."""
        return len(self.sweeps.table.slots)

    @property
    def asked(self) -> Mapping[Op, bool | None]:
        """Of every custom op, whether its backward is in use."""
        return self.sweeps.asked

    def model(self, chosen: Integers) -> Model:
        """The targets at some samples, by numpy."""
        return _Swept(self, self.inputs_at(chosen))

    def slopes(self, params: Array, rows: slice, seeds: Array) -> Array:
        """d Σ seeds·targets / d parameters (p,), at some samples."""
        values = self.sweeps.forward(self.inputs_at(rows), params[:, None])
        seed = dict(zip(self.rows, seeds[:, : values.shape[1]], strict=True))
        _, shares = self.sweeps.backward(values, params[:, None], seed, total=True)
        slopes: Array = shares[:, 0]
        return slopes

    def reach(self, members: Sequence[int]) -> tuple[list[int], int]:
        """Rows of the inputs that reach some targets, and how many parameters do."""
        table = self.sweeps.table
        # Beyond, what reaches any target stands for what reaches each.
        few = len(self.rows) * len(table) <= MOST_WALKS
        rows = [self.rows[k] for k in members] if few else self.rows
        needed = table.needed([table.variables[row] for row in rows])
        inside = np.repeat(needed, np.diff(table.start))
        used = {
            kind: np.unique(table.slots[inside & (table.kinds == kind)])
            for kind in (VARIABLE, PARAMETER)
        }
        variables = {table.variables[k] for k in used[VARIABLE].tolist()}
        places = [k for k, name in enumerate(table.input_rows) if name in variables]
        return places, len(used[PARAMETER])


@dataclass(frozen=True, eq=False)
class _Swept:
    """The targets of a problem at some of its inputs (inputs, n)."""

    problem: Problem
    inputs: Array

    def predictions(self, params: Array) -> Array:
        """The targets (targets, n)."""
        rows: Array = self._values(params)[self.problem.rows]
        return rows

    def jacobian(self, params: Array) -> Array:
        """d target / d parameter, (targets, n, p)."""
        values = self._values(params)
        return np.stack(
            [self._shares(values, params, row) for row in self.problem.rows]
        )

    def _values(self, params: Array) -> Array:
        return self.problem.sweeps.forward(self.inputs, params[:, None])

    def _shares(self, values: Array, params: Array, row: int) -> Array:
        seed = {row: np.ones(values.shape[1])}
        sweep = self.problem.sweeps.backward
        return sweep(values, params[:, None], seed, inputs=False)[1].T


def beyond(count: int) -> FitError:
    """An order names samples that are not there."""
    return FitError(f"order holds numbers of samples, from 0 to {count - 1}")


def check_order(order: Integers, count: int) -> None:
    """Refuse numbers of samples that are not there."""
    # Read without a sign, a negative number is larger than any count: one comparison.
    if len(order) and order.view(np.uint64).max() >= count:
        raise beyond(count)


class Steps(NamedTuple):
    """What an epoch does: walk through samples, with a step of a rule a batch.

    settings : (steps, settings of the rule), or (1, …) for the same in all.
    order : numbers of the samples to visit, int64, contiguous. batch : how many a step.

        Steps(rule, settings, np.arange(10), 4)     3 steps, of 4, 4 and 2 samples
    """

    rule: UpdateRule
    settings: Array
    order: Integers
    batch: int

    @property
    def batches(self) -> int:
        """How many batches there are, and so steps."""
        return -(-len(self.order) // self.batch)

    def each_settings(self) -> Array:
        """The settings of every step (steps, settings)."""
        return np.broadcast_to(self.settings, (self.batches, len(self.rule.settings)))


class Runner(Protocol):
    """One way of computing a problem's loss; parameters are arrays (p,)."""

    def value_and_gradient(
        self, params: Array, rows: Integers | None = None
    ) -> tuple[float, Array]:
        """The mean loss and its gradient (p,), over the samples in `rows` or all."""

    def predictions(self, params: Array) -> Array:
        """The targets' variables (targets, n)."""

    def jacobian(self, params: Array, target: int, rows: slice) -> Array:
        """d prediction / d parameters for one target, (samples in `rows`, p)."""

    def epoch(self, state: Array, steps: Steps) -> Array:
        """Step through an order in batches; the mean loss of every batch (steps,).

        The losses may be overwritten by this thread's next epoch.
        state : (1 + memories, p), parameters first; changed in place. FitError where
            the order names a sample that is not there.
        """
