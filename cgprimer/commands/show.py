"""cgprimer show: the graph of equations: who depends on whom."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cgprimer.commands.common import add_equations, add_options, graph_of
from cgprimer.graph.names import in_no_equation

if TYPE_CHECKING:
    from cgprimer.graph.graph import Graph

HELP = "the graph of equations: who depends on whom"

EXAMPLE = """\
cgprimer show "xz = tanh(b + w*xa)" "xy = sigmoid(c + u*xz)"
"""


LINES, NAMES = 100, 200  # of a graph that are shown without --all


def describe(graph: Graph, everything: bool = False) -> str:
    """The graph in words: kinds of names, and who depends on whom."""
    # A graph of 10,000 variables would scroll away what is worth reading.
    lines, names = (None, None) if everything else (LINES, NAMES)
    on = _lines(graph.depends_on, names)
    to = _lines(graph.leads_to, names)
    kinds = [
        f"inputs      {' '.join(cap(graph.inputs, names)) or '(none)'}",
        f"parameters  {' '.join(cap(graph.parameters, names)) or '(none)'}"
        + in_no_equation(graph.unused, "; "),
        f"outputs     {' '.join(cap(graph.outputs, names)) or '(none)'}",
        f"order       {' '.join(cap(graph.order, names))}",
    ]
    below = ["depends_on", *cap(on, lines), "leads_to", *cap(to, lines)]
    return "\n".join([*kinds, *below])


def _lines(links: Mapping[str, Sequence[str]], most: int | None) -> list[str]:
    return [
        f"  {name}: {', '.join(cap(others, most)) or '-'}"
        for name, others in links.items()
    ]


def cap(items: Sequence[str], most: int | None) -> list[str]:
    """No more than `most` of the items, and how many are left out."""
    if most is None or len(items) <= most:
        return [*items]
    return [*items[:most], f"… and {len(items) - most} more (--all shows them)"]


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    add_equations(parser)
    add_options(parser, {"--all": "everything, however large the graph is"})


def run(options: argparse.Namespace) -> None:
    """Print the equations, the kinds of names, and who depends on whom."""
    graph = graph_of(options)
    names = cap(graph.dependents, None if options.all else LINES)
    known = set(graph.dependents)
    for name in names:
        print(graph.equation(name) if name in known else name)
    print()
    print(describe(graph, options.all))
