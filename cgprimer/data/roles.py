"""Which columns of a file or frame are inputs and targets, and which are neither.

names of the columns, Graph or lists of names ─ choose ─▶ Roles
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cgprimer import takes
from cgprimer.errors import DataError, GraphError, listing, shorten, suggest
from cgprimer.graph.graph import Graph
from cgprimer.graph.names import name_list


class Roles(NamedTuple):
    """Names of columns by what they are for; `ignored` are neither."""

    inputs: Sequence[str]
    targets: Sequence[str]
    ignored: Sequence[str]

    @property
    def used(self) -> list[str]:
        """The columns that have to be read; one may be there twice."""
        return [*self.inputs, *self.targets]


def choose(
    names: Sequence[str],
    graph: Graph | None,
    inputs: Sequence[str] | None,
    targets: Sequence[str] | None,
) -> Roles:
    """The roles of the columns `names`: as they are given, else those of the graph.

    Raises DataError for a column that is not there, and for one that would be left out
    though the graph has a parameter or a variable of its name.
    """
    if graph is None and (inputs is None or targets is None):
        raise DataError("say which columns are inputs and targets, or give the graph")
    if graph is not None:
        takes.kind(Graph, graph=graph)
        # Whoever names the columns has decided; only a choice by default may overlook
        # one.
        if inputs is None:
            _refuse_parameters(names, graph)
        if targets is None:
            _refuse_variables(names, graph)
        inputs = graph.inputs if inputs is None else inputs
        targets = graph.outputs if targets is None else targets
    inputs, targets = column_names(inputs, "inputs"), column_names(targets, "targets")
    known = set(names)
    for name in (*inputs, *targets):
        if name not in known:
            hint = suggest(name, names) or f"the columns are {listing(names)}"
            raise DataError(f"there is no column {shorten(name)!r}\n  hint: {hint}")
    used = {*inputs, *targets}
    return Roles(inputs, targets, [name for name in names if name not in used])


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
            f"{_omission(found, 'a parameter of the graph', 'parameters of the graph')}"
            f"\n  hint: parse_graph(…, variables={found!r}) turns parameters into "
            "inputs; rename a column that is something else"
        )


def _refuse_variables(columns: Sequence[str], graph: Graph) -> None:
    """Columns that the graph computes but does not compare with anything."""
    known = {*graph.outputs, *graph.inputs}
    if found := [n for n in columns if n in graph.variable_number and n not in known]:
        kind = "defined by the graph but no output of it"
        every, only = [*graph.outputs, *found], [*graph.outputs]
        raise DataError(
            f"{_omission(found, kind, kind)}\n"
            f"  hint: parse_graph(…, outputs={every!r}) fits all of them, "
            f"targets={only!r} only the outputs"
        )


def _omission(names: list[str], one: str, many: str) -> str:
    if len(names) == 1:
        return f"the column {names[0]!r} is {one}, so it would be left out"
    return f"the columns {listing(names)} are {many}, so they would be left out"
