r"""A page with several exercises: where each begins, and what numbers its lines.

    Exercise 1                    f is x² here
    (a) f = x^2
    (b) f' = 2*x
    Exercise 2                    and another f here
    f = sqrt(x)

`scaffolding` blanks headings and numbers; `check` reads each exercise with what stands
above it, unless it defines a name of that anew.
"""

from __future__ import annotations

import re
from itertools import pairwise

NEAR = 99  # signs before a line in which an operator is looked for
WORDS = (
    "Exercise|Problem|Question|Task|Assignment|Example|Aufgabe|Übung|Beispiel|Exercice"
    "|Exemple|Ejercicio|Esercizio|Übungsaufgabe|Problème|Problema|Exercício|Oppgave"
    "|Opgave|Uppgift"
)
_BEFORE = (
    r"(?:[#%]++[ \t]*+)?(?:[=~_-]{3,}+[ \t]*+|\d++\.[ \t]++)?"
    r"(?:\*\*|\\(?:textbf|textit|emph|paragraph)\s*+\{)?[ \t]*+"
)
_NUMBER = r"(?:\d+|[A-Z]|[ivx]+)(?:\.\d+)*[a-z]?(?:[ \t]*\([a-z]\))?(?![\w^/'])"
_NO_FORMULA = r"[^\n=]*(?:={3,}[ \t]*)?$"
# With what follows, if that is no formula. `Task = 3`, `Task 2 = …`, `Task - b = …` and
# `Task(x) = …` are formulas: a heading before one has a number, a colon or a blank.
_HEADING = re.compile(
    rf"^[ \t]*+{_BEFORE}(?:(?:{WORDS})\b"
    rf"(?:[ \t.#]*+{_NUMBER}|(?={_NO_FORMULA})|(?=[ \t]*+:)|(?=[ \t]++(?:[^\W\d]|\\)))"
    r"|Ex\b\.?[ \t]*+\d+|Q[ \t]?\d+(?=[.:)]|[ \t]*$))"
    rf"[ \t:.)}}*—–-]*(?:{_NO_FORMULA})?(?![ \t]*=)"
    r"|^[ \t]*+\\(?:sub)*section\*?[ \t]*+\{[^\n=]*+$|^[ \t]*+\#\#++[^\n=]*+$",
    re.MULTILINE | re.IGNORECASE,
)
_LABEL = re.compile(
    r"^[ \t]*+(?:(?:\\item(?:\[[^\]\n]*+\])?|(?:\d{1,2}|[a-z]|[ivx]{2,4})\."
    r"|\((?:\d{1,2}[a-h]?|[A-H]|[iv]|[ivx]{2,4})\)|•)[ \t]++"
    r"|(?:\d{1,2}[a-h]?|[a-z]|[ivx]{2,4})\)[ \t]*|\([a-h]\)(?:[ \t]+|(?=[^\W\d]+')))"
    r"(?=[^\W\d]|\\(?!cdot|times))",
    re.MULTILINE,
)
_OPEN = ("+", "-", "*", "/", "^", "=", "(", "[", "{", ",", "&", "·", "×", "−")


def without_headings(text: str, closing: dict[int, int]) -> str:
    """`text` with blanks for headings and the numbers of lines.

    closing : the brackets of `text` that close, opening → closing.
    """
    closed = {*closing.values()}

    def blank(found: re.Match[str]) -> str:
        # y = (a +
        #      2) * b        goes on, and its 2) is the number of no line
        near = text[max(0, found.start() - NEAR) : found.start()]
        goes_on = near.rstrip().endswith(_OPEN)
        part = found.end() - 1 - found[0][::-1].find(")")
        is_bracket = "(" not in found[0] and ")" in found[0] and part in closed
        return found[0] if goes_on or is_bracket else " " * len(found[0])

    return _HEADING.sub(lambda found: " " * len(found[0]), _LABEL.sub(blank, text))


def is_numbered(line: str) -> bool:
    """Whether a line begins with a number of its own."""
    return bool(_LABEL.match(line))


def exercises(text: str) -> list[tuple[int, int]]:
    """The lines of each exercise: its first, counted from 0, to before its end.

    One that has no left side of those above goes on from them, and is none by itself.
    """
    lines = without_headings(text, {}).split("\n")
    begins = {text.count("\n", 0, found.start()) for found in _HEADING.finditer(text)}
    seen, found = set[str](), [(0, len(lines))]
    for begin, end in pairwise(sorted({0, *begins, len(lines)})):
        sides = {_left_side(line) for line in lines[begin:end] if "=" in line}
        if sides & seen:
            found[-1:] = [(found[-1][0], begin), (begin, len(lines))]
        seen |= sides
    return found


def _left_side(line: str) -> str:
    """`f` of `$f(x) = x^2`; what only stands beside it is left out."""
    return re.sub(r"\([^()]*\)|[\s&$]", "", line.partition("=")[0])
