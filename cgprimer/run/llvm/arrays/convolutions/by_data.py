"""The adjoint of a convolution by the image: sums of input channels in registers."""

from __future__ import annotations

from typing import NamedTuple

from cgprimer.run.llvm.arrays.convolutions.writer import (
    ConvolutionWriter,
    Span,
    Sums,
    block_of,
)
from cgprimer.run.llvm.blocks import Whole

UNROLLED = 24  # products that are written out one after another, at most


class DataPlace(NamedTuple):
    """Where sums are made: addresses of adjoint and kernels, and windows around it."""

    adjoint: str
    kernels: str
    lanes: int
    rows: Span
    columns: Span


class DataWriter(ConvolutionWriter):
    """x[c,r,s] = Σ g[o,u,v]·k[o, c, r + d - u·s, s + d - v·s]."""

    def write(self) -> None:
        def block(first: Whole, count: int) -> None:
            def row(r: str) -> None:
                self.each_sample(lambda i, lanes: self._row(first, count, r, i, lanes))

            self.e.each(0, self.H, 1, row)

        self.each_block(self.C, block_of(self.C, self.sums), block)

    def _row(self, first: Whole, count: int, r: str, i: str, lanes: int) -> None:
        """The sums of some channels in one row."""
        e = self.e

        def column(s: str) -> None:
            place = self._place(first, r, s, i, lanes)
            sums = self._rows(place, self.zeros(count))
            for k, total in enumerate(sums):
                channel = self.after(first, k)
                to = self.pixel("%c", channel, (r, s), (self.H, self.W))
                e.store_lanes(total, e.place(to, i), lanes, 1)

        e.each(0, self.W, 1, column)

    def _place(self, first: Whole, r: str, s: str, i: str, lanes: int) -> DataPlace:
        e, (sh, sw), (ph, pw) = self.e, self.step.stride, self.step.padding
        below, right = e.plus(r, ph), e.plus(s, pw)
        # Row p of the kernel falls as u rises: p = r + d - u·s.
        corner = e.plus(e.times(below, self.Q), right)
        kernels = self.scaled("%b", first, self.P * self.Q)
        return DataPlace(
            e.place("%a", i),
            e.place(kernels, corner),
            lanes,
            self._reached(below, self.P, sh, self.U),
            self._reached(right, self.Q, sw, self.V),
        )

    def _reached(self, at: str, size: int, stride: int, count: int) -> Span:
        """The windows that a row lies in: the first, and one behind the last."""
        e = self.e
        # u·s ≤ at and u·s + size > at; what is negative counts as 0 before it is
        # divided.
        low = e.plus(at, stride - size)
        low = e.choose(e.new(f"icmp slt i64 {low}, 0"), 0, low)
        first, last = low, at
        if stride > 1:
            first, last = (e.new(f"sdiv i64 {x}, {stride}") for x in (low, at))
        return self.clipped(first, count), self.clipped(e.plus(last, 1), count)

    def _rows(self, at: DataPlace, sums: Sums) -> Sums:
        """Over the windows that the pixel lies in."""
        e, (sh, sw) = self.e, self.step.stride

        def row(u: str, sums: Sums) -> Sums:
            line = self.scaled(at.adjoint, u, self.V * self.n)
            own = self.scaled(at.kernels, u, -sh * self.Q)

            def column(v: str, sums: Sums) -> Sums:
                image = self.scaled(line, v, self.n)
                return self._channels(at, image, self.scaled(own, v, -sw), sums)

            return e.loop(*at.columns, 1, column, self.carried(sums))

        return e.loop(*at.rows, 1, row, self.carried(sums))

    def _channels(self, at: DataPlace, image: str, kernels: str, sums: Sums) -> Sums:
        """Over output channels, some of them written out."""
        e, each = self.e, self.P * self.Q
        most = max(1, min(self.O, UNROLLED // len(sums)))
        count = max(k for k in range(1, most + 1) if self.O % k == 0)
        apart = self.U * self.V * self.n

        def channels(o: str, sums: Sums) -> Sums:
            first = e.plain(self.scaled(image, o, apart))
            own = e.plain(self.scaled(kernels, o, self.C * each))
            for k in range(count):
                number = e.load_lanes(e.place(first, k * apart), at.lanes, 1)
                weights = e.place(own, k * self.C * each)
                sums = [
                    e.muladd(number, e.splat(e.number(weights, c * each)), total)
                    for c, total in enumerate(sums)
                ]
            return sums

        return e.loop(0, self.O, count, channels, self.carried(sums))
