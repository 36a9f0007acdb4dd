"""The Trail of a fit: the best so far, every loss, and what is known of how it ended.

start ─ `descend` or `least_squares` writes ─▶ Trail ─ `conclusion`, `outcome` read
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from cgprimer.errors import FitError
from cgprimer.types import Array


@dataclass
class Trail:
    """Where a descent has been; `loss` is nan until one was computed.

    state : what an epoch changes in place, its parameters first.
    """

    params: Array
    best: Array
    loss: float = np.nan
    status: str = "max_steps"
    losses: list[float] = field(default_factory=list)
    epochs: int = 0
    evaluations: int = 0
    marks: list[tuple[float, int, int]] = field(default_factory=list)
    unit: str = "epoch"  # after which the loss over all data is taken
    moved: Array | None = None  # in the last epoch, as a share of each parameter
    dead: bool = False  # whether every slope is exactly zero
    slope: float = np.inf  # the largest, times its parameter, beside the loss
    state: Array | None = None
    way: float = 0.0  # how far the loss would still fall by one parameter alone
    length: float = 0.0  # … and how far away that is, as a share of the parameter
    endless: bool = False  # whether the loss falls to zero as the parameters grow
    border: bool = False  # whether a step from the last point led nowhere finite
    creeps: bool = False  # whether it still went on, but ever more slowly
    gone: list[int] = field(default_factory=list)  # parameters that ran off
    steep: bool = False  # whether even a far lower rate lets the loss rise
    began: float = field(default_factory=time.perf_counter)  # in seconds
    origin: Array = field(init=False)

    def __post_init__(self) -> None:
        self.origin = self.params

    def begin(self, loss: float) -> None:
        """Take the loss at the start; FitError where it is not finite."""
        if not np.isfinite(loss):
            raise FitError(
                f"the loss is {loss} at the start: choose another start, or evaluate "
                "the graph there to see which variable is not finite"
            )
        self.loss, self.evaluations = loss, 1

    def mark(self, loss: float) -> None:
        """Remember a loss over all data, and when it was taken."""
        self.marks.append((loss, len(self.losses), self.evaluations))

    @property
    def overall(self) -> list[float]:
        """The losses over all data, from the start on, (e + 1,)."""
        return [loss for loss, *_ in self.marks]

    def note(self, before: Array, after: Array) -> None:
        """Remember how far an epoch went."""
        size = np.maximum(np.abs(before), np.abs(after))
        self.moved = np.abs(after - before) / np.where(size > 0, size, 1.0)

    def keep(self, params: Array, loss: float) -> None:
        """Remember the parameters if they are the best so far."""
        if loss < self.loss or np.isnan(self.loss):
            self.best, self.loss = params, loss
