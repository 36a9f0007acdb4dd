"""Running all groups of a graph over blocks of samples: loads, sweeps, sums, steps.

The functions know groups by their records alone, so that one module serves every
graph. Each takes a list of 64-bit arguments; `DriverArguments` numbers them.
"""

from __future__ import annotations

from enum import IntEnum

from cgprimer.expr.ops import name
from cgprimer.run.llvm.emit import Emitter
from cgprimer.run.llvm.shape_text import FIELDS, GroupField, Work
from cgprimer.run.update_rules import UpdateRule

LANES = 8


class DriverArguments(IntEnum):
    """Arguments of every function here.

    GROUPS, COUNT : records in the order of evaluation. WORK : its record.
    DATA, WIDTH, ROWS : rows of data, how far apart and how many; they become the first
    rows of values. ORDER : numbers of samples, or 0. FIRST, END : the range of them.
    BLOCK : samples at a time. UNIT : the lanes that samples are padded to.
    LOSS, TERMS : the first row of the loss and the number of its rows.
    SUM : where a loss goes. CELLS, PARAMETERS : doubles of adjoints, of the gradient.
    BATCH, SETTINGS, LOSSES, MEMORY : of an epoch. TARGET : the row of a Jacobian.
    """

    GROUPS = 0
    COUNT = 1
    WORK = 2
    DATA = 3
    WIDTH = 4
    ROWS = 5
    ORDER = 6
    FIRST = 7
    END = 8
    BLOCK = 9
    UNIT = 10
    LOSS = 11
    TERMS = 12
    SUM = 13
    CELLS = 14
    PARAMETERS = 15
    BATCH = 16
    SETTINGS = 17
    LOSSES = 18
    MEMORY = 19
    TARGET = 20


POINTERS = {"GROUPS", "WORK", "DATA", "ORDER", "SUM", "SETTINGS", "LOSSES", "MEMORY"}


