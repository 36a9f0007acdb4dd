"""A progress bar on standard error, in terminals and in notebooks.

with loss_bar(…) as tick: tick(loss), once a step       the loops of `fitting`
with check_bar(…) as tick: tick(count), as they come    the checks of `judge`
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from cgprimer.interrupts import apart

if TYPE_CHECKING:
    from rich.progress import Progress

PERIOD = 0.1  # seconds between two drawings
LONG = 1.0  # seconds that a check takes before there is a bar on a terminal
CALLS = 200  # of f, for one difference


@contextmanager
def loss_bar(
    total: int | None, label: str, shown: bool
) -> Iterator[Callable[[float], None]]:
    """A bar that stays, with the loss; yields a function to call with each loss."""
    with _bar(total, label, shown, "loss", False) as advance:
        yield lambda loss: advance(1, loss)


@contextmanager
def check_bar(
    label: str, total: int, seconds: float, progress: bool | None
) -> Iterator[Callable[[int], None]]:
    """Yields a function to call with how many more differences are taken.

    seconds : that one call of f takes. progress : None for a bar on a terminal only,
    where it takes long. On a terminal the bar goes when it is done; in a file it is a
    line that stays.
    """
    if progress is None:
        progress = sys.stderr.isatty() and seconds * CALLS * total > LONG
    with _bar(total, label, progress, "", True) as advance:
        yield lambda count: advance(count, None)


@contextmanager
def _bar(
    total: int | None, label: str, shown: bool, noun: str, transient: bool
) -> Iterator[Callable[[int, float | None], None]]:
    """Yields a function to call with how much more is done, and the number beside it.

    More may be done than was foreseen: the bar then grows, not beyond 100 %.
    """
    if not shown:
        yield lambda count, number: None
        return
    display = _display(transient)
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
        task = display.add_task(label, total=total, note="")
        done, drawn = 0, -PERIOD

        def advance(count: int, number: float | None) -> None:
            nonlocal done, drawn
            done += count
            note = "" if number is None else f"{noun} {number:.4g}"
            most = total if total is None else max(total, done)
            display.update(task, completed=done, total=most, note=note)
            if (now := time.monotonic()) >= drawn + PERIOD:
                drawn = now
                apart(display.refresh)

        yield advance
    finally:
        try:
            apart(end)
        except KeyboardInterrupt:  # perhaps before it began
            apart(end)
            raise


def _display(transient: bool) -> Progress:
    """The bar itself: label, bar, count, a note and the time that is left."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TimeRemainingColumn,
    )

    # A notebook without ipywidgets gets the last state only, and no warning.
    jupyter = None if find_spec("ipywidgets") else False
    console = Console(stderr=True, force_jupyter=jupyter)
    # A thread of its own that draws on and on would be in the way of a fork.
    return Progress(
        *("{task.description}", BarColumn(), MofNCompleteColumn()),
        *("{task.fields[note]}", TimeRemainingColumn()),
        console=console,
        transient=transient and console.is_terminal,
        auto_refresh=False,
    )
