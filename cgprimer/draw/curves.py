"""The loss as a fit goes on, for one fit or for several side by side.

results ─ place each loss ─▶ Curve ─ what is to be seen ─▶ Extent ─▶ Axes

Of a fit in batches three things are drawn: faintly the loss of every single batch,
their mean over an epoch's worth of steps, and boldest the loss over all data at the
start and after every epoch, which is the one to compare.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from cgprimer import takes
from cgprimer.draw.extent import ROUNDING, STEADY, Extent, every
from cgprimer.draw.legend import place_legend
from cgprimer.draw.series import NOTHING, Series, known, running_mean, thinned
from cgprimer.draw.text import label
from cgprimer.errors import OptionError, suggest
from cgprimer.graph.arrays import as_numbers
from cgprimer.interrupts import load
from cgprimer.notation.numbers import number
from cgprimer.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

Along = Literal["step", "epoch", "evaluation"]
ALONG = ("step", "epoch", "evaluation")

MANY = 1_000  # losses from which a noisy curve without epochs is smoothed
CIRCLES = 50  # epochs up to which each has a circle
NAMED = 10  # curves with a colour and a name; of more, the best
WHOLE = " over all data"  # how the name of such a loss ends
CIRCLE: dict[str, Any] = {"markersize": 4, "markerfacecolor": "white"}
THIN: dict[str, Any] = {"linewidth": 0.9, "alpha": 0.6}
FAINT: dict[str, Any] = {"alpha": 0.3, "linewidth": 0.7, "zorder": 1.9}
GREY = "0.75"
WHOLE_NUMBERS: dict[str, Any] = {
    "integer": True, "min_n_ticks": 1, "steps": [1, 2, 5, 10]
}  # fmt: skip


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


def plot_loss(
    results: Any | Sequence[Any] | Mapping[str, Any],
    *,
    x: Along | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Plot the loss of one result, a sequence, or a dict label → result.

    results : what a fit returns, or just losses, an array of shape (n,).
    x : "step", "epoch" or "evaluation" (of the loss, of a batch or of all data); by
        default epochs where a run took its data in batches, so that methods compare,
        else steps. A step of LeastSquares counts as an epoch.

    Of a run in batches, the loss over all data at the start and after every epoch is
    drawn boldest, with circles; thinner the arithmetic mean of an epoch's batches,
    faintly every single one. Losses alone are drawn as they are; if they are many and
    noisy, faintly below the mean of a fiftieth of them. The scale is logarithmic if the
    losses are positive and span more than a decade; zeros then lie at the lower edge,
    and the axis says so. A run that diverged ends in a cross, beside others where it
    leaves the axes, which are those of the others. A loss that hardly moves looks flat.

    Raises OptionError for an unknown `x`, or for one that a run does not know.
    """
    takes.axes(ax)
    runs = _labelled(results)
    along = _chosen(x, list(runs.values()))
    curves = [_curve(run, label, along) for label, run in runs.items()]
    ax = _new_axes() if ax is None else ax
    extent, curves = _seen(curves, ax)
    named = _named(curves)
    lines = [_plot(ax, curve, extent.floor, curve in named) for curve in curves]
    are_losses = all(c.name == "loss" or c.name.endswith(WHOLE) for c in curves)
    extent.show(ax, STEADY if are_losses else ROUNDING)
    zeros = not every([curve.main for curve in curves]).all()
    _label_axes(ax, curves, along, extent.floor if zeros else 0.0)
    if not any(len(curve.main.y) for curve in curves):
        ax.text(0.5, 0.5, "no losses", transform=ax.transAxes, ha="center")
    place_legend(ax, _entries(curves, lines, named))
    return ax


