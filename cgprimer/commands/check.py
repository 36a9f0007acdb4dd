"""cgprimer check: judge every gradient, also hand-written ones, and name mistakes."""

from __future__ import annotations

import argparse
from functools import reduce
from operator import add

from cgprimer.commands.common import (
    add_equations,
    add_point,
    graph_of,
    point,
    seed,
    text_of,
)

HELP = "judge every gradient, also hand-written ones, and say what is wrong where"

EXAMPLE = """\
echo "d xz / d w = cos(w*xa)" > mine.txt
cgprimer check "xz = sin(w*xa)" --claims mine.txt
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    add_equations(parser)
    add_point(parser)
    parser.add_argument(
        "--claims",
        metavar="CLAIMS_FILE",
        help="hand-written derivatives, one a line: d xy / d ab = xx",
    )
    parser.add_argument(
        "--output",
        metavar="NAME",
        help="claims d NAME / d … are total derivatives, along all paths",
    )
    parser.add_argument(
        "--points", type=int, default=5, help="how many random points (default: 5)"
    )
    parser.add_argument("--seed", type=seed, default=0, help="of the random points")
    parser.add_argument(
        "--mutations",
        action="store_true",
        help="check the check: put common mistakes in at every edge, and see who "
        "catches them: we, torch, JAX, autograd or scipy (several files may be given)",
    )


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    if options.mutations:
        return _mutations(options)
    from rich.console import Console

    from cgprimer.judge.check import check_gradients
    from cgprimer.judge.claims import parse_claims

    graph = graph_of(options)
    report = check_gradients(
        graph,
        at=point(graph, options) if options.at else None,
        points=options.points,
        claims=parse_claims(text_of(options.claims)) if options.claims else None,
        output=options.output,
        rng=options.seed,
    )
    Console().print(report)
    return 0 if report.ok else 1


def _mutations(options: argparse.Namespace) -> int:
    from rich.console import Console

    from cgprimer.judge.mutation.mutations import check_mutations

    # Several files, a model each, or one model as equations.
    sources = [options.equations]
    if not any("=" in text for text in options.equations):
        sources = [[path] for path in options.equations]
    reports = []
    # graph_of reads its source from the options.
    for options.equations in sources:
        graph = graph_of(options)
        at = point(graph, options) if options.at else None
        reports.append(
            check_mutations(graph, at=at, points=options.points, rng=options.seed)
        )
    report = reduce(add, reports)
    Console().print(report)
    return 0 if report.ok else 1
