"""Running all groups of a graph over blocks of samples: loads, sweeps, sums, steps.

    [records of groups], data ─▶ `forward`, `gradient`, `jacobian`, `epoch`

The functions know groups by their records alone, so that one module serves every graph.
Each takes one record, whose fields `DriverField` names; `by_shape` calls them.
"""

from __future__ import annotations

from cgprimer.expr.node import Node
from cgprimer.expr.ops import name
from cgprimer.run.llvm.driver_writer import DriverField as D
from cgprimer.run.llvm.driver_writer import DriverWriter
from cgprimer.run.llvm.emit import Emitter
from cgprimer.run.llvm.lanes import LANES
from cgprimer.run.llvm.module import FunctionText, module_text
from cgprimer.run.update_rule import UpdateRule


def _forward() -> Emitter:
    """Values of one block."""
    e = DriverWriter()
    e.begin(e.at[D.FIRST], e.at[D.END])
    e.forward()
    return e


def _gradient() -> Emitter:
    """The summed loss is added to SUM, and its gradient to GRADIENT."""
    e = DriverWriter()
    before = e.number(e.at[D.SUM], 0)
    e.put(e.sum_samples(e.at[D.FIRST], e.at[D.END], before), e.at[D.SUM])
    return e


def _jacobian() -> Emitter:
    """Derivatives of the variable TARGET by parameters, a row per sample, to LOSSES."""
    e = DriverWriter()
    # The loss is the last group. It is left out on the way back, and TARGET begins with
    # 1.
    before_loss = e.minus(e.at[D.COUNT], 1)

    def sample(i: str) -> None:
        e.begin(i, e.plus(i, 1))
        e.forward()
        e.clear(e.adjoints, e.at[D.CELLS])
        e.clear(e.gradient, e.at[D.PARAMETERS])
        e.put(1.0, e.adjoints, e.times(e.at[D.TARGET], e.stride))
        e.reverse(before_loss)
        row = e.times(e.minus(i, e.at[D.FIRST]), e.at[D.PARAMETERS])
        e.copy(e.place(e.at[D.LOSSES], row), e.gradient, e.at[D.PARAMETERS])

    e.each(e.at[D.FIRST], e.at[D.END], 1, sample)
    return e


class _EpochWriter(DriverWriter):
    """A step of a rule after every batch.

    MEMORY holds what the rule remembers, in rows as long as the gradient.
    """

    def __init__(self, rule: UpdateRule) -> None:
        super().__init__()
        self.rule = rule
        at = self.at
        start = [("i64", "0")]
        self.loop(at[D.FIRST], at[D.END], at[D.BATCH], self.step, start)

    def step(self, low: str, carried: list[str]) -> list[str]:
        """The batch from `low` on, whose number is carried."""
        [number] = carried
        high = self.smaller(self.plus(low, self.at[D.BATCH]), self.at[D.END])
        self.clear(self.gradient, self.at[D.PARAMETERS])
        total = self.sum_samples(low, high)
        with self.scalar():
            share = self.div(1.0, self.as_number(self.minus(high, low)))
            self.put(self.mul(total, share), self.at[D.LOSSES], number)
        self._move(number, self.splat(share))
        return [self.plus(number, 1)]

    def _settings(self, number: str) -> dict[Node, str]:
        """What the rule is given in a step, in every lane."""
        row = self.times(number, len(self.rule.settings))
        return {
            name(text): self.splat(self.number(self.at[D.SETTINGS], self.plus(row, j)))
            for j, text in enumerate(self.rule.settings)
        }

    def _move(self, number: str, share: str) -> None:
        """Change parameters and memories, a vector of parameters at a time."""
        settings = self._settings(number)
        memories = [
            self.place(self.at[D.MEMORY], self.times(self.at[D.PARAMETERS], m))
            for m in range(len(self.rule.memory))
        ]
        places = [self.numbers, *memories]

        def move(k: str) -> None:
            old = [self.load(place, k) for place in places]
            slope = self.mul(self.load(self.gradient, k), share)
            new = self.rule.emit(self, settings, slope, old)
            for value, place in zip(new, places, strict=True):
                self.store(value, place, k)

        # PARAMETERS is a multiple of the lanes; what lies behind the last one has no
        # slope.
        self.each(0, self.at[D.PARAMETERS], LANES, move)


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
