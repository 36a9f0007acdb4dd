"""Wrong total derivatives of a check, output by output: their rows, and the stories.

judged rows ─▶ which totals are wrong, and not for a reason that is known already
                 └─▶ a Teller at the points that tell most ─▶ rows with what they say
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cgprimer.judge.claim import Claim
from cgprimer.judge.evidence import JudgedRow
from cgprimer.judge.graph_check import GraphCheck
from cgprimer.judge.report import CheckRow
from cgprimer.judge.stories.edge_stories import Story
from cgprimer.judge.stories.stories import TotalStories
from cgprimer.judge.total_check import OutputCheck
from cgprimer.judge.verdict import FAIL
from cgprimer.types import Edge


def blame_totals(
    check: GraphCheck, rows: Sequence[JudgedRow], claims: Mapping[str, Claim]
) -> tuple[list[JudgedRow], list[Story]]:
    """The rows with what wrong totals look like, output by output, and the stories."""
    done = [one for one in rows if one.row.kind != "total"]
    failed = [one.row for one in done if one.row.verdict == FAIL]
    edges = [check.edges[row.edge] for row in failed if row.kind == "edge"]
    # Edges that failed by our own rules: the true totals are built with differences
    # there.
    doubted = [one.edge for one in edges if not one.is_confirmed]
    stories: list[Story] = []
    totals = [one for one in rows if one.row.kind == "total"]
    for output in dict.fromkeys(one.row.node for one in totals):
        own = [one for one in totals if one.row.node == output]
        bad = _to_explain([one.row for one in own], claims, doubted)
        if bad:
            output_stories = _stories(check.output(output), claims, bad, doubted)
            told = list(output_stories)
            own = _with_stories(own, output_stories, told)
            stories += told
        done += own
    return done, stories


def _to_explain(
    rows: Sequence[CheckRow], claims: Mapping[str, Claim], doubted: Sequence[Edge]
) -> list[str]:
    """The names of totals that are wrong for a reason that is not known already."""
    explained = {row.wrt for row in rows if row.mistake}  # by what arrives
    if doubted:  # our own are wrong because edges are
        explained |= {row.wrt for row in rows if row.wrt not in claims}
    failed = (row.wrt for row in rows if row.verdict == FAIL)
    return [wrt for wrt in failed if wrt not in explained]


def _with_stories(
    rows: Sequence[JudgedRow], stories: TotalStories, told: Sequence[Story]
) -> list[JudgedRow]:
    of = {wrt: story for story in told for wrt in story.names}
    return [
        replace(one, row=stories.mark(one.row, of[one.row.wrt]))
        if one.row.wrt in of
        else one
        for one in rows
    ]


def _stories(
    output: OutputCheck,
    claims: Mapping[str, Claim],
    bad: Sequence[str],
    doubted: Sequence[Edge],
) -> TotalStories:
    """At many points, unless the claims are known, or wrong, at the given ones only."""
    if all(claim.everywhere for claim in claims.values()):
        wide = output.wide
        stories = TotalStories(wide, claims, bad, doubted)
        # Claims that are right at random points and wrong at the given ones: the
        # mistake shows at the given points alone.
        if wide is output or not any(map(stories.totals.is_right, bad)):
            return stories
    return TotalStories(output, claims, bad, doubted)
