"""What is said of shapes that do not fit: both, where each came from, and what fits.

    node, dims of its arguments, DimsError ─▶ Mistake with carets

    shapes do not fit '@': inner axes: 100 and 120 differ
        xh: batch x 100   (xh = relu(xx @ W))
        V: 120 x 10   (declared V: 120 x 10)

`graph.inference` finds the mistakes; what would fit is in `graph.fitting_shapes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cgprimer.errors import Mistake, shorten, suggest
from cgprimer.expr.dims import Dims, DimsError, Sizing, is_unknown, show_dims
from cgprimer.expr.node import Node
from cgprimer.expr.ops import NAME
from cgprimer.graph.declarations import Declared
from cgprimer.graph.fitting_shapes import what_fits
from cgprimer.notation.text import show

WIDTH = 48  # of an argument that is quoted
LETTERS = "nmkpq"


class Place(NamedTuple):
    """An equation as it was written, and where in it names and operations stand."""

    text: str
    spans: Mapping[Node, tuple[int, int]]


class Teller:
    """Mistakes of shapes in the equations of one text."""

    def __init__(
        self, sizing: Sizing, places: Mapping[str, Place], declared: Declared
    ) -> None:
        self.sizing, self.places, self.declared = sizing, places, declared
        self.defined: set[str] = set()

    def misfit(
        self, name: str, node: Node, args: tuple[Node, ...], error: DimsError
    ) -> Mistake:
        """An operation whose arguments do not fit it."""
        symbol = node.op.symbol
        called = repr(symbol) if symbol else node.op.name
        dims = [self.sizing.of(arg) for arg in args]
        rows = dict.fromkeys(
            self.row(arg, own) for arg, own in zip(args, dims, strict=True)
        )
        lines = "".join(f"\n    {row}" for row in rows)
        hint = what_fits(node, args, dims, self.sizing, self.inputs) or error.hint
        place = self.places[name]
        return Mistake(
            f"shapes do not fit {called}: {error.message}{lines}",
            place.text,
            *self.span(place, node),
            hint,
        )

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

    @property
    def inputs(self) -> set[str]:
        """Names that no equation defines, whose declarations may be changed."""
        return {*self.sizing.names} - {*self.places}

    def undeclared(
        self, name: str, node: Node, before: Node, called: str, dims: Dims | None
    ) -> Mistake:
        """A scalar of a name that nobody declared, where an array is or is met."""
        place = self.places[name]
        symbol = node.op.symbol
        takes = f"{symbol!r} multiplies" if symbol else f"{node.op.name} takes"
        what = f"meets an array of {show_dims(dims)}" if dims else ""
        if not what and dims is None:
            what = f"is a scalar here, where {takes} arrays"
        if not what:
            what = "meets an array"
        spans = place.spans
        leaf = next((n for n in spans if n.op is NAME and n.value == called), before)
        if called in self.places or leaf not in spans:
            leaf = before
        message = f"{called!r} {what}, but has no shape"
        if before.op is NAME and before.value != called:
            message = f"{before.value!r} {what}, but {called!r} has no shape"
        return Mistake(
            message, place.text, *self.span(place, leaf), self._declare(called, dims)
        )

    def _declare(self, called: str, dims: Dims | None) -> str:
        """How to declare a name that is met by an array."""
        spare = [n for n in self.declared.dims if n not in self._used]
        near = suggest(called, spare)
        if near:
            return near
        shown = _with_letters(dims) if dims else "32"
        such = "" if dims and shown == show_dims(dims) else "for example "
        return f"declare it: {such}{called}: {shown}, or {called}: scalar"

    @property
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

    def span(self, place: Place, node: Node) -> tuple[int, int]:
        """Where a node stands, or else the whole right side."""
        if node in place.spans:
            return place.spans[node]
        text = place.text
        right = text.find("=") + 1
        start = right + len(text[right:]) - len(text[right:].lstrip())
        return start, len(text.rstrip())


def _with_letters(dims: Dims) -> str:
    """Dims in which sizes that are not known have a letter."""
    letters = iter([x for x in LETTERS if x not in dims])
    return show_dims([next(letters, "n") if is_unknown(d) else d for d in dims])
