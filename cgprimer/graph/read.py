"""From equations as the author gives them to a Graph.

    texts, one text, a dict, sympy equations ─▶ texts ─▶ leaves, rows ─▶ Graph

`parse_graph` is what callers use; everything else takes a Graph.
"""

from __future__ import annotations

import gc
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from cgprimer import takes
from cgprimer.errors import ExpressionError, GraphError, Mistake, ReadingWarning
from cgprimer.expr.foreign_names import bad_name
from cgprimer.expr.foreign_signs import about, spell
from cgprimer.expr.lookalikes import lookalikes, used_in
from cgprimer.expr.ops import FUNCTIONS
from cgprimer.expr.pasted import read_line
from cgprimer.expr.printed import plain_name, read_print
from cgprimer.expr.spelled import Spelled
from cgprimer.expr.syntax import Parser
from cgprimer.expr.tokens import NAME, PARTED, RESERVED, STRAY, is_latex, readable
from cgprimer.graph.declarations import Declared, declared_in, is_declaration
from cgprimer.graph.declared import ArrayReading, holds_arrays, read_arrays
from cgprimer.graph.doubts import doubts
from cgprimer.graph.from_texts import table_of
from cgprimer.graph.given import Note, texts_of
from cgprimer.graph.graph import Graph
from cgprimer.graph.leaves import find_leaves
from cgprimer.graph.left_sides import left_sides
from cgprimer.graph.names import name_list
from cgprimer.graph.numbering import Names
from cgprimer.graph.rows import graph_of
from cgprimer.graph.table import Table

LONG = 100_000  # characters of one equation, from which on it is cut before it is read
MOST = 4_000_000  # … that are read: a million terms, which take a gigabyte
MOST_TRIED = 1_000_000  # characters of all, in which mistakes are looked at as arrays


def parse_graph(
    expressions: str | Mapping[str, Any] | Iterable[Any],
    outputs: Sequence[str] | None = None,
    *,
    parameters: Collection[str] | None = None,
    variables: Collection[str] | None = None,
    dims: Mapping[str, Any] | None = None,
) -> Graph:
    """Turn equations into a Graph.

    expressions : a list of texts such as `"xy = ab*xx + ac*xa"`; one text with an
        equation a line and `#` comments; or a dict name → right side. In a list or a
        dict a right side may be a sympy expression: `sympy.Eq`, or `("xy", expr)`. In
        one text an equation goes on over lines in brackets, at an operator, or after a
        backslash. What is in LaTeX is read as `parse_latex` reads it.
    outputs : variables of interest; by default those that lead nowhere.
    parameters, variables : names that are parameters or variables whatever their
        first letter; all others follow the rule: variables start with x. A declared
        parameter that is in no equation stays a parameter, without effect.
    dims : name → the dims of an array: (32, 64), (32, "n"), "32 x 64", "scalar", or an
        array that has them. The same is declared by lines such as `"W: 32 x 64"` and
        `"b, u: 32"`; both must agree. A name without dims is a scalar, or beside `@` a
        matrix where it is a capital, else a vector.

    Warns (ReadingWarning) where a parameter looks like a constant, as e in e^x, and of
    LaTeX where letters side by side were read as a product. Raises
    ExpressionError, with a caret under every mistake found; GraphError for an unknown
    output; CycleError, which names the way round.
    """
    was_on = gc.isenabled()
    try:
        gc.disable()  # collecting cycles makes building many objects four times slower
        return _graph(expressions, outputs, parameters, variables, dims)
    finally:  # also where Ctrl-C came before the first line of `try` was over
        if was_on:
            gc.enable()


