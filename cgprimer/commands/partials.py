"""cgprimer partials: every edge partial, symbolically and by differences."""

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

HELP = "every edge partial, symbolically and by differences"

EXAMPLE = """\
cgprimer partials "xy = ab*xa^2 + sin(xa)" --at xa=1.5 ab=0.8
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    add_equations(parser)
    add_point(parser)
    parser.add_argument(
        "--scheme",
        default="central",
        help="central, forward, five-point, ridders, complex",
    )
    parser.add_argument("--step", type=float, help="absolute step of the differences")
    add_seed(parser, "of the values that --at does not give")


def run(options: argparse.Namespace) -> int:
    """Print every edge partial both ways; 1 where they disagree."""
    from cgprimer.judge.compare import compare_partials

    graph = graph_of(options)
    report = compare_partials(
        graph, point(graph, options), scheme=options.scheme, step=options.step
    )
    return show(report)
