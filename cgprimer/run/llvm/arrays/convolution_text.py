"""Convolutions of images with samples last as LLVM text: vectors along samples.

    Convolution (sizes, kind) ─▶ body of a function of %a, %b, %c (and more)

    forward   z[o,u,v] = Σ x[c, u·s + p - d, v·s + q - d]·k[o,c,p,q]
    data      its adjoint by x, kernel: by k, summed over samples

All sizes are constants. What decides the speed is that sums stay in registers: of
several output channels (forward), input channels (data), or places of the kernel times
output channels (kernel), so that one number that is read serves several products.
"""

from __future__ import annotations

from collections.abc import Callable

from cgprimer.expr.ops import name
from cgprimer.run.llvm.arrays.array_emitter import ArrayEmitter
from cgprimer.run.llvm.arrays.nest import width_of
from cgprimer.run.llvm.arrays.registers import registers
from cgprimer.run.llvm.arrays.steps import Convolution
from cgprimer.run.llvm.lanes import NumberType

SUM = name("the sum")
"""What stands for the sum in what becomes of it."""

UNROLLED = 24  # products that are written out one after another, at most


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
    """Writes one convolution; its function gets %a, %b, %c, then %m0, …"""

    def __init__(self, step: Convolution, real: NumberType) -> None:
        self.step, self.real = step, real
        self.n = step.samples
        full = registers().bytes // real.bytes
        # Of the kernel's adjoint all sums stay in registers for long, so its vectors
        # have one register; the others read one number for each product, which serves
        # two registers as well as one.
        most = full if step.kind == "kernel" else 2 * full
        self.width = width_of(self.n, most)
        self.parts = -(-self.width // full)
        self.sums = max(1, (registers().count - 3) // self.parts)
        self.e = ArrayEmitter(self.width, real)
        self.C, self.H, self.W = step.image
        self.O, _, self.P, self.Q = step.kernel
        _, self.U, self.V = step.result

    def write(self) -> ArrayEmitter:
        """The body."""
        getattr(self, f"_{self.step.kind}")()
        return self.e

    # Addresses

    def _pixel(self, base: str, channel: int | str, row: str, column: str,
               sizes: tuple[int, int]) -> str:
        """The address of the first sample of a pixel."""
        e = self.e
        height, width = sizes
        at = e.plus(e.times(row, width), column)
        if isinstance(channel, int):
            at = e.plus(at, channel * height * width)
        else:
            at = e.plus(at, e.times(channel, height * width))
        return e.place(base, e.times(at, self.n))

    def _samples(self, body: Callable[[str, int], None]) -> None:
        """Blocks of samples: where they begin, and how many."""
        whole = self.n - self.n % self.width
        if whole > self.width:
            self.e.each(0, whole, self.width, lambda i: body(i, self.width))
        elif whole:
            body("0", self.width)
        if whole < self.n:
            body(str(whole), self.n - whole)

    def _blocks(
        self, count: int, size: int, body: Callable[[str | int, int], None]
    ) -> None:
        """Blocks of channels: the first, and how many; whole blocks in a loop."""
        whole = count - count % size
        if whole > size:
            self.e.each(0, whole, size, lambda first: body(first, size))
        elif whole:
            body(0, size)
        if whole < count:
            body(whole, count - whole)

    def _scaled(self, base: str, index: str | int, step: int) -> str:
        """An address so many steps behind another."""
        if isinstance(index, int):
            return self.e.place(base, index * step)
        return self.e.place(base, self.e.times(index, step))

    def _clipped(self, value: str, low: int, high: int) -> str:
        e = self.e
        less = e.new(f"icmp slt i64 {value}, {low}")
        value = e.choose(less, low, value)
        more = e.new(f"icmp sgt i64 {value}, {high}")
        return e.choose(more, high, value)

    # Forward

    def _forward(self) -> None:
        e = self.e

        def block(first: str | int, count: int) -> None:
            def row(u: str) -> None:
                def samples(i: str, lanes: int) -> None:
                    e.each(
                        0, self.V, 1,
                        lambda v: self._forward_at(first, count, u, v, i, lanes),
                    )  # fmt: skip

                self._samples(samples)

            e.each(0, self.U, 1, row)

        self._blocks(self.O, block_of(self.O, self.sums), block)

    def _forward_at(
        self, first: str | int, count: int, u: str, v: str, i: str, lanes: int
    ) -> None:
        """The sums of some output channels at one place."""
        e, (sh, sw), (ph, pw) = self.e, self.step.stride, self.step.padding
        top = e.minus(e.times(u, sh), ph) if ph else e.times(u, sh)
        left = e.minus(e.times(v, sw), pw) if pw else e.times(v, sw)
        rows = self._window(top, self.P, self.H, ph)
        columns = self._window(left, self.Q, self.W, pw)
        x = e.place("%a", i)
        corner = e.place(
            x, e.times(e.plus(e.times(top, self.W), left), self.n)
        )
        kernel = self._scaled("%b", first, self.C * self.P * self.Q)
        zero = [(e.type, e.const(0.0))] * count

        def channel(c: str, sums: list[str]) -> list[str]:
            image = e.place(corner, e.times(c, self.H * self.W * self.n))
            weights = e.place(kernel, e.times(c, self.P * self.Q))

            def row(p: str, sums: list[str]) -> list[str]:
                line = e.plain(e.place(image, e.times(p, self.W * self.n)))
                own = e.plain(e.place(weights, e.times(p, self.Q)))

                def one(q: str | int, sums: list[str]) -> list[str]:
                    shift = (
                        q * self.n if isinstance(q, int) else e.times(q, self.n)
                    )
                    number = e.load_lanes(e.place(line, shift), lanes, 1)
                    at = e.place(own, q)
                    return [
                        e.muladd(
                            number,
                            e.splat(e.number(at, o * self.C * self.P * self.Q)),
                            total,
                        )
                        for o, total in enumerate(sums)
                    ]

                if columns is None:
                    for q in range(self.Q):
                        sums = one(q, sums)
                    return sums
                return e.loop(*columns, 1, one, [(e.type, s) for s in sums])

            span = (0, self.P) if rows is None else rows
            return e.loop(*span, 1, row, [(e.type, s) for s in sums])

        sums = e.loop(0, self.C, 1, channel, zero)
        for o, total in enumerate(sums):
            channel_ = first + o if isinstance(first, int) else e.plus(first, o)
            place = self._pixel("%c", channel_, u, v, (self.U, self.V))
            total = self._after(total, channel_, u, v, i, lanes)
            e.store_lanes(total, e.place(place, i), lanes, 1)

    def _window(
        self, start: str, size: int, length: int, padding: int
    ) -> tuple[str, str] | None:
        """Which places of a window lie in the image; None where all do."""
        if not padding:
            return None
        e = self.e
        low = self._clipped(e.minus(0, start), 0, size)
        return low, self._clipped(e.minus(length, start), 0, size)

    def _after(
        self, total: str, channel: str | int, u: str, v: str, i: str, lanes: int
    ) -> str:
        """What becomes of a sum before it is stored."""
        step, e = self.step, self.e
        if step.after is None:
            return total
        values = {SUM: total}
        for k, (node, leaf) in enumerate(step.more):
            by_channel, by_row, by_column, by_sample = leaf.strides
            at = e.plus(e.times(u, by_row), e.times(v, by_column))
            if isinstance(channel, int):
                at = e.plus(at, by_channel * channel)
            else:
                at = e.plus(at, e.times(channel, by_channel))
            if by_sample:
                at = e.plus(at, i)
            values[node] = e.load_lanes(e.place(f"%m{k}", at), lanes, by_sample)
        return e.emit([step.after], values)[0]

    # By the data

    def _data(self) -> None:
        e = self.e

        def block(first: str | int, count: int) -> None:
            def row(r: str) -> None:
                def samples(i: str, lanes: int) -> None:
                    e.each(
                        0, self.W, 1,
                        lambda s: self._data_at(first, count, r, s, i, lanes),
                    )  # fmt: skip

                self._samples(samples)

            e.each(0, self.H, 1, row)

        self._blocks(self.C, block_of(self.C, self.sums), block)

    def _reached(
        self, at: str, size: int, stride: int, padding: int, count: int
    ) -> tuple[str, str, str]:
        """The windows that a row lies in: the first, one behind the last; row + d."""
        e = self.e
        at = e.plus(at, padding)
        # u·s ≤ r + d and u·s + P > r + d
        low = e.plus(e.minus(at, size), 1)
        if stride > 1:
            low = e.new(f"sdiv i64 {self._clipped(e.plus(low, stride - 1), 0, 1 << 40)}, {stride}")
            high = e.new(f"sdiv i64 {at}, {stride}")
        else:
            high = at
        return (
            self._clipped(low, 0, count),
            self._clipped(e.plus(high, 1), 0, count),
            at,
        )

    def _data_at(
        self, first: str | int, count: int, r: str, s: str, i: str, lanes: int
    ) -> None:
        e, (sh, sw), (ph, pw) = self.e, self.step.stride, self.step.padding
        *rows, below = self._reached(r, self.P, sh, ph, self.U)
        *columns, right = self._reached(s, self.Q, sw, pw, self.V)
        g = e.place("%a", i)
        # Row p and column q of the kernel fall as u and v rise: p = r + d - u·s. Written
        # with u and v alone, what LLVM makes of addresses takes a quarter of the time.
        corner = e.plus(e.times(below, self.Q), right)
        kernel = self._scaled("%b", first, self.P * self.Q)
        kernel = e.place(kernel, corner)
        each = self.P * self.Q
        unroll = max(1, min(self.O, UNROLLED // count))
        while self.O % unroll:
            unroll -= 1

        def row(u: str, sums: list[str]) -> list[str]:
            line = e.place(g, e.times(u, self.V * self.n))
            own = e.place(kernel, e.times(u, -sh * self.Q))

            def column(v: str, sums: list[str]) -> list[str]:
                image = e.place(line, e.times(v, self.n))
                weights = e.place(own, e.times(v, -sw))

                def channels(o: str, sums: list[str]) -> list[str]:
                    one = e.place(image, e.times(o, self.U * self.V * self.n))
                    mine = e.place(weights, e.times(o, self.C * each))
                    one, mine = e.plain(one), e.plain(mine)
                    for k in range(unroll):
                        number = e.load_lanes(
                            e.place(one, k * self.U * self.V * self.n), lanes, 1
                        )
                        sums = [
                            e.muladd(
                                number,
                                e.splat(
                                    e.number(mine, k * self.C * each + c * each)
                                ),
                                total,
                            )
                            for c, total in enumerate(sums)
                        ]
                    return sums

                carried = [(e.type, total) for total in sums]
                if unroll == self.O:
                    return channels("0", sums)
                return e.loop(0, self.O, unroll, channels, carried)

            return e.loop(*columns, 1, column, [(e.type, t) for t in sums])

        zero = [(e.type, e.const(0.0))] * count
        sums = e.loop(*rows, 1, row, zero)
        for c, total in enumerate(sums):
            channel = first + c if isinstance(first, int) else e.plus(first, c)
            place = self._pixel("%c", channel, r, s, (self.H, self.W))
            e.store_lanes(total, e.place(place, i), lanes, 1)

    # By the kernel

    def _kernel(self) -> None:
        """Sums over a row of windows in registers, over rows in memory."""
        e, step = self.e, self.step
        columns = min(self.Q, max(1, self.sums // 2 if self.sums < 8 else 5))
        columns = block_of(self.Q, columns)
        channels = min(self.O, max(1, (self.sums - 1) // columns))
        count = self.O * self.C * self.P * self.Q
        sums = e.room(count * self.width)
        e.clear(sums, str(count * self.width))

        def window(u: str) -> None:
            def block(first: str | int, count: int) -> None:
                def image(c: str) -> None:
                    def row(p: str) -> None:
                        for q in range(0, self.Q, columns):
                            here = range(q, min(q + columns, self.Q))
                            self._kernel_at(sums, u, (first, count), c, p, here)

                    self._inside(u, row)

                e.each(0, self.C, 1, image)

            self._blocks(self.O, block_of(self.O, channels), block)

        e.each(0, self.U, 1, window)

        def finish(k: str) -> None:
            total = e.lane_sum(e.load(sums, e.times(k, self.width)))
            with e.scalar():
                factor = (
                    e.number("%factor", 0)
                    if step.given
                    else e.const(step.factor)
                )
                total = e.mul(total, factor)
                if step.given:
                    total = e.add(e.number("%c", k), total)
                e.put(total, "%c", k)

        e.each(0, count, 1, finish)

    def _inside(self, u: str, row: Callable[[str], None]) -> None:
        """The rows of the kernel that lie in the image, for a row of windows."""
        e, (sh, _), (ph, _) = self.e, self.step.stride, self.step.padding
        if not ph:
            e.each(0, self.P, 1, row)
            return
        top = e.minus(e.times(u, sh), ph)
        span = self._window(top, self.P, self.H, ph)
        assert span is not None
        e.each(*span, 1, row)

    def _kernel_at(
        self,
        memory: str,
        u: str,
        block: tuple[str | int, int],
        c: str,
        p: str,
        here: range,
    ) -> None:
        """Add to the sums of some output channels and some columns of the kernel."""
        e, (sh, sw), (ph, pw) = self.e, self.step.stride, self.step.padding
        r = e.plus(e.minus(e.times(u, sh), ph), p)
        image = self._pixel("%a", c, r, "0", (self.H, self.W))
        first, count = block
        some = range(count)
        adjoint = self._pixel("%b", first, u, "0", (self.U, self.V))
        # Columns of windows for which all these columns of the kernel lie in the
        # image; at both ends they are fewer, and only some count.
        inner_low = min(self.V, max(0, -(-(pw - here[0]) // sw)))
        inner_high = max(
            inner_low, min(self.V, (self.W - 1 + pw - here[-1]) // sw + 1)
        )
        spans = [
            (v, v + 1, [q for q in here if 0 <= v * sw - pw + q < self.W])
            for v in (*range(inner_low), *range(inner_high, self.V))
        ]
        spans.append((inner_low, inner_high, list(here)))
        totals = {(o, q): e.const(0.0) for o in some for q in here}
        for low, high, used in spans:
            if used and high > low:
                totals = self._kernel_row(
                    totals, image, adjoint, (low, high), used, some
                )
        each = self.P * self.Q
        at = e.plus(e.times(c, each), e.times(p, self.Q))
        memory = self._scaled(memory, first, self.C * each * self.width)
        for (o, q), total in totals.items():
            place = e.plus(at, o * self.C * each + q)
            e.add_to(e.place(memory, e.times(place, self.width)), total)

    def _kernel_row(
        self,
        totals: dict[tuple[int, int], str],
        image: str,
        adjoint: str,
        span: tuple[int, int],
        used: list[int],
        some: range,
    ) -> dict[tuple[int, int], str]:
        """Sums over a row of windows, and over samples."""
        e, sw, pw = self.e, self.step.stride[1], self.step.padding[1]
        keys = list(totals)

        def places(v: str, sums: list[str]) -> list[str]:
            x = e.place(image, e.times(e.plus(e.times(v, sw), -pw), self.n))
            g = e.place(adjoint, e.times(v, self.n))
            x, g = e.plain(x), e.plain(g)

            def block(i: str, lanes: int, sums: list[str]) -> list[str]:
                now = dict(zip(keys, sums, strict=True))
                slopes = {
                    o: e.load_lanes(
                        e.place(
                            e.place(g, o * self.U * self.V * self.n), i
                        ),
                        lanes, 1,
                    )
                    for o in some
                }  # fmt: skip
                for q in used:
                    number = e.load_lanes(
                        e.place(e.place(x, q * self.n), i), lanes, 1
                    )
                    for o in some:
                        now[o, q] = e.muladd(number, slopes[o], now[o, q])
                return [now[key] for key in keys]

            whole = self.n - self.n % self.width
            if whole > self.width:
                sums = e.loop(
                    0, whole, self.width,
                    lambda i, c: block(i, self.width, c),
                    [(e.type, total) for total in sums],
                )  # fmt: skip
            elif whole:
                sums = block("0", self.width, sums)
            if whole < self.n:
                sums = block(str(whole), self.n - whole, sums)
            return sums

        sums = e.loop(
            span[0], span[1], 1, places, [(e.type, totals[key]) for key in keys]
        )
        return dict(zip(keys, sums, strict=True))