def _graph(
    expressions: str | Mapping[str, Any] | Iterable[Any],
    outputs: Sequence[str] | None,
    parameters: Collection[str] | None,
    variables: Collection[str] | None,
    dims: Mapping[str, Any] | None,
) -> Graph:
    texts, notes = texts_of(expressions)
    declared = (
        _declared_names(parameters, "parameters"),
        _declared_names(variables, "variables"),
    )
    if long := [number for number, text in enumerate(texts) if _is_too_long(text)]:
        raise ExpressionError(_place(_too_long(texts[n]), notes, n) for n in long)
    told = None
    if dims is not None or any(":" in x and is_declaration(x) for x in texts):
        told = declared_in(texts, dims)
        if told.has_arrays or not told.equations:
            reading = _told(texts, told, notes, declared)
            return _array_graph(reading, notes, outputs, declared)
        notes = [notes[n] for n in told.equations] if notes else notes
        texts = [texts[n] for n in told.equations]
        told.equations = [*range(len(texts))]
        defined = {text.partition("=")[0].strip() for text in texts}
        declared = told.kinds(*declared, {*map(plain_name, defined)})
    table, readings, problems = _table(texts, {}, *declared)
    found: list[str] = []
    if any(is_latex(texts[n]) for n in problems):
        from cgprimer.reading.among import read_among

        # With its declarations the whole is no text of equations alone.
        whole = expressions if isinstance(expressions, str) and told is None else None
        read = read_among(whole, texts, notes, problems, declared)
        texts, notes, declared, found = read.texts, read.notes, read.declared, read.said
        table, readings, problems = _table(texts, read.readings, *declared)
    if problems and sum(map(len, texts)) < MOST_TRIED and holds_arrays(texts):
        reading = read_arrays(
            texts, told or declared_in(texts), (*declared[0], *declared[1])
        )
        if reading.is_better([*chain.from_iterable(problems.values())]):
            return _array_graph(reading, notes, outputs, declared)
    if problems:
        raise _refused(problems, notes)
    found += doubts(table, texts, readings, (*declared[0], *declared[1]))
    for sentence in found:
        warnings.warn(sentence, ReadingWarning, stacklevel=3)
    used = frozenset(table.parameters if declared[0] else ())
    spare = [name for name in dict.fromkeys(declared[0]) if name not in used]
    # Behind those that are used, so that a declared name without effect moves no other
    # parameter's place.
    if spare:
        table = replace(table, parameters=(*table.parameters, *spare))
    return Graph(table, outputs, spare, found)


def _told(
    texts: list[str],
    told: Declared,
    notes: list[Note],
    declared: tuple[Sequence[str], Sequence[str]],
) -> ArrayReading:
    """Texts that declare arrays, as they are read; those in LaTeX by the dims."""
    if not told.equations:
        raise GraphError(
            "there are declarations, and no equations: write at least one, like "
            "'xy = W @ xa'"
        )
    if any(map(is_latex, texts)):
        from cgprimer.reading.matrix_equations import plain_equations

        texts, unread = plain_equations(texts, told)
        if unread:
            raise _refused(unread, notes)
    return read_arrays(texts, told, (*declared[0], *declared[1]))


def _refused(
    problems: Mapping[int, Sequence[Mistake]], notes: list[Note]
) -> ExpressionError:
    every = [(n, problem) for n in sorted(problems) for problem in problems[n]]
    return ExpressionError(_place(problem, notes, n) for n, problem in every)


def _array_graph(
    reading: ArrayReading,
    notes: list[Note],
    outputs: Sequence[str] | None,
    declared: tuple[Sequence[str], Sequence[str]],
) -> Graph:
    """The graph of what was read as arrays, or all that is wrong with it."""
    if reading.problems:
        raise _refused(reading.problems, notes)
    parameters, variables = reading.declared.kinds(*declared, reading.bodies)
    used = reading.used
    made = graph_of(
        reading.bodies,
        outputs,
        reading.parameters(parameters, variables),
        variables,
        [name for name in parameters if name not in used],
        sizing=reading.sizing,
        texts=reading.texts,
    )
    found = [*doubts(made.table, reading.texts, {}, (*parameters, *variables))]
    for sentence in found:
        warnings.warn(sentence, ReadingWarning, stacklevel=4)
    if found:
        return Graph(made.table, made.outputs, made.spare, found, made.sizing)
    return made


def _declared_names(names: Collection[str] | None, keyword: str) -> tuple[str, ...]:
    if names is None:
        return ()
    names = [plain_name(name) for name in name_list(names, keyword)]
    for name in names:
        if not NAME.fullmatch(name):
            raise GraphError(
                f"{keyword}= holds {takes.quote(name)}, which is not a name"
            )
        if (problem := bad_name(name)) and "function" in problem[0]:
            raise GraphError(f"{keyword}=: {problem[0]}; choose another name")
    return tuple(names)


