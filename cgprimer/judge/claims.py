"""Claims: somebody's hand-written derivatives, as formulas, numbers or functions.

    line  = ("d" NAME | "∂" NAME) "/" ("d" NAME | "∂" NAME) "=" formula

is a line of a claims file, with the formula in the language of the equations: d L / d w
as well as dL/dw, which is never a quotient of the names dL and dw. It may use the names
of the equation, and the variable that the equation defines; a claim of a total
derivative may use every name of the graph.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Iterable, Mapping
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
    unknown,
    with_hint,
)
from cgprimer.expr.node import Node
from cgprimer.expr.printed import as_name, plain_name
from cgprimer.expr.syntax import parse_expression
from cgprimer.expr.tokens import MARKS, NAME
from cgprimer.graph.arrays import as_number, as_numbers
from cgprimer.graph.graph import Graph
from cgprimer.judge.claim import Claim
from cgprimer.notation.numbers import exact
from cgprimer.notation.text import show
from cgprimer.types import Array, Edge

_DIFFERENTIAL = rf"[d∂]\s*+([^\W\d_][\w{MARKS}]*+)"
_LINE = re.compile(
    rf"\s*+(?:[-*•]\s+)?{_DIFFERENTIAL}\s*+[/⁄∕]\s*+{_DIFFERENTIAL}\s*+[=＝]"
)


@dataclass(frozen=True)
class Written:
    """A formula as it stands in a text: `line[start:]`, on line `number`."""

    line: str
    start: int = 0
    number: int = 0

    @property
    def prefix(self) -> str:
        """`line 3: ` before a message, where there are several."""
        return f"line {self.number}: " if self.number else ""


def parse_claims(text: str) -> dict[Edge, Written]:
    """The claims of a file: lines `d xy / d ab = xx`, with `#` comments.

    Raises ExpressionError with a caret under every line that is not one.
    """
    takes.text(text=text)
    claims: dict[Edge, Written] = {}
    problems = []
    for count, line in enumerate(text.split("\n"), 1):
        line = re.sub(r"#.*|^\s*%.*", "", line).rstrip()
        if not line.strip("\ufeff \t"):
            continue
        match = _LINE.match(line.replace("\ufeff", " "))
        # All bad lines are told at once, so that a file is mended in one go.
        edge = (
            ("", "") if match is None else (plain_name(match[1]), plain_name(match[2]))
        )
        if match is None or not all(map(NAME.fullmatch, edge)):
            problems.append(_not_a_claim(line, count))
        elif edge in claims:
            start = match.start(1)
            message = f"line {count}: a second claim for d {edge[0]} / d {edge[1]}"
            problems.append(Mistake(message, line, start, match.end(2)))
        else:
            claims[edge] = Written(line, match.end(), count)
    if problems:
        raise ExpressionError(problems)
    return claims


def _not_a_claim(line: str, count: int) -> Mistake:
    start = len(line) - len(line.lstrip())
    end = line.find("=") if "=" in line else len(line)
    hint = "write d node / d name = formula, such as d xy / d ab = xx"
    if re.match(r"\s*+[d∂]\s*+(?:\^\s*[2-9]|[²³])", line):
        hint = "claims are of first derivatives; `check_derivation` reads others"
    message = f"line {count}: this is not a claim"
    return Mistake(message, line, start, max(end, start + 1), hint)


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
    close = _by_letters(names)
    if output is not None:
        graph.checked_outputs([output])
    by_edge: dict[Edge, Claim] = {}
    problems: list[Mistake] = []
    for edge, claim in claims.items():
        node, wrt = edge
        if isinstance(claim, Written):
            # dL/dw11 is of w_11 where that is the only name of these letters.
            node, wrt = (
                name if name in names else close.get(name.replace("_", ""), name)
                for name in edge
            )
            if (node, wrt) in by_edge:
                message = f"line {claim.number}: a second claim for d {node} / d {wrt}"
                problems.append(Mistake(message, claim.line, 0, claim.start))
        total = f"; for a total derivative give output={node!r}"
        own: Collection[str] = names
        if node != output:
            own = (*graph.names_beside(node, wrt, total), node)
        if wrt not in own:
            raise GraphError(unknown(f"name {shorten(wrt)!r}", wrt, own))
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


def _by_letters(names: Iterable[str]) -> dict[str, str]:
    """Names without their underscores → the names, where there is one of them."""
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(name.replace("_", ""), []).append(name)
    return {text: near[0] for text, near in alike.items() if len(near) == 1}


def _read(edge: Edge, claim: Any, names: Collection[str], width: int | None) -> Claim:
    if isinstance(claim, Node):
        return Claim(edge, show(claim), "", claim)
    if isinstance(claim, str):
        claim = Written(claim)
    if callable(claim) and not isinstance(claim, type):
        made = _function(edge, claim, names)
        may = "it may ask for"
    elif not isinstance(claim, Written):
        return _numbers(edge, claim, width)
    else:
        made = _formula(edge, claim, names)
        may = "a claim for it may use"
    odd = next((name for name in made.names if name not in names), None)
    if odd is not None:
        hint = suggest(odd, names) or f"{may} {listing(names)}"
        raise _refusal(edge, claim, odd, hint)
    return made


def _refusal(
    edge: Edge, claim: Written | Callable[..., Any], odd: str, hint: str
) -> CGPrimerError:
    """The error for a name that a claim may not use."""
    of = f"∂{edge[0]}/∂{edge[1]}"
    if not isinstance(claim, Written):
        says = f"the function for {of} asks for {odd!r}, which is not there"
        return OptionError(with_hint(says, hint))
    match = re.compile(rf"(?<!\w){odd}(?!\w)").search(claim.line, claim.start)
    start = match.start() if match else claim.start
    says = f"{claim.prefix}{of} has no name {shorten(odd)!r}"
    return ExpressionError([Mistake(says, claim.line, start, start + len(odd), hint)])


def _formula(edge: Edge, claim: Written, names: Collection[str]) -> Claim:
    try:
        root = parse_expression(claim.line, claim.start, names)
    except ExpressionError as error:
        raise ExpressionError(
            replace(problem, message=claim.prefix + problem.message)
            for problem in error.problems
        ) from None
    where = f"line {claim.number}" if claim.number else f"claims{list(edge)!r}"
    return Claim(edge, claim.line[claim.start :].strip(), where, root)


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
