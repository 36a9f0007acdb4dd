"""An epoch of steps through a whole graph, by one function.

    SampleLoss, UpdateRule ─▶ `epoch_text` ─▶ a function of an `EpochRecord` record

For graphs of some dozens of equations; `run.llvm.sums` calls it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cgprimer.expr.node import Node
from cgprimer.expr.ops import ZERO, name
from cgprimer.run.llvm.emit import Emitter
from cgprimer.run.llvm.lanes import LANES
from cgprimer.run.llvm.module import FunctionText, module_text
from cgprimer.run.llvm.records import Int, Pointer
from cgprimer.run.llvm.rows_text import names_in
from cgprimer.run.llvm.sums_text import SampleLoss, SummedExpressions, row_starts
from cgprimer.run.update_rule import UpdateRule


class EpochRecord(NamedTuple):
    """Arguments of an epoch: rows of data, `stride` apart, of `length` samples.

    count : how many are visited, `batch` a step. settings : of the rule.
    losses : where the loss of each batch goes.
    state : parameters and then what the rule remembers, in rows, changed in place.
    largest : where to store the largest number in the order.

    What differs from call to call. order : numbers of the samples to visit.
    apart : the distance between the settings of two steps.
    """

    rows: Pointer
    stride: Int
    length: Int
    count: Int
    batch: Int
    settings: Pointer
    losses: Pointer
    state: Pointer
    largest: Pointer
    order: Pointer = 0
    apart: Int = 0


def epoch_text(loss: SampleLoss, rule: UpdateRule, batch: int) -> str:
    """`run`: walk through batches of samples, with a step of `rule` after each.

    A number in the order beyond the data is read as 0.
    """
    body = _WholeEpochWriter(loss, rule, batch)
    return module_text([FunctionText("run", body)])


class _WholeEpochWriter(Emitter):
    """An epoch: what is carried from step to step stays in registers."""

    # Carried are the parameters that move, and what the rule remembers of them. For
    # parameters a b c, of which b has no slope, and a rule with one memory, the rows of
    # `state` are a b c and their memories, so
    #
    #     moved 0 2     kinds 0 1     places 0 2 3 5: a, c, memory of a, memory of c
    #
    # and `values[k :: len(moved)]` is a parameter with its memory. In each step
    #
    #     which    numbers of samples from `order`; past its end, the last one
    #     known    data at these, a sample a lane; a and c in every lane
    #     sums     of the loss and of both slopes, masked to the batch
    #     after    rule(settings of the step, mean slope, [a, memory of a]); so for c
    #
    # and the next step carries `after` by kinds again: a, c, then memories.

    def __init__(self, loss: SampleLoss, rule: UpdateRule, batch: int) -> None:
        # With one sample a step there is nothing to put into lanes.
        super().__init__(1 if batch == 1 else LANES, contract=True)
        self.at = self.record("%args", EpochRecord)
        self.loss, self.rule, self.batch = loss, rule, batch
        self.sums, needed = SummedExpressions(loss.roots), names_in(loss.roots)
        self.moved = [k for k, node in enumerate(loss.roots[1:]) if node is not ZERO]
        at, state = self.at, self.at.state
        self.starts = row_starts(self, at.rows, at.stride, loss.data, needed)
        self.still = {
            text: self.number(state, k)
            for k, text in enumerate(loss.parameters)
            if text in needed and k not in self.moved
        }
        self.kinds = range(1 + len(rule.memory))
        places = [j * len(loss.parameters) + k for j in self.kinds for k in self.moved]
        kind = self.real.name
        carried = [("i64", "0"), *((kind, self.number(state, k)) for k in places)]
        _, *final = self.loop(0, at.count, at.batch, self.step, carried)
        for place, value in zip(places, final, strict=True):
            self.put(value, state, place)

    def step(self, low: str, carried: list[str]) -> list[str]:
        """The batch from `low` on: its number and values before and after."""
        number, values = carried[0], carried[1:]
        high = self.smaller(self.plus(low, self.at.batch), self.at.count)
        names = (self.loss.parameters[k] for k in self.moved)
        own = dict(zip(names, values, strict=False))
        fixed = {name(text): self.splat(x) for text, x in (own | self.still).items()}
        totals = self._means(low, high, fixed)
        self.put(totals[0], self.at.losses, number)
        slopes = [totals[k + 1] for k in self.moved]
        after = self._step_of_rule(number, slopes, values)
        return [self.plus(number, 1), *(new[j] for j in self.kinds for new in after)]

    def _means(self, low: str, high: str, fixed: dict[Node, str]) -> list[str]:
        """The mean over a batch of each root."""

        def samples(i: str, so_far: list[str]) -> list[str]:
            visited = self.lanes_at(self.at.order, i, self.at.count)
            which = [self._check_number(number) for number in visited]
            mask = self.lanes_below(i, high)
            known = {name(t): self.gather(row, which) for t, row in self.starts.items()}
            return self.sums.add(self, so_far, fixed | known, mask)

        # A batch that fits into one vector needs no loop: its values are the sums.
        if self.batch <= self.width:
            sums = samples(low, [])
        else:
            sums = self.loop(low, high, self.width, samples, self.sums.first_sums(self))
        totals = self.sums.totals(self, sums)
        if self.batch == 1:
            return totals
        with self.scalar():
            share = self.div(1.0, self.as_number(self.minus(high, low)))
            return [self.mul(total, share) for total in totals]

    def _check_number(self, number: str) -> str:
        """A number of a sample: itself, or 0; the largest is kept in memory."""
        before = self.new(f"load i64, ptr {self.at.largest}")
        larger = self.new(f"icmp ugt i64 {number}, {before}")
        self.do(
            f"store i64 {self.choose(larger, number, before)}, ptr {self.at.largest}"
        )
        there = self.new(f"icmp ult i64 {number}, {self.at.length}")
        return self.choose(there, number, "0")

    def _step_of_rule(
        self, number: str, slopes: Sequence[str], values: Sequence[str]
    ) -> list[list[str]]:
        """For each parameter that moves what becomes of it, and of its memories."""
        # The rule moves one number at a time, not vectors.
        with self.scalar():
            row = self.times(number, self.at.apart)
            now = {
                name(text): self.number(self.at.settings, self.plus(row, j))
                for j, text in enumerate(self.rule.settings)
            }
            return [
                self.rule.emit(self, now, slope, values[k :: len(self.moved)])
                for k, slope in enumerate(slopes)
            ]
