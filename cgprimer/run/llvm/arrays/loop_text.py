"""A loop over the entries of arrays as LLVM text: vectors along the best axis.

    Loop (shape, expressions, distances) ─▶ Nest ─▶ body of a function of %t and of one
                                                    pointer for each array

Axes that lie one behind the other in every array are one axis. The innermost loop runs
along the axis whose entries are neighbours; a last vector that is not full reads and
writes as many numbers as there are. Lengths and distances are in a table, %t, so that
layers of different sizes share one function: building it costs more than running it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from cgprimer.expr.definitions import expand
from cgprimer.expr.node import Node, postorder, postorder_above
from cgprimer.expr.ops import Op
from cgprimer.run.llvm.arrays.expression import AT_MOST, CHOOSE, EQUAL, LESS
from cgprimer.run.llvm.arrays.steps import Fold, Loop
from cgprimer.run.llvm.blocks import Whole
from cgprimer.run.llvm.emit import Emitter, _extremum, is_coded
from cgprimer.run.llvm.lanes import NumberType, Real

BYTES = 64
RELATIONS = {EQUAL: "oeq", LESS: "olt", AT_MOST: "ole"}
FIRST = {"sum": 0.0, "prod": 1.0, "max": -float("inf"), "min": float("inf")}


class ArrayEmitter(Emitter):
    """Expressions with choices and comparisons; functions named after their width."""

    def emit(self, roots: Iterable[Node], leaves: Mapping[Node, str]) -> list[str]:
        """Instructions for `roots`; `leaves` says which values are there already."""
        roots = expand([*roots], _definition)
        values = dict(leaves)
        self._pairs.clear()
        self._both = set()
        for node in postorder_above(roots, values):
            values[node] = self._node(node, [values[arg] for arg in node.args])
        return [values[root] for root in roots]

    def _node(self, node: Node, args: list[str]) -> str:
        if node.op is CHOOSE:
            return self.select(self.compare("une", args[0], 0.0), args[1], args[2])
        if node.op in RELATIONS:
            holds = self.compare(RELATIONS[node.op], *args)
            return self.select(holds, 1.0, 0.0)
        return super()._node(node, args)

    def call(self, function: str, *args: str) -> str:
        """A call of `@v<width>_<function>`."""
        self.functions.add(f"{self.width}_{function}")
        given = self._arguments(args)
        return self.new(f"call {self.type} @v{self.width}_{function}({given})")

    def muladd(self, a: Real, b: Real, c: Real) -> str:
        """a·b + c, rounded once where the processor can."""
        return self.intrinsic("fmuladd", a, b, c)

    def plain(self, place: str) -> str:
        """The same address, of which LLVM does not ask how it came about.

        Half of the time of building went into finding better ways to step through
        memory; an address and constants behind it need none.
        """
        return self.new(f'call ptr asm "", "=r,0"(ptr {place})')

    def load_lanes(self, base: str, count: int, stride: Whole) -> str:
        """So many numbers from `base` on; zeros in the lanes behind them."""
        if stride == 0:
            return self.splat(self.number(base, 0))
        if self.width == 1:
            return self.number(base, 0)
        if stride != 1:
            vector, kind = self.const(0.0), self.real.name
            for k in range(count):
                number = self.number(base, self._steps(stride, k))
                vector = self.new(
                    f"insertelement {self.type} {vector}, {kind} {number}, i64 {k}"
                )
            return vector
        if count == self.width:
            return self.load(base, 0)
        some = f"<{count} x {self.real.name}>"
        part = self.new(f"load {some}, ptr {base}, align {self.real.bytes}")
        order = ", ".join(f"i32 {min(k, count)}" for k in range(self.width))
        return self.new(
            f"shufflevector {some} {part}, {some} zeroinitializer, "
            f"<{self.width} x i32> <{order}>"
        )

    def _steps(self, stride: Whole, k: int) -> Whole:
        return stride * k if isinstance(stride, int) else self.times(stride, k)

    def store_lanes(self, value: str, base: str, count: int, stride: Whole) -> None:
        """Store the first lanes."""
        if self.width == 1 or (stride == 1 and count == self.width):
            self.store(value, base, 0)
        elif stride == 1:
            order = ", ".join(f"i32 {k}" for k in range(count))
            some = f"<{count} x {self.real.name}>"
            part = self.new(
                f"shufflevector {self.type} {value}, {self.type} poison, "
                f"<{count} x i32> <{order}>"
            )
            self.do(f"store {some} {part}, ptr {base}, align {self.real.bytes}")
        else:
            for k in range(count):
                number = self.new(f"extractelement {self.type} {value}, i64 {k}")
                self.put(number, base, self._steps(stride, k))

    def joined(self, fold: Fold, total: str, value: Real) -> str:
        """What is folded so far, with one value more."""
        if fold == "sum":
            return self.add(total, value)
        if fold == "prod":
            return self.mul(total, value)
        return _extremum(self, "ogt" if fold == "max" else "olt", total, value)

    def over_lanes(self, fold: Fold, vector: str) -> str:
        """All lanes folded into one number."""
        if self.width == 1:
            return vector
        if fold == "sum":
            return self.lane_sum(vector)
        lanes = [
            self.new(f"extractelement {self.type} {vector}, i64 {k}")
            for k in range(self.width)
        ]
        with self.scalar():
            total = lanes[0]
            for lane in lanes[1:]:
                total = self.joined(fold, total, lane)
        return total


def _definition(op: Op) -> Node | None:
    if op is CHOOSE or op in RELATIONS:
        return None
    return None if is_coded(op) else op.formula


class Walk(NamedTuple):
    """An axis of a loop: its length, and the distance along it in each array.

    Both are numbers, and names where a function has them from its table.
    """

    size: int
    strides: tuple[int, ...]
    folded: bool


class Steps(NamedTuple):
    """An axis as a function sees it: names of the length and of distances, or 0."""

    size: Whole
    strides: tuple[Whole, ...]
    folded: bool


class Nest(NamedTuple):
    """The axes of a loop: those around, and the one along which vectors lie, if any."""

    walks: list[Walk]
    lane: Walk | None
    width: int

    @property
    def rest(self) -> int:
        """Entries along the lane behind whole vectors."""
        return self.lane.size % self.width if self.lane else 0

    @property
    def table(self) -> list[int]:
        """What the function is told: lengths and distances that are not 0."""
        numbers = []
        for walk in self.walks:
            numbers += [walk.size, *(s for s in walk.strides if s)]
        if self.lane:
            whole = self.lane.size - self.rest
            numbers += [whole, *(s for s in self.lane.strides if s not in (0, 1))]
        return numbers

    @property
    def pattern(self) -> tuple[object, ...]:
        """What the function's text depends on."""
        around = tuple((w.folded, tuple(map(bool, w.strides))) for w in self.walks)
        if self.lane is None:
            return around, self.width
        kinds = tuple(s if s in (0, 1) else 2 for s in self.lane.strides)
        whole = self.lane.size >= self.width
        return around, self.width, self.rest, whole, self.lane.folded, kinds


