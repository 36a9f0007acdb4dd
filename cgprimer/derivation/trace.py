"""Derivations: the forward and the reverse trace of a graph, written out.

    forward   v  = expression = value
    reverse   v̄  = Σ over users u:  ū·∂u/∂v  = ū·formula  = numbers  = result

One `Trace` holds the rows; text, table, HTML and LaTeX are faces of it. Of arrays the
shares are formulas in the adjoint, as matrix calculus has them: see `array_trace`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from cgprimer import takes
from cgprimer.derivation.array_trace import ArrayNumbers
from cgprimer.derivation.steps import single_operations
from cgprimer.diff.chain_rule import accumulate
from cgprimer.diff.sweep import has_pullback, partials
from cgprimer.errors import OptionError, unknown
from cgprimer.expr.dims import Dims, Sizing, show_dims
from cgprimer.expr.node import Node
from cgprimer.expr.ops import name
from cgprimer.graph.array_edges import has_arrays, pulled_shares
from cgprimer.graph.gradient import check_scalar
from cgprimer.graph.graph import Graph
from cgprimer.graph.local import (
    edge_formulas,
    edge_values,
    names_in,
    sole_output,
    users_of,
    values_at,
)
from cgprimer.interrupts import contained
from cgprimer.keeping import lazy
from cgprimer.notation.numbers import Links, without_noise
from cgprimer.notation.report import Report, printable
from cgprimer.notation.text import show
from cgprimer.notation.text_table import MOST
from cgprimer.types import Edge, Value

if TYPE_CHECKING:
    from cgprimer.notation.report import Part

Kind = Literal["input", "parameter", "variable"]
LEVELS = ("variables", "operations")
SEED = name("arriving")  # stands for the adjoint in the formula of a pullback


@dataclass(frozen=True)
class Share:
    """What a name gets through one user: the user's adjoint times `partial`.

    partial : ∂user/∂name, a formula; `value` the same as a number, at a point.
    pulled : for an operation whose backward is no product, and for all on arrays, that
        backward as a formula of the name `arriving`, in place of adjoint·partial;
        `value` is its result.
    """

    user: str
    partial: Node
    value: Value | None = None
    pulled: bool = False


@dataclass(frozen=True)
class Row:
    """One name: its line of the forward trace and its line of the reverse trace.

    body : the expression that defines it; None for inputs and parameters.
    shares : the terms of its adjoint; none for the output, whose adjoint is 1.
    author : what the author calls it, where the trace gives it another name.
    dims : of an array its sizes; () of a number. Value and adjoint have them.
    """

    name: str
    kind: Kind
    body: Node | None
    shares: tuple[Share, ...]
    author: tuple[str, ...] = ()
    value: Value | None = None
    adjoint: Value | None = None
    dims: Dims = ()


@dataclass(frozen=True, repr=False)
class Trace(Report):
    """A forward and a reverse trace; prints as a table, as text, HTML and LaTeX.

    rows : inputs and parameters, then variables, each after those it needs.
    left_out : names of the graph that the output does not need; their adjoints are 0.
    sizing : the dims of all names of a graph with arrays.
    """

    output: str
    level: str
    rows: tuple[Row, ...]
    left_out: tuple[str, ...] = ()
    sizing: Sizing | None = field(default=None, compare=False)

    @property
    def has_arrays(self) -> bool:
        """Whether any row is of an array."""
        return any(row.dims for row in self.rows)

    @property
    def has_numbers(self) -> bool:
        """Whether the trace was taken at a point."""
        return self.rows[0].value is not None

    def __getitem__(self, name: str) -> Row:
        return self._by_name[name]

    @property
    def backwards(self) -> tuple[Row, ...]:
        """The rows as the reverse trace computes them: the output first."""
        # Inputs and parameters last, in their own order: a reader looks for them there.
        ends = [row for row in self.rows if row.body is None]
        return (*(row for row in reversed(self.rows) if row.body is not None), *ends)

    @lazy
    def _by_name(self) -> dict[str, Row]:
        return {row.name: row for row in self.rows}

    @lazy
    def shown_values(self) -> Mapping[str, Value]:
        """Values to be printed: 0 for what may be all rounding error."""
        if self.has_arrays:
            return {r.name: 0.0 if r.value is None else r.value for r in self.rows}
        values = {row.name: _number(row.value) for row in self.rows}
        links: Links = {name: [] for name in values}
        for row in self.rows:
            for share in row.shares:
                links[share.user].append((row.name, _number(share.value)))
        return without_noise(values, values, links)

    @lazy
    def shown_adjoints(self) -> Mapping[str, Value]:
        """Adjoints to be printed: 0 for what may be all rounding error."""
        if self.has_arrays:
            return {r.name: 0.0 if r.adjoint is None else r.adjoint for r in self.rows}
        adjoints = {row.name: _number(row.adjoint) for row in reversed(self.rows)}
        links: Links = {
            row.name: [(s.user, _number(s.value)) for s in row.shares if not s.pulled]
            for row in self.rows
        }
        return without_noise(adjoints, adjoints, links)

    def sizing_at(self, user: str | None = None) -> Sizing | None:
        """The dims of all names, and of the adjoint that arrives at a user."""
        if self.sizing is None:
            return None
        sizing = self.sizing.copy()
        if user is not None:
            sizing.names[str(SEED.value)] = sizing.of_name(user)
        return sizing

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rows as dictionaries, for pandas.DataFrame or a file.

        Arrays are lists in lists; rows of a graph with arrays have `dims`, as text.
        """
        return [
            {
                "name": row.name,
                "kind": row.kind,
                **({"dims": show_dims(row.dims)} if self.has_arrays else {}),
                "expression": None if row.body is None else show(row.body),
                "value": _listed(row.value),
                "adjoint": _listed(row.adjoint),
                "shares": [
                    {
                        "user": share.user,
                        "partial": show(share.partial),
                        "value": _listed(share.value),
                    }
                    for share in row.shares
                ],
            }
            for row in self.rows
        ]

    def _parts(self) -> list[Part]:
        from cgprimer.derivation.to_text import tables

        return tables(self)

    def __str__(self) -> str:
        from cgprimer.derivation.notations import UNICODE
        from cgprimer.derivation.to_text import text

        return printable(text(self, UNICODE))

    def ascii(self) -> str:
        """The derivation as text of plain ASCII: `bar_xy = bar_xz*(3*xy^2) = …`.

        `check_derivation` reads it.
        """
        from cgprimer.derivation.notations import ASCII
        from cgprimer.derivation.to_text import text

        return text(self, ASCII)

    def latex(self, *, document: bool = False) -> str:
        """The derivation as a LaTeX table, or as a document that pdflatex sets.

        The table needs amsmath, graphicx and, from some thirty lines on, longtable.
        """
        takes.flag(document=document)
        from cgprimer.derivation.to_latex import latex_document, latex_table

        return latex_document(self) if document else latex_table(self)

    def html(self, *, document: bool = False) -> str:
        """The derivation as HTML with MathML, which needs nothing from elsewhere."""
        takes.flag(document=document)
        from cgprimer.derivation.to_html import html_document, html_part

        return html_document(self) if document else html_part(self)

    def _repr_html_(self) -> str:
        from cgprimer.derivation.to_html import html_part

        return html_part(self, MOST)


