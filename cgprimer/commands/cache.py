"""cgprimer cache: machine code kept from earlier runs."""

from __future__ import annotations

import argparse

from cgprimer.commands.common import add_options
from cgprimer.errors import counted, visible

HELP = "machine code kept from earlier runs: where it is, how much, and --clear"

EXAMPLE = """\
cgprimer cache
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    add_options(parser, {"--clear": "delete everything that is kept"})


def run(options: argparse.Namespace) -> None:
    """Print where machine code is kept and how much, or with --clear delete it."""
    from cgprimer.run.llvm import cache

    place = cache.folder()
    if place is None:
        print("nothing is kept: there is no folder for it (see CGPRIMER_CACHE)")
        return
    count, size = cache.clear() if options.clear else cache.contents()
    files, shown = f"{counted(count, 'file')}, {size / 1e6:.1f} MB", visible(str(place))
    print(f"deleted {files}, from {shown}" if options.clear else f"{files}, in {shown}")