def nest_of(loop: Loop, real: NumberType) -> Nest:
    """The axes of a loop, and how wide its vectors are."""
    walks = loop_axes(loop)
    if not walks:
        return Nest([], None, 1)
    most = BYTES // real.bytes
    lane = walks.pop(vector_axis(walks, most))
    return Nest(walks, lane, width_of(lane.size, most))


def signature(loop: Loop, nest: Nest) -> tuple[object, ...]:
    """What tells the functions of loops apart."""
    number = {node: k for k, (node, _) in enumerate(loop.leaves)}
    rows: dict[Node, int] = {}
    text: list[tuple[object, ...]] = []
    for node in postorder([output.root for output in loop.outputs]):
        rows[node] = len(rows)
        value = number[node] if node in number else node.value
        shown = value.hex() if isinstance(value, float) else value
        text.append((node.op, shown, *(rows[arg] for arg in node.args)))
    roots = tuple(rows[output.root] for output in loop.outputs)
    return nest.pattern, tuple(text), roots, loop.fold, loop.factor


def loop_axes(loop: Loop) -> list[Walk]:
    """The axes of a loop, joined where all arrays allow it, the longest steps first.

    The distances are those of the outputs, then those of the leaves.
    """
    kept = [k for k in range(len(loop.shape)) if k not in loop.reduced]
    columns = []
    for output in loop.outputs:
        own = dict(zip(kept, output.to.strides, strict=True))
        columns.append([own.get(k, 0) for k in range(len(loop.shape))])
    columns += [list(leaf.strides) for leaf in loop.reads]
    walks = [
        Walk(size, tuple(column[k] for column in columns), k in loop.reduced)
        for k, size in enumerate(loop.shape)
        if size != 1
    ]
    first = len(loop.outputs) if loop.fold else 0
    walks.sort(key=lambda walk: -max(map(abs, walk.strides[first:]), default=0))
    walks.sort(key=lambda walk: walk.folded)
    joined: list[Walk] = []
    for walk in walks:
        if joined and _joins(joined[-1], walk):
            joined[-1] = walk._replace(size=joined[-1].size * walk.size)
        else:
            joined.append(walk)
    return joined


