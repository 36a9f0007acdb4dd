"""Targets written as probabilities → the logits before them, as variables.

    xp = sigmoid(z)  or  1/(1 + exp(-z))              the logit is z
    x1 = exp(z1)/(exp(z1) + exp(z2)), x2 = …          the logits are z1, z2

Both are found through names as well (`xp = xs`, `xs = sigmoid(z)`; `x1 = xe/xsum`).
Only the equations of the targets are looked at, and a logit without a name becomes one
more equation: the others stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from cgprimer.errors import FitError, listing
from cgprimer.expr.node import Node
from cgprimer.expr.ops import NAME, OPS
from cgprimer.graph.graph import Graph
from cgprimer.graph.shape import Shape
from cgprimer.graph.slots import VARIABLE, slot_kind
from cgprimer.graph.table import Table
from cgprimer.run.losses import Loss
from cgprimer.run.problem import Problem
from cgprimer.run.running import replace_rows

SAMPLES = 8  # on which outputs that add up to 1 are taken for probabilities
SUM = 1e-6  # how far from 1 the targets of a sample may add up to: rounding of float32
ALWAYS = 1e-8  # how far from 1 outputs that are probabilities add up to, in doubles


class _Part(NamedTuple):
    """A part of an equation, over its slots."""

    equation: int
    node: Node


def with_logits(
    graph: Graph, targets: Sequence[str], loss: Loss
) -> tuple[Graph, list[str]]:
    """The graph with a variable for the logit of every target, and their names.

    A target that is no sigmoid, or targets that are no softmax, are logits themselves.
    """
    table = graph.table
    tops = [_resolve(table, _body(table, graph.equation_number(t))) for t in targets]
    logits: list[_Part | None] = [_within(part, "sigmoid") for part in tops]
    if loss.joint is not None:
        logits = _softmax(table, tops) or [None] * len(tops)
    extra: list[tuple[str, _Part]] = []
    rows: list[str] = []
    for target, part in zip(targets, logits, strict=True):
        rows.append(target if part is None else _row_name(graph, part, target, rows))
        if part is not None and rows[-1] not in graph.variable_number:
            extra.append((rows[-1], part))
    if not extra:
        return graph, rows
    return Graph(_extend(table, extra), rows, graph.spare), rows


def check_probabilities(problem: Problem, loss: Loss) -> None:
    """Refuse targets that are no probabilities, and outputs that already are."""
    targets = problem.targets
    if not ((targets >= 0) & (targets <= 1)).all():
        raise FitError(f"{loss.name} needs targets between 0 and 1")
    if loss.joint is None:
        return
    if len(targets) < 2:
        raise FitError(
            f"{loss.name} needs a target for every class, one-hot or probabilities\n"
            "  hint: for one output of two classes write loss='cross-entropy'"
        )
    wrong = np.flatnonzero(np.abs(targets.sum(axis=0) - 1) > SUM)
    if len(wrong):
        raise FitError(
            f"{loss.name} needs targets that add up to 1 in every sample; in sample "
            f"{wrong[0]} they add up to {targets[:, wrong[0]].sum():.8g}"
        )
    if _add_up(problem):
        names = problem.sweeps.table.rows.names_of(problem.rows)
        raise FitError(
            f"{loss.name} takes logits, but {listing(names)} add up to 1 whatever the "
            "parameters are: they are probabilities already\n"
            "  hint: let the targets be what is before the softmax"
        )


def _add_up(problem: Problem) -> bool:
    """Whether the predictions of a sample add up to 1 at parameters taken at random."""
    rng = np.random.default_rng(0)
    # At random, so that outputs that add up to 1 do so by their form, not by chance.
    params = rng.uniform(0.3, 0.9, (problem.sweeps.table.parameter_rows.size, 1))
    values = problem.sweeps.forward(problem.inputs[:, :SAMPLES], params)
    total = values[problem.rows].sum(axis=0)
    return bool((np.abs(total - 1) < ALWAYS).all())


def _body(table: Table, equation: int) -> _Part:
    return _Part(equation, table.shape_of(equation).stable)


def _resolve(table: Table, part: _Part) -> _Part:
    """The part itself, or where it is but the name of a variable, that one's body."""
    while (number := _variable(table, part)) >= 0:
        equation = int(table.equation_of[number])
        if equation < 0:
            break
        part = _body(table, equation)
    return part


