r"""The lines of a derivation with matrices: declarations, and statements to be read.

    W: 5 x 3      $x \in \mathbb{R}^{3}$      \begin{bmatrix} 1 & 2 \end{bmatrix}

Declarations are taken out, matrices become lists in brackets of the same length, so
that columns count still; the rest is cut by `reading.lines`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from cgprimer.derivation.matrices.symbols import name_of
from cgprimer.derivation.to_text import HEADS
from cgprimer.expr.dims import Dim, Dims
from cgprimer.graph.declarations import Declared, declared_in, is_declaration
from cgprimer.reading.lines import Statement, statements

_SPACE = re.compile(
    r"(?P<names>(?:\\?[\w{}^\\]+\s*,\s*)*\\?[\w{}\\]+)\s*(?:\\in(?![A-Za-z])|∈)\s*"
    r"(?:\\mathbb\s*\{\s*R\s*\}|\\mathbb\s*R|\\R(?![A-Za-z])|ℝ)\s*"
    r"(?:\^\s*(?:\{(?P<braced>[^{}]*)\}|(?P<bare>\w))|(?P<raised>[⁰¹²³⁴⁵⁶⁷⁸⁹ⁿᵐᵏᵖ×ˣ]+))?"
)
_MATRIX = re.compile(
    r"\\begin\s*\{([bp]?)matrix\}((?:(?!\\begin).)*?)\\end\s*\{\1matrix\}", re.DOTALL
)
_NOTE = re.compile(r"  \([^()=]*\)$", re.MULTILINE)
_LISTED = re.compile(
    r"^[ \t$&]*[\w\\{}]+\s*=\s*"
    r"(?:\[\[?\s*-?[\d.]+\s*,|\\begin\s*\{[bp]matrix\}[-\d.\s&\\]*\\end)",
    re.MULTILINE,
)
_CROSS = re.compile(r"\\times(?![A-Za-z])|×|ˣ|\bx\b")
_LOW = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹ⁿᵐᵏᵖ", "0123456789nmkp")


def is_of_matrices(text: str, dims: Any) -> bool:
    """Whether a derivation declares arrays, or writes some out."""
    if dims is not None:
        return True
    if _LISTED.search(text):
        return not re.search(r"(?:\\nabla|∇)[^=\n]*=", text)
    declared, _ = declarations(text)
    # `x: input` may be a legend of numbers; alone it declares nothing.
    if not any(map(_is_plainly_dims, declared.dims.values())):
        return False
    used = {name for name, own in declared.dims.items() if own}
    lines = [line for line in text.split("\n") if "=" in line]
    return any(
        re.search(rf"(?<![^\W\d_]){re.escape(name)}(?![^\W\d_])", line)
        or name_of(name) in {name_of(word) for word in re.findall(r"[\w\\{}]+", line)}
        for name in used
        for line in lines
    )


def _is_plainly_dims(dims: Dims) -> bool:
    """Whether dims can be nothing else: numbers, several axes, or n."""
    return len(dims) > 1 or any(isinstance(d, int) or len(d) == 1 for d in dims)


def declarations(text: str, dims: Any = None) -> tuple[Declared, str]:
    """What lines declare, and the text without these lines, at the same columns."""
    lines = text.split("\n")
    plain: dict[int, str] = {}
    for number, line in enumerate(lines):
        bare = re.split("#|(?<!\\\\)%", line)[0]
        bare = _NOTE.sub("", bare.rstrip())
        if is_declaration(bare) and "\\" not in bare:
            plain[number] = bare
            lines[number] = " " * len(line)
    found = declared_in([plain.get(n, "") for n in range(len(lines))], dims)
    found.dims = {name_of(name): own for name, own in found.dims.items()}
    rest = "\n".join(lines)
    if not re.search(r"\\in(?![A-Za-z])|∈", rest):
        return found, rest
    for match in _SPACE.finditer(rest):
        own = _dims_of(match)
        if own is None:
            continue
        for word in match["names"].split(","):
            name = name_of(word.strip())
            found.dims.setdefault(name, own)
            found.origins.setdefault(name, f"declared {match[0].strip()}")
    rest = _SPACE.sub(lambda m: " " * len(m[0]), rest)
    return found, rest


def _dims_of(match: re.Match[str]) -> Dims | None:
    inner = match["braced"] or match["bare"] or (match["raised"] or "")
    if not inner:
        return ()
    made: list[Dim] = []
    for part in _CROSS.split(inner.translate(_LOW)):
        size = part.strip()
        if size.isdigit() and int(size) > 0:
            made.append(int(size))
        elif re.fullmatch(r"[^\W\d]\w*", size):
            made.append(size)
        else:
            return None
    return tuple(made)


def matrix_statements(text: str) -> list[Statement]:
    """The statements of a text without declarations."""
    if text.lstrip().startswith(HEADS[0]):
        text = _NOTE.sub(lambda m: " " * len(m[0]), text)
        for head in HEADS:
            text = text.replace(head, " " * len(head))
    lines = text.split("\n")
    read = [*statements(_MATRIX.sub(_as_list, text))]
    # In a table of two traces the first column comes first, as it defines the names.
    if r"\begin{tabular}" in text or r"\begin{longtable}" in text:
        read.sort(key=lambda one: one.clean.count("&", 0, one.trimmed[0]))
    # Lines are shown as their author wrote them.
    return [
        replace(one, line=lines[one.number - 1])
        if len(lines[one.number - 1]) == len(one.line)
        else one
        for one in read
    ]


def _as_list(match: re.Match[str]) -> str:
    """A matrix in brackets, rows parted by ';', as long as it was."""
    inner = match[2].replace("\\\\", " ;").replace("&", ",")
    inner = re.sub(r";(\s*)$", r" \1", inner)
    opened = len(match[0][: match.start(2) - match.start()])
    closed = len(match[0]) - opened - len(match[2])
    made = f"[|{' ' * (opened - 2)}{inner}{' ' * (closed - 1)}]"
    return re.sub("\n", " ", made) if "\n" not in match[0] else made
