"""Declarations of dims: lines of the text, and the keyword `dims=`.

    "W: 32 x 64", "b, u: 32", "c: scalar", dims={"W": (32, 64)} ─▶ name → dims, origins

`graph.declared` calls it. What a line says and what the keyword says must agree; where
one has a name for a size and the other a number, the name is that number everywhere.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cgprimer import takes
from cgprimer.errors import ExpressionError, GraphError, Mistake, shorten
from cgprimer.expr.dims import Dim, Dims, show_dims
from cgprimer.expr.ops import FUNCTIONS
from cgprimer.expr.printed import plain_name
from cgprimer.expr.tokens import MARKS, NAME
from cgprimer.graph.names import by_plain_name
from cgprimer.graph.numbering import Names
from cgprimer.graph.slots import PARAMETER, VARIABLE

MOST_AXES = 24
LARGEST = 10**9  # of one size
MOST = 2**53  # numbers of one array
# Names and a colon; `y := a*x` is an equation.
_NAMES = re.compile(rf"\s*([\w{MARKS}]+(?:\s*,\s*[\w{MARKS}]*)*)\s*:(?![=/])")
_WORD = re.compile(rf"[\w{MARKS}.]+")
_CROSS = re.compile(r"\s*[x×]\s*")
_SIZE = re.compile(r"[0-9]+", re.ASCII)
_GLUED = re.compile(r"(?:\d+|[^\W\d])(?:[x×](?:\d+|[^\W\d_](?![^\W_x])))+")
SCALAR = frozenset(["scalar"])
KINDS = frozenset([
    "matrix", "vector", "array", "tensor", "list", "number", "float", "int", "real",
    "integer", "complex", "bool", "double", "float32", "float64", "int32", "int64",
])  # fmt: skip
"""What programs declare, and says nothing of sizes."""
_CROSSES = frozenset(["x", "×", "X", "*", "·", "by", "and", ","])
"""What others write between two sizes."""
_FORMULA = re.compile(
    r"[^\W\d]\w*\s*\(|[\w)]\s*[-+*/^]\s*(?:[^\W\d]|\()|[^\W\d]\w*\s*[*/^]"
)
_SIZED = re.compile(r"\d\s*[x×](?!\w)|(?<!\w)[x×]\s*\d")
_EXAMPLE = "write {}: 32 x 64, or {}: scalar"


@dataclass
class Declared:
    """What is declared, and where: dims by name, in the order of the declarations.

    origins : name → how a message tells where its dims were told.
    places : the same for lines: the number of the text, and where in it.
    broken : names whose declarations have mistakes; nothing is known of their dims.
    problems : mistakes by the number of the text. numbers : what sizes with names are.
    equations : the numbers of the texts that declare nothing.
    """

    dims: dict[str, Dims] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    places: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    problems: dict[int, list[Mistake]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    equations: list[int] = field(default_factory=list)

    @property
    def has_arrays(self) -> bool:
        """Whether any name has axes, or a declaration has a mistake."""
        return bool(self.problems or any(self.dims.values()))

    def kinds(
        self,
        parameters: Sequence[str],
        variables: Sequence[str],
        defined: Collection[str],
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Parameters and variables, with those that are declared among them."""
        given = {*parameters, *variables}
        new = [name for name in self.origins if name not in given]
        kind = Names(defined, (), ()).kind
        return (
            (*parameters, *(name for name in new if kind(name) is PARAMETER)),
            (*variables, *(name for name in new if kind(name) is VARIABLE)),
        )

    @property
    def sizes(self) -> dict[str, str]:
        """The names of sizes, each with how a message tells who has it."""
        found: dict[str, str] = {}
        for name, dims in [*self.dims.items()][::-1]:
            line = self.origins[name].removeprefix("declared ")
            where = repr(line) if name in self.places else "dims="
            found |= {size: where for size in dims if isinstance(size, str)}
        return found


