"""Numbers in LLVM's assembly language: arithmetic on vectors of lanes.

    LaneWriter: one method per instruction, on values of one type and width

A vector of one lane is a plain number, so that one text serves every width; the type of
the numbers is a parameter, too. `Writer` adds what is in memory.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from cgprimer.run.llvm.blocks import BlockWriter, Whole

Real = str | float  # the name of a value, or a number that is alike in all lanes


@dataclass(frozen=True)
class NumberType:
    """A type of floating-point numbers: its name in the language, and its size."""

    name: str
    bits: int

    @property
    def bytes(self) -> int:
        """What a number takes in memory."""
        return self.bits // 8

    def literal(self, number: float) -> str:
        """A number as its bits."""
        # LLVM's language takes decimal digits only where they are exact. For any type
        # it wants the bits of a double, one that is a number of the type.
        kept = "<d" if self.bits == 64 else "<f"
        [number] = struct.unpack(kept, struct.pack(kept, number))
        return f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"


DOUBLE = NumberType("double", 64)
LANES = 8  # of a vector: 64 bytes of doubles, a line of the cache


class LaneWriter(BlockWriter):
    """The body of one function, with numbers in vectors of lanes.

    width : lanes of a vector. real : the type of its numbers. type, int, bool : how
    vectors of numbers, of whole numbers with as many bits, and of truth are written.
    declared : functions that the module has to declare.
    """

    def __init__(self, width: int, real: NumberType = DOUBLE) -> None:
        super().__init__()
        self.real = real
        self._set_width(width)
        self.declared: set[str] = set()

    def _set_width(self, width: int) -> None:
        self.width = width
        self.type, self.bool = self.vector(self.real.name), self.vector("i1")
        self.int = self.vector(f"i{self.real.bits}")
        self.suffix = f"v{width}" * (width > 1) + f"f{self.real.bits}"

    def vector(self, kind: str) -> str:
        """The type of a vector of `kind`."""
        return kind if self.width == 1 else f"<{self.width} x {kind}>"

    @contextmanager
    def scalar(self) -> Iterator[None]:
        """Vectors have one lane in here."""
        width = self.width
        self._set_width(1)
        yield
        self._set_width(width)

    # Numbers, lane by lane

    def const(self, number: float) -> str:
        """`number` in every lane."""
        return self._alike(self.real.name, self.real.literal(number))

    def _alike(self, kind: str, value: str) -> str:
        if self.width == 1:
            return value
        return f"<{', '.join([f'{kind} {value}'] * self.width)}>"

    def _operand(self, value: Real) -> str:
        return value if isinstance(value, str) else self.const(value)

    def _arguments(self, values: Sequence[Real]) -> str:
        """Arguments of a call."""
        return ", ".join(f"{self.type} {self._operand(value)}" for value in values)

    def _apply(self, instruction: str, *args: Real) -> str:
        operands = ", ".join(map(self._operand, args))
        return self.new(f"{instruction} {self.type} {operands}")

    def add(self, a: Real, b: Real) -> str:
        """a + b."""
        return self._apply("fadd", a, b)

    def sub(self, a: Real, b: Real) -> str:
        """a - b."""
        return self._apply("fsub", a, b)

    def mul(self, a: Real, b: Real) -> str:
        """a·b."""
        return self._apply("fmul", a, b)

    def div(self, a: Real, b: Real) -> str:
        """a/b."""
        return self._apply("fdiv", a, b)

    def negative(self, a: Real) -> str:
        """-a."""
        return self._apply("fneg", a)

    def intrinsic(self, name: str, *args: Real) -> str:
        """A call of `llvm.<name>` on vectors."""
        full = f"{self.type} @llvm.{name}.{self.suffix}"
        self.declared.add(f"{full}({', '.join([self.type] * len(args))})")
        return self.new(f"call {full}({self._arguments(args)})")

    def abs(self, a: Real) -> str:
        """|a|."""
        return self.intrinsic("fabs", a)

    def fma(self, a: Real, b: Real, c: Real) -> str:
        """a·b + c, rounded once."""
        return self.intrinsic("fma", a, b, c)

    def compare(self, relation: str, a: Real, b: Real) -> str:
        """A comparison, lane by lane; `relation` is one of fcmp's."""
        return self._apply(f"fcmp {relation}", a, b)

    def select(self, condition: str, a: Real, b: Real) -> str:
        """`a` in the lanes where the condition holds, `b` in the others."""
        return self.new(f"select {self.bool} {condition}, {self._arguments((a, b))}")

    def keep_lanes(self, mask: str, value: str) -> str:
        """`value` in the lanes of `mask`, zero in the others."""
        return value if mask == "true" else self.select(mask, value, 0.0)

    # Bits of numbers, lane by lane

    def integer(self, instruction: str, a: Whole, b: Whole) -> str:
        """An instruction of whole numbers: add, sub, and, xor, shl, lshr, icmp …"""
        kind = f"i{self.real.bits}"
        first, second = (
            x if isinstance(x, str) else self._alike(kind, str(x)) for x in (a, b)
        )
        return self.new(f"{instruction} {self.int} {first}, {second}")

    def bits(self, a: str) -> str:
        """The bits of a number."""
        return self.new(f"bitcast {self.type} {a} to {self.int}")

    def from_bits(self, a: str) -> str:
        """The number that has these bits."""
        return self.new(f"bitcast {self.int} {a} to {self.type}")

    # From one lane to all, and back

    def splat(self, value: str, kind: str = "") -> str:
        """A number in every lane."""
        if self.width == 1:
            return value
        kind = kind or self.real.name
        lanes = self.vector(kind)
        one = self.new(f"insertelement {lanes} poison, {kind} {value}, i64 0")
        order = f"<{self.width} x i32> zeroinitializer"
        return self.new(f"shufflevector {lanes} {one}, {lanes} poison, {order}")

    def lane_sum(self, vector: str) -> str:
        """The sum over lanes, in pairs."""
        if self.width == 1:
            return vector
        kind = self.real.name
        name = f"{kind} @llvm.vector.reduce.fadd.{self.suffix}"
        self.declared.add(f"{name}({kind}, {self.type})")
        # -0 is what a sum begins with: 0 + -0 would be 0, where the lanes are all -0.
        # `reassoc` allows pairs; without it the lanes would be added one after another.
        zero = f"{kind} {self.real.literal(-0.0)}"
        return self.new(f"call reassoc {name}({zero}, {self.type} {vector})")

    def any_lane(self, condition: str) -> str:
        """Whether a condition holds in some lane."""
        if self.width == 1:
            return condition
        mask = self.new(f"bitcast {self.bool} {condition} to i{self.width}")
        return self.new(f"icmp ne i{self.width} {mask}, 0")

    def lanes_below(self, first: str, end: str) -> str:
        """Which lanes lie before `end` when they are numbered from `first` on."""
        if self.width == 1:
            return "true"
        numbers = ", ".join(f"i64 {lane}" for lane in range(self.width))
        room = self.splat(self.minus(end, first), "i64")
        return self.new(f"icmp slt <{self.width} x i64> <{numbers}>, {room}")

    def as_number(self, count: str) -> str:
        """A count as a number."""
        return self.new(f"sitofp i64 {count} to {self.real.name}")
