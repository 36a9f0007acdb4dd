"""LLVM's assembly language as it is written: values, loops, vectors of lanes.

A vector of one lane is a plain double, so that one text serves every width.

`run.llvm.emit` writes expressions with it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

Carried = Sequence[tuple[str, str]]


class Text:
    """The body of one function, line by line.

    width : lanes of a vector. type : how a vector is written.
    """

    def __init__(self, width: int) -> None:
        self._set_width(width)
        self.lines: list[str] = []
        self.declared: set[str] = set()
        self.block = "entry"
        self.label("entry")
        self._count = 0
        self._arguments = 0

    def _set_width(self, width: int) -> None:
        self.width = width
        self.type = "double" if width == 1 else f"<{width} x double>"
        self.bool = "i1" if width == 1 else f"<{width} x i1>"
        self.suffix = "f64" if width == 1 else f"v{width}f64"

    @contextmanager
    def scalar(self) -> Iterator[None]:
        """Vectors have one lane in here."""
        width = self.width
        self._set_width(1)
        yield
        self._set_width(width)

    def new(self, text: str) -> str:
        """Append an instruction that has a result, and name it."""
        self._count += 1
        name = f"%v{self._count}"
        self.lines.append(f"  {name} = {text}")
        return name

    def do(self, text: str) -> None:
        """Append an instruction without a result."""
        self.lines.append(f"  {text}")

    def label(self, name: str) -> None:
        """Begin a block."""
        self.lines.append(f"{name}:")
        self.block = name

    def argument(self, kind: str) -> str:
        """The next of the 64-bit arguments in the list that `%args` points to."""
        self._arguments += 1
        return self.field("%args", self._arguments - 1, kind)

    def field(self, base: str, number: int, kind: str) -> str:
        """One of the 64-bit fields of a record."""
        place = self.new(f"getelementptr i64, ptr {base}, i64 {number}")
        return self.new(f"load {kind}, ptr {place}")

    def const(self, number: float) -> str:
        """`number` in every lane."""
        # The bits: LLVM's language takes decimal digits only where they are exact.
        digits = f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"
        if self.width == 1:
            return digits
        return "<" + ", ".join([f"double {digits}"] * self.width) + ">"

    def splat(self, value: str, kind: str = "double") -> str:
        """A number in every lane."""
        if self.width == 1:
            return value
        lanes = f"<{self.width} x {kind}>"
        one = self.new(f"insertelement {lanes} poison, {kind} {value}, i64 0")
        order = f"<{self.width} x i32> zeroinitializer"
        return self.new(f"shufflevector {lanes} {one}, {lanes} poison, {order}")

    def lane_sum(self, vector: str) -> str:
        """The sum over lanes, in pairs."""
        if self.width == 1:
            return vector
        name = f"double @llvm.vector.reduce.fadd.{self.suffix}"
        self.declared.add(f"{name}(double, {self.type})")
        # -0 is what a sum begins with: 0 + -0 would be 0, where the lanes are all -0.
        # `reassoc` allows pairs; without it the lanes would be added one after another.
        zero = "double 0x8000000000000000"
        return self.new(f"call reassoc {name}({zero}, {self.type} {vector})")

    def lanes_below(self, first: str, end: str) -> str:
        """Which lanes lie before `end` when they are numbered from `first` on."""
        if self.width == 1:
            return "true"
        numbers = ", ".join(f"i64 {lane}" for lane in range(self.width))
        room = self.splat(self.new(f"sub i64 {end}, {first}"), "i64")
        return self.new(f"icmp slt <{self.width} x i64> <{numbers}>, {room}")

    def masked(self, mask: str, value: str) -> str:
        """`value` in the lanes of `mask`, zero in the others."""
        if mask == "true":
            return value
        zero = self.const(0.0)
        return self.new(
            f"select {self.bool} {mask}, {self.type} {value}, {self.type} {zero}"
        )

    def place(self, base: str, index: int | str, kind: str = "double") -> str:
        """The address of an element of an array."""
        return self.new(f"getelementptr {kind}, ptr {base}, i64 {index}")

    def number(self, base: str, index: int | str, kind: str = "double") -> str:
        """An element of an array."""
        return self.new(f"load {kind}, ptr {self.place(base, index, kind)}")

    def load(self, base: str, index: int | str) -> str:
        """Consecutive doubles, a vector of them."""
        return self.new(f"load {self.type}, ptr {self.place(base, index)}, align 8")

    def store(self, value: str, base: str, index: int | str) -> None:
        """Store a vector."""
        place = self.place(base, index)
        self.do(f"store {self.type} {value}, ptr {place}, align 8")

    def times(self, a: str, b: int | str) -> str:
        """A product of indices."""
        return self.new(f"mul i64 {a}, {b}")

    def plus(self, a: str, b: int | str) -> str:
        """A sum of indices."""
        return self.new(f"add i64 {a}, {b}")

    def minus(self, a: str, b: int | str) -> str:
        """A difference of indices."""
        return self.new(f"sub i64 {a}, {b}")

    def choose(self, condition: str, a: int | str, b: int | str) -> str:
        """One of two indices."""
        return self.new(f"select i1 {condition}, i64 {a}, i64 {b}")

    def smaller(self, a: str, b: str) -> str:
        """The smaller of two indices."""
        less = self.new(f"icmp slt i64 {a}, {b}")
        return self.choose(less, a, b)

    def real(self, count: str) -> str:
        """A count as a double."""
        return self.new(f"sitofp i64 {count} to double")

    def lanes_at(self, base: str, index: str, end: str) -> list[str]:
        """Consecutive integers of an array, one per lane; past its end the last."""
        if self.width == 1:
            return [self.number(base, index, "i64")]
        # Past the end of the array there is nothing to read; the caller masks these
        # lanes.
        last = self.minus(end, 1)
        places = [
            self.smaller(self.plus(index, lane), last) for lane in range(self.width)
        ]
        return [self.number(base, place, "i64") for place in places]

    def gather(self, base: str, lanes: Sequence[str]) -> str:
        """The elements of an array whose numbers `lanes` holds."""
        if self.width == 1:
            return self.number(base, lanes[0])
        vector = "poison"
        for k, lane in enumerate(lanes):
            number = self.number(base, lane)
            vector = self.new(
                f"insertelement {self.type} {vector}, double {number}, i64 {k}"
            )
        return vector

    def gather_lanes(self, base: str, indices: str) -> str:
        """The elements of an array whose numbers the lanes of an i32 vector hold."""
        if self.width == 1:
            return self.number(base, indices)
        lanes = f"<{self.width} x i32>"
        found = [
            self.new(f"extractelement {lanes} {indices}, i64 {lane}")
            for lane in range(self.width)
        ]
        return self.gather(base, [self.new(f"sext i32 {x} to i64") for x in found])

    def add_to(self, place: str, value: str) -> None:
        """Add a vector to what is in memory."""
        old = self.new(f"load {self.type}, ptr {place}, align 8")
        self.do(f"store {self.type} {self.fadd(old, value)}, ptr {place}, align 8")

    def fadd(self, a: str, b: str) -> str:
        """A sum of vectors."""
        return self.new(f"fadd {self.type} {a}, {b}")

    def loop(
        self,
        first: int | str,
        end: int | str,
        step: int | str,
        body: Callable[[str, list[str]], list[str]],
        carried: Carried = (),
    ) -> list[str]:
        """A loop over `range(first, end, step)`; what it carries, when it is over.

        carried : (type, first value) of what `body` gets and returns anew.
        """
        self._count += 1
        tag, before = f"loop{self._count}", self.block
        i, following = f"%i{self._count}", f"%n{self._count}"
        names = [f"%c{self._count}_{k}" for k in range(len(carried))]
        self.do(f"br label %{tag}")
        self.label(tag)
        # The values at the end of a round are known only when the body is written; the
        # phis that need them go to the head of the loop afterwards.
        phis = len(self.lines)
        more = self.new(f"icmp slt i64 {i}, {end}")
        self.do(f"br i1 {more}, label %{tag}_body, label %{tag}_done")
        self.label(f"{tag}_body")
        after = body(i, names)
        # The block that the body ends in, which need not be the one that it began in.
        last = self.block
        self.lines.append(f"  {following} = add i64 {i}, {step}")
        self.do(f"br label %{tag}")
        self.lines[phis:phis] = [
            f"  {i} = phi i64 [{first}, %{before}], [{following}, %{last}]",
            *(
                f"  {name} = phi {kind} [{start}, %{before}], [{value}, %{last}]"
                for name, (kind, start), value in zip(
                    names, carried, after, strict=True
                )
            ),
        ]
        self.label(f"{tag}_done")
        return names
