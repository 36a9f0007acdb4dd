r"""What stands around the formulas of a text and means nothing: blanked.

    $$\begin{aligned} y &= x^2 \quad\text{where } x = 3 \tag{1} % given
      ─ bare ─▶          y  = x^2 ;                x = 3

The result is as long as the text, so that columns count in both. A `;` stands where
words stood, for what is beside them belongs to one formula no more; `lines` cuts there.
"""

from __future__ import annotations

import re

from cgprimer.reading.labels import without_headings

CUT = "\x1f"
"""A blank where a formula ends that words followed, though it may go on after them."""
COMMENT = re.compile(r"#.*|(?<!\\)%.*")
CLOSED = "cases|dcases|rcases|[pbvBV]?matrix|smallmatrix|array|tabular|tikzpicture"
_FOREIGN = re.compile(
    rf"\\begin\s*\{{((?:{CLOSED})\*?)\}}.*?(?:\\end\s*\{{\1\}}|\Z)", re.DOTALL
)
_ALIGNS = re.compile(r"(?:^|\n|\\\[|\$\$?)[\s&]*\Z")
_GRADIENT = re.compile(r"(?:\\nabla|∇)[^=\n]*=[\s&]*\Z")
_MATRIX = re.compile(r"\\begin\s*\{\w*\}|(?:\\\\\s*)?\\end\s*\{\w*\}")
_LINE_END = re.compile(r"\\\\(?:\[[^\]]*\])?|(?<!\\)&")
_PREAMBLE = re.compile(r"\A.*?\\begin\s*\{document\}", re.DOTALL)
_DISPLAY = re.compile(
    # None reaches over the beginning of another, so that many that never end cost
    # little.
    r"\$\$.*?\$\$|(?<!\\)\\\[(?:(?!\\\[).)*?(?<!\\)\\\]"
    r"|\\begin\s*\{((?:equation|align|alignat|gather|multline|eqnarray|flalign|math|"
    r"displaymath)\*?)\}(?:(?!\\begin\s*\{\1\}).)*?\\end\s*\{\1\}",
    re.DOTALL,
)
_FENCE = re.compile(
    r"\A(?:\$\$|\\\[|\\begin\s*\{[^}]*\}(?:\s*\{\d+\})?)|(?:\$\$|\\\]|\\end\s*\{[^}]*\})\Z"
)
_INLINE = re.compile(
    r"(?<![\\$])\$(?!\$)([^$\n]*)(?<!\\)\$|(?<!\\)\\\(((?:(?!\\\().)*?)\\\)"
)
_NOISE = re.compile(
    r"\\begin\s*\{(?:tabular|array|longtable|alignat\*?)\}\s*(?:\{(?:[^{}]|\{[^{}]*\})*\})?"
    r"|\\(?:begin|end)\s*\{[^}]*\}(?:\[[^\]]*\])?"
    r"|(?<!\\)\\[\[\]()]|\$"
    r"|\\(?:tag|label|eqref|ref|cite|vspace|hspace)\*?\s*\{[^}]*\}"
    r"|\\(?:hline|noindent|allowdisplaybreaks|medskip|bigskip|smallskip|newline|par)\b"
    r"|\\(?:square|blacksquare|Box|qed|qedhere|qedsymbol)\b|[∎□■]"
    r"|(?:\\q?quad|\\hfill|&|(?<=\S)[ \t]{2,}+|(?<=[)}\]²³])[ \t]|(?<=\^\d)[ \t])\s*+"
    r"[(\[]\d+(?:\.\d+)*[a-z]?[)\]](?=\s*(?:\\\\|\\end\b|$))"
    r"|(?<!\\)\{\s*\}"
    r"|\\color\s*\{[^}]*\}"
    r"|&(?=\s*(?:=|\\approx|≈|:=|\\equiv))|(?<==)(\s*)&",
    re.MULTILINE,
)
_WRAPPER = re.compile(
    r"\\(boxed|fbox|underline|cancel|bcancel|mathstrut|ensuremath|hphantom|phantom"
    r"|vphantom|underbrace|overbrace|textcolor\s*\{[^}]*\}|colorbox\s*\{[^}]*\})\s*\{"
)
_WORDS = re.compile(
    r"(_\s*\{?\s*|\^\s*\{?\s*)?"
    r"\\(?:text|textrm|textit|textbf|textnormal|mbox|intertext|shortintertext|mathrm)"
    r"\s*\{([^{}]*)\}"
)
_NAMES = re.compile(r"[A-Za-z]\w*", re.ASCII)
PROSE = frozenset(
    """
    and or where with so hence thus then since because let given if for by but as is
    therefore with also Thus Hence So Then Since Let Given Therefore Where and
    """.split()  # noqa: SIM905  (a list of words reads better as words)
)
_QUAD = re.compile(
    r"(?<=[^\s&=+;,\\-])([\s&,;]*)\\q?quad\b(?![\s&]*[=+\-*/,;]|\s*\\\\|\s*$)"
)


def bare(text: str) -> str:
    """`text` without comments, words and layout, at the same columns."""
    text = without_headings(text, partners(text))
    text = COMMENT.sub(_blank, text)
    text = _PREAMBLE.sub(_blank, text)
    text = _FOREIGN.sub(_close_up, text)
    text = _without_prose(text)
    text = _WORDS.sub(_cut_at_words, text)
    text = _unwrapped(text)
    text = _QUAD.sub(_cut, text)
    return _NOISE.sub(_blank, text)


