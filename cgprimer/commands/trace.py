"""cgprimer trace: the forward and reverse trace, written out."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cgprimer.commands.common import (
    add_equations,
    add_options,
    add_point,
    graph_of,
    values_at,
)
from cgprimer.commands.files import write_file
from cgprimer.errors import OptionError
from cgprimer.notation.report import encoding, plain

if TYPE_CHECKING:
    from cgprimer.derivation.trace import Trace

HELP = "the chain rule written out: forward and reverse trace"

EXAMPLE = """\
cgprimer trace "xy = w*xa" "xz = sin(xy)" --at xa=1.5 w=0.8
"""

FORMATS: dict[str, Callable[[Trace, bool], str]] = {
    "text": lambda trace, part: str(trace),
    "ascii": lambda trace, part: trace.ascii(),
    "latex": lambda trace, part: trace.latex(document=not part),
    "html": lambda trace, part: trace.html(document=not part),
}
WIDTH = 110  # of a table in a file
ENDINGS = {".tex": "latex", ".html": "html", ".htm": "html", ".txt": "text"}


OPTIONS = {
    "--output NAME": "what is differentiated, if there are several",
    "--part": "latex and html without the document",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    add_equations(parser)
    add_point(parser)
    parser.add_argument(
        "--level",
        choices=["variables", "operations"],
        default="variables",
        help="a line for every equation, or for every single operation v1, v2, …",
    )
    add_options(parser, OPTIONS)
    parser.add_argument(
        "--format",
        choices=["table", *FORMATS],
        help="table: a line for each name (the default); text and ascii: every step "
        "written out; latex and html: documents",
    )
    parser.add_argument(
        "-o",
        dest="file",
        metavar="FILE",
        help="write there; .tex, .html and .txt say which format",
    )


def run(options: argparse.Namespace) -> None:
    """Print the trace, or write it to a file and print where."""
    from cgprimer.derivation.trace import trace

    graph = graph_of(options)
    at = values_at(graph, options)
    made = trace(graph, at, level=options.level, output=options.output)
    chosen = options.format or _by_ending(options.file)
    if options.file:
        # As bytes in UTF-8, whatever the locale says.
        whole = _text(made, chosen, options.part).encode()
        write_file(options.file, lambda file: file.write(whole))
    elif chosen == "table":
        from rich.console import Console

        Console().print(made)
    else:
        text = FORMATS[chosen](made, options.part)
        # HTML has a spelling for every sign; other formats are spelled out by `output`.
        print(_with_references(text) if chosen == "html" else text)


def _with_references(html: str) -> str:
    """HTML in which signs that standard output lacks are character references."""
    return html.encode(encoding(), "xmlcharrefreplace").decode(encoding())


def _by_ending(file: str | None) -> str:
    ending = Path(file).suffix.lower() if file else ""
    if file and ending not in ENDINGS:
        known = ", ".join(ENDINGS)
        raise OptionError(
            f"{file!r}: the format does not follow from this ending",
            f"end it in {known}, or say --format",
        )
    return ENDINGS.get(ending, "table")


def _text(trace: Trace, chosen: str, part: bool) -> str:
    text = plain(trace, WIDTH) if chosen == "table" else FORMATS[chosen](trace, part)
    return text if text.endswith("\n") else f"{text}\n"
