"""What functions that run all groups of a graph are written with.

    record of arguments (`DriverField`) ─▶ DriverWriter: load samples, sweep, sum

`run.llvm.driver_text` makes the functions, `run.llvm.workspace` the record.
"""

from __future__ import annotations

from cgprimer.run.llvm.emit import Emitter
from cgprimer.run.llvm.group_writer import WORDS, GroupField, WorkField
from cgprimer.run.llvm.lanes import LANES
from cgprimer.run.llvm.records import INT, POINTER, Field


class DriverField(Field):
    """Arguments of every function here.

    GROUPS, COUNT : records in the order of evaluation. WORK : its record.
    DATA, WIDTH, ROWS : rows of data, how far apart and how many; they become the first
    rows of values. ORDER : numbers of samples, or 0. FIRST, END : the range of them.
    BLOCK : samples at a time. UNIT : the lanes that samples are padded to.
    LOSS, TERMS : the first row of the loss and the number of its rows.
    SUM : where a loss goes. CELLS, PARAMETERS : doubles of adjoints, of the gradient.
    BATCH, SETTINGS, LOSSES, MEMORY : of an epoch. TARGET : the row of a Jacobian.
    """

    GROUPS = POINTER
    COUNT = INT
    WORK = POINTER
    DATA = POINTER
    WIDTH = INT
    ROWS = INT
    ORDER = POINTER
    FIRST = INT
    END = INT
    BLOCK = INT
    UNIT = INT
    LOSS = INT
    TERMS = INT
    SUM = POINTER
    CELLS = INT
    PARAMETERS = INT
    BATCH = INT
    SETTINGS = POINTER
    LOSSES = POINTER
    MEMORY = POINTER
    TARGET = INT


D = DriverField  # nearly every line here names one


class DriverWriter(Emitter):
    """A function of a driver's record, with its parts as methods."""

    def __init__(self) -> None:
        super().__init__(LANES)
        self.at = {field: self.field("%args", field) for field in DriverField}
        self.values, self.adjoints, self.gradient, self.numbers, self.stride = (
            self.field(self.at[D.WORK], field)
            for field in (
                WorkField.VALUES,
                WorkField.ADJOINTS,
                WorkField.GRADIENT,
                WorkField.NUMBERS,
                WorkField.STRIDE,
            )
        )
        self.across = self.new(f"icmp eq i64 {self.at[D.UNIT]}, 1")
        self.ordered = self.new(f"icmp ne ptr {self.at[D.ORDER]}, null")

    def begin(self, low: str, high: str) -> str:
        """Load the samples from `low` to `high`; their number."""
        samples = self.minus(high, low)
        # Up to whole vectors: n + 7 with the last three bits cleared, which is n + 7
        # and -8. UNIT is a power of two, 8 or 1.
        rest = self.minus(self.at[D.UNIT], 1)
        above, whole = self.plus(samples, rest), self.minus(0, self.at[D.UNIT])
        lanes = self.new(f"and i64 {above}, {whole}")
        for field, count in ((WorkField.LANES, lanes), (WorkField.SAMPLES, samples)):
            place = self.field_place(self.at[D.WORK], field)
            self.do(f"store i64 {count}, ptr {place}")
        last = self.minus(samples, 1)

        def row(d: str) -> None:
            to = self.place(self.values, self.times(d, self.stride))
            source = self.place(self.at[D.DATA], self.times(d, self.at[D.WIDTH]))
            self._read(to, source, low, samples)
            # Lanes of padding get the last sample, so that they take no way that no
            # sample takes, such as that of sin beyond what is reduced here.
            final = self.number(to, last)
            self.each(samples, lanes, 1, lambda j: self.put(final, to, j))

        self.each(0, self.at[D.ROWS], 1, row)
        return samples

    def _read(self, to: str, source: str, low: str, samples: str) -> None:
        """Copy a row of data from sample `low` on, or the samples that ORDER names."""
        # One of the two ways has nothing to do: a copy of no doubles, or a loop of
        # no rounds.
        plain = self.place(source, low)
        self.copy(to, plain, self.choose(self.ordered, 0, samples))

        def copy_one(j: str) -> None:
            which = self.number(self.at[D.ORDER], self.plus(low, j), "i64")
            self.put(self.number(source, which), to, j)

        self.each(0, self.choose(self.ordered, samples, 0), 1, copy_one)

    def run(self, field: GroupField, g: str) -> None:
        """Run the group with number `g`."""
        group = self.place(self.at[D.GROUPS], self.times(g, WORDS), "i64")
        function = self.field(group, field)
        self.do(f"call void {function}(ptr {group}, ptr {self.at[D.WORK]})")

    def forward(self) -> None:
        """Run all groups forward."""
        self.each(0, self.at[D.COUNT], 1, lambda g: self.run(GroupField.FORWARD, g))

    def reverse(self, count: str) -> None:
        """Run the first `count` groups in reverse."""
        last = self.minus(count, 1)
        self.each(
            0, count, 1, lambda g: self.run(GroupField.REVERSE, self.minus(last, g))
        )

    def seed(self, samples: str) -> str:
        """Sum the terms of the loss, and set their adjoints to one."""
        # For one sample rows are one number apart, so the terms of the loss lie side by
        # side: they are read as one row of TERMS numbers.
        rows = self.choose(self.across, 1, self.at[D.TERMS])
        length = self.choose(self.across, self.at[D.TERMS], samples)
        first = self.times(self.at[D.LOSS], self.stride)

        def row(t: str, total: list[str]) -> list[str]:
            begin = self.plus(first, self.times(t, self.stride))
            values, adjoints = (
                self.place(base, begin) for base in (self.values, self.adjoints)
            )

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
        """`before` + the loss over samples; its gradient is added to GRADIENT."""

        def block(begin: str, total: list[str]) -> list[str]:
            end = self.smaller(self.plus(begin, self.at[D.BLOCK]), high)
            samples = self.begin(begin, end)
            self.clear(self.adjoints, self.at[D.CELLS])
            self.forward()
            loss = self.seed(samples)
            self.reverse(self.at[D.COUNT])
            with self.scalar():
                return [self.add(total[0], loss)]

        start = [(self.real.name, before)]
        return self.loop(low, high, self.at[D.BLOCK], block, start)[0]
