"""Sizes in symbols: what a sum, a product or a part of them is.

    n, 1 ─▶ n+1      (batch, 3, 4) ─▶ 12*batch      n[1:] ─▶ n-1

Sizes that have no number are texts, kept in one form, so that equal ones are spelled
equally. Where one is still unknown the result is unknown too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from cgprimer.expr.dims import Dim, DimsError, Sizing, show_dims

_SUM = re.compile(r"[A-Za-z]\w*(?:\*[A-Za-z]\w*)*|\d+(?:\*[A-Za-z]\w*)+|\d+")
_TERMS = re.compile(rf"(?:{_SUM.pattern})(?:[+-](?:{_SUM.pattern}))*")


def unknown_in(dims: Iterable[Dim]) -> bool:
    """Whether some size is not known yet, not even by a name."""
    return any(isinstance(dim, str) and "?" in dim for dim in dims)


def sum_of(sizing: Sizing, *dims: Dim) -> Dim:
    """The sum of sizes: 5 of 2 and 3, "n+1" of n and 1.

    >>> sum_of(Sizing(), "n", 1), sum_of(Sizing(), "n+1", 2), sum_of(Sizing(), "n", -1)
    ('n+1', 'n+3', 'n-1')
    """
    if unknown_in(dims):
        return sizing.fresh()
    number, terms = 0, Counter[str]()
    for dim in dims:
        if not isinstance(dim, str):
            number += dim
            continue
        for sign, term in _terms(dim):
            if term.isdigit():
                number += sign * int(term)
            else:
                terms[term] += sign
    shown = [f"{n}*{t}" if n > 1 else t for t, n in sorted(terms.items()) if n > 0]
    if not shown or any(n < 0 for n in terms.values()):
        return number if not terms.total() and not shown else "+".join(map(str, dims))
    return "+".join(shown) + (f"{number:+d}" if number else "")


def _terms(text: str) -> list[tuple[int, str]]:
    """The terms of a sum with their signs; what is no plain sum is one term."""
    if not _TERMS.fullmatch(text):
        return [(1, f"({text})" if text[:1] != "(" or text[-1:] != ")" else text)]
    parts = re.split(r"([+-])", text)
    found = [(1, parts[0])]
    for sign, term in zip(parts[1::2], parts[2::2], strict=True):
        found.append((-1 if sign == "-" else 1, term))
    return [_counted(sign, term) for sign, term in found]


def _counted(sign: int, term: str) -> tuple[int, str]:
    head, _, rest = term.partition("*")
    return (sign * int(head), rest) if rest and head.isdigit() else (sign, term)


def product_of(sizing: Sizing, dims: Sequence[Dim]) -> Dim:
    """The product of sizes: 12 of (3, 4), "12*batch" of (batch, 3, 4)."""
    if unknown_in(dims):
        return sizing.fresh()
    number, names = factors(dims)
    return _product(number, names)


def _product(number: int, names: Counter[str]) -> Dim:
    shown = "*".join(sorted(names.elements()))
    if not shown:
        return number
    return f"{number}*{shown}" if number != 1 else shown


def factors(dims: Iterable[Dim]) -> tuple[int, Counter[str]]:
    """Sizes multiplied: the number, and the names with how often each occurs."""
    number, names = 1, Counter[str]()
    for dim in dims:
        if not isinstance(dim, str):
            number *= dim
        elif re.fullmatch(r"\w+(\*\w+)*", dim):
            for factor in dim.split("*"):
                if factor.isdigit():
                    number *= int(factor)
                else:
                    names[factor] += 1
        else:
            names[f"({dim})"] += 1
    return number, names


def reshaped(sizing: Sizing, dims: Sequence[Dim], shape: Any) -> tuple[Dim, ...]:
    """The dims of a reshape; -1 stands for what is left. DimsError if it cannot be."""
    wanted = shape if isinstance(shape, tuple) else (shape,)
    for dim in wanted:
        if isinstance(dim, int) and dim < 1 and dim != -1:
            raise DimsError(f"no axis is {dim} long", "-1 is what is left, once")
    if wanted.count(-1) > 1:
        raise DimsError("-1 stands twice in shape=", "one size alone can be left over")
    if unknown_in((*dims, *wanted)):
        return tuple(sizing.fresh() if dim == -1 else dim for dim in wanted)
    has, own = factors(dims)
    number, names = factors(dim for dim in wanted if dim != -1)
    rest = own - names
    fits = not names - own and has % number == 0
    if -1 in wanted and fits:
        left = _product(has // number, rest)
        return tuple(left if dim == -1 else dim for dim in wanted)
    if -1 not in wanted and fits and has == number and not rest:
        return wanted
    count, target = _product(has, own), _product(number, names)
    if -1 in wanted:
        raise DimsError(f"{count} entries are no multiple of {target}")
    total = f", which are {target}" if len(wanted) > 1 else ""
    raise DimsError(f"{count} entries do not fit into {show_dims(wanted)}{total}")


def parted(
    sizing: Sizing, dim: Dim, first: int | None, last: int | None, step: int | None
) -> Dim:
    """How many entries a slice takes of an axis; DimsError where it takes none."""
    if isinstance(dim, int):
        return _parted(dim, first, last, step)
    if (first or 0, last, step or 1) == (0, None, 1):
        return dim
    if unknown_in((dim,)):
        return sizing.fresh()
    begin, end = (first or 0), (0 if last is None else last)
    if last is not None and (begin < 0) == (end < 0):
        length: Dim = end - begin
    elif last is None and begin < 0:
        length = -begin
    elif begin >= 0:
        length = sum_of(sizing, dim, end - begin)
    else:  # from behind to before: a number for each size
        return f"{dim}{_slice(first, last, step)}"
    if isinstance(length, int) and length < 1:
        raise DimsError(f"the slice {_slice(first, last, step)[1:-1]} is empty")
    if step in (None, 1):
        return length
    if isinstance(length, int):
        return -(-length // step)
    return f"({sum_of(sizing, length, step - 1)})//{step}"


def _parted(dim: int, first: Any, last: Any, step: Any) -> int:
    shown = _slice(first, last, step)[1:-1]
    for end in (first, last):
        if end is not None and not -dim <= end <= dim:
            raise DimsError(
                f"the slice {shown} goes beyond an axis of {dim}",
                f"its entries are 0 to {dim - 1}",
            )
    length = len(range(dim)[slice(first, last, step)])
    if not length:
        raise DimsError(f"the slice {shown} is empty", "its end is not taken along")
    return length


def _slice(first: Any, last: Any, step: Any) -> str:
    ends = ":".join("" if x is None else str(x) for x in (first, last))
    return f"[{ends}{f':{step}' if step else ''}]"


def windows_in(sizing: Sizing, dim: Dim, size: Dim, stride: int, padding: int) -> Dim:
    """How many windows fit along an axis; DimsError where none does.

    >>> windows_in(Sizing(), 28, 5, 1, 0), windows_in(Sizing(), "h", 5, 2, 1)
    (24, '(h-3)//2+1')
    """
    if isinstance(dim, int) and isinstance(size, int):
        room = dim + 2 * padding - size
        if room < 0:
            more = f" with {padding} on each side" if padding else ""
            raise DimsError(f"a window of {size} does not fit into {dim}{more}")
        return room // stride + 1
    if unknown_in((dim, size)):
        return sizing.fresh()
    if not isinstance(size, int):
        wide = sum_of(sizing, dim, 2 * padding + (stride == 1))
        return f"{wide}-{size}" if stride == 1 else f"({wide}-{size})//{stride}+1"
    if stride == 1:
        return sum_of(sizing, dim, 2 * padding - size + 1)
    return f"({sum_of(sizing, dim, 2 * padding - size)})//{stride}+1"
