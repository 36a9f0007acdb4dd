"""Claims about derivatives by arrays, as their authors give them.

texts, arrays, functions, lines `dL/dW = …` or `dW = …` ─▶ (node, wrt) → ArrayClaim
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from cgprimer import takes
from cgprimer.errors import (
    ExpressionError,
    GraphError,
    Mistake,
    OptionError,
    listing,
    shorten,
    suggest,
)
from cgprimer.expr.array_syntax import parse_array_expression
from cgprimer.expr.dims import show_dims
from cgprimer.expr.node import Node
from cgprimer.expr.tokens import MARKS
from cgprimer.graph.arrays import as_numbers
from cgprimer.graph.graph import Graph
from cgprimer.judge.arrays.claims import ArrayClaim
from cgprimer.judge.claims import Written, parse_claims, refusal
from cgprimer.notation.numbers import exact
from cgprimer.notation.text import show
from cgprimer.types import Edge

_ADJOINT = re.compile(rf"\s*+d([^\W\d_][\w{MARKS}]*+)\s*+=")


def array_claims(
    graph: Graph, claims: Any, output: str | None
) -> tuple[dict[Edge, ArrayClaim], str | None]:
    """The claims checked against the graph, and the output that adjoints are of."""
    of = output or _only_output(graph)
    found: dict[Edge, ArrayClaim] = {}
    problems: list[Mistake] = []
    for edge, claim in _pairs(claims, of).items():
        if not (isinstance(edge, tuple) and [*map(type, edge)] == [str, str]):
            raise GraphError(
                f"claims map pairs (node, wrt) to derivatives, not {takes.quote(edge)}"
            )
        total = output or (of if edge[1] not in _beside(graph, edge[0]) else None)
        names = graph.names_of_claims(edge[0], edge[1], total)
        # Of what it claims itself a formula would say nothing.
        own = f"d{edge[1]}" if edge[0] == of else ""
        adjoints = [text for text in _adjoints(graph, of) if text != own]
        try:
            found[edge] = _read(graph, edge, claim, [*names, *adjoints])
        except ExpressionError as error:
            problems.extend(error.problems)
    if problems:
        raise ExpressionError(problems)
    return found, of


def _beside(graph: Graph, node: str) -> Iterable[str]:
    if node not in graph.sources:
        return ()
    return graph.table.names(graph.equation_number(node))


def _only_output(graph: Graph) -> str | None:
    numbers = [text for text in graph.outputs if not graph.dims(text)]
    return numbers[0] if len(numbers) == 1 else None


def _adjoints(graph: Graph, output: str | None) -> list[str]:
    """`dxh` for every name, where an output is known and that is no name itself."""
    if output is None:
        return []
    return [f"d{text}" for text in graph.names if f"d{text}" not in graph.names]


def _pairs(claims: Any, output: str | None) -> dict[Any, Any]:
    """(node, wrt) → claim, also of lines `dL/dW = …`, and `dW = …` of the output."""
    if isinstance(claims, Mapping):
        return dict(claims)
    texts = [claims] if isinstance(claims, str) else list(claims)
    lines = [line for text in texts for line in str(text).split("\n")]
    rest, found = [], dict[Any, Any]()
    for number, line in enumerate(lines, 1):
        match = _ADJOINT.match(line)
        if match and output is not None:
            found[output, match[1]] = Written(line, match.end(), number)
            line = ""
        rest.append(line)
    return {**parse_claims("\n".join(rest)), **found}


def _read(graph: Graph, edge: Edge, claim: Any, names: list[str]) -> ArrayClaim:
    if isinstance(claim, Node):
        return ArrayClaim(edge, show(claim), "", claim)
    if isinstance(claim, str):
        claim = Written(claim)
    if isinstance(claim, Written):
        made = _formula(edge, claim, names)
        allowed = {*names, *_sizes(graph)}
    elif callable(claim) and not isinstance(claim, type):
        made, allowed = _function(edge, claim, names), {*names}
    else:
        label = f"the claim for ∂{edge[0]}/∂{edge[1]}"
        array = as_numbers(label, claim, OptionError)
        text = (
            exact(float(array))
            if not array.ndim
            else f"array of {show_dims(array.shape)}"
        )
        return ArrayClaim(edge, text, f"claims{list(edge)!r}", array=array)
    odd = next((text for text in made.names if text not in allowed), None)
    if odd is not None:
        hint = suggest(odd, allowed) or f"a claim for it may use {listing(names)}"
        raise refusal(edge, claim, odd, hint, None)
    return made


def _sizes(graph: Graph) -> set[str]:
    return {
        dim for text in graph.names for dim in graph.dims(text) if isinstance(dim, str)
    }


def _formula(edge: Edge, claim: Written, names: list[str]) -> ArrayClaim:
    try:
        root = parse_array_expression(claim.line[: claim.end], claim.start, names)
    except ExpressionError as error:
        raise ExpressionError(
            replace(problem, message=claim.prefix + problem.message)
            for problem in error.problems
        ) from None
    where = f"line {claim.number}" if claim.number else f"claims{list(edge)!r}"
    return ArrayClaim(edge, claim.line[claim.start : claim.end].strip(), where, root)


def _function(edge: Edge, claim: Callable[..., Any], names: list[str]) -> ArrayClaim:
    kinds = inspect.Parameter
    try:
        wanted = inspect.signature(claim).parameters.values()
        every = any(p.kind is kinds.VAR_KEYWORD for p in wanted)
        asks = [p.name for p in wanted if p.name in names or p.default is kinds.empty]
    except (TypeError, ValueError):
        every, asks = True, []
    called = getattr(claim, "__name__", type(claim).__name__)
    own = tuple(names if every else asks)
    return ArrayClaim(edge, f"{shorten(called)}(…)", "", function=claim, asks=own)
