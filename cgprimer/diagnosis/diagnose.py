"""Where a computation goes wrong: the first operation that turns nan or inf, or loses
more than half its digits, and how to write it instead.

Every operation is computed as written, in doubles, and again in extended precision from
the same inputs. An operation is to blame where its arguments were still right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from cgprimer import takes
from cgprimer.diagnosis.engine_values import engine_remark
from cgprimer.diagnosis.extended import HUGE, Number, context
from cgprimer.diagnosis.operations import EPSILON, Computed, Operations, Place, error
from cgprimer.diagnosis.reasons import GROWING, reason
from cgprimer.diagnosis.remedies import Remedies
from cgprimer.errors import listing, shorten
from cgprimer.expr.node import Node
from cgprimer.expr.spans import operation_span
from cgprimer.graph.arrays import as_numbers
from cgprimer.graph.graph import Graph
from cgprimer.graph.point import Point
from cgprimer.interrupts import contained
from cgprimer.notation.report import Part, RowReport, Said, with_carets
from cgprimer.notation.table import TextTable
from cgprimer.notation.text import show

HALF = EPSILON**0.5  # a relative error beyond this is more than half the digits
DIGITS = -float(np.log10(EPSILON))
HINTED = 100  # findings for which a formula is looked for
HEAD = ("where", "operation", "in doubles", "exactly", "digits lost", "sample", "why")


@dataclass(frozen=True)
class Finding:
    """One operation that goes wrong although its arguments were right.

    kind : "value" of an equation, "edge" for an edge partial, "gradient" for the sum
        over all paths, from `node` by `wrt`.
    outcome : "nan", "inf" or "digits"; `lost` is how many of some 15.7 digits.
    text : the equation, or the formula of the derivative; the operation is
        `text[start:end]`.
    exact : in extended precision; a text, since it may be beyond the largest double.
    sample : the worst one, and `samples` how many it befell; None where all values of
        the point are plain numbers.
    suggestion : how to write it, verified at this point and beside it; "" where no
        formula is known. `engine` tells where cgprimer computes another form than the
        one written.
    """

    kind: str
    node: str
    wrt: str | None
    operation: str
    outcome: str
    value: float
    exact: str
    lost: float
    sample: int | None
    samples: int
    reason: str
    suggestion: str
    engine: str
    text: str
    start: int
    end: int

    @property
    def where(self) -> str:
        """`xy`, `∂xy/∂xx` for an edge, `d xw/d xa` for a gradient."""
        if self.kind == "value":
            return self.node
        sign = "∂" if self.kind == "edge" else "d "
        return f"{sign}{self.node}/{sign}{self.wrt}"

    def cells(self) -> tuple[str, ...]:
        """The row as texts, in the order of the table's head."""
        return (
            self.where,
            shorten(self.operation, 40),
            f"{self.value:.8g}",
            self.exact,
            f"{self.lost:.0f} of {DIGITS:.0f}",
            self._sample(),
            self.reason,
        )

    def _sample(self) -> str:
        if self.sample is None:
            return ""
        more = f" and {self.samples - 1} more" if self.samples > 1 else ""
        return f"{self.sample}{more}"

    def __str__(self) -> str:
        """What went wrong, carets under the operation, and what to do."""
        turned = {"nan": "turns nan", "inf": "turns infinite"}
        what = turned.get(self.outcome, f"loses {self.lost:.0f} of its digits")
        where = {
            "value": f"the equation of {self.node}",
            "edge": f"the partial {self.where}",
            "gradient": f"the gradient {self.where}",
        }
        sample = "" if self.sample is None else f", sample {self.sample}"
        operation = shorten(self.operation, 60)
        return with_carets(
            f"{operation} {what} in {where[self.kind]}{sample}",
            self.text,
            self.start,
            self.end,
            f"{self.value:.10g} in doubles, {self.exact} exactly: {self.reason}",
            {"hint": self.suggestion, "note": self.engine},
        )


