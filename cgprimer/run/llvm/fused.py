"""The loss of a problem by one function of a whole graph: for some dozens of equations.

    Problem, ExpandedGraph ─▶ Fused: parameters (p,) ─▶ loss, gradient, Jacobian, epochs

`Program.runner` makes it.
"""

from __future__ import annotations

import threading

import numpy as np

from cgprimer.expr.node import Node
from cgprimer.expr.ops import NAME, ONE, name
from cgprimer.keeping import lazy, memo
from cgprimer.run.llvm.calling import CompiledFunction
from cgprimer.run.llvm.epoch_text import epoch_text
from cgprimer.run.llvm.lanes import LANES
from cgprimer.run.llvm.sample_rows import RowsCall, empty_rows, pack_rows, rows_of
from cgprimer.run.llvm.sums import EpochCall, SumCall
from cgprimer.run.llvm.sums_text import SampleLoss, sums_text
from cgprimer.run.llvm.whole import ExpandedGraph
from cgprimer.run.problem import Problem, Steps
from cgprimer.run.update_rule import UpdateRule
from cgprimer.types import Array, Integers


class Fused:
    """The loss of a problem in one function; a Runner."""

    def __init__(self, problem: Problem, whole: ExpandedGraph) -> None:
        self.problem, self.whole = problem, whole
        values = [whole.value(row) for row in problem.rows]
        count = range(len(values))
        targets = [name(f"target {k}") for k in count]
        sigma = [name(f"sigma {k}") for k in count if problem.sigma is not None]
        weight = [] if problem.weights is None else [name("weight")]
        scales = sigma or [ONE] * len(values)
        loss, slopes = problem.loss.nodes(values, targets, scales, *weight)
        seeds = dict(zip(problem.rows, slopes, strict=True))
        more = (str(leaf.value) for leaf in (*targets, *sigma, *weight))
        self.loss = SampleLoss(
            [loss, *whole.gradient(seeds)],
            [*problem.sweeps.table.input_rows, *more],
            problem.parameters,
        )
        self.data = pack_rows(problem.data, problem.count)
        self._local = threading.local()

    def _compile(self, text: str) -> CompiledFunction:
        function = CompiledFunction(text)
        self.problem.built.hold(function.code.key, function.code)
        return function

    @lazy
    def _sums(self) -> CompiledFunction:
        return self._compile(sums_text(self.loss))

    @memo
    def _epochs(self, rule: UpdateRule, batch: int) -> CompiledFunction:
        return self._compile(epoch_text(self.loss, rule, batch))

    def _sum_call(self, data: Array, count: int) -> SumCall:
        return SumCall(self._sums, self.loss, data, count, self.problem.threads)

    def value_and_gradient(
        self, params: Array, rows: Integers | None = None
    ) -> tuple[float, Array]:
        """The mean loss and its gradient (p,), over the samples in `rows` or all."""
        if rows is not None:
            data = pack_rows(self.data[:, rows], len(rows))
            return self._sum_call(data, len(rows)).run(params)
        # Taken out for as long as it is in use: after an interrupt, threads that are
        # still at work go on writing to it, and the next call makes a new one.
        call = self._local.__dict__.pop("sums", None)
        call = call or self._sum_call(self.data, self.problem.count)
        result: tuple[float, Array] = call.run(params)
        self._local.sums = call
        return result

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
        rule, settings, order, batch = steps
        key = rule, len(order), batch
        kept = getattr(self._local, "epoch", None)
        if kept is None or kept.key != key:
            # The text depends on the batch only in three steps: 1; up to a vector;
            # more.
            function = self._epochs(rule, min(batch, LANES + 1))
            kept = EpochCall(function, self.loss, self.data, self.problem.count, key)
            self._local.epoch = kept
        losses: Array = kept.run(state, settings, order)
        return losses

    def _rows(self, roots: tuple[Node, ...], params: Array, span: slice) -> Array:
        """Expressions as rows of samples."""
        problem = self.problem
        names = (*problem.sweeps.table.input_rows, *problem.parameters)
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
