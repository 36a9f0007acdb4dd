"""The one table printer: head and rows of texts ─▶ lines in a frame, or HTML.

`giving_way` chooses the frame and the widths of the cells for a terminal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import TypeVar

from cgprimer.errors import columns, harmless, shorten
from cgprimer.notation.folding import FACTORS, WORDS, fold
from cgprimer.notation.signs import spell

T = TypeVar("T")
Line = list[tuple[str, str]]  # pieces of text, each with its style
Edge = tuple[str, str, str, str]  # left, between the cells, right, filling

MOST = 100  # rows that a person still scrolls through
LONG = 400  # characters that a person still reads in one cell
COLOURS = {
    "green": "color:#1a8a42",
    "bold red": "color:#d3232f;font-weight:bold",
    "red": "color:#d3232f",
    "yellow": "color:#b07d00",
    "cyan": "color:#1585a0",
    "dim": "opacity:.6",
    "bold": "font-weight:bold",
}


NUMBER = ' class="number"'


@dataclass(frozen=True)
class Frame:
    """What stands around the cells of each kind of line."""

    head: Edge
    row: Edge
    rule: Edge
    top: Edge | None = None
    bottom: Edge | None = None

    def width(self, cells: Sequence[int]) -> int:
        """Columns of a line whose cells take so many."""
        left, between, right, _ = map(len, self.row)
        return left + sum(cells) + between * (len(cells) - 1) + right


BOX = Frame(
    ("┃ ", " ┃ ", " ┃", " "), ("│ ", " │ ", " │", " "), ("┡━", "━╇━", "━┩", "━"),
    ("┏━", "━┳━", "━┓", "━"), ("└─", "─┴─", "─┘", "─"),
)  # fmt: skip
OPEN = Frame((" ", "   ", " ", " "), (" ", "   ", " ", " "), (" ", "───", " ", "─"))
TIGHT = Frame(("", "  ", "", " "), ("", "  ", "", " "), ("", "──", "", "─"))


@dataclass(frozen=True)
class TextTable:
    """Texts in columns; a column without any is not shown.

    numbers : titles of the columns that are aligned to the right.
    spare : titles of the columns that give way, the first of them first.
    formulas : titles of the columns that fold behind operators, not only at blanks.
    styles : title → the style of its cells, or one for every row.
    frame : BOX, or OPEN with no more than a rule under the head.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Sequence[str] = ()
    spare: Sequence[str] = ()
    formulas: Sequence[str] = ()
    title: str = ""
    caption: str = ""
    styles: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    frame: Frame = BOX

    def column(self, place: int) -> list[str]:
        """The cells of one column."""
        return [row[place] for row in self.rows]

    def only(self, places: Sequence[int]) -> TextTable:
        """The table of some columns."""
        rows = [[row[i] for i in places] for row in self.rows]
        return replace(self, head=[self.head[i] for i in places], rows=rows)

    def tidy(self, encoding: str) -> TextTable:
        """Without empty columns and endless cells, in signs of the encoding."""
        titles = {title: spell(title, encoding) for title in self.head}
        kept = [i for i in range(len(self.head)) if any(row[i] for row in self.rows)]
        table = self.only(kept)
        return replace(
            table,
            head=[titles[title] for title in table.head],
            rows=[[_cell(text, encoding) for text in row] for row in table.rows],
            numbers=[titles[title] for title in self.numbers if title in titles],
            spare=[titles[title] for title in self.spare if title in titles],
            formulas=[titles[title] for title in self.formulas if title in titles],
            styles={titles[title]: style for title, style in self.styles.items()},
        )

    def style(self, title: str, row: int) -> str:
        """The style of one cell."""
        styles = self.styles.get(title, "")
        return styles if isinstance(styles, str) else styles[row]

    def pieces(self, title: str) -> re.Pattern[str]:
        """Where the cells of a column may be broken."""
        return FACTORS if title in self.formulas else WORDS

    def html(self) -> str:
        """The table for a notebook; every text is escaped."""
        table = self.tidy("utf-8")
        if not table.rows:
            return f"<p>{escape(harmless(table.caption))}</p>"
        caption = f"<caption>{escape(harmless(table.caption))}</caption>" * bool(
            table.caption
        )
        titles = "".join(_html_title(table, title) for title in table.head)
        rows = "".join(
            f"<tr>{_html_row(table, i)}</tr>" for i in range(len(table.rows))
        )
        return f"<table>{caption}<tr>{titles}</tr>{rows}</table>"


