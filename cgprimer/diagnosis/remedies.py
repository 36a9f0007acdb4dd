"""How to write it instead: a formula that is right at the point, or nothing.

A formula is looked for around the operation that goes wrong, the nearest first that
makes the equation right and what is computed from it. Each is verified before it is
shown; where none is, nothing is suggested.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cgprimer.diagnosis.clamps import unguarded
from cgprimer.diagnosis.here import Here
from cgprimer.diagnosis.operations import Computed, Operations, Place, error
from cgprimer.diagnosis.rewrite import Rewriter, proposals, whole_forms
from cgprimer.diagnosis.verify import GAIN, SHARP, gains, holds
from cgprimer.diff.sweep import partials
from cgprimer.errors import shorten
from cgprimer.expr.node import Node, leaves, postorder, substitute
from cgprimer.expr.ops import name
from cgprimer.expr.show import show
from cgprimer.numeric.extended import is_finite

NEAR = 40  # operations above a culprit that are looked at
WHOLE = 400  # operations of an equation put together from others, up to which …
NEARBY = 60  # … all of it is looked at; else this much, with the values of the rest
LATER = 8  # variables computed from it that are to be right, too
LONG = 600  # characters of a formula that anybody would type
TRIED = 300  # forms of which a derivative is tried


@dataclass(frozen=True)
class Region:
    """The expressions around an operation that goes wrong, and their values.

    roots : variable → its expression, the culprit's own first. named : expression →
        the variable that it defines. own : the culprit's variable; "" in a derivative.
    """

    culprit: Node
    roots: dict[str, Node]
    named: dict[Node, Node]
    here: Here
    own: str


def remedy(operations: Operations, computed: Computed, node: Node, sample: int) -> str:
    """`write softplus(xx) for ln(1 + exp(xx))`; "" where no formula is known."""
    place = operations.places[node]
    if place.kind != "value":
        return _for_derivative(operations, computed, node, sample)
    region = _region(operations, computed, node, sample)
    found = _without_guard(region) or _for_value(region)
    return found or _domain(computed, node, sample)


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


def _region(
    operations: Operations, computed: Computed, node: Node, sample: int
) -> Region:
    place = operations.places[node]
    root = operations.bodies[place.node]
    if len(postorder([root])) > WHOLE:
        return _cut(operations, computed, place, sample)
    later = operations.later(place.node, LATER)
    roots = {text: operations.bodies[text] for text in (place.node, *later)}
    roots = {t: r for t, r in roots.items() if len(postorder([r])) <= WHOLE}
    named = {body: name(text) for text, body in operations.bodies.items() if body.args}
    here = Here(computed.at(sample), computed.exact[sample])
    return Region(node, roots, named, here, place.node)


def _cut(
    operations: Operations, computed: Computed, place: Place, sample: int
) -> Region:
    """The equation with as many of those before it put in as are looked at."""
    graph = operations.graph
    body, culprit = place.formula, place.operation
    named: dict[Node, Node] = {}
    while len(postorder([body])) < NEARBY:
        inner = [text for text in leaves(body) if text in operations.bodies]
        if not inner:
            break
        by = {name(inner[-1]): graph.equation(inner[-1]).body}
        named = {substitute([key], by)[0]: text for key, text in named.items()}
        named[by[name(inner[-1])]] = name(inner[-1])
        body, culprit = substitute([body, culprit], by)
    at = computed.at(sample)
    for text in leaves(body):
        if text in operations.bodies:
            at[text] = float(computed.doubles[operations.bodies[text]][sample])
    at = {text: at[text] for text in leaves(body)}
    return Region(culprit, {place.node: body}, named, Here(at), place.node)


def _for_value(region: Region) -> str:
    rewriter = Rewriter(region.here)
    roots = region.roots
    right = {
        text: root
        for text, root in roots.items()
        if error(region.here.double(rewriter.best(root)), region.here.exact(root))
        < SHARP
    }
    goals = [root for text, root in right.items() if text != region.own]
    goals = goals or list(right.values())
    second = None
    for place in _users(list(roots.values()), region.culprit)[:NEAR]:
        form = rewriter.best(place)
        if form is place or not gains(place, form, region.here):
            continue
        if all(_mended(goal, place, form, region.here) for goal in goals):
            return _verified(region, rewriter, *_widened(region, rewriter, place))
        second = second or (place, form)
    return _verified(region, rewriter, *second) if second else ""


def _widened(region: Region, rewriter: Rewriter, place: Node) -> tuple[Node, Node]:
    """The place, or a larger one that is in the table as a whole, or its minus."""
    users = _users(list(region.roots.values()), place)[:NEAR]
    for user in users[1:]:
        whole = user in rewriter.by_table and gains(
            user, rewriter.best(user), region.here
        )
        if whole or (user.op.name == "neg" and user.args[0] is place):
            place = user
    return place, rewriter.best(place)


def _without_guard(region: Region) -> str:
    """A form in the table that needs no clamp, for the largest place that has one."""
    rewriter = Rewriter(region.here)
    users = _users(list(region.roots.values()), region.culprit)[:NEAR]
    for place in reversed(users):
        meant = unguarded(place)
        if meant is place or not meant.args:
            continue
        form = rewriter.best(meant)
        before = error(region.here.double(place), region.here.exact(meant))
        core = meant.args[0] if meant.op.name == "neg" else meant
        if core in rewriter.by_table and before > GAIN * SHARP:
            word = ", ".join(filter(None, (rewriter.words(meant), "it needs no clamp")))
            return _told(region, place, form, word)
    return ""


def _mended(root: Node, place: Node, form: Node, here: Here) -> bool:
    [made] = substitute([root], {place: form})
    return error(here.double(made), here.exact(root)) < SHARP


def _users(roots: Sequence[Node], culprit: Node) -> list[Node]:
    """`culprit` and what is computed from it in `roots`, nearest first."""
    above = {culprit}
    found = []
    for node in postorder(roots):
        if node is culprit or any(arg in above for arg in node.args):
            above.add(node)
            found.append(node)
    return found


def _verified(region: Region, rewriter: Rewriter, place: Node, form: Node) -> str:
    if not holds(place, form, region.here):
        return ""
    return _told(region, place, form, rewriter.words(place))


def _told(region: Region, place: Node, form: Node, word: str) -> str:
    """`write softplus(xx) for log(1 + exp(xx))`, and a word on it."""
    inside = set(postorder([form]))
    kept = {b: n for b, n in region.named.items() if b in inside and b is not place}
    old, new = substitute([place, form], kept)
    if len(show(new)) > LONG:
        return ""
    text = f"write {show(new)} for {shorten(show(old), LONG)}"
    spread = (region.named.keys() - {place}).intersection(postorder([old]))
    if spread and region.own:
        owners = [t for t, root in region.roots.items() if place in postorder([root])]
        text += f", in one equation, for {[*owners, region.own][0]}"
    return text + (f": {word}" if word else "")


def _for_derivative(
    operations: Operations, computed: Computed, node: Node, sample: int
) -> str:
    """A form of the equation, or of all equations, whose derivative is right."""
    place = operations.places[node]
    root = operations.roots[place.kind, place.node, place.wrt]
    if len(postorder([root])) > WHOLE:
        return ""
    here = Here(computed.at(sample), computed.exact[sample])
    named = {body: name(text) for text, body in operations.bodies.items() if body.args}
    region = Region(node, {place.node: root}, named, here, place.node)
    at = {t: float(computed.doubles[b][sample]) for t, b in operations.bodies.items()}
    wide = Here({**here.at, **at})
    for part, form, word in _with_derivative(operations, place, root, here, wide):
        if holds(part, form, here):
            return _told(region, part, form, word)
    hand = _for_value(replace(region, own=""))
    return f"by hand it can be had: {hand}" if hand else ""


def _with_derivative(
    operations: Operations, place: Place, root: Node, here: Here, wide: Here
) -> Iterator[tuple[Node, Node, str]]:
    """Parts of the body with other forms, of which the derivative is right."""
    wrt, inside = name(str(place.wrt)), dict[Node, Node]()
    body = operations.bodies[place.node]
    if place.kind == "edge":
        body = operations.graph.equation(place.node).body
        inside = {name(v): of for v, of in operations.bodies.items()}
    tried = 0
    for part in postorder([body]):
        if not part.args:
            continue
        [filled] = substitute([part], inside)
        for form, word in (*whole_forms(part), *proposals(part, wide)):
            tried += 1
            if tried > TRIED:
                return
            [better] = substitute([body], {part: form})
            [slope] = substitute([partials(better, [wrt])[wrt]], inside)
            if error(here.double(slope), here.exact(root)) < SHARP:
                yield filled, substitute([form], inside)[0], word
