"""What the three kinds of convolutions are written with: addresses, blocks, windows."""

from __future__ import annotations

from collections.abc import Callable

from cgprimer.run.llvm.arrays.array_emitter import ArrayEmitter
from cgprimer.run.llvm.arrays.nest import width_of
from cgprimer.run.llvm.arrays.registers import registers
from cgprimer.run.llvm.arrays.steps import Convolution
from cgprimer.run.llvm.blocks import Whole
from cgprimer.run.llvm.lanes import NumberType

Sums = list[str]
Span = tuple[Whole, Whole]


def block_of(count: int, most: int) -> int:
    """How many of `count` to take at once, at most `most`: in blocks as even as can be.

    Blocks of one size are one piece of code, which is worth some fewer at once.

    >>> block_of(16, 6), block_of(6, 6), block_of(7, 6), block_of(3, 8)
    (4, 6, 4, 3)
    """
    even = [k for k in range(1, most + 1) if count % k == 0 and 3 * k >= 2 * most]
    if even:
        return even[-1]
    rounds = -(-count // max(most, 1))
    return -(-count // rounds)


class ConvolutionWriter:
    """Writes one convolution; `e` holds the body.

    registers_each : vectors of registers that one vector of samples takes, at most.
    """

    registers_each = 2

    def __init__(self, step: Convolution, real: NumberType) -> None:
        self.step, self.n = step, step.samples
        full = registers().bytes // real.bytes
        self.width = width_of(self.n, self.registers_each * full)
        # Three registers are for what is read.
        self.sums = max(1, (registers().number - 3) // -(-self.width // full))
        self.e = ArrayEmitter(self.width, real)
        self.C, self.H, self.W = step.image
        self.O, _, self.P, self.Q = step.kernel
        _, self.U, self.V = step.result

    def write(self) -> None:
        """Write the body."""
        raise NotImplementedError

    def pixel(
        self, base: str, channel: Whole, at: tuple[str, str], sizes: tuple[int, int]
    ) -> str:
        """The address of the first sample of a pixel (row, column)."""
        e, (height, width) = self.e, sizes
        place = e.plus(e.times(at[0], width), at[1])
        inside = e.place(base, e.times(place, self.n))
        return self.scaled(inside, channel, height * width * self.n)

    def scaled(self, base: str, index: Whole, step: int) -> str:
        """An address so many steps behind another."""
        if isinstance(index, int):
            return self.e.place(base, index * step)
        return self.e.place(base, self.e.times(index, step))

    def after(self, index: Whole, more: int) -> Whole:
        """A sum of indices."""
        return index + more if isinstance(index, int) else self.e.plus(index, more)

    def carried(self, sums: Sums) -> list[tuple[str, str]]:
        """Sums as a loop carries them."""
        return [(self.e.type, total) for total in sums]

    def zeros(self, count: int) -> Sums:
        """Sums of nothing."""
        return [self.e.const(0.0)] * count

    def each_sample(self, body: Callable[[str, int], None]) -> None:
        """Vectors of samples: where they begin, and how many."""
        whole = self.n - self.n % self.width
        if whole > self.width:
            self.e.each(0, whole, self.width, lambda i: body(i, self.width))
        elif whole:
            body("0", self.width)
        if whole < self.n:
            body(str(whole), self.n - whole)

    def each_block(
        self, count: int, size: int, body: Callable[[Whole, int], None]
    ) -> None:
        """Blocks of channels: the first, and how many; whole blocks in a loop."""
        whole = count - count % size
        if whole > size:
            self.e.each(0, whole, size, lambda first: body(first, size))
        elif whole:
            body(0, size)
        if whole < count:
            body(whole, count - whole)

    def clipped(self, value: str, high: int) -> str:
        """An index from 0 to `high`."""
        e = self.e
        value = e.choose(e.new(f"icmp slt i64 {value}, 0"), 0, value)
        return e.choose(e.new(f"icmp sgt i64 {value}, {high}"), high, value)

    def window(self, start: str, size: int, length: int, padding: int) -> Span:
        """Which places of a window that begins at `start` lie in the image."""
        if not padding:
            return 0, size
        e = self.e
        low = self.clipped(e.minus(0, start), size)
        return low, self.clipped(e.minus(length, start), size)
