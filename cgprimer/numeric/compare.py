"""Edge partials by sympy, by our own sweep and by finite differences, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cgprimer.diff.kinks import kink_conditions
from cgprimer.expr.custom import declared_inexact
from cgprimer.expr.node import leaves
from cgprimer.expr.ops import Op
from cgprimer.graph.formulas import partial_text
from cgprimer.graph.graph import Graph
from cgprimer.graph.point import Point
from cgprimer.lower.to_numpy import Kernel
from cgprimer.numeric.edges import by_formula, differences, known_formulas
from cgprimer.numeric.finite import EPSILON, Difference

if TYPE_CHECKING:
    from rich.table import Table

Array = NDArray[np.float64]
Kink = tuple[NDArray[np.bool_], NDArray[np.bool_]]

PASS, FAIL, INCONCLUSIVE = "PASS", "FAIL", "INCONCLUSIVE"
SURROGATE = "SURROGATE"  # declared to be something else than the derivative
NARROW = 0.01  # a bound this small beside the partial is allowed to condemn
WIDE = 0.1  # a bound wider than this beside the partial vouches for nothing,
TINY = 1e-6  # unless it is as small as this, as beside a partial that is zero
EXACT = 1e-9  # two formulas for one number agree this well, rounding included
HEAD = ("edge", "formula", "symbolic", "finite", "abs. gap", "rel. gap", "verdict")


@dataclass(frozen=True)
class PartialRow:
    """One edge: its partial three ways, at the sample where they differ most.

    symbolic : nan where sympy was not asked, because only numpy code knows the
        derivative or because the formula is too long; the adjoint then stands for it.
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

    def _claimed(self) -> str:
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
            self._claimed(),
            f"{self.finite:.8g}",
            f"{self.absolute:.1e}",
            f"{self.relative:.1e}",
            verdict,
        )