def _cell(text: str, encoding: str) -> str:
    return spell(shorten(" ".join(text.split()), LONG), encoding)


def _html_title(table: TextTable, title: str) -> str:
    return f"<th{NUMBER * (title in table.numbers)}>{escape(title)}</th>"


def _html_row(table: TextTable, number: int) -> str:
    cells = []
    for title, text in zip(table.head, table.rows[number], strict=True):
        style = COLOURS.get(table.style(title, number), "")
        more = NUMBER * (title in table.numbers) + f' style="{style}"' * bool(style)
        inner = escape(text)
        inner = f"<code>{inner}</code>" if title in table.formulas else inner
        cells.append(f"<td{more}>{inner}</td>")
    return "".join(cells)


def draw(table: TextTable, frame: Frame, cells: Sequence[int]) -> list[Line]:
    """Head, rules and rows in a frame, the cells of so many columns."""
    # An open table has no lines around it; a blank one above and below sets it off.
    blank = OPEN.row if frame is OPEN else None
    head = _row(table, table.head, ["bold"] * len(cells), frame.head, cells)
    rows: list[Line] = []
    for number, row in enumerate(table.rows):
        styles = [table.style(title, number) for title in table.head]
        rows += _row(table, row, styles, frame.row, cells)
    rules = [
        _rule(edge or blank, cells) for edge in (frame.top, frame.rule, frame.bottom)
    ]
    return [*rules[0], *head, *rules[1], *rows, *rules[2]]


def _row(
    table: TextTable,
    texts: Sequence[str],
    styles: Sequence[str],
    edge: Edge,
    cells: Sequence[int],
) -> list[Line]:
    """One row, on as many lines as its longest cell takes when folded."""
    columns_ = list(zip(table.head, texts, cells, strict=True))
    parts = [fold(text, width, table.pieces(title)) for title, text, width in columns_]
    lines = []
    for i in range(max(map(len, parts))):
        shown = [part[i] if i < len(part) else "" for part in parts]
        padded = [
            pad(text, width, title in table.numbers)
            for text, (title, _, width) in zip(shown, columns_, strict=True)
        ]
        lines.append(_line(edge, padded, styles))
    return lines


def pad(text: str, width: int, right: bool = False) -> str:
    """`text` with blanks behind it, or before it, up to `width` columns."""
    blank = " " * (width - columns(text))
    return blank + text if right else text + blank


def _line(edge: Edge, texts: Sequence[str], styles: Sequence[str]) -> Line:
    left, between, right, _ = edge
    line: Line = [(left, "")]
    for text, style in zip(texts, styles, strict=True):
        line += [(text, style), (between, "")]
    return [*line[:-1], (right, "")]


def _rule(edge: Edge | None, cells: Sequence[int]) -> list[Line]:
    if edge is None:
        return []
    return [_line(edge, [edge[3] * width for width in cells], [""] * len(cells))]


def cap(
    rows: Sequence[T], telling: Callable[[T], bool] | None = None, most: int = MOST
) -> tuple[list[T], str]:
    """The rows that are shown of very many, in order, and a word on the others.

    Those that are `telling` come first to be kept; without it the first and the last.
    """
    if len(rows) <= most:
        return list(rows), ""
    order = [*range(most - most // 4), *range(len(rows) - most // 4, len(rows))]
    if telling is not None:
        # sorted is stable, so of those that are alike the first ones are kept.
        order = sorted(range(len(rows)), key=lambda i: not telling(rows[i]))[:most]
    said = f"{len(rows) - most} of {len(rows)} rows are not shown"
    return [rows[i] for i in sorted(order)], said