def _labelled(results: Any) -> dict[str, Any]:
    """Label → run; runs of one method are numbered."""
    if isinstance(results, Mapping):
        labels = _numbered(label(name) for name in results)
        return dict(zip(labels, results.values(), strict=True))
    if hasattr(results, "losses"):
        return {_method(results): results}
    runs = None if isinstance(results, str | bytes) else takes.items(results)
    if runs is None:
        raise _not_losses(results)
    # A sequence of plain numbers is one run's losses, not many runs.
    if not any(hasattr(run, "losses") or takes.items(run) is not None for run in runs):
        return {"loss": _numbers(runs)}
    return dict(zip(_numbered(map(_method, runs)), runs, strict=True))


def _numbers(losses: Any) -> Array:
    """Losses (n,) as float64."""
    found = as_numbers("losses", losses, OptionError)
    if found.ndim != 1:
        raise OptionError(f"losses must have shape (n,), not {found.shape}")
    return found


def _not_losses(given: object) -> OptionError:
    return OptionError(
        f"results of fit, or losses, are expected, not {takes.shown(given)}"
    )


def _method(run: Any) -> str:
    return label(getattr(run, "method", "run"))


def _numbered(labels: Iterable[str]) -> list[str]:
    names = list(labels)
    return [
        f"{name} {names[: i + 1].count(name)}" if names.count(name) > 1 else name
        for i, name in enumerate(names)
    ]


def _chosen(x: str | None, runs: Sequence[Any]) -> Along:
    """What the horizontal axis counts."""
    counted = all(_counts(run) is not None for run in runs)
    if x is None:
        # Steps of different batch sizes are not alike; epochs are.
        return "epoch" if counted and any(map(_in_batches, runs)) else "step"
    for along in ALONG:
        if isinstance(x, str) and x in (along, f"{along}s"):
            if along == "step" or counted:
                return along  # type: ignore[return-value]
            raise OptionError(
                f"losses alone know no {along}s\n  hint: plot what fit returns"
            )
    hint = suggest(x, ALONG) or f"it is one of {', '.join(ALONG)}"
    raise OptionError(f"unknown axis x={takes.shown(x)}\n  hint: {hint}")


def _counts(run: Any) -> NDArray[np.int64] | None:
    """Steps and evaluations at the start and after every epoch, (e + 1, 2)."""
    found = getattr(run, "epoch_counts", None)
    return None if found is None else np.asarray(found)


def _in_batches(run: Any) -> bool:
    counts = _counts(run)
    if counts is None:
        return False
    steps = [*counts[:, 0], len(run.losses)]  # the last epoch may have been interrupted
    return bool((np.diff(steps) > 1).any())


def _curve(run: Any, label: str, along: Along) -> Curve:
    losses = _numbers(getattr(run, "losses", run))
    if _counts(run) is None:
        return _bare_curve(run, losses, label)
    return _counted_curve(run, losses, label, along)


def _bare_curve(run: Any, losses: Array, label: str) -> Curve:
    """Losses of which nothing is known but their order."""
    steps = Series(np.arange(float(len(losses))), losses)
    last = steps.last
    stopped = "diverge" in str(getattr(run, "status", ""))
    diverged = stopped or last < len(losses) - 1
    mean, said = NOTHING, "no steps"
    if len(losses):
        said = f"last loss {number(losses[-1])}"
    if _noisy(losses):
        window = len(losses) // 50
        mean = running_mean(steps, window)
        said = f"mean of the last {window} {number(mean.y[-1])}"
    if diverged:
        said = f"diverged at step {last + 1}"
    main, batches = (mean, steps) if len(mean.y) else (steps, NOTHING)
    return Curve(label, main, batches, NOTHING, said, "loss", diverged, False)


def _noisy(losses: Array) -> bool:
    """Whether a long curve goes up and down far more than it moves all in all.

    One spike in a million is as high as all others together: so it is noisy also where
    it turns at every other step, and by more than rounding would.
    """
    values = losses[known(losses)]
    if len(values) < MANY:
        return False
    steps = np.diff(values)
    # Steps of noise turn two times in three; a curve with a few bumps hardly ever.
    turns = (steps[1:] * steps[:-1] < 0).mean()
    typical = np.median(np.abs(steps)) >= 0.05 * np.median(np.abs(values))
    return bool(np.abs(steps).sum() >= 5 * np.ptp(values) or (turns >= 0.2 and typical))


