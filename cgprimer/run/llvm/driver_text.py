"""Running all groups of a graph over blocks of samples: loads, sweeps, sums, steps.

    [records of groups], data ─▶ `forward`, `gradient`, `jacobian`, `epoch`

The functions know groups by their records alone, so that one module serves every graph.
Each takes one record, whose fields `DriverRecord` names; `by_shape` calls them.
"""

from __future__ import annotations

import functools

from cgprimer.expr.node import Node
from cgprimer.expr.ops import name
from cgprimer.run.llvm.driver_writer import DriverWriter
from cgprimer.run.llvm.emit import Emitter
from cgprimer.run.llvm.lanes import LANES
from cgprimer.run.llvm.module import FunctionText, module_text
from cgprimer.run.update_rule import UpdateRule


def _forward() -> Emitter:
    """Values of one block."""
    e = DriverWriter()
    e.begin(e.at.first, e.at.end)
    e.forward()
    return e


def _gradient() -> Emitter:
    """The summed loss is added to `sum`, and its gradient to `gradient`."""
    e = DriverWriter()
    before = e.number(e.at.sum, 0)
    e.put(e.sum_samples(e.at.first, e.at.end, before), e.at.sum)
    return e


def _jacobian() -> Emitter:
    """Derivatives of variable `target` by parameters, a row per sample, to `losses`."""
    e = DriverWriter()
    # The loss is the last group. It is left out on the way back, and `target` begins
    # with 1.
    before_loss = e.minus(e.at.count, 1)

    def sample(i: str) -> None:
        e.begin(i, e.plus(i, 1))
        e.forward()
        e.clear(e.work.adjoints, e.at.cells)
        e.clear(e.work.gradient, e.at.parameters)
        e.put(1.0, e.work.adjoints, e.times(e.at.target, e.work.stride))
        e.reverse(before_loss)
        row = e.times(e.minus(i, e.at.first), e.at.parameters)
        e.copy(e.place(e.at.losses, row), e.work.gradient, e.at.parameters)

    e.each(e.at.first, e.at.end, 1, sample)
    return e


class _EpochWriter(DriverWriter):
    """A step of a rule after every batch.

    `memory` holds what the rule remembers, in rows as long as the gradient.
    """

    def __init__(self, rule: UpdateRule) -> None:
        super().__init__()
        self.rule = rule
        at = self.at
        start = [("i64", "0")]
        self.loop(at.first, at.end, at.batch, self.step, start)

    def step(self, low: str, carried: list[str]) -> list[str]:
        """The batch from `low` on, whose number is carried."""
        [number] = carried
        high = self.smaller(self.plus(low, self.at.batch), self.at.end)
        self.clear(self.work.gradient, self.at.parameters)
        total = self.sum_samples(low, high)
        with self.scalar():
            share = self.div(1.0, self.as_number(self.minus(high, low)))
            self.put(self.mul(total, share), self.at.losses, number)
        self._move(number, self.splat(share))
        return [self.plus(number, 1)]

    def _settings(self, number: str) -> dict[Node, str]:
        """What the rule is given in a step, in every lane."""
        row = self.times(number, len(self.rule.settings))
        return {
            name(text): self.splat(self.number(self.at.settings, self.plus(row, j)))
            for j, text in enumerate(self.rule.settings)
        }

    def _move(self, number: str, share: str) -> None:
        """Change parameters and memories, a vector of parameters at a time."""
        settings = self._settings(number)
        memories = [
            self.place(self.at.memory, self.times(self.at.parameters, m))
            for m in range(len(self.rule.memory))
        ]
        places = [self.work.numbers, *memories]

        def move(k: str) -> None:
            old = [self.load(place, k) for place in places]
            slope = self.mul(self.load(self.work.gradient, k), share)
            new = self.rule.emit(self, settings, slope, old)
            for value, place in zip(new, places, strict=True):
                self.store(value, place, k)

        # `parameters` is a multiple of the lanes; what lies behind the last one has no
        # slope.
        self.each(0, self.at.parameters, LANES, move)


@functools.cache
def driver_text() -> str:
    """`forward`, `gradient` and `jacobian`."""
    return module_text(
        [
            FunctionText("forward", _forward()),
            FunctionText("gradient", _gradient()),
            FunctionText("jacobian", _jacobian()),
        ]
    )


def epoch_text(rule: UpdateRule) -> str:
    """`epoch`: a step of the rule after every batch."""
    return module_text([FunctionText("epoch", _EpochWriter(rule))])
