"""What would fit where shapes do not: a hint for each operation.

    node, dims ─▶ "W' @ xx fits"

`graph.shape_errors` asks. Every hint was tried: the dims of what it proposes fit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from cgprimer.errors import shorten
from cgprimer.expr.array_ops import ARRAY_OPS
from cgprimer.expr.dims import Dims, DimsError, Sizing, show_dims
from cgprimer.expr.node import Node
from cgprimer.expr.ops import NAME
from cgprimer.notation.text import show


@dataclass(frozen=True)
class Misfit:
    """Arguments that do not fit: as text, with their dims."""

    node: Node
    args: tuple[Node, ...]
    dims: list[Dims]
    sizing: Sizing
    free: Collection[str]  # names whose declarations could be others

    def text(self, k: int) -> str:
        """An argument as text, in brackets where it is an operation with a sign."""
        arg = self.args[k]
        shown = shorten(show(arg), 40)
        return shown if arg.op is NAME or not arg.op.symbol else f"({shown})"

    def tried(self, op: str, *dims: Dims) -> Dims | None:
        """The dims of an operation on arrays, or None where they do not fit."""
        trial = Sizing()
        trial.became = dict(self.sizing.became)
        entry = ARRAY_OPS.get(op)
        rule = entry.dims if entry else None
        try:
            if rule is None:
                return trial.elementwise(dims)
            if isinstance(rule, str):
                return trial.by_signature(rule, dims)
            return tuple(rule(trial, *dims))
        except DimsError:
            return None


def what_fits(
    node: Node,
    args: tuple[Node, ...],
    dims: list[Dims],
    sizing: Sizing,
    free: Collection[str],
) -> str:
    """A hint on what would fit, or nothing."""
    misfit = Misfit(node, args, dims, sizing, free)
    rule = HINTS.get(node.op.name)
    if rule is None and len(args) == 2 and getattr(node.op, "dims", None) is None:
        rule = _of_elementwise
    return next(iter(rule(misfit)), "") if rule else ""


def _turned(dims: Dims) -> Dims:
    return (*dims[:-2], dims[-1], dims[-2])


def _of_matmul(m: Misfit) -> Iterator[str]:
    a, b = m.dims
    left, right = m.text(0), m.text(1)
    if not a or not b:
        return
    ways: list[tuple[str, Dims, str, Dims]] = []
    pair = [(left, a), (right, b)]
    for first, second in (pair, pair[::-1]):
        ways += [(*u, *v) for u in _ways(*first) for v in _ways(*second)]
    # Of matrices that one first which transposes least; of a matrix and a vector that
    # which keeps their order.
    if min(len(a), len(b)) > 1:
        ways.sort(key=lambda way: way[0].endswith("'") + way[2].endswith("'"))
    for u, p, v, q in ways:
        if m.tried("matmul", p, q) is not None:
            yield f"{u} @ {v} fits"
    if len(a) == len(b) == 1:
        yield f"outer({show(m.args[0])}, {show(m.args[1])}) is of all pairs"
    yield from _declare(m, 1, (a[-1], *b[1:]) if len(b) < 3 else None)
    yield from _declare(m, 0, (*a[:-1], b[-2] if len(b) > 1 else b[0]))


def _ways(shown: str, dims: Dims) -> Iterator[tuple[str, Dims]]:
    """An array as it is, and a matrix transposed."""
    yield shown, dims
    if len(dims) > 1:
        yield shown.removesuffix("'") if "'" in shown else f"{shown}'", _turned(dims)


def _declare(m: Misfit, k: int, dims: Dims | None) -> Iterator[str]:
    """What to declare an argument as, where it is a name that no equation defines."""
    arg = m.args[k]
    if dims and arg.op is NAME and arg.value in m.free and "?" not in str(dims):
        yield f"{arg.value}: {show_dims(dims)} would fit"


def _of_elementwise(m: Misfit) -> Iterator[str]:
    for k in (1, 0):
        own, other = m.dims[k], m.dims[1 - k]
        shown = m.text(k)
        if len(own) == 2 and m.tried("add", _turned(own), other) is not None:
            yield f"{shown}' fits"
        for axis, dim in enumerate(own):
            rest = (*own[:axis], *own[axis + 1 :])
            if dim == 1 and m.tried("add", rest, other) is not None:
                yield (
                    f"squeeze({show(m.args[k])}, axis={axis}) fits; for all pairs "
                    "write outer, or unsqueeze"
                )
        if len(own) < len(other):
            for axis in range(len(own), len(own) + 1):
                if m.tried("add", (*own, 1), other) == other:
                    yield f"unsqueeze({show(m.args[k])}, axis={axis}) fits"
    for k in (1, 0):
        own, other = m.dims[k], m.dims[1 - k]
        if len(own) <= len(other):
            yield from _declare(m, k, other[len(other) - len(own) :])


HINTS: dict[str, Callable[[Misfit], Iterator[str]]] = {"matmul": _of_matmul}