def _counted_curve(run: Any, losses: Array, label: str, along: Along) -> Curve:
    """A run that knows its loss over all data, and when it was taken."""
    counts = np.asarray(_counts(run), dtype=float)
    epochs = np.arange(float(len(counts)))
    place = {"step": counts[:, 0], "epoch": epochs, "evaluation": counts[:, 1]}[along]
    whole = Series(place, np.asarray(run.epoch_losses, dtype=float))
    batches, mean = NOTHING, NOTHING
    if _in_batches(run):
        batches = Series(_placed(len(losses), counts[:, 0], place, along), losses)
        mean = running_mean(batches, int(np.diff(counts[:, 0]).max(initial=0)))
        mean = mean if len(mean.y) > 1 else NOTHING  # of one epoch it is one point
    stopped = "diverge" in str(getattr(run, "status", ""))
    diverged = stopped or whole.last < len(whole.y) - 1
    said = f"final loss {number(whole.y[-1])}"
    if diverged:
        # The batch that broke is known more exactly than the epoch in which it did.
        broke = 0 <= batches.last < len(batches.y) - 1
        said = _where(batches if broke else whole, along)
    elif number(run.loss) != number(whole.y[-1]):
        said = f"{said}, best {number(run.loss)}"
    name = getattr(run, "loss_name", "") or "loss"
    return Curve(label, whole, batches, mean, said, name, diverged, True)


def _where(points: Series, along: Along) -> str:
    """Where losses are no longer finite, or end."""
    end = float(points.x[min(points.last + 1, len(points.x) - 1)])
    if along == "epoch" and end % 1:
        return f"diverged in epoch {math.ceil(end)}"
    return f"diverged at {along} {end:.0f}"


def _placed(count: int, steps: Array, place: Array, along: Along) -> Array:
    """Where steps 0, …, count - 1 lie, those of an interrupted epoch as before."""
    number_ = np.arange(float(count))
    each = 1.0 if along != "epoch" else 1.0 / count
    if steps[-1] > 0:
        each = (place[-1] - place[0]) / steps[-1]
    beyond = each * np.maximum(number_ - steps[-1], 0.0)
    return np.asarray(np.interp(number_, steps, place) + beyond)


def _new_axes() -> Axes:
    load("matplotlib.pyplot")
    from matplotlib import pyplot as plt

    return plt.subplots(figsize=(6.4, 4.0), layout="constrained")[1]


def _seen(curves: list[Curve], ax: Axes) -> tuple[Extent, list[Curve]]:
    """What decides on the axes, and the curves that are left of all on them."""
    ended = [c for c in curves if not c.diverged and len(every([c.main]))]
    # Where one run ended well, the starts of all are to be seen, of those that diverged
    # too.
    starts = [Series(c.main.x[:1], c.main.y[:1]) for c in curves if ended]
    # What the caller has drawn on these axes stays in view.
    before = [Series(*map(np.asarray, line.get_data(orig=True))) for line in ax.lines]
    chosen = ended or curves
    decisive = [s for c in chosen for s in (c.main, c.mean)]
    batches = every([curve.batches for curve in chosen])
    if not ended:  # there is nothing else to be seen
        # Every run diverged: the axes are made from all there is.
        decisive += [curve.batches for curve in chosen]
    extent = Extent.of(every([*decisive, *starts, *before]), batches)
    # A run that diverged is cut off where it leaves the axes, so that it does not
    # stretch them.
    left = [c if c in chosen else c.within(extent) for c in curves]
    return extent.up_to(every([s for c in left for s in (c.main, c.batches)])), left


