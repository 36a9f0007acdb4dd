"""Tables of data that commands read: the options that say how.

add_table ─ argparse ─▶ options ─ table_of ─▶ Dataset
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cgprimer.commands.common import add_options
from cgprimer.errors import DataError, OptionError

if TYPE_CHECKING:
    from cgprimer.data.dataset import Dataset
    from cgprimer.graph.graph import Graph

SIGNS = {  # options that take one sign or word, as they are keywords of `from_csv`
    "separator": "between cells: , ; tab | or blanks (default: found in the file)",
    "decimal": "decimal sign: . or , (default: found in the file)",
    "thousands": "sign between groups of three digits (default: there is none)",
    "comment": "how a line begins that is no sample (default: # or %% or //)",
    "encoding": "of the text (default: utf-8, or what its mark says, or cp1252)",
}


NAMES = {
    "--names NAME …": "of all columns in order, where the file has none",
    "--rename HEADING=NAME …": "names for columns, such as 'T [K]=T'",
}


def add_table(parser: argparse.ArgumentParser) -> None:
    """The arguments that `table_of` reads."""
    parser.add_argument(
        "--data",
        required=True,
        metavar="FILE",
        help="table of text with names above its columns, such as CSV",
    )
    add_options(parser, {f"--{sign} TEXT": what for sign, what in SIGNS.items()})
    add_options(parser, NAMES)
    parser.add_argument(
        "--missing",
        choices=["refuse", "drop"],
        default="refuse",
        help="what is done with rows that lack a value (default: %(default)s)",
    )
    parser.add_argument(
        "--sigma",
        action="append",
        metavar="NUMBER|COLUMN",
        help="standard deviation of the noise, or TARGET=… for each target",
    )


def table_of(options: argparse.Namespace, graph: Graph) -> Dataset:
    """The data of a file; DataError that names options where one has to be given."""
    from cgprimer.data.dataset import Dataset
    from cgprimer.data.reading_error import Pass, ReadingError

    try:
        return Dataset.from_csv(
            options.data,
            graph,
            targets=options.outputs,
            sigma=_sigma(options.sigma),
            names=options.names,
            rename=_renamed(options.rename),
            missing=options.missing,
            **{keyword: getattr(options, keyword) for keyword in SIGNS},
        )
    except ReadingError as error:
        raise DataError(error.told(Pass.as_option)) from None


def _renamed(pairs: Sequence[str] | None) -> dict[str, str] | None:
    """`HEADING=NAME` arguments as a dict; a heading may hold a sign of its own."""
    if pairs is None:
        return None
    cut = [pair.rpartition("=") for pair in pairs]
    for pair, (heading, _, name) in zip(pairs, cut, strict=True):
        if not (heading.strip() and name.strip()):
            raise OptionError(f"write HEADING=NAME, such as 'T [K]=T', not {pair!r}")
    return {heading: name for heading, _, name in cut}


def _sigma(texts: Sequence[str] | None) -> Any:
    """The argument sigma: one number or column, or a dict target → either."""
    if texts is None:
        return None
    cut = [text.partition("=") for text in texts]
    if len(cut) == 1 and not cut[0][1]:
        return texts[0]
    if bad := [text for text, part in zip(texts, cut, strict=True) if not part[2]]:
        raise OptionError(f"write TARGET=…, such as xy=0.1, not {bad[0]!r}")
    return {target.strip(): text for target, _, text in cut}
