"""Other ways to write an expression, by the table of forms and by rules.

    node ─ whole_forms ─→ what the table in `diff.stable_forms` has for it
         ─ proposals ───→ what rules make of it with the values here

A proposal may be no better, or wrong where its rule does not hold, so whoever takes it
has to compute it and see; `rewrite` and `remedies` do.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import isfinite

from cgprimer.diagnosis.algebra.squares import squares
from cgprimer.diagnosis.algebra.terms import (
    Terms,
    atom,
    factor_out,
    negate,
    node_of,
    number,
    sign_and_node,
    terms,
)
from cgprimer.diagnosis.proposals.differences import FUEL, Differences, turns
from cgprimer.diagnosis.proposals.expansions import by_series
from cgprimer.diagnosis.proposals.proposal import Proposal
from cgprimer.diagnosis.proposals.ranges import in_range
from cgprimer.diagnosis.sample import Sample
from cgprimer.diff.factors import is_sum, with_arguments
from cgprimer.diff.match import fill
from cgprimer.diff.stable import stable
from cgprimer.diff.stable_forms import readings
from cgprimer.expr.node import Node, postorder, substitute
from cgprimer.expr.ops import ONE, OPS, ZERO, name
from cgprimer.expr.syntax import parse_expression
from cgprimer.expr.tidy import tidy
from cgprimer.notation.text import tree_size

PERIODS = 1e3  # an argument beyond this many times π has its periods taken off


def whole_forms(node: Node) -> Iterator[Proposal]:
    """Forms of `node` that are in the table, for what is written and what is run."""
    own = stable(node)
    for part in dict.fromkeys((node, own)):
        yield from _from_table(part)
        yield from _scale_from_table(part)
    # The stable form of the whole differs from that of its parts: this operation has a
    # rule.
    if own is not with_arguments(node, [stable(arg) for arg in node.args]):
        yield Proposal(own)  # the engine has a rule for this operation itself


def _from_table(node: Node) -> Iterator[Proposal]:
    for reading in readings(node):
        yield Proposal(reading.better(), reading.word())


def _scale_from_table(node: Node) -> Iterator[Proposal]:
    """Forms in the table for a sum without what divides all its terms."""
    # 3·x - 3·x·cos(y) is 3·x times a form in the table.
    front, rest = factor_out(terms(node) if is_sum(node) else [])
    if front.powers:
        for made, word in _from_table(node_of(rest, in_order=True)):
            yield Proposal((front * atom(made)).node(), word)


def proposals(node: Node, here: Sample) -> Iterator[Proposal]:
    """Other ways to write `node`, with a word on each."""
    kind = node.op.name
    if is_sum(node):
        yield from _of_sum(node, here)
    elif kind in ("log", "pow", "arccos"):
        yield from _near_one(node, here)
    elif kind in ("sin", "cos", "tan"):
        yield from _within_a_period(node, here)
    yield from in_range(node, here)
    yield from by_series(node, here)


def _of_sum(node: Node, here: Sample) -> Iterator[Proposal]:
    """Other ways to write a sum, the shortest of the differences first."""
    square = squares(node, postorder([node]))
    if square is not None:
        yield Proposal(square)
    forms: dict[Node, str] = {}
    fuel = FUEL
    # As written, multiplied out, and with half angles: what cancels may show in one
    # only.
    parts = (terms(node), terms(node, multiply=True), _halve_angles(node))
    for turned, part in product(turns(node), filter(None, parts)):
        by = Differences(here, turned, fuel)
        forms.setdefault(by.total(part), by.where)
        forms.update(dict.fromkeys(by.against_root(part), by.where))
        # All parts share one budget.
        fuel = by.fuel
    # The shortest first, as the search ends with the first that is right and short.
    for form in sorted(forms, key=tree_size):
        yield Proposal(form, forms[form])
    if parts[0]:
        yield Proposal(_largest_first(parts[0], here), "those that cancel first")
    else:  # of xy - xy no term is left
        yield Proposal(ZERO, "all of its terms cancel")


def _halve_angles(node: Node) -> Terms:
    """The terms with 1 - 2·sin(a/2)^2 for every cos(a), multiplied out."""
    cosines = [part for part in postorder([node]) if part.op.name == "cos"]
    by = {c: fill(_HALF_ANGLE, {name("a"): c.args[0]}) for c in cosines}
    return terms(substitute([node], by)[0], multiply=True) if by else []


_HALF_ANGLE = parse_expression("1 - 2*sin(a/2)^2")


def _largest_first(parts: Terms, here: Sample) -> Node:
    """The sum in an order in which large terms cancel first, and exactly."""
    left = [(abs(here.double(term.node())), term) for term in parts]
    if not all(isfinite(size) for size, _ in left):
        return node_of(parts)
    ordered = sorted(left, key=lambda pair: -pair[0])
    made = ordered[0][1].node()
    for _, term in ordered[1:]:
        sign, part = sign_and_node(term)
        made = sign(made, part)
    return made


def _near_one(node: Node, here: Sample) -> Iterator[Proposal]:
    """log, a power or arccos of something near 1, by its distance from 1."""
    for turned in turns(node):
        by = Differences(here, turned)
        away = by.minus(node.args[0], ONE)
        logarithm = tidy(OPS["log1p"], away)
        if node.op.name == "log":
            made = logarithm
        elif node.op.name == "pow":
            made = OPS["exp"](tidy(OPS["mul"], node.args[1], logarithm))
        else:
            half = node_of(negate(terms(away)))
            root = OPS["sqrt"](tidy(OPS["div"], half, number(2).node()))
            made = (number(2) * atom(OPS["arcsin"](root))).node()
        yield Proposal(made, by.where)


def _within_a_period(node: Node, here: Sample) -> Iterator[Proposal]:
    """sin(2·pi·(x - n)) for sin(2·pi·x), n a whole number."""
    parts = terms(node.args[0])
    turn = OPS["pi"]()
    if len(parts) != 1 or (turn, 1) not in parts[0].powers:
        return
    [term] = parts
    rest = term * atom(turn) ** -1 * number(term.number) ** -1
    period = 2 / abs(term.number)
    value = here.double(rest.node())
    # Beyond 2^53 no fraction of a period is left in a double.
    if not PERIODS < abs(value) < 2.0**53:
        return
    whole = number(round(value / float(period)) * period)
    away = OPS["sub"](rest.node(), whole.node())
    inner = number(term.number) * atom(turn) * atom(away)
    yield Proposal(
        node.op(inner.node()),
        "take whole periods off before the argument is rounded",
    )
