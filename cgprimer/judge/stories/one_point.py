"""A table at one point: rows that were judged at many, told at the same one.

rows, judged at n points ─▶ the point that shows most ─▶ rows of values at that point

There the product of partials along a path, summed over paths, is the total derivative.
A verdict that was reached at another point keeps that point as its `Spot`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from cgprimer.judge.arrival import MISTAKE
from cgprimer.judge.claim import Claims
from cgprimer.judge.evidence import Evidence, JudgedRow
from cgprimer.judge.graph_check import GraphCheck
from cgprimer.judge.report import CheckRow
from cgprimer.judge.verdict import FAIL, INCONCLUSIVE

# Second derivatives and kinks are in no product along a path.
CHAINED = ("edge", "total")  # what a reader multiplies; the rest stands for itself


def at_one_point(
    check: GraphCheck, rows: Sequence[JudgedRow], claims: Claims
) -> tuple[tuple[CheckRow, ...], dict[str, float]]:
    """The rows with values at the point that shows most, and all names there.

    After each edge come the kinks of its equation, with all other names as there.
    """
    i = point_that_shows_most(rows, check.width)
    graph, values = check.graph, check.values
    names = (*graph.inputs, *graph.parameters, *graph.order)
    return tuple(_all_at(check, rows, claims, i)), {
        text: float(values[text][i]) for text in names
    }


def _all_at(
    check: GraphCheck, rows: Sequence[JudgedRow], claims: Claims, i: int
) -> Iterator[CheckRow]:
    for judged in rows:
        row = judged.row
        yield row if judged.evidence is None else _row_at(row, judged.evidence, i)
        if row.kind == "edge":
            claim = claims.local.get(row.edge)
            yield from check.edges[row.edge].kink_rows(claim, i)


def point_that_shows_most(rows: Sequence[JudgedRow], width: int) -> int:
    """Where the first row that did not pass shows it, with the fewest vague ones.

    Of points alike, where the claim is furthest off; else the first.
    """
    vague = np.zeros(width)
    for one in rows:
        if one.evidence is not None and one.row.kind in CHAINED:
            # A point where many differences are vague is no place for a reader to
            # multiply them.
            vague += one.evidence.vague
    for one in rows:
        # Rows are in topological order, edges first: the first that failed is what the
        # sentence will be about.
        if one.evidence is not None and one.row.verdict in (FAIL, INCONCLUSIVE):
            evidence, row = one.evidence, one.row
            shown = [i for i in range(width) if _is_shown(row, evidence, i)]
            if shown:
                return min(shown, key=lambda i: (vague[i], -evidence.gaps[i], i))
    return int(np.argmin(vague))


def _row_at(row: CheckRow, one: Evidence, i: int) -> CheckRow:
    here = one[i]
    # A backward that misuses what arrives fails at no point of its edge.
    judged = row.verdict in (FAIL, INCONCLUSIVE) and row.mistake != MISTAKE
    elsewhere = judged and row.at != here.at and not _is_shown(row, one, i)
    return replace(row, **vars(here), decided=row.spot if elsewhere else None)


def _is_shown(row: CheckRow, one: Evidence, i: int) -> bool:
    """Whether the verdict would be the same at this point alone."""
    return one.judgements[i].verdict == row.verdict
