"""A progress bar on standard error, in terminals and in notebooks.

with bar(…) as tick: tick(loss), once a step, by the loops of `fitting`
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from cgprimer.interrupts import apart

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

PERIOD = 0.1  # seconds between two drawings


@contextmanager
def bar(
    total: int | None, label: str, shown: bool
) -> Iterator[Callable[[float], None]]:
    """A progress bar on standard error; yields a function to call with each loss."""
    if not shown:
        yield lambda loss: None
        return
    display = _display()
    turn, over = threading.Lock(), False

    # Both are run apart: an interrupt inside them would leave the cursor hidden.
    # `over` keeps a bar from being started after it was stopped, as begin may still be
    # on its way.
    def begin() -> None:
        with turn:
            if not over:
                display.start()

    def end() -> None:
        nonlocal over
        with turn:
            over = True
            display.stop()

    try:  # from before it starts, so that Ctrl-C never leaves one running
        apart(begin)
        task, drawn = display.add_task(label, total=total, loss=""), -PERIOD

        def tick(loss: float) -> None:
            nonlocal drawn
            display.update(task, advance=1, loss=f"loss {loss:.4g}")
            if (now := time.monotonic()) >= drawn + PERIOD:
                drawn = now
                apart(display.refresh)

        yield tick
    finally:
        try:
            apart(end)
        except KeyboardInterrupt:  # perhaps before it began
            apart(end)
            raise


def _display() -> Progress:
    """The bar itself: label, bar, count, loss and the time that is left."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns: list[Any] = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[loss]}"),
        TimeRemainingColumn(),
    ]
    # A thread of its own that draws on and on would be in the way of a fork.
    return Progress(*columns, console=_console(), auto_refresh=False)


def _console() -> Console:
    """A notebook without ipywidgets gets the last state only, and no warning."""
    from rich.console import Console

    jupyter = None if find_spec("ipywidgets") else False
    return Console(stderr=True, force_jupyter=jupyter)
