"""Every path from a name to an output, with the product of the partials along it.

Backpropagation is a sum over paths: the derivative of the output by the source is the
sum, over all paths between them, of the products of edge partials. Paths can be
exponentially many, so they are counted before any is followed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from cgprimer import takes
from cgprimer.errors import GraphError, OpError, unknown
from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import OPS
from cgprimer.graph.local import (
    LARGE,
    edge_formulas,
    edge_values,
    sole_output,
    users_of,
    values_at,
)
from cgprimer.graph.walks import MANY, count_paths, edges_along, walks
from cgprimer.keeping import lazy
from cgprimer.notation.numbers import rounded
from cgprimer.notation.report import Report
from cgprimer.notation.text import binding, show, tree_size
from cgprimer.notation.text_table import TextTable, cap
from cgprimer.types import Edge

if TYPE_CHECKING:
    from cgprimer.graph.graph import Graph

HEAD = ("path", "product of partials", "numbers", "value")


@dataclass(frozen=True)
class Path:
    """One way from the source to the output: `names`, and the partials between them.

    partials : ∂names[i+1]/∂names[i], formulas. values : the same as numbers, at a
    point. product : of `values`; 1 for the path that goes nowhere.
    """

    names: tuple[str, ...]
    partials: tuple[Node, ...]
    values: tuple[float, ...] | None = None

    @property
    def edges(self) -> tuple[Edge, ...]:
        """(node, wrt) along the path, as in `edge_partials`."""
        return tuple(edges_along(self.names))

    @lazy
    def product(self) -> float | None:
        """The product of the numbers; None without a point."""
        return None if self.values is None else math.prod(self.values, start=1.0)

    @property
    def text(self) -> str:
        """The product as a formula: `(2*xa)·ab·1·(3*xz^2)`."""
        pairs = zip(self.edges, self.partials, strict=True)
        return "·".join(formula_text(e, p) for e, p in pairs) or "1"

    @property
    def numbers(self) -> str:
        """The product with numbers put in: `3·0.8·1·64.868`."""
        return "·".join(map(factor_number, self.values or ())) or "1"

    def cells(self) -> tuple[str, ...]:
        """A line of the table; without a point it ends at the formula."""
        numbers = () if self.product is None else (self.numbers, rounded(self.product))
        return (" → ".join(self.names), self.text, *numbers)


@dataclass(frozen=True, repr=False)
class Paths(Report):
    """All paths from `source` to `output`; prints as a table, also in notebooks."""

    source: str
    output: str
    paths: tuple[Path, ...]

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[Path]:
        return iter(self.paths)

    @lazy
    def total(self) -> float | None:
        """The sum of the products: d output / d source. None without a point."""
        products = [path.product for path in self.paths]
        # No path: the output does not depend on the source, whatever the point.
        if not products:
            return 0.0
        return None if products[0] is None else math.fsum(p or 0.0 for p in products)

    def to_dicts(self) -> list[dict[str, Any]]:
        """The paths as dictionaries, for pandas.DataFrame or a file."""
        return [
            {
                "path": list(path.names),
                "formula": path.text,
                "values": None if path.values is None else list(path.values),
                "product": path.product,
            }
            for path in self.paths
        ]

    def summary(self) -> str:
        """One sentence: how many paths, and what they add up to."""
        count = f"{len(self)} path{'s' * (len(self) != 1)}"
        total = self.total
        text = f"{count} from {self.source} to {self.output}"
        if not self.paths:
            return f"{text}: the derivative is 0"
        what = f"d{self.output}/d{self.source}"
        return f"{text}: the sum is {what}" + (
            "" if total is None else f" = {self._shown(total)}"
        )

    def _shown(self, total: Any) -> str:
        return rounded(total)

    def _parts(self) -> list[TextTable]:
        paths, left_out = cap(self.paths)
        rows = [path.cells() for path in paths]
        return [
            TextTable(
                HEAD[: len(rows[0]) if rows else 2],
                rows,
                numbers=["value"],
                spare=["numbers"],
                formulas=HEAD[:3],
                caption="\n".join(filter(None, (self.summary(), left_out))),
            )
        ]


def find_paths(
    graph: Graph,
    source: str,
    output: str | None = None,
    at: Mapping[str, ArrayLike] | None = None,
    *,
    limit: int = 1000,
) -> Paths:
    """What `Graph.paths` returns."""
    output = sole_output(graph, output)
    ways = ways_between(graph, source, output, limit)
    edges = {edge for names in ways for edge in edges_along(names)}
    nodes = {node for node, _ in edges}
    check_products(graph, nodes)
    formulas = edge_formulas(graph, edges)
    numbers: dict[Edge, float] = {}
    if at is not None:
        values = values_at(graph, at)
        for node in nodes:
            numbers |= edge_values(graph, node, values)

    def path(names: tuple[str, ...]) -> Path:
        along = edges_along(names)
        known = None if at is None else tuple(numbers[edge] for edge in along)
        return Path(names, tuple(formulas[edge] for edge in along), known)

    return Paths(source, output, tuple(map(path, ways)))


def ways_between(
    graph: Graph, source: str, output: str, limit: int
) -> list[tuple[str, ...]]:
    """The names along every path; GraphError where they are more than `limit`."""
    _check_source(graph, source)
    users = users_of(graph, output)
    _check_count(count_paths(users, source, output), source, output, limit)
    return list(walks(users, source, output))


def _check_count(count: int, source: str, output: str, limit: int) -> None:
    takes.count(limit=limit)
    if count > limit:
        text = f"{count}" if count < 10**15 else f"about {float(count):.1e}"
        text = "more than 1e300" if count == MANY else text
        raise GraphError(
            f"there are {text} paths from {source!r} to {output!r}, and the limit is "
            f"{limit}\n  hint: gradient_at({output!r}, at)[{source!r}] is their sum, "
            "found without following them; limit=… allows more"
        )


def _check_source(graph: Graph, source: str) -> None:
    known = [*graph.variable_number, *graph.parameters]
    if not isinstance(source, str) or source not in known:
        said = takes.quote(source)
        raise GraphError(unknown(f"name {said}", said.strip("'"), known))


def check_products(graph: Graph, nodes: set[str]) -> None:
    """OpError where a backward on the way is no product."""
    for node in graph.dependents:
        parts = postorder([graph.equation(node).body]) if node in nodes else ()
        for part in parts:
            if part.op.contract == "surrogate":
                raise OpError(
                    part.op.name,
                    "its backward is declared a surrogate, which need not be a "
                    "product: there is no partial to multiply along a path",
                    "trace(graph, at) shows what it passes on",
                    (node,),
                )


def formula_text(edge: Edge, partial: Node) -> str:
    """A partial as a factor; one too large to be read is only named: ∂xw/∂xz."""
    if tree_size(partial) > LARGE:
        return f"∂{edge[0]}/∂{edge[1]}"
    return bracket(partial)


def bracket(formula: Node) -> str:
    """A formula behind a dot: bare if it is a name, a number, a call or a power."""
    text = show(formula)
    return f"({text})" if binding(formula) < OPS["pow"].binding else text


def factor_number(value: float) -> str:
    """A number as a factor: in parentheses where it is negative."""
    text = rounded(value)
    return f"({text})" if text[0] == "−" else text
