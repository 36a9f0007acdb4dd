r"""The lines of a derivation: what is to be read at a time, and the sides of its '='.

    v1 = 1/x \\ v2 = \sin x   % two          text of the author
    ─ statements ─▶  `v1 = 1/x `   ` v2 = \sin x`
    ─ sides ─▶       `v1`  `1/x`     `v2`  `\sin x`      as spans of the author's line

`scaffolding` blanks what is no formula; here the rest is cut, at the ends of lines,
at `\\` and `\Rightarrow`, and at a comma between two equations. What goes on in the
next line, in brackets or with an operator, is one statement.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

from cgprimer.errors import ExpressionError, Mistake
from cgprimer.reading.scaffolding import CUT, LONGEST, bare, partners

# Where one statement may end: at once, or only between two that have an '=' each.
_HARD = (
    r"\\(?:Rightarrow|Longrightarrow|implies|iff|Leftrightarrow|therefore|because"
    r"|Longleftrightarrow|leadsto|rightsquigarrow)\b|[⇒⟹⇔⟺∴]|=>|⟶"
)
_CUT = re.compile(
    rf"(?P<hard>{_HARD})|(?P<line>\n|\\\\(?:\[[^\]\n]*\])?)|(?<!\\)[,;&]|{CUT}"
)
_EQUALS = re.compile(
    r"(?P<no>\\not\s*=|[<>!]=|=>)"
    r"|(?P<about>\\approx\b|≈|\\simeq\b|≃|\\doteq\b)"
    r"|:=|\\coloneqq\b|≔|\\equiv\b|≡|\\triangleq\b|≜"
    r"|\\(?:stackrel|overset|underset)\s*\{[^{}]*\}\s*\{=\}|="
)
_INFIX = re.compile(
    r"(?:[\s&]|\\q?quad\b)*(?:[+*/·×÷⋅]|\\cdot\b|\\times\b|\\div\b|(?P<minus>[-−]))"
)
_OPEN_END = re.compile(r"(?:[-+*/·×÷−⋅^]|\\cdot|\\times|\\div)[\s&]*\Z")

BLANKS = " \t\r&.,;" + CUT
STRENGTH = {"": 0, "soft": 1, "line": 2, "hard": 3}

Span = tuple[int, int]


class Equals(NamedTuple):
    """A sign between two sides; `rounded` for ≈."""

    start: int
    end: int
    rounded: bool


class Segment(NamedTuple):
    """What stands between two cuts.

    how : the cut before it; "hard" ends a statement, "line" and "soft" may.
    says : whether it holds an '='; `begins` whether it begins with one.
    """

    start: int
    end: int
    how: str
    says: bool
    begins: bool


@dataclass(frozen=True)
class Statement:
    """What is to be read at a time: `line[start:end]`, comments blanked in `clean`."""

    number: int
    line: str
    clean: str
    start: int
    end: int

    def sides(self, follows: bool) -> tuple[list[Span], list[Equals]]:
        """The spans between one '=' and the next, at least two, and those signs.

        An empty one only comes first, and only where the line `follows` another.
        """
        # Brackets of this statement alone, as its line may hold thousands of others.
        inside = bytes(self.start) + _inside(self.clean[self.start : self.end])
        equals = list(_equals(self.clean, inside, *self.span))
        if not equals:
            self.fail(
                "a line of a derivation needs '='", self.trimmed,
                "what is no formula goes behind a #",
            )  # fmt: skip
        starts = [self.start, *(sign.end for sign in equals)]
        ends = [*(sign.start for sign in equals), self.end]
        spans = [self._trim(a, b) for a, b in zip(starts, ends, strict=True)]
        for i, (a, b) in enumerate(spans):
            if a == b and (i or not follows):
                where = equals[max(i - 1, 0)]
                self.fail("a value is missing beside this '='", where[:2])
        return spans, equals

    @property
    def span(self) -> Span:
        """Where in the line it stands."""
        return self.start, self.end

    @property
    def trimmed(self) -> Span:
        """The same without blanks."""
        return self._trim(*self.span)

    def _trim(self, start: int, end: int) -> Span:
        """The span without blanks, alignment marks and a sentence's punctuation."""
        inner = self.clean[start:end]
        first = start + len(inner) - len(inner.lstrip(BLANKS.replace(".", "")))
        last = start + len(_without_tail(inner))
        # "= 2." at the end of a sentence keeps its point: it is a number as well.
        text = self.clean[first:last]
        if text.endswith(".") and not text[-2:-1].isdigit() and text[-6:] != r"\left.":
            last -= 1
        return (first, last) if first < last else (start, start)

    def fail(self, message: str, span: Span, hint: str = "") -> NoReturn:
        """Raise with carets under `span` of the author's line."""
        raise ExpressionError([Mistake(message, self.line, *span, hint)])


