"""The loss as a fit goes on, for one fit or for several side by side.

results ─ `runs` ─▶ {label: run} ─ `curve` ─▶ Curve ─ what is seen ─▶ Extent ─▶ Axes

Of a fit in batches three things are drawn: faintly the loss of every single batch,
their mean over an epoch's worth of steps, and boldest the loss over all data at the
start and after every epoch, which is the one to compare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cgprimer import takes
from cgprimer.draw.curve import Curve, curve_of
from cgprimer.draw.extent import ROUNDING, STEADY, Extent, every
from cgprimer.draw.legend import place_legend
from cgprimer.draw.runs import Along, axis_of, by_label
from cgprimer.draw.series import thin
from cgprimer.interrupts import load

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

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
    runs = by_label(results)
    along = axis_of(x, list(runs.values()))
    curves = [curve_of(run, label, along) for label, run in runs.items()]
    ax = _new_axes() if ax is None else ax
    extent, curves = _extent(curves, ax)
    named = _best(curves)
    lines = [_plot(ax, curve, extent.floor, curve in named) for curve in curves]
    are_losses = all(c.name == "loss" or c.name.endswith(WHOLE) for c in curves)
    extent.show(ax, STEADY if are_losses else ROUNDING)
    zeros = not every([curve.main.y for curve in curves]).all()
    _label_axes(ax, curves, along, extent.floor if zeros else 0.0)
    if not any(len(curve.main.y) for curve in curves):
        ax.text(0.5, 0.5, "no losses", transform=ax.transAxes, ha="center")
    place_legend(ax, _entries(curves, lines, named))
    return ax


def _new_axes() -> Axes:
    load("matplotlib.pyplot")
    from matplotlib import pyplot as plt

    return plt.subplots(figsize=(6.4, 4.0), layout="constrained")[1]


def _extent(curves: list[Curve], ax: Axes) -> tuple[Extent, list[Curve]]:
    """What decides on the axes, and the curves that are left of all on them."""
    ended = [c for c in curves if not c.diverged and len(every([c.main.y]))]
    # Where one run ended well, the starts of all are to be seen, of those that diverged
    # too.
    starts = [c.main.y[:1] for c in curves if ended]
    # What the caller has drawn on these axes stays in view.
    before = [np.asarray(line.get_ydata(orig=True)) for line in ax.lines]
    chosen = ended or curves
    decisive = [s.y for c in chosen for s in (c.main, c.mean)]
    batches = every([curve.batches.y for curve in chosen])
    if not ended:  # there is nothing else to be seen
        # Every run diverged: the axes are made from all there is.
        decisive.append(batches)
    extent = Extent.of(every([*decisive, *starts, *before]), batches)
    # A run that diverged is cut off where it leaves the axes, so that it does not
    # stretch them.
    left = [c if c in chosen else c.within(extent) for c in curves]
    return extent.up_to(every([s.y for c in left for s in (c.main, c.batches)])), left


def _best(curves: list[Curve]) -> list[Curve]:
    """The curves that have a colour and a name: all, or of many the best."""

    def rank(curve: Curve) -> tuple[bool, float]:
        """Those that ended well first, and of them the lowest."""
        unknown = curve.diverged or not len(curve.main.y)
        return unknown, 0.0 if unknown else float(curve.main.y[-1])

    return sorted(curves, key=rank)[:NAMED]


def _plot(ax: Axes, curve: Curve, floor: float, named: bool) -> Line2D:
    """The line that stands for the curve, and with it all others."""
    main = curve.main.with_floor(floor)
    circles = "o" if len(main.y) <= CIRCLES else None
    grey: dict[str, Any] = {} if named else {"color": GREY}
    (line,) = ax.plot(*thin(main), zorder=2.6, marker=circles, **CIRCLE, **grey)
    # All lines of one run have the colour that matplotlib gave the first.
    colour = line.get_color()
    for part, low, look in ((curve.mean, floor, THIN), (curve.batches, 0.0, FAINT)):
        if len(part.y):
            ax.plot(*thin(part.with_floor(low)), color=colour, **look)
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

    entries: dict[str, Any] = {}
    differ = len({curve.name for curve in curves}) > 1
    if len(curves) > 1 or any(curve.diverged for curve in curves):
        for curve, line in zip(curves, lines, strict=True):
            kind = f" ({curve.name.removesuffix(WHOLE)})" if differ else ""
            if curve in named:
                entries[f"{curve.label}{kind}: {curve.said}"] = line
    if len(curves) > NAMED:
        others = f"{len(curves) - NAMED} others, none of them better"
        entries[others] = Line2D([], [], color=GREY)
    colour = lines[0].get_color() if len(curves) == 1 else "0.4"
    circles = any(line.get_marker() == "o" for line in lines)
    batches = [curve for curve in curves if len(curve.batches.y)]
    if any(curve.by_epochs for curve in batches):
        whole = Line2D([], [], color=colour, marker="o" if circles else None, **CIRCLE)
        said = f": {curves[0].said}" if not entries else ""
        entries[f"over all data{said}"] = whole
        if any(len(curve.mean.y) for curve in batches):
            thin = Line2D([], [], color=colour, **THIN)
            entries["mean over an epoch of batches"] = thin
        entries["single batches"] = Line2D([], [], color=colour, **FAINT)
    elif batches:
        entries["running mean"] = Line2D([], [], color=colour)
        entries["single losses"] = Line2D([], [], color=colour, **FAINT)
    return entries
