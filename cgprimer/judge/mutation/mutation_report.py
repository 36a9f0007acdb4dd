"""The table of a check of the check: who catches which mistakes, and names the edge."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from math import floor
from operator import add
from typing import Any

from cgprimer.errors import OptionError, listing, shorten, unknown
from cgprimer.judge.mutation.other_tools import RULES
from cgprimer.notation.report import Part, Report, Said
from cgprimer.notation.text_table import OPEN, TextTable
from cgprimer.types import Edge

MISTAKES = (
    "sign flipped",
    "factor 2",
    "σ′ left out",
    "σ′ for tanh′",
    "missing factor",
    "sum for mean",
    "swapped names",
    "1 % off",
    "0.05 % off",
)
OF_ARRAYS = (  # mistakes that only graphs with arrays have
    "transpose left out",
    "arguments exchanged",
    "wrong axis",
    "mean for sum",
    "factor n for a sum",
    "averaged twice",
    "stride off by one",
    "kernel flipped",
    "diagonal for Jacobian",
    "argument for result",
    "sign",
    "missing path",
)
OURS, OURS_WHOLE = "ours edges", "ours whole"
OURS_FUNCTION, OURS_TORCH = "check_function", "check_torch"
AT_ZEROS = (OURS_FUNCTION, OURS_TORCH)
ALL_OURS = (OURS, OURS_WHOLE, *AT_ZEROS)
LEGEND = """\
Per cent of the mistakes caught / per cent whose edge was named. "ours edges"
is told every edge partial; all others see the gradient of the output only,
and the last three name no place. Last row: how often no mistake passes."""
ZEROS = """\
The same mistakes in the gradient of plain code that is 0 at the point, as it is
the output less its value there. Caught / put in."""
SILENT = frozenset(rule.name for rule in RULES if not rule.by_component)


@dataclass(frozen=True)
class Outcome:
    """How one way of checking did: on one mistake, or on correct gradients.

    caught, located : of `count` mutations; for correct gradients, how many passed.
    """

    checker: str
    mistake: str
    count: int
    caught: int
    located: int


@dataclass(frozen=True, repr=False)
class MutationReport(Report):
    """Catch and localisation rates of every checker, per mistake and in all."""

    outcomes: tuple[Outcome, ...]
    correct: dict[str, tuple[int, int]]
    escaped: tuple[tuple[str, str, Edge], ...]

    def rate(self, checker: str, what: str = "caught") -> float:
        """The share of all mutations that a checker caught or located.

        Raises OptionError for a checker that is not in the report.
        """
        for name, known in ((checker, [*self.correct]), (what, ["caught", "located"])):
            if not isinstance(name, str) or name not in known:
                every = f"known are {listing(known)}"
                raise OptionError(unknown(f"{shorten(name)!r}", name, known, every))
        sums = self._all(checker)
        return float(getattr(sums, what) / sums.count) if sums.count else 1.0

    @property
    def ok(self) -> bool:
        """Ours passes what is right, catches everything, and finds 95 % of the edges.

        From the whole gradient alone edges in a row cannot always be told apart.
        """
        sound = all(
            self.correct[us][0] == self.correct[us][1] and self.rate(us) == 1.0
            for us in ALL_OURS
            if us in self.correct
        )
        return sound and self.rate(OURS, "located") >= 0.95

    def __add__(self, other: MutationReport) -> MutationReport:
        """The tables of two models as one."""
        outcomes = sum_up((*self.outcomes, *other.outcomes))
        correct = dict(self.correct)
        for key, (passed, count) in other.correct.items():
            before = correct.get(key, (0, 0))
            correct[key] = before[0] + passed, before[1] + count
        return MutationReport(outcomes, correct, self.escaped + other.escaped)

    def to_dicts(self) -> list[dict[str, Any]]:
        """The outcomes as dictionaries, for pandas.DataFrame or a file."""
        return [asdict(outcome) for outcome in self.outcomes]

    def cells(self) -> list[tuple[str, ...]]:
        """The table: a row per mistake, then all, then the correct gradients."""
        return self._rows([c for c in self.correct if c not in AT_ZEROS], _cell)

    def zeros(self) -> list[tuple[str, ...]]:
        """The table of plain code where it is 0, in the same rows."""
        return self._rows([c for c in AT_ZEROS if c in self.correct], _share)

    def _rows(
        self, checkers: list[str], cell: Callable[[Outcome], str]
    ) -> list[tuple[str, ...]]:
        table: list[tuple[str, ...]] = []
        rows_of = {
            mistake: {o.checker: o for o in self.outcomes if o.mistake == mistake}
            for mistake in (*MISTAKES, *OF_ARRAYS)
        }
        rows_of["all mistakes"] = {c: self._all(c) for c in (OURS, *checkers)}
        for mistake, rows in rows_of.items():
            texts = (cell(rows.get(c, Outcome(c, "", 0, 0, 0))) for c in checkers)
            if rows:
                table.append((mistake, str(next(iter(rows.values())).count), *texts))
        passes = ("{}/{}".format(*self.correct[checker]) for checker in checkers)
        table.append(("no mistake", "", *passes))
        return table

    def _all(self, checker: str) -> Outcome:
        mine = [o for o in self.outcomes if o.checker == checker]
        none = Outcome(checker, "", 0, 0, 0)
        return next(iter(sum_up(replace(o, mistake="") for o in mine)), none)

    def _parts(self) -> list[Part]:
        kept = [checker for checker in self.correct if checker not in AT_ZEROS]
        parts: list[Part] = [_table(kept, self.cells()), Said(" ".join(LEGEND.split()))]
        at_zeros = [checker for checker in AT_ZEROS if checker in self.correct]
        if at_zeros:
            parts += [_table(at_zeros, self.zeros()), Said(" ".join(ZEROS.split()))]
        told = [
            Said(f"  {who} let {what} at ∂{u}/∂{v} pass")
            for who, what, (u, v) in self.escaped
        ]
        return [*parts, *told]


def sum_up(outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """One outcome for each checker and mistake."""
    sums: dict[tuple[str, str], Outcome] = {}
    for one in outcomes:
        key = one.checker, one.mistake
        before = _counts(sums.get(key, Outcome(*key, 0, 0, 0)))
        sums[key] = Outcome(*key, *map(add, before, _counts(one)))
    return tuple(sums.values())


def _table(checkers: list[str], rows: list[tuple[str, ...]]) -> TextTable:
    return TextTable(
        ("mistake", "put in", *checkers),
        rows,
        numbers=("put in", *checkers),
        spare=checkers[:1:-1],
        frame=OPEN,
    )


def _share(outcome: Outcome) -> str:
    return f"{outcome.caught}/{outcome.count}" if outcome.count else "–"


def _counts(outcome: Outcome) -> tuple[int, int, int]:
    return outcome.count, outcome.caught, outcome.located


def _cell(outcome: Outcome) -> str:
    if not outcome.count:
        return "–"
    parts = (100 * part / outcome.count for part in _counts(outcome)[1:])
    caught, located = (f"{floor(10 * part) / 10:g}" for part in parts)
    return caught if outcome.checker in SILENT else f"{caught}/{located}"
