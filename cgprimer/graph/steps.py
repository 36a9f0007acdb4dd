"""Loops written out: one equation for every step.

    "xh{t} = tanh(W @ xh{t-1} + U @ xx{t})", 3 ─▶ xh1 = …, xh2 = …, xh3 = …

A graph has no loop: what is repeated is there as often as it is run, so that every
value has a name, and a derivative of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from cgprimer import takes
from cgprimer.errors import ExpressionError, GraphError, Mistake

MOST = 1_000_000  # equations
_BRACES = re.compile(r"\{([^{}]*)\}?|\}")
_INDEX = re.compile(r"\s*([A-Za-z]\w*)\s*(?:([+-])\s*(\d{1,9}))?\s*", re.ASCII)


def steps(equations: str | Iterable[str], times: int | Iterable[int]) -> list[str]:
    """Equations with a step in braces, written out for every step.

    equations : one text or several, with `{t}`, `{t-1}`, `{t+1}` where the number of a
        step belongs; the letter may be another, but is one for all.
    times : how many steps, from 1 on; or their numbers, as range(0, 10, 2).

    Returns texts for `parse_graph`, those of the first step first. Raises
    ExpressionError where braces hold something else, or a number would be negative.

    >>> steps("xh{t} = tanh(W @ xh{t-1} + xx{t})", 2)
    ['xh1 = tanh(W @ xh0 + xx1)', 'xh2 = tanh(W @ xh1 + xx2)']
    """
    texts = [equations] if isinstance(equations, str) else takes.items(equations)
    if not texts or not all(isinstance(text, str) for text in texts):
        raise GraphError(
            f"steps takes equations as texts, not {takes.quote(equations)}",
            "write steps('xh{t} = tanh(W @ xh{t-1})', 3)",
        )
    _check_letters(texts)
    numbers = _numbers(times)
    if len(numbers) * len(texts) > MOST:
        raise GraphError(f"{len(numbers) * len(texts):,} equations; at most {MOST:,}")
    return [_at(text, number) for number in numbers for text in texts]


def _numbers(times: Any) -> list[int]:
    """The numbers of the steps."""
    if takes.is_count(times):
        return [*range(1, int(times) + 1)]
    items = None if isinstance(times, str | bytes) else takes.items(times)
    if not items or not all(type(n) is int and n >= 0 for n in items):
        raise GraphError(
            "times= is how many steps there are, or their numbers, such as range(5), "
            f"not {takes.quote(times)}"
        )
    return [*items]


def _check_letters(texts: Iterable[str]) -> None:
    """ExpressionError where braces hold no step, or another than those before."""
    letters: dict[str, None] = {}
    for text in texts:
        for match in _BRACES.finditer(text):
            index = _INDEX.fullmatch(match[1] or "")
            if index is None or not match[0].endswith("}"):
                hint = "write {t}, {t-1} or {t+1} for the number of a step"
                raise _wrong("braces hold the number of a step", text, match, hint)
            letters[index[1]] = None
            if len(letters) > 1:
                first = next(iter(letters))
                hint = f"write {{{first}}} throughout, or call steps once for each loop"
                raise _wrong(f"a step is {first!r} here", text, match, hint)
    if not letters:
        raise GraphError(
            "no equation has a step in braces, so that all steps would be the same",
            "write the number of the step as {t}: xh{t} = tanh(W @ xh{t-1})",
        )


def _at(text: str, number: int) -> str:
    """An equation at one step."""

    def fill(match: re.Match[str]) -> str:
        index = _INDEX.fullmatch(match[1])
        assert index is not None
        shift = int(index[3] or 0) * (-1 if index[2] == "-" else 1)
        if number + shift < 0:
            message = f"{match[0]} is {number + shift} at step {number}"
            hint = "begin later: times=range(1, n + 1)"
            raise _wrong(message, text, match, hint)
        return str(number + shift)

    return _BRACES.sub(fill, text)


def _wrong(message: str, text: str, match: re.Match[str], hint: str) -> ExpressionError:
    start, end = match.span()
    return ExpressionError([Mistake(message, text, start, end, hint)])
