"""`compare_partials` of a graph with arrays: a row for each edge, with its worst entry.

graph, at ─▶ EdgeAt of each edge ─▶ WorstEntry ─▶ ArrayPartialRow ─▶ report
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from cgprimer.errors import OptionError, shorten
from cgprimer.expr.dims import show_dims
from cgprimer.graph.graph import Graph
from cgprimer.judge.arrays.at_points import ArraysAtPoint
from cgprimer.judge.arrays.derivatives import EdgeAt
from cgprimer.judge.arrays.evidence import WorstEntry, found
from cgprimer.judge.arrays.places import entry_text
from cgprimer.judge.check import ROW
from cgprimer.judge.compare import PartialReport, PartialRow
from cgprimer.judge.verdict import FAIL
from cgprimer.notation.progress import check_bar
from cgprimer.notation.text_table import TextTable

HEAD = (
    "edge", "dims", "gives", "worst entry", "ours", "finite", "abs. gap", "rel. gap",
    "checked", "verdict",
)  # fmt: skip
FORMULA = 60


@dataclass(frozen=True)
class ArrayPartialRow(PartialRow):
    """One edge between arrays: the numbers are those of the entry that differs most.

    formula : what `wrt` gets of the adjoint of the node, which is written d and its
        name; of a node that is a number, the derivative itself.
    dims : `3 by 3 x 2`, those of the node and of `wrt`. entry : `∂xh[2]/∂W[2,1]`.
    checked : `18 entries`, or `3 directions of 78,400 entries`.
    symbolic : nan, since sympy has no part in it; `adjoint` is by our own rules.
    """

    dims: str = ""
    entry: str = ""
    checked: str = ""

    def cells(self) -> tuple[str, ...]:
        """The row as texts, in the order of the table's head."""
        verdict = f"{self.verdict}: {self.reason}" if self.reason else self.verdict
        return (
            self.edge,
            self.dims,
            shorten(self.formula, FORMULA),
            self.entry,
            f"{self.adjoint + 0.0:.8g}",
            f"{self.finite + 0.0:.8g}",
            f"{self.absolute:.1e}",
            f"{self.relative:.1e}",
            self.checked,
            verdict,
        )


@dataclass(frozen=True, repr=False)
class ArrayPartialReport(PartialReport):
    """What `compare_partials` found of a graph with arrays."""

    _columns: ClassVar = TextTable(
        HEAD,
        (),
        numbers=HEAD[4:8],
        spare=(*HEAD[7:3:-1], HEAD[1]),
        formulas=["gives"],
        title="edge partials",
    )

    def summary(self) -> str:
        """How many edges, how they came out, and how many along directions alone."""
        along = sum("direction" in row.checked for row in self._arrays)
        more = f"; {along} along random directions, not entry by entry" * bool(along)
        return super().summary() + more

    @property
    def _arrays(self) -> list[ArrayPartialRow]:
        return [row for row in self.rows if isinstance(row, ArrayPartialRow)]


def compare_arrays(
    graph: Graph,
    at: Mapping[str, ArrayLike],
    scheme: str,
    step: float | None,
    progress: bool | None,
) -> ArrayPartialReport:
    """The edges of the graph, each judged as `check_gradients` judges it."""
    if scheme != "central" or step is not None:
        raise OptionError(
            "scheme= and step= are for graphs of numbers, and this one has arrays\n"
            "  hint: leave them out; edge_partials(…, method='finite') takes both"
        )
    here = ArraysAtPoint(graph, at, given=True)
    rows = []
    with check_bar("partials", len(here.edges), ROW, progress) as tick:
        for one in here.edges.values():
            rows.append(_row(one, found(one)))
            tick(1)
    return ArrayPartialReport(tuple(rows))


def _row(one: EdgeAt, said: WorstEntry) -> ArrayPartialRow:
    at, reason = one.at, said.reason
    if said.verdict == FAIL and not said.reason:
        reason = f"differences say {said.difference:.6g} ± {said.bound:.1g}"
    size = max(abs(said.claimed), abs(said.difference))
    gap = abs(said.claimed - said.difference)
    return ArrayPartialRow(
        *one.edge,
        one.formula,
        float("nan"),
        said.claimed,
        said.difference,
        said.bound,
        gap,
        gap / size if size and np.isfinite(size) else gap,
        said.verdict,
        reason,
        said.sample,
        dims=f"{_dims(at.dims(one.node))} by {_dims(at.dims(one.wrt))}",
        entry=entry_text(said, one.kind, *one.edge),
        checked=said.checked,
    )


def _dims(dims: tuple[int, ...]) -> str:
    return show_dims(dims) if dims else "1"