def _joins(outer: Walk, inner: Walk) -> bool:
    return outer.folded == inner.folded and all(
        s == t * inner.size for s, t in zip(outer.strides, inner.strides, strict=True)
    )


def vector_axis(walks: Sequence[Walk], most: int) -> int:
    """The axis along which vectors cost least for an entry."""

    def cost(k: int) -> tuple[float, int]:
        walk = walks[k]
        width = width_of(walk.size, most)
        apart = sum(s not in (0, 1) for s in walk.strides)
        rounds = -(-walk.size // width)
        return (1 + apart * width / 2) * rounds / walk.size, -k

    return min(range(len(walks)), key=cost)


def width_of(size: int, most: int) -> int:
    """The lanes of vectors along an axis."""
    width = 1
    while width < size and width < most:
        width *= 2
    return width


class LoopWriter:
    """Writes one loop; its function gets %p0, %p1, …: outputs, then leaves."""

    def __init__(self, loop: Loop, nest: Nest, real: NumberType) -> None:
        self.loop, self.width = loop, nest.width
        self.e = ArrayEmitter(nest.width, real)
        self.count = len(loop.outputs)
        self.known: dict[int, str] = {}
        self._told = 0
        self.walks = [
            Steps(
                self._tell(),
                tuple(self._tell() if s else 0 for s in walk.strides),
                walk.folded,
            )
            for walk in nest.walks
        ]
        self.lane: Steps | None = None
        self.rest, self.whole = nest.rest, False
        if nest.lane:
            self.whole = nest.lane.size >= nest.width
            size = self._tell()
            self.lane = Steps(
                size,
                tuple(s if s in (0, 1) else self._tell() for s in nest.lane.strides),
                nest.lane.folded,
            )

    def _tell(self) -> str:
        """The next number of the table."""
        self._told += 1
        return self.e.number("%t", self._told - 1, "i64")

    def write(self) -> ArrayEmitter:
        """The body."""
        base = [f"%p{k}" for k in range(self.count + len(self.loop.leaves))]
        outer = [walk for walk in self.walks if not walk.folded]
        self._outer(outer, base)
        return self.e

    def _remaining(self, walks: Sequence[Steps], k: int) -> bool:
        """Whether a leaf still moves in loops that are to come."""
        lanes = [self.lane] if self.lane else []
        return any(walk.strides[k] for walk in (*walks, *lanes))

    def _settle(self, inner: Sequence[Steps], base: Sequence[str]) -> list[int]:
        """Load what does not change any more; which leaves these are."""
        new = [
            k
            for k in range(self.count, len(base))
            if k not in self.known and not self._remaining(inner, k)
        ]
        for k in new:
            self.known[k] = self.e.splat(self.e.number(base[k], 0))
        return new

    def _at(self, walk: Steps, base: Sequence[str], index: str) -> list[str]:
        """Where all arrays are, so far along an axis."""
        e = self.e
        return [
            e.place(place, e.times(index, stride) if stride != 1 else index)
            if stride and k not in self.known
            else place
            for k, (place, stride) in enumerate(zip(base, walk.strides, strict=True))
        ]

    def _outer(self, walks: Sequence[Steps], base: list[str]) -> None:
        """Loops over axes that are kept."""
        inner = [walk for walk in self.walks if walk.folded]
        new = self._settle((*walks, *inner), base)
        if walks:
            first = walks[0]
            self.e.each(
                0, first.size, 1,
                lambda i: self._outer(walks[1:], self._at(first, base, i)),
            )  # fmt: skip
        elif self.lane is None or not self.lane.folded:
            self._blocks(base, lambda at, lanes: self._entry(inner, at, lanes))
        else:
            e, fold = self.e, self.loop.fold
            total = self._folded(inner, base, e.const(FIRST[fold]), 0)
            number = e.over_lanes(fold, total)
            with e.scalar():
                e.put(self._scaled(number), base[0])
        for k in new:
            del self.known[k]

    def _blocks(self, base: list[str], body: Callable[[list[str], int], None]) -> None:
        """Whole vectors along the lane, then the rest."""
        if self.lane is None:
            body(base, 1)
            return
        lane, width = self.lane, self.width
        if self.whole:
            self.e.each(
                0, lane.size, width, lambda i: body(self._at(lane, base, i), width)
            )
        if self.rest:
            body(self._behind(base), self.rest)

    def _behind(self, base: list[str]) -> list[str]:
        """Where the arrays are behind the whole vectors."""
        assert self.lane is not None
        return self._at(self.lane, base, str(self.lane.size)) if self.whole else base

    def _entry(self, inner: Sequence[Steps], base: list[str], lanes: int) -> None:
        """One vector of results."""
        e, fold = self.e, self.loop.fold
        if fold:
            total = self._folded(inner, base, e.const(FIRST[fold]), lanes)
            values = [self._scaled(total)]
        else:
            values = self._values(base, lanes)
        for k, value in enumerate(values):
            stride = self.lane.strides[k] if self.lane else 1
            e.store_lanes(value, base[k], lanes, stride)

    def _scaled(self, total: str) -> str:
        factor = self.loop.factor
        return total if factor == 1.0 else self.e.mul(total, factor)

    def _values(self, base: Sequence[str], lanes: int) -> list[str]:
        """The expressions at one vector of entries."""
        e = self.e
        found = dict(self.known)
        for k in range(self.count, len(base)):
            if k not in found:
                stride = self.lane.strides[k] if self.lane else 1
                found[k] = e.load_lanes(base[k], lanes, stride)
        names = {
            node: found[self.count + k] for k, (node, _) in enumerate(self.loop.leaves)
        }
        return e.emit([output.root for output in self.loop.outputs], names)

    def _folded(
        self, walks: Sequence[Steps], base: list[str], total: str, lanes: int
    ) -> str:
        """Loops over axes that are folded; `lanes` is 0 where the lane is one."""
        e = self.e
        new = self._settle(walks, base)
        if walks:
            first = walks[0]
            [total] = e.loop(
                0, first.size, 1,
                lambda i, c: [
                    self._folded(walks[1:], self._at(first, base, i), c[0], lanes)
                ],
                [(e.type, total)],
            )  # fmt: skip
        elif lanes:
            total = self._joined(base, total, lanes)
        else:
            total = self._along(base, total)
        for k in new:
            del self.known[k]
        return total

    def _joined(self, base: Sequence[str], total: str, lanes: int) -> str:
        [value] = self._values(base, lanes)
        return self.e.joined(self.loop.fold, total, value)

    def _along(self, base: list[str], total: str) -> str:
        """Fold along the lane."""
        e, lane, width = self.e, self.lane, self.width
        assert lane is not None
        if self.whole:
            [total] = e.loop(
                0, lane.size, width,
                lambda i, c: [self._joined(self._at(lane, base, i), c[0], width)],
                [(e.type, total)],
            )  # fmt: skip
        if rest := self.rest:
            [value] = self._values(self._behind(base), rest)
            kinds = [f"i1 {str(k < rest).lower()}" for k in range(width)]
            mask = f"<{', '.join(kinds)}>"
            value = e.select(mask, value, e.const(FIRST[self.loop.fold]))
            total = e.joined(self.loop.fold, total, value)
        return total


def loop_text(loop: Loop, nest: Nest, real: NumberType) -> ArrayEmitter:
    """The body of the function of a loop."""
    return LoopWriter(loop, nest, real).write()
