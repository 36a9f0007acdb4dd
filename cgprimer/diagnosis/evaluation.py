"""Every operation of a graph with its value in doubles and in extended precision.

    Operations + Point ─→ doubles[node] (n,), exact[sample][node], for `diagnose`
    number, exact one  ─ error ─→ the relative error of a double

Extended precision is far slower, so of many samples the most suspect are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from cgprimer.diagnosis.extended import At, Number, Numbers, is_finite, values
from cgprimer.diagnosis.operations import Operations
from cgprimer.diagnosis.walks import apply
from cgprimer.diff.stable import stable_forms
from cgprimer.expr.kernel import Kernel
from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import ARGUMENTS
from cgprimer.graph.point import Point
from cgprimer.types import Array, Integers

EPSILON = float(np.finfo(np.float64).eps)
TINY = float(np.finfo(np.float64).tiny)
CHECKED = 256  # samples looked at in extended precision


class Evaluation:
    """The values at one point: `doubles[node]` (n,), `exact[sample][node]`.

    samples : which samples were looked at in extended precision.
    """

    def __init__(self, operations: Operations, point: Point) -> None:
        self.operations, self.point, graph = operations, point, operations.graph
        self.width = width = point.width
        rows = graph.table.given_rows(point.inputs, point.parameters)
        self.columns = {key: np.broadcast_to(row, width) for key, row in rows.items()}
        self.order = postorder(operations.roots.values())
        self.doubles = self.evaluate(self.order)
        self.samples = self._suspicious()
        wanted = self.samples.tolist()
        self.exact = {s: exactly(self.order, self.at(s)) for s in wanted}

    def evaluate(self, order: Sequence[Node]) -> dict[Node, Array]:
        """Every node as written, one operation after another, in doubles."""
        done: dict[Node, Array] = {}
        with np.errstate(all="ignore"):
            for node in order:
                result = apply(node, (done[arg] for arg in node.args), self.columns)
                column = np.asarray(result, dtype=np.float64)
                done[node] = np.broadcast_to(column, (self.width,))
        return done

    def both(self, node: Node, sample: int) -> tuple[float, Number]:
        """The value of an operation in one sample that was looked at: double, exact."""
        return float(self.doubles[node][sample]), self.exact[sample][node]

    def at(self, sample: int) -> dict[str, float]:
        """The values of inputs and parameters in one sample."""
        return {key: float(column[sample]) for key, column in self.columns.items()}

    def _suspicious(self) -> Integers:
        """The samples whose rounding errors may have grown most, or all if few."""
        # Extended precision is far slower than doubles: of many samples the most
        # suspect count.
        if self.width <= CHECKED:
            return np.arange(self.width)
        worst = np.zeros(self.width)
        failed = np.zeros(self.width, dtype=bool)
        for value, bound in self._bounds():
            with np.errstate(all="ignore"):
                ratio = bound / np.abs(value)
            failed |= ~np.isfinite(value)
            worst = np.fmax(worst, np.where(np.isnan(ratio), 0.0, ratio))
        # At most a quarter for what failed: failures are alike, and lost digits are to
        # be seen too.
        broken = np.flatnonzero(failed)[: CHECKED // 4]
        worst[failed] = -1.0
        rest = np.argsort(-worst, kind="stable")[: CHECKED - len(broken)]
        return np.unique(np.concatenate([broken, rest]))

    def _bounds(self) -> Iterator[tuple[Array, Array]]:
        """Each value with a first-order bound on its rounding error: |∂|·error + ε|v|.

        Source: Higham, Accuracy and Stability of Numerical Algorithms, section 3.3.
        """
        bounds: dict[Node, Array] = {}
        for node in self.order:
            value = self.doubles[node]
            bound = np.zeros(self.width)
            with np.errstate(all="ignore"):
                if node.args:
                    bound = EPSILON * np.abs(value)
                    slopes = self._slopes(node)
                    for arg, slope in zip(node.args, slopes, strict=True):
                        bound = bound + np.abs(slope) * bounds[arg]
            bounds[node] = bound
            yield value, bound

    def _slopes(self, node: Node) -> list[Any]:
        """The partials of one operation by its arguments, numbers or arrays (n,)."""
        if node.op.pullback:  # no rule to read; its rounding is that of its result
            return [0.0] * len(node.args)
        names = (*ARGUMENTS[: node.op.arity], "y")
        arguments = [self.doubles[part] for part in (*node.args, node)]
        return Kernel(node.op.rules, names)(*arguments)


def exactly(roots: Sequence[Node], at: At) -> Numbers:
    """`values`, also of forms for which no number of digits is enough.

    1 - sigmoid(5000) vanishes among 1 600 digits, yet its logarithm is -5000.
    """
    numbers = values(roots, at)
    lost = [node for node, number in numbers.items() if not is_finite(number)]
    forms = {n: form for n, form in stable_forms(lost).items() if form is not n}
    better = values(forms.values(), at) if forms else {}
    more = {n: better[form] for n, form in forms.items()}
    return numbers | {n: number for n, number in more.items() if is_finite(number)}


def error(value: float, exact: Number) -> float:
    """The relative error of a double; 0 where only underflow is to blame."""
    if not np.isfinite(value) or not is_finite(exact):
        return float("inf")
    gap = abs(exact - value)
    # Below the smallest normal number doubles have fewer digits, and that is all they
    # have.
    if gap <= TINY:
        return 0.0
    return float(gap / abs(exact)) if exact else float("inf")
