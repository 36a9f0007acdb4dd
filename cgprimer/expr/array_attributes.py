"""Attributes of operations on arrays, and subscripts, read from tokens.

    axis=(0, -1)   ─ read_value ─▶   (0, -1)
    [1, 2:5, :]    ─ read_index ─▶   (1, (2, 5, None), (None, None, None))

Whole numbers, names of sizes, and these in brackets: nothing is computed, so nothing
recurses. `expr.array_syntax` asks where its parser meets a keyword or a `[`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cgprimer.errors import shorten

Slice = tuple[int | None, int | None, int | None]
Index = int | str | Slice

CALLS = frozenset(["inverse"])
"""What a rule may compute of an attribute: permute(g, axes=inverse(axes))."""

_VALUES = {
    "axis": "a whole number, several in brackets, or the name of a size: axis=1",
    "axes": "the axes in their new order: axes=(1, 0, 2)",
    "shape": "the new sizes in brackets: shape=(2, 6)",
    "widths": "what is added before and behind, for each axis: widths=((1, 2), (0, 1))",
    "form": "a string of letters: einsum(\"ij,jk->ik\", A, B)",
    "at": "a subscript: at=[1:3, 0]",
}  # fmt: skip
_INDICES = "an index is a whole number, a slice 1:3, or the name of whole numbers"
_OWN = "give the index a name in an equation of its own: xi = xt + 1, and then x[xi]"


class Unreadable(Exception):
    """What is wrong with the tokens from `at` to `to`, and a hint."""

    def __init__(self, message: str, at: int, to: int, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.at, self.to, self.hint = message, at, to, hint


def about_value(key: str) -> str:
    """A hint on what a keyword takes."""
    return f"write {_VALUES.get(key, f'whole numbers: {key}=2, or {key}=(2, 1)')}"


def read_value(tokens: Sequence[str], at: int, key: str) -> tuple[Any, int]:
    """The value of a keyword from a token on, and what follows; Unreadable if none."""
    if tokens[at] == "[" and key == "at":
        return read_index(tokens, at)
    begin = at
    opened: list[tuple[list[Any], int]] = []  # brackets that wait: items, token
    while True:
        if tokens[at] == "(":
            opened.append(([], at))
            at += 1
            continue
        if tokens[at] == ")" and opened:  # behind a comma, as in (1,)
            value: Any = tuple(opened.pop()[0])
            at += 1
        else:
            value, at = _single(tokens, at, key)
        while opened and tokens[at] == ")":
            items, at = opened.pop()[0], at + 1
            value = (*items, value) if items else value  # (1) is 1, as in Python
        if not opened:
            return _checked(value, key, begin, at - 1), at
        opened[-1][0].append(value)
        if tokens[at] != ",":
            place = at if tokens[at] else opened[-1][1]
            message = _bad(key) if tokens[at] else "'(' is never closed"
            raise Unreadable(message, place, place, about_value(key))
        at += 1


def about_form(form: str) -> str:
    """What is wrong with the string of an einsum; "" if nothing."""
    left, arrow, right = form.partition("->")
    if not arrow or not all(map(str.isalpha, (left + right).replace(",", ""))):
        return "the string of an einsum is of letters, such as ij,jk->ik"
    return ""


def _checked(value: Any, key: str, at: int, to: int) -> Any:
    """The value, if it is of the kind that the keyword takes."""
    if key == "widths":
        pairs = value if isinstance(value, tuple) else ()
        fits = bool(pairs) and all(isinstance(p, tuple) and len(p) == 2 for p in pairs)
        fits |= isinstance(value, str)
        items = [x for pair in pairs if isinstance(pair, tuple) for x in pair]
    else:
        items = [*value] if isinstance(value, tuple) and value[:1] != ("call",) else []
        fits = value != ()
    if not fits or any(isinstance(item, tuple) or item is None for item in items):
        raise Unreadable(_bad(key), at, to, about_value(key))
    return value


def _bad(key: str) -> str:
    if key == "widths":
        return "'widths=' is of pairs of whole numbers"
    return f"'{shorten(key, 16)}=' is of whole numbers and names of sizes"


def _single(tokens: Sequence[str], at: int, key: str) -> tuple[Any, int]:
    """A number, name, None or string at a token."""
    token = tokens[at]
    if token in ("-", "+") and tokens[at + 1].isdecimal():
        return (-1 if token == "-" else 1) * _whole(tokens[at + 1], at), at + 2
    if token.isdecimal():
        return _whole(token, at), at + 1
    if token == "None":
        return None, at + 1
    if key == "form":
        if token[:1] == '"' and token[1:]:
            return token[1:-1].replace(" ", ""), at + 1
        raise Unreadable("'form=' is a string", at, at, about_value(key))
    if token in CALLS and tokens[at + 1] == "(" and tokens[at + 3 : at + 4] == [")"]:
        return ("call", token, _single(tokens, at + 2, key)[0]), at + 4
    if token[:1].isalpha() and tokens[at + 1] != "(" and token not in ("True", "False"):
        return token, at + 1
    if not token:
        raise Unreadable("the expression ends where a value is expected", at, at)
    raise Unreadable(_bad(key), at, at, about_value(key))


def _whole(token: str, at: int) -> int:
    if len(token) > 15:
        raise Unreadable("no axis is as long as this", at, at)
    return int(token)


# Subscripts


def read_index(tokens: Sequence[str], at: int) -> tuple[tuple[Index, ...], int]:
    """The items between `[` at a token and its `]`, and what follows."""
    opened, at = at, at + 1
    items: list[Index] = []
    while True:
        end = _end_of_item(tokens, at, opened)
        items.append(_item(tokens, at, end))
        if tokens[end] == "]":
            return tuple(items), end + 1
        at = end + 1


def _end_of_item(tokens: Sequence[str], at: int, opened: int) -> int:
    """The comma or bracket behind an item."""
    end = at
    while tokens[end] and tokens[end] not in (",", "]", "(", "["):
        end += 1
    if not tokens[end]:
        raise Unreadable("'[' is never closed", opened, opened)
    if tokens[end] in ("(", "["):
        raise Unreadable("a subscript is no formula", at, end, _OWN)
    return end


def _item(tokens: Sequence[str], at: int, end: int) -> Index:
    item = list(tokens[at:end])
    if not item:
        hint = "write x[0], x[1:3] or x[:, 0]"
        raise Unreadable("an index is missing", end, end, hint)
    if ":" in item:
        return _slice(item, at, end)
    number = _number(item)
    if number is not None:
        return number
    if item == ["None"] or item[-1] == "newaxis":
        hint = "write unsqueeze(x, axis=0) for x[None]"
    elif item == [".", ".", "."] or item == ["…"]:
        hint = "write a ':' for every axis that is kept: x[:, :, 0] for x[..., 0]"
    elif any(sign in item for sign in ("<", ">", "<=", ">=", "==", "!=")):
        hint = "write x*(x > 0) for what is above 0, and 0 elsewhere"
    elif len(item) == 1 and item[0][:1].isalpha():
        return item[0]
    elif len(item) == 1:
        hint = _INDICES
    else:
        hint = _OWN
    shown = shorten("".join(item), 24)
    raise Unreadable(f"{shown!r} is no index", at, end - 1, hint)


def _slice(item: list[str], at: int, end: int) -> Slice:
    parts: list[list[str]] = [[]]
    for token in item:
        if token == ":":
            parts.append([])
        else:
            parts[-1].append(token)
    numbers = [_number(part) if part else None for part in parts]
    shown = shorten("".join(item), 24)
    if len(parts) > 3:
        hint = "write first:end:step, such as x[0:10:2]"
        raise Unreadable(f"{shown!r} is no slice", at, end - 1, hint)
    if any(
        part and number is None for part, number in zip(parts, numbers, strict=True)
    ):
        hint = "the ends of a slice are whole numbers: x[0:3]"
        raise Unreadable(f"{shown!r} is no slice", at, end - 1, hint)
    first, last, step = (*numbers, None)[:3]
    if step == 0:
        raise Unreadable("a slice by steps of 0 never ends", at, end - 1)
    return first, last, step


def _number(item: list[str]) -> int | None:
    """A whole number of one or two tokens."""
    sign = -1 if item[0] == "-" else 1
    digits = item[1:] if item[0] in ("-", "+") else item
    one = len(digits) == 1 and digits[0].isdecimal() and len(digits[0]) < 16
    return sign * int(digits[0]) if one else None
