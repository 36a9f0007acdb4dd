"""The loop of a descent: steps, epochs, and the word for how it ended.

    objective, method, Trail at a start ─▶ the Trail at its end; called by `fit`

An epoch ends with the loss over all data. The loop stops early where that loss hardly
changes for several epochs in a row and has not risen over them, or where it rose a
thousandfold. It has converged only if the gradient is zero beside the loss, and no
parameter has a way downhill.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cgprimer.fitting.downhill import Smooth
from cgprimer.fitting.optimisers import Descent
from cgprimer.fitting.stopping import (
    ROUNDING,
    is_beyond,
    is_nothing,
    is_quiet,
    runs_away,
    word_at_rest,
)
from cgprimer.fitting.trail import Trail
from cgprimer.notation.progress import loss_bar
from cgprimer.run.problem import Steps
from cgprimer.types import Array, Integers

GENTLE = 1e-5  # times the rate: who lowers it further has inputs or targets to rescale


class Minimizable(Smooth, Protocol):
    """What a descent needs of an objective; its length is the number of samples."""

    def __len__(self) -> int: ...

    def epoch(self, state: Array, steps: Steps) -> Array: ...

    def parts(self, order: Integers, batch: int) -> Iterator[Integers]: ...


@dataclass(frozen=True)
class Passes:
    """How a descent goes through the data.

    epochs : passes at most. batch : samples per step, None for all. rng : draws the
    order of the samples. progress : whether a bar is shown.
    """

    epochs: int
    batch: int | None
    rng: np.random.Generator
    progress: bool


def descend(
    objective: Minimizable, method: Descent, trail: Trail, passes: Passes
) -> None:
    """Run `method` from the start of `trail`, which holds the best at any time.

    Raises FitError where the loss at the start is not finite.
    """
    trail.begin(objective.value(trail.params))
    trail.mark(trail.loss)
    shown = loss_bar(passes.epochs, method.label, passes.progress)
    with shown as tick, np.errstate(all="ignore"):
        trail.status = _descend(objective, method, trail, passes, tick)
        if trail.status == "diverged":
            trail.steep = _is_steep(objective, method, trail)


def _descend(
    objective: Minimizable,
    method: Descent,
    trail: Trail,
    passes: Passes,
    tick: Callable[[float], None],
) -> str:
    """The epochs; returns the word for how they ended."""
    rule = method.rule
    state = trail.state = _state(method, trail.params)
    size = len(objective)
    batch = size if passes.batch is None else min(passes.batch, size)
    recent = [trail.loss]
    for _ in range(passes.epochs):
        # With all samples in one batch their order does not matter, and no number is
        # drawn.
        order = np.arange(size) if batch == size else passes.rng.permutation(size)
        # Pieces of an epoch, so that Ctrl-C is heard between them.
        for part in objective.parts(order, batch):
            settings = method.settings(len(trail.losses), -(-len(part) // batch))
            losses = objective.epoch(state, Steps(rule, settings, part, batch))
            trail.losses += losses.tolist()
            trail.evaluations += len(losses)
        loss = _end_epoch(objective, trail, state[0].copy())
        if is_beyond(loss, recent[0]):
            # -inf after falling is no divergence, but a loss without a minimum.
            fell = not objective.nonnegative and recent[-1] <= recent[0]
            return "unbounded" if fell and not loss > recent[-1] else "diverged"
        trail.keep(trail.params, loss)
        tick(loss)
        recent.append(loss)
        # A loss that is next to nothing need not rest for ten epochs to be done.
        if is_nothing(objective, loss, recent[0]) or is_quiet(recent):
            rest = word_at_rest(objective, trail, ROUNDING) or "stalled"
            return "diverged" if loss > recent[0] else rest
    # Without a rise of a thousandfold it may still have risen in the end.
    if recent[-1] > recent[0]:
        return "diverged"
    ended = "unbounded" if runs_away(recent) else "max_steps"
    return word_at_rest(objective, trail) or ended


def _state(method: Descent, params: Array) -> Array:
    """What an epoch changes in place, (1 + memories of the rule, p).

    Row 0 holds the parameters, the others what the rule remembers, as a velocity.
    """
    return np.pad(params[None], ((0, len(method.rule.memory)), (0, 0)))


def _end_epoch(objective: Minimizable, trail: Trail, params: Array) -> float:
    """The loss over all data where an epoch led to; the trail remembers both."""
    before, trail.params = trail.params, params
    # Over all data: the mean of the batches is of parameters that were still moving.
    loss = objective.value(params)
    trail.note(before, params)
    trail.epochs += 1
    trail.evaluations += 1
    trail.mark(loss)
    return loss


def _is_steep(objective: Minimizable, method: Descent, trail: Trail) -> bool:
    """Whether the loss rises from the best point even where the rate is next to 0."""
    settings = method.settings(0, 1)
    # Column 0 is the rate, of every rule.
    settings[:, 0] = GENTLE * np.minimum(settings[:, 0], 1.0)
    state, order = _state(method, trail.best), np.arange(len(objective))
    objective.epoch(state, Steps(method.rule, settings, order, len(order)))
    # `not ≤`, so that nan counts as a rise.
    return not objective.value(state[0]) <= trail.loss
