"""The Curve of a run: its losses, each at its place along the horizontal axis.

run, label, what the axis counts ─ curve_of ─▶ Curve
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cgprimer.draw.extent import Extent
from cgprimer.draw.runs import Along, counts_of, is_in_batches, losses_of
from cgprimer.draw.series import NOTHING, Series, running_mean, where_known
from cgprimer.notation.numbers import number
from cgprimer.types import Array

MANY = 1_000  # losses from which a noisy curve without epochs is smoothed


@dataclass(frozen=True, eq=False)
class Curve:
    """The losses of one run.

    main : over all data at the start and after every epoch; of a run that knows no
        epochs all its losses, or their mean where they are noisy.
    batches, mean : of single batches, each before its step, and of their neighbours.
    said : where the run ended, for the legend. name : what the loss is, in words.
    """

    label: str
    main: Series
    batches: Series
    mean: Series
    said: str
    name: str
    diverged: bool
    by_epochs: bool

    def within(self, extent: Extent) -> Curve:
        """Up to where it leaves the axes."""
        top, log = extent.ceiling, extent.floor > 0
        parts = (self.main, self.batches, self.mean)
        main, batches, mean = (series.below(top, log) for series in parts)
        return replace(self, main=main, batches=batches, mean=mean)


def curve_of(run: Any, label: str, along: Along) -> Curve:
    """The Curve of a run, its points placed along what the axis counts."""
    losses = losses_of(getattr(run, "losses", run))
    if counts_of(run) is None:
        return _bare_curve(run, losses, label)
    return _counted_curve(run, losses, label, along)


def _bare_curve(run: Any, losses: Array, label: str) -> Curve:
    """Losses of which nothing is known but their order."""
    steps = Series(np.arange(float(len(losses))), losses)
    diverged = _has_diverged(run, steps)
    mean, said = NOTHING, "no steps"
    if len(losses):
        said = f"last loss {number(losses[-1])}"
    if _is_noisy(losses):
        window = len(losses) // 50
        mean = running_mean(steps, window)
        said = f"mean of the last {window} {number(mean.y[-1])}"
    if diverged:
        said = f"diverged at step {steps.last + 1}"
    main, batches = (mean, steps) if len(mean.y) else (steps, NOTHING)
    return Curve(label, main, batches, NOTHING, said, "loss", diverged, False)


def _has_diverged(run: Any, points: Series) -> bool:
    """Whether the run says so, or its losses stop being finite."""
    said = "diverge" in str(getattr(run, "status", ""))
    return said or points.last < len(points.y) - 1


def _is_noisy(losses: Array) -> bool:
    """Whether a long curve goes up and down far more than it moves all in all.

    One spike in a million is as high as all others together: so it is noisy also where
    it turns at every other step, and by more than rounding would.
    """
    values = losses[where_known(losses)]
    if len(values) < MANY:
        return False
    steps = np.diff(values)
    # Steps of noise turn two times in three; a curve with a few bumps hardly ever.
    turns = (steps[1:] * steps[:-1] < 0).mean()
    typical = np.median(np.abs(steps)) >= 0.05 * np.median(np.abs(values))
    return bool(np.abs(steps).sum() >= 5 * np.ptp(values) or (turns >= 0.2 and typical))


def _counted_curve(run: Any, losses: Array, label: str, along: Along) -> Curve:
    """A run that knows its loss over all data, and when it was taken."""
    counts = np.asarray(counts_of(run), dtype=float)
    epochs = np.arange(float(len(counts)))
    place = {"step": counts[:, 0], "epoch": epochs, "evaluation": counts[:, 1]}[along]
    whole = Series(place, np.asarray(run.epoch_losses, dtype=float))
    batches, mean = NOTHING, NOTHING
    if is_in_batches(run):
        batches = Series(
            _places_of_steps(len(losses), counts[:, 0], place, along), losses
        )
        mean = running_mean(batches, int(np.diff(counts[:, 0]).max(initial=0)))
        mean = mean if len(mean.y) > 1 else NOTHING  # of one epoch it is one point
    diverged = _has_diverged(run, whole)
    said = f"final loss {number(whole.y[-1])}"
    if diverged:
        # The batch that broke is known more exactly than the epoch in which it did.
        broke = 0 <= batches.last < len(batches.y) - 1
        said = _divergence(batches if broke else whole, along)
    elif number(run.loss) != number(whole.y[-1]):
        said = f"{said}, best {number(run.loss)}"
    name = getattr(run, "loss_name", "") or "loss"
    return Curve(label, whole, batches, mean, said, name, diverged, True)


def _divergence(points: Series, along: Along) -> str:
    """Where losses are no longer finite, or end."""
    end = float(points.x[min(points.last + 1, len(points.x) - 1)])
    if along == "epoch" and end % 1:
        return f"diverged in epoch {math.ceil(end)}"
    return f"diverged at {along} {end:.0f}"


def _places_of_steps(count: int, steps: Array, place: Array, along: Along) -> Array:
    """Where steps 0, …, count - 1 lie, those of an interrupted epoch as before."""
    number_ = np.arange(float(count))
    each = 1.0 if along != "epoch" else 1.0 / count
    if steps[-1] > 0:
        each = (place[-1] - place[0]) / steps[-1]
    beyond = each * np.maximum(number_ - steps[-1], 0.0)
    return np.asarray(np.interp(number_, steps, place) + beyond)
