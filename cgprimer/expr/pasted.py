"""Notations of programs and papers that have one meaning, in that of the language.

    "(1)  y = np.exp(x).*|z|,"  ─ read_pasted ─▶  "y = exp(x)*abs(z)"

It is asked only for texts that the language does not have, so none of those that it has
means anything else by it. What has two meanings, as 2x or sin^-1(x), is refused, with a
hint. A notation is a row of a table, or a function over tokens.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from cgprimer.expr.ops import FUNCTIONS
from cgprimer.expr.spelled import Edit, Spelled
from cgprimer.expr.tokens import NUMBER, TOKEN

_WORD = r"[^\W\d_]\w*+"
MODULE = (
    r"(?<![\w.])(?:np|numpy|jnp|math|Math|torch|tf|nn|F|sp|sympy|scipy|special|std::)"
    r"(?:\.(?:nn|math|functional|special|numpy))*+(?:(?<=::)|\.)"
)

Step = Callable[[str, int], Iterator[Edit]]

LONG = 100_000  # characters; what is longer was pasted by no person

# Of a whole equation: what stands round it, and is dropped. Pattern of one group.
WRAPPINGS: tuple[str, ...] = (
    r"\s*+((?:>\s*+)++)",  # an answer quotes
    r"\s*+((?:[-*•]\s+|\(\d{1,3}[a-z]?\)\s*+|\d{1,3}[.)]\s+))",  # a list numbers
    r"\s*+((?:Eq\.|Equation|eq\.|equation)\s*+\(?\d{1,3}\)?\s*+[:.]?\s)",
    r"\s*+((?:[Ll]et|const|var|double|float)\s)\s*+\w+\s*+=",
)
ENDS: tuple[str, ...] = (
    r"(?<=[\w)*`$\"'])(?: ?[,;.])?(?:[ \t]{2,}|\t)\(\d{1,3}(?:\.\d+)?[a-z]?\)\s*$",
    r"\\tag\{[^{}]*\}\s*$",
    r";\s*+%.*$",  # a comment of MATLAB, where the ; tells that it is one
    r"(?<=[\w)*`$\"'])[.,;]\s*$",
)
QUOTES: tuple[tuple[str, str], ...] = (
    ("**", "**"), ("```", "```"), ("`", "`"), ('"', '"'), ("'", "'"),
    ("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"),
)  # fmt: skip

# Anywhere on the right: pattern, and what is read in place of its first group.
SPELLINGS: tuple[tuple[str, str], ...] = (
    (rf"({MODULE}(?:maximum|fmax))\s*\(", "max"),
    (rf"({MODULE}(?:minimum|fmin))\s*\(", "min"),
    (rf"({MODULE}(?:fabs|absolute))\s*\(", "abs"),
    (rf"({MODULE}(?:pi|PI))\b(?!\s*\()", "pi"),
    # Of what is no function of the language, the name alone is reported.
    (
        rf"({MODULE})(?!(?:maximum|fmax|minimum|fmin|fabs|absolute)\s*\()"
        rf"(?!(?<=np\.|py\.|ch\.)m(?:ax|in)\s*\(){_WORD}\s*\(",  # of a whole array
        "",
    ),
    (r"(\.)[*/^]", ""),  # by element, as in MATLAB
)
_ASSIGNED = re.compile(rf"\s*+{_WORD}\s*+(:=|<-|←)")
_OF_VARIABLES = re.compile(
    r"\s*+[^\W\d_]\w*+\s*+(\(\s*+x\w*+\s*+(?:,\s*+x\w*+\s*+)*+\))\s*+="
)


def read_line(
    spelled: Spelled, right: Callable[[Spelled, int], Spelled] | None = None
) -> Spelled:
    """A whole equation as the language has it; what is not known stays as it is.

    right : what reads its right side; `read_pasted` by default.
    """
    if len(spelled.text) > LONG:
        return spelled
    for _ in range(3):  # a number may stand before quotes, or within
        spelled = spelled.rewrite(_round_about(spelled))
    spelled = spelled.rewrite(_left(spelled.text))
    if "=" not in spelled.text:
        return spelled
    return (right or read_pasted)(spelled, spelled.text.index("=") + 1)


def read_pasted(
    spelled: Spelled, start: int = 0, steps: Iterable[Step] | None = None
) -> Spelled:
    """The same with the right side, `spelled.text[start:]`, alone.

    steps : what is read there; all of `STEPS` by default.
    """
    if len(spelled.text) > LONG:
        return spelled
    for step in STEPS.values() if steps is None else steps:
        spelled = spelled.rewrite(step(spelled.text, start))
    return spelled


# The line


def _round_about(spelled: Spelled) -> Iterator[Edit]:
    """Numbers and bullets before it, quotes around it, a full stop behind it."""
    text = spelled.text
    begin = next((m for p in WRAPPINGS if (m := re.match(p, text))), None)
    # A true minus before a name is no bullet, but a minus.
    if begin and "−" in spelled.written[slice(*spelled.span(*begin.span(1)))]:
        begin = None
    at = begin.end(1) if begin else len(text) - len(text.lstrip())
    if begin:
        yield Edit(*begin.span(1), "")
    end = next((m for p in ENDS if (m := _last(p, text)) and m.start() >= at), None)
    stop = end.start() if end else len(text.rstrip())
    inside = text[at:stop]
    for opened, closed in QUOTES:
        if (
            inside.startswith(opened)
            and inside.endswith(closed)
            and len(inside) > len(opened + closed)
            and closed not in inside[len(opened) : -len(closed)]
        ):
            yield Edit(at, at + len(opened), "")
            yield Edit(stop - len(closed), stop, "")
            break
    if end and "=" in text:
        yield Edit(*end.span(), "")


def _last(pattern: str, text: str) -> re.Match[str] | None:
    """A match that ends the text; what is far from its end is not looked at."""
    return re.compile(pattern).search(text, max(0, len(text) - 200))


def _ends(text: str, start: int) -> Iterator[Edit]:
    """A full stop behind the right side of an equation that is given alone."""
    end = _last(ENDS[-1], text)
    if end and end.start() > start:
        yield Edit(*end.span(), "")


def _left(text: str) -> Iterator[Edit]:
    """y := …, y <- … and y(x) = …, where x is a variable by its name."""
    if match := _ASSIGNED.match(text):
        yield Edit(*match.span(1), "=")
    elif match := _OF_VARIABLES.match(text):
        yield Edit(*match.span(1), "")


def _spellings(text: str, start: int) -> Iterator[Edit]:
    for pattern, new in _COMPILED:
        for match in pattern.finditer(text, start):
            yield Edit(*match.span(1), new)


_COMPILED = [(re.compile(pattern), new) for pattern, new in SPELLINGS]

# Over tokens


class _Tokens:
    """The tokens of `text[start:]`, and for each opening bracket the closing one."""

    def __init__(self, text: str, start: int) -> None:
        self.matches = [*TOKEN.finditer(text, start)]
        self.texts = [match[0] for match in self.matches] + ["", "", ""]
        self.closing: dict[int, int] = {}
        opened: list[int] = []
        for at, token in enumerate(self.texts):
            if token == "(":
                opened.append(at)
            elif token == ")" and opened:
                self.closing[opened.pop()] = at

    def end(self, at: int) -> int:
        """Where a token ends in the text."""
        return self.matches[at].end()

    def atom_end(self, at: int) -> int | None:
        """The last token of the number, name, call or bracket that begins at one."""
        token = self.texts[at]
        if token == "(":
            return self.closing.get(at)
        if _is_name(token):
            return self.closing.get(at + 1) if self.texts[at + 1] == "(" else at
        return at if NUMBER.fullmatch(token) else None


def _is_name(token: str) -> bool:
    return token[:1].isalpha()


def _ends_value(token: str) -> bool:
    return token[:1].isalnum() or token == ")"


def _roots(text: str, start: int) -> Iterator[Edit]:
    """√2 and √(a + b); √x² is one of two things, and stays."""
    if "√" not in text:
        return
    tokens = _Tokens(text, start)
    for at, match in enumerate(tokens.matches):
        end = tokens.atom_end(at + 1) if match[0] == "√" else None
        if end is None:
            continue
        blank = " " * (at > 0 and _ends_value(tokens.texts[at - 1]))
        if tokens.texts[at + 1] == "(":
            yield Edit(*match.span(), f"{blank}sqrt")
        elif tokens.texts[end + 1] not in ("^", "**"):
            yield Edit(*match.span(), f"{blank}sqrt(")
            yield Edit(tokens.end(end), tokens.end(end), ")")


def _bars(text: str, start: int) -> Iterator[Edit]:
    """|a| where every bar opens or closes one: it opens where a value may begin."""
    if "|" not in text:
        return
    edits: list[Edit] = []
    opened: list[int] = []  # how many brackets were open at each open bar
    depth, before = 0, ""
    for match in TOKEN.finditer(text, start):
        token = match[0]
        depth += (token == "(") - (token == ")")
        if token == "|":
            closes = _ends_value(before)
            if closes and (not opened or opened.pop() != depth):
                return
            if not closes:
                opened.append(depth)
            token = ")" if closes else "abs("
            edits.append(Edit(*match.span(), token))
        before = token
    if not opened:
        yield from edits


_SMALL = frozenset("23456789")


def _functions(text: str, start: int) -> Iterator[Edit]:
    """sin^2(x) is sin(x)^2, and `ln x` is ln(x) where a sum, or nothing, goes on."""
    tokens = _Tokens(text, start)
    for at, match in enumerate(tokens.matches):
        op = FUNCTIONS.get(match[0])
        if op is None or op.arity != 1 or tokens.texts[at + 1] == "(":
            continue
        first, power = at + 1, ""
        # log^10(x) may mean the base.
        if tokens.texts[first] in ("^", "**") and tokens.texts[first + 1] in _SMALL:
            first, power = first + 2, f"^{tokens.texts[first + 1]}"
        yield from _call(tokens, at, first, power)


def _call(tokens: _Tokens, at: int, first: int, power: str) -> Iterator[Edit]:
    """The function at a token called with the atom from `first`, then the power."""
    argument, end = tokens.texts[first], tokens.atom_end(first)
    # A call, or what follows, may belong to the argument: sin f(x), sin x^2, sin x*y.
    if end is None or argument in FUNCTIONS or (argument != "(" and end > first):
        return
    after = tokens.texts[end + 1]
    goes_on = ("", "+", "-", ")", ",") + ("*", "/") * (argument == "(")
    if after not in goes_on or (argument == "(" and not power):
        return
    left, right = ("", "") if argument == "(" else ("(", ")")
    yield Edit(tokens.end(at), tokens.matches[first].start(), left)
    yield Edit(tokens.end(end), tokens.end(end), right + power)


STEPS: dict[str, Step] = {
    "ends": _ends, "spellings": _spellings, "roots": _roots, "bars": _bars,
    "functions": _functions,
}  # fmt: skip
"""What is read on a right side, one after the other."""
