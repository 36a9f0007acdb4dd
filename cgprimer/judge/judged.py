"""Reports whose rows have verdicts: counted, coloured, those that failed picked out.

rows with `verdict` ─▶ `3 PASS, 1 FAIL`, colours; the base of reports on checks
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Protocol, TypeVar

from cgprimer.judge.verdict import COLOURS, FAIL
from cgprimer.notation.report import ReportRow, RowReport


class VerdictRow(ReportRow, Protocol):
    """A line of a table with a verdict."""

    @property
    def verdict(self) -> str:
        """PASS, FAIL …, a key of the report's colours."""


V = TypeVar("V", bound=VerdictRow)


class JudgedReport(RowReport[V]):
    """A report on rows that were judged.

    _coloured : the title of the column that shows verdicts. _colours : verdict → style,
    in the order in which verdicts are counted.
    """

    _coloured: ClassVar[str] = "verdict"
    _colours: ClassVar[Mapping[str, str]] = COLOURS

    @property
    def failures(self) -> tuple[V, ...]:
        """The rows that failed."""
        return tuple(row for row in self.rows if row.verdict == FAIL)

    def _counts(self, rows: Iterable[V]) -> str:
        """`1 FAIL, 3 PASS`; empty where there are no rows."""
        verdicts = [row.verdict for row in rows]
        counts = {verdict: verdicts.count(verdict) for verdict in self._colours}
        return ", ".join(f"{n} {verdict}" for verdict, n in counts.items() if n)

    def _styles(self, rows: Sequence[V]) -> Mapping[str, Sequence[str]]:
        return {self._coloured: [self._colours[row.verdict] for row in rows]}
