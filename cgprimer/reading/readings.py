r"""What a formula says, as an expression over the names of a vocabulary.

    x^2 + special_1      special_1: the derivative of f by x, at x = 3
      ─ Readings.node ─▶  x^2 + 6

Derivatives of what is no name, values at a point and calls of functions that lines
define are worked out here, from the definitions above and from nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NoReturn

from cgprimer.diff.sweep import partials
from cgprimer.errors import ExpressionError, Mistake, listing
from cgprimer.expr.node import Node, leaves, substitute
from cgprimer.expr.ops import FUNCTIONS, NAME, ZERO, name
from cgprimer.reading.euler import with_euler
from cgprimer.reading.formula import Formula, Stretch
from cgprimer.reading.lexicon import Lexicon
from cgprimer.reading.meanings import Meanings
from cgprimer.reading.names import Derivative, adjoint_of, derivative_of
from cgprimer.reading.script import Script
from cgprimer.reading.specials import (
    Applied,
    Differentiated,
    Evaluated,
    Special,
)
from cgprimer.reading.vocabulary import Vocabulary

_FORMULA = "formula_of_a_derivation"
_ARGUMENT = name("argument_of_a_derivation")
USUAL = ("x", "t")
"""By what f′ is meant where a formula has several names."""


class Readings:
    """Formulas of one line as expressions."""

    def __init__(self, names: Vocabulary, context: Lexicon, line: str) -> None:
        self.names, self.context, self.line = names, context, line

    def node(self, formula: Formula) -> Node:
        """The expression; new names in it are noted in the vocabulary."""
        node = formula.parse(self.names.known)
        for piece in formula.names:
            self.names.check(piece, self.line)
        is_name = "e" in self.names.known or "e" in self.names.told
        node = node if is_name else with_euler(node)
        made = {
            name(place.text): self._special(place, what)
            for place, what in formula.specials
        }
        return substitute([node], made)[0] if made else node

    def derivative(self, asked: Derivative) -> Node:
        """What a derivative of definitions above is."""
        return Meanings(self._script({})).derivative(asked)

    def _special(self, place: Stretch, what: Special) -> Node:
        match what:
            case Differentiated(of, kind, by):
                self._refuse_undefined(of)
                return self._differentiated(place, self.node(of), kind, by)
            case Evaluated(of, at):
                values = {}
                for named, value in at:
                    self._refuse_unknown(named, self._closed(self.node(of), place, ()))
                    values[named.text] = self.node(value)
                return self._at(self.node(of), values, place)
            case Applied(builtin=True):
                return self._builtin(what)
        return self._applied(place, what)

    # Derivatives

    def _differentiated(
        self, place: Stretch, node: Node, kind: str, by: tuple[Stretch, ...]
    ) -> Node:
        closed = self._closed(node, place, ())
        for place_of in by:
            self._refuse_unknown(place_of, closed)
        body = self._body(node)
        # (uv)' of a name that no line defines is no derivative by itself.
        free = [] if body.op is NAME and body is closed else leaves(closed)
        wrts = [wrt.text for wrt in by] or [self._only_name(place, free)]
        # ∂ holds the other names of one equation, if that equation has the name.
        inside = [wrt in leaves(body) for wrt in wrts]
        if kind == "partial" and any(inside) and not all(inside):
            missing = wrts[inside.index(False)]
            self._fail(place, f"what is differentiated has no {missing!r} in it itself")
        is_partial = kind == "partial" and all(inside)
        if is_partial:
            body = self._without_derivatives(body, wrts, place)
        for wrt in wrts:
            body = (
                _partial(body, wrt)
                if is_partial
                else self._derivative(body, wrt, place)
            )
        return body

    def _derivative(
        self, body: Node, wrt: str, place: Stretch, formals: Collection[str] = ()
    ) -> Node:
        """The derivative through every definition above, but those of the formals."""
        body = self._without_derivatives(body, {wrt, *formals}, place)
        meanings = Meanings(self._script({_FORMULA: body}, formals))
        found = meanings.derivative(Derivative("d", _FORMULA, wrt))
        # A derivative may be written with the value, as that of exp is.
        return substitute([found], {name(_FORMULA): body})[0]

    def _without_derivatives(
        self, body: Node, formals: Collection[str], place: Stretch
    ) -> Node:
        """A formula with the derivatives in it worked out, before it is derived."""
        inner = [*self._derivatives(body)]
        special = inner or any(text in self.names.derived for text in leaves(body))
        # dz/dx of z = y^2, y = sin x: by y, is it 0, or 2·cos x?
        for of, wrt in inner:
            for text in formals:
                defined = text in self.names.bodies and text != wrt
                if defined and self.names.leads_to(name(of), text):
                    what = f"the derivative of {of!r} is differentiated by {text!r}"
                    self._fail(
                        place, f"{what}, through which it goes itself",
                        "define a name as its formula, g = …, and differentiate that",
                    )  # fmt: skip
        return Meanings(self._script({}, formals)).close(body) if special else body

    def _derivatives(self, body: Node) -> set[tuple[str, str]]:
        """Of what by what the derivatives are that a formula is made of."""
        found, waiting, seen = set[tuple[str, str]](), [*leaves(body)], set[str]()
        while waiting:
            text = waiting.pop()
            if text not in seen:
                seen.add(text)
                if derivative := derivative_of(text, self.names.known):
                    found.add(derivative[1:])
                waiting += leaves(self.names.derived.get(text, ZERO))
        return found

    def _builtin(self, what: Applied) -> Node:
        node = FUNCTIONS[what.function.text](_ARGUMENT)
        for _ in range(what.primes):
            node = _partial(node, str(_ARGUMENT.value))
        return substitute([node], {_ARGUMENT: self.node(what.arguments[0])})[0]

    # Functions that lines define

    def _applied(self, place: Stretch, what: Applied) -> Node:
        text = what.function.text
        self._refuse_broken(name(text), place)
        takes = self.names.functions.get(text)
        body = self._body(name(text))
        if what.primes:
            free = leaves(self._closed(body, place, takes or ()))
            takes = takes or (self._only_name(place, free),)
            if len(takes) > 1:
                self._fail(place, f"the prime leaves open by which of {listing(takes)}")
            is_name = text in self.names.bodies
            is_name = is_name and takes[0] in self.names.known
            if is_name and what.primes == 1 and not what.arguments:
                return name(f"d_{text}_d_{takes[0]}")
        assert takes is not None
        for _ in range(what.primes):
            body = self._derivative(body, takes[0], place, takes)
        if not what.arguments:
            return body
        values = map(self.node, what.arguments)
        return self._at(body, dict(zip(takes, values, strict=True)), place)

    def _at(self, node: Node, values: Mapping[str, Node], place: Stretch) -> Node:
        """An expression where some names have other values."""
        closed = self._closed(node, place, values)
        by = {name(text): value for text, value in values.items()}
        return substitute([closed], by)[0]

    def _closed(self, node: Node, place: Stretch, formals: Collection[str]) -> Node:
        """An expression over names that no line defines, and the formals."""
        self._refuse_broken(node, place)
        closed = Meanings(self._script({}, formals)).close(node)
        self._refuse_broken(closed, place)
        known = self.names.known
        if any(adjoint_of(text, known) for text in leaves(closed)):
            self._fail(place, "an adjoint in a formula that is worked out is not read")
        return closed

    # Small parts

    def _script(
        self, more: Mapping[str, Node], formals: Collection[str] = ()
    ) -> Script:
        """The definitions above, without those of the formals."""
        names = self.names
        bodies = {k: v for k, v in names.bodies.items() if k not in formals}
        derived = {k: v for k, v in names.derived.items() if k not in formals}
        free = (*names.free, *(k for k in formals if k not in names.free))
        return Script((), {**bodies, **more}, derived, free, None)

    def _body(self, node: Node) -> Node:
        text = str(node.value) if node.op is NAME else ""
        return self.names.bodies.get(text) or self.names.derived.get(text) or node

    def _only_name(self, place: Stretch, free: Collection[str]) -> str:
        """The name by which a prime differentiates."""
        if len(free) == 1:
            return next(iter(free))
        for usual in USUAL:
            if usual in free:
                self.context.note(f"the prime is read as d/d{usual}")
                return usual
        what = f"which of {listing(free)}" if free else "what"
        hint = r"write \frac{df}{dx}, or define f(x) = …"
        self._fail(place, f"the prime leaves open by {what}", hint)

    def _refuse_undefined(self, of: Formula) -> None:
        """The derivative of a name needs a line that defines it."""
        [piece] = of.names if len(of.pieces) == len(of.names) == 1 else [None]
        if piece and self._body(name(piece.text)) is name(piece.text):
            if derivative_of(piece.text, self.names.known):
                return
            known = self.names.known
            if piece.text in known:
                message = f"no line defines {piece.text!r}, so it has no derivatives"
                self._fail(piece, message, f"write a line {piece.text} = …")
            self._fail(piece, f"{piece.text!r} is not defined above")

    def _refuse_unknown(self, wrt: Stretch, closed: Node) -> None:
        known = {*self.names.free, *self.names.bodies, *leaves(closed)}
        if wrt.text not in known:
            self._fail(wrt, f"{wrt.text!r} is not defined above")

    def _refuse_broken(self, node: Node, place: Stretch) -> None:
        if lacking := self.names.lacks(node):
            self._fail(place, lacking)

    def _fail(self, place: Stretch, message: str, hint: str = "") -> NoReturn:
        mistake = Mistake(message, self.line, place.start, place.end, hint)
        raise ExpressionError([mistake])


def _partial(body: Node, wrt: str) -> Node:
    by = name(wrt)
    return partials(body, [by])[by] if wrt in leaves(body) else ZERO
