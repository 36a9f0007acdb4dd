"""What functions that run all groups of a graph are written with.

    record of arguments (`DriverRecord`) ─▶ DriverWriter: load samples, sweep, sum

`run.llvm.driver_text` makes the functions, `run.llvm.workspace` the record.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from cgprimer.run.llvm.emit import Emitter
from cgprimer.run.llvm.group_writer import WORDS, GroupRecord, WorkRecord
from cgprimer.run.llvm.lanes import LANES
from cgprimer.run.llvm.records import Int, Pointer


class DriverRecord(NamedTuple):
    """Arguments of every function here.

    groups, count : records in the order of evaluation. work : its record.
    data, width, rows : rows of data, how far apart and how many; they become the first
    rows of values. block : samples at a time. unit : the lanes that samples are padded
    to. loss, terms : the first row of the loss and the number of its rows.
    sum : where a loss goes. cells, parameters : doubles of adjoints, of the gradient.

    What differs from call to call. order : numbers of samples, or 0. first, end : the
    range of them. batch, settings, losses, memory : of an epoch. target : the row of a
    Jacobian.
    """

    groups: Pointer
    count: Int
    work: Pointer
    data: Pointer
    width: Int
    rows: Int
    block: Int
    unit: Int
    loss: Int
    terms: Int
    sum: Pointer
    cells: Int
    parameters: Int
    order: Pointer = 0
    first: Int = 0
    end: Int = 0
    batch: Int = 0
    settings: Pointer = 0
    losses: Pointer = 0
    memory: Pointer = 0
    target: Int = 0


class DriverWriter(Emitter):
    """A function of a driver's record, with its parts as methods."""

    def __init__(self) -> None:
        super().__init__(LANES)
        self.at = self.record("%args", DriverRecord)
        self.work = self.record(self.at.work, WorkRecord)
        self.across = self.new(f"icmp eq i64 {self.at.unit}, 1")
        self.ordered = self.new(f"icmp ne ptr {self.at.order}, null")

    def begin(self, low: str, high: str) -> str:
        """Load the samples from `low` to `high`; their number."""
        samples = self.minus(high, low)
        # Up to whole vectors: n + 7 with the last three bits cleared, which is n + 7
        # and -8. `unit` is a power of two, 8 or 1.
        rest = self.minus(self.at.unit, 1)
        above, whole = self.plus(samples, rest), self.minus(0, self.at.unit)
        lanes = self.new(f"and i64 {above}, {whole}")
        for field, count in (("lanes", lanes), ("samples", samples)):
            place = self.field_place(self.at.work, WorkRecord, field)
            self.do(f"store i64 {count}, ptr {place}")
        last = self.minus(samples, 1)

        def row(d: str) -> None:
            to = self.place(self.work.values, self.times(d, self.work.stride))
            source = self.place(self.at.data, self.times(d, self.at.width))
            self._read(to, source, low, samples)
            # Lanes of padding get the last sample, so that they take no way that no
            # sample takes, such as that of sin beyond what is reduced here.
            final = self.number(to, last)
            self.each(samples, lanes, 1, lambda j: self.put(final, to, j))

        self.each(0, self.at.rows, 1, row)
        return samples

    def _read(self, to: str, source: str, low: str, samples: str) -> None:
        """Copy a row of data from sample `low` on, or those that `order` names."""
        # One of the two ways has nothing to do: a copy of no doubles, or a loop of
        # no rounds.
        plain = self.place(source, low)
        self.copy(to, plain, self.choose(self.ordered, 0, samples))

        def copy_one(j: str) -> None:
            which = self.number(self.at.order, self.plus(low, j), "i64")
            self.put(self.number(source, which), to, j)

        self.each(0, self.choose(self.ordered, samples, 0), 1, copy_one)

    def run(self, way: Literal["forward", "reverse"], g: str) -> None:
        """Run the group with number `g`."""
        group = self.place(self.at.groups, self.times(g, WORDS), "i64")
        function = self.new(
            f"load ptr, ptr {self.field_place(group, GroupRecord, way)}"
        )
        self.do(f"call void {function}(ptr {group}, ptr {self.at.work})")

    def forward(self) -> None:
        """Run all groups forward."""
        self.each(0, self.at.count, 1, lambda g: self.run("forward", g))

    def reverse(self, count: str) -> None:
        """Run the first `count` groups in reverse."""
        last = self.minus(count, 1)
        self.each(0, count, 1, lambda g: self.run("reverse", self.minus(last, g)))

    def seed(self, samples: str) -> str:
        """Sum the terms of the loss, and set their adjoints to one."""
        # For one sample rows are one number apart, so the terms of the loss lie side by
        # side: they are read as one row of `terms` numbers.
        rows = self.choose(self.across, 1, self.at.terms)
        length = self.choose(self.across, self.at.terms, samples)
        first = self.times(self.at.loss, self.work.stride)

        def row(t: str, total: list[str]) -> list[str]:
            begin = self.plus(first, self.times(t, self.work.stride))
            values = self.place(self.work.values, begin)
            adjoints = self.place(self.work.adjoints, begin)

            def lanes(j: str, total: list[str]) -> list[str]:
                mask = self.lanes_below(j, length)
                # An adjoint of 0 in the lanes of padding: they get no share of the
                # gradient.
                self.store(self.keep_lanes(mask, self.const(1.0)), adjoints, j)
                return [self.add(total[0], self.keep_lanes(mask, self.load(values, j)))]

            return self.loop(0, length, LANES, lanes, [(self.type, total[0])])

        [total] = self.loop(0, rows, 1, row, [(self.type, self.const(0.0))])
        return self.lane_sum(total)

    def sum_samples(self, low: str, high: str, before: str = "0.0") -> str:
        """`before` + the loss over samples; its gradient is added to `gradient`."""

        def block(begin: str, total: list[str]) -> list[str]:
            end = self.smaller(self.plus(begin, self.at.block), high)
            samples = self.begin(begin, end)
            self.clear(self.work.adjoints, self.at.cells)
            self.forward()
            loss = self.seed(samples)
            self.reverse(self.at.count)
            with self.scalar():
                return [self.add(total[0], loss)]

        start = [(self.real.name, before)]
        return self.loop(low, high, self.at.block, block, start)[0]
