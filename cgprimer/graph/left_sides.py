"""Left sides of equations, one by one, where the fast way found something odd.

    texts ─▶ name → number of the equation that defines it, and a Mistake for each other

`graph.read` asks, so that a message can say what is wrong, with a caret under it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from cgprimer.errors import ExpressionError, Mistake, shorten
from cgprimer.expr.foreign_names import bad_name
from cgprimer.expr.foreign_signs import COMMENT
from cgprimer.expr.syntax import parse_expression
from cgprimer.expr.tokens import MARKS

# `*+` gives nothing back: a long name without a = behind it would else be tried again
# in every shorter form.
_LEFT = re.compile(rf"\s*([^\W\d_][\w{MARKS}]*+)\s*=")


def left_sides(
    texts: list[str], problems: dict[int, Mistake], declared: Collection[str]
) -> dict[str, int]:
    """Name → number of the equation that defines it; what is wrong goes to problems."""
    defined: dict[str, int] = {}
    for number, text in enumerate(texts):
        match = _LEFT.match(text)
        if not match:
            problems[number] = _no_left_side(text)
            continue
        name = match[1]
        reason = None if name in declared else bad_name(name)
        if reason:
            problem, hint = reason[0], "choose another name"
        elif name in defined:
            first = shorten(texts[defined[name]].strip(), 60)
            problem = f"{shorten(name)!r} is defined twice"
            hint = f"the first definition is {first!r}; rename or remove one"
        else:
            defined[name] = number
            continue
        problems[number] = Mistake(problem, text, *match.span(1), hint)
    return defined


def _no_left_side(text: str) -> Mistake:
    equals = text.find("=")
    if not text.strip():
        return Mistake("an empty text is not an equation: write 'xy = a*xa'")
    start = len(text) - len(text.lstrip())
    if equals < 0:
        try:
            parse_expression(text)
        except ExpressionError as error:
            if "unexpected character" in str(error):
                return error.problems[0]
        end = len(text.rstrip())
        is_comment = text[start:].startswith(("//", "--", "/*"))
        hint = COMMENT if is_comment else "write name = expression"
        if sizes := _SIZES.fullmatch(text.strip()):
            hint = f"a declaration has a colon: {sizes[1]}: {sizes[2]}"
        return Mistake("an equation needs '='", text, start, end, hint)
    try:
        parse_expression(text[:equals])
    except ExpressionError as error:
        mistake = error.problems[0]
        if "unexpected character" in mistake.message:
            return replace(mistake, text=text)
    left = text[:equals].strip()
    return Mistake(
        "the left side of '=' must be one name",
        text,
        start,
        start + max(1, len(left)),
        next((hint for pattern, hint in _LEFTS if re.match(pattern, left)), _NAMES),
    )


_SIZES = re.compile(r"([^\W\d]\w*)\s+(\d+(?:\s*[x×]\s*\w+)+)")
_NAMES = "a name is a letter followed by letters, digits and underscores"
_RATE = "name the derivative: dydt = … for dy/dt = …"
# What stands on the left of equations elsewhere, and what to write for it.
_LEFTS = (
    (r"$", "write a name before '=', such as y"),
    (r"//|--|/\*", COMMENT),
    (r"(?:d|∂)\w*\s*\^?\d?/\s*(?:d|∂)\w+", _RATE),
    (
        r"[^\W\d]\w*\s*\(\s*(?![\d(])[\w, ]+\)$",
        "write y = … for y(t) = …, and variables=['t'] for an input that does not "
        "begin with x",
    ),
    (
        r"\w+\s*:\s*(?:\d|scalar|\w+\s+[x×]\s)",
        "write the declaration on a line of its own",
    ),
    (r"\w+\s*[-+*/]$", "write the whole sum or product on the right: y = y0 + …"),
    (r"[^\W\d]\w*\s*(?:\^|\*\*)", "a power is no name: write c2 = … for c^2 = …"),
    (r".*[=<>]$", "write one '=' per equation"),
    (
        r"\\|\w+\s*\^?_?\{",
        "this is LaTeX: read it by parse_latex, or write a name, such as y or x_1",
    ),
)
