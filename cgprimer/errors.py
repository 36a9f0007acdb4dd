"""Every exception of cgprimer: what was found, where, and what to do next.

    unknown function 'sn'                 message

        y = 2*sn(x)                       excerpt: the line, with carets
              ^^
      hint: did you mean 'sin'?           with_hint, suggest, unknown, listing

Whatever a message quotes goes through `shorten`, `quote` or `visible`: it may be long,
hold signs that steer a terminal, or fail when asked for its repr.
"""

import difflib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

CONTROL = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}  # they steer, or show nothing
WIDTH = 72
SHOWN = 10
LINE = 1000  # characters of a line of a message, whatever it quotes


class CGPrimerError(Exception):
    """Base of every error that cgprimer raises on purpose.

    As text it holds no sign that would steer a terminal, whatever it quotes; a hint
    says what to do next, on a line of its own.
    """

    def __init__(self, message: str = "", hint: str = "") -> None:
        super().__init__(with_hint(message, hint))

    def __str__(self) -> str:
        return _message(super().__str__())


class GraphError(CGPrimerError, ValueError):
    """The equations do not make a graph, or a name is not in it."""


class CycleError(GraphError):
    """A variable depends on itself; `cycle` is the way round: ("xa", "xb", "xa")."""

    def __init__(self, message: str, cycle: tuple[str, ...]) -> None:
        super().__init__(message)
        self.cycle = cycle

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.args[0], self.cycle)


class PointError(CGPrimerError, ValueError):
    """The values given for inputs and parameters do not fit the graph."""


class DifferenceError(CGPrimerError, ValueError):
    """A finite difference cannot be taken as asked."""


class DataError(CGPrimerError, ValueError):
    """A data set, or a request for one, makes no sense."""


class FitError(CGPrimerError, ValueError):
    """A fit cannot start as asked."""


class OptionError(CGPrimerError, TypeError):
    """An option is unknown or has an impossible value."""


class OpError(CGPrimerError, RuntimeError):
    """A custom operation is ill defined, failed, or lacks what is asked of it.

    op : its name; `variables` are those whose equations it stood in, where known.
    """

    def __init__(
        self, op: str, problem: str, hint: str = "", variables: tuple[str, ...] = ()
    ) -> None:
        RuntimeError.__init__(self, op, problem, hint, variables)
        self.op, self.problem, self.hint, self.variables = op, problem, hint, variables

    def within(self, variables: Iterable[str]) -> "OpError":
        """The same, telling whose equations the operation stands in."""
        return OpError(self.op, self.problem, self.hint, tuple(variables))

    def __str__(self) -> str:
        where = f" in the equation of {listing(self.variables)}" * bool(self.variables)
        return _message(with_hint(f"{self.op!r}{where}: {self.problem}", self.hint))


class NonFiniteWarning(RuntimeWarning):
    """A value turned nan or inf; the message names the first variable that did."""


class ReadingWarning(UserWarning):
    """A text is read by the rules, and its author most likely means something else."""


@dataclass(frozen=True)
class Mistake:
    """One thing wrong in a text: what, where (`start:end` of `text`), and a hint."""

    message: str
    text: str = ""
    start: int = 0
    end: int = 0
    hint: str = ""

    def __str__(self) -> str:
        lines = [self.message]
        if self.text:
            lines += ["", *excerpt(self.text, self.start, self.end)]
        return with_hint("\n".join(lines), self.hint)


class ExpressionError(CGPrimerError, ValueError):
    """A text is not an equation of the language; `problems` holds every finding."""

    def __init__(self, problems: Iterable[Mistake]) -> None:
        self.problems = tuple(problems)
        super().__init__(_report(self.problems))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems,)


def _report(problems: tuple[Mistake, ...]) -> str:
    shown = [str(problem) for problem in problems[:SHOWN]]
    if len(problems) > SHOWN:
        more = counted(len(problems) - SHOWN, "more problem")
        shown.append(f"… and {more}")
    return "\n\n".join(shown)


