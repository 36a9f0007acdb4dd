"""cgprimer fit: fit the parameters to a CSV file."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from cgprimer.commands.common import (
    add_equations,
    add_options,
    add_seed,
    graph_of,
    values,
)
from cgprimer.commands.pictures import check_ending, headless, save
from cgprimer.commands.tables import add_table, table_of

HELP = "fit the parameters to a CSV file"

EXAMPLE = """\
printf 'xa,xy\\n0,1.02\\n1,2.98\\n2,5.01\\n3,7.00\\n' > points.csv
cgprimer fit "xy = a*xa + b" --data points.csv
"""


OPTIONS = {
    "--start name=value …": "where to begin",
    "--free-constants": "make parameters c1, c2, … of numbers, and begin with these",
    "--plot FILE": "write the loss curve there",
    "--quiet": "no progress bar",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    add_equations(parser)
    add_table(parser)
    parser.add_argument(
        "--method",
        choices=["least-squares", "adam", "sgd"],
        default="least-squares",
        help="how the loss is made small (default: %(default)s)",
    )
    parser.add_argument(
        "--loss",
        default="mse",
        help="mse, mae, huber, cross-entropy or softmax-cross-entropy",
    )
    parser.add_argument("--rate", type=float, default=1e-2, help="of adam and sgd")
    parser.add_argument(
        "--epochs", type=int, default=100, help="most passes over the data"
    )
    parser.add_argument(
        "--batch", type=int, default=64, help="samples per step of adam and sgd"
    )
    add_options(parser, OPTIONS)
    add_seed(parser, "of the random numbers")


def run(options: argparse.Namespace) -> int:
    """Print the FitResult, with --plot write its losses; 1 unless it converged."""
    from rich.console import Console

    from cgprimer.fitting.fit import fit
    from cgprimer.fitting.least_squares import LeastSquares
    from cgprimer.fitting.optimisers import SGD, Adam
    from cgprimer.graph.constants import free_constants

    if options.plot:
        # Before the fit, which may take minutes.
        check_ending(options.plot)
    graph, start = graph_of(options), dict[str, float]()
    if options.free_constants:
        graph, start = free_constants(graph)
        print(f"{graph}\n")
    data = table_of(options, graph)
    # Made on demand: a bad --rate concerns only the methods that have a rate.
    methods: dict[str, Callable[[], LeastSquares | Adam | SGD]] = {
        "least-squares": LeastSquares,
        "adam": lambda: Adam(options.rate),
        "sgd": lambda: SGD(options.rate),
    }
    result = fit(
        graph,
        data,
        methods[options.method](),
        loss=options.loss,
        start=start | values(options.start, graph.parameters),
        epochs=options.epochs,
        batch=options.batch,
        rng=options.seed,
        progress=not options.quiet,
    )
    Console().print(result)
    if options.plot:
        from cgprimer.draw.curves import plot_loss

        headless()
        save(plot_loss(result), options.plot)
    return 0 if result.converged else 1
