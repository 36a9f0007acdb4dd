"""The loss as a last group of equations of a layout.

MemoryLayout, Problem ─▶ the layout with rows for the terms of the loss
"""

from __future__ import annotations

import numpy as np

from cgprimer.expr.node import Node
from cgprimer.expr.ops import ONE, name
from cgprimer.graph.slots import VARIABLE
from cgprimer.run.llvm.layout import GUARD, EquationGroup, MemoryLayout
from cgprimer.run.llvm.shape_text import Fragment
from cgprimer.run.problem import Problem


def add_loss(layout: MemoryLayout, problem: Problem) -> None:
    """Add the loss as equations of a body of their own, as many as it has terms.

    A term belongs to one target, or, in a joint loss, to all of them.
    """
    loss = problem.loss
    first, targets = len(problem.inputs), len(problem.rows)
    joint = loss.joint is not None and targets > 0
    width = targets if joint else 1
    p, t = _slots(0, width), _slots(width, width)
    # Slots of the loss are rows: predictions, then targets, sigma and weights,
    # which are rows of data. With two targets and weights, for terms (p, t, w):
    #
    #     x0   rows of the two predictions
    #     x1   rows of the two targets
    #     x2   the row of the weights, twice
    #
    # A joint loss is one equation: a slot for every prediction and every target.
    slots = [layout.row[problem.rows], first + np.arange(targets)]
    if joint:
        slots = [np.array([row]) for row in np.concatenate(slots)]
    scales = [ONE]
    if problem.sigma is not None:
        scales = _slots(len(slots), 1)
        slots.append(first + targets + np.arange(targets))
    terms = 1 if joint else targets
    weight = []
    if problem.weights is not None:
        weight = _slots(len(slots), 1)
        slots.append(np.full(terms, layout.data - 1))
    body, slopes = loss.nodes(p, t, scales * width, *weight)
    names = tuple(VARIABLE.slot(k) for k in range(len(slots)))
    loss_body = Fragment(body, names, tuple(slopes) if joint else None)
    number = layout.add(loss_body, np.array(slots))
    # Only predictions get an adjoint, also where they are rows of data: not targets,
    # sigma and weights.
    layout.slot_tables[number].columns = list(range(width))
    layout.loss_row, layout.terms = layout.rows, terms
    layout.rows += terms + GUARD
    layout.groups.append(EquationGroup(number, 0, terms, layout.loss_row))


def _slots(first: int, count: int) -> list[Node]:
    """Slots of the loss, from number `first` on."""
    return [name(VARIABLE.slot(k)) for k in range(first, first + count)]
