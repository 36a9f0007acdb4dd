"""cgprimer check: judge every gradient, also hand-written ones, and name mistakes."""

from __future__ import annotations

import argparse
from functools import reduce
from operator import add

from cgprimer.commands.common import (
    add_equations,
    add_options,
    add_point,
    add_seed,
    graph_of,
    point,
    show,
    text_of,
)

HELP = "judge every gradient, also hand-written ones, and say what is wrong where"

EXAMPLE = """\
echo "d xz / d w = cos(w*xa)" > mine.txt
cgprimer check "xz = sin(w*xa)" --claims mine.txt
"""


OPTIONS = {
    "--claims CLAIMS_FILE": "hand-written derivatives, one a line: d xy / d ab = xx",
    "--output NAME": "claims d NAME / d … are total derivatives, along all paths",
    "--mutations": "check the check: put common mistakes in at every edge, and see who "
    "catches them: we, torch, JAX, autograd or scipy (several files may be given)",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    add_equations(parser)
    add_point(parser)
    add_options(parser, OPTIONS)
    parser.add_argument(
        "--points", type=int, default=5, help="how many random points (default: 5)"
    )
    add_seed(parser, "of the random points")


def run(options: argparse.Namespace) -> int:
    """Print the report; 0 if all is right, 1 if not or if it cannot be said."""
    if options.mutations:
        return _check_mutations(options)
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
    return show(report)


def _check_mutations(options: argparse.Namespace) -> int:
    """Print what each judge catches of mistakes; 0 if we catch what can be seen."""
    from cgprimer.judge.mutation.mutations import check_mutations

    # Several files, a model each, or one model as equations.
    sources = [options.equations]
    if not any("=" in text for text in options.equations):
        sources = [[path] for path in options.equations]
    reports = []
    for source in sources:
        graph = graph_of(options, source)
        at = point(graph, options) if options.at else None
        reports.append(
            check_mutations(graph, at=at, points=options.points, rng=options.seed)
        )
    return show(reduce(add, reports))
