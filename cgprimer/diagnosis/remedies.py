"""How to write it instead: a formula that is right at the point, or nothing.

A formula is looked for around the operation that goes wrong, the nearest first that
makes the equation right and what is computed from it. Each is verified before it is
shown; where none is, nothing is suggested.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from cgprimer.diagnosis.clamps import unguarded
from cgprimer.diagnosis.expansions import SHORT
from cgprimer.diagnosis.extended import is_finite
from cgprimer.diagnosis.here import Here
from cgprimer.diagnosis.operations import Computed, Operations, Place, error
from cgprimer.diagnosis.proposals import proposals, whole_forms
from cgprimer.diagnosis.regions import WHOLE, Region, Regions
from cgprimer.diagnosis.rewrite import WIDE, Fuel
from cgprimer.diagnosis.verify import GAIN, SHARP, gains
from cgprimer.diagnosis.walks import above, size
from cgprimer.diff.sweep import partials
from cgprimer.errors import shorten
from cgprimer.expr.node import Node, leaves, postorder, substitute
from cgprimer.expr.ops import name
from cgprimer.notation.text import show

NEAR = 40  # operations above a culprit that are looked at
LONG = 600  # characters of a formula that anybody would type
PARTS = 60  # parts of equations of which other forms are differentiated, in all


class Remedies:
    """Formulas for the findings of one graph at one point, with a budget for all."""

    def __init__(self, operations: Operations, computed: Computed) -> None:
        self.operations, self.computed = operations, computed
        self.regions = Regions(operations, computed)
        self.fuel = Fuel(PARTS, each=PARTS // 3)

    def remedy(self, node: Node, sample: int) -> str:
        """`write softplus(xx) for ln(1 + exp(xx))`; "" where no formula is known."""
        place = self.operations.places[node]
        self.regions.fuel.refill()
        self.fuel.refill()
        whole = self.regions.whole(place, node, sample)
        if place.kind != "value":
            return self._for_derivative(whole, place, sample)
        alone = self.regions.alone(place, sample)
        return (
            # A clamp first: where it is in the way, all other forms keep it.
            _without_guard(whole)
            or (_for_value(alone) if alone else "")
            or _for_value(whole)
            or _domain(self.computed, node, sample)
        )

    def _for_derivative(self, region: Region, place: Place, sample: int) -> str:
        """A form of the equation, or of all equations, whose derivative is right."""
        if size(region.root) > WHOLE:
            return ""
        for part, form, word in self._with_derivative(region, place, sample):
            if region.by.holds(part, form):
                return _told(replace(region, own=place.node), part, form, word)
        hand = _for_value(region)
        return f"by hand it can be had: {hand}" if hand else ""

    def _with_derivative(
        self, region: Region, place: Place, sample: int
    ) -> Iterator[tuple[Node, Node, str]]:
        """Parts of the body with other forms, of which the derivative is right."""
        graph, bodies = self.operations.graph, self.operations.bodies
        wrt, inside = name(str(place.wrt)), dict[Node, Node]()
        body = bodies[place.node]
        if place.kind == "edge":
            body = graph.equation(place.node).body
            inside = {name(text): of for text, of in bodies.items()}
        wide = Here({**region.here.at, **self.regions.values(sample)})
        for part in postorder([body]):
            if not 1 < size(part) <= WIDE or str(place.wrt) not in leaves(part):
                continue
            for form, word in self._forms(part, wide):
                [better] = substitute([body], {part: form})
                [slope] = substitute([partials(better, [wrt])[wrt]], inside)
                if region.by.error(region.root, slope) < SHARP:
                    old, new = substitute([part, form], inside)
                    yield old, new, word

    def _forms(self, part: Node, here: Here) -> Iterator[tuple[Node, str]]:
        yield from whole_forms(part)
        # Rules take hundredths of a second for each part, and all parts are tried.
        if size(part) <= SHORT and self.fuel.burn():
            yield from proposals(part, here)


def _domain(computed: Computed, node: Node, sample: int) -> str:
    """What to keep away from where there is no number to be had."""
    if is_finite(computed.exact[sample][node]) or node.op.name == "mul":
        return ""
    args = [float(computed.doubles[arg][sample]) for arg in node.args]
    if np.isnan(float(computed.doubles[node][sample])):
        return "keep the argument inside the domain, or say what the value is there"
    if node.op.name in ("div", "pow") and 0 in args:
        return "keep the divisor away from 0"
    if node.op.name in ("log", "xlogy", "log1p"):
        return "keep the argument away from 0"
    return ""


def _for_value(region: Region) -> str:
    """The nearest form that makes its equation right, and is of use to later ones."""
    by, own, later = region.by, region.root, region.later
    by.retry()
    mends_all = not by.is_mended(own)
    mended = {n: by.best(n) for n in postorder(own.args) if n in region.named}
    needed = [set(postorder([by.best(r)])) for r in later if by.is_mended(r)]
    second = None
    # The nearest first, as it is the least that has to be rewritten.
    for place in _users((own, *later), region.culprit)[:NEAR]:
        form = by.best(place)
        if form is place or not gains(place, form, region.here):
            continue
        [made] = substitute([own], {**mended, place: form})
        mends = mends_all or by.error(own, made) < SHARP
        if mends and all(form in used for used in needed):
            return _verified(region, *_widened(region, place))
        # Not all is mended by it; it is told if nothing better is found.
        second = second or (place, form)
        mends_all = mends_all or place is own
    return _verified(region, *second) if second else ""


def _widened(region: Region, place: Node) -> tuple[Node, Node]:
    """The place, or a larger one that is in the table as a whole, or its minus."""
    by = region.by
    for user in _users((region.root, *region.later), place)[1:NEAR]:
        form = by.best(user)
        if (user in by.by_table and gains(user, form, region.here)) or (
            user.op.name == "neg" and user.args[0] is place
        ):
            place = user
    return place, by.best(place)


def _without_guard(region: Region) -> str:
    """A form in the table that needs no clamp, for the largest place that has one."""
    by = region.by
    users = _users((region.root, *region.later), region.culprit)[:NEAR]
    for place in reversed(users):
        meant = unguarded(place)
        if meant is place or not meant.args:
            continue
        form = by.best(meant)
        before = error(region.here.double(place), region.here.exact(meant))
        core = meant.args[0] if meant.op.name == "neg" else meant
        if core in by.by_table and before > GAIN * SHARP:
            word = ", ".join(filter(None, (by.words(meant), "it needs no clamp")))
            return _told(region, place, form, word)
    return ""


def _users(roots: Sequence[Node], culprit: Node) -> list[Node]:
    """`culprit` and what is computed from it in `roots`, nearest first."""
    return above(postorder(roots), lambda node: node is culprit)


def _verified(region: Region, place: Node, form: Node) -> str:
    if not region.by.holds(place, form):
        return ""
    return _told(region, place, form, region.by.words(place))


def _owner(region: Region, place: Node) -> Node:
    """The variable in whose expression a place is first."""
    if place not in postorder([region.root]):
        for root in region.later:
            if place in postorder([root]) and root in region.named:
                return region.named[root]
    return name(region.own)


def _told(region: Region, place: Node, form: Node, word: str) -> str:
    """`write softplus(xx) for log(1 + exp(xx))`, and a word on it."""
    inside = set(postorder([form]))
    kept = {b: n for b, n in region.named.items() if b in inside and b is not place}
    old, new = substitute([place, form], kept)
    # Nobody types it, or nothing would be changed.
    if len(show(new)) > LONG or show(new) == show(old):
        return ""
    text = f"write {show(new)} for {shorten(show(old), LONG)}"
    spread = (region.named.keys() - {place}).intersection(postorder([old]))
    if spread and region.own:
        text += f", in one equation, for {show(_owner(region, place))}"
    return text + (f": {word}" if word else "")
