"""cgprimer diagnose: where values turn nan or inf, or lose their digits."""

from __future__ import annotations

import argparse

from cgprimer.commands.common import (
    add_equations,
    add_point,
    add_seed,
    graph_of,
    point,
    show,
)

HELP = "where values turn nan or inf, or lose their digits, and what to write"

EXAMPLE = """\
cgprimer diagnose "xy = sqrt(xa^2 + 1) - xa" --at xa=1e9
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    add_equations(parser)
    add_point(parser)
    parser.add_argument("--all", action="store_true", help="tell of every finding")
    add_seed(parser, "of the values that --at does not give")


def run(options: argparse.Namespace) -> int:
    """Print the first finding, with --all every one; 1 where something goes wrong."""
    from rich.console import Console
    from rich.text import Text

    from cgprimer.diagnosis.diagnose import diagnose

    graph = graph_of(options)
    diagnosis = diagnose(graph, point(graph, options))
    status = show(diagnosis)
    for row in diagnosis.rows[1:] if options.all else ():
        Console().print(Text(f"\n{row}"))
    return status