class _Driver(Emitter):
    """A function of `DriverArguments`, with its parts as methods."""

    def __init__(self) -> None:
        super().__init__(LANES)
        self.at = {
            field.name: self.field(
                "%args", field, "ptr" if field.name in POINTERS else "i64"
            )
            for field in DriverArguments
        }
        work = self.at["WORK"]
        self.values = self.field(work, Work.VALUES, "ptr")
        self.adjoints = self.field(work, Work.ADJOINTS, "ptr")
        self.gradient = self.field(work, Work.GRADIENT, "ptr")
        self.numbers = self.field(work, Work.NUMBERS, "ptr")
        self.stride = self.field(work, Work.STRIDE, "i64")
        self.across = self.new(f"icmp eq i64 {self.at['UNIT']}, 1")
        self.ordered = self.new(f"icmp ne ptr {self.at['ORDER']}, null")

    def clear(self, place: str, count: str) -> None:
        """Set doubles to zero."""
        self.declared.add("void @llvm.memset.p0.i64(ptr, i8, i64, i1)")
        size = self.times(count, 8)
        given = f"ptr {place}, i8 0, i64 {size}, i1 false"
        self.do(f"call void @llvm.memset.p0.i64({given})")

    def copy(self, to: str, source: str, count: str) -> None:
        """Copy doubles."""
        self.declared.add("void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)")
        size = self.times(count, 8)
        self.do(
            f"call void @llvm.memcpy.p0.p0.i64(ptr {to}, ptr {source}, i64 {size}, "
            "i1 false)"
        )

    def begin(self, low: str, high: str) -> str:
        """Load the samples from `low` to `high`; their number."""
        samples = self.minus(high, low)
        # Up to whole vectors: n + 7 with the last three bits cleared, which is n + 7
        # and -8. UNIT is a power of two, 8 or 1.
        rest = self.minus(self.at["UNIT"], 1)
        lanes = self.new(
            f"and i64 {self.plus(samples, rest)}, {self.minus('0', self.at['UNIT'])}"
        )
        for field, count in ((Work.LANES, lanes), (Work.SAMPLES, samples)):
            place = self.place(self.at["WORK"], field, "i64")
            self.do(f"store i64 {count}, ptr {place}")
        last = self.minus(samples, 1)

        def row(d: str, _: list[str]) -> list[str]:
            to = self.place(self.values, self.times(d, self.stride))
            source = self.place(self.at["DATA"], self.times(d, self.at["WIDTH"]))
            plain = self.place(source, low)
            # One of the two ways has nothing to do: a copy of no doubles, or a loop of
            # no rounds.
            self.copy(to, plain, self.choose(self.ordered, 0, samples))

            def ordered(j: str, _: list[str]) -> list[str]:
                which = self.number(self.at["ORDER"], self.plus(low, j), "i64")
                number = self.number(source, which)
                self.do(f"store double {number}, ptr {self.place(to, j)}")
                return []

            self.loop(0, self.choose(self.ordered, samples, 0), 1, ordered)
            # Lanes of padding get the last sample, so that they take no way that no
            # sample takes, such as that of sin beyond what is reduced here.
            final = self.number(to, last)

            def pad(j: str, _: list[str]) -> list[str]:
                self.do(f"store double {final}, ptr {self.place(to, j)}")
                return []

            self.loop(samples, lanes, 1, pad)
            return []

        self.loop(0, self.at["ROWS"], 1, row)
        return samples

    def run(self, field: GroupField, g: str) -> None:
        """Run the group with number `g`."""
        group = self.place(self.at["GROUPS"], self.times(g, FIELDS), "i64")
        function = self.field(group, field, "ptr")
        self.do(f"call void {function}(ptr {group}, ptr {self.at['WORK']})")

    def forward(self) -> None:
        """Run all groups forward."""

        def group(g: str, _: list[str]) -> list[str]:
            self.run(GroupField.FORWARD, g)
            return []

        self.loop(0, self.at["COUNT"], 1, group)

    def reverse(self, count: str) -> None:
        """Run the first `count` groups in reverse."""
        last = self.minus(count, 1)

        def group(g: str, _: list[str]) -> list[str]:
            self.run(GroupField.REVERSE, self.minus(last, g))
            return []

        self.loop(0, count, 1, group)

    def seed(self, samples: str) -> str:
        """Sum the terms of the loss, and set their adjoints to one."""
        # For one sample rows are one number apart, so the terms of the loss lie side by
        # side: they are read as one row of TERMS numbers.
        rows = self.choose(self.across, 1, self.at["TERMS"])
        length = self.choose(self.across, self.at["TERMS"], samples)
        first = self.times(self.at["LOSS"], self.stride)

        def row(t: str, total: list[str]) -> list[str]:
            begin = self.plus(first, self.times(t, self.stride))
            values, adjoints = (
                self.place(base, begin) for base in (self.values, self.adjoints)
            )

            def lanes(j: str, total: list[str]) -> list[str]:
                mask = self.lanes_below(j, length)
                # An adjoint of 0 in the lanes of padding: they get no share of the
                # gradient.
                self.store(self.masked(mask, self.const(1.0)), adjoints, j)
                return [self.fadd(total[0], self.masked(mask, self.load(values, j)))]

            return self.loop(0, length, LANES, lanes, [(self.type, total[0])])

        [total] = self.loop(0, rows, 1, row, [(self.type, self.const(0.0))])
        return self.lane_sum(total)

    def summed(self, low: str, high: str, before: str = "0.0") -> str:
        """`before` + the loss over samples; its gradient is added to GRADIENT."""

        def block(begin: str, total: list[str]) -> list[str]:
            end = self.smaller(self.plus(begin, self.at["BLOCK"]), high)
            samples = self.begin(begin, end)
            self.clear(self.adjoints, self.at["CELLS"])
            self.forward()
            loss = self.seed(samples)
            self.reverse(self.at["COUNT"])
            return [self.new(f"fadd double {total[0]}, {loss}")]

        start = [("double", before)]
        return self.loop(low, high, self.at["BLOCK"], block, start)[0]


