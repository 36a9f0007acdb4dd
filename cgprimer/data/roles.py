"""Which columns of a file or frame are inputs and targets, and which are neither.

names of the columns, Graph or lists of names ─ choose ─▶ Roles
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, NoReturn

from cgprimer import takes
from cgprimer.data.entries import folded, title
from cgprimer.data.reading_error import Pass, ReadingError
from cgprimer.errors import DataError, GraphError, listing, shorten, suggest
from cgprimer.expr.printed import as_name
from cgprimer.graph.arrays import decimal
from cgprimer.graph.graph import Graph
from cgprimer.graph.names import by_plain_name, name_list


class Roles(NamedTuple):
    """Names of columns by what they are for; `ignored` are none of these.

    sigma : target → the column of its standard deviations, where there is one.
    """

    inputs: Sequence[str]
    targets: Sequence[str]
    ignored: Sequence[str]
    sigma: Mapping[str, str] = MappingProxyType({})

    @property
    def used(self) -> list[str]:
        """The columns that have to be read; one may be there twice."""
        return [*self.inputs, *self.targets, *self.sigma.values()]


def wanted(
    graph: Graph | None,
    inputs: Sequence[str] | None,
    targets: Sequence[str] | None,
    sigma: Any = None,
) -> Roles:
    """The columns that there must be: as they are given, else those of the graph.

    sigma : as Dataset takes it, where a text names a column.
    """
    if graph is None and (inputs is None or targets is None):
        raise DataError("say which columns are inputs and targets, or give the graph")
    if graph is not None:
        takes.kind(Graph, graph=graph)
        inputs = graph.inputs if inputs is None else inputs
        targets = graph.outputs if targets is None else targets
    inputs, targets = column_names(inputs, "inputs"), column_names(targets, "targets")
    by_name = sigma if isinstance(sigma, Mapping) else dict.fromkeys(targets, sigma)
    by_name = by_plain_name(by_name, DataError)
    columns = {
        target: as_name(text) for target, text in by_name.items() if _is_name(text)
    }
    return Roles(inputs, targets, [], columns)


def _is_name(text: object) -> bool:
    """Whether a sigma names a column; a text may be a number as well."""
    if not isinstance(text, str):
        return False
    try:
        decimal(text)
    except ValueError:
        return True
    return False


def choose(
    names: Sequence[str],
    graph: Graph | None,
    inputs: Sequence[str] | None,
    targets: Sequence[str] | None,
    sigma: Any = None,
) -> Roles:
    """The roles of the columns `names`: as they are given, else those of the graph.

    Columns such as W[0,3] of an array's entries are one by its name.

    Raises DataError for a column that is not there, and for one that would be left out
    though the graph has a parameter or a variable of its name.
    """
    roles = wanted(graph, inputs, targets, sigma)
    arrays = _arrays(graph)
    names = folded(names, {*roles.used, *arrays})
    others = [name for name in names if name not in {*roles.sigma.values()}]
    # Whoever names the columns has decided; only a choice by default may overlook one.
    if graph is not None and inputs is None:
        _refuse_parameters(others, graph)
    if graph is not None and targets is None:
        _refuse_variables(others, graph)
    there = set(names)
    if missing := [name for name in roles.used if name not in there]:
        _refuse_missing(missing, names, arrays)
    used = {*roles.used}
    return roles._replace(ignored=[name for name in names if name not in used])


def _arrays(graph: Graph | None) -> dict[str, str]:
    """The names that are arrays to the graph, and how the first entry is called."""
    if graph is None or graph.sizing is None:
        return {}
    every = {name: graph.dims(name) for name in graph.names}
    return {name: title(name, [0] * len(dims)) for name, dims in every.items() if dims}


def _refuse_missing(
    missing: Sequence[str], names: Sequence[str], arrays: Mapping[str, str]
) -> NoReturn:
    said = f"there is no column {shorten(missing[0])!r}"
    if rename := _with_units(missing, names):
        raise ReadingError(said, hint=["pass ", Pass("rename", rename)])
    hint = suggest(missing[0], names) or f"the columns are {listing(names)}"
    if first := arrays.get(missing[0]):
        hint = f"an array has a column for each entry: {first!r} and so on"
    raise DataError(said, hint)


def _with_units(missing: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Heading → name, for headings such as `T [K]` and `t` of a missing T.

    They are not taken without a word: `x (raw)` need not be x.
    """
    bare = [re.split(r"\s*[\[(/,]|\s+in\s", name)[0].lower() for name in names]
    known = {n: bare.index(n.lower()) for n in missing if bare.count(n.lower()) == 1}
    return {names[place]: name for name, place in known.items()}


def column_names(names: object, keyword: str) -> list[str]:
    """Names of columns, as a list; DataError for what holds no names."""
    try:
        return name_list(() if names is None else names, keyword)
    except GraphError as error:
        raise DataError(str(error)) from None


def _refuse_parameters(columns: Sequence[str], graph: Graph) -> None:
    """Columns that the caller surely means as inputs, but the graph does not."""
    if found := [name for name in columns if name in graph.parameter_number]:
        raise DataError(
            _omission(found, "a parameter of the graph", "parameters of the graph"),
            f"parse_graph(…, variables={found!r}) turns parameters into "
            "inputs; rename a column that is something else",
        )


def _refuse_variables(columns: Sequence[str], graph: Graph) -> None:
    """Columns that the graph computes but does not compare with anything."""
    known = {*graph.outputs, *graph.inputs}
    if found := [n for n in columns if n in graph.variable_number and n not in known]:
        kind = "defined by the graph but no output of it"
        every, only = [*graph.outputs, *found], [*graph.outputs]
        raise DataError(
            _omission(found, kind, kind),
            f"parse_graph(…, outputs={every!r}) fits all of them, "
            f"targets={only!r} only the outputs",
        )


def _omission(names: list[str], one: str, many: str) -> str:
    if len(names) == 1:
        return f"the column {names[0]!r} is {one}, so it would be left out"
    return f"the columns {listing(names)} are {many}, so they would be left out"
