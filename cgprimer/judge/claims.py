r"""Claims: somebody's hand-written derivatives, as formulas, numbers or functions.

    line  = ("d" NAME | "∂" NAME) "/" ("d" NAME | "∂" NAME) "=" formula

is a line of a claims file, with the formula in the language of the equations: d L / d w
as well as dL/dw, which is never a quotient of the names dL and dw. It may use the names
of the equation, and the variable that the equation defines; a claim of a total
derivative may use every name of the graph.

What is no such line or formula is asked of `reading`, which reads LaTeX:
\frac{\partial x_z}{\partial w} = x_a\left(1 - x_z^2\right).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

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
from cgprimer.expr.node import Node, leaves
from cgprimer.expr.printed import plain_name
from cgprimer.expr.syntax import parse_expression
from cgprimer.expr.tokens import MARKS, NAME, is_latex
from cgprimer.graph.arrays import as_number, as_numbers
from cgprimer.graph.graph import Graph
from cgprimer.graph.names import unknown_name
from cgprimer.judge.claim import Claim
from cgprimer.notation.numbers import exact
from cgprimer.notation.text import show
from cgprimer.reading.alphabet import matched
from cgprimer.types import Array, Edge

_DIFFERENTIAL = rf"[d∂]\s*+([^\W\d_][\w{MARKS}]*+)"
_LINE = re.compile(
    rf"\s*+(?:[-*•]\s+)?{_DIFFERENTIAL}\s*+[/⁄∕]\s*+{_DIFFERENTIAL}\s*+[=＝]"
)
_HIGHER = re.compile(
    r"\s*+(?:\\[a-z]?frac\s*+\{\s*+)?(?:[d∂]|\\partial)\s*+(?:\^\s*+\{?[2-9]|[²³])"
)


@dataclass(frozen=True)
class Written:
    """A formula as it stands in a text: `line[start:end]`, on line `number`."""

    line: str
    start: int = 0
    number: int = 0
    end: int | None = None


def parse_claims(text: str) -> dict[Edge, Written]:
    r"""The claims of a file: lines `d xy / d ab = xx`, with `#` comments, or LaTeX.

    Raises ExpressionError with a caret under every line that is not one.
    """
    takes.text(text=text)
    claims: dict[Edge, Written] = {}
    problems = []
    # All bad lines are told at once, so that a file is mended in one go.
    for edge, (start, end), written in _lines(text):
        if edge is None:
            problems.append(_not_a_claim(written, start, end))
        elif edge in claims:
            message = f"a second claim for d {edge[0]} / d {edge[1]}"
            message = f"line {written.number}: {message}"
            problems.append(Mistake(message, written.line, start, end))
        else:
            claims[edge] = written
    if problems:
        raise ExpressionError(problems)
    return claims


_Line = tuple[Edge | None, tuple[int, int], Written]
"""What a line claims a derivative of, where it says so, and the formula."""


def _lines(text: str) -> list[_Line]:
    """The lines that are not empty; without an edge those that are no claims."""
    lines = text.split("\n")
    found: list[_Line] = []
    for count, line in enumerate(lines.copy(), 1):
        line = re.sub(r"#.*|^\s*%.*", "", line).rstrip()
        match = _LINE.match(line.replace("\ufeff", " "))
        edge = match and (plain_name(match[1]), plain_name(match[2]))
        if match and edge and all(map(NAME.fullmatch, edge)):
            place = match.start(1), match.end(2)
            found.append((edge, place, Written(line, match.end(), count)))
        elif line.strip("\ufeff \t"):
            end = line.find("=") if "=" in line else len(line)
            found.append((None, (_indent(line), end), Written(line, 0, count)))
    if not is_latex(text):
        return found
    from cgprimer.reading.claimed import claimed_lines

    # A claim in LaTeX may go on over lines, so all that are not plain are read as one.
    plain = [one for one in found if one[0]]
    for _, _, written in plain:
        lines[written.number - 1] = ""
    latex = (
        (
            one.edge,
            one.left,
            Written(one.line, one.right[0], one.number, one.right[1]),
        )
        for one in claimed_lines("\n".join(lines))
    )
    return sorted([*plain, *latex], key=lambda one: one[2].number)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _not_a_claim(written: Written, start: int, end: int) -> Mistake:
    hint = "write d node / d name = formula, such as d xy / d ab = xx"
    if _HIGHER.match(written.line, start):
        hint = "claims are of first derivatives; `check_derivation` reads others"
    message = f"line {written.number}: this is not a claim"
    return Mistake(message, written.line, start, max(end, start + 1), hint)


def read_claims(
    graph: Graph,
    claims: Mapping[Edge, Any] | None,
    output: str | None,
    width: int | None,
) -> dict[Edge, Claim]:
    """The claims checked against the graph; formulas with several mistakes at once.

    width : how many points an array must have values for; None where points are
        random, so that nobody can know values for them.
    """
    by_edge: dict[Edge, Claim] = {}
    problems: list[Mistake] = []
    for edge, claim in (claims or {}).items():
        if isinstance(claim, Written):
            edge = _known(graph, edge)
            if edge in by_edge:
                message = (
                    f"line {claim.number}: a second claim for d {edge[0]} / d {edge[1]}"
                )
                problems.append(Mistake(message, claim.line, 0, claim.start))
        names = _names(graph, edge, output)
        try:
            by_edge[edge] = _read(graph, edge, claim, names, width)
        # Each formula's mistakes are kept, and raised together after the last.
        except ExpressionError as error:
            problems.extend(error.problems)
    if problems:
        raise ExpressionError(problems)
    return by_edge


def _known(graph: Graph, edge: Edge) -> Edge:
    """The edge that a line of a file is about: dL/dw_11 is of w11 where that is there.

    GraphError where the graph has dL and no L, so that the line may mean a quotient.
    """
    every = {*graph.variable_number, *graph.parameters}
    for name in edge:
        if name not in every and f"d{name}" in every:
            raise GraphError(
                f"the graph has {shorten(f'd{name}')!r} and no {shorten(name)!r}\n"
                f"  hint: d{shorten(name)} in a claim is a differential; write "
                f"d d{shorten(name)} for that of d{shorten(name)}"
            )
    new = matched({*edge}, every) if not every.issuperset(edge) else {}
    return new.get(edge[0], edge[0]), new.get(edge[1], edge[1])


def _names(graph: Graph, edge: Edge, output: str | None) -> tuple[str, ...]:
    """The names that a claim for `edge` may use."""
    if not (isinstance(edge, tuple) and len(edge) == 2):
        raise GraphError(
            f"claims map pairs (node, wrt) to derivatives, not {takes.quote(edge)}"
        )
    node, wrt = edge
    every = (*graph.variable_number, *graph.parameters)
    if node == output:
        if wrt not in every:
            raise unknown_name(wrt, every)
        return every
    names = graph.table.names(graph.equation_number(node))
    if wrt not in names:
        hint = f"it contains {listing(names) or 'no names'}"
        if wrt in every:
            hint += f"; for a total derivative give output={node!r}"
        raise GraphError(
            f"the equation of {node!r} does not contain {shorten(wrt)!r}"
            f"\n  hint: {hint}"
        )
    return (*names, node)


def _read(
    graph: Graph, edge: Edge, claim: Any, names: Collection[str], width: int | None
) -> Claim:
    if isinstance(claim, Node):
        return Claim(edge, show(claim), "", claim)
    if isinstance(claim, str):
        claim = Written(claim)
    if isinstance(claim, Written):
        node = _formula(claim, edge, names)
        key = f"line {claim.number}" if claim.number else f"claims{list(edge)!r}"
        return Claim(edge, claim.line[claim.start :].strip(), key, node)
    if callable(claim) and not isinstance(claim, type):
        return _function(edge, claim, names)
    return _numbers(edge, claim, width)


def _formula(claim: Written, edge: Edge, names: Collection[str]) -> Node:
    prefix = f"line {claim.number}: " if claim.number else ""
    try:
        root, places = _parse(claim, names)
    except ExpressionError as error:
        raise ExpressionError(
            replace(problem, message=prefix + problem.message)
            for problem in error.problems
        ) from None
    for text in leaves(root):
        if text not in names:
            match = re.compile(rf"(?<!\w){text}(?!\w)").search(claim.line, claim.start)
            start = match.start() if match else claim.start
            start, end = places.get(text, (start, start + len(text)))
            hint = suggest(text, names) or f"a claim for it may use {listing(names)}"
            message = f"{prefix}∂{edge[0]}/∂{edge[1]} has no name {shorten(text)!r}"
            raise ExpressionError([Mistake(message, claim.line, start, end, hint)])
    return root


def _parse(
    claim: Written, names: Collection[str]
) -> tuple[Node, Mapping[str, tuple[int, int]]]:
    """The formula in the language or in LaTeX, and where names of the latter stand."""
    if claim.end is None:
        try:
            return parse_expression(claim.line, claim.start, names), {}
        except ExpressionError:
            if not is_latex(claim.line[claim.start :]):
                raise
    from cgprimer.reading.claimed import read_formula

    end = len(claim.line) if claim.end is None else claim.end
    return read_formula(claim.line, (claim.start, end), names)


def _function(edge: Edge, claim: Callable[..., Any], names: Collection[str]) -> Claim:
    """A Python function, called with the values it asks for, one point at a time."""
    wanted = _keywords(edge, claim, names)

    def compute(at: Mapping[str, Array], width: int) -> Array:
        partials = np.empty(width)
        for i in range(width):
            values = {text: float(at[text][i]) for text in wanted}
            # A caller's function is handed plain floats: it may use math and `if`,
            # which arrays do not pass.
            partials[i] = _real(edge, claim(**values))
        return partials

    code = getattr(claim, "__code__", None)
    called = getattr(claim, "__name__", type(claim).__name__)
    where = f"line {code.co_firstlineno} of {_file(code.co_filename)}" if code else ""
    return Claim(edge, f"{called}(…)", where, None, compute)


def _file(path: str) -> str:
    return re.split(r"[/\\]", path)[-1]


def _keywords(
    edge: Edge, claim: Callable[..., Any], names: Collection[str]
) -> Sequence[str]:
    try:
        parameters = inspect.signature(claim).parameters.values()
    except (TypeError, ValueError):
        return list(names)
    kinds = inspect.Parameter
    # **values takes all names that the claim may use.
    if any(p.kind is kinds.VAR_KEYWORD for p in parameters):
        return list(names)
    for p in parameters:
        if p.name not in names and p.default is kinds.empty:
            hint = suggest(p.name, names) or f"it may ask for {listing(names)}"
            raise OptionError(
                f"the function for ∂{edge[0]}/∂{edge[1]} asks for {p.name!r}, "
                f"which is not there\n  hint: {hint}"
            )
    return [p.name for p in parameters if p.name in names]


def _real(edge: Edge, value: Any) -> float:
    return as_number(f"the claim for ∂{edge[0]}/∂{edge[1]}", value, OptionError)


def _numbers(edge: Edge, claim: Any, width: int | None) -> Claim:
    """A number, or an array with one value per point."""
    key, label = f"claims{list(edge)!r}", f"the claim for ∂{edge[0]}/∂{edge[1]}"
    array = as_numbers(label, claim, OptionError)
    if array.ndim == 0:
        value = float(array)
        return Claim(
            edge, exact(value), key, None, lambda at, n: np.full(n, value), not width
        )
    if width is None or array.shape != (width,):
        needed = f"{width} points" if width else "points that are not random"
        raise OptionError(
            f"{label} has shape {array.shape}: one "
            f"value per point is expected\n  hint: give at={{…}} with {needed}"
        )

    text = f"array of {len(array)}"
    return Claim(edge, text, key, None, lambda at, n: array, everywhere=False)
