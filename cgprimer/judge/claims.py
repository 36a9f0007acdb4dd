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
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from ntpath import basename  # it knows / and \\, whatever the system
from typing import Any

import numpy as np

from cgprimer import takes
from cgprimer.errors import (
    CGPrimerError,
    ExpressionError,
    GraphError,
    Mistake,
    OptionError,
    listing,
    shorten,
    suggest,
    with_hint,
)
from cgprimer.expr.node import Node
from cgprimer.expr.printed import as_name, plain_name
from cgprimer.expr.syntax import parse_expression
from cgprimer.expr.tokens import MARKS, NAME, is_latex
from cgprimer.graph.arrays import as_number, as_numbers
from cgprimer.graph.graph import Graph
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

    @property
    def prefix(self) -> str:
        """`line 3: ` before a message, where there are several."""
        return f"line {self.number}: " if self.number else ""


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
    claims = _with_plain_names(claims or {})
    names = graph.names
    _check_edges(claims, names)
    by_edge: dict[Edge, Claim] = {}
    problems: list[Mistake] = []
    for edge, claim in claims.items():
        node, wrt = edge
        if isinstance(claim, Written):
            node, wrt = _matched(edge, names)
            if (node, wrt) in by_edge:
                message = f"line {claim.number}: a second claim for d {node} / d {wrt}"
                problems.append(Mistake(message, claim.line, 0, claim.start))
        own = graph.names_of_claims(node, wrt, output)
        try:
            by_edge[node, wrt] = _read((node, wrt), claim, own, width)
        # Each formula's mistakes are kept, and raised together after the last.
        except ExpressionError as error:
            problems.extend(error.problems)
    if problems:
        raise ExpressionError(problems)
    return by_edge


def _with_plain_names(claims: Mapping[Edge, Any]) -> dict[Edge, Any]:
    """The claims by names as equations are read; those of a text are read already."""
    plain: dict[Edge, Any] = {}
    for edge, claim in claims.items():
        named = isinstance(edge, tuple) and [*map(type, edge)] == [str, str]
        if named and not isinstance(claim, Written):
            edge = as_name(edge[0]), as_name(edge[1])
            if edge in plain:
                raise GraphError(f"a second claim for d {edge[0]} / d {edge[1]}")
        plain[edge] = claim
    return plain


def _check_edges(claims: Mapping[Edge, Any], names: Collection[str]) -> None:
    """GraphError for what is no pair, and for a line that may mean a quotient.

    That may be where the graph has dL and no L.
    """
    for edge, claim in claims.items():
        if not (isinstance(edge, tuple) and len(edge) == 2):
            raise GraphError(
                f"claims map pairs (node, wrt) to derivatives, not {takes.quote(edge)}"
            )
        for name in edge if isinstance(claim, Written) else ():
            if name not in names and f"d{name}" in names:
                short = shorten(name)
                raise GraphError(
                    f"the graph has {shorten(f'd{name}')!r} and no {short!r}\n"
                    f"  hint: d{short} in a claim is a differential; write d d{short} "
                    f"for that of d{short}"
                )


def _matched(edge: Edge, names: Collection[str]) -> Edge:
    """The edge that a line is about: dL/dw_11 is of w11 where that is there."""
    new = matched({*edge}, names) if not {*names}.issuperset(edge) else {}
    return new.get(edge[0], edge[0]), new.get(edge[1], edge[1])


def _read(edge: Edge, claim: Any, names: Collection[str], width: int | None) -> Claim:
    if isinstance(claim, Node):
        return Claim(edge, show(claim), "", claim)
    if isinstance(claim, str):
        claim = Written(claim)
    places: Mapping[str, tuple[int, int]] = {}
    if callable(claim) and not isinstance(claim, type):
        made = _function(edge, claim, names)
        may = "it may ask for"
    elif not isinstance(claim, Written):
        return _numbers(edge, claim, width)
    else:
        made, places = _formula(edge, claim, names)
        may = "a claim for it may use"
    odd = next((name for name in made.names if name not in names), None)
    if odd is not None:
        hint = suggest(odd, names) or f"{may} {listing(names)}"
        raise refusal(edge, claim, odd, hint, places.get(odd))
    return made


def refusal(
    edge: Edge,
    claim: Written | Callable[..., Any],
    odd: str,
    hint: str,
    place: tuple[int, int] | None,
) -> CGPrimerError:
    """The error for a name that a claim may not use."""
    of = f"∂{edge[0]}/∂{edge[1]}"
    if not isinstance(claim, Written):
        says = f"the function for {of} asks for {odd!r}, which is not there"
        return OptionError(with_hint(says, hint))
    match = re.compile(rf"(?<!\w){odd}(?!\w)").search(claim.line, claim.start)
    start = match.start() if match else claim.start
    says = f"{claim.prefix}{of} has no name {shorten(odd)!r}"
    span = place or (start, start + len(odd))
    return ExpressionError([Mistake(says, claim.line, *span, hint)])


def _formula(
    edge: Edge, claim: Written, names: Collection[str]
) -> tuple[Claim, Mapping[str, tuple[int, int]]]:
    """The claim, and where names of LaTeX stand in it."""
    try:
        root, places = _parse(claim, names)
    except ExpressionError as error:
        raise ExpressionError(
            replace(problem, message=claim.prefix + problem.message)
            for problem in error.problems
        ) from None
    where = f"line {claim.number}" if claim.number else f"claims{list(edge)!r}"
    return Claim(edge, claim.line[claim.start : claim.end].strip(), where, root), places


def _parse(
    claim: Written, names: Collection[str]
) -> tuple[Node, Mapping[str, tuple[int, int]]]:
    """The formula in the language or in LaTeX, and where names of the latter stand."""
    if claim.end is not None or is_latex(claim.line[claim.start :]):
        from cgprimer.reading.claimed import read_formula

        end = len(claim.line) if claim.end is None else claim.end
        return read_formula(claim.line, (claim.start, end), names)
    return parse_expression(claim.line, claim.start, names), {}


def _function(edge: Edge, claim: Callable[..., Any], names: Collection[str]) -> Claim:
    """A Python function, called with the values it asks for, one point at a time."""
    wanted = _keywords(claim, names)

    def compute(at: Mapping[str, Array], width: int) -> Array:
        partials = np.empty(width)
        for i in range(width):
            values = {text: float(at[text][i]) for text in wanted}
            # A caller's function is handed plain floats: it may use math and `if`,
            # which arrays do not pass.
            partials[i] = as_number(_label(edge), claim(**values), OptionError)
        return partials

    code = getattr(claim, "__code__", None)
    called = getattr(claim, "__name__", type(claim).__name__)
    where = (
        f"line {code.co_firstlineno} of {basename(code.co_filename)}" if code else ""
    )
    return Claim(edge, f"{called}(…)", where, None, compute, asks=tuple(wanted))


def _keywords(claim: Callable[..., Any], names: Collection[str]) -> Collection[str]:
    """The names that a function asks for."""
    try:
        parameters = inspect.signature(claim).parameters.values()
    except (TypeError, ValueError):
        return names
    kinds = inspect.Parameter
    # **values takes all names that the claim may use.
    if any(p.kind is kinds.VAR_KEYWORD for p in parameters):
        return names
    return [p.name for p in parameters if p.name in names or p.default is kinds.empty]


def _label(edge: Edge) -> str:
    return f"the claim for ∂{edge[0]}/∂{edge[1]}"


def _numbers(edge: Edge, claim: Any, width: int | None) -> Claim:
    """A number, or an array with one value per point."""
    key, label = f"claims{list(edge)!r}", _label(edge)
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