def excerpt(text: str, start: int, end: int) -> list[str]:
    """Two lines: the part of `text` around `start:end`, and carets under that span."""
    first = max(0, min(start - WIDTH // 2, len(text) - WIDTH))
    last = min(len(text), first + WIDTH)
    before, marked, after = (
        visible(text[a:b])
        for a, b in ((first, start), (start, min(end, last)), (min(end, last), last))
    )
    head, tail = "…" * (first > 0), "…" * (last < len(text))
    carets = "^" * max(1, columns(marked))
    return [
        f"    {head}{before}{marked}{after}{tail}",
        "    " + " " * columns(head + before) + carets,
    ]


def visible(text: str) -> str:
    """One line as a terminal can show it: tabs as a blank, controls spelled out.

    >>> visible("\\x1b[31mred\\u202e")
    '<U+001B>[31mred<U+202E>'
    """
    return text if text.isprintable() else "".join(map(_visible, text))


def harmless(text: str) -> str:
    """The same for several lines."""
    return "\n".join(map(visible, text.split("\n")))


def _message(text: str) -> str:
    """A message: harmless, and the middle of what is too long left out."""
    return "\n".join(_cut(visible(_cut(line))) for line in text.split("\n"))


def _cut(line: str) -> str:
    half = LINE // 2
    return line if len(line) <= LINE else f"{line[:half]}…{line[-half:]}"


def _visible(char: str) -> str:
    if char in "\t\n\r":
        return " "
    if unicodedata.category(char) in CONTROL:
        return f"<U+{ord(char):04X}>"
    return char


def columns(text: str) -> int:
    """Terminal columns: full-width characters count twice, accents not at all."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(map(bool, map(unicodedata.combining, text)))


def shorten(text: object, width: int = 40) -> str:
    """`text` on one line, cut in the middle of nowhere, never longer than `width`."""
    text = text if isinstance(text, str) else quote(text)
    text = visible(text[: width + 1])  # no more of it can be seen
    return text if len(text) <= width else text[: width - 1] + "…"


def quote(value: object) -> str:
    """`value` for a message: short, and whatever its own repr does."""
    try:
        return shorten(repr(value), 60)
    except Exception:  # such as an int of more digits than Python prints
        return f"some {type(value).__name__}"


def with_hint(message: str, hint: str) -> str:
    """The message, and on a line of its own what to do next, if that is known."""
    return f"{message}\n  hint: {hint}" if hint else message


def unknown(said: str, name: object, known: Iterable[str], every: str = "") -> str:
    """`unknown scheme 'forwards'` with a hint: the nearest known name, or all of them.

    said : what `name` was given as, and how it was written.
    every : how to tell which there are, where no name is near.
    """
    known = list(known)
    hint = suggest(name, known) or every or f"the names are {listing(known)}"
    return with_hint(f"unknown {said}", hint)


def suggest(name: object, known: Iterable[str]) -> str:
    """`did you mean 'sin'?` for the nearest known name, or nothing."""
    if not isinstance(name, str) or len(name) > WIDTH:
        return ""
    spelled = {each if each.isascii() else _spelled(each): each for each in known}
    near = difflib.get_close_matches(name, spelled, n=1, cutoff=0.6)
    return f"did you mean {spelled[near[0]]!r}?" if near else ""


def _spelled(name: str) -> str:
    """A name with its Greek letters as words: α1 as alpha1."""
    words = (unicodedata.name(char, "").split() for char in name)
    return "".join(
        word[-1].lower() if word[:1] == ["GREEK"] and "WITH" not in word else char
        for char, word in zip(name, words, strict=True)
    )


def counted(number: int, thing: str) -> str:
    """`1 sample`, `3 samples`: a count and what is counted."""
    return f"{number} {thing}{'s' * (number != 1)}"


def listing(names: Iterable[str], limit: int = 8) -> str:
    """`xa, xb, xc and 5 more`: names for a message, never too many."""
    every = [shorten(name) for name in names]
    if len(every) <= limit:
        return ", ".join(every)
    return f"{', '.join(every[:limit])} and {len(every) - limit} more"
