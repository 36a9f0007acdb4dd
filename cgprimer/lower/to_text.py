"""Text to be read: rounded numbers, names under a bar, tables as text and HTML.

`expr.show` spells expressions so that they can be read back exactly; what stands here
is rounded and decorated for a person.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType

DIGITS = 5
PLAIN = 1e9  # numbers up to this are written out, larger ones with an exponent
OVERLINE = "\N{COMBINING OVERLINE}"


def rounded(value: float) -> str:
    """Five significant digits, a real minus, whole numbers in full.

    >>> rounded(101.669625), rounded(-1.1), rounded(123456.7), rounded(2.5e-7)
    ('101.67', '−1.1', '123457', '2.5e−7')
    """
    if not math.isfinite(value):
        text = "nan" if math.isnan(value) else f"{value}".replace("inf", "∞")
    elif abs(value) < PLAIN and (value.is_integer() or abs(value) >= 10**DIGITS):
        text = f"{value + 0.0:.0f}"
    else:
        mantissa, _, exponent = f"{value:.{DIGITS}g}".partition("e")
        text = f"{mantissa}e{int(exponent)}" if exponent else mantissa
    return text.replace("-", "−")


def overlined(name: str) -> str:
    """`name` under a bar, by one combining character per letter."""
    return "".join(letter + OVERLINE for letter in name)


def columns(text: str) -> int:
    """Terminal columns of `text`: combining characters take none."""
    return len(text) - sum(map(bool, map(unicodedata.combining, text)))


def padded(text: str, width: int) -> str:
    """`text` filled with blanks up to `width` columns."""
    return text + " " * (width - columns(text))


def printed(report: RenderableType, width: int = 110) -> str:
    """A rich table as plain text."""
    from io import StringIO

    from rich.console import Console

    out = StringIO()
    Console(file=out, width=width, color_system=None).print(report)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def html_table(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str) -> str:
    """A table as HTML, every text escaped."""

    def row(cells: Iterable[str], tag: str) -> str:
        return "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells)

    body = "".join(f"<tr>{row(cells, 'td')}</tr>" for cells in rows)
    return (
        f"<table><caption>{escape(caption)}</caption>"
        f"<tr>{row(head, 'th')}</tr>{body}</table>"
    )
