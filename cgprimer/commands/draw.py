"""cgprimer draw: draw the graph to a PNG, SVG or PDF file."""

from __future__ import annotations

import argparse

from cgprimer.commands.common import (
    add_equations,
    add_point,
    graph_of,
    values_at,
)
from cgprimer.commands.pictures import check_ending, headless, save

HELP = "draw the graph to a PNG, SVG or PDF file"

EXAMPLE = """\
cgprimer draw "xy = w*xa" "xz = sin(xy)" -o graph.svg --at xa=1.5 w=0.8
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    add_equations(parser)
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        help="its ending says which kind: .png, .svg or .pdf",
    )
    add_point(parser)


def run(options: argparse.Namespace) -> None:
    """Write the picture, and print where."""
    from cgprimer.draw.network import draw_graph

    check_ending(options.output)
    graph = graph_of(options)
    at = values_at(graph, options)
    headless()
    save(draw_graph(graph, at=at), options.output)
