"""What is said where a file can be read in two ways, or not without being told how.

texts, Pass(keyword, value) … ─▶ ReadingError, in words of Python or of a shell
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from cgprimer.errors import DataError


class Pass(NamedTuple):
    """An argument that would mend it, or without a value the name of one."""

    keyword: str
    value: Any = None

    def as_keyword(self) -> str:
        """As written in Python: `decimal=','`."""
        return f"{self.keyword}={'' if self.value is None else repr(self.value)}"

    def as_option(self) -> str:
        """As written in a shell: `--decimal ,`."""
        value = [] if self.value is None else self.value
        if isinstance(value, Mapping):
            value = [f"{old}={new}" for old, new in value.items()]
        texts = [value] if isinstance(value, str) else value
        spelled = ["tab" if text == "\t" else shlex.quote(text) for text in texts]
        return " ".join([f"--{self.keyword}", *spelled])


class ReadingError(DataError):
    """A file that is not read as it is; `parts`, and a hint, hold what to pass."""

    def __init__(self, *parts: str | Pass, hint: Sequence[str | Pass] = ()) -> None:
        self.parts = (*parts, "\n  hint: ", *hint) if hint else parts
        super().__init__(self.told(Pass.as_keyword))

    def told(self, spell: Callable[[Pass], str]) -> str:
        """The message, what to pass in it spelled by `spell`."""
        return "".join(p if isinstance(p, str) else spell(p) for p in self.parts)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.parts
