"""Wrong total derivatives of a check, output by output: their rows, and the stories.

judged rows ─▶ which totals are wrong, and not for a reason that is known already
                 └─▶ the totals at the points that tell most ─▶ rows with what they say
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cgprimer.judge.claim import Claim
from cgprimer.judge.evidence import JudgedRow
from cgprimer.judge.graph_check import GraphCheck
from cgprimer.judge.report import CheckRow
from cgprimer.judge.stories.claimed_totals import ClaimedTotals
from cgprimer.judge.stories.edge_stories import Story
from cgprimer.judge.stories.stories import TotalStories
from cgprimer.judge.verdict import FAIL
from cgprimer.types import Edge


def blame_totals(
    check: GraphCheck, rows: Sequence[JudgedRow], claims: Mapping[str, Claim]
) -> tuple[list[JudgedRow], list[Story]]:
    """The rows with what wrong totals look like, output by output, and the stories."""
    failed = [one.row for one in rows if one.row.verdict == FAIL]
    edges = [check.edges[row.edge] for row in failed if row.kind == "edge"]
    # Edges that failed by our own rules: the true totals are built with differences
    # there.
    doubted = [one.edge for one in edges if not one.is_confirmed]
    # Known already is what a backward does with what arrives, and that our own totals
    # are wrong where edges are.
    wrong = [
        row
        for row in failed
        if row.kind == "total"
        and not row.mistake
        and (row.wrt in claims or not doubted)
    ]
    stories: list[Story] = []
    marked: dict[Edge, CheckRow] = {}
    for output in dict.fromkeys(row.node for row in wrong):
        own = {row.wrt: row for row in wrong if row.node == output}
        totals = _totals(check, output, claims, [*own], doubted)
        told = list(TotalStories(totals))
        stories += told
        for story in told:
            for wrt in story.names:
                marked[output, wrt] = totals.mark(own[wrt], story.cause, story.says)
    return [
        replace(one, row=marked[one.row.edge])
        if one.row.kind == "total" and one.row.edge in marked
        else one
        for one in rows
    ], stories


def _totals(
    check: GraphCheck,
    output: str,
    claims: Mapping[str, Claim],
    bad: Sequence[str],
    doubted: Sequence[Edge],
) -> ClaimedTotals:
    """At many points, unless the claims are known, or wrong, at the given ones only."""
    anywhere = all(claim.everywhere for claim in claims.values())
    for at in (check.wide, check) if anywhere else (check,):
        totals = ClaimedTotals(at, output, claims, bad, doubted)
        # Claims that are right at random points and wrong at the given ones: the
        # mistake shows at the given points alone.
        if not any(map(totals.is_right, bad)):
            break
    return totals
