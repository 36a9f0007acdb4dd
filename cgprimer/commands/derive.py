"""cgprimer derive: a written derivation checked, line by line."""

from __future__ import annotations

import argparse

from cgprimer.commands.common import add_options, add_seed, show, source_of

HELP = "check a written derivation line by line, plain or in LaTeX"

EXAMPLE = """\
echo "y = sin(x^2)" > mine.txt
echo "dy/dx = cos(x^2)" >> mine.txt
cgprimer derive mine.txt
"""

TEACH = """\
a line with a new name alone on its left defines it, every other one claims something,
and d or ∂ of a name is its derivative. Names that no line defines are variables,
whatever they begin with. Functions are
{functions}
"""


OPTIONS = {
    "--variables NAME …": "the names that no line defines (default: every such name)",
    "--numbers-only": "do not ask sympy, too",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "lines",
        nargs="+",
        metavar="FILE|LINE",
        help="a file, - for standard input, or lines: `A = B = C`, plain or in LaTeX",
    )
    add_options(parser, OPTIONS)
    parser.add_argument(
        "--points", type=int, default=16, help="how many random points (default: 16)"
    )
    add_seed(parser, "of the random points")


def run(options: argparse.Namespace) -> int:
    """Print the report; 0 if every line is right, 1 if not or if it cannot be said."""
    from cgprimer.derivation.checking.check import check_derivation

    source = source_of(options.lines)
    report = check_derivation(
        source if isinstance(source, str) else "\n".join(source),
        variables=options.variables,
        rng=options.seed,
        points=options.points,
        symbolic=not options.numbers_only,
    )
    return show(report)
