"""Compiled graphs: one way to run them, chosen by what they hold.

fused      one function of machine code for the whole graph
by shape   a function per shape of equation, run over all equations of that shape
numpy      a sweep over groups of alike equations; always there

    Graph ─▶ Program ─▶ values and partials at a point; objectives of data

`Graph.compile` makes it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from cgprimer import takes
from cgprimer.errors import FitError, OptionError, counted, suggest
from cgprimer.graph.graph import Graph
from cgprimer.graph.named_rows import NamedRows
from cgprimer.graph.point import Point
from cgprimer.keeping import Frozen, Weakly, lazy, memo
from cgprimer.notation.report import Report, Said
from cgprimer.run.by_numpy import ByNumpy
from cgprimer.run.explanation import Explanation
from cgprimer.run.fit_data import (
    check_targets,
    columns_of,
    deviations,
    weights_of_mean_one,
)
from cgprimer.run.llvm import jit
from cgprimer.run.llvm.emit import without_code
from cgprimer.run.llvm.fused import Fused
from cgprimer.run.llvm.jit import MachineCode
from cgprimer.run.llvm.whole import ExpandedGraph
from cgprimer.run.logits import check_probabilities, with_logits
from cgprimer.run.losses import Loss, find_loss
from cgprimer.run.objective import Objective
from cgprimer.run.problem import Problem, Runner
from cgprimer.run.values import FusedValues, edge_rows
from cgprimer.types import Array, Edge, Value

if TYPE_CHECKING:
    from cgprimer.run.llvm.by_shape import ByShape


Target = Literal["auto", "numpy", "jit"]
TARGETS = ("auto", "numpy", "jit")
FUSED_EQUATIONS = 48  # up to which a graph becomes one function …
FUSED_OPERATIONS = 1_500  # … if it has no more operations than this


class Program(Frozen, Report):
    """A graph ready to run; `Graph.compile` makes it.

    Of several threads each may call any method at any time.
    """

    def __init__(self, graph: Graph, target: Target = "auto", threads: int = 1) -> None:
        takes.text(target=target)
        takes.kind(Graph, graph=graph)
        if target not in TARGETS:
            every = f"targets are {', '.join(TARGETS)}, jax"
            hint = suggest(target, TARGETS) or every
            raise OptionError(f"unknown target {target!r}\n  hint: {hint}")
        takes.count(threads=threads)
        self.graph, self.target, self.threads = graph, target, int(threads)
        self.built: Weakly[str, MachineCode] = Weakly()
        self.layers = 0
        self.tier, self.reason = self._choose(len(graph), graph.table.operations())
        self._local = threading.local()

    def __reduce__(self) -> tuple[Any, ...]:
        return Program, (self.graph, self.target, self.threads)

    def _choose(self, equations: int, operations: int) -> tuple[str, str]:
        """The tier for so many equations and operations, and why."""
        if self.target == "numpy":
            return "numpy", "asked for"
        if why := jit.obstacle():
            if self.target == "jit":
                raise OptionError(f"target='jit' needs llvmlite\n  hint: {why}")
            return "numpy", why
        if code := self._without_code:
            if self.target == "jit":
                raise OptionError(f"there is no machine code for {code}: use 'auto'")
            return "numpy", f"there is no machine code for {code}"
        # Building one function costs as much as it has operations; shape by shape it
        # costs as much as there are shapes.
        size = f"{counted(equations, 'equation')} of {counted(operations, 'operation')}"
        one = equations == 1
        if equations <= FUSED_EQUATIONS and operations <= FUSED_OPERATIONS:
            return "fused", f"{size} fit{'s' * one} into one function"
        return "by shape", f"{size} {'is' if one else 'are'} too many for one function"

    @lazy
    def _without_code(self) -> str:
        """The first operation that cannot be translated, if there is one."""
        return next(filter(None, map(without_code, self.graph.table.shapes)), "")

    @lazy
    def _whole(self) -> ExpandedGraph:
        table = self.graph.running.table
        return ExpandedGraph(table, table.order.tolist())

    def values(self, at: Mapping[str, ArrayLike]) -> dict[str, Value]:
        """The value of every variable, as `Graph.evaluate` returns them."""
        return self._run(at, False, False)[0]

    def values_and_partials(
        self, at: Mapping[str, ArrayLike], *, reuse: bool = False
    ) -> tuple[dict[str, Value], dict[Edge, Value]]:
        """The value of every variable, and the partial on every edge (node, wrt).

        reuse : whether the next such call of this thread may overwrite the arrays.

        Floats, or arrays (n,) where one value of `at` is an array; what does not vary
        over samples may be a float even then. Arrays may be read-only and may share
        memory with each other and with `at`. Where a value turns nan or inf, a
        NonFiniteWarning names the first such variable. Raises PointError for a bad
        `at`.
        """
        takes.flag(reuse=reuse)
        return self._run(at, True, reuse)

    def _run(
        self, at: Mapping[str, ArrayLike], partials: bool, reuse: bool
    ) -> tuple[dict[str, Value], dict[Edge, Value]]:
        if self.tier == "fused":
            return self._fused_values(partials).run(at, reuse)
        point = Point.of(self.graph, at)
        sweeps = self.graph.program()
        values = self.forward(point.inputs, point.parameters)
        point.warn_nonfinite(self.graph, sweeps, values, stacklevel=5)
        rows = self.graph.variable_number
        variables = {
            name: point.unpack(values[rows[name]]) for name in self.graph.order
        }
        if not partials:
            return variables, {}
        local = edge_rows(self.graph, sweeps, values, point)
        return variables, {edge: point.unpack(local[edge]) for edge in self.graph.arcs}

    def forward(self, inputs: Array, parameters: Array) -> Array:
        """Values of all variables (V, n) from inputs (I, n) and parameters (P, 1|n).

        They are compiled where every parameter is one number.
        """
        # `ByShape` takes one number for each parameter, and as many samples as the
        # inputs have.
        if self.tier == "numpy" or parameters.shape[1] != 1 or not len(inputs):
            return self.graph.running.program().forward(inputs, parameters)
        runner = self._shapes
        return runner.rows(
            parameters[:, 0], np.ascontiguousarray(inputs), runner.layout.row
        )

    @lazy
    def _shapes(self) -> ByShape:
        """All variables, shape by shape, without data."""
        from cgprimer.run.llvm.by_shape import MOST, ByShape

        # No targets, and data that are never read: their length only lets blocks be as
        # long as they may, and `rows` is given the true data at each call.
        nothing = np.empty((0, MOST))
        inputs = np.empty((self.graph.table.input_rows.size, MOST))
        kind = find_loss("mse")
        sweeps = self.graph.running.program()
        return ByShape(
            Problem(
                sweeps, [], inputs, nothing, None, None, kind, self.threads, self.built
            )
        )

    def _parts(self) -> list[Said]:
        return [Said(f"Program of {self.graph!r}\n{self.explain()}")]

    @memo
    def _fused_values(self, partials: bool) -> FusedValues:
        return FusedValues(self.graph, self._whole, partials, self.built)

    def objective(
        self,
        inputs: Mapping[str, ArrayLike],
        targets: Mapping[str, ArrayLike],
        *,
        loss: str | Loss = "mse",
        weights: ArrayLike | None = None,
        sigma: Mapping[str, ArrayLike] | None = None,
    ) -> Objective:
        """The mean over samples of the summed loss of the targets, ready to be fitted.

        inputs : name → array (n,) for every input. targets : name → array (n,).
        loss : "mse", "mae", "huber", "cross-entropy" or "softmax-cross-entropy" (both
            from logits), or a Loss.
        weights : (n,), not negative; the mean over samples becomes a weighted one.
        sigma : target → (n,): losses see predictions and targets divided by it.

        Raises FitError for names, lengths or values that do not fit.
        """
        graph, kind = self.graph, find_loss(loss)
        takes.kind(Mapping, inputs=inputs, targets=targets)
        takes.mapping(sigma=sigma)
        check_targets(graph, inputs, targets)
        given, met, count = columns_of(inputs, targets)
        rows, target_rows = list(targets), NamedRows(targets)
        if kind.from_logits:
            if sigma is not None:
                raise FitError(
                    f"{kind.name} has no residuals, so no sigma: leave it out"
                )
            graph, rows = with_logits(graph, tuple(targets), kind)
        problem = Problem(
            graph.running.program(rows),
            [graph.variable_number[name] for name in rows],
            graph.table.input_rows.pack(given, count),
            target_rows.pack(met, count),
            None if sigma is None else deviations(sigma, target_rows, count),
            weights_of_mean_one(weights, count),
            kind,
            self.threads,
            self.built,
        )
        if kind.from_logits:
            check_probabilities(problem, kind)
        return Objective(graph, problem, self.runner(problem))

    def runner(self, problem: Problem) -> Runner:
        """What computes a problem: the way that suits the equations it needs."""
        # A loss of a caller's own is numpy code, which machine code cannot call.
        if not problem.loss.formula and problem.loss.joint is None:
            return ByNumpy(problem)
        table, equations = problem.sweeps.table, problem.sweeps.equations
        tier, _ = self._choose(len(equations), table.operations(equations))
        if tier == "fused":
            return Fused(problem, ExpandedGraph(table, equations))
        if tier == "by shape":
            from cgprimer.run.llvm.by_shape import ByShape

            runner = ByShape(problem)
            self.layers = max(self.layers, runner.layers)
            return runner
        return ByNumpy(problem)

    def source(self) -> str:
        """What was built for the graph so far, in LLVM's assembly language.

        Empty before something was asked for, and where numpy runs the graph.
        """
        return "\n".join(code.source for code in self.built.alive())

    def explain(self) -> Explanation:
        """How the graph is run, and what was built for it so far."""
        codes, shapes = self.built.alive(), self.graph.table.shapes
        return Explanation(
            self.tier,
            self.reason,
            len(self.graph),
            len(shapes),
            self.graph.table.operations(),
            self.layers,
            len(codes),
            sum(code.cached for code in codes),
            sum(code.size for code in codes),
            sum(code.seconds for code in codes),
            tuple(sorted(set().union(*(s.written_out for s in shapes)))),
        )