@dataclass(frozen=True)
class PartialReport:
    """What `compare_partials` found; prints as a table, also in notebooks."""

    rows: tuple[PartialRow, ...]

    @property
    def ok(self) -> bool:
        """Whether every edge passed; an inconclusive one has not.

        One that is declared a surrogate claims nothing that could be wrong.
        """
        return all(row.verdict in (PASS, SURROGATE) for row in self.rows)

    @property
    def failures(self) -> tuple[PartialRow, ...]:
        """The rows that failed."""
        return tuple(row for row in self.rows if row.verdict == FAIL)

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rows as dictionaries, for pandas.DataFrame or a file."""
        return [asdict(row) for row in self.rows]

    def summary(self) -> str:
        """One sentence: how many edges, and how they came out."""
        counts = {v: sum(row.verdict == v for row in self.rows) for v in _COLOURS}
        edges = f"{len(self.rows)} edge{'s' * (len(self.rows) != 1)}"
        found = ", ".join(f"{n} {v}" for v, n in counts.items() if n)
        return f"{edges}: {found or 'nothing to compare'}"

    def __rich__(self) -> Table:
        from rich.table import Table
        from rich.text import Text

        table = Table(title="edge partials", caption=self.summary())
        for title in HEAD:
            right = title in HEAD[2:6]
            table.add_column(title, justify="right" if right else "left", no_wrap=right)
        for row in self.rows:
            *cells, verdict = row.cells()
            table.add_row(*map(Text, cells), Text(verdict, _COLOURS[row.verdict]))
        return table

    def __str__(self) -> str:
        from io import StringIO

        from rich.console import Console

        out = StringIO()
        Console(file=out, width=110, color_system=None).print(self)
        return out.getvalue().rstrip("\n")

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(title)}</th>" for title in HEAD)
        body = "".join(
            "<tr>"
            + "".join(f"<td>{escape(cell)}</td>" for cell in row.cells())
            + "</tr>"
            for row in self.rows
        )
        caption = f"<caption>{escape(self.summary())}</caption>"
        return f"<table>{caption}<tr>{head}</tr>{body}</table>"


_COLOURS = {
    PASS: "green", FAIL: "bold red", INCONCLUSIVE: "yellow", SURROGATE: "cyan"
}  # fmt: skip


def compare_partials(
    graph: Graph,
    at: Mapping[str, ArrayLike],
    *,
    scheme: str = "central",
    step: float | None = None,
) -> PartialReport:
    """Every edge partial symbolically and by finite differences, with a verdict.

    An edge passes where the symbolic value lies within the error bound of the finite
    difference and agrees with our own sweep. It fails where they differ by more, and
    the bound is narrow beside them. Everything else is inconclusive, with the reason.
    An edge that leads through an operation whose contract is not "exact" is a declared
    surrogate, and not judged.
    For arrays (n,) in `at`, a row shows the sample that came out worst.
    """
    point = Point.of(graph, at)
    symbolic = known_formulas(graph, point)
    adjoint = by_formula(graph, point, "adjoint")
    finite = differences(graph, point, scheme, step)
    kinks = _kinks(graph, point, finite)
    return PartialReport(
        tuple(
            _row(
                graph,
                edge,
                symbolic[edge],
                adjoint[edge],
                finite[edge],
                kinks.get(edge, _SMOOTH),
                point.samples,
            )
            for edge in symbolic
        )
    )


def _row(
    graph: Graph,
    edge: tuple[str, str],
    symbolic: Array,
    adjoint: Array,
    finite: Difference,
    kink: Kink,
    samples: int | None,
) -> PartialRow:
    at, near = (np.broadcast_to(part, symbolic.shape) for part in kink)
    formula, known = partial_text(graph, *edge)
    claimed = symbolic if known else adjoint
    declared = _declared(graph, edge)
    judged = [
        _surrogate(declared) if declared else judge(*values)
        for values in zip(
            claimed.tolist(),
            adjoint.tolist(),
            finite.value.tolist(),
            finite.bound.tolist(),
            at.tolist(),
            near.tolist(),
            strict=True,
        )
    ]
    gaps = np.abs(claimed - finite.value)
    ranks = [(_SEVERITY[v], g) for (v, _), g in zip(judged, gaps.tolist(), strict=True)]
    worst = max(
        range(len(ranks)), key=lambda i: (ranks[i][0], np.nan_to_num(ranks[i][1]))
    )
    verdict, reason = judged[worst]
    absolute = float(gaps[worst])
    size = max(abs(float(claimed[worst])), abs(float(finite.value[worst])))
    return PartialRow(
        *edge,
        formula,
        float(symbolic[worst]),
        float(adjoint[worst]),
        float(finite.value[worst]),
        float(finite.bound[worst]),
        absolute,
        absolute / size if size else absolute,
        verdict,
        reason,
        None if samples is None else worst,
    )


def _declared(graph: Graph, edge: tuple[str, str]) -> tuple[Op, ...]:
    """The operations of an equation that declare to be no derivative."""
    if not graph.shape(edge[0]).is_inexact:
        return ()
    return declared_inexact(graph.equation(edge[0]).body, edge[1])


def _surrogate(declared: tuple[Op, ...]) -> tuple[str, str]:
    told = (
        f"{op.name} declares {'a ' * (op.contract == 'surrogate')}{op.contract}"
        for op in declared
    )
    return SURROGATE, ", ".join(told)


_SMOOTH: Kink = (np.zeros(1, bool), np.zeros(1, bool))
_REACH = (-4, -2, 0, 2, 4)  # steps; no scheme looks further
_SEVERITY = {PASS: 0, SURROGATE: 0, INCONCLUSIVE: 1, FAIL: 2}


def judge(
    symbolic: float,
    adjoint: float,
    finite: float,
    bound: float,
    at_kink: bool = False,
    near_kink: bool = False,
) -> tuple[str, str]:
    """(verdict, reason) for one partial at one point.

    A bound wider than the partial itself, unless it is tiny, vouches for nothing.
    """
    if at_kink:
        return INCONCLUSIVE, "at a kink: the slope jumps here"
    if not np.isfinite([symbolic, adjoint, finite, bound]).all():
        return INCONCLUSIVE, "not finite here"
    size = max(abs(symbolic), abs(adjoint))
    if abs(symbolic - adjoint) > EXACT * size + bound:
        return FAIL, f"sympy and the sweep differ: {symbolic:.6g} and {adjoint:.6g}"
    gap = abs(symbolic - finite)
    if gap <= 2 * bound + 8 * EPSILON * size and bound <= WIDE * size + TINY:
        return PASS, ""
    if near_kink:
        return INCONCLUSIVE, "the finite difference reaches over a kink"
    if bound <= NARROW * max(size, abs(finite)) and gap > 2 * bound:
        return FAIL, "outside the error bound of the finite difference"
    return INCONCLUSIVE, "the finite difference is too uncertain here"


def _kinks(
    graph: Graph, point: Point, finite: Mapping[tuple[str, str], Difference]
) -> dict[tuple[str, str], Kink]:
    """For edges that can reach a kink, the samples at one and those near one."""
    program = graph.program()
    values = program.forward(point.inputs, point.parameters)
    found: dict[tuple[str, str], Kink] = {}
    for group in program.groups:
        slots = program.slots(group, values, point.parameters)
        rows = [graph.table.names(e) for e in group.equations.tolist()]
        owners = [graph.dependents[e] for e in group.equations.tolist()]
        for condition in kink_conditions(group.shape.body):
            kernel = Kernel([condition], group.shape.slots)
            for slot in leaves(condition):
                i = group.shape.slots.index(slot)
                if i not in group.shape.names:
                    continue
                position = group.shape.names.index(i)
                edges = [
                    (owner, row[position])
                    for owner, row in zip(owners, rows, strict=True)
                ]
                h = np.array([finite[edge].h for edge in edges])
                at, near = _signs_around(kernel, slots, i, h)
                for edge, *kink in zip(edges, at, near, strict=True):
                    before = found.get(edge, _SMOOTH)
                    found[edge] = (before[0] | kink[0], before[1] | kink[1])
    return found


def _signs_around(kernel: Kernel, slots: list[Array], i: int, h: Array) -> Kink:
    """Where the kernel is zero, and where its sign changes within the difference."""
    signs = []
    with np.errstate(all="ignore"):
        for k in _REACH:
            [value] = kernel(*slots[:i], slots[i] + k * h, *slots[i + 1 :])
            signs.append(np.broadcast_to(np.sign(value), h.shape))
    around = np.array(signs)
    return around[len(_REACH) // 2] == 0, around.min(axis=0) != around.max(axis=0)