def _named(curves: list[Curve]) -> list[Curve]:
    """The curves that have a colour and a name: all, or of many the best."""

    def rank(curve: Curve) -> tuple[bool, float]:
        """Those that ended well first, and of them the lowest."""
        unknown = curve.diverged or not len(curve.main.y)
        return unknown, 0.0 if unknown else float(curve.main.y[-1])

    return sorted(curves, key=rank)[:NAMED]


def _plot(ax: Axes, curve: Curve, floor: float, named: bool) -> Line2D:
    """The line that stands for the curve, and with it all others."""
    main = curve.main.raised(floor)
    circles = "o" if len(main.y) <= CIRCLES else None
    grey: dict[str, Any] = {} if named else {"color": GREY}
    (line,) = ax.plot(*thinned(main), zorder=2.6, marker=circles, **CIRCLE, **grey)
    # All lines of one run have the colour that matplotlib gave the first.
    colour = line.get_color()
    if len(curve.mean.y):
        ax.plot(*thinned(curve.mean.raised(floor)), color=colour, **THIN)
    if len(curve.batches.y):
        ax.plot(*thinned(curve.batches.raised(0.0)), color=colour, **FAINT)
    ends = [s for s in (curve.batches, curve.main) if curve.diverged and s.last >= 0]
    # One cross: where the batches end, if they are known.
    for points in ends[:1]:
        end = points.x[points.last], points.y[points.last]
        ax.plot(*end, "x", color=colour, markersize=9, markeredgewidth=2)
    return line


def _label_axes(ax: Axes, curves: Sequence[Curve], along: Along, zeros: float) -> None:
    from matplotlib.ticker import MaxNLocator

    names = {curve.name for curve in curves}
    name = names.pop() if len(names) == 1 else "loss"
    if any(len(curve.batches.y) for curve in curves):
        name = name.removesuffix(WHOLE)  # the legend tells batches from all data
    shown = f"{name} (0 is drawn at {zeros:.0e})" if zeros else name
    ax.set(xlabel=along, ylabel=shown)
    ax.xaxis.set_major_locator(MaxNLocator(**WHOLE_NUMBERS))
    if along == "epoch" and ax.get_xlim()[1] < 1:  # the first was not completed
        ax.set_xlim(right=1)
    ax.spines[["top", "right"]].set_visible(False)


def _entries(
    curves: Sequence[Curve], lines: Sequence[Line2D], named: Sequence[Curve]
) -> dict[str, Any]:
    """Text → line of the legend: the curves if there are several, and their kinds."""
    from matplotlib.lines import Line2D

    found: dict[str, Any] = {}
    differ = len({curve.name for curve in curves}) > 1
    if len(curves) > 1 or any(curve.diverged for curve in curves):
        for curve, line in zip(curves, lines, strict=True):
            kind = f" ({curve.name.removesuffix(WHOLE)})" if differ else ""
            if curve in named:
                found[f"{curve.label}{kind}: {curve.said}"] = line
    if len(curves) > NAMED:
        others = f"{len(curves) - NAMED} others, none of them better"
        found[others] = Line2D([], [], color=GREY)
    colour = lines[0].get_color() if len(curves) == 1 else "0.4"
    circles = any(line.get_marker() == "o" for line in lines)
    batches = [curve for curve in curves if len(curve.batches.y)]
    if any(curve.by_epochs for curve in batches):
        whole = Line2D([], [], color=colour, marker="o" if circles else None, **CIRCLE)
        said = f": {curves[0].said}" if not found else ""
        found[f"over all data{said}"] = whole
        if any(len(curve.mean.y) for curve in batches):
            thin = Line2D([], [], color=colour, **THIN)
            found["mean over an epoch of batches"] = thin
        found["single batches"] = Line2D([], [], color=colour, **FAINT)
    elif batches:
        found["running mean"] = Line2D([], [], color=colour)
        found["single losses"] = Line2D([], [], color=colour, **FAINT)
    return found
