"""LLVM's assembly language as it is written, for every function of machine code.

    BlockWriter   results, indices, blocks and loops
      └ LaneWriter   … and arithmetic on vectors of lanes
          └ Writer      … and memory: records, arrays, vectors in them

`run.llvm.emit` adds expressions, `run.llvm.functions` the elementary functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from cgprimer.run.llvm.blocks import Whole
from cgprimer.run.llvm.lanes import LaneWriter, Real
from cgprimer.run.llvm.records import kinds_of

R = TypeVar("R", bound=NamedTuple)


class Writer(LaneWriter):
    """The body of one function."""

    def record(self, address: str, kind: type[R], first: int = 0) -> R:
        """What a record holds, which begins `first` fields behind an address."""
        # Fields that nobody goes on to use cost nothing: LLVM drops their loads.
        places = (
            self.place(address, first + k, "i64") for k in range(len(kind._fields))
        )
        return kind._make(
            self.new(f"load {each}, ptr {place}")
            for each, place in zip(kinds_of(kind), places, strict=True)
        )

    def field_place(self, address: str, kind: type[NamedTuple], field: str) -> str:
        """The address of a field of a record."""
        return self.place(address, kind._fields.index(field), "i64")

    def room(self, count: int) -> str:
        """The address of new numbers on the stack, aligned to a line of the cache."""
        return self.new(f"alloca {self.real.name}, i64 {count}, align 64")

    def place(self, base: str, index: Whole, kind: str = "") -> str:
        """The address of an element of an array."""
        return self.new(
            f"getelementptr {kind or self.real.name}, ptr {base}, i64 {index}"
        )

    def number(self, base: str, index: Whole, kind: str = "") -> str:
        """An element of an array."""
        kind = kind or self.real.name
        return self.new(f"load {kind}, ptr {self.place(base, index, kind)}")

    def wide(self, base: str, index: Whole) -> str:
        """An i32 of an array, as an index."""
        return self.new(f"sext i32 {self.number(base, index, 'i32')} to i64")

    def put(self, value: Real, base: str, index: Whole = 0) -> None:
        """Store one number, whatever the width."""
        number = value if isinstance(value, str) else self.real.literal(value)
        self.do(f"store {self.real.name} {number}, ptr {self.place(base, index)}")

    def load(self, base: str, index: Whole) -> str:
        """Consecutive numbers, a vector of them."""
        return self._load_at(self.place(base, index))

    def store(self, value: str, base: str, index: Whole) -> None:
        """Store a vector."""
        self._store_at(value, self.place(base, index))

    def add_to(self, place: str, value: str) -> None:
        """Add a vector to what is in memory."""
        self._store_at(self.add(self._load_at(place), value), place)

    # Rows begin anywhere, so a vector is aligned as one number is.

    def _load_at(self, place: str) -> str:
        return self.new(f"load {self.type}, ptr {place}, align {self.real.bytes}")

    def _store_at(self, value: str, place: str) -> None:
        self.do(f"store {self.type} {value}, ptr {place}, align {self.real.bytes}")

    def clear(self, place: str, count: str) -> None:
        """Set numbers to zero."""
        self.declared.add("void @llvm.memset.p0.i64(ptr, i8, i64, i1)")
        size = self.times(count, self.real.bytes)
        given = f"ptr {place}, i8 0, i64 {size}, i1 false"
        self.do(f"call void @llvm.memset.p0.i64({given})")

    def copy(self, to: str, source: str, count: str) -> None:
        """Copy numbers."""
        self.declared.add("void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)")
        size = self.times(count, self.real.bytes)
        given = f"ptr {to}, ptr {source}, i64 {size}, i1 false"
        self.do(f"call void @llvm.memcpy.p0.p0.i64({given})")

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
        vector, kind = "poison", self.real.name
        for k, lane in enumerate(lanes):
            number = self.number(base, lane)
            vector = self.new(
                f"insertelement {self.type} {vector}, {kind} {number}, i64 {k}"
            )
        return vector

    def gather_lanes(self, base: str, indices: str) -> str:
        """The elements of an array whose numbers the lanes of an i32 vector hold."""
        if self.width == 1:
            return self.number(base, indices)
        lanes = self.vector("i32")
        numbers = [
            self.new(f"extractelement {lanes} {indices}, i64 {lane}")
            for lane in range(self.width)
        ]
        return self.gather(base, [self.new(f"sext i32 {x} to i64") for x in numbers])
