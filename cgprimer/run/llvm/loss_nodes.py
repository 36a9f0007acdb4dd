"""The loss of a sample as expressions, for the engines that compile it.

Loss, nodes of predictions, targets and scales ─▶ loss, slope by each prediction
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from cgprimer.diff.sweep import partials
from cgprimer.expr.node import Node, substitute
from cgprimer.expr.ops import ONE, OPS, name
from cgprimer.expr.syntax import parse_expression
from cgprimer.expr.tidy import tidy
from cgprimer.run.losses import Loss

_P, _T, _MUL = name("p"), name("t"), OPS["mul"]


def loss_nodes(
    loss: Loss,
    values: Sequence[Node],
    targets: Sequence[Node],
    scales: Sequence[Node],
    weight: Node = ONE,
) -> tuple[Node, list[Node]]:
    """The loss of a sample, and its derivative by each prediction."""
    whole, slopes = _unweighted(loss, values, targets, scales)
    return tidy(_MUL, whole, weight), [tidy(_MUL, slope, weight) for slope in slopes]


def _unweighted(
    loss: Loss,
    values: Sequence[Node],
    targets: Sequence[Node],
    scales: Sequence[Node],
) -> tuple[Node, list[Node]]:
    if loss.joint is not None:
        return loss.joint(values, targets)
    formula = parse_expression(loss.formula)
    both = [formula, partials(formula, [_P])[_P]]
    terms, slopes = [], []
    for value, target, scale in zip(values, targets, scales, strict=True):
        # The loss sees p/σ and t/σ; its slope by p is that by p/σ, once more divided by
        # σ.
        by = {_P: tidy(OPS["div"], value, scale), _T: tidy(OPS["div"], target, scale)}
        term, slope = substitute(both, by)
        terms.append(term)
        slopes.append(tidy(OPS["div"], slope, scale))
    return functools.reduce(lambda a, b: tidy(OPS["add"], a, b), terms), slopes
