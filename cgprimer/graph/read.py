"""From equations as the author gives them to a Graph.

    texts, one text, a dict, sympy equations ─▶ texts ─▶ leaves, rows ─▶ Graph

`parse_graph` is what callers use; everything else takes a Graph.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cgprimer import takes
from cgprimer.errors import (
    ExpressionError,
    GraphError,
    Mistake,
    shorten,
)
from cgprimer.expr.advice import bad_name
from cgprimer.expr.ops import FUNCTIONS
from cgprimer.expr.syntax import parse_expression
from cgprimer.expr.tokens import RESERVED, readable
from cgprimer.graph.graph import Graph, name_list
from cgprimer.graph.leaves import find_leaves
from cgprimer.graph.rows import Names, table_of
from cgprimer.graph.table import Table
from cgprimer.notation.text import show

# `*+` gives nothing back: a long name without a = behind it would else be tried again
# in every shorter form.
_LEFT = re.compile(r"\s*([A-Za-z]\w*+)\s*=", re.ASCII)
_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)
LONG = 100_000  # characters of one equation, from which on it is cut before it is read
MOST = 4_000_000  # … that are read: a million terms, which take a gigabyte


def parse_graph(
    expressions: str | Mapping[str, Any] | Iterable[Any],
    outputs: Sequence[str] | None = None,
    *,
    parameters: Collection[str] | None = None,
    variables: Collection[str] | None = None,
) -> Graph:
    """Turn equations into a Graph.

    expressions : a list of texts such as `"xy = ab*xx + ac*xa"`; one text with an
        equation a line and `#` comments; or a dict name → right side. In a list or a
        dict a right side may be a sympy expression: `sympy.Eq`, or `("xy", expr)`.
    outputs : variables of interest; by default those that lead nowhere.
    parameters, variables : names that are parameters or variables whatever their
        first letter; all others follow the rule: variables start with x. A declared
        parameter that is in no equation stays a parameter, without effect.

    Raises ExpressionError, with a caret under every mistake found; GraphError for an
    unknown output; CycleError, which names the way round.
    """
    was_on = gc.isenabled()
    try:
        gc.disable()  # collecting cycles makes building many objects four times slower
        return _graph(expressions, outputs, parameters, variables)
    finally:  # also where Ctrl-C came before the first line of `try` was over
        if was_on:
            gc.enable()


def _graph(
    expressions: str | Mapping[str, Any] | Iterable[Any],
    outputs: Sequence[str] | None,
    parameters: Collection[str] | None,
    variables: Collection[str] | None,
) -> Graph:
    texts, notes = _texts(expressions)
    declared = _declared(parameters, "parameters"), _declared(variables, "variables")
    table = _table(texts, notes, *declared)
    used = frozenset(table.parameters if declared[0] else ())
    spare = [name for name in dict.fromkeys(declared[0]) if name not in used]
    # Behind those that are used, so that a declared name without effect moves no other
    # parameter's place.
    if spare:
        table = replace(table, parameters=(*table.parameters, *spare))
    return Graph(table, outputs, spare)


def _texts(expressions: Any) -> tuple[list[str], list[str]]:
    """The equations as texts, and for each a note on where it stands."""
    if isinstance(expressions, str):
        return _lines(expressions)
    if isinstance(expressions, Mapping):
        expressions = list(expressions.items())
    found = None if isinstance(expressions, bytes) else takes.items(expressions)
    if found is None:
        raise GraphError(
            f"equations come as a list of texts or one text, not {type(expressions)}"
        )
    texts = [item if isinstance(item, str) else _other(item) for item in found]
    if not texts:
        raise GraphError("there are no equations: write at least one, like 'xy = a*xa'")
    return texts, []


def _lines(text: str) -> tuple[list[str], list[str]]:
    found = [
        (line, f"line {number}: ")
        for number, line in enumerate(
            (re.sub(r"#.*", "", x) for x in text.split("\n")), 1
        )
        if line.strip()
    ]
    if not found:
        raise GraphError("there are no equations: write at least one, like 'xy = a*xa'")
    return [line for line, _ in found], [note for _, note in found]


def _other(item: Any) -> str:
    """An equation given as sympy.Eq or as a pair (name, right side), as text."""
    if hasattr(item, "free_symbols") and hasattr(item, "lhs"):
        item = (str(item.lhs), item.rhs)
    match item:
        case (str(left), str(right)):
            return f"{left} = {right}"
        case (str(left), right) if hasattr(right, "free_symbols"):
            from cgprimer.notation.from_sympy import from_sympy

            return f"{left} = {show(from_sympy(right))}"
    if hasattr(item, "free_symbols"):
        raise GraphError(
            f"the sympy expression {shorten(str(item))} has no name\n"
            "  hint: write ('xy', expression) or sympy.Eq(xy, expression)"
        )
    raise GraphError(f"an equation is a text like 'xy = a*xa', not {takes.shown(item)}")


def _declared(names: Collection[str] | None, keyword: str) -> tuple[str, ...]:
    if names is None:
        return ()
    names = name_list(names, keyword)
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise GraphError(
                f"{keyword}= holds {takes.shown(name)}, which is not a name"
            )
        if (problem := bad_name(name)) and "function" in problem[0]:
            raise GraphError(f"{keyword}=: {problem[0]}; choose another name")
    return tuple(names)


def _table(
    texts: list[str],
    notes: list[str],
    parameters: Sequence[str],
    variables: Sequence[str],
) -> Table:
    problems: dict[int, Mistake] = {}
    whole, texts = texts, [_cut(text) for text in texts]
    if long := [number for number, text in enumerate(texts) if len(text) > MOST]:
        raise ExpressionError(_placed(_too_long(texts[n]), notes, n) for n in long)
    leaves = find_leaves(texts)
    # The fast way, without a look at a single text: all begin with a name of their own.
    # Fewer names than texts mean that one is defined twice, or that a left side is odd;
    # then each is matched, to say what is wrong.
    defined: Collection[str] = {*leaves.left_sides(len(texts))}
    if len(defined) < len(texts) or not {*FUNCTIONS, *RESERVED}.isdisjoint(defined):
        defined = _left_sides(whole, problems, variables)
        # What has a wrong left side is reported already; as an empty text it is no
        # equation that could be wrong once more.
        left = ("" if number in problems else x for number, x in enumerate(texts))
        leaves = find_leaves([*left])
    names = Names(defined, parameters, variables)
    table, suspects = table_of(leaves, names, texts)
    # The arrays say that something may be wrong; the parser, given the text itself,
    # says what, and where.
    for number in suspects - problems.keys():
        text = whole[number]
        try:
            parse_expression(text, text.index("=") + 1, names.declared)
        except ExpressionError as error:
            problems[number] = error.problems[0]
    if problems:
        raise ExpressionError(
            _placed(problem, notes, number)
            for number, problem in sorted(problems.items())
        )
    return table


def _cut(text: str) -> str:
    """A text as far as it is read, where arrays of its characters would cost much."""
    return text if len(text) < LONG else text[: readable(text)]


def _too_long(text: str) -> Mistake:
    return Mistake(
        f"an equation has at most {MOST:,} characters, not {len(text):,}",
        text,
        MOST,
        MOST + 1,
        "write parts of it as equations of their own",
    )


def _placed(problem: Mistake, notes: list[str], number: int) -> Mistake:
    if not notes:
        return problem
    return replace(problem, message=notes[number] + problem.message)


def _left_sides(
    texts: list[str], problems: dict[int, Mistake], declared: Collection[str]
) -> dict[str, int]:
    """Name → number of the equation that defines it; what is wrong goes to problems."""
    defined: dict[str, int] = {}
    for number, text in enumerate(texts):
        match = _LEFT.match(text)
        if not match:
            problems[number] = _no_left_side(text)
            continue
        name = match[1]
        reason = None if name in declared else bad_name(name)
        if reason:
            problems[number] = Mistake(
                reason[0], text, *match.span(1), "choose another name"
            )
        elif name in defined:
            first = shorten(texts[defined[name]].strip(), 60)
            problems[number] = Mistake(
                f"{shorten(name)!r} is defined twice",
                text,
                *match.span(1),
                f"the first definition is {first!r}; rename or remove one",
            )
        else:
            defined[name] = number
    return defined


def _no_left_side(text: str) -> Mistake:
    equals = text.find("=")
    if not text.strip():
        return Mistake("an empty text is not an equation: write 'xy = a*xa'")
    start = len(text) - len(text.lstrip())
    if equals < 0:
        try:
            parse_expression(text)
        except ExpressionError as error:
            if "unexpected character" in str(error):
                return error.problems[0]
        end = len(text.rstrip())
        return Mistake(
            "an equation needs '='", text, start, end, "write name = expression"
        )
    try:
        parse_expression(text[:equals])
    except ExpressionError as error:
        found = error.problems[0]
        if "unexpected character" in found.message:
            return Mistake(found.message, text, found.start, found.end, found.hint)
    span = (start, max(start + 1, len(text[:equals].rstrip())))
    return Mistake(
        "the left side of '=' must be one name",
        text,
        *span,
        "a name is a letter followed by letters, digits and underscores",
    )
