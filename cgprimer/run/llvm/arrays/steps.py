"""What a compiled function of arrays does, step by step, and the memory it does it in.

    lowering ─▶ Plan of Steps over buffers ─▶ `module_text`

A step reads leaves of buffers and writes one. Buffers of numbers in between share one
block of memory: each has its place from the step that writes it to the last that reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import NAME
from cgprimer.run.llvm.arrays.expression import Leaf, Shape

Fold = Literal["", "sum", "max", "min", "prod"]
LINE = 64  # bytes of a line of the cache, where buffers begin


class Output(NamedTuple):
    """What a loop writes: an expression, and where its entries go."""

    root: Node
    to: Leaf


class Loop(NamedTuple):
    """Expressions entry by entry, or folded over some axes.

    leaves : where each name in the expressions lies. factor : of what is folded.
    """

    shape: Shape
    outputs: tuple[Output, ...]
    leaves: tuple[tuple[Node, Leaf], ...]
    reduced: tuple[int, ...] = ()
    fold: Fold = ""
    factor: float = 1.0

    @property
    def reads(self) -> list[Leaf]:
        """Leaves that are read."""
        return [leaf for _, leaf in self.leaves]

    @property
    def writes(self) -> list[Leaf]:
        """Leaves that are written."""
        return [output.to for output in self.outputs]


class Axis(NamedTuple):
    """A length, and the distances along it in the two factors and in the result."""

    size: int
    a: int
    b: int
    c: int


class MatrixProduct(NamedTuple):
    """C = factor·Σ A·B, or added to what is there; one product of matrices per `loops`.

    rows, columns, inner : axes of the matrices. loops : axes around them, a few of
    which may be summed over. keep : whether C is added to. factor : 0, or the number of
    a factor that is given when the function is called.
    """

    a: Leaf
    b: Leaf
    c: Leaf
    rows: Axis
    columns: Axis
    inner: Axis
    loops: tuple[Axis, ...] = ()
    keep: bool = False
    factor: float = 1.0
    given: int = 0

    @property
    def reads(self) -> list[Leaf]:
        """Leaves that are read."""
        return [self.a, self.b, *[self.c] * self.keep]

    @property
    def writes(self) -> list[Leaf]:
        """Leaves that are written."""
        return [self.c]


class Convolution(NamedTuple):
    """A convolution (C x H x W by O x C x P x Q) or one of its two adjoints.

    kind : "forward", "data" or "kernel". a, b : its factors. image, kernel, result :
    (C, H, W), (O, C, P, Q), (O, U, V). samples : length of the last axis of images.
    scratch : memory for sums, which the adjoint by the kernel needs.
    """

    kind: str
    a: Leaf
    b: Leaf
    c: Leaf
    image: Shape
    kernel: Shape
    result: Shape
    stride: Shape
    padding: Shape
    samples: int
    factor: float = 1.0
    given: int = 0
    scratch: Leaf | None = None

    @property
    def reads(self) -> list[Leaf]:
        """Leaves that are read."""
        return [self.a, self.b, *[self.c] * bool(self.given)]

    @property
    def writes(self) -> list[Leaf]:
        """Leaves that are written."""
        return [self.c] if self.scratch is None else [self.c, self.scratch]


Step = Loop | MatrixProduct | Convolution


@dataclass
class Buffer:
    """Numbers one after another.

    kind : "work", or who hands them in: "input", "output", "constant", "factor".
    """

    size: int
    kind: str = "work"
    title: str = ""


@dataclass
class Plan:
    """Steps in order, and their buffers."""

    steps: list[Step] = field(default_factory=list)
    buffers: list[Buffer] = field(default_factory=list)

    def buffer(self, size: int, kind: str = "work", title: str = "") -> int:
        """A new buffer; its number."""
        self.buffers.append(Buffer(size, kind, title))
        return len(self.buffers) - 1

    def places(self, bytes_each: int) -> tuple[dict[int, int], int]:
        """Where each buffer of kind "work" begins in the block; the block's size."""
        first, last = self._lifetimes()
        return _packed(
            {
                k: (first[k], last[k], self.buffers[k].size * bytes_each)
                for k in first
                if self.buffers[k].kind == "work"
            },
            self._in_place(first, last),
        )

    def _lifetimes(self) -> tuple[dict[int, int], dict[int, int]]:
        first: dict[int, int] = {}
        last: dict[int, int] = {}
        for k, step in enumerate(self.steps):
            for leaf in (*step.writes, *step.reads):
                first.setdefault(leaf.buffer, k)
                last[leaf.buffer] = k
        return first, last

    def _in_place(self, first: dict[int, int], last: dict[int, int]) -> dict[int, int]:
        """A result → the buffer that it may replace entry by entry."""
        found = {}
        for k, step in enumerate(self.steps):
            if isinstance(step, Loop) and not step.fold and len(step.outputs) == 1:
                [to] = step.writes
                if first[to.buffer] != k:
                    continue
                for leaf in step.reads:
                    # All that is read of it must be read where it is written.
                    alike = all(
                        x[1:] == to[1:] for x in step.reads if x.buffer == leaf.buffer
                    )
                    if alike and last[leaf.buffer] == k:
                        found[to.buffer] = leaf.buffer
        return found


def _packed(
    wanted: dict[int, tuple[int, int, int]], instead: dict[int, int]
) -> tuple[dict[int, int], int]:
    """The places of buffers that live from one step to another, each with its size."""
    places: dict[int, int] = {}
    alive: list[tuple[int, int, int]] = []  # (begin, end, last step)
    top = 0
    for k, (first, last, size) in sorted(wanted.items(), key=lambda item: item[1][0]):
        size = -(-size // LINE) * LINE
        old = instead.get(k)
        if old in places and wanted[old][2] == wanted[k][2]:
            places[k] = places[old]
            alive = [x for x in alive if x[0] != places[k]]
        else:
            alive = sorted(x for x in alive if x[2] >= first)
            places[k] = _gap(alive, size)
        alive.append((places[k], places[k] + size, last))
        top = max(top, places[k] + size)
    return places, top


def _gap(alive: Sequence[tuple[int, int, int]], size: int) -> int:
    """The first place where so many bytes are free."""
    at = 0
    for begin, end, _ in alive:
        if begin - at >= size:
            break
        at = max(at, end)
    return at


def names_below(
    roots: Iterable[Node], of: Callable[[Node], Leaf]
) -> tuple[tuple[Node, Leaf], ...]:
    """The leaves below expressions, each with its place."""
    return tuple((n, of(n)) for n in postorder(roots) if n.op is NAME)
