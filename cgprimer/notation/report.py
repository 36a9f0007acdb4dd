"""Reports: tables and sentences that print themselves, wherever they are looked at.

parts ─▶ a terminal (rich), a plain REPL (repr), a file (str), a notebook (HTML)

    Report ── RowReport             rows ─▶ a table of their cells, dicts
                 └─ judge.judged    … that have verdicts ─▶ counts, failures, colours

A new report says its columns, the cells of a row and its sentences; no more is needed.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from cgprimer.errors import columns, excerpt, harmless
from cgprimer.notation.giving_way import prose, table_lines
from cgprimer.notation.signs import spell
from cgprimer.notation.text_table import COLOURS, Line, TextTable, cap

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions
    from rich.text import Text

WIDTH = 100  # columns where there is no terminal to ask
PROSE = 88  # sentences are no longer than this, however wide the terminal
NARROWEST = 20
MOST_COLUMNS = 10_000  # at which no table gives way
STYLE = """\
div.cgprimer table tr > * { text-align: left !important; vertical-align: top; }
div.cgprimer table tr > .number { text-align: right !important; white-space: nowrap; }
div.cgprimer table tr td:first-child { white-space: nowrap; }
div.cgprimer table caption { text-align: left; }
div.cgprimer table tr td code { background: none; padding: 0; font-size: inherit; }
div.cgprimer code, div.cgprimer pre { font-family: monospace; }
div.cgprimer pre { white-space: pre; overflow-x: auto; line-height: normal; }"""


@dataclass(frozen=True)
class Said:
    """Sentences of a report; a line of carets stays below what it marks."""

    text: str
    style: str = ""

    def html(self) -> str:
        """A paragraph, or set in one width where columns matter."""
        style = COLOURS.get(self.style, "")
        tag = "pre" if "\n" in self.text else "p"
        head = f'{tag} style="{style}"' if style else tag
        return f"<{head}>{escape(harmless(self.text))}</{tag}>"


@dataclass(frozen=True)
class Beside:
    """Two tables of the same rows, side by side where there is room for both."""

    left: TextTable
    right: TextTable

    def html(self) -> str:
        """One below the other."""
        return self.left.html() + self.right.html()


Part = TextTable | Said | Beside


class Report:
    """What prints itself as a table; `_parts` says what stands in it."""

    def _parts(self) -> Iterable[Part]:
        raise NotImplementedError

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[Text]:
        from rich.text import Text

        for line in lines_of(self._parts(), options.max_width, options.encoding):
            # Folded already: rich must not fold or cut once more.
            yield Text.assemble(*line, no_wrap=True, overflow="ignore")

    def __repr__(self) -> str:  # and what str() falls back on
        return plain(self)

    def _repr_html_(self) -> str:
        return as_html(self._parts())


class ReportRow(Protocol):
    """A dataclass that is one line of a table."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def cells(self) -> Sequence[str]:
        """The row as texts, in the order of the table's head."""


R = TypeVar("R", bound=ReportRow)


class RowReport(Report, Generic[R]):
    """A report on `rows`, each a line of one table.

    _columns : that table without rows: the head, and how its columns are set.
    """

    _columns: ClassVar[TextTable]
    rows: tuple[R, ...]

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rows as dictionaries, for pandas.DataFrame or a file."""
        return [asdict(row) for row in self.rows]

    def _table(
        self,
        rows: Sequence[R],
        telling: Callable[[R], bool] | None = None,
        said: str = "",
    ) -> TextTable:
        """`rows` as the table, and below it `said` and how many were left out.

        Of very many rows those that are `telling` are kept.
        """
        kept, left_out = cap(rows, telling)
        return replace(
            self._columns,
            rows=[row.cells() for row in kept],
            caption="\n".join(filter(None, (said, left_out))),
            styles=self._styles(kept),
        )

    def _styles(self, rows: Sequence[R]) -> Mapping[str, Sequence[str]]:
        """Title → the style of each of its cells; plain where there is none."""
        return {}


def plain(report: Report, width: int | None = None) -> str:
    """A report as text, as wide as the terminal, in signs that it can show."""
    lines = lines_of(report._parts(), width or terminal_width(), encoding())
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)


def terminal_width() -> int:
    """Columns of the terminal; a hundred where there is none."""
    return max(NARROWEST, shutil.get_terminal_size((WIDTH, 24)).columns)


def encoding() -> str:
    """The encoding of standard output."""
    return getattr(sys.stdout, "encoding", None) or "utf-8"


def printable(text: str) -> str:
    """`text` in signs that standard output can show."""
    return spell(text, encoding())


def with_carets(
    head: str, text: str, start: int, end: int, example: str, more: Mapping[str, str]
) -> str:
    """`head`, carets under `text[start:end]`, an example, and `  hint: …` of `more`."""
    lines = [head, "", *excerpt(text, start, end)]
    lines += ["", f"    {example}"] if example else []
    lines += [f"  {word}: {said}" for word, said in more.items() if said]
    return printable("\n".join(lines))


def as_html(parts: Iterable[Part]) -> str:
    """Parts for a notebook."""
    inner = "".join(part.html() for part in parts)
    return f'<div class="cgprimer"><style>{STYLE}</style>{inner}</div>'


def lines_of(parts: Iterable[Part], width: int, encoding: str) -> Iterator[Line]:
    """Parts in lines of at most `width` columns."""
    for part in parts:
        if isinstance(part, Said):
            yield from prose(part.text, min(width, PROSE), encoding, part.style)
        elif isinstance(part, TextTable):
            yield from table_lines(part, width, encoding)
        else:
            yield from _beside(part, width, encoding)


def _beside(part: Beside, width: int, encoding: str) -> Iterator[Line]:
    """Both tables line by line, or one below the other."""
    tables = part.left, part.right
    sides = [table_lines(table, MOST_COLUMNS, encoding) for table in tables]
    middle, end = (max(map(_columns, lines), default=0) + 1 for lines in sides)
    if middle + end - 1 > width:
        yield from lines_of(tables, width, encoding)
        return
    # Tables of the same rows, drawn without giving way, have the same lines.
    for left, right in zip(*sides, strict=True):
        yield [*left, (" " * (middle - _columns(left)), ""), *right]


def _columns(line: Line) -> int:
    return sum(columns(text) for text, _ in line)
