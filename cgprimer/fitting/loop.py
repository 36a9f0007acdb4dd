"""The loop of a descent: steps, epochs, and the word for how it ended.

    objective, method, Trail at a start ─▶ the Trail at its end; called by `fit`

An epoch ends with the loss over all data. The loop stops early where that loss hardly
changes for several epochs in a row and has not risen over them, or where it rose a
thousandfold. It has converged only if the gradient is zero beside the loss, and no
parameter has a way downhill.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cgprimer.errors import FitError
from cgprimer.fitting.descent import Descent
from cgprimer.fitting.downhill import way_down
from cgprimer.notation.progress import bar
from cgprimer.run.problem import Steps
from cgprimer.types import Array

PATIENCE = 10  # epochs that must hardly improve before the loop stops
# Some four units in the last place of the loss: below that, changes are rounding.
FALL = 1e-15  # the relative change over an epoch that counts as hardly any
SLOPE = 1e-6  # |gradient · parameter| beside the loss that counts as zero
GROWTH = 1e8  # times the loss of the start, that a loss fell ever faster: no end to it
# 1e-26 of a loss of squares is residuals of 1e-13 of those at the start.
NOTHING = 1e-26  # the loss beside that of the start that counts as zero
BESIDE = 1e-20  # … and beside the squared targets: a start may be any size off
ROUNDING = 1e-22  # … and where it has also come to rest
SLIGHT = 1e-3  # slope times parameter that leads nowhere soon
CRAWL = 1e-6  # a move in an epoch, as a share of a parameter, that leads nowhere soon
GENTLE = 1e-5  # times the rate: who lowers it further has inputs or targets to rescale
RISE = 1e3  # a rise by so many times the loss of the start: diverged


class Minimizable(Protocol):
    """What a descent needs of an objective."""

    nonnegative: bool

    def __len__(self) -> int: ...

    def value(self, params: Array) -> float: ...

    def value_and_gradient(self, params: Array) -> tuple[float, Array]: ...

    def epoch(self, state: Array, steps: Steps) -> Array: ...

    def parts(
        self, order: NDArray[np.int64], batch: int
    ) -> Iterator[NDArray[np.int64]]: ...


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
    origin: Array = field(init=False)

    def __post_init__(self) -> None:
        self.origin = self.params

    def mark(self, loss: float) -> None:
        """Remember a loss over all data, and when it was taken."""
        self.marks.append((loss, len(self.losses), self.evaluations))

    @property
    def overall(self) -> list[float]:
        """The losses over all data, from the start on."""
        return [loss for loss, *_ in self.marks]

    def note(self, before: Array, after: Array) -> None:
        """Remember how far an epoch went."""
        size = np.maximum(np.abs(before), np.abs(after))
        self.moved = np.abs(after - before) / np.where(size > 0, size, 1.0)

    def keep(self, params: Array, loss: float) -> None:
        """Remember the parameters if they are the best so far."""
        if loss < self.loss or np.isnan(self.loss):
            self.best, self.loss = params, loss


def descend(
    objective: Minimizable,
    method: Descent,
    trail: Trail,
    epochs: int,
    batch: int | None,
    rng: np.random.Generator,
    progress: bool,
) -> None:
    """Run `method` from the start of `trail`, which holds the best at any time."""
    first = objective.value(trail.params)
    if not np.isfinite(first):
        raise FitError(
            f"the loss is {first} at the start: choose another start, or evaluate the "
            "graph there to see which variable is not finite"
        )
    trail.loss, trail.evaluations = first, 1
    trail.mark(first)
    with bar(epochs, method.label, progress) as tick, np.errstate(all="ignore"):
        _epochs(objective, method, trail, epochs, batch, rng, tick)
        if trail.status == "diverged":
            trail.steep = _is_steep(objective, method, trail)


def _epochs(
    objective: Minimizable,
    method: Descent,
    trail: Trail,
    epochs: int,
    batch: int | None,
    rng: np.random.Generator,
    tick: Callable[[float], None],
) -> None:
    rule = method.rule
    # Row 0 holds the parameters, the others what the rule remembers, as a velocity:
    # compiled code changes all in place.
    state = np.zeros((1 + len(rule.memory), len(trail.params)))
    state[0], trail.state = trail.params, state
    size = len(objective)
    batch = size if batch is None else min(batch, size)
    recent = [trail.loss]
    for _ in range(epochs):
        # With all samples in one batch their order does not matter, and no number is
        # drawn.
        order = np.arange(size) if batch == size else rng.permutation(size)
        # Pieces of an epoch, so that Ctrl-C is heard between them.
        for part in objective.parts(order, batch):
            settings = method.settings(len(trail.losses), -(-len(part) // batch))
            losses = objective.epoch(state, Steps(rule, settings, part, batch))
            trail.losses += losses.tolist()
            trail.evaluations += len(losses)
        before, trail.params = trail.params, state[0].copy()
        # Over all data: the mean of the batches is of parameters that were still
        # moving.
        loss = objective.value(trail.params)
        trail.note(before, trail.params)
        trail.epochs += 1
        trail.evaluations += 1
        trail.mark(loss)
        if _beyond(loss, recent[0]):
            # -inf after falling is no divergence, but a loss without a minimum.
            fell = not objective.nonnegative and recent[-1] <= recent[0]
            trail.status = "unbounded" if fell and not loss > recent[-1] else "diverged"
            return
        trail.keep(trail.params, loss)
        tick(loss)
        recent.append(loss)
        # A loss that is next to nothing need not rest for ten epochs to be done.
        if _nothing(objective, loss, recent[0]) or _quiet(recent):
            rest = _at_rest(objective, trail, ROUNDING) or "stalled"
            trail.status = "diverged" if loss > recent[0] else rest
            return
    # Without a rise of a thousandfold it may still have risen in the end.
    risen = recent[-1] > recent[0]
    ended = "unbounded" if _runs_away(recent) else "max_steps"
    trail.status = "diverged" if risen else _at_rest(objective, trail) or ended


def _beyond(loss: float, first: float) -> bool:
    """Whether the loss is infinite, nan, or rose a thousandfold."""
    return not (np.isfinite(loss) and loss - first <= RISE * (abs(first) or 1.0))


def _is_steep(objective: Minimizable, method: Descent, trail: Trail) -> bool:
    """Whether the loss rises from the best point even where the rate is next to 0."""
    settings = method.settings(0, 1)
    # Column 0 is the rate, of every rule.
    settings[:, 0] = GENTLE * np.minimum(settings[:, 0], 1.0)
    state = np.zeros((1 + len(method.rule.memory), len(trail.best)))
    state[0], order = trail.best, np.arange(len(objective))
    objective.epoch(state, Steps(method.rule, settings, order, len(order)))
    # `not ≤`, so that nan counts as a rise.
    return not objective.value(state[0]) <= trail.loss


def _runs_away(losses: list[float]) -> bool:
    """Whether the loss is far below zero, and the last epochs fell ever faster."""
    with np.errstate(all="ignore"):
        # A loss on its way to a minimum falls ever more slowly; -x^2 falls ever faster.
        falls = -np.diff(losses[-PATIENCE - 1 :])
    far = losses[-1] < -GROWTH * max(abs(losses[0]), 1.0)
    return bool(far and len(falls) == PATIENCE and (np.diff(falls) > 0).all())


def _quiet(losses: list[float]) -> bool:
    """Whether the last epochs changed hardly anything, and all in all did not rise."""
    last = np.array(losses[-PATIENCE - 1 :])
    # Small changes up and down about one level are quiet, too; a slow rise is not.
    changes = np.abs(np.diff(last))
    return bool(
        len(last) > PATIENCE
        and (changes <= FALL * np.abs(last[1:])).all()
        and last[-1] <= last[0]
    )


def _at_rest(objective: Minimizable, trail: Trail, nothing: float = NOTHING) -> str:
    """`converged` where the loss is nothing or its gradient zero, or else empty."""
    loss, gradient = objective.value_and_gradient(trail.best)
    if _nothing(objective, loss, trail.losses[0], nothing):
        return "converged"
    # Exactly zero in all parameters: dead units, or a start on a maximum.
    trail.dead = not gradient.any()
    # A slope times the parameter is what the loss changes by when that doubles; a
    # parameter near 0 may well have to move by one.
    scale = np.maximum(np.abs(trail.best), 1.0)
    slopes = np.abs(gradient) * scale
    trail.slope = float(slopes.max()) / (abs(loss) or 1.0)
    level = bool((slopes <= SLOPE * abs(loss)).all())
    small = bool((slopes < SLIGHT).all())  # a step of rate one would be one
    # The look costs two gradients and eight values for each parameter, and is taken
    # only where steps have become small by themselves.
    if level or small or (trail.moved is not None and (trail.moved <= CRAWL).all()):
        first, most = trail.overall[0], trail.epochs // 2  # as dear as the descent was
        trail.way, trail.length = way_down(objective, trail.best, first, most)
    return "converged" if level and not trail.way else ""


def _nothing(
    objective: Minimizable, loss: float, first: float, share: float = NOTHING
) -> bool:
    """Whether a loss that cannot fall below zero is there."""
    if not (objective.nonnegative and loss <= share * first):
        return False
    targets = getattr(objective, "targets", np.zeros(1))
    sigma = getattr(objective, "sigma", None)
    # With all targets 0 there is no size to hold a loss against.
    square = np.square(targets if sigma is None else targets / sigma).mean()
    return bool(loss <= BESIDE * square or not square)
