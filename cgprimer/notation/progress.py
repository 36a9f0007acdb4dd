"""A progress bar on standard error, in terminals and in notebooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


@contextmanager
def bar(
    total: int | None, label: str, shown: bool
) -> Iterator[Callable[[float], None]]:
    """A progress bar on standard error; yields a function to call with each loss."""
    if not shown:
        yield lambda loss: None
        return
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
    display = Progress(*columns, console=_console())
    try:  # from before it starts, so that Ctrl-C never leaves one running
        display.start()
        task = display.add_task(label, total=total, loss="")
        yield lambda loss: display.update(task, advance=1, loss=f"loss {loss:.4g}")
    finally:
        display.stop()


def _console() -> Console:
    """A notebook without ipywidgets gets the last state only, and no warning."""
    from rich.console import Console

    jupyter = None if find_spec("ipywidgets") else False
    return Console(stderr=True, force_jupyter=jupyter)