def _variable(table: Table, part: _Part) -> int:
    """The variable that a part names; -1 where it is something else."""
    if part.node.op is not NAME or slot_kind(part.node.value) is not VARIABLE:
        return -1
    return _numbers(table, part.equation)[str(part.node.value)]


def _numbers(table: Table, equation: int) -> dict[str, int]:
    """Slot → the number in it."""
    slots = table.shape_of(equation).slots
    return dict(zip(slots, table.numbers(equation), strict=True))


def _within(part: _Part, op: str) -> _Part | None:
    """The argument of an operation; None where the part is another one."""
    return _Part(part.equation, part.node.args[0]) if part.node.op is OPS[op] else None


def _softmax(table: Table, tops: Sequence[_Part]) -> list[_Part | None] | None:
    """The logits of targets exp(z)/Σ exp(z), all with the same terms."""
    shares = []
    for equation, node in tops:
        if node.op is not OPS["div"]:
            return None
        above = _within(_resolve(table, _Part(equation, node.args[0])), "exp")
        below = [
            _within(term, "exp")
            for term in _terms(table, _Part(equation, node.args[1]), len(tops))
        ]
        if above is None or None in below:
            return None
        shares.append((above, {_key(table, term) for term in below if term}))
    keys = {_key(table, above) for above, _ in shares}
    # Every target has the same sum below, and its terms are those that stand above:
    # each target's own, and no more.
    same = len(keys) == len(tops) and all(below == keys for _, below in shares)
    return [above for above, _ in shares] if same else None


def _terms(table: Table, part: _Part, most: int) -> Iterator[_Part]:
    """The terms of a sum that may be spread over equations; at most one too many."""
    stack, count = [part], 0
    # A sum of more terms than there are targets is no softmax of theirs; it may have
    # thousands, so it is not followed to the end.
    while stack and count <= most:
        equation, node = _resolve(table, stack.pop())
        if node.op is OPS["add"]:
            stack += [_Part(equation, arg) for arg in node.args]
        else:
            count += 1
            yield _Part(equation, node)


def _key(table: Table, part: _Part) -> Node:
    """The part with its own names, by which equal ones are known."""
    leaves = table.leaves(part.equation)
    return table.shape_of(part.equation).fill(part.node, leaves)


def _row_name(graph: Graph, part: _Part, target: str, taken: Sequence[str]) -> str:
    """The variable that a part is, or a new name for it."""
    number = _variable(graph.table, part)
    if number >= 0 and graph.table.variables[number] not in taken:
        return graph.table.variables[number]
    name = f"{target}_logit"
    while name in graph.variable_number or name in graph.parameter_number:
        name += "_"
    return name


def _extend(table: Table, extra: Sequence[tuple[str, _Part]]) -> Table:
    """The table with one more equation for each part."""
    more, count = np.arange(len(extra)), len(table.variables)
    longer = replace(
        table,
        variables=(*table.variables, *(name for name, _ in extra)),
        defined=np.append(table.defined, count + more),
        shape=np.append(table.shape, 0 * more),
        start=np.append(table.start, np.full_like(more, table.start[-1])),
    )
    rows = {}
    for equation, (_, part) in enumerate(extra, len(table)):
        shape, numbers = Shape.from_body(part.node), _numbers(table, part.equation)
        rows[equation] = shape, [numbers[slot] for slot in shape.slots]
    return replace_rows(longer, rows)
