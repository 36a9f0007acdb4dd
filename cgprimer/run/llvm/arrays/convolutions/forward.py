"""The convolution itself: sums of some output channels in registers."""

from __future__ import annotations

from typing import NamedTuple

from cgprimer.run.llvm.arrays.convolutions.writer import (
    ConvolutionWriter,
    Span,
    Sums,
    block_of,
)
from cgprimer.run.llvm.blocks import Whole


class ForwardPlace(NamedTuple):
    """Where sums are made: addresses of image and kernels, and their windows."""

    image: str
    kernels: str
    lanes: int
    rows: Span
    columns: Span


class ForwardWriter(ConvolutionWriter):
    """z[o,u,v] = Σ x[c, u·s + p - d, v·s + q - d]·k[o,c,p,q]."""

    def write(self) -> None:
        def block(first: Whole, count: int) -> None:
            def row(u: str) -> None:
                self.each_sample(lambda i, lanes: self._row(first, count, u, i, lanes))

            self.e.each(0, self.U, 1, row)

        self.each_block(self.O, block_of(self.O, self.sums), block)

    def _row(self, first: Whole, count: int, u: str, i: str, lanes: int) -> None:
        """The sums of some channels in one row."""
        e = self.e

        def column(v: str) -> None:
            place = self._place(first, u, v, i, lanes)
            sums = self._channels(place, self.zeros(count))
            for k, total in enumerate(sums):
                channel = self.after(first, k)
                to = self.pixel("%c", channel, (u, v), (self.U, self.V))
                e.store_lanes(total, e.place(to, i), lanes, 1)

        e.each(0, self.V, 1, column)

    def _place(self, first: Whole, u: str, v: str, i: str, lanes: int) -> ForwardPlace:
        e, (sh, sw), (ph, pw) = self.e, self.step.stride, self.step.padding
        top = e.plus(e.times(u, sh), -ph)
        left = e.plus(e.times(v, sw), -pw)
        corner = e.times(e.plus(e.times(top, self.W), left), self.n)
        return ForwardPlace(
            e.place(e.place("%a", i), corner),
            self.scaled("%b", first, self.C * self.P * self.Q),
            lanes,
            self.window(top, self.P, self.H, ph),
            self.window(left, self.Q, self.W, pw),
        )

    def _channels(self, at: ForwardPlace, sums: Sums) -> Sums:
        """Over input channels and rows of the kernel."""
        e = self.e

        def channel(c: str, sums: Sums) -> Sums:
            image = self.scaled(at.image, c, self.H * self.W * self.n)
            kernels = self.scaled(at.kernels, c, self.P * self.Q)

            def row(p: str, sums: Sums) -> Sums:
                line = e.plain(self.scaled(image, p, self.W * self.n))
                own = e.plain(self.scaled(kernels, p, self.Q))
                return self._columns(at, line, own, sums)

            return e.loop(*at.rows, 1, row, self.carried(sums))

        return e.loop(0, self.C, 1, channel, self.carried(sums))

    def _columns(self, at: ForwardPlace, line: str, own: str, sums: Sums) -> Sums:
        """Over the columns of the kernel; written out where all are in the image."""
        e = self.e

        def column(q: Whole, sums: Sums) -> Sums:
            number = e.load_lanes(self.scaled(line, q, self.n), at.lanes, 1)
            weights = e.place(own, q)
            each = self.C * self.P * self.Q
            return [
                e.muladd(number, e.splat(e.number(weights, o * each)), total)
                for o, total in enumerate(sums)
            ]

        if at.columns == (0, self.Q):
            for q in range(self.Q):
                sums = column(q, sums)
            return sums
        return e.loop(*at.columns, 1, column, self.carried(sums))
