"""The edges of a gradient check, beside them sympy's formulas and our own sweep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from cgprimer import takes
from cgprimer.expr.kernel import Kernel
from cgprimer.graph.graph import Graph
from cgprimer.graph.partial_texts import partial_text
from cgprimer.interrupts import contained
from cgprimer.judge.check import ROW
from cgprimer.judge.differences.bounded import Difference
from cgprimer.judge.differences.edges import differences, known_formulas
from cgprimer.judge.differences.finite import check_scheme
from cgprimer.judge.differences.schemes import EPSILON
from cgprimer.judge.edge_check import EdgeCheck
from cgprimer.judge.evidence import SEVERITY, Evidence
from cgprimer.judge.graph_check import GraphCheck
from cgprimer.judge.judged import JudgedReport
from cgprimer.judge.rounding import rounding
from cgprimer.judge.slopes import Slope
from cgprimer.judge.verdict import FAIL, PASS, SURROGATE, Judgement, judge
from cgprimer.notation.progress import check_bar
from cgprimer.notation.text_table import TextTable
from cgprimer.types import Array, Mask

EXACT = 1e-9  # two formulas for one number agree this well, or up to their rounding
HEAD = ("edge", "formula", "symbolic", "finite", "abs. gap", "rel. gap", "verdict")


@dataclass(frozen=True)
class PartialRow:
    """One edge: its partial three ways, at the sample where they differ most.

    symbolic : of our own rules where sympy has no formula; nan where only numpy code
        knows the derivative, as in a custom op. The adjoint then stands for it, and
        `reason` says so.
    bound : how far the finite difference may be off, by its own estimate.
    absolute, relative : gap between symbolic and finite, and the same over the larger.
    """

    node: str
    wrt: str
    formula: str
    symbolic: float
    adjoint: float
    finite: float
    bound: float
    absolute: float
    relative: float
    verdict: str
    reason: str
    sample: int | None

    @property
    def edge(self) -> str:
        """`∂xw/∂xz`."""
        return f"∂{self.node}/∂{self.wrt}"

    def _claim_text(self) -> str:
        """The symbolic value, or our sweep's, marked, where sympy has none."""
        if np.isnan(self.symbolic) and not np.isnan(self.adjoint):
            return f"(sweep) {self.adjoint:.8g}"
        return f"{self.symbolic:.8g}"

    def cells(self) -> tuple[str, ...]:
        """The row as texts, in the order of the table's head."""
        verdict = f"{self.verdict}: {self.reason}" if self.reason else self.verdict
        return (
            self.edge,
            self.formula,
            self._claim_text(),
            f"{self.finite:.8g}",
            f"{self.absolute:.1e}",
            f"{self.relative:.1e}",
            verdict,
        )


@dataclass(frozen=True, repr=False)
class PartialReport(JudgedReport[PartialRow]):
    """What `compare_partials` found; prints as a table, also in notebooks."""

    _columns: ClassVar = TextTable(
        HEAD,
        (),
        numbers=HEAD[2:6],
        spare=HEAD[5:1:-1],
        formulas=["formula"],
        title="edge partials",
    )

    rows: tuple[PartialRow, ...]

    @property
    def ok(self) -> bool:
        """Whether every edge passed; an inconclusive one has not.

        One that is declared a surrogate claims nothing that could be wrong.
        """
        return all(row.verdict in (PASS, SURROGATE) for row in self.rows)

    def summary(self) -> str:
        """One sentence: how many edges, and how they came out."""
        edges = f"{len(self.rows)} edge{'s' * (len(self.rows) != 1)}"
        return f"{edges}: {self._counts(self.rows) or 'nothing to compare'}"

    def _parts(self) -> list[TextTable]:
        return [self._table(self.rows, lambda r: r.verdict != PASS, self.summary())]


@contained
def compare_partials(
    graph: Graph,
    at: Mapping[str, ArrayLike],
    *,
    scheme: str = "central",
    step: float | None = None,
    progress: bool | None = None,
) -> PartialReport:
    """Every edge partial symbolically and by finite differences, with a verdict.

    The verdict is that of `check_gradients` at these points, by the same differences.
    An edge fails as well where sympy's formula and our own sweep differ. An edge that
    leads through an operation whose contract is not "exact" is a declared surrogate,
    and not judged.

    scheme, step : which difference is shown; where it is too vague to tell anything by
        itself, the row says so.
    progress : a bar on standard error; by default on a terminal, where it takes long.

    For arrays (n,) in `at`, a row shows the sample that came out worst. Of a graph with
    arrays it shows the entry that did: up to 200 entries of an edge are held against a
    difference each, and larger edges along random directions.
    """
    takes.kind(Graph, graph=graph)
    check_scheme(scheme, step)
    if graph.sizing is not None:
        from cgprimer.judge.arrays.compare import compare_arrays

        return compare_arrays(graph, at, scheme, step, progress)
    check = GraphCheck(graph, at, given=True)
    symbolic = known_formulas(graph, check.point)
    shown = differences(graph, check.point, scheme, step)
    rows = []
    with check_bar("partials", len(symbolic), ROW, progress) as tick:
        for edge, formula in symbolic.items():
            rows.append(_row(check.edges[edge], formula, shown[edge], scheme))
            tick(1)
    return PartialReport(tuple(rows))


