"""How to write it instead: a formula that is right at the point, or nothing.

    operation, sample ─→ "write softplus(xx) for log(1 + exp(xx))", for `diagnose`

A formula is looked for around the operation that goes wrong, the nearest first that
makes the equation right and what is computed from it. Each is verified before it is
shown; where none is, nothing is suggested.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from cgprimer.diagnosis.budget import Budget
from cgprimer.diagnosis.clamps import remove_guards
from cgprimer.diagnosis.evaluation import Evaluation, error
from cgprimer.diagnosis.extended import is_finite
from cgprimer.diagnosis.operations import Place
from cgprimer.diagnosis.proposals.expansions import SHORT
from cgprimer.diagnosis.proposals.propose import proposals, whole_forms
from cgprimer.diagnosis.regions import WHOLE, Region, Regions
from cgprimer.diagnosis.rewrite import WIDE
from cgprimer.diagnosis.sample import Sample
from cgprimer.diagnosis.verify import GAIN, SHARP, gains
from cgprimer.diagnosis.walks import size
from cgprimer.diff.sweep import partials
from cgprimer.errors import shorten
from cgprimer.expr.node import Node, leaves, postorder, substitute
from cgprimer.expr.ops import name
from cgprimer.notation.text import show

LONG = 600  # characters of a formula that anybody would type
PARTS = 60  # parts of equations of which other forms are differentiated, in all


class Remedies:
    """Formulas for the findings of one graph at one point, with a budget for all."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.operations, self.evaluation = evaluation.operations, evaluation
        self.regions = Regions(evaluation)
        self.budget = Budget(PARTS, each=PARTS // 3)

    def remedy(self, node: Node, sample: int) -> str:
        """`write softplus(xx) for ln(1 + exp(xx))`; "" where no formula is known."""
        place = self.operations.places[node]
        self.regions.budget.renew()
        self.budget.renew()
        whole = self.regions.whole(place, node, sample)
        if place.kind != "value":
            return self._for_derivative(whole, place, sample)
        alone = self.regions.alone(place, sample)
        return (
            # A clamp first: where it is in the way, all other forms keep it.
            _without_guard(whole)
            or (_for_value(alone) if alone else "")
            or _for_value(whole)
            or _domain(self.evaluation, node, sample)
        )

    def _for_derivative(self, region: Region, place: Place, sample: int) -> str:
        """A form of the equation, or of all equations, whose derivative is right."""
        if size(region.root) > WHOLE:
            return ""
        for part, form, word in self._parts_with_derivative(region, place, sample):
            if region.by.holds(part, form):
                return _suggestion(replace(region, own=place.node), part, form, word)
        hand = _for_value(region)
        return f"by hand it can be had: {hand}" if hand else ""

    def _parts_with_derivative(
        self, region: Region, place: Place, sample: int
    ) -> Iterator[tuple[Node, Node, str]]:
        """Parts of the body with other forms, of which the derivative is right."""
        graph, bodies = self.operations.graph, self.operations.bodies
        wrt, inside = name(str(place.wrt)), dict[Node, Node]()
        body = bodies[place.node]
        if place.kind == "edge":
            body = graph.equation(place.node).body
            inside = {name(text): of for text, of in bodies.items()}
        wide = Sample({**region.by.here.at, **self.regions.values(sample)})
        for part in postorder([body]):
            if not 1 < size(part) <= WIDE or str(place.wrt) not in leaves(part):
                continue
            for form, word in self._forms(part, wide):
                [better] = substitute([body], {part: form})
                [slope] = substitute([partials(better, [wrt])[wrt]], inside)
                if region.by.error(region.root, slope) < SHARP:
                    old, new = substitute([part, form], inside)
                    yield old, new, word

    def _forms(self, part: Node, here: Sample) -> Iterator[tuple[Node, str]]:
        """Other forms of a part: of the table always, of rules within the budget."""
        yield from whole_forms(part)
        # Rules take hundredths of a second for each part, and all parts are tried.
        if size(part) <= SHORT and self.budget.spend():
            yield from proposals(part, here)


def _domain(evaluation: Evaluation, node: Node, sample: int) -> str:
    """What to keep away from where there is no number to be had."""
    if is_finite(evaluation.exact[sample][node]):
        return ""
    args = [evaluation.both(arg, sample)[0] for arg in node.args]
    if np.isnan(evaluation.both(node, sample)[0]):
        return "keep the argument inside the domain, or say what the value is there"
    if node.op.name in ("div", "pow") and 0 in args:
        return "keep the divisor away from 0"
    if node.op.name in ("log", "xlogy", "log1p"):
        return "keep the argument away from 0"
    return ""


def _for_value(region: Region) -> str:
    """The nearest form that makes its equation right, and is of use to later ones."""
    by, own = region.by, region.root
    by.retry()
    mends_all = not by.is_mended(own)
    mended = {n: by.best(n) for n in postorder(own.args) if n in region.named}
    needed = [set(postorder([by.best(r)])) for r in region.later if by.is_mended(r)]
    second = None
    # The nearest first, as it is the least that has to be rewritten.
    for place in region.users(region.culprit):
        form = by.best(place)
        if form is place or not gains(place, form, region.by.here):
            continue
        [made] = substitute([own], {**mended, place: form})
        mends = mends_all or by.error(own, made) < SHARP
        if mends and all(form in used for used in needed):
            return _if_it_holds(region, *_widest(region, place))
        # Not all is mended by it; it is said if nothing better is found.
        second = second or (place, form)
        mends_all = mends_all or place is own
    return _if_it_holds(region, *second) if second else ""


def _widest(region: Region, place: Node) -> tuple[Node, Node]:
    """The place, or a larger one that is in the table as a whole, or its minus."""
    by = region.by
    for user in region.users(place)[1:]:
        form = by.best(user)
        if (user in by.by_table and gains(user, form, region.by.here)) or (
            user.op.name == "neg" and user.args[0] is place
        ):
            place = user
    return place, by.best(place)


def _without_guard(region: Region) -> str:
    """A form in the table that needs no clamp, for the largest place that has one."""
    by = region.by
    for place in reversed(region.users(region.culprit)):
        meant = remove_guards(place)
        if meant is place or not meant.args:
            continue
        form = by.best(meant)
        before = error(region.by.here.double(place), region.by.here.exact(meant))
        core = meant.args[0] if meant.op.name == "neg" else meant
        if core in by.by_table and before > GAIN * SHARP:
            word = ", ".join(filter(None, (by.words(meant), "it needs no clamp")))
            return _suggestion(region, place, form, word)
    return ""


def _if_it_holds(region: Region, place: Node, form: Node) -> str:
    """What is said for a form, if it is the same function, and as good beside."""
    if not region.by.holds(place, form):
        return ""
    return _suggestion(region, place, form, region.by.words(place))


def _suggestion(region: Region, place: Node, form: Node, word: str) -> str:
    """`write softplus(xx) for log(1 + exp(xx))`, and a word on it; "" for no change."""
    inside, below = set(postorder([form])), set(postorder(place.args))
    kept = {b: n for b, n in region.named.items() if b in inside and b is not place}
    put_in = [b for b in region.named if b in below and b not in kept]
    old, new, *put_in = substitute([place, form, *put_in], kept)
    # Nobody types it, or nothing would be changed.
    if len(show(new)) > LONG or show(new) == show(old):
        return ""
    text = f"write {show(new)} for {shorten(show(old), LONG)}"
    if region.own and not set(put_in).isdisjoint(postorder([old])):
        text += f", in one equation, for {show(_owner(region, place))}"
    return text + (f": {word}" if word else "")


def _owner(region: Region, place: Node) -> Node:
    """The variable in whose expression a place is first."""
    if place not in postorder([region.root]):
        for root in region.later:
            if place in postorder([root]):
                return region.named[root]
    return name(region.own)
