"""Claims: somebody's hand-written derivatives, as formulas, numbers or functions.

    line  = ("d" NAME | "∂" NAME) "/" ("d" NAME | "∂" NAME) "=" formula

is a line of a claims file, with the formula in the language of the equations. It may
use the names of the equation, and the variable that the equation defines; a claim of
a total derivative may use every name of the graph.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np

from cgprimer import takes
from cgprimer.diff.stable import stable
from cgprimer.diff.sweep import local_partial, sweep
from cgprimer.errors import (
    ExpressionError,
    GraphError,
    Mistake,
    OpError,
    OptionError,
    listing,
    shorten,
    suggest,
)
from cgprimer.expr.kernel import Kernel
from cgprimer.expr.node import Node, fold, intern, leaves, postorder, substitute
from cgprimer.expr.ops import CONST, NAME, OPS, ZERO, const, name, tidy
from cgprimer.expr.syntax import parse_expression
from cgprimer.graph.arrays import as_number, as_numbers
from cgprimer.graph.graph import Graph
from cgprimer.notation.numbers import exact
from cgprimer.notation.text import show
from cgprimer.types import Array, Edge

_LINE = re.compile(
    r"\s*(?:d\s+|∂\s*)([A-Za-z]\w*)\s*/\s*(?:d\s+|∂\s*)([A-Za-z]\w*)\s*=", re.ASCII
)


@dataclass(frozen=True)
class Written:
    """A formula as it stands in a text: `line[start:]`, on line `number`."""

    line: str
    start: int = 0
    number: int = 0


@dataclass(frozen=True)
class Claim:
    """A claimed derivative: `text` to show it, `where` its author finds it."""

    edge: Edge
    text: str
    where: str
    node: Node | None = None
    compute: Callable[[Mapping[str, Array], int], Array] | None = None
    everywhere: bool = True  # numbers have been worked out at the caller's own points

    def values(self, at: Mapping[str, Array], width: int) -> tuple[Array, Array]:
        """The claim at n points, and the Σ|terms| that its rounding is counted in."""
        if self.node is None:
            assert self.compute is not None
            found = self.compute(at, width)
            # Of a number nobody knows how it was computed; eight roundings of it are
            # allowed.
            with np.errstate(over="ignore"):
                return found, 8 * np.abs(found)
        # A claim of exp(x) - 1 is judged by what it means; that it cancels near 0 is a
        # fault of its evaluation, which `diagnose` tells.
        names, node = leaves(self.node), stable(_limits(self.node))
        kernel = Kernel([node, rounding(node)], names)
        with np.errstate(all="ignore"):
            found, terms = kernel(*(at[text] for text in names))
        return np.broadcast_to(found, (width,)), np.broadcast_to(terms, (width,))


def _limits(root: Node) -> Node:
    """`root` with 0·log(0) as 0 in products, as u^v·log(u) is where u = 0 and v > 0.

    Values of formulas are computed in stable forms, and this is one of them.
    """

    def visit(node: Node, args: list[Node]) -> Node:
        made = intern(node.op, tuple(args), node.value) if args else node
        if node.op.name not in ("mul", "div"):
            return made
        for k, factor in enumerate(args):
            other = args[1 - k]
            # The derivative of u^v by v is u^v·log(u): 0·(-inf), which is nan, at u =
            # 0. xlogy(u^v, u) is 0 there, its limit.
            if factor.op is OPS["log"] and node.op is OPS["mul"]:
                return OPS["xlogy"](other, *factor.args)
            if factor.op is OPS["xlogy"] and (k == 0 or node.op is OPS["mul"]):
                inner, logged = factor.args
                return OPS["xlogy"](node.op(inner, other), logged)
        return made

    return fold([root], visit)[root]


def rounding(root: Node) -> Node:
    """Σ |v·∂root/∂v| over the operations v: times ε, what rounding does to `root`.

    Where numpy code cannot be differentiated, a few times |root| stand for it.
    """
    # In exp(1e-6) - 1 nothing depends on a name, so a sweep would find no operation and
    # no rounding. With 1e-6 as a name it finds both.
    numbers = _computed_numbers(root)
    [open_root] = substitute([root], numbers)
    try:
        steps = sweep(open_root, map(name, leaves(open_root)))
    except OpError:
        # The code's own terms are not seen; eight units in the last place stand for
        # them.
        return OPS["abs"](tidy(OPS["mul"], const(8.0), root))
    sizes = [
        OPS["abs"](tidy(OPS["mul"], step.node, step.adjoint))
        for step in steps
        if step.node.args
    ]
    total = reduce(lambda a, b: tidy(OPS["add"], a, b), sizes, ZERO)
    return substitute([total], {leaf: number for number, leaf in numbers.items()})[0]


def _computed_numbers(root: Node) -> dict[Node, Node]:
    """Names for the numbers that are computed with alone: 1e-6 in exp(1e-6) - 1.

    A sweep passes by what does not depend on a name.
    """
    alone = fold([root], lambda n, args: n.op is not NAME and all(args))
    inside = (arg for node in alone if alone[node] for arg in node.args)
    found = dict.fromkeys(arg for arg in inside if arg.op is CONST)
    return {number: name(f" {i}") for i, number in enumerate(found)}


def path_rounding(roots: Iterable[Node]) -> list[Node]:
    """For each root what `rounding` gives, or more: shares of a path never cancel.

    e(v) = |v| + Σ |∂v/∂a|·e(a) over the arguments a, for all roots in one walk, where
    `rounding` walks once for each.
    """
    roots = list(roots)
    found: dict[Node, Node] = {}
    for node in postorder(roots):
        # a·b + a·b: e(a·b) is |a·b|, and the sum carries 2·|a·b| and adds its own
        # |2a·b|. In a·b - a·b the shares add up as well: rounding errors of one node do
        # not cancel here, though they would, so that it is a bound and may be more than
        # `rounding` gives.
        total = OPS["abs"](node) if node.args else ZERO
        for i, arg in enumerate(node.args):
            if found[arg] is not ZERO:
                total = tidy(OPS["add"], total, _share(node, i, found[arg]))
        found[node] = total
    return [found[root] for root in roots]


def _share(node: Node, i: int, error: Node) -> Node:
    """What an error of argument `i` does to a node; numpy code is taken to keep it."""
    try:
        size = tidy(OPS["abs"], local_partial(node, i))
    except OpError:
        return OPS["abs"](tidy(OPS["mul"], const(8.0), node))
    return tidy(OPS["mul"], size, error)


def parse_claims(text: str) -> dict[Edge, Written]:
    """The claims of a file: lines `d xy / d ab = xx`, with `#` comments.

    Raises ExpressionError with a caret under every line that is not one.
    """
    takes.text(text=text)
    found: dict[Edge, Written] = {}
    problems = []
    for count, line in enumerate(text.split("\n"), 1):
        line = re.sub(r"#.*", "", line).rstrip()
        if not line.strip():
            continue
        match = _LINE.match(line)
        # All bad lines are told at once, so that a file is mended in one go.
        if match is None:
            problems.append(_not_a_claim(line, count))
        elif (match[1], match[2]) in found:
            start = match.start(1)
            message = f"line {count}: a second claim for d {match[1]} / d {match[2]}"
            problems.append(Mistake(message, line, start, match.end(2)))
        else:
            found[match[1], match[2]] = Written(line, match.end(), count)
    if problems:
        raise ExpressionError(problems)
    return found


def _not_a_claim(line: str, count: int) -> Mistake:
    start = len(line) - len(line.lstrip())
    end = line.find("=") if "=" in line else len(line)
    hint = "write d node / d name = formula, such as d xy / d ab = xx"
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
    found: dict[Edge, Claim] = {}
    problems: list[Mistake] = []
    for edge, claim in (claims or {}).items():
        names = _names(graph, edge, output)
        try:
            found[edge] = _read(graph, edge, claim, names, width)
        # Each formula's mistakes are kept, and raised together after the last.
        except ExpressionError as error:
            problems.extend(error.problems)
    if problems:
        raise ExpressionError(problems)
    return found


def _names(graph: Graph, edge: Edge, output: str | None) -> tuple[str, ...]:
    """The names that a claim for `edge` may use."""
    if not (isinstance(edge, tuple) and len(edge) == 2):
        raise GraphError(
            f"claims map pairs (node, wrt) to derivatives, not {takes.shown(edge)}"
        )
    node, wrt = edge
    every = (*graph.variable_number, *graph.parameters)
    if node == output:
        if wrt not in every:
            hint = suggest(wrt, every) or f"the names are {listing(every)}"
            raise GraphError(f"unknown name {shorten(wrt)!r}\n  hint: {hint}")
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
        root = parse_expression(claim.line, claim.start, names)
    except ExpressionError as error:
        raise ExpressionError(
            replace(problem, message=prefix + problem.message)
            for problem in error.problems
        ) from None
    for text in leaves(root):
        if text not in names:
            match = re.compile(rf"(?<!\w){text}(?!\w)").search(claim.line, claim.start)
            start = match.start() if match else claim.start
            hint = suggest(text, names) or f"a claim for it may use {listing(names)}"
            message = f"{prefix}∂{edge[0]}/∂{edge[1]} has no name {shorten(text)!r}"
            problem = Mistake(message, claim.line, start, start + len(text), hint)
            raise ExpressionError([problem])
    return root


def _function(edge: Edge, claim: Callable[..., Any], names: Collection[str]) -> Claim:
    """A Python function, called with the values it asks for, one point at a time."""
    wanted = _keywords(edge, claim, names)

    def compute(at: Mapping[str, Array], width: int) -> Array:
        found = np.empty(width)
        for i in range(width):
            values = {text: float(at[text][i]) for text in wanted}
            # A caller's function is handed plain floats: it may use math and `if`,
            # which arrays do not pass.
            found[i] = _real(edge, claim(**values))
        return found

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