def _number(value: Value | None) -> float:
    return 0.0 if value is None else float(value)


def _listed(value: Value | None) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value


@contained
def trace(
    graph: Graph,
    at: Mapping[str, ArrayLike] | None = None,
    *,
    level: Literal["variables", "operations"] = "variables",
    output: str | None = None,
) -> Trace:
    r"""The forward and reverse trace of `output`, as a textbook writes them out.

    at : one number for every input and parameter, of arrays one array of their dims;
        without it, formulas only.
    level : "variables" has a line for every equation; "operations" one for every
        single operation, called v1, v2, …. Equations that are single operations
        already are kept as they are, under their author's names.
    output : what is differentiated; by default the only output.

    By an array a share is a formula of matrix calculus, `outer(bar_xh, xx)`, not an
    adjoint times a partial; large arrays are summed up by their dims, ends and norm.
    Raises GraphError where there are several outputs to choose from and for an output
    that is an array, PointError for a bad `at`.

    >>> from cgprimer import parse_graph
    >>> print(trace(parse_graph(["xy = a*xx^2"]), {"a": 2, "xx": 3}).ascii())
    # Forward trace, first to last
      xx = 3  # input
      a  = 2  # parameter
      xy = a*xx^2 = 18
    <BLANKLINE>
    # Reverse trace, last to first
      bar_xy = 1  # seed
      bar_xx = bar_xy*\partial xy/\partial xx = bar_xy*(2*a*xx) = 1*12 = 12
      bar_a  = bar_xy*\partial xy/\partial a = bar_xy*xx^2 = 1*9 = 9
    """
    takes.kind(Graph, graph=graph)
    takes.text(level=level)
    if level not in LEVELS:
        every = f"it is {' or '.join(LEVELS)}"
        raise OptionError(unknown(f"level {level!r}", level, LEVELS, every))
    output = sole_output(graph, output)
    check_scalar(graph, output)
    values = None if at is None else _values(graph, at)
    traced, called = graph, dict[str, str]()
    # Another graph with the same values: its rows are single operations.
    if level == "operations":
        traced, called = single_operations(graph, output)
    last = called.get(output, output)
    author = _authors(called)
    if values is not None and traced is not graph:
        # Inputs and parameters are the same; what lies between has new names.
        known = (*traced.inputs, *traced.parameters)
        values = _values(traced, {name: values[name] for name in known})
    rows = _rows(traced, last, author)
    if values is not None:
        rows = _at(traced, rows, last, values)
    kept = set(called) | {row.name for row in rows}
    names = (*graph.inputs, *graph.parameters, *graph.dependents)
    left_out = tuple(name for name in names if name not in kept)
    return Trace(last, level, rows, left_out, traced.sizing)


