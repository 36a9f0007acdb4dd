"""What is to be plotted: runs with a label each, and what their losses are counted by.

results of fits, losses, several of them ─ by_label ─▶ {label: run}
x, runs ─ axis_of ─▶ "step", "epoch" or "evaluation"
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cgprimer import takes
from cgprimer.draw.text import label
from cgprimer.errors import OptionError, suggest
from cgprimer.graph.arrays import as_numbers
from cgprimer.types import Array

Along = Literal["step", "epoch", "evaluation"]
ALONG: tuple[Along, ...] = ("step", "epoch", "evaluation")


def by_label(results: Any) -> dict[str, Any]:
    """Label → run; runs of one method are numbered.

    A run is what a fit returns, or its losses alone. Raises OptionError for others.
    """
    if isinstance(results, Mapping):
        labels = _number_alike(label(name) for name in results)
        return dict(zip(labels, results.values(), strict=True))
    if hasattr(results, "losses"):
        return {_method(results): results}
    runs = None if isinstance(results, str | bytes) else takes.items(results)
    if runs is None:
        said = takes.quote(results)
        raise OptionError(f"results of fit, or losses, are expected, not {said}")
    # A sequence of plain numbers is one run's losses, not many runs.
    if not any(hasattr(run, "losses") or takes.items(run) is not None for run in runs):
        return {"loss": losses_of(runs)}
    return dict(zip(_number_alike(map(_method, runs)), runs, strict=True))


def losses_of(losses: Any) -> Array:
    """Losses (n,) as float64; OptionError for what has another shape or is none."""
    numbers = as_numbers("losses", losses, OptionError)
    if numbers.ndim != 1:
        raise OptionError(f"losses must have shape (n,), not {numbers.shape}")
    return numbers


def _method(run: Any) -> str:
    return label(getattr(run, "method", "run"))


def _number_alike(labels: Iterable[str]) -> list[str]:
    names = list(labels)
    return [
        f"{name} {names[: i + 1].count(name)}" if names.count(name) > 1 else name
        for i, name in enumerate(names)
    ]


def axis_of(x: str | None, runs: Sequence[Any]) -> Along:
    """What the horizontal axis counts; OptionError for what a run does not know."""
    counted = all(counts_of(run) is not None for run in runs)
    if x is None:
        # Steps of different batch sizes are not alike; epochs are.
        return "epoch" if counted and any(map(is_in_batches, runs)) else "step"
    for along in ALONG:
        if isinstance(x, str) and x in (along, f"{along}s"):
            if along == "step" or counted:
                return along
            raise OptionError(
                f"losses alone know no {along}s\n  hint: plot what fit returns"
            )
    hint = suggest(x, ALONG) or f"it is one of {', '.join(ALONG)}"
    raise OptionError(f"unknown axis x={takes.quote(x)}\n  hint: {hint}")


def counts_of(run: Any) -> NDArray[np.int64] | None:
    """Steps and evaluations at the start and after every epoch, (e + 1, 2)."""
    counts = getattr(run, "epoch_counts", None)
    return None if counts is None else np.asarray(counts)


def is_in_batches(run: Any) -> bool:
    """Whether an epoch of the run has several steps."""
    counts = counts_of(run)
    if counts is None:
        return False
    steps = [*counts[:, 0], len(run.losses)]  # the last epoch may have been interrupted
    return bool((np.diff(steps) > 1).any())
