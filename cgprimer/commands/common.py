"""What several commands share: equations, values and files as arguments."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

from cgprimer.commands.written import written
from cgprimer.errors import OptionError, unknown

if TYPE_CHECKING:
    from cgprimer.graph.graph import Graph


VALUES = 40  # drawn at random, that are told
DECLARED = {
    "outputs": "what the graph is for (default: variables that no equation uses)",
    "parameters": "names that are parameters, whatever they start with",
    "variables": "names that are variables, whatever they start with",
}


def add_equations(parser: argparse.ArgumentParser) -> None:
    """The arguments that `graph_of` reads."""
    parser.add_argument(
        "equations",
        nargs="+",
        metavar="FILE|EQUATION",
        help="a file, - for standard input, or equations",
    )
    for kind, what in DECLARED.items():
        parser.add_argument(f"--{kind}", nargs="+", metavar="NAME", help=what)


def add_point(parser: argparse.ArgumentParser) -> None:
    """The argument that `point` and `values` read."""
    parser.add_argument(
        "--at",
        nargs="+",
        metavar="name=value",
        default=[],
        help="values of inputs and parameters",
    )


def graph_of(options: argparse.Namespace) -> Graph:
    """The graph of a file, of standard input, or of equations as arguments."""
    from cgprimer.graph.read import parse_graph

    source: str | list[str] = options.equations
    # A file is told from an equation by the '=', which every equation has.
    if len(source) == 1 and "=" not in source[0]:
        source = text_of(source[0])
    return parse_graph(
        source,
        options.outputs,
        parameters=options.parameters,
        variables=options.variables,
    )


def text_of(path: str) -> str:
    """The text of a file, or of standard input for `-`."""
    try:
        if path == "-":
            # utf-8-sig: files of some editors begin with a mark that would be part of a
            # name.
            if isinstance(sys.stdin, TextIOWrapper):  # as files are read
                sys.stdin.reconfigure(encoding="utf-8-sig", errors="strict")
            return sys.stdin.read()
        return Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        # `cgprimer show xy` was meant as an equation more likely than as a file.
        hint = "" if "." in path else "\n  hint: an equation needs '='"
        raise OptionError(f"cannot read {path!r}: {reason}{hint}") from error


def values(pairs: Sequence[str], known: Sequence[str]) -> dict[str, float]:
    """`name=value` arguments as a dict."""
    from cgprimer.graph.arrays import decimal

    found = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        try:
            found[name.strip()] = decimal(text.strip(" "))
        except ValueError:
            raise OptionError(
                f"write name=value, such as xa=1.5, not {pair!r}"
            ) from None
        if not equals or name.strip() not in known:
            every = f"the names are {', '.join(known)}"
            raise OptionError(unknown(f"name {name!r}", name, known, every))
    return found


def point(graph: Graph, options: argparse.Namespace) -> dict[str, float]:
    """The values of --at; what is missing is drawn from (0.5, 2) and said."""
    import numpy as np

    names = (*graph.inputs, *graph.parameters)
    at = values(options.at, names)
    rng = np.random.default_rng(options.seed)
    # Away from 0, and positive: most functions are defined there. Three digits can be
    # typed again.
    drawn = {n: round(float(rng.uniform(0.5, 2)), 3) for n in names if n not in at}
    if drawn:
        listed = [f"{name}={value}" for name, value in drawn.items()]
        more = len(listed) - VALUES
        aside = f"  … and {more} more, the same for the same --seed" * (more > 0)
        print(f"values drawn at random: {'  '.join(listed[:VALUES])}{aside}")
    return at | drawn


def seed(text: str) -> int:
    """A seed, for argparse: a whole number from 0."""
    number = int(text)
    if number < 0:
        # argparse turns it into a sentence of its own.
        raise ValueError
    return number


def headless() -> None:
    """Draw into files only."""
    import matplotlib

    # A window needs a screen, which a server does not have.
    matplotlib.use("Agg")


def check_ending(path: str | Path) -> None:
    """Refuse what is no picture, before any work is done."""
    endings = (".png", ".svg", ".pdf")
    if Path(path).suffix.lower() not in endings:
        raise OptionError(f"{str(path)!r}: the file must end in {', '.join(endings)}")


def save(axes: object, path: str | Path) -> None:
    """Write the picture, as its ending says, say so, and let go of it."""
    from matplotlib import pyplot

    check_ending(path)
    figure, kind = axes.figure, Path(path).suffix[1:].lower()  # type: ignore[attr-defined]
    try:
        written(
            path,
            lambda file: figure.savefig(
                file, format=kind, dpi=150, bbox_inches="tight"
            ),
        )
    # pyplot keeps every figure until it is closed.
    finally:
        pyplot.close(figure)
