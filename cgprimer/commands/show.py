"""cgprimer show: the graph of equations: who depends on whom."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from cgprimer.commands.common import add_equations, graph_of
from cgprimer.graph.graph import in_no_equation

if TYPE_CHECKING:
    from cgprimer.graph.graph import Graph

HELP = "the graph of equations: who depends on whom"

EXAMPLE = """\
cgprimer show "xz = tanh(b + w*xa)" "xy = sigmoid(c + u*xz)"
"""


def describe(graph: Graph) -> str:
    """The graph in words: kinds of names, and who depends on whom."""
    lines = [
        f"inputs      {' '.join(graph.inputs) or '(none)'}",
        f"parameters  {' '.join(graph.parameters) or '(none)'}"
        + in_no_equation(graph.unused, "; "),
        f"outputs     {' '.join(graph.outputs) or '(none)'}",
        f"order       {' '.join(graph.order)}",
        "depends_on",
        *(f"  {name}: {', '.join(on) or '-'}" for name, on in graph.depends_on.items()),
        "leads_to",
        *(f"  {name}: {', '.join(to)}" for name, to in graph.leads_to.items()),
    ]
    return "\n".join(lines)


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    add_equations(parser)


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    graph = graph_of(options)
    print(graph)
    print()
    print(describe(graph))