def statements(text: str) -> Iterator[Statement]:
    r"""The statements of a text; a line may hold several, parted by `\\`."""
    clean = bare(text)
    found = list(_statements(text, clean))
    # In a table of two traces the first column comes first, as it defines the names.
    if r"\begin{tabular}" in text or r"\begin{longtable}" in text:
        found.sort(key=lambda one: one.clean.count("&", 0, one.start))
    yield from found


def _statements(text: str, clean: str) -> Iterator[Statement]:
    lines = [0, *(at.end() for at in re.finditer("\n", text)), len(text) + 1]
    at, line = (0, 0), ("", "")
    for start, end in _spans(clean):
        first = bisect_right(lines, start) - 1
        last = bisect_right(lines, max(start, end - 1)) - 1
        a, b = lines[first], lines[last + 1] - 1
        # Statements of one line share it: a thousand copies would fill the memory.
        if at != (a, b):
            at, line = (a, b), (_on_one(text[a:b]), _on_one(clean[a:b]))
        yield Statement(first + 1, *line, start - a, end - a)


def _spans(clean: str) -> Iterator[Span]:
    """Where each statement begins and ends."""
    inside = _inside(clean)
    before: Segment | None = None  # that may still go on
    for after in _segments(clean, inside):
        if before and _goes_on(clean, before, after):
            says = before.says or after.says
            before = Segment(before.start, after.end, before.how, says, before.begins)
            continue
        if before:
            yield before.start, before.end
        before = after
    if before:
        yield before.start, before.end


def _segments(clean: str, inside: bytearray) -> Iterator[Segment]:
    """Stretches between places where a statement may end, if there is something."""
    start, how, ended = 0, "hard", False
    for cut in _CUT.finditer(clean + "\n"):
        end = cut.start()
        if inside[end]:
            continue
        if clean[start:end].strip(BLANKS):
            sign = next(_equals(clean, inside, start, end), None)
            begins = bool(sign and not clean[start : sign.start].strip(BLANKS))
            yield Segment(start, end, how, sign is not None, begins)
            how, ended = "", False
        # Of several cuts in a row the strongest counts; an empty line, which `\\` and
        # the end of its line do not make, ends a paragraph.
        kind = cut.lastgroup or "soft"
        empty = ended and cut[0] == "\n"
        ended = ended or cut[0] == "\n"
        how = max(how, "hard" if empty else kind, key=STRENGTH.__getitem__)
        start = cut.end()


def _goes_on(clean: str, before: Segment, after: Segment) -> bool:
    """Whether what comes after a cut belongs to the same statement."""
    if after.how == "hard":
        return False
    if after.how == "soft":
        return not (before.says and after.says)
    infix = _INFIX.match(clean, after.start, after.end)
    if before.says and infix:
        return not (infix["minus"] and after.says)
    if _OPEN_END.search(clean[max(before.start, before.end - 40) : before.end]):
        return not after.says
    return after.begins and not before.says


def _equals(
    clean: str, inside: bytes | bytearray, start: int, end: int
) -> Iterator[Equals]:
    """The signs of equality that are in no bracket."""
    for sign in _EQUALS.finditer(clean, start, end):
        if not inside[sign.start()] and not sign["no"]:
            yield Equals(*sign.span(), bool(sign["about"]))


def _without_tail(text: str) -> str:
    r"""A side without what ends a sentence, `\,` before it included."""
    tail = BLANKS.replace(".", ":")
    text = text.rstrip(tail)
    while text.endswith("\\"):
        text = text[:-1].rstrip(tail)
    return text


def _on_one(text: str) -> str:
    return text.replace("\n", " ")


def _inside(clean: str) -> bytearray:
    """For every character whether it is in brackets that close soon enough."""
    depth = [0] * (len(clean) + 1)
    for start, end in partners(clean).items():
        # A bracket that was forgotten must not swallow the lines below it.
        if "\n" not in clean[start:end] or clean.count("\n", start, end) < LONGEST:
            depth[start + 1] += 1
            depth[end] -= 1
    inside, level = bytearray(len(clean) + 1), 0
    for at, change in enumerate(depth):
        level += change
        inside[at] = level > 0
    return inside
