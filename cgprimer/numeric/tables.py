"""Reports on screen: a rich table, the same as plain text, and as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

WIDTH = 110


def plain(report: Any, width: int = WIDTH) -> str:
    """What rich prints for `report`, without colours."""
    from io import StringIO

    from rich.console import Console

    out = StringIO()
    Console(file=out, width=width, color_system=None).print(report)
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip("\n").split("\n"))


def html(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str) -> str:
    """A table for notebooks; every text is escaped."""
    top = "".join(f"<th>{escape(title)}</th>" for title in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><caption>{escape(caption)}</caption><tr>{top}</tr>{body}</table>"
