r"""The signs of a side with matrices: numbers, names, and what stands between them.

    2\alpha J^\top\varepsilon   ─ symbols ─▶   2  α  J  '  ε
    \frac{\partial L}{\partial W_1}    ─▶   partial_L_partial_W1, one name

A word is a name where it is known, and a product of known ones where it is not. Where a
sign means two things with matrices, it is not read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from cgprimer.derivation.matrices.terms import NotRead
from cgprimer.expr.printed import plain_name as letters_of
from cgprimer.expr.tokens import MARKS
from cgprimer.notation.latex import LETTERS
from cgprimer.reading.names import plain_name

RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵀ⊤ᵗᵃᵇᶜᵈⁿᵏ"
_LETTER = rf"[^\W\d_{RAISED}]"
_WORD = rf"{_LETTER}(?:[^\W{RAISED}][{MARKS}]*|[{MARKS}])*"
_FONT = r"\\(?:mathbf|mathit|mathrm|boldsymbol|bm|vec|mathsf|operatorname|text)"
_GREEK = rf"\\(?:{'|'.join(LETTERS)}|varepsilon|vartheta|varphi)(?![A-Za-z])"
_BODY = rf"(?:{_FONT}\s*\{{\s*[^{{}}]*\}}|{_GREEK}|{_WORD}|\\ell(?![A-Za-z]))"
_BELOW = r"(?:\s*_\s*(?:\{\s*[\w,\s]+\s*\}|\w))?"
_NAME = rf"(?:{_BODY}{_BELOW})"
_OVER = rf"(?:\\(?:bar|overline)\s*(?:\{{\s*{_NAME}\s*\}}|{_NAME}))"
_D = r"(?:\\partial(?![A-Za-z])|\\mathrm\s*\{\s*d\s*\}|∂|d)"
_QUOTIENT = re.compile(
    rf"\\[dt]?frac\s*\{{\s*(?P<d1>{_D})\s*(?P<of1>{_NAME})\s*\}}"
    rf"\s*\{{\s*(?:{_D})\s*(?P<wrt1>{_NAME})\s*\}}"
    rf"|(?P<d2>{_D})\s*(?P<of2>{_NAME})\s*/\s*(?:{_D})\s*(?P<wrt2>{_NAME})"
    rf"|(?:\\nabla|∇)\s*_\s*(?P<wrt3>\{{\s*{_NAME}\s*\}}|{_BODY})\s*(?P<of3>{_NAME})"
)
_TURNED = (
    r"\^\s*(?:\{\s*(?:\\top|\\intercal|T|\\mathsf\s*\{\s*T\s*\}|\\mathrm\s*\{\s*T\s*\}"
    r"|\\prime)\s*\}|\\top|\\intercal|T(?![A-Za-z_])|⊤|\\prime)|ᵀ|⊤|['′]"
)
_UNDONE = r"\^\s*\{\s*-\s*1\s*\}|\^\s*-\s*1(?!\d)|⁻¹"
_BOTH = r"\^\s*\{\s*-\s*(?:\\top|T|\\intercal)\s*\}|⁻ᵀ"
_BLANK = (
    r"(?:\s|\\[,;:! ]|~|&|\\q?quad\b|\\(?:left|right|displaystyle|limits)(?![A-Za-z])"
    r"|\\(?:[bB]igg?[lr]?)(?![A-Za-z])|\{\s*\})+"
)
_ACCENT = re.compile(r"\\(hat|tilde|dot|ddot)\s*(?:\{\s*(\w)\s*\}|(\w))")
_ROWS = (  # what a token is, and its pattern
    ("blank", _BLANK),
    ("number", r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-−]?\d+)?"),
    ("inverse turned", _BOTH),
    ("inverse", _UNDONE),
    ("turned", _TURNED),
    ("entry", r"\\odot(?![A-Za-z])|\\circ(?![A-Za-z])|⊙|∘|\*(?!\*)"),
    ("dot", r"\\cdot(?![A-Za-z])|\\times(?![A-Za-z])|[·⋅×]"),
    ("at", "@"),
    ("fraction", r"\\[dt]?frac(?![A-Za-z])"),
    ("norm", r"\\l[vV]ert(?![A-Za-z])|\\\||‖|\\lVert(?![A-Za-z])"),
    ("norm end", r"\\r[vV]ert(?![A-Za-z])"),
    ("sign", r"[+−-]"),
    ("divide", r"/"),
    ("power", r"\^|\*\*"),
    ("raised", "[⁰¹²³⁴⁵⁶⁷⁸⁹]+"),
    ("matrix", r"\[\|"),
    ("open", r"[(\[{]|\\\{"),
    ("close", r"[)\]}]|\\\}"),
    ("comma", r"[,;]"),
    ("word", _NAME),
    ("command", r"\\[A-Za-z]+"),
)
_TOKEN = re.compile(
    "|".join(f"(?P<k{k}>{pattern})" for k, (_, pattern) in enumerate(_ROWS))
)
_FONTS = re.compile(rf"{_FONT}\s*\{{\s*([^{{}}]*?)\s*\}}")
_VARIANTS = {"varepsilon": "epsilon", "vartheta": "theta", "varphi": "phi"}
_OVERLINED = re.compile(r"(?:[^\W_][\u0304\u0305])+\d*")
LONGEST = 2_000


@dataclass(frozen=True)
class Symbol:
    """A token of a side: what it is, its text or the name it spells, and where."""

    kind: str
    text: str
    start: int
    end: int


def symbols(
    line: str, start: int, end: int, known: Collection[str]
) -> Iterator[Symbol]:
    """The tokens of `line[start:end]`; NotRead for a sign that is none.

    known : names that are declared or defined.
    """
    if end - start > LONGEST:
        raise NotRead(f"a side of more than {LONGEST} signs", start, end)
    at = start
    while at < end:
        quotient = _QUOTIENT.match(line, at, end)
        if quotient and (name := derivative(quotient, known)):
            yield Symbol("name", name, at, quotient.end())
            at = quotient.end()
            continue
        over = re.compile(_OVER).match(line, at, end)
        if over:
            inner = re.sub(r"^\\(?:bar|overline)\s*", "", over[0])
            bare = inner[1:-1].strip() if inner.startswith("{") else inner
            yield Symbol("name", f"bar_{name_of(bare, known)}", at, over.end())
            at = over.end()
            continue
        accent = _ACCENT.match(line, at, end)
        if accent:
            yield Symbol(
                "name", f"{accent[1]}_{accent[2] or accent[3]}", *accent.span()
            )
            at = accent.end()
            continue
        token = _TOKEN.match(line, at, end)
        if token is None:
            raise NotRead(f"{line[at]!r} is not read here", at, at + 1)
        kind = _ROWS[int(str(token.lastgroup)[1:])][0]
        if kind == "word":
            yield from _word(token[0], at, known)
        elif kind != "blank":
            yield Symbol(kind, token[0], *token.span())
        at = token.end()


def derivative(found: re.Match[str], known: Collection[str]) -> str | None:
    """The name of a quotient of differentials; None where its names are unknown."""
    part = found.groupdict()
    number = next(k for k in "123" if part[f"of{k}"])
    of = name_of(part[f"of{number}"], known)
    below = part[f"wrt{number}"]
    wrt = name_of(below[1:-1] if below.startswith("{") else below, known)
    if of not in known or wrt not in known:
        return None
    sign = part.get(f"d{number}") or "d"
    kind = "partial" if "partial" in sign or sign == "∂" else "d"
    return f"{kind}_{of}_{kind}_{wrt}"


def name_of(text: str, known: Collection[str] = ()) -> str:
    r"""The name that a text spells: w_{2}, \mathbf{w}_2 and w₂ are w2."""
    text = _FONTS.sub(r"\1", text)
    bare = unicodedata.normalize("NFD", text)
    if _OVERLINED.fullmatch(bare):
        base = name_of(re.sub("[\u0304\u0305]", "", bare), known)
        return f"bar_{base}" if base in known else text
    text = re.sub(r"\\(var\w+)", lambda m: "\\" + _VARIANTS.get(m[1], m[1]), text)
    text = re.sub(r"\\([A-Za-z]+)", lambda m: LETTERS.get(m[1], m[1]), text)
    text = text.replace(r"\_", "_").replace("\\", "")
    stem, _, below = re.sub(r"\s", "", text).partition("_")
    below = below.strip("{}").replace(",", "_")
    made = letters_of(f"{stem}_{below}" if below else stem)
    made = plain_name(re.sub(r"^([^\W\d_]+)_(\d+)(?=$|_)", r"\1\2", made))
    if made in known:
        return made
    spelled = {letter: word for word, letter in LETTERS.items()}
    other = "".join(spelled.get(char, char) for char in made)
    plain = plain_name(other)
    return plain if plain in known else made


def _word(text: str, at: int, known: Collection[str]) -> Iterator[Symbol]:
    """A word as the name that it is, or as known names side by side."""
    whole = name_of(text, known)
    single = len(re.sub(rf"[\d_{MARKS}]", "", letters_of(text))) <= 1
    if whole in known or single or "\\" in text or whole.startswith(("bar_", "d_")):
        yield Symbol("name", whole, at, at + len(text))
        return
    pieces = _split(text, known)
    if pieces is None:
        yield Symbol("name", whole, at, at + len(text))
        return
    for piece in pieces:
        yield Symbol("name", name_of(piece, known), at, at + len(piece))
        at += len(piece)


def _split(text: str, known: Collection[str]) -> list[str] | None:
    """A word as a product of names, the known ones as long as they can be."""
    pieces = []
    while text:
        ends = range(len(text), 0, -1)
        end = next((k for k in ends if name_of(text[:k], known) in known), 0)
        # αJε: a Greek letter by itself is a name that need not be known.
        if not end and not text[0].isascii():
            end = 1
        if not end:
            return None
        pieces.append(text[:end])
        text = text[end:]
    return pieces
