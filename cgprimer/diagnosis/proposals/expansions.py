"""The first terms of a series for an expression, and how far they reach.

    expression, values here ─▶ (sum of up to 7 terms, its range); asked by `proposals`

x - sin(x) at 1e-4: three terms, x^3/6 - x^5/120 + x^7/5040. The next, x^9/362880, is
2^-54 of the first, half a unit in its last place, where x^6 = 2^-54·362880/6, at
x = 0.0122. At 1e-4 three terms do, and the word is `abs(x) < 0.01`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from math import isfinite

from cgprimer.diagnosis.algebra.power_series import NoSeriesError, PowerSeries
from cgprimer.diagnosis.algebra.series import series
from cgprimer.diagnosis.algebra.terms import atom, node_of, single
from cgprimer.diagnosis.proposals.proposal import Proposal
from cgprimer.diagnosis.sample import Sample
from cgprimer.diagnosis.walks import size
from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import NAME
from cgprimer.notation.text import show

SERIES = "its series, for "
SHORT = 40  # operations of an expression that has a short series
TRIED = 6  # things that a series is tried in
SMALL, LARGE = 0.5, 4.0  # what a series may be in
SHORTEST, LONGEST = 3, 8  # terms of a series
ROUND = 2.0**-54  # half a unit in the last place


def by_series(node: Node, here: Sample) -> Iterator[Proposal]:
    """The first terms of its series in whatever is small or large here."""
    if size(node) > SHORT:
        return
    for small, large in islice(_candidates(node, here), TRIED):
        with suppress(NoSeriesError):
            expanded = series(node, small, large=large)
            yield _first_terms(expanded, small, large, here)


def _candidates(node: Node, here: Sample) -> Iterator[tuple[Node, bool]]:
    """Arguments of functions, and names, that are small or large here."""
    order = postorder([node])
    called = (p.args[0] for p in order if p.args and not p.op.symbol)
    names = (part for part in order if part.op is NAME)
    for part in dict.fromkeys((*called, *names)):
        size = abs(here.double(part))
        if size < SMALL:
            yield part, False
        elif size > LARGE and part.op is NAME:
            yield part, True


def _first_terms(
    expanded: PowerSeries, small: Node, large: bool, here: Sample
) -> Proposal:
    """As many terms as give all digits here, and how far they do."""
    value = abs(here.double(small))
    at = 1 / value if large else value
    kept = [(k, c) for k, c in enumerate(expanded.c) if c]
    for count in range(min(SHORTEST, max(len(kept) - 1, 1)), LONGEST):
        # All coefficients that are known would be used up: nothing tells what is left
        # out.
        if count >= len(kept):
            raise NoSeriesError
        (lead, first), (after, rest) = kept[0], kept[count]
        sizes = [abs(here.double(node_of(c))) for c in (first, rest)]
        if not all(isfinite(s) and s for s in sizes):
            raise NoSeriesError
        reach = (ROUND * sizes[0] / sizes[1]) ** (1 / (after - lead))
        if at <= reach:
            break
    else:
        raise NoSeriesError
    power = -1 if large else 1
    made = [
        single(c) * atom(small) ** (power * (expanded.first + k))
        for k, c in kept[:count]
    ]
    word = f"{SERIES}{_range(small, large, reach)}"
    return Proposal(node_of(made, in_order=True), word)


def _range(small: Node, large: bool, reach: float) -> str:
    """`abs(xx) < 0.01`, one digit, rounded to the safe side."""
    reach = min(reach, SMALL)
    if large:
        return f"abs({show(small)}) > {_one_digit(1 / reach, up=True)}"
    return f"abs({show(small)}) < {_one_digit(reach, up=False)}"


def _one_digit(value: float, *, up: bool) -> str:
    """0.0122 as 0.01, or as 0.02 rounded up."""
    digit, exponent = f"{value:.15e}".split("e")
    whole = int(float(digit)) + (1 if up and float(digit) % 1 else 0)
    return f"{float(f'{whole}e{exponent}'):g}"
