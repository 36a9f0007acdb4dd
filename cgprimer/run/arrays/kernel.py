"""Equations over arrays as a straight list of calls of numpy.

    name → body, in order, dims ─▶ ArrayKernel: values of names ─▶ values of others

Samples are an axis in front that no text speaks of; which names have them is known when
the list is made, so that operations entry by entry can be aligned. `xp` is numpy, or
another module with its names.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from cgprimer.errors import shorten
from cgprimer.expr.array_forwards.choices import BadIndex
from cgprimer.expr.array_op import ArrayOp, attrs_of
from cgprimer.expr.array_ops import defined
from cgprimer.expr.definitions import expand_for_kernels
from cgprimer.expr.dims import Sizing
from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import CONST, NAME
from cgprimer.notation.text import show

Call = Callable[..., Any]


class Instruction(NamedTuple):
    """`call` of the values in some registers, put into another; what is freed then."""

    call: Call
    out: int
    sources: tuple[int, ...]


class ArrayKernel:
    """Numpy code for equations whose names may be arrays.

    bodies : name → right side, each after those that it uses. sizing : the dims of all
        names, as numbers. sampled : names that have an axis of samples in front; those
        that are computed from them have one too. wanted : names whose values are
        returned; `summed` are those of them that are summed over samples.

    dtype : makes a constant of a number. functions : what another `xp` has for
        operations, by `Op.stored`, where its names are not numpy's; those on arrays
        take what `ArrayOp.forward` does. None for numpy itself.

    `kernel(values)` takes a value for each name that has no equation, and returns a
    list: arrays in the order of `wanted`. Floating-point warnings are the caller's.
    """

    def __init__(
        self,
        bodies: Mapping[str, Node],
        wanted: Sequence[str],
        sizing: Sizing,
        sampled: Collection[str],
        summed: Collection[str] = (),
        xp: Any = np,
        dtype: Any = np.float64,
        functions: Mapping[str, Call] | None = None,
    ) -> None:
        self.sizing, self.xp, self.size, self.dtype = sizing, xp, 0, dtype
        self.functions = functions
        self.register: dict[Any, int] = {}
        self.constant: list[tuple[int, Any]] = []
        self.given: list[tuple[int, str]] = []
        self.code: list[Instruction] = []
        self.has_samples: dict[Any, bool] = {}
        needed = _needed(bodies, wanted)
        for text, body in bodies.items():
            if text in needed:
                at, samples = self._compile(body, sampled)
                self.register[text], self.has_samples[text] = at, samples
        self.results = [
            self._summed(_runnable(bodies[text]))
            if text in summed and self.has_samples[text]
            else self._name(text, sampled)
            for text in wanted
        ]
        self.code = _used(self.code, self.results)
        self.dead = _dead(self.code, self.results, {at for at, _ in self.given})

    def __call__(self, values: Mapping[str, Any]) -> list[Any]:
        registers: list[Any] = [None] * self.size
        for at, number in self.constant:
            registers[at] = number
        for at, text in self.given:
            registers[at] = values[text]
        for (call, out, sources), dead in zip(self.code, self.dead, strict=True):
            registers[out] = call(*[registers[i] for i in sources])
            for i in dead:
                registers[i] = None
        return [registers[i] for i in self.results]

    def _new(self) -> int:
        self.size += 1
        return self.size - 1

    def _compile(self, body: Node, sampled: Collection[str]) -> tuple[int, bool]:
        """The register of a body, and whether its value has samples."""
        body = _runnable(body)
        for node in _computed(body):
            if node in self.register:
                continue
            if node.op is NAME:
                self._enter_name(node, sampled)
            elif not node.args:
                self.register[node], self.has_samples[node] = self._new(), False
                self.constant.append((self.register[node], self.dtype(_number(node))))
            else:
                self._enter_operation(node)
        return self.register[body], self.has_samples[body]

    def _enter_name(self, node: Node, sampled: Collection[str]) -> None:
        text = str(node.value)
        if text not in self.register:
            self.register[text], self.has_samples[text] = self._new(), text in sampled
            self.given.append((self.register[text], text))
        # A name is looked up anew for each body, as it may be defined in between.
        self.register[node] = self.register[text]
        self.has_samples[node] = self.has_samples[text]

    def _enter_operation(self, node: Node) -> None:
        real = _valued(node)
        samples = [self.has_samples[arg] for arg in real]
        out = self._new()
        call = _call(node, self.sizing, samples, self.xp, functions=self.functions)
        if not real:  # of dims alone, so the same at every call
            self.register[node], self.has_samples[node] = out, False
            self.constant.append((out, self.dtype(call())))
            return
        sources = tuple(self.register[arg] for arg in real)
        self.code.append(Instruction(call, out, sources))
        self.register[node], self.has_samples[node] = out, any(samples)

    def _name(self, text: str, sampled: Collection[str]) -> int:
        """The register of a name that is wanted as it is."""
        if text not in self.register:
            self.register[text], self.has_samples[text] = self._new(), text in sampled
            self.given.append((self.register[text], text))
        return self.register[text]

    def _summed(self, root: Node) -> int:
        """The register of the sum over samples of a node that is compiled."""
        # Sums go through what is linear, to where one product of matrices is the sum
        # of many: Σ outer(g, x) is G' @ X.
        sums: dict[Node, int] = {}
        stack = [root]
        while stack:
            node = stack[-1]
            waits = [
                arg for arg in _terms(node) if arg not in sums and self.has_samples[arg]
            ]
            if waits:
                stack += waits
                continue
            stack.pop()
            if node not in sums:
                sums[node] = self._enter_sum(node, sums)
        return sums[root]

    def _enter_sum(self, node: Node, sums: Mapping[Node, int]) -> int:
        """One sum over samples, from those of the terms below, if it has any."""
        xp, op, out = self.xp, node.op, self._new()
        terms = _terms(node)
        if terms and all(arg in sums for arg in terms):
            call = _call(node, self.sizing, [False] * len(terms), xp)
            sources = tuple(sums[arg] for arg in terms)
        else:
            # Of a term without samples as many are added as there are; so the sum as a
            # whole is taken, where not all terms have them.
            whole = isinstance(op, ArrayOp) and op.summed is not None
            real = _valued(node)
            if whole and all(self.has_samples[arg] for arg in real):
                call = _call(node, self.sizing, (), xp, summed=True)
                sources = tuple(self.register[arg] for arg in real)
            else:
                call, sources = lambda a: xp.sum(a, axis=0), (self.register[node],)
        self.code.append(Instruction(call, out, sources))
        return out


_LINEAR = {"add", "sub", "neg", "transpose", "sum_to"}


def _terms(node: Node) -> tuple[Node, ...]:
    """The arguments of which the sum over samples is that of the whole."""
    if node.op.name not in _LINEAR:
        return ()
    return node.args[:1] if node.op.name == "sum_to" else node.args


def _runnable(body: Node) -> Node:
    """A body in operations that have code."""
    [run] = expand_for_kernels([body])
    made: Node = defined(run)
    return made


def _number(node: Node) -> float:
    return float(node.value or 0.0) if node.op is CONST else float(node.op.forward())


def _needed(bodies: Mapping[str, Node], wanted: Sequence[str]) -> set[str]:
    """The names of which values are needed for those wanted."""
    needed = set(wanted)
    for text in reversed([*bodies]):
        if text in needed:
            names = (n for n in _computed(_runnable(bodies[text])) if n.op is NAME)
            needed |= {str(n.value) for n in names}
    return needed


def _computed(root: Node) -> list[Node]:
    """The nodes below `root` whose values are needed, arguments first."""
    # Of an argument in `like` only the dims count: what lies below it alone is not run.
    keep = {root}
    order = postorder([root])
    for node in reversed(order):
        if node in keep:
            keep.update(_valued(node))
    return [node for node in order if node in keep]


def _valued(node: Node) -> list[Node]:
    """The arguments of which the values count, not the dims alone."""
    like = node.op.like if isinstance(node.op, ArrayOp) else ()
    return [arg for i, arg in enumerate(node.args) if i not in like]


def _call(
    node: Node,
    sizing: Sizing,
    samples: Sequence[bool],
    xp: Any,
    summed: bool = False,
    functions: Mapping[str, Call] | None = None,
) -> Call:
    """The operation of a node as a function of its arguments' values.

    samples : which of these have samples. summed : over them.
    """
    dims = [sizing.of(arg) for arg in node.args]
    ranks = tuple(map(len, dims))
    op = node.op
    if not isinstance(op, ArrayOp):
        function = op.forward
        if functions is not None:
            function = functions.get(op.stored) or getattr(xp, op.forward.__name__)
        return _elementwise(function, dims, samples)
    attrs, like = attrs_of(node), op.like
    forward: Call = op.summed if summed and op.summed else op.forward
    if functions is not None:
        forward = functions.get(op.stored, forward)
    elif op.whole:
        forward = _with_names(forward, node, dims)
    if not like:
        return lambda *args: forward(xp, ranks, *args, **attrs)

    def call(*args: Any) -> Any:
        rest = iter(args)
        full = (d if i in like else next(rest) for i, d in enumerate(dims))
        return forward(xp, ranks, *full, **attrs)

    return call


def _with_names(forward: Call, node: Node, dims: Sequence[Sequence[Any]]) -> Call:
    """A forward that takes entries by number, whose errors name what holds them."""
    assert isinstance(node.op, ArrayOp)
    place = node.op.like[0] if node.op.like else 0
    index, of = node.args[node.op.whole[0]], node.args[place]
    axis = attrs_of(node).get("axis", -1) % max(len(dims[place]), 1)
    whose = shorten(show(of), 40)
    if len(dims[place]) > 1:
        whose = f"axis {axis} of {whose}"

    def call(*args: Any, **attrs: Any) -> Any:
        try:
            return forward(*args, **attrs)
        except BadIndex as error:
            raise error.named(shorten(show(index), 40), whose) from None

    return call


def _elementwise(
    forward: Call, dims: Sequence[Sequence[Any]], samples: Sequence[bool]
) -> Call:
    """A function entry by entry, with arguments aligned behind their samples."""
    rank = max(map(len, dims))
    pads = [
        rank - len(d) if has and len(d) < rank else 0
        for d, has in zip(dims, samples, strict=True)
    ]
    if not any(pads):
        return forward

    def call(*args: Any) -> Any:
        full = [
            a.reshape(a.shape[0], *(1,) * pad, *a.shape[1:]) if pad else a
            for a, pad in zip(args, pads, strict=True)
        ]
        return forward(*full)

    return call


def _used(code: Sequence[Instruction], kept: Sequence[int]) -> list[Instruction]:
    """The instructions whose results somebody needs."""
    needed, used = set(kept), []
    for instruction in reversed(code):
        if instruction.out in needed:
            needed.update(instruction.sources)
            used.append(instruction)
    return used[::-1]


def _dead(
    code: Sequence[Instruction], kept: Sequence[int], given: Collection[int]
) -> list[tuple[int, ...]]:
    """For each instruction, the registers that nothing needs after it."""
    seen = {*kept, *given}
    dead = []
    for _, _, sources in reversed(code):
        dead.append(tuple(set(sources) - seen))
        seen.update(sources)
    return dead[::-1]
