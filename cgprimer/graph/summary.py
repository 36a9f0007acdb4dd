"""What a graph consists of, before there are any values: names, dims, parameters.

    Graph ─ summary_of ─▶ GraphSummary, a report: name, kind, equation, dims, parameters

`Graph.summary` returns it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, ClassVar

from cgprimer.errors import counted
from cgprimer.expr.dims import Dims, is_unknown, show_dims
from cgprimer.notation.report import Part, RowReport
from cgprimer.notation.text_table import TextTable

if TYPE_CHECKING:
    from cgprimer.graph.graph import Graph

HEAD = ("name", "kind", "equation", "dims", "parameters")


@dataclass(frozen=True)
class NameRow:
    """One name of a graph.

    kind : input, parameter, variable or output. equation : "" where none defines it.
    dims : its sizes, () of a number. count : of a parameter how many numbers it holds,
    as text, since sizes may have names; of all others "".
    """

    name: str
    kind: str
    equation: str
    dims: Dims
    count: str

    def cells(self) -> tuple[str, ...]:
        """The row as texts, in the order of the table's head."""
        right = self.equation.partition("=")[2].strip()
        return self.name, self.kind, right, show_dims(self.dims), self.count


@dataclass(frozen=True, repr=False)
class GraphSummary(RowReport[NameRow]):
    """The names of a graph; prints as a table.

    total : how many numbers all parameters hold together, as text: "79510",
        or "3*n + 3" where a size has a name.
    """

    _columns: ClassVar = TextTable(
        HEAD,
        (),
        numbers=HEAD[-1:],
        spare=("equation",),
        formulas=("equation",),
        title="summary",
    )

    rows: tuple[NameRow, ...]
    total: str

    def summary(self) -> str:
        """One sentence: how many equations, and how many parameters."""
        equations = sum(bool(row.equation) for row in self.rows)
        names = sum(row.kind == "parameter" for row in self.rows)
        said = f"{counted(equations, 'equation')}, {_counted(self.total)}"
        return (
            said if self.total == str(names) else f"{said} in {counted(names, 'name')}"
        )

    def _parts(self) -> list[Part]:
        return [self._table(self.rows, said=self.summary())]


def _counted(total: str) -> str:
    return (
        counted(int(total), "parameter") if total.isdigit() else f"{total} parameters"
    )


def summary_of(graph: Graph) -> GraphSummary:
    """The report on a graph: inputs, parameters, then equations in their order."""
    rows = (*_given(graph), *_defined(graph))
    return GraphSummary(rows, count_of([graph.dims(p) for p in graph.parameters]))


def _given(graph: Graph) -> Iterator[NameRow]:
    for name in graph.inputs:
        yield NameRow(name, "input", "", graph.dims(name), "")
    for name in graph.parameters:
        dims = graph.dims(name)
        yield NameRow(name, "parameter", "", dims, count_of([dims]))


def _defined(graph: Graph) -> Iterator[NameRow]:
    outputs = {*graph.outputs}
    for name in graph.order[len(graph.inputs) :]:
        kind = "output" if name in outputs else "variable"
        text = graph.equation(name).text
        yield NameRow(name, kind, text, graph.dims(name), "")


def count_of(arrays: Sequence[Dims]) -> str:
    """How many numbers arrays hold together, with the sizes that have names.

    >>> count_of([(3, 2), (3,), ("n", 3), ("n",)])
    '4*n + 9'
    """
    if any(is_unknown(size) for dims in arrays for size in dims):
        return "?"
    terms: Counter[tuple[str, ...]] = Counter()
    for dims in arrays:
        named = tuple(sorted(size for size in dims if isinstance(size, str)))
        terms[named] += prod(size for size in dims if isinstance(size, int))
    number = terms.pop((), 0)
    parts = [
        "*".join([*([str(times)] if times > 1 else []), *named])
        for named, times in terms.items()
    ]
    return " + ".join([*parts, *([str(number)] if number or not parts else [])])
