"""How a table gives way where the terminal is too narrow for it.

First its frame, then digits, then columns of numbers, which are named below; then
texts are folded. Names and verdicts are never cut: where even that does not fit, every
row becomes a list of its own.

    table, width, encoding ─▶ lines, for `notation.report`
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cgprimer.errors import columns
from cgprimer.notation.folding import fewer_digits, fold, least, paragraphs
from cgprimer.notation.signs import spell
from cgprimer.notation.text_table import TIGHT, Frame, Line, TextTable, draw

EASY = 24  # columns to which texts are folded before numbers give way
HARD = 12  # and those to which they are folded when there are no numbers left


def table_lines(table: TextTable, width: int, encoding: str) -> list[Line]:
    """The table in lines of at most `width` columns, in signs of the encoding."""
    table = table.tidy(encoding)
    fitting = fit(table, width) if table.rows else None
    body = as_lists(table, width) if fitting is None else draw(*fitting)
    below = table.caption if fitting is None else fitting[0].caption
    body = [[(spell(text, encoding), style) for text, style in line] for line in body]
    title = prose(table.title, width, encoding, "italic")
    return [*title, *body, *prose(below, width, encoding, "dim")]


def prose(text: str, width: int, encoding: str, style: str = "") -> list[Line]:
    """Sentences, folded at their blanks, in signs of the encoding."""
    if not text:
        return []
    lines = paragraphs(spell(text, encoding), width, spell("…", encoding))
    return [[(line, style)] for line in lines]


def fit(table: TextTable, width: int) -> tuple[TextTable, Frame, list[int]] | None:
    """What is left of the table in a frame, and the widths of its cells."""
    for shown in _variants(table):
        for frame in (table.frame, TIGHT):
            cells = _cells(shown, EASY)
            if frame.width(cells) <= width:
                return shown, frame, _spread(shown, cells, width - frame.width(cells))
    cells = _cells(shown, HARD)
    if TIGHT.width(cells) > width:
        return None
    return shown, TIGHT, _spread(shown, cells, width - TIGHT.width(cells))


def _variants(table: TextTable) -> Iterator[TextTable]:
    """The table with ever fewer numbers, and each time also with fewer digits."""
    leaving = [title for title in table.spare if title in table.head]
    for count in range(len(leaving) + 1):
        gone = leaving[:count]
        said = f"no room for: {', '.join(gone)}" * bool(gone)
        kept = [i for i, title in enumerate(table.head) if title not in gone]
        caption = "\n".join(filter(None, (table.caption, said)))
        shown = replace(table.only(kept), caption=caption)
        yield shown
        yield _with_fewer_digits(shown)


def _with_fewer_digits(table: TextTable) -> TextTable:
    """With fewer digits, unless two numbers of a row would look equal that are not."""
    places = [i for i, title in enumerate(table.head) if title in table.spare]
    rows = [list(row) for row in table.rows]
    for row in rows:
        before = {row[i] for i in places}
        for i in places:
            row[i] = fewer_digits(row[i])
        # Numbers side by side are there to be compared: two that differ must not look
        # equal.
        if len({row[i] for i in places}) < len(before):
            return table
    return replace(table, rows=rows)


def _cells(table: TextTable, most: int) -> list[int]:
    """Widths to which cells may shrink: texts by folding, all others not at all."""
    widths = []
    for place, title in enumerate(table.head):
        cells = table.column(place)
        whole = max(map(columns, cells))
        if title not in table.numbers:
            needs = max(least(cell, table.pieces(title)) for cell in cells)
            needs = min(needs, most) if title in table.formulas else needs
            whole = min(whole, max(most, needs))
        widths.append(max(whole, least(title)))
    return widths


def _spread(table: TextTable, cells: list[int], spare: int) -> list[int]:
    """The widths with what is spare shared out, to cells that need least first."""
    missing = {
        place: max(map(columns, (title, *table.column(place)))) - cells[place]
        for place, title in enumerate(table.head)
    }
    widths = list(cells)
    # Each gets an equal part of what is spare, or less if that is enough for it; what
    # it leaves is shared out among the next ones.
    for done, place in enumerate(sorted(missing, key=lambda place: missing[place])):
        more = min(missing[place], spare // (len(cells) - done))
        widths[place], spare = widths[place] + more, spare - more
    return widths


def as_lists(table: TextTable, width: int) -> list[Line]:
    """Every row as its name and, below it, one line for each other cell."""
    lines: list[Line] = []
    for number, (name, *others) in enumerate(table.rows):
        called = f"{table.head[0]} {name}"
        lines += [[(part, "bold")] for part in fold(called, width)]
        for title, cell in zip(table.head[1:], others, strict=True):
            head, style = f"  {title}  ", table.style(title, number)
            if cell and columns(head) + HARD > width:
                lines += [[(f"  {part}", "")] for part in fold(title, width - 2)]
                head = "    "
            parts = fold(cell, max(1, width - columns(head)), table.pieces(title))
            for part in parts if cell else ():
                lines.append([(head, ""), (part, style)])
                head = " " * columns(head)
    return lines
