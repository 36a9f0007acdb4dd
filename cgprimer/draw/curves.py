"""Loss by step, for one fit or for several side by side.

results ─ label each ─▶ Curve ─ log scale? zeros? noise? ─▶ Axes
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cgprimer.draw.text import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MANY = 1_000  # steps from which a noisy curve is smoothed
ENDLESS = 1e150  # losses from here on count as infinite; axes would overflow


@dataclass(frozen=True)
class Curve:
    """The losses of one run, shape (n,), one for each step."""

    label: str
    losses: np.ndarray
    stopped: bool = False

    @property
    def known(self) -> np.ndarray:
        return np.asarray(np.abs(self.losses) < ENDLESS)

    @property
    def finite(self) -> np.ndarray:
        return np.asarray(self.losses[self.known])

    @property
    def last(self) -> int:
        """The last step with a finite loss, -1 if there is none."""
        return int(max(np.flatnonzero(self.known), default=-1))

    @property
    def diverged(self) -> bool:
        return self.stopped or self.last < len(self.losses) - 1

    @property
    def title(self) -> str:
        if self.diverged:
            return f"{self.label}: diverged at step {self.last + 1}"
        if not len(self.losses):
            return f"{self.label}: no steps"
        return f"{self.label}: final loss {number(self.losses[-1])}"


def plot_loss(
    results: Any | Sequence[Any] | Mapping[str, Any], *, ax: Axes | None = None
) -> Axes:
    """Plot the loss by step of one result, a sequence, or a dict label → result.

    A result is what a fit returns, or just its losses, an array of shape (n,). The
    scale is logarithmic if the losses are positive and span more than a decade; zeros
    then lie at the lower edge, and the axis says so. Long noisy curves are drawn
    faintly below their running mean. A run that diverged ends in a cross.
    """
    curves = _curves(results)
    ax = _new_axes() if ax is None else ax
    finite = np.concatenate([np.empty(0), *(curve.finite for curve in curves)])
    floor = _floor(finite)
    for curve in curves:
        _plot(ax, curve, floor)
    _label_axes(ax, finite, floor)
    if len(curves) > 1 or any(curve.diverged for curve in curves):
        ax.legend(frameon=False)
    return ax


def _curves(results: Any) -> list[Curve]:
    if isinstance(results, Mapping):
        return [_curve(run, str(label)) for label, run in results.items()]
    if hasattr(results, "losses"):
        return [_curve(results, "")]
    runs = list(results)
    if not any(hasattr(run, "losses") or np.ndim(run) for run in runs):
        return [_curve(np.array(runs, dtype=float), "")]
    return [_curve(run, label) for run, label in zip(runs, _labels(runs), strict=False)]


def _curve(run: Any, label: str) -> Curve:
    losses = np.asarray(getattr(run, "losses", run), dtype=float)
    if losses.ndim != 1:
        raise ValueError(f"losses must have shape (n,), not {losses.shape}")
    stopped = "diverge" in str(getattr(run, "status", ""))
    return Curve(label or str(getattr(run, "method", "loss")), losses, stopped)


def _labels(runs: Iterable[Any]) -> list[str]:
    """The method of each run, numbered where several have the same."""
    names = [str(getattr(run, "method", "run")) for run in runs]
    return [
        f"{name} {names[: i + 1].count(name)}" if names.count(name) > 1 else name
        for i, name in enumerate(names)
    ]


def _new_axes() -> Axes:
    from matplotlib import pyplot as plt

    return plt.subplots(figsize=(6.4, 4.0), layout="constrained")[1]


def _floor(finite: np.ndarray) -> float:
    """Where to draw zeros on a log scale; 0 if the scale should be linear."""
    positive = finite[finite > 0]
    if not positive.size or finite.min() < 0:
        return 0.0
    decades = np.log10(positive.max()) - np.log10(positive.min())
    # next to a smallest loss of 1e-320 there is no room for a lower one
    return max(positive.min() / 10, 5e-324) if decades > 1 else 0.0


def _plot(ax: Axes, curve: Curve, floor: float) -> None:
    steps = np.arange(len(curve.losses))
    height = np.where(curve.known, curve.losses, np.nan)
    height = np.maximum(height, floor) if floor else height
    smooth = _smooth(np.log(height) if floor else height)
    if smooth is None:
        (line,) = ax.plot(steps, height, label=curve.title)
    else:
        smooth = np.exp(smooth) if floor else smooth
        (line,) = ax.plot(steps, smooth, label=curve.title, zorder=2.5)
        ax.plot(steps, height, color=line.get_color(), alpha=0.2, linewidth=0.6)
    if len(curve.finite) == 1:
        line.set_marker("o")
    if curve.diverged and curve.last >= 0:
        end = curve.last, height[curve.last]
        ax.plot(*end, "x", color=line.get_color(), markersize=9, markeredgewidth=2)


def _smooth(height: np.ndarray) -> np.ndarray | None:
    """Running mean over a fiftieth of a long noisy curve, None for any other."""
    known = np.isfinite(height)
    values = height[known]
    if len(values) < MANY or np.abs(np.diff(values)).sum() < 5 * np.ptp(values):
        return None
    window = np.ones(len(height) // 50)
    total = np.convolve(np.where(known, height, 0.0), window, mode="same")
    count = np.convolve(known, window, mode="same")
    return np.where(known, total / np.maximum(count, 1), np.nan)


def _label_axes(ax: Axes, finite: np.ndarray, floor: float) -> None:
    zeros = floor and not finite.all()
    ax.set(
        xlabel="step", ylabel=f"loss (0 is drawn at {floor:.0e})" if zeros else "loss"
    )
    if floor:
        ax.set_yscale("log")
    ax.spines[["top", "right"]].set_visible(False)
