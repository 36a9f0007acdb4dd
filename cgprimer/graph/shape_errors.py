"""What is said of shapes that do not fit: both, where each came from, and what fits.

    node, dims of its arguments, DimsError ─▶ Mistake with carets

    shapes do not fit '@': inner axes: 100 and 120 differ
        xh: batch x 100   (xh = relu(xx @ W))
        V: 120 x 10   (declared V: 120 x 10)

`graph.inference` finds the mistakes; what would fit is in `graph.fitting_shapes`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cgprimer.errors import Mistake, shorten, suggest
from cgprimer.expr.array_op import attrs_of
from cgprimer.expr.dims import Dims, DimsError, Sizing, is_unknown, show_dims
from cgprimer.expr.node import Node
from cgprimer.expr.ops import NAME
from cgprimer.graph.declarations import Declared
from cgprimer.graph.fitting_shapes import ShapeMisfit, expected, what_fits
from cgprimer.keeping import lazy
from cgprimer.notation.text import show

_CALLED = {"pick": "the subscript", "slice": "the subscript"}
WIDTH = 48  # of an argument that is quoted
LETTERS = "nmkpq"


class EquationText(NamedTuple):
    """An equation as it was written, and where in it names and operations stand."""

    text: str
    spans: Mapping[Node, tuple[int, int]]


class Needed(NamedTuple):
    """What a scalar meets, and what dims it may have: none where nothing tells."""

    met: Dims
    dims: Dims | None
    may_be_scalar: bool


class Teller:
    """Mistakes of shapes in the equations of one text."""

    def __init__(
        self, sizing: Sizing, places: Mapping[str, EquationText], declared: Declared
    ) -> None:
        self.sizing, self.places, self.declared = sizing, places, declared
        self.defined: set[str] = set()

    def misfit(
        self, name: str, node: Node, args: Sequence[Node], error: DimsError
    ) -> Mistake:
        """An operation whose arguments do not fit it."""
        place = self.places[name]
        span = self.span(place, node)
        dims = [self.sizing.of(arg) for arg in args]
        rows = dict.fromkeys(map(self.row, args, dims))
        lines = "".join(f"\n    {row}" for row in rows)
        hint = what_fits(node, args, dims, self.sizing, self.free) or error.hint
        called = self.called(node, place, span)
        message = f"shapes do not fit {called}: {error.message}{lines}"
        return Mistake(message, place.text, *span, hint)

    def called(self, node: Node, place: EquationText, span: tuple[int, int]) -> str:
        """What a message calls an operation: as its author does."""
        if node.op.name in _CALLED:
            return _CALLED[node.op.name]
        if node.op.symbol:
            return repr(node.op.symbol)
        return place.text[slice(*span)] if node in place.spans else node.op.name

    def row(self, arg: Node, dims: Dims) -> str:
        """An argument with its shape, and where that came from."""
        origin = self.origin(str(arg.value)) if arg.op is NAME else ""
        shown = shorten(show(arg), WIDTH)
        return f"{shown}: {show_dims(dims)}" + (f"   ({origin})" if origin else "")

    def origin(self, name: str) -> str:
        """Where the shape of a name was told."""
        if name in self.declared.origins:
            return self.declared.origins[name]
        if name in self.places:
            return shorten(self.places[name].text.strip(), 60)
        if self.sizing.names.get(name):
            kind = "a matrix" if len(self.sizing.names[name]) > 1 else "a vector"
            return f"not declared; beside '@' {name} is {kind}"
        return "not declared"

    @lazy
    def free(self) -> set[str]:
        """Names that no equation defines, in one place only: so no other depends."""
        uses = Counter(
            str(arg.value)
            for place in self.places.values()
            for node in place.spans
            for arg in node.args
            if arg.op is NAME
        )
        return {name for name, count in uses.items() if count == 1} - {*self.places}

    def undeclared(
        self, name: str, node: Node, before: Node, called: str, needed: Needed
    ) -> Mistake:
        """A scalar of a name that nobody declared, where an array is met or wanted."""
        place = self.places[name]
        leaf = next(
            (n for n in place.spans if n.op is NAME and n.value == called), before
        )
        span = self.span(place, before if called in self.places else leaf)
        met = f"meets {described(needed.met)}"
        if not needed.met:
            takes = self.called(node, place, self.span(place, node))
            met = f"stands where {takes} takes an array"
        message = f"{called!r} {met}, but has no shape"
        if before.op is NAME and before.value != called:
            message = f"{before.value!r} {met}, but {called!r} has no shape"
        return Mistake(message, place.text, *span, self._declare(called, needed))

    def needed(self, node: Node, args: Sequence[Node], k: int) -> Needed:
        """What an argument would need to be, where the others tell."""
        dims = [self.sizing.of(arg) for arg in args]
        misfit = ShapeMisfit(
            node.op, args, dims, attrs_of(node), self.sizing, self.free
        )
        return Needed(next(filter(None, dims), ()), expected(misfit, k), False)

    def _declare(self, called: str, needed: Needed) -> str:
        """How to declare a name that is met by an array."""
        spare = [n for n in self.declared.dims if n not in self._used]
        near = suggest(called, spare)
        if near:
            return near
        if not needed.dims:
            return f"declare it, for example {called}: 32"
        shown = _with_letters(needed.dims)
        exact = shown == show_dims(needed.dims)
        such = "declare it:" if exact else "declare it, for example"
        scalar = f", or {called}: scalar" if needed.may_be_scalar else ""
        return f"{such} {called}: {shown}{scalar}"

    @lazy
    def _used(self) -> set[str]:
        return {
            str(node.value)
            for place in self.places.values()
            for node in place.spans
            if node.op is NAME
        }

    def declared_otherwise(self, name: str, declared: Dims, found: Dims) -> Mistake:
        """A defined variable whose declaration says something else."""
        place = self.places[name]
        start = len(place.text) - len(place.text.lstrip())
        return Mistake(
            f"{name!r} is {show_dims(declared)}, but its equation gives "
            f"{show_dims(found)}\n"
            f"    {name}: {show_dims(declared)}   ({self.declared.origins[name]})\n"
            f"    {shorten(place.text.partition('=')[2].strip(), WIDTH)}: "
            f"{show_dims(found)}",
            place.text,
            start,
            start + len(place.text[start:].partition("=")[0].rstrip()),
            f"declare {name}: {_with_letters(found)}, or change the equation",
        )

    def span(self, place: EquationText, node: Node) -> tuple[int, int]:
        """Where a node stands, or else the whole right side."""
        if node in place.spans:
            return place.spans[node]
        text = place.text
        right = text.find("=") + 1
        start = right + len(text[right:]) - len(text[right:].lstrip())
        return start, len(text.rstrip())


def described(dims: Dims) -> str:
    """`a scalar`, `an array of 32 x n`; without its sizes where one is unknown."""
    if any(map(is_unknown, dims)):
        return {1: "a vector", 2: "a matrix"}.get(len(dims), "an array")
    return f"an array of {show_dims(dims)}" if dims else "a scalar"


def _with_letters(dims: Dims) -> str:
    """Dims in which sizes that are not known have a letter."""
    letters = iter([x for x in LETTERS if x not in dims])
    return show_dims([next(letters, "n") if is_unknown(d) else d for d in dims])
