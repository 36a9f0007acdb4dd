"""What a report says of its rows: the first wrong edge, and sentences.

rows at one point, verdict, stories of totals ─▶ an edge, the diagnosis; for `check`
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from cgprimer.errors import listing
from cgprimer.judge.claim import Claim
from cgprimer.judge.graph_check import GraphCheck
from cgprimer.judge.report import CheckRow
from cgprimer.judge.stories.edge_stories import Story
from cgprimer.judge.verdict import FAIL, INCONCLUSIVE, PASS, SURROGATE
from cgprimer.types import Edge

_ORDER = {"edge": 0, "kink": 0, "second": 1, "direction": 2, "total": 2}
SENTENCES = 24  # on wrong totals; their rows say the rest
PLACES = 3  # claims that a sentence points at


def diagnosis(
    check: GraphCheck,
    rows: Sequence[CheckRow],
    verdict: str,
    stories: Sequence[Story],
    claims: Mapping[str, Claim],
) -> tuple[Edge | None, str]:
    """The first wrong edge, and what is said of all the rows.

    claims : those of totals, by the name that is derived by.
    """
    if verdict == PASS:
        return None, _praise(check, rows)
    wrong = [row for row in rows if row.verdict == FAIL]
    if not wrong:
        nothing = "there is nothing here that could be judged"
        return None, undecided(rows) or nothing
    # A wrong edge is told before a second derivative, and before totals that follow
    # from it; of totals, those along directions stand first.
    row = min(wrong, key=lambda row: _ORDER[row.kind])
    first: Edge | None = row.edge
    if row.kind == "total":
        # The first in topological order: what lies after a wrong edge may be wrong
        # because of it.
        place = {edge: i for i, edge in enumerate(check.edges)}
        edges = [story.edge for story in stories] or [row.edge]
        first = min(edges, key=lambda edge: place.get(edge, len(place)))
        says = [] if stories else [_on_rules(wrong)]
    elif row.kind == "direction":
        first = None
        says = [f"{row.derivative} is not what differences say: {_numbers(row)}."]
    else:
        says = [_on_edge(row), *_on_others(row, wrong)]
    return first, " ".join([*says, *_on_totals(rows, stories, claims)])


def undecided(rows: Iterable[CheckRow]) -> str:
    """The first row that could not be decided, and why; nothing where all could."""
    doubtful = [row for row in rows if row.verdict == INCONCLUSIVE]
    if not doubtful:
        return ""
    row = doubtful[0]
    more = f" (and {len(doubtful) - 1} more)" if len(doubtful) > 1 else ""
    return f"{row.derivative} could not be decided{more}: {row.reason}"


def _on_edge(row: CheckRow) -> str:
    edge = f"∂{row.node}/∂{row.wrt}"
    if row.kind == "second":
        # A formula with the right values whose own derivative is wrong.
        claimed, true = row.spot.texts
        text = (
            f"{edge} has the right values, but not the right derivative: "
            f"{row.derivative} would be {claimed} where differences give {true}."
        )
    else:
        mistake = row.note or f"{row.derivative} is not its derivative"
        text = f"{edge} is the first wrong edge: {mistake}."
    return f"{text} {row.mend[0].upper()}{row.mend[1:]}." if row.mend else text


def _on_others(first: CheckRow, wrong: Sequence[CheckRow]) -> Iterator[str]:
    """What is wrong besides the first, and has no story."""
    others = dict.fromkeys(
        row.derivative
        for row in wrong
        if (row.edge != first.edge or row.kind == "total") and not row.is_storied
    )
    if others:
        yield f"Also wrong: {listing(others)}."


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
    claimed, true = row.spot.texts
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
