"""The loss of a problem of arrays by machine code, where all its operations have some.

    ArrayProblem ─▶ CompiledRunner, a Runner: gradients and epochs of whole batches

What is asked for less often, and what is left over of an epoch, is computed by numpy.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from cgprimer.expr.node import Node, substitute
from cgprimer.expr.ops import ONE, name
from cgprimer.keeping import memo
from cgprimer.run.arrays.evaluation import concrete
from cgprimer.run.arrays.model import joined
from cgprimer.run.arrays.posed import ArrayProblem
from cgprimer.run.arrays.runner import PLAIN, ArrayRunner, mover, span_of
from cgprimer.run.llvm.arrays import (
    ArrayFunction,
    ArrayStep,
    compile_arrays,
    compile_step,
    uncoded,
)
from cgprimer.run.problem import Steps, check_order
from cgprimer.types import Array, Integers

MOST = 4_096  # samples of one call: code is made for a number of them
CALL, RATE = 1e-5, 4e9  # seconds of a call of numpy, operations of a second
WORTH = 0.5  # seconds by numpy, from which on code pays, which takes as long to make


class CompiledRunner(ArrayRunner):
    """Machine code for batches of one size, each made when that pays.

    eager : whether it is made at once, however little there is to do.
    """

    def __init__(self, problem: ArrayProblem, eager: bool = False) -> None:
        super().__init__(problem)
        self.spent: dict[int, float] = {}
        self.eager = eager
        # The code has its own memory, for one call at a time.
        self._lock = threading.Lock()
        self.roots, self.sizing = _roots(problem)
        self.sampled = {*problem.sampled}
        if problem.samples is not None:
            data = {*self.loss.met.values(), *self.loss.deviations.values()}
            self.sampled |= data | ({self.loss.weight} - {""})

    @property
    def uncoded(self) -> list[str]:
        """The operations that have no machine code."""
        return [*uncoded([*self.roots.values()])]

    def pays(self, batch: int, count: int) -> bool:
        """Whether code for a batch is worth making, with `count` more to be computed.

        By a price in place of the clock: the same calls give the same numbers.
        """
        if batch > MOST or not batch:
            return False
        each = CALL * len(self.step.code) + batch * self.problem.operations / RATE
        self.spent[batch] = self.spent.get(batch, 0.0) + count * each
        return self.eager or self.spent[batch] > WORTH

    @memo
    def code(self, batch: int) -> ArrayFunction:
        """The mean loss over a batch, and its gradient."""
        every = range(len(self.roots))
        roots = [*self.roots.values()]
        return compile_arrays(roots, self.sizing, self.sampled, batch, means=every)

    @memo
    def plain(self, batch: int) -> ArrayStep:
        """A step of plain descent on a batch, with parameters and data of its own."""
        loss, *slopes = self.roots.values()
        entries = self.problem.entries
        by_name = dict(zip(entries.dims, slopes, strict=True))
        code = compile_step(loss, by_name, self.sizing, self.sampled, batch)
        values = entries.split(np.zeros(len(entries)))
        return ArrayStep(code, values, self.data, batch)

    def value_and_gradient(
        self, params: Array, rows: Integers | None = None
    ) -> tuple[float, Array]:
        """The mean loss and its gradient (p,), over the samples in `rows` or all."""
        problem = self.problem
        count = problem.count if rows is None else len(rows)
        if problem.samples is None or not self.pays(count, 1):
            return super().value_and_gradient(params, rows)
        own = problem.entries.split(params)
        with self._lock:
            value, *slopes = self.code(count)({**own, **self.at(rows)})
        return float(value), joined(problem, slopes)

    def epoch(self, state: Array, steps: Steps) -> Array:
        """Step through an order in batches; the mean loss of every batch (steps,)."""
        problem, (rule, _, order, batch) = self.problem, steps
        whole = len(order) // batch
        if problem.samples is None or not whole or not self.pays(batch, whole):
            return super().epoch(state, steps)
        check_order(order, problem.count)
        rates = steps.each_settings()
        parts = order[: whole * batch].reshape(whole, batch)
        with self._lock:
            walk = self._plainly if rule.move == PLAIN else self._by_rule
            losses = walk(state, steps, parts, rates)
        if whole * batch == len(order):
            return losses
        rest = Steps(rule, rates[whole:], order[whole * batch :], batch)
        return np.append(losses, super().epoch(state, rest))

    def _plainly(
        self, state: Array, steps: Steps, parts: Integers, rates: Array
    ) -> Array:
        """Steps in which the code moves the parameters itself."""
        step, views = self.plain(steps.batch), self.problem.entries.split(state[0])
        for text, view in views.items():
            step.values[text][...] = view
        losses = np.array(
            [step(span_of(r), rate) for r, [rate] in zip(parts, rates, strict=False)]
        )
        for text, view in views.items():
            view[...] = step.values[text]
        return losses

    def _by_rule(
        self, state: Array, steps: Steps, parts: Integers, rates: Array
    ) -> Array:
        """Steps of a rule along gradients that the code computes."""
        code, own = self.code(steps.batch), self.problem.entries.split(state[0])
        move = mover(steps.rule, state, self.problem.entries.spans)
        losses = np.empty(len(parts))
        with np.errstate(all="ignore"):
            for number, rows in enumerate(parts):
                value, *slopes = code({**own, **self.at(span_of(rows))})
                losses[number] = value
                move(slopes, rates[number])
        return losses


def _roots(problem: ArrayProblem) -> tuple[dict[str, Node], Any]:
    """The loss and its slopes, each as one expression; the dims of all names."""
    loss = problem.objective
    bodies, sizing = concrete(loss.gradient, problem.sizes)
    wanted = loss.loss, *loss.gradient.outputs
    # The code takes means over samples by itself.
    made: dict[Node, Node] = {name(loss.share): ONE}
    for text, body in bodies.items():
        [made[name(text)]] = substitute([body], made)
    return {text: made[name(text)] for text in wanted}, sizing
