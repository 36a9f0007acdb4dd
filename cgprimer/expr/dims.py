"""Dims: how many axes the value of a node has, and how long they are.

    names ─▶ dims, node ─▶ Sizing.of ─▶ dims    (32, 64)  ("batch", 10)  () of a scalar

A dim is a number or the name of a size. Declared names are rigid: they equal nothing
but themselves. Sizes of names that nobody declared are unknown, written `?0`, until an
equation tells them. `graph.declared` infers the dims of a text by it, and derivatives
and kernels ask it for those of every node that they make.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import NAME

Dim = int | str
Dims = tuple[Dim, ...]


class DimsError(Exception):
    """Dims that do not fit: what differs, and what would fit.

    Whoever knows the text turns it into an error with a caret.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


class One(int):
    """An axis of length 1 that somebody made on purpose: it may be stretched."""


def show_dims(dims: Sequence[Dim]) -> str:
    """Dims as they are declared.

    >>> show_dims((32, "n")), show_dims(())
    ('32 x n', 'scalar')
    """
    return " x ".join("?" if is_unknown(d) else str(d) for d in dims) or "scalar"


def count(dims: Iterable[Dim]) -> int:
    """How many entries an array of these dims has; they have to be numbers."""
    return math.prod(map(int, dims))


def is_unknown(dim: Dim) -> bool:
    """Whether a size is still to be told by an equation or by a value."""
    return isinstance(dim, str) and dim.startswith("?")


class Sizing:
    """The dims of nodes, from those of names; sizes that are found equal become one.

    names : name → dims; a name that is not there is a scalar. It may grow.
    """

    def __init__(self, names: Mapping[str, Dims] | None = None) -> None:
        self.names: dict[str, Dims] = dict(names or {})
        self.known: dict[Node, Dims] = {}
        self.became: dict[str, Dim] = {}
        self._fresh = itertools.count()

    def fresh(self) -> str:
        """A size that nothing is known of."""
        return f"?{next(self._fresh)}"

    def find(self, dim: Dim) -> Dim:
        """What a size has turned out to be."""
        while isinstance(dim, str) and dim in self.became:
            dim = self.became[dim]
        return dim

    def of_name(self, name: str) -> Dims:
        """The dims of a name; () where nothing is known of it."""
        return self.settled(self.names.get(name, ()))

    def copy(self) -> Sizing:
        """Another one with the same names and sizes, which may grow by itself."""
        other = Sizing(self.names)
        other.became = dict(self.became)
        # Sizes told apart here must stay so there.
        other._fresh = itertools.count(next(self._fresh))
        return other

    def __reduce__(self) -> tuple[object, ...]:
        return Sizing, ({name: self.of_name(name) for name in self.names},)

    def settled(self, dims: Iterable[Dim]) -> Dims:
        """Dims with all that is known of them."""
        return tuple(map(self.find, dims))

    def same(self, a: Dim, b: Dim, what: str = "") -> Dim:
        """The size that two axes share; DimsError where they differ."""
        a, b = self.find(a), self.find(b)
        if a == b:
            return a
        for unknown, other in ((a, b), (b, a)):
            if isinstance(unknown, str) and is_unknown(unknown):
                self.became[unknown] = other
                return other
        raise DimsError(
            f"{what}: {a} and {b} differ" if what else f"{a} and {b} differ"
        )

    def same_dims(self, a: Dims, b: Dims, what: str = "") -> Dims:
        """The dims that two arrays share; DimsError where they differ."""
        if len(a) != len(b):
            raise DimsError(f"{show_dims(a)} and {show_dims(b)} differ")
        return tuple(self.same(x, y, what) for x, y in zip(a, b, strict=True))

    def of(self, root: Node) -> Dims:
        """The dims of a node; DimsError at the first below it that does not fit."""
        known = self.known
        if root not in known:
            for node in postorder([root]):
                if node not in known:
                    known[node] = self.of_operation(node)
        return self.settled(known[root])

    def of_operation(self, node: Node) -> Dims:
        """The dims of one node, those of its arguments being known."""
        if node.op is NAME:
            return self.names.get(str(node.value), ())
        if not node.args:
            return ()
        given = [self.settled(self.known[arg]) for arg in node.args]
        rule = getattr(node.op, "dims", None)  # none of an operation on numbers
        if rule is None:
            return self.elementwise(given)
        attrs = dict(node.value or ())
        if isinstance(rule, str):
            return self.by_signature(rule, given)
        return tuple(rule(self, *given, **attrs))

    def elementwise(self, given: Sequence[Dims]) -> Dims:
        """Dims of what is computed entry by entry.

        Scalars go with anything; fewer axes are aligned at the last ones; an axis of 1
        is stretched, but one side has to have the dims of the result already, unless
        that axis was made on purpose. So n x 1 less n is an error.
        """
        given = [self.settled(dims) for dims in given]
        if not any(given):
            return ()
        full: list[Dim] = []
        rank = max(map(len, given))
        for k in range(-rank, 0):
            here = [dims[k] for dims in given if len(dims) >= -k]
            long = [dim for dim in here if dim != 1] or here
            size = long[0]
            for other in long[1:]:
                size = self.same(size, other, _axis(k, rank))
            full.append(size)
        result = self.settled(full)
        if not any(self.settled(dims) == result for dims in given):
            for dims in given:
                for k, dim in enumerate(dims, rank - len(dims)):
                    if dim == 1 and result[k] != 1 and not isinstance(dim, One):
                        raise DimsError(
                            f"each side would be stretched, to {show_dims(result)}",
                            "squeeze the axis of 1, or say which pairs you want "
                            "with outer, or with unsqueeze",
                        )
        return result

    def by_signature(self, signature: str, given: Sequence[Dims]) -> Dims:
        """Dims by letters for axes, as "nk,km->nm"; more axes in front go along."""
        left, right = signature.split("->")
        size: dict[str, Dim] = {}
        lead: Dims = ()
        for letters, dims in zip(left.split(","), given, strict=True):
            if len(dims) < len(letters):
                kinds = {1: "a vector", 2: "a matrix"}
                kind = kinds.get(len(letters), f"an array of {len(letters)} axes")
                has = show_dims(dims) if dims else "a scalar"
                raise DimsError(f"{kind} is expected, not {has}")
            cut = len(dims) - len(letters)
            lead = max(lead, dims[:cut], key=len)
            for letter, dim in zip(letters, dims[cut:], strict=True):
                known = size.get(letter)
                size[letter] = dim if known is None else self.same(known, dim)
        return (*lead, *(size[letter] for letter in right))


def _axis(k: int, rank: int) -> str:
    """How a message calls an axis, counted from the end, where there are several."""
    return f"axis {rank + k}" if rank > 1 else ""


DimsRule = str | Callable[..., Iterable[Dim]]
"""A signature, or a function of a Sizing, the arguments' dims, and the attributes."""