@dataclass(frozen=True, repr=False)
class Diagnosis(RowReport[Finding]):
    """What `diagnose` found, in the order of evaluation; prints as a table.

    operations : how many were looked at; `samples` of how many samples, `checked` of
        them in extended precision.
    given : names that were given nan or inf, so that no operation is to blame for it.
    """

    _columns: ClassVar = TextTable(
        HEAD,
        (),
        numbers=HEAD[2:6],
        spare=HEAD[5:1:-1],
        formulas=["operation"],
        title="diagnosis",
    )

    rows: tuple[Finding, ...]
    operations: int
    samples: int
    checked: int
    given: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every operation kept at least half its digits."""
        return not (self.rows or self.given)

    @property
    def first(self) -> Finding | None:
        """The first operation that went wrong, in the order of evaluation."""
        return self.rows[0] if self.rows else None

    def summary(self) -> str:
        """One sentence: how many operations, and the first that went wrong."""
        looked = f"{self.operations} operation{'s' * (self.operations != 1)}"
        if self.checked < self.samples:
            looked += f", the {self.checked} most suspect of {self.samples} samples"
        elif self.samples > 1:
            looked += f", {self.samples} samples"
        first = self.first
        if self.given:
            verb = "is" if len(self.given) == 1 else "are"
            looked = f"{listing(self.given)} {verb} nan or inf as given. {looked}"
        if first is None and self.given:
            return f"{looked}: none goes wrong where what it is given is finite"
        if first is None:
            return f"{looked}: all finite, and all keep at least half their digits"
        found = f"{len(self.rows)} go{'es' * (len(self.rows) == 1)} wrong"
        if len(self.rows) > HINTED:
            found += f" (hints were looked for at {HINTED})"
        return f"{looked}: {found}, the first in {first.where}"

    def _parts(self) -> list[Part]:
        if self.first is None:
            return [Said(self.summary())]
        table = self._table(self.rows, said=self.summary())
        return [table, Said(f"\n{self.first}")]


@contained
def diagnose(graph: Graph, at: Mapping[str, ArrayLike]) -> Diagnosis:
    """Find the operations that turn nan or inf, or lose more than half their digits.

    at : name → number or array (n,) for every input and parameter.

    What the author wrote is judged, operation by operation; so are the edge partials
    and the gradient of every output, as a reverse sweep over what is written computes
    them. Where cgprimer itself computes from a stable form instead, the finding says
    so. Of many samples, the most suspect are looked at. Raises PointError for an `at`
    that does not fit.

    >>> from cgprimer import parse_graph
    >>> from cgprimer.diagnosis.diagnose import diagnose
    >>> diagnose(parse_graph(["xy = 1 - cos(xx)"]), {"xx": 1e-9}).first.suggestion
    'write 2*sin(xx/2)^2 for 1 - cos(xx): half the angle'
    """
    takes.kind(Graph, graph=graph)
    point = Point.of(graph, at)
    operations = Operations(graph)
    computed = Computed(operations, point)
    wrong = _wrong(operations, computed)
    remedies = Remedies(operations, computed)
    rows = tuple(
        _finding(remedies, point, node, wrong[node], number < HINTED)
        for number, node in enumerate(
            node for node in operations.places if node in wrong
        )
    )
    count = len(operations.places)
    given = tuple(
        name
        for name, value in at.items()
        if not np.isfinite(as_numbers(name, value)).all()
    )
    return Diagnosis(rows, count, computed.width, len(computed.samples), given)


def _wrong(operations: Operations, computed: Computed) -> dict[Node, dict[int, float]]:
    """Operation → the samples where it goes wrong although its arguments are right."""
    errors: dict[Node, dict[int, float]] = {}
    found = {}
    for node in computed.order:
        errors[node] = _errors(node, computed)
        here = {
            sample: gap
            for sample, gap in errors[node].items()
            # Where an argument is wrong already, the blame lies there.
            if not any(sample in errors[arg] for arg in node.args)
        }
        if here and node in operations.places:
            found[node] = here
    return found


def _errors(node: Node, computed: Computed) -> dict[int, float]:
    """Sample → relative error, where it is more than half the digits."""
    column = computed.doubles[node]
    found = {
        int(sample): float("inf") for sample in np.flatnonzero(~np.isfinite(column))
    }
    # nan and inf are looked for in every sample, lost digits in those of extended
    # precision.
    for sample, exact in computed.exact.items():
        gap = error(float(column[sample]), exact[node])
        if gap > HALF:
            found[sample] = gap
    return found


def _finding(
    remedies: Remedies,
    point: Point,
    node: Node,
    here: dict[int, float],
    hinted: bool,
) -> Finding:
    """The finding at the worst sample that was looked at."""
    operations, computed = remedies.operations, remedies.computed
    place = operations.places[node]
    # A sample that turned nan may not be among those looked at; some of such always
    # are.
    looked_at = [sample for sample in here if sample in computed.exact]
    column = computed.doubles[node]
    # nan and inf before lost digits, then the widest error, then the first.
    worst = max(looked_at, key=lambda s: (not np.isfinite(column[s]), here[s], -s))
    value, exact = float(column[worst]), computed.exact[worst][node]
    outcome = "nan" if np.isnan(value) else "inf" if np.isinf(value) else "digits"
    gap = here[worst]
    lost = DIGITS if gap >= 1 else DIGITS + float(np.log10(gap))
    text, start, end = _written(operations.graph, place)
    args = [
        (float(computed.doubles[a][worst]), computed.exact[worst][a]) for a in node.args
    ]
    is_huge = node.op.name in GROWING and all(np.isfinite(x) for x, _ in args)
    return Finding(
        place.kind,
        place.node,
        place.wrt,
        text[start:end] if place.kind == "value" else show(place.operation),
        outcome,
        value,
        _short(exact, is_huge),
        lost,
        None if point.samples is None else worst,
        len(here),
        reason(node.op.name, args, value, exact),
        remedies.remedy(node, worst) if hinted else "",
        engine_remark(operations, computed, point, place, worst),
        text,
        start,
        end,
    )


def _written(graph: Graph, place: Place) -> tuple[str, int, int]:
    """The text in which the operation stands, and its span."""
    if place.kind == "value":
        text = graph.equation(place.node).text
        start = text.find("=") + 1
    else:
        text, start = show(place.formula), 0
    names = (*graph.variable_number, *graph.parameters)
    span = operation_span(text, place.operation, start, names)
    return (text, *(span or (start, len(text))))


def _short(exact: Number, is_huge: bool) -> str:
    mp = context()
    if mp.isinf(exact) and is_huge:  # finite, yet beyond extended precision, too
        return f"a number beyond {'-' * (exact < 0)}1e{int(HUGE * np.log10(2))}"
    if not mp.isfinite(exact):
        return "not a real number" if mp.isnan(exact) else "infinite"
    return str(mp.nstr(exact, 8))