def is_declaration(text: str) -> bool:
    """Whether a line declares dims, in whatever wrong way."""
    return ":" in text and "=" not in text and bool(_NAMES.match(text))


def declared_in(texts: Sequence[str], given: Any = None) -> Declared:
    """What lines among the texts of a graph, and `dims=`, declare.

    Mistakes of lines are in `problems`; GraphError for what `dims=` cannot hold.
    """
    found = Declared()
    for number, text in enumerate(texts):
        if not is_declaration(text):
            found.equations.append(number)
            continue
        for problem in _read_line(found, number, text):
            found.problems.setdefault(number, []).append(problem)
    _join(found, texts, given_dims(given))
    return found


def given_dims(given: Any) -> dict[str, Dims]:
    """Name → dims, from dims, texts, or arrays; GraphError for anything else."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise GraphError(
            f"dims= takes a dict such as {{'W': (32, 64)}}, not {takes.quote(given)}"
        )
    given = by_plain_name(given)
    for name in given:
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise GraphError(f"dims= holds {takes.quote(name)}, which is not a name")
        if name in FUNCTIONS:
            raise GraphError(f"dims=: {name!r} is a function; choose another name")
    return {name: _given(name, value) for name, value in given.items()}


def _given(name: str, value: Any) -> Dims:
    """The dims that one entry of `dims=` gives."""
    if isinstance(value, str):
        try:
            return read_dims(value, 0, name)
        except ExpressionError as error:
            raise GraphError(f"dims= of {name!r}: {error}") from None
    if isinstance(value, float):  # a value of a dict of parameters
        return ()
    shape = value if isinstance(value, tuple) else getattr(value, "shape", None)
    if not isinstance(shape, tuple):
        raise GraphError(
            f"dims= of {name!r} is {takes.quote(value)}",
            'give a tuple such as (32, 64), a text such as "32 x 64" or "scalar", or '
            "an array",
        )
    sizes = [str(size) if not isinstance(size, str) else size for size in shape]
    try:
        return _checked([_size(size, "", 0, 0) for size in sizes], "", (0, 0))
    except ExpressionError as error:
        raise GraphError(f"dims= of {name!r}: {error}") from None


def _read_line(found: Declared, number: int, text: str) -> Iterator[Mistake]:
    """Enter what one line declares; what is wrong with it."""
    text = text.partition("#")[0].rstrip()
    match = _NAMES.match(text)
    assert match is not None
    names = []
    for word in re.finditer(rf"[\w{MARKS}]+|(?<=,)(?=\s*(?:,|$))", match[1]):
        at = match.start(1) + word.start(), match.start(1) + word.end()
        name = plain_name(word[0])
        if problem := _bad_name(name, text, at):
            yield problem
        else:
            names.append((name, at))
    try:
        dims = read_dims(text, match.end(), names[0][0] if names else "W")
    except ExpressionError as error:
        found.broken |= {name for name, _ in names}
        yield from error.problems
        return
    for name, at in names:
        if name in found.dims and found.dims[name] != dims:
            yield Mistake(
                f"{name!r} is declared twice: {show_dims(dims)} here, and before "
                f"{show_dims(found.dims[name])}",
                text,
                *at,
                f"the first is {_line(found.origins[name])!r}; remove one",
            )
            found.broken.add(name)
        elif name not in found.dims:
            found.dims[name] = dims
            found.origins[name] = f"declared {shorten(text.strip(), 60)}"
            found.places[name] = number, *at


def _line(origin: str) -> str:
    return origin.removeprefix("declared ")


def _bad_name(name: str, text: str, at: tuple[int, int]) -> Mistake | None:
    """Why a word can name nothing."""
    if not name:
        return Mistake("a name is missing beside ','", text, at[0], at[0] + 1)
    if not NAME.fullmatch(name):
        return Mistake(
            f"{shorten(name)!r} is not a name",
            text,
            *at,
            "a name is a letter followed by letters, digits and underscores",
        )
    if name in FUNCTIONS:
        return Mistake(f"{name!r} is a function", text, *at, "choose another name")
    return None


def read_dims(text: str, start: int, name: str) -> Dims:
    """The dims that `text[start:]` spells; ExpressionError with carets.

    >>> read_dims("W: 32 x n", 2, "W"), read_dims("scalar", 0, "c")
    ((32, 'n'), ())
    """
    first = start + len(text[start:]) - len(text[start:].lstrip())
    body = text[first:].rstrip()
    end = first + len(body)
    if not body:
        at = max(start - 1, 0)
        hint = _EXAMPLE.format(name, name)
        raise _refused("the shape is missing behind ':'", text, at, at + 1, hint)
    if body.lower() in SCALAR:
        return ()
    if len(body) < 200 and _FORMULA.search(body) and not _SIZED.search(body):
        hint = f"write {name} = … for an equation, {name}: 32 x 64 for a shape"
        raise _refused("a shape is no formula", text, first, end, hint)
    if body[0] in "([" and body[-1] in ")]":
        return _checked(_listed(text, first + 1, end - 1), text, (first, end))
    if "," in body:
        parts = [part.strip() for part in body.split(",")]
        hint = f"write {name}: {' x '.join(parts)}"
        if not all(re.fullmatch(r"[1-9]\d*|[^\W\d]\w*", part) for part in parts):
            hint = _EXAMPLE.format(name, name)
        raise _refused("sizes are parted by 'x', not ','", text, first, end, hint)
    if len(body) < 80 and _GLUED.fullmatch(body) and not body.isdigit():
        parts = re.split("[x×]", body)
        if not all(map(str.isdigit, parts)):
            hint = f"write {name}: {' x '.join(parts)}, with blanks"
            raise _refused(f"{body!r} reads as one word", text, first, end, hint)
        body = " x ".join(parts)
        sizes_of = [_size(part, text, first, end) for part in parts]
        return _checked(sizes_of, text, (first, end))
    return _checked(_crossed(text, first, end, name), text, (first, end))


def _listed(text: str, start: int, end: int) -> list[Dim]:
    """Sizes as numpy shows them: (32, 64), (32,), ()."""
    parts = text[start:end].split(",")
    if len(parts) > 1 and not parts[-1].strip():
        parts.pop()
    if parts == [""]:
        return []
    found, at = [], start
    for part in parts:
        left = at + len(part) - len(part.lstrip())
        found.append(_size(part.strip(), text, left, max(at + len(part), left + 1)))
        at += len(part) + 1
    return found


def _crossed(text: str, start: int, end: int, name: str) -> list[Dim]:
    """Sizes with an x between them."""
    found: list[Dim] = []
    at = start
    while True:
        word = re.compile(r"[^\s×]+").match(text, at, end)
        if word is None or word[0] == "x":
            side = "before" if at < end else "behind"
            here = at if at < end else end - 1
            raise _refused(
                f"a size is missing {side} 'x'", text, here, here + 1,
                _EXAMPLE.format(name, name),
            )  # fmt: skip
        found.append(_size(word[0], text, *word.span()))
        if word.end() >= end:
            return found
        cross = re.compile(r"\s*×\s*|\s+x(?=\s|$)\s*").match(text, word.end(), end)
        if cross is None:
            rest = [r for r in text[word.end() : end].split() if r not in _CROSSES]
            every = [*map(str, found), *rest[:3]]
            hint = f"write {name}: {' x '.join(every)}"
            if not any(map(str.isdigit, every)):
                hint += ", or begin a comment with #"
            behind = text[word.end() : end]
            left = word.end() + len(behind) - len(behind.lstrip())
            message = "an 'x' is missing between two sizes"
            raise _refused(message, text, left, end, hint)
        at = cross.end()
        if len(found) > MOST_AXES:
            return found


def _size(word: str, text: str, start: int, end: int) -> Dim:
    """One size: a number or a name."""
    if _SIZE.fullmatch(word):
        digits = word.lstrip("0") or "0"
        if digits == "0":
            raise _refused("a size is a whole number from 1, not 0", text, start, end)
        if len(digits) > 10 or int(digits) > LARGEST:
            said = f"a size is at most {LARGEST:,}, not {shorten(digits, 24)}"
            raise _refused(said, text, start, end)
        return int(digits)
    plain = plain_name(word)
    if word.lower() in KINDS | SCALAR:
        hint = "write its sizes, such as 32 or 32 x 64; a number is a scalar"
        raise _refused(f"{word!r} says no size", text, start, end, hint)
    if NAME.fullmatch(plain):
        return plain
    hint = ""
    parts = re.split(r"\*+|·", word)
    if len(parts) > 1 and all(parts):
        hint = f"write {' x '.join(parts)}"
    elif re.search(r"[^\W\d]", word) and re.search(r"[-+/^]", word):
        hint = "sizes are not computed: give this one a name of its own"
    said = f"a size is a whole number from 1 or a name, not {shorten(word)!r}"
    raise _refused(said, text, start, max(end, start + 1), hint)


def _checked(dims: Sequence[Dim], text: str, at: tuple[int, int]) -> Dims:
    """Dims that are not too many or too large."""
    if len(dims) > MOST_AXES:
        raise _refused(f"an array has at most {MOST_AXES} axes", text, *at)
    if math.prod(size for size in dims if isinstance(size, int)) > MOST:
        raise _refused(
            f"an array of {show_dims(dims)} has more numbers than can be held",
            text,
            *at,
        )
    return tuple(dims)


def _refused(
    message: str, text: str, start: int, end: int, hint: str = ""
) -> ExpressionError:
    return ExpressionError([Mistake(message, text, start, end, hint)])


def _join(found: Declared, texts: Sequence[str], given: dict[str, Dims]) -> None:
    """Add what `dims=` says to what lines say; where they differ is a mistake."""
    told: dict[str, tuple[int, str]] = {}  # size → number, and who says so
    for name, dims in given.items():
        before = found.dims.get(name)
        if before is None:
            if name not in found.broken:
                found.dims[name] = dims
                found.origins[name] = f"given in dims= as {show_dims(dims)}"
            continue
        if not _agree(before, dims, name, told):
            number, start, end = found.places[name]
            problem = Mistake(
                f"{name!r} is {show_dims(before)} here, but "
                f"{show_dims(dims)} in dims=" + _why(before, dims, told),
                texts[number],
                start,
                end,
                "let both say the same, or one nothing",
            )
            found.problems.setdefault(number, []).append(problem)
            found.broken.add(name)
    found.numbers = {size: number for size, (number, _) in told.items()}
    for name, dims in found.dims.items():
        found.dims[name] = tuple(
            found.numbers.get(size, size) if isinstance(size, str) else size
            for size in dims
        )


def _agree(
    line: Dims, given: Dims, name: str, told: dict[str, tuple[int, str]]
) -> bool:
    """Whether a line and `dims=` can both hold; a name of a size learns its number."""
    if len(line) != len(given):
        return False
    for ours, theirs in zip(line, given, strict=True):
        size, number = (ours, theirs) if isinstance(ours, str) else (theirs, ours)
        if isinstance(size, str) and isinstance(number, int):
            if told.setdefault(size, (number, name))[0] != number:
                return False
        elif ours != theirs:
            return False
    return True


def _why(line: Dims, given: Dims, told: dict[str, tuple[int, str]]) -> str:
    """`; n is 5, as W says` where a name of a size has two numbers."""
    if len(line) == len(given):
        for size, number in zip(line, given, strict=True):
            if isinstance(size, str) and isinstance(number, int) and size in told:
                other, name = told[size]
                if other != number:
                    return f", and {size} is {other} by {name!r}"
    return ""