def _row(
    edge: EdgeCheck, symbolic: Array, shown: Difference, scheme: str
) -> PartialRow:
    one = edge.evidence()
    judgements = _judgements(edge, one, symbolic)
    claimed = np.where(np.isfinite(symbolic), symbolic, one.claimed)
    with np.errstate(invalid="ignore"):
        # The difference that was asked for is shown, the verdict is that of the check:
        # a table by forward differences has gaps of 1e-8 where all is right.
        gaps = np.abs(claimed - shown.value)
    wide = np.nan_to_num(gaps)
    # The worst verdict first, among alike ones the widest gap.
    k = max(range(len(wide)), key=lambda k: (SEVERITY[judgements[k].verdict], wide[k]))
    verdict, reason = judgements[k].verdict, judgements[k].reason
    formula, instead = _formula(edge, float(symbolic[k]))
    if verdict == PASS:
        reason = "; ".join(filter(None, [instead, _too_vague(one, k, shown, scheme)]))
    size = max(abs(float(claimed[k])), abs(float(shown.value[k])))
    return PartialRow(
        *edge.edge,
        formula,
        float(symbolic[k]),
        float(one.claimed[k]),
        float(shown.value[k]),
        float(shown.bound[k]),
        float(gaps[k]),
        float(gaps[k]) / size if size else float(gaps[k]),
        verdict,
        reason,
        None if edge.at.point.samples is None else k,
    )


def _judgements(edge: EdgeCheck, one: Evidence, symbolic: Array) -> list[Judgement]:
    """At every sample: what the check says, and FAIL where two formulas differ."""
    if edge.surrogate:
        return [Judgement(SURROGATE, edge.surrogate)] * edge.at.width
    apart = _apart(edge, one, symbolic)
    judgements = []
    for k in range(edge.at.width):
        judged, own = one.judgements[k], one.claimed[k]
        if apart[k]:
            says = f"sympy and the sweep differ: {symbolic[k]:.6g} and {own:.6g}"
            judged = Judgement(FAIL, says)
        elif judged.verdict == FAIL:
            value, bound = one.slope.value[k], one.slope.bound[k]
            judged = Judgement(FAIL, f"differences say {value:.6g} ± {bound:.1g}")
        elif edge.misuse:
            judged = Judgement(FAIL, edge.misuse)
        judgements.append(judged)
    return judgements


def _apart(edge: EdgeCheck, one: Evidence, symbolic: Array) -> Mask:
    """Where sympy's formula and our own sweep differ by more than their rounding.

    At a kink each may take a slope of its own.
    """
    with np.errstate(all="ignore"):
        gap = np.abs(symbolic - one.claimed)
        size = np.maximum(np.abs(symbolic), np.abs(one.claimed))
        # A formula that is evaluated two ways differs by the rounding of both, which is
        # more than EXACT where terms cancel; Σ|terms| is computed only where it may
        # matter.
        apart: Mask = (gap > EXACT * size) & np.isfinite(gap)
        if apart.any():
            shape, slots = edge.site.shape, edge.site.slots
            formula = shape.symbolic[edge.site.slot(edge.wrt)]
            [terms] = Kernel([rounding(formula)], shape.slots)(*slots)
            apart &= gap > 8 * EPSILON * (terms + one.terms)
            apart &= ~edge.at.kink_mask(edge.edge)
    return apart


def _formula(edge: EdgeCheck, symbolic: float) -> tuple[str, str]:
    """The partial as text, and what of ours stands for sympy's where it has none."""
    shape = edge.site.shape
    text, by_sympy = partial_text(edge.at.graph, *edge.edge)
    if not shape.has_formula[edge.site.slot(edge.wrt)]:
        return text, "only numpy code knows it: the sweep stands for it"
    if not by_sympy and not shape.asks_sympy:
        return text, "too long for sympy: our own rules stand for it"
    if not by_sympy:
        return text, "sympy has no real formula: our own rules stand for it"
    if not np.isfinite(symbolic):
        return text, f"sympy's formula is {symbolic} here: the sweep stands for it"
    return text, ""


def _too_vague(one: Evidence, k: int, shown: Difference, scheme: str) -> str:
    """What to say where the difference that is shown would not have been enough."""
    d, slope = shown[k : k + 1], one.slope
    alone = Slope(d.value, d.bound, slope.typical[k : k + 1], d.left, d.right)
    if judge(float(one.claimed[k]), alone, 0, float(one.terms[k])).verdict == PASS:
        return ""
    return (
        f"{scheme} is too vague here (± {d.bound[0]:.1g}), "
        f"ridders says {slope.value[k]:.8g} ± {slope.bound[k]:.1g}"
    )
