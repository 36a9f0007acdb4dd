"""Graphs with arrays ready to run: kernels of numpy, for points and for data.

    Graph ─▶ ArrayProgram: values and partials at a point; an ArrayObjective of data

`Graph.compile` makes it where a name has axes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from numpy.typing import ArrayLike

from cgprimer import takes
from cgprimer.errors import OptionError, listing
from cgprimer.graph.graph import Graph
from cgprimer.run.arrays.compiled import CompiledRunner
from cgprimer.run.arrays.evaluation import evaluate, jacobians
from cgprimer.run.arrays.pose import pose
from cgprimer.run.arrays.posed import ArrayProblem
from cgprimer.run.arrays.runner import ArrayRunner
from cgprimer.run.explanation import Explanation
from cgprimer.run.llvm import jit
from cgprimer.run.llvm.arrays import uncoded
from cgprimer.run.losses import Loss, find_loss
from cgprimer.run.objective import Objective
from cgprimer.run.problem import Steps
from cgprimer.run.program import Program, Target
from cgprimer.types import Array, Edge, Integers, Value

CODED = "steps over batches become one function, made when it pays"


class ArrayProgram(Program):
    """A graph with arrays ready to run; `Graph.compile` makes it."""

    def _choose(self, equations: int, operations: int) -> tuple[str, str]:
        """The tier, and why."""
        if self.target == "numpy":
            return "numpy", "asked for"
        if why := jit.obstacle():
            if self.target == "jit":
                raise OptionError(f"target='jit' needs llvmlite\n  hint: {why}")
            return "numpy", why
        if missing := uncoded([e.body for e in self.graph.equations]):
            return "numpy", self.refused(missing)
        return "arrays", CODED

    def refused(self, missing: Sequence[str]) -> str:
        """Why there is no machine code; OptionError where it was asked for."""
        said = f"there is no machine code for {listing(missing)}"
        if self.target == "jit":
            raise OptionError(f"{said}: use 'auto'")
        return said

    def __reduce__(self) -> tuple[Any, ...]:
        return ArrayProgram, (self.graph, self.target, self.threads)

    def values(self, at: Mapping[str, ArrayLike]) -> dict[str, Value]:
        """The value of every variable, as `Graph.evaluate` returns them."""
        return evaluate(self.graph, at)

    def values_and_partials(
        self, at: Mapping[str, ArrayLike], *, reuse: bool = False
    ) -> tuple[dict[str, Value], dict[Edge, Value]]:
        """The value of every variable, and the partial on every edge (node, wrt).

        Values are arrays (*dims), partials (*dims of node, *dims of wrt), behind the
        samples where there are some. Raises PointError for a bad `at`.
        """
        takes.flag(reuse=reuse)
        return evaluate(self.graph, at), jacobians(self.graph, at)

    def forward(self, inputs: Array, parameters: Array) -> Array:
        """Refused: rows of numbers are those of graphs of numbers."""
        self.graph.refuse_arrays("forward")
        raise AssertionError

    def objective(
        self,
        inputs: Mapping[str, ArrayLike],
        targets: Mapping[str, ArrayLike],
        *,
        loss: str | Loss = "mse",
        weights: ArrayLike | None = None,
        sigma: Mapping[str, ArrayLike] | None = None,
    ) -> ArrayObjective:
        """The mean over samples of the summed loss of all entries of the targets.

        inputs, targets : name → array (n, *dims), or (*dims) where the graph writes its
            samples out: then all are one, and the first axis of the targets counts.
        loss, weights : as for a graph of numbers; a softmax is over the last axis.
        sigma : target → array of its shape, or (n,).

        Parameters are vectors of all entries, see `.names`. Raises FitError for names,
        shapes or values that do not fit.
        """
        takes.kind(Mapping, inputs=inputs, targets=targets)
        takes.mapping(sigma=sigma)
        kind = find_loss(loss)
        problem = pose(self.graph, inputs, targets, kind, sigma, weights, self.threads)
        return ArrayObjective(self.graph, problem, self.array_runner(problem))

    def array_runner(self, problem: ArrayProblem) -> ArrayRunner:
        """What computes a problem: machine code where all its operations have some."""
        if self.tier == "numpy":
            return ArrayRunner(problem)
        runner = CompiledRunner(problem, eager=self.target == "jit")
        missing = runner.uncoded
        if missing:
            self.refused(missing)
        return ArrayRunner(problem) if missing else runner

    def explain(self) -> Explanation:
        """How the graph is run."""
        table = self.graph.table
        size = table.operations()
        return Explanation(
            self.tier, self.reason, len(table), len(table.shapes), size, 0, 0, 0, 0, 0.0
        )


class ArrayObjective(Objective):
    """The loss of a graph with arrays; parameters are vectors of all entries (p,)."""

    problem: ArrayProblem
    runner: ArrayRunner

    def value(self, params: ArrayLike, rows: Integers | None = None) -> float:
        """The loss, over the samples in `rows` or all."""
        if rows is not None:
            return super().value(params, rows)
        return self.runner.value(self.checked(params))

    @property
    def whole(self) -> bool:
        """Whether all data are one sample, so that there are no smaller batches."""
        return self.problem.samples is None

    def __reduce__(self) -> tuple[Any, ...]:
        kept = {f.name: getattr(self.problem, f.name) for f in fields(ArrayProblem)}
        target: Target = "numpy"
        if isinstance(self.runner, CompiledRunner):
            target = "auto"
        return _restored, (self.graph, target, kept)

    def split(self, params: ArrayLike) -> dict[str, Array]:
        """Name → array of the entries in a vector of parameters."""
        return self.problem.entries.split(self.checked(params))

    def join(self, arrays: Mapping[str, Array]) -> Array:
        """The vector of parameters (p,) that some arrays make."""
        return self.problem.entries.join(arrays)

    def epoch(self, state: Array, steps: Steps) -> Array:
        """Step through an order, as a Runner does; the loss of every batch (steps,)."""
        # Between calls of numpy Ctrl-C is heard.
        return self.runner.epoch(state, steps)

    def parts(self, order: Integers, batch: int) -> Iterator[Integers]:
        """An epoch in whole batches, short enough for Ctrl-C to be heard between."""
        if self.whole:
            yield order
        else:
            yield from super().parts(order, batch)


def _restored(graph: Graph, target: Target, kept: dict[str, Any]) -> ArrayObjective:
    problem = ArrayProblem(**kept)
    program = ArrayProgram(graph, target, kept["threads"])
    return ArrayObjective(graph, problem, program.array_runner(problem))
