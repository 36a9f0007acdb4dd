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
from cgprimer.errors import ExpressionError, GraphError, Mistake
from cgprimer.expr.advice import bad_name
from cgprimer.expr.ops import FUNCTIONS
from cgprimer.expr.syntax import parse_expression
from cgprimer.expr.tokens import RESERVED, readable
from cgprimer.graph.from_texts import table_of
from cgprimer.graph.given import texts_of
from cgprimer.graph.graph import Graph
from cgprimer.graph.leaves import find_leaves
from cgprimer.graph.left_sides import left_sides
from cgprimer.graph.names import name_list
from cgprimer.graph.numbering import Names
from cgprimer.graph.table import Table

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
    texts, notes = texts_of(expressions)
    declared = (
        _declared_names(parameters, "parameters"),
        _declared_names(variables, "variables"),
    )
    table = _table(texts, notes, *declared)
    used = frozenset(table.parameters if declared[0] else ())
    spare = [name for name in dict.fromkeys(declared[0]) if name not in used]
    # Behind those that are used, so that a declared name without effect moves no other
    # parameter's place.
    if spare:
        table = replace(table, parameters=(*table.parameters, *spare))
    return Graph(table, outputs, spare)


def _declared_names(names: Collection[str] | None, keyword: str) -> tuple[str, ...]:
    if names is None:
        return ()
    names = name_list(names, keyword)
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise GraphError(
                f"{keyword}= holds {takes.quote(name)}, which is not a name"
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
        raise ExpressionError(_place(_too_long(texts[n]), notes, n) for n in long)
    leaves = find_leaves(texts)
    # The fast way, without a look at a single text: all begin with a name of their own.
    # Fewer names than texts mean that one is defined twice, or that a left side is odd;
    # then each is matched, to say what is wrong.
    defined: Collection[str] = {*leaves.left_sides(len(texts))}
    if len(defined) < len(texts) or not {*FUNCTIONS, *RESERVED}.isdisjoint(defined):
        defined = left_sides(whole, problems, variables)
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
            _place(problem, notes, number)
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


def _place(problem: Mistake, notes: list[str], number: int) -> Mistake:
    if not notes:
        return problem
    return replace(problem, message=notes[number] + problem.message)
