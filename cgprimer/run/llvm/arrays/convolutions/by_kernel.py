"""The adjoint of a convolution by its kernels, summed over samples.

Sums of some output channels and some columns of the kernel stay in registers over one
row of windows; over rows they are in %scratch, whose parts stay in the cache with the
rows that they are made of.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cgprimer.run.llvm.arrays.convolutions.writer import (
    ConvolutionWriter,
    Sums,
    block_of,
)
from cgprimer.run.llvm.blocks import Whole

COLUMNS = 5  # of a kernel, whose sums are in registers at once


class KernelPart(NamedTuple):
    """Part of the sums: some output channels from the first on, and columns."""

    first: Whole
    channels: int
    columns: range

    @property
    def keys(self) -> list[tuple[int, int]]:
        """Output channel, from the first on, and column of each sum."""
        return [(o, q) for o in range(self.channels) for q in self.columns]


class Rows(NamedTuple):
    """The rows that sums are made of: addresses in the image and in the adjoint."""

    image: str
    adjoint: str


class KernelWriter(ConvolutionWriter):
    """k[o,c,p,q] = Σ over samples, u, v of x[c, u·s + p - d, v·s + q - d]·g[o,u,v]."""

    registers_each = 1  # sums stay in registers for long: as many as there are

    def write(self) -> None:
        e, count = self.e, self.O * self.C * self.P * self.Q
        e.clear("%scratch", str(count * self.width))
        columns = block_of(self.Q, min(COLUMNS, max(1, self.sums // 2)))
        channels = block_of(self.O, max(1, (self.sums - 1) // columns))

        def window(u: str) -> None:
            def block(first: Whole, some: int) -> None:
                for q in range(0, self.Q, columns):
                    here = range(q, min(q + columns, self.Q))
                    self._windows(u, KernelPart(first, some, here))

            self.each_block(self.O, channels, block)

        e.each(0, self.U, 1, window)
        e.each(0, count, 1, self._finish)

    def _finish(self, k: str) -> None:
        """A sum over lanes, times the factor, to where it is wanted."""
        e, given = self.e, self.step.given
        total = e.lane_sum(e.load("%scratch", e.times(k, self.width)))
        with e.scalar():
            factor = e.number("%factor", 0) if given else e.const(self.step.factor)
            total = e.mul(total, factor)
            if given:
                total = e.add(e.number("%c", k), total)
            e.put(total, "%c", k)

    def _windows(self, u: str, part: KernelPart) -> None:
        """What one row of windows adds to a part of the sums."""
        e, (sh, _), (ph, _) = self.e, self.step.stride, self.step.padding
        top = e.plus(e.times(u, sh), -ph)
        span = self.window(top, self.P, self.H, ph)
        adjoint = self.pixel("%b", part.first, (u, "0"), (self.U, self.V))

        def channel(c: str) -> None:
            def row(p: str) -> None:
                at = (e.plus(top, p), "0")
                image = self.pixel("%a", c, at, (self.H, self.W))
                totals = self._along(Rows(image, adjoint), part)
                self._add(part, c, p, totals)

            e.each(*span, 1, row)

        e.each(0, self.C, 1, channel)

    def _add(self, part: KernelPart, c: str, p: str, totals: Sums) -> None:
        """Add sums to those in memory."""
        e, each = self.e, self.P * self.Q
        memory = self.scaled("%scratch", part.first, self.C * each * self.width)
        memory = self.scaled(memory, c, each * self.width)
        memory = self.scaled(memory, p, self.Q * self.width)
        for (o, q), total in zip(part.keys, totals, strict=True):
            e.add_to(e.place(memory, (o * self.C * each + q) * self.width), total)

    def _along(self, rows: Rows, part: KernelPart) -> Sums:
        """Sums over one row of windows."""
        here, sw, pw = part.columns, self.step.stride[1], self.step.padding[1]
        # Columns of windows for which all these columns of the kernel lie in the
        # image; at both ends only some do, and each window is written out.
        low = min(self.V, max(0, -(-(pw - here[0]) // sw)))
        high = max(low, min(self.V, (self.W - 1 + pw - here[-1]) // sw + 1))
        sums = self.zeros(len(part.keys))
        for v in (*range(low), *range(high, self.V)):
            used = [q for q in here if 0 <= v * sw - pw + q < self.W]
            if used:
                sums = self._over(rows, part, used, (v, v + 1), sums)
        if high > low:
            sums = self._over(rows, part, list(here), (low, high), sums)
        return sums

    def _over(
        self,
        rows: Rows,
        part: KernelPart,
        used: list[int],
        span: tuple[int, int],
        sums: Sums,
    ) -> Sums:
        """Sums over a stretch of windows, and over samples."""
        e, sw, pw = self.e, self.step.stride[1], self.step.padding[1]

        def window(v: str, sums: Sums) -> Sums:
            left = e.plus(e.times(v, sw), -pw)
            here = Rows(
                e.plain(self.scaled(rows.image, left, self.n)),
                e.plain(self.scaled(rows.adjoint, v, self.n)),
            )
            return self._samples(
                lambda i, lanes, sums: self._products(here, part, used, i, lanes, sums),
                sums,
            )

        return e.loop(*span, 1, window, self.carried(sums))

    def _products(
        self,
        here: Rows,
        part: KernelPart,
        used: list[int],
        i: str,
        lanes: int,
        sums: Sums,
    ) -> Sums:
        """One vector of samples: every column of the image by every channel."""
        e = self.e
        now = dict(zip(part.keys, sums, strict=True))
        apart = self.U * self.V * self.n
        slopes = [
            e.load_lanes(e.place(e.place(here.adjoint, o * apart), i), lanes, 1)
            for o in range(part.channels)
        ]
        for q in used:
            number = e.load_lanes(e.place(e.place(here.image, q * self.n), i), lanes, 1)
            for o, slope in enumerate(slopes):
                now[o, q] = e.muladd(number, slope, now[o, q])
        return list(now.values())

    def _samples(self, body: Callable[[str, int, Sums], Sums], sums: Sums) -> Sums:
        """Over vectors of samples."""
        whole = self.n - self.n % self.width
        if whole > self.width:
            sums = self.e.loop(
                0, whole, self.width,
                lambda i, sums: body(i, self.width, sums),
                self.carried(sums),
            )  # fmt: skip
        elif whole:
            sums = body("0", self.width, sums)
        if whole < self.n:
            sums = body(str(whole), self.n - whole, sums)
        return sums
