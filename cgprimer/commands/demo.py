"""cgprimer demo: the canonical example, from text to pictures."""

from __future__ import annotations

import argparse
from pathlib import Path

from cgprimer.commands.common import add_seed
from cgprimer.commands.pictures import headless, save
from cgprimer.commands.show import describe
from cgprimer.errors import OptionError

HELP = "the canonical example, from text to pictures"

EXAMPLE = """\
cgprimer demo -o pictures
"""

CANONICAL = """\
xx = xa^2
xy = ab*xx + ac*xa
xz = bc*xx + xy
xw = cd*xx + xz^3
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "-o",
        "--folder",
        type=Path,
        default=Path("cgprimer-demo"),
        help="where the two pictures go (default: %(default)s)",
    )
    add_seed(parser, "of the random numbers")


def _make(folder: Path) -> None:
    """The folder, if it is not there; OptionError where it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(
            f"cannot make the folder {str(folder)!r}: {error.strerror}"
        ) from error


def run(options: argparse.Namespace) -> None:
    """Print the example step by step, and write its two pictures."""
    from rich.console import Console

    from cgprimer.data.generate import generate
    from cgprimer.draw.curves import plot_loss
    from cgprimer.draw.network import draw_graph
    from cgprimer.fitting.fit import fit
    from cgprimer.fitting.least_squares import LeastSquares
    from cgprimer.fitting.optimisers import Adam
    from cgprimer.graph.read import parse_graph
    from cgprimer.judge.compare import compare_partials

    _make(options.folder)
    headless()
    console = Console()
    graph = parse_graph(CANONICAL)
    console.rule("four equations, one graph")
    print(CANONICAL + "\n" + describe(graph))

    console.rule("every edge partial twice")
    at = {"xa": 1.5, "ab": 0.8, "ac": -1.1, "bc": 2.0, "cd": 0.5}
    console.print(compare_partials(graph, at))

    console.rule("ground truth, then training")
    truth = {"ab": 1.0, "bc": 2.0, "cd": 3.0, "ac": 4.0}
    data = generate(graph, truth, 2_000, rng=options.seed)
    console.print(data)
    print("at " + ", ".join(f"{name} = {value:g}" for name, value in truth.items()))
    adam = fit(graph, data, Adam(rate=0.1), epochs=300, rng=options.seed)
    console.print(adam)
    # From where Adam ended, which is near enough; LeastSquares adds the standard
    # errors.
    exact = fit(graph, data, LeastSquares(), start=adam.parameters)
    console.print(exact)
    total = exact.parameters["ab"] + exact.parameters["bc"]
    print(f"so ab + bc = {total:.9g}, while ab and bc alone could be anything.")

    console.rule("two pictures")
    save(draw_graph(graph, at=at), options.folder / "graph.png")
    save(plot_loss(adam), options.folder / "loss.png")
