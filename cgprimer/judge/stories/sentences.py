"""A report: from judged rows to the table, the first wrong edge, the sentences.

    rows ─▶ wrong totals with their stories ─▶ rows at one point ─▶ verdict, diagnosis

`check` asks for it, with the claims that the rows are about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from cgprimer.errors import listing
from cgprimer.judge.claim import Claim, Claims
from cgprimer.judge.evidence import JudgedRow
from cgprimer.judge.graph_check import GraphCheck
from cgprimer.judge.report import CheckReport, CheckRow, overall
from cgprimer.judge.stories.edge_stories import Story
from cgprimer.judge.stories.one_point import at_one_point
from cgprimer.judge.stories.wrong_totals import blame_totals
from cgprimer.judge.verdict import FAIL, INCONCLUSIVE, PASS, SURROGATE
from cgprimer.notation.numbers import apart
from cgprimer.types import Edge

_ORDER = {"edge": 0, "kink": 0, "second": 1, "direction": 2, "total": 2}
SENTENCES = 24  # on wrong totals; their rows say the rest
PLACES = 3  # claims that a sentence points at


@np.errstate(all="ignore")  # guesses may overflow
def tell(check: GraphCheck, rows: Sequence[JudgedRow], claims: Claims) -> CheckReport:
    """The report on judged rows, with what the claims look like that are wrong."""
    rows, stories = blame_totals(check, rows, claims.whole)
    verdict = overall(tuple(one.row for one in rows))
    shown, at = at_one_point(check, rows, claims)
    first, diagnosis = _diagnosis(check, shown, verdict, stories, claims.whole)
    return CheckReport(verdict, shown, first, diagnosis, at, check.width)


def _diagnosis(
    check: GraphCheck,
    rows: Sequence[CheckRow],
    verdict: str,
    stories: Sequence[Story],
    claims: Mapping[str, Claim],
) -> tuple[Edge | None, str]:
    if verdict == PASS:
        return None, _praise(check, rows)
    wrong = [row for row in rows if row.verdict == FAIL]
    if not wrong:
        return None, _doubt([row for row in rows if row.verdict == INCONCLUSIVE])
    on_totals = " ".join(_on_totals(rows, stories, claims))
    if all(row.kind == "total" for row in wrong):
        # The first in topological order: what lies after a wrong edge may be wrong
        # because of it.
        place = {edge: i for i, edge in enumerate(check.edges)}
        edges = [story.edge for story in stories] or [wrong[0].edge]
        first = min(edges, key=lambda edge: place.get(edge, len(place)))
        return first, on_totals or _on_rules(wrong)
    # A wrong edge is told before a second derivative, and before totals that follow
    # from it.
    row = min(wrong, key=lambda row: _ORDER[row.kind])
    if row.kind == "direction":
        says = f"{row.derivative} is not what differences say: {_numbers(row)}."
        return None, " ".join(filter(None, (says, on_totals)))
    others = [
        r.derivative
        for r in wrong
        if (r.edge != row.edge or r.kind == "total") and not r.is_storied
    ]
    more = f"Also wrong: {listing(dict.fromkeys(others))}." if others else ""
    return row.edge, " ".join(filter(None, (_on_edge(row), more, on_totals)))


def _doubt(doubtful: Sequence[CheckRow]) -> str:
    if not doubtful:
        return "there is nothing here that could be judged"
    row = doubtful[0]
    more = f" (and {len(doubtful) - 1} more)" if len(doubtful) > 1 else ""
    return f"{row.derivative} could not be decided{more}: {row.reason}"


def _on_edge(row: CheckRow) -> str:
    if row.kind == "second":
        return _on_second(row)
    mistake = row.note or f"{row.derivative} is not its derivative"
    text = f"∂{row.node}/∂{row.wrt} is the first wrong edge: {mistake}."
    return f"{text} {row.mend[0].upper()}{row.mend[1:]}." if row.mend else text


def _on_second(row: CheckRow) -> str:
    """A formula with the right values whose own derivative is wrong."""
    spot = row.decided or row
    claimed, true = apart(spot.claimed, spot.difference)
    text = (
        f"∂{row.node}/∂{row.wrt} has the right values, but not the right derivative: "
        f"{row.derivative} would be {claimed} where differences give {true}."
    )
    return f"{text} {row.mend[0].upper()}{row.mend[1:]}." if row.mend else text


def _on_totals(
    rows: Sequence[CheckRow], stories: Sequence[Story], claims: Mapping[str, Claim]
) -> Iterator[str]:
    """A sentence for every story; one for all of them where there is one."""
    count = sum(len(story.names) for story in stories)
    if len(stories) > 1:
        yield f"{count} total derivatives are wrong."
    row_of = {row.edge: row for row in rows if row.kind == "total"}
    for story in stories[:SENTENCES]:
        own = [row_of[story.output, wrt] for wrt in story.names]
        names = listing((row.derivative for row in own), SENTENCES)
        verb = (
            "" if len(stories) > 1 else " is wrong" if len(own) == 1 else " are wrong"
        )
        says = story.clause
        # Where no mistake is recognised the two numbers are all there is to say.
        if not story.cause.is_recognised:
            says += f"; {_numbers(own[0])}"
        yield f"{names}{verb}: {says}.{_places(claims, story.names)}"
    if len(stories) > SENTENCES:
        yield f"And {len(stories) - SENTENCES} more: their rows say how."


def _on_rules(wrong: Sequence[CheckRow]) -> str:
    """Totals that are wrong although every edge is right, or is claimed right."""
    says = {
        row.note: [r.derivative for r in wrong if r.note == row.note] for row in wrong
    }
    return " ".join(f"{listing(rows)}: {note}." for note, rows in says.items())


def _numbers(row: CheckRow) -> str:
    spot = row.decided or row
    claimed, true = apart(spot.claimed, spot.difference)
    where = "" if row.decided is None else " at a point of its own"
    return f"{row.derivative} should be {true} where {claimed} is claimed{where}"


def _places(claims: Mapping[str, Claim], names: Sequence[str]) -> str:
    places = [f"{claims[w].text} ({claims[w].where})" for w in names if w in claims]
    places = [place for place in places if place != " ()"]
    more = f" and {len(places) - PLACES} more" if len(places) > PLACES else ""
    return f" Look at {'; '.join(places[:PLACES])}{more}." if places else ""


def _praise(check: GraphCheck, rows: Sequence[CheckRow]) -> str:
    passed = [row.kind for row in rows if row.verdict == PASS]
    edges, totals, kinks = (passed.count(kind) for kind in ("edge", "total", "kink"))
    counted = [row for row in rows if row.kind in ("edge", "total", "direction")]
    kind = "given" if check.given else "random"
    points = f"{_count(check.width, f'{kind} point')}"
    more = f", and at {_count(kinks, 'kink')}" if kinks else ""
    vague = sum(row.verdict == PASS and bool(row.reason) for row in counted)
    some = f" ({vague} of them not at every point)" if vague else ""
    declared = sum(row.verdict == SURROGATE for row in rows)
    aside = f"; {declared} are declared, not derived" if declared else ""
    agree = [_count(edges, "edge"), *[_count(totals, "total")] * (totals > 0)]
    agree += [row.derivative for row in rows if row.kind == "direction"]
    return (
        f"{' and '.join(agree)} agree with finite differences at {points}{some}{more}"
        f"{aside}"
    )


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' * (number != 1)}"
