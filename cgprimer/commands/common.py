"""What several commands share: equations, a point and a seed as arguments, a report.

add_equations, add_point ─ argparse ─▶ options ─ graph_of, point ─▶ Graph, dict
report ─ show ─▶ what is printed, and the exit status
"""

from __future__ import annotations

import argparse
import codecs
import json
import re
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cgprimer.errors import OptionError, ReadingWarning, unknown, visible

if TYPE_CHECKING:
    from cgprimer.graph.graph import Graph


_BARE_POINT = re.compile(r"(?<![\d.])\.(?=\d)")
VALUES = 40  # drawn at random, that are told
DECLARED = {
    "--outputs NAME …": "what the graph is for "
    "(default: variables that no equation uses)",
    "--parameters NAME …": "names that are parameters, whatever they start with",
    "--variables NAME …": "names that are variables, whatever they start with",
}


def add_options(parser: argparse.ArgumentParser, options: Mapping[str, str]) -> None:
    """Arguments as they are written, and their help: --all, --at FILE, --sum NAME …"""
    for written, what in options.items():
        name, *values = written.split()
        if values:
            nargs = "+" if values[1:] else None
            parser.add_argument(name, metavar=values[0], nargs=nargs, help=what)
        else:
            parser.add_argument(name, action="store_true", help=what)


def add_equations(parser: argparse.ArgumentParser) -> None:
    """The arguments that `graph_of` reads."""
    parser.add_argument(
        "equations",
        nargs="+",
        metavar="FILE|EQUATION",
        help="a file, - for standard input, or equations",
    )
    add_options(parser, DECLARED)


def add_point(parser: argparse.ArgumentParser) -> None:
    """The argument that `values_at` and `point` read."""
    add_options(parser, {"--at name=value …": "values of inputs and parameters"})


def add_seed(parser: argparse.ArgumentParser, what: str) -> None:
    """The argument --seed, 0 by default; `what` says of which numbers."""
    parser.add_argument("--seed", type=seed, default=0, help=what)


def graph_of(
    options: argparse.Namespace, equations: Sequence[str] | None = None
) -> Graph:
    """The graph of a file, of standard input, or of equations as arguments.

    equations : instead of those of the command line. Raises OptionError for a file that
    cannot be read, and what `parse_graph` raises.
    """
    from cgprimer.graph.read import parse_graph

    source = source_of(options.equations if equations is None else equations)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ReadingWarning)
        graph = parse_graph(
            source,
            options.outputs,
            parameters=options.parameters,
            variables=options.variables,
        )
    for each in caught:
        print(f"note: {visible(str(each.message))}", file=sys.stderr)
    return graph


def source_of(texts: Sequence[str]) -> str | Sequence[str]:
    """The text of a file, or the equations that are given, each an argument."""
    # A file is told from an equation by the '=', which every equation has.
    return text_of(texts[0]) if len(texts) == 1 and "=" not in texts[0] else texts


def text_of(path: str) -> str:
    """The text of a file in UTF-8, or of standard input for `-`.

    Raises OptionError where it cannot be read.
    """
    try:
        if path == "-":
            stream = getattr(sys.stdin, "buffer", None)  # else it is text already
            return sys.stdin.read() if stream is None else _decoded(stream.read())
        return _decoded(Path(path).read_bytes())
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        # `cgprimer show xy` was meant as an equation more likely than as a file.
        hint = "" if "." in path else "an equation needs '='"
        raise OptionError(f"cannot read {path!r}: {reason}", hint) from error


def _decoded(data: bytes) -> str:
    """UTF-8, or UTF-16 that says so; the mark before it would be part of a name."""
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = data.decode("utf-16" if marked else "utf-8-sig")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def values(pairs: Sequence[str] | None, known: Sequence[str]) -> dict[str, Any]:
    """`name=value` arguments as a dict; of a name that stands twice the last.

    A value is a number, or an array as [[1, 2], [3, 4]]. Raises OptionError for what is
    not written so, and for names that are not `known`.
    """
    from cgprimer.expr.printed import as_name

    numbers = {}
    for pair in pairs or ():
        name, equals, text = pair.partition("=")
        name = as_name(name.strip())
        try:
            numbers[name] = _value(text.strip(" "))
        except ValueError:
            raise OptionError(
                f"write name=value, such as xa=1.5, not {pair!r}"
            ) from None
        if not equals or name not in known:
            every = f"the names are {', '.join(known)}"
            raise OptionError(unknown(f"name {name!r}", name, known, every))
    return numbers


def _value(text: str) -> Any:
    """A number, or an array of numbers; ValueError for what is neither."""
    from cgprimer.graph.arrays import decimal

    if not text.startswith("["):
        return decimal(text)
    try:
        return json.loads(_BARE_POINT.sub("0.", text))
    except RecursionError:
        raise ValueError(text) from None


def values_at(graph: Graph, options: argparse.Namespace) -> dict[str, Any] | None:
    """The values of --at, None without it."""
    names = (*graph.inputs, *graph.parameters)
    return values(options.at, names) if options.at else None


def point(graph: Graph, options: argparse.Namespace) -> dict[str, Any]:
    """The values of --at; what is missing is drawn from (0.5, 2) and said."""
    import numpy as np

    names = (*graph.inputs, *graph.parameters)
    at = values(options.at, names)
    rng = np.random.default_rng(options.seed)
    # Away from 0, and positive: most functions are defined there. Three digits can be
    # typed again.
    drawn = {n: _drawn(graph, n, rng) for n in names if n not in at}
    if drawn:
        listed = [f"{name}={value}" for name, value in drawn.items()]
        more = len(listed) - VALUES
        aside = f"  … and {more} more, the same for the same --seed" * (more > 0)
        print(f"values drawn at random: {'  '.join(listed[:VALUES])}{aside}")
    return at | drawn


def _drawn(graph: Graph, name: str, rng: Any) -> Any:
    """A number for a name, or an array as lists; OptionError for unknown sizes."""
    from cgprimer.expr.dims import show_dims

    dims = graph.dims(name)
    if not dims:
        return round(float(rng.uniform(0.5, 2)), 3)
    if any(isinstance(dim, str) for dim in dims):
        raise OptionError(
            f"{name!r} is {show_dims(dims)}: no values can be drawn for it",
            f"give --at '{name}=[…]', or declare its sizes as numbers",
        )
    return rng.uniform(0.5, 2, dims).round(3).tolist()


def seed(text: str) -> int:
    """A seed, for argparse, which puts the name of this function into its message."""
    number = int(text)
    if number < 0:
        # argparse turns it into a sentence of its own.
        raise ValueError
    return number


def show(report: Any) -> int:
    """Print a report; the exit status 0, or 1 where it is not `ok`."""
    from rich.console import Console

    Console().print(report)
    return 0 if report.ok else 1