def _values(graph: Graph, at: Mapping[str, ArrayLike]) -> Mapping[str, Value]:
    """The value of every name at one point."""
    if graph.sizing is None:
        return values_at(graph, at)
    return ArrayNumbers(graph, at).values


def _authors(called: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Name in the trace → the author's names for it, where they differ."""
    authors: dict[str, tuple[str, ...]] = {}
    for theirs, ours in called.items():
        if theirs != ours:
            authors[ours] = (*authors.get(ours, ()), theirs)
    return authors


def _rows(
    graph: Graph, output: str, author: Mapping[str, tuple[str, ...]]
) -> tuple[Row, ...]:
    users = users_of(graph, output)
    needed = {*users, output}
    defined = set(graph.dependents)
    kinds: dict[str, Kind] = dict.fromkeys(graph.inputs, "input")
    kinds |= dict.fromkeys(graph.parameters, "parameter")
    kinds |= {v: "variable" for v in graph.order if v in defined}
    shares = _shares(graph, users)
    return tuple(
        Row(
            text,
            kind,
            graph.equation(text).body if kind == "variable" else None,
            tuple(shares.get(text, ())),
            author.get(text, ()),
            dims=graph.dims(text),
        )
        for text, kind in kinds.items()
        if text in needed
    )


def _shares(graph: Graph, users: Mapping[str, Sequence[str]]) -> dict[str, list[Share]]:
    """For every name its shares, one for each user, in order."""
    edges = {(user, used) for used, some in users.items() for user in some}
    everyone = {user for user, _ in edges}
    # A backward of the user's own need not be a partial times the adjoint.
    of_arrays = {user for user in everyone if has_arrays(graph, user)}
    pulled = of_arrays | {
        user for user in everyone if has_pullback(graph.equation(user).body)
    }
    formulas = edge_formulas(graph, {edge for edge in edges if edge[0] not in pulled})
    for user in of_arrays:
        own = pulled_shares(graph, user, SEED)
        formulas |= {(user, used): share for used, share in own.items()}
    for user in pulled - of_arrays:
        names = names_in(graph, user)
        partial_of = partials(graph.equation(user).body, map(name, names), SEED)
        formulas |= {(user, used): partial_of[name(used)] for used in names}
    return {
        used: [Share(u, formulas[u, used], pulled=u in pulled) for u in some]
        for used, some in users.items()
    }


def _at(
    graph: Graph, rows: Sequence[Row], output: str, values: Mapping[str, Value]
) -> tuple[Row, ...]:
    """`rows` with numbers: values as given, adjoints summed from the output back."""
    users = {row.name: row.body for row in reversed(rows) if row.body is not None}
    numbers: dict[Edge, Value] = {}
    local = _local(graph, values)

    def shares(user: str, terms: list[Value]) -> Iterator[tuple[str, list[Value]]]:
        adjoint = _total(terms)
        is_pulled = has_pullback(users[user]) or has_arrays(graph, user)
        own = local(user, adjoint if is_pulled else None)
        numbers.update(own)
        for (_, used), number in own.items():
            yield used, [number if is_pulled else adjoint * number]

    # An adjoint is kept as its terms, the last user's first.
    seed: dict[str, list[Value]] = {output: [1.0]}
    terms = accumulate(users, seed, shares, operator.iadd)
    return tuple(
        replace(
            row,
            shares=tuple(
                replace(s, value=numbers[s.user, row.name]) for s in row.shares
            ),
            value=values[row.name],
            adjoint=_total(terms[row.name]),
        )
        for row in rows
    )


def _local(
    graph: Graph, values: Mapping[str, Value]
) -> Callable[[str, Value | None], dict[Edge, Value]]:
    """User, its adjoint or None ─▶ its partials, or what its names get."""
    if graph.sizing is None:
        numbers_of = {name: float(value) for name, value in values.items()}

        def of_numbers(user: str, adjoint: Value | None) -> dict[Edge, Value]:
            arriving = None if adjoint is None else float(adjoint)
            return {**edge_values(graph, user, numbers_of, arriving)}

        return of_numbers
    given = {name: values[name] for name in (*graph.inputs, *graph.parameters)}
    numbers = ArrayNumbers(graph, given)

    def local(user: str, adjoint: Value | None) -> dict[Edge, Value]:
        own = numbers.shares(user, SEED, 1.0 if adjoint is None else adjoint)
        return {(user, used): value for used, value in own.items()}

    return local


def _total(terms: Sequence[Value]) -> Value:
    """The sum of an adjoint's terms in the order in which they are written out."""
    return sum(reversed(terms))


def share_value(share: Share, adjoint: Value) -> Value:
    """What a share is worth when `adjoint` arrives at its user."""
    value = 0.0 if share.value is None else share.value
    return value if share.pulled else adjoint * value
