"""The loss of a problem by one function of a whole graph: for some dozens of equations.

    Problem, ExpandedGraph ─▶ Fused: parameters (p,) ─▶ loss, gradient, Jacobian, epochs

`Program.runner` makes it.
"""

from __future__ import annotations

import numpy as np

from cgprimer.expr.node import Node
from cgprimer.expr.ops import NAME, ONE, OPS, name
from cgprimer.expr.tidy import tidy
from cgprimer.run.llvm.loss_nodes import loss_nodes
from cgprimer.run.llvm.sample_rows import RowsCall, empty_rows, pack_rows, rows_of
from cgprimer.run.llvm.sums import SumFunction
from cgprimer.run.llvm.sums_text import SampleLoss
from cgprimer.run.llvm.whole import ExpandedGraph
from cgprimer.run.problem import Problem, Steps
from cgprimer.types import Array, Integers


class Fused:
    """The loss of a problem in one function; a Runner."""

    def __init__(self, problem: Problem, whole: ExpandedGraph) -> None:
        self.problem, self.whole = problem, whole
        names, rows = list(problem.sweeps.input_names), [*problem.inputs]
        scales = [ONE] * len(problem.rows)
        for k, column in enumerate(problem.targets):
            names.append(f"target {k}")
            rows.append(column)
            if problem.sigma is not None:
                names.append(f"sigma {k}")
                rows.append(problem.sigma[k])
                scales[k] = name(names[-1])
        values = [whole.value(row) for row in problem.rows]
        targets = [name(f"target {k}") for k in range(len(values))]
        loss, slopes = loss_nodes(problem.loss, values, targets, scales)
        if problem.weights is not None:
            names.append("weight")
            rows.append(problem.weights)
            loss, *slopes = (
                tidy(OPS["mul"], node, name("weight")) for node in (loss, *slopes)
            )
        data = pack_rows(rows, problem.count)
        seeds = dict(zip(problem.rows, slopes, strict=True))
        roots = [loss, *whole.gradient(seeds)]
        self.sums = SumFunction(
            SampleLoss(roots, names, problem.parameters), data, problem
        )

    def value_and_gradient(
        self, params: Array, rows: Integers | None = None
    ) -> tuple[float, Array]:
        """The mean loss and its gradient (p,), over the samples in `rows` or all."""
        return self.sums(params) if rows is None else self.sums.part(params, rows)

    def predictions(self, params: Array) -> Array:
        """The targets' variables (targets, n)."""
        roots = [self.whole.value(row) for row in self.problem.rows]
        return self._rows(tuple(roots), params, slice(0, self.problem.count))

    def jacobian(self, params: Array, target: int, rows: slice) -> Array:
        """d prediction / d parameters for one target, (samples in `rows`, p)."""
        roots = self.whole.gradient({self.problem.rows[target]: ONE})
        return self._rows(tuple(roots), params, rows).T

    def epoch(self, state: Array, steps: Steps) -> Array:
        """Step through an order in batches; the mean loss of every batch (steps,)."""
        return self.sums.epoch(state, steps)

    def _rows(self, roots: tuple[Node, ...], params: Array, span: slice) -> Array:
        """Expressions as rows of samples."""
        problem = self.problem
        names = (*problem.sweeps.input_names, *problem.parameters)
        given = [*map(np.ascontiguousarray, problem.inputs[:, span]), *params.tolist()]
        count = span.stop - span.start
        rows = rows_of(roots, names)
        problem.built.hold(rows.function.code.key, rows.function.code)
        out = empty_rows(len(rows.row), count)
        kinds = [isinstance(value, np.ndarray) for value in given]
        RowsCall(rows.function, out, count, kinds).run(given)
        result = np.empty((len(roots), count))
        by_name = dict(zip(names, given, strict=True))
        for place, root in zip(result, roots, strict=True):
            if root in rows.row:
                place[:] = out[rows.row[root], :count]
            else:
                place[:] = by_name[str(root.value)] if root.op is NAME else root.value
        return result