def _forward() -> Emitter:
    """Values of one block."""
    e = _Driver()
    e.begin(e.at["FIRST"], e.at["END"])
    e.forward()
    return e


def _gradient() -> Emitter:
    """The summed loss is added to SUM, and its gradient to GRADIENT."""
    e = _Driver()
    before = e.number(e.at["SUM"], 0)
    total = e.summed(e.at["FIRST"], e.at["END"], before)
    e.do(f"store double {total}, ptr {e.at['SUM']}")
    return e


def _jacobian() -> Emitter:
    """Derivatives of the variable TARGET by parameters, a row per sample, to LOSSES."""
    e = _Driver()
    # The loss is the last group. It is left out on the way back, and TARGET begins with
    # 1.
    before_loss = e.minus(e.at["COUNT"], 1)

    def sample(i: str, _: list[str]) -> list[str]:
        e.begin(i, e.plus(i, 1))
        e.forward()
        e.clear(e.adjoints, e.at["CELLS"])
        e.clear(e.gradient, e.at["PARAMETERS"])
        one = e.place(e.adjoints, e.times(e.at["TARGET"], e.stride))
        e.do(f"store double 1.0, ptr {one}")
        e.reverse(before_loss)
        row = e.times(e.minus(i, e.at["FIRST"]), e.at["PARAMETERS"])
        e.copy(e.place(e.at["LOSSES"], row), e.gradient, e.at["PARAMETERS"])
        return []

    e.loop(e.at["FIRST"], e.at["END"], 1, sample)
    return e


def _module(**functions: Emitter) -> str:
    declared = {text for e in functions.values() for text in e.declared}
    parts = [f"declare {text}" for text in sorted(declared)]
    for title, e in functions.items():
        e.do("ret void")
        parts += [f"define void @{title}(ptr %args) {{", *e.lines, "}", ""]
    return "\n".join(parts)


def driver_text() -> str:
    """`forward`, `gradient` and `jacobian`."""
    return _module(forward=_forward(), gradient=_gradient(), jacobian=_jacobian())


def epoch_text(rule: UpdateRule) -> str:
    """`epoch`: a step of the rule after every batch.

    MEMORY holds what the rule remembers, in rows as long as the gradient.
    """
    e = _Driver()

    def step(low: str, carried: list[str]) -> list[str]:
        [number] = carried
        high = e.smaller(e.plus(low, e.at["BATCH"]), e.at["END"])
        e.clear(e.gradient, e.at["PARAMETERS"])
        total = e.summed(low, high)
        share = e.new(f"fdiv double 1.0, {e.real(e.minus(high, low))}")
        mean = e.new(f"fmul double {total}, {share}")
        e.do(f"store double {mean}, ptr {e.place(e.at['LOSSES'], number)}")
        every, row = e.splat(share), e.times(number, len(rule.settings))
        settings = {
            name(text): e.splat(e.number(e.at["SETTINGS"], e.plus(row, j)))
            for j, text in enumerate(rule.settings)
        }
        memories = [
            e.place(e.at["MEMORY"], e.times(e.at["PARAMETERS"], m))
            for m in range(len(rule.memory))
        ]
        places = [e.numbers, *memories]

        def move(k: str, _: list[str]) -> list[str]:
            old = [e.load(place, k) for place in places]
            slope = e.new(f"fmul {e.type} {e.load(e.gradient, k)}, {every}")
            for value, place in zip(
                rule.emit(e, settings, slope, old), places, strict=True
            ):
                e.store(value, place, k)
            return []

        # PARAMETERS is a multiple of the lanes; what lies behind the last one has no
        # slope.
        e.loop(0, e.at["PARAMETERS"], LANES, move)
        return [e.plus(number, 1)]

    e.loop(e.at["FIRST"], e.at["END"], e.at["BATCH"], step, [("i64", "0")])
    return _module(epoch=e)
