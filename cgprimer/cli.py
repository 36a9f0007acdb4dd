"""The command line: a table of commands, each in its own file."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import import_module
from textwrap import fill, indent
from typing import NoReturn

import cgprimer
from cgprimer.commands.output import complain, guard
from cgprimer.errors import CGPrimerError, visible
from cgprimer.interrupts import load

COMMANDS = (
    "demo",
    "show",
    "partials",
    "check",
    "derive",
    "trace",
    "fit",
    "draw",
    "diagnose",
    "cache",
)

TEACH = """\
equations come from a file (one a line, # starts a comment), from standard input (-),
or are written out, each an argument of its own, as in

  cgprimer show "xx = xa^2" "xy = ab*xx + ac*xa"

Names that start with x are variables, the others learnable parameters; --variables and
--parameters say otherwise. Functions are
{functions}
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0, 1 where it did not succeed, or 2 for bad input."""
    return guard(lambda: _command(arguments))


def _command(arguments: Sequence[str] | None) -> int:
    try:
        options = _parser().parse_args(arguments)
        load("numpy")  # which takes an interrupt for a broken installation
        return int(options.run(options) or 0)
    except CGPrimerError as error:
        complain(f"{type(error).__name__}: {error}")
        return 2
    except KeyboardInterrupt:
        complain("interrupted")
        return 130


class _CommandParser(argparse.ArgumentParser):
    """Quotes arguments so that they steer no terminal; help names every function."""

    def format_help(self) -> str:
        from cgprimer.expr.ops import CONSTANTS, TABLE

        names = " ".join(op.name for op in TABLE if op.arity and not op.symbol)
        text = f"{names}; {' '.join(CONSTANTS)}"
        told = fill(text, 78, initial_indent="  ", subsequent_indent="  ")
        return super().format_help().replace("{functions}", told)

    def error(self, message: str) -> NoReturn:
        super().error(visible(message))


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = _CommandParser(
        prog="cgprimer",
        formatter_class=raw,
        epilog=f"{TEACH}\n`cgprimer fit --help` has an example of fit, and so on.",
        description="Type equations, see the graph, trust the gradients, fit the "
        "parameters.",
    )
    parser.add_argument(
        "--version", action="version", version=f"cgprimer {cgprimer.__version__}"
    )
    commands = parser.add_subparsers(metavar="command", required=True)
    for name in COMMANDS:
        module = import_module(f"cgprimer.commands.{name}")
        sub = commands.add_parser(
            name,
            help=module.HELP,
            description=module.HELP[0].upper() + module.HELP[1:] + ".",
            epilog=f"example:\n\n{indent(module.EXAMPLE, '  ')}\n"
            f"{getattr(module, 'TEACH', TEACH)}",
            formatter_class=raw,
        )
        module.arguments(sub)
        sub.set_defaults(run=module.run)
    return parser
