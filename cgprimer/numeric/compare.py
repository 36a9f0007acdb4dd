"""Edge partials by sympy, by our own sweep and by finite differences, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cgprimer.expr.node import Node, leaves, postorder, substitute
from cgprimer.expr.ops import name
from cgprimer.graph.graph import Graph
from cgprimer.graph.point import Point
from cgprimer.lower.to_numpy import Kernel
from cgprimer.numeric.edges import by_formula, differences
from cgprimer.numeric.finite import EPSILON, Difference

if TYPE_CHECKING:
    from rich.table import Table

Array = NDArray[np.float64]

PASS, FAIL, INCONCLUSIVE = "PASS", "FAIL", "INCONCLUSIVE"
NARROW = 0.01  # a bound this small beside the partial is allowed to condemn
EXACT = 1e-9  # two formulas for one number agree this well, rounding included
HEAD = ("edge", "formula", "symbolic", "finite", "abs. gap", "rel. gap", "verdict")


@dataclass(frozen=True)
class PartialRow:
    """One edge: its partial three ways, at the sample where they differ most.

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

    def cells(self) -> tuple[str, ...]:
        """The row as texts, in the order of the table's head."""
        verdict = f"{self.verdict}: {self.reason}" if self.reason else self.verdict
        return (
            self.edge, self.formula, f"{self.symbolic:.8g}", f"{self.finite:.8g}",
            f"{self.absolute:.1e}", f"{self.relative:.1e}", verdict,
        )  # fmt: skip


@dataclass(frozen=True)
class PartialReport:
    """What `compare_partials` found; prints as a table, also in notebooks."""

    rows: tuple[PartialRow, ...]

    @property
    def ok(self) -> bool:
        """Whether every edge passed; an inconclusive one has not."""
        return all(row.verdict == PASS for row in self.rows)

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


_COLOURS = {PASS: "green", FAIL: "bold red", INCONCLUSIVE: "yellow"}


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
    For arrays (n,) in `at`, a row shows the sample that came out worst.
    """
    point = Point.of(graph, at)
    symbolic = by_formula(graph, point, "symbolic")
    adjoint = by_formula(graph, point, "adjoint")
    finite = differences(graph, point, scheme, step)
    at_kink = _kinks(graph, point)
    return PartialReport(
        tuple(
            _row(graph, edge, symbolic[edge], adjoint[edge], finite[edge],
                 at_kink.get(edge, np.zeros(1, bool)), point.samples)
            for edge in symbolic
        )
    )  # fmt: skip


def _row(
    graph: Graph,
    edge: tuple[str, str],
    symbolic: Array,
    adjoint: Array,
    finite: Difference,
    at_kink: NDArray[np.bool_],
    samples: int | None,
) -> PartialRow:
    kink = np.broadcast_to(at_kink, symbolic.shape)
    judged = [
        judge(*values)
        for values in zip(
            symbolic.tolist(), adjoint.tolist(), finite.value.tolist(),
            finite.bound.tolist(), kink.tolist(), strict=True,
        )
    ]  # fmt: skip
    gaps = np.abs(symbolic - finite.value)
    ranks = [(_SEVERITY[v], g) for (v, _), g in zip(judged, gaps.tolist(), strict=True)]
    worst = max(
        range(len(ranks)), key=lambda i: (ranks[i][0], np.nan_to_num(ranks[i][1]))
    )
    verdict, reason = judged[worst]
    absolute = float(gaps[worst])
    size = max(abs(float(symbolic[worst])), abs(float(finite.value[worst])))
    return PartialRow(
        *edge, graph.partial(*edge).text,
        float(symbolic[worst]), float(adjoint[worst]), float(finite.value[worst]),
        float(finite.bound[worst]), absolute, absolute / size if size else absolute,
        verdict, reason, None if samples is None else worst,
    )  # fmt: skip


_SEVERITY = {PASS: 0, INCONCLUSIVE: 1, FAIL: 2}


def judge(
    symbolic: float, adjoint: float, finite: float, bound: float, at_kink: bool
) -> tuple[str, str]:
    """(verdict, reason) for one partial at one point."""
    if at_kink:
        return INCONCLUSIVE, "at a kink: the slope jumps here"
    if not np.isfinite([symbolic, adjoint, finite, bound]).all():
        return INCONCLUSIVE, "not finite here"
    size = max(abs(symbolic), abs(adjoint))
    if abs(symbolic - adjoint) > EXACT * size + bound:
        return FAIL, f"sympy and the sweep differ: {symbolic:.6g} and {adjoint:.6g}"
    gap = abs(symbolic - finite)
    if gap <= 2 * bound + 8 * EPSILON * size:
        return PASS, ""
    if bound <= NARROW * max(size, abs(finite)):
        return FAIL, "outside the error bound of the finite difference"
    return INCONCLUSIVE, "the finite difference is too uncertain here"


def _kinks(graph: Graph, point: Point) -> dict[tuple[str, str], NDArray[np.bool_]]:
    """For edges that can reach a kink, the samples that sit on it."""
    program = graph.program()
    values = program.forward(point.inputs, point.parameters)
    found: dict[tuple[str, str], NDArray[np.bool_]] = {}
    for group in program.groups:
        conditions = kink_conditions(group.shape.body)
        slots = program.slots(group, values, point.parameters)
        for equation_row, equation in enumerate(group.equations.tolist()):
            names = iter(graph.table.names(equation))
            edges = {
                i: (graph.dependents[equation], next(names)) for i in group.shape.names
            }
            for condition in conditions:
                with np.errstate(all="ignore"):
                    [value] = Kernel([condition], group.shape.slots)(*slots)
                full = np.broadcast_to(value, (len(group.equations), point.width))
                for slot in leaves(condition):
                    edge = edges.get(group.shape.slots.index(slot))
                    if edge:
                        zero = full[equation_row] == 0
                        found[edge] = found.get(edge, False) | zero
    return found


def kink_conditions(body: Node) -> list[Node]:
    """Expressions that are zero where `body` has a kink."""
    from cgprimer.expr.syntax import parse_expression

    found = []
    for node in postorder([body]):
        if node.op.kinks:
            by = dict(zip((name("a"), name("b")), node.args, strict=False))
            found += substitute([parse_expression(node.op.kinks)], by)
    return found