def _blank(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", found[0])


def _cut(found: re.Match[str]) -> str:
    return ";" + _blank(found)[1:]


def _close_up(found: re.Match[str]) -> str:
    r"""Cases and matrices as one command, which is refused where it stands."""
    before = found.string[: found.start()]
    # An array is an alignment of equations where it is not part of a formula.
    if found[1] in ("array", "tabular", "tikzpicture") and _ALIGNS.search(before[-99:]):
        return found[0]
    if "matrix" in found[1] and _GRADIENT.search(before[-99:]):
        return _LINE_END.sub(_comma, _MATRIX.sub(_bracket, found[0]))
    sign = r"\cases" if "cases" in found[1] else r"\begin"
    return sign + " " * (len(found[0]) - 6)


def _bracket(fence: re.Match[str]) -> str:
    sign = "(" if "begin" in fence[0] else ")"
    return sign + _blank(fence)[1:]


def _comma(found: re.Match[str]) -> str:
    return "," + _blank(found)[1:]


def _without_prose(text: str) -> str:
    """A text with formulas between $ or in displays, without the words outside."""
    displays = [found.span() for found in _DISPLAY.finditer(text)]
    has_inline = any(_has_equals(found) for found in _INLINE.finditer(text))
    if not displays and not has_inline:
        return text
    parts, done = [], 0
    for start, end in [*displays, (len(text), len(text))]:
        outside = text[done:start].split("\n")
        inside = _FENCE.sub(_cut_off, text[start:end])
        parts += ["\n".join(map(_formulas_of_line, outside)), inside]
        done = end
    return "".join(parts)


def _cut_off(fence: re.Match[str]) -> str:
    """Where a display begins and ends so does a formula."""
    return _blank(fence)[1:] + CUT


def _formulas_of_line(line: str) -> str:
    """The formulas of one line of words; a line with an '=' of its own is kept."""
    outside = _INLINE.sub(_blank, line)
    if "=" in outside:
        return line
    kept, done = [], 0
    for found in _INLINE.finditer(line):
        kept.append(_words(line[done : found.start()]))
        inner = found[1] if found[1] is not None else found[2]
        padded = inner.center(len(found[0])) if _goes_on(found) else ""
        kept.append(padded[:-1] + CUT if padded else " " * len(found[0]))
        done = found.end()
    return "".join([*kept, " " * (len(line) - done)])


def _words(text: str) -> str:
    """Blanks for words; the marks of a table stay."""
    # A note in a cell, `\quad ($x$) &`, must not move what is behind it to its column.
    keep = r"[^\\&]" if text.strip(r"\& ") == "" else r"\\.|[^&]"
    return re.sub(keep, lambda found: " " * len(found[0]), text)


def _has_equals(found: re.Match[str]) -> bool:
    return "=" in found[0] or "≈" in found[0] or r"\approx" in found[0]


def _goes_on(found: re.Match[str]) -> bool:
    """Whether a formula says something by itself, or goes on from one before."""
    return _has_equals(found) or r"\hphantom" in found[0]


def _cut_at_words(found: re.Match[str]) -> str:
    if found[1] or (_NAMES.fullmatch(found[2]) and found[2] not in PROSE):
        return found[0]
    return _cut(found) if found[2].strip() else _blank(found)


def _unwrapped(text: str) -> str:
    r"""`\boxed{…}` as what is in it, `\phantom{…}` as nothing."""
    found = _WRAPPER.search(text)
    if not found:
        return text
    signs = list(text)
    partner = partners(text)
    for found in _WRAPPER.finditer(text):
        close = partner.get(found.end() - 1)
        if close is None:
            continue
        hidden = "phantom" in found[1]
        spans = [
            (found.start(), close + 1 if hidden else found.end()),
            (close, close + 1),
        ]
        label = re.compile(r"\s*[_^]\s*(?=\{)").match(text, close + 1)
        if "brace" in found[1] and label and label.end() in partner:
            spans.append((close + 1, partner[label.end()] + 1))
        for start, end in spans:
            signs[start:end] = ["\n" if c == "\n" else " " for c in signs[start:end]]
    return "".join(signs)


_BRACKET = re.compile(r"\\\\(?:\[[^\]]*\])?|\\left\s*[.]|\\.|[{}()\[\]]|\n[ \t\r]*\n")
_PAIRS = {"}": "{", ")": "(", "]": "[", r"\}": r"\{"}
LONGEST = 20  # lines that a bracket may go over, beyond which one was forgotten


def partners(text: str) -> dict[int, int]:
    """Where the brackets close that do: opening → closing, in one paragraph."""
    closed: dict[int, int] = {}
    stack: list[tuple[str, int]] = []
    for found in _BRACKET.finditer(text):
        sign = found[0]
        if sign[0] == "\n":
            stack.clear()
        elif sign in _PAIRS.values():
            stack.append((sign, found.start()))
        elif sign in _PAIRS and stack and stack[-1][0] == _PAIRS[sign]:
            closed[stack.pop()[1]] = found.start()
    return closed
