"""How a table of text is to be read: what the caller says, checked.

separator, decimal, thousands, comment, encoding, names, rename, missing ─▶ TableReading
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cgprimer import takes
from cgprimer.data.reading_error import Pass, ReadingError
from cgprimer.data.roles import column_names
from cgprimer.expr.printed import as_name

SIGNS = {  # signs that a shell, or a person, rather has as words
    "comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "blanks": " ",
    "space": " ", "point": ".", "apostrophe": "'",
}  # fmt: skip
CHOICES = {
    "decimal": (".", ","),
    "thousands": (",", ".", " ", "'"),
    "missing": ("refuse", "drop"),
}
NO_SEPARATOR = '"\n\r\0.+-'


@dataclass(frozen=True)
class TableReading:
    """What is said of a file; None is what is found out, or not there."""

    separator: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    comment: str | None = None
    encoding: str | None = None
    names: Sequence[str] | None = None
    rename: Mapping[str, str] | None = None
    missing: str = "refuse"

    def __post_init__(self) -> None:
        for field in ("separator", "decimal", "thousands"):
            value = getattr(self, field)
            if isinstance(value, str):
                object.__setattr__(self, field, SIGNS.get(value, value))
        for field, choices in CHOICES.items():
            self._check(field, choices)
        self._check_texts()
        if self.thousands and self.thousands == self.decimal:
            both = Pass("decimal"), " and ", Pass("thousands")
            raise ReadingError(*both, f" are both {self.decimal!r}")
        if self.names is not None:
            names = [spaced(name) for name in column_names(self.names, "names")]
            object.__setattr__(self, "names", names)
        object.__setattr__(self, "rename", _renamed(self.rename))

    def _check(self, field: str, choices: Sequence[str]) -> None:
        value = getattr(self, field)
        if (value is None and field != "missing") or (
            isinstance(value, str) and value in choices
        ):
            return
        known = " or ".join(map(repr, choices))
        raise ReadingError(Pass(field), f" is {known}, not {takes.quote(value)}")

    def _check_texts(self) -> None:
        for field in ("comment", "encoding"):
            value = getattr(self, field)
            if not (value is None or isinstance(value, str)):
                said = f" is a text, not {takes.quote(value)}"
                raise ReadingError(Pass(field), said)
        sign = self.separator
        if sign is None:
            return
        if not isinstance(sign, str) or len(sign) != 1 or sign.isalnum():
            said = " is one sign between cells, such as ';', not "
            raise ReadingError(Pass("separator"), said, takes.quote(sign))
        if sign in NO_SEPARATOR:
            raise ReadingError(Pass("separator"), f" cannot be {takes.quote(sign)}")

    @property
    def decimal_sign(self) -> str | None:
        """The sign that is said, or follows: where a comma groups, it is a point."""
        follows = {",": ".", ".": ","}
        return self.decimal or follows.get(self.thousands or "")


def _renamed(rename: Any) -> dict[str, str]:
    """`rename` with its blanks as those of headings are."""
    if rename is None:
        return {}
    texts = isinstance(rename, Mapping) and all(
        isinstance(text, str) for pair in rename.items() for text in pair
    )
    if not texts:
        said = " is a dict heading → name, such as {'T [K]': 'T'}, not "
        raise ReadingError(Pass("rename"), said, takes.quote(rename))
    return {spaced(old): spaced(new) for old, new in rename.items()}


def spaced(name: str) -> str:
    """A heading on one line, with single blanks; a name as those of equations are."""
    return as_name(" ".join(name.strip("\ufeff\u200b").split()))
