"""What is looked at around an operation that goes wrong: equations and their values.

    place, sample ─→ Region: expressions, and the Rewriter that knows their values

First the equation alone, with the right values of the names in it; where these do not
determine its own, or that of an equation which uses it, those before it are put in.
"""

from __future__ import annotations

from dataclasses import dataclass

from cgprimer.diagnosis.budget import Budget
from cgprimer.diagnosis.evaluation import Evaluation
from cgprimer.diagnosis.extended import Number, is_finite
from cgprimer.diagnosis.operations import Place
from cgprimer.diagnosis.rewrite import Rewriter
from cgprimer.diagnosis.sample import Sample
from cgprimer.diagnosis.verify import SHARP
from cgprimer.diagnosis.walks import above, size
from cgprimer.expr.node import Node, leaves, postorder, substitute
from cgprimer.expr.ops import name
from cgprimer.keeping import memo

WHOLE = 400  # operations of an equation put together from others, up to which …
NEARBY = 60  # … all of it is looked at; else this much, with the values of the rest
NEAR = 40  # operations above a culprit that are looked at
LATER = 6  # variables computed from it that are to be right, too


@dataclass(frozen=True)
class Region:
    """The expressions around an operation that goes wrong, and what writes them anew.

    root : the expression that the operation stands in. later : those computed from it.
    named : expression → the variable that it defines, for those that were put in.
    own : the variable of the root; "" for a derivative.
    """

    culprit: Node
    root: Node
    later: tuple[Node, ...]
    named: dict[Node, Node]
    by: Rewriter
    own: str

    def users(self, place: Node) -> list[Node]:
        """`place` and what is computed from it, the nearest first, NEAR at most."""
        order = postorder((self.root, *self.later))
        return above(order, lambda node: node is place)[:NEAR]


class Regions:
    """The regions of one graph at one point; what one finds, the others need not."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.operations, self.evaluation = evaluation.operations, evaluation
        self.budget = Budget()

    def alone(self, place: Place, sample: int) -> Region | None:
        """The equation by itself, where the values of its names say enough."""
        # Also the equations that use it: a form must help them, too.
        around = (place.node, *self.operations.later(place.node, LATER))
        if not all(self._is_determined(text, sample) for text in around):
            return None
        body = self.operations.graph.equation(place.node).body
        by = self._by_its_names(place.node, sample)
        return Region(place.operation, body, (), {}, by, place.node)

    def whole(self, place: Place, node: Node, sample: int) -> Region:
        """The equation with all before it put in, and those that use it."""
        operations = self.operations
        root = operations.roots[place.kind, place.node, place.wrt]
        if place.kind != "value":
            return Region(node, root, (), operations.named, self._by(sample), "")
        if size(root) > WHOLE:
            return self._cut(place, sample)
        later = operations.later(place.node, LATER)
        roots = (operations.bodies[text] for text in later)
        small = tuple(body for body in roots if size(body) <= WHOLE)
        named, by = operations.named, self._by(sample)
        return Region(node, root, small, named, by, place.node)

    def values(self, sample: int) -> dict[str, float]:
        """What every name is, in doubles."""
        evaluation, bodies = self.evaluation, self.operations.bodies
        own = {t: float(evaluation.doubles[body][sample]) for t, body in bodies.items()}
        return own | evaluation.at(sample)

    # One rewriter for an equation and a sample: several findings share what it knows.
    @memo
    def _by_its_names(self, variable: str, sample: int) -> Rewriter:
        return Rewriter(Sample(self._round_values(variable, sample)), self.budget)

    @memo
    def _by(self, sample: int) -> Rewriter:
        """The rewriter of a sample for equations that are put into one another."""
        evaluation = self.evaluation
        here = Sample(evaluation.at(sample), evaluation.exact[sample])
        return Rewriter(here, self.budget)

    def _exact(self, text: str, sample: int) -> Number:
        return self.evaluation.exact[sample][self.operations.bodies[text]]

    def _round_values(self, variable: str, sample: int) -> dict[str, float]:
        """The right values of the names in an equation, rounded to doubles."""
        at = self.evaluation.at(sample)
        body = self.operations.graph.equation(variable).body
        return {
            text: at[text] if text in at else float(self._exact(text, sample))
            for text in leaves(body)
        }

    def _is_determined(self, variable: str, sample: int) -> bool:
        """Whether rounding the names in an equation leaves its value as it is."""
        body = self.operations.graph.equation(variable).body
        exact = self._exact(variable, sample)
        number = Sample(self._round_values(variable, sample)).exact(body)
        if not (is_finite(number) and is_finite(exact)):
            return not is_finite(number) and not is_finite(exact)
        return bool(abs(number - exact) <= SHARP * abs(exact))

    def _cut(self, place: Place, sample: int) -> Region:
        """The equation with as many of those before it put in as are looked at."""
        operations = self.operations
        body, culprit = place.formula, place.operation
        named: dict[Node, Node] = {}
        # Backwards from the equation: what it is computed from directly is put in
        # first.
        while size(body) < NEARBY:
            inner = [text for text in leaves(body) if text in operations.bodies]
            if not inner:
                break
            own = operations.graph.equation(inner[-1]).body
            by = {name(inner[-1]): own}
            named = {substitute([key], by)[0]: text for key, text in named.items()}
            named[own] = name(inner[-1])
            body, culprit = substitute([body, culprit], by)
        values = self.values(sample)
        here = Sample({text: values[text] for text in leaves(body)})
        by_ = Rewriter(here, self.budget)
        return Region(culprit, body, (), named, by_, place.node)
