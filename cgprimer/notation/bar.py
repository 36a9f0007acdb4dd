"""A progress bar on standard error, for checks that take long.

`judge` shows it where a check takes long on a terminal.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LONG = 1.0  # seconds that a check takes before there is a bar on a terminal
CALLS = 200  # of f, for one difference


@contextmanager
def bar(
    label: str, total: int, seconds: float, progress: bool | None
) -> Iterator[Callable[[int], None]]:
    """Yields a function to call with how many more differences are taken.

    seconds : that one call of f takes. progress : None for a bar on a terminal only,
    where it takes long.
    """
    if progress is None:
        progress = sys.stderr.isatty() and seconds * CALLS * total > LONG
    if not progress:
        yield lambda count: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    # On a terminal the bar goes when it is done; in a file it is a line that stays.
    with Progress(*columns, console=console, transient=console.is_terminal) as display:
        task = display.add_task(label, total=total)
        done = 0

        def tick(count: int) -> None:
            nonlocal done
            done += count
            # More differences may be taken than were foreseen: the bar then grows, not
            # beyond 100 %.
            display.update(task, completed=done, total=max(total, done))

        yield tick