def _table(
    texts: list[str],
    known: dict[int, Spelled],
    parameters: Sequence[str],
    variables: Sequence[str],
) -> tuple[Table, dict[int, Spelled], dict[int, list[Mistake]]]:
    """The table, and how texts were read that are not in the language as they stand.

    known : how some are to be read. With them what is wrong with any equation, by its
    number; the table is of use where that is nothing.
    """
    readings = {n: read_print(x) for n, x in enumerate(texts) if not x.isascii()}
    readings |= known
    table, problems = _attempt(texts, readings, parameters, variables)
    if problems:
        # What programs and papers write otherwise is only looked for where an equation
        # is none of the language.
        before = {n: readings.get(n) or Spelled(texts[n]) for n in problems}
        pasted = {n: read_line(reading) for n, reading in before.items()}
        if any(pasted[n] is not before[n] for n in pasted):
            readings |= pasted
            table, problems = _attempt(texts, readings, parameters, variables)
    if readings:
        used = used_in(texts)
        for number in readings:
            alike = [*lookalikes(texts[number], 0, used)]
            if alike:
                problems[number] = sorted(
                    [*alike, *problems.get(number, ())], key=lambda p: p.start
                )
    return table, readings, problems


def _attempt(
    texts: list[str],
    readings: dict[int, Spelled],
    parameters: Sequence[str],
    variables: Sequence[str],
) -> tuple[Table, dict[int, list[Mistake]]]:
    """The table of equations, some of which are read otherwise than they are written.

    With it what is wrong with them, by number, if anything is.
    """
    problems: dict[int, list[Mistake]] = {}
    whole = [readings[n].text if n in readings else x for n, x in enumerate(texts)]
    short = [_cut(text) for text in whole]
    leaves = find_leaves(short)
    # The fast way, without a look at a single text: all begin with a name of their own.
    # Fewer names than texts mean that one is defined twice, or that a left side is odd;
    # then each is matched, to say what is wrong.
    defined: Collection[str] = {*leaves.left_sides(len(texts))}
    if len(defined) < len(texts) or not {*FUNCTIONS, *RESERVED}.isdisjoint(defined):
        odd: dict[int, Mistake] = {}
        defined = left_sides(whole, odd, variables)
        problems = {n: [_as_written(odd[n], readings.get(n))] for n in odd}
        # What has a wrong left side is reported already; as an empty text it is no
        # equation that could be wrong once more.
        left = ("" if number in problems else x for number, x in enumerate(short))
        leaves = find_leaves([*left])
    names = Names(defined, parameters, variables)
    table, suspects = table_of(leaves, names, texts)
    if PARTED.search("\n".join(whole)):  # at once, since mostly there is none
        suspects |= {n for n, text in enumerate(whole) if PARTED.search(text)}
    # The arrays say that something may be wrong; the parser, given the text itself,
    # says what, and where.
    for number in suspects - problems.keys():
        text = readings.get(number) or Spelled(whole[number])
        try:
            Parser(text, whole[number].index("=") + 1, names.declared).parse()
        except ExpressionError as error:
            problems[number] = [*error.problems]
    return table, problems


def _as_written(problem: Mistake, reading: Spelled | None) -> Mistake:
    """A mistake in what was read, in what the author wrote."""
    if reading is None:
        return problem
    start, end = reading.span(problem.start, problem.end)
    problem = replace(problem, text=reading.written, start=start, end=end)
    if spell(STRAY) in problem.message:
        sign, before, behind = (
            problem.text[start],
            problem.text[:start],
            problem.text[end:],
        )
        message = problem.message.replace(spell(STRAY), spell(sign))
        problem = replace(problem, message=message, hint=about(sign, before, behind))
    return problem


def _is_too_long(text: str) -> bool:
    # What holds strange signs is read up to some of these.
    return len(_cut(text) if text.isascii() else text) > MOST


def _cut(text: str) -> str:
    """A text as far as it is read, where arrays of its characters would cost much.

    Only for what is in signs of the language: others are none before they are read.
    """
    return text if len(text) < LONG else text[: readable(text)]


def _too_long(text: str) -> Mistake:
    return Mistake(
        f"an equation has at most {MOST:,} characters, not {len(text):,}",
        text,
        MOST,
        MOST + 1,
        "write parts of it as equations of their own",
    )


def _place(problem: Mistake, notes: list[Note], number: int) -> Mistake:
    if not notes:
        return problem
    line = max(line for at, line in notes[number] if at <= problem.start)
    return replace(problem, message=f"line {line}: {problem.message}")
