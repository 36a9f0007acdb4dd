"""Names that callers give, and how messages speak of names.

Whatever takes a name, or names, of a graph asks here: wrt=, outputs=, at=, start= …
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from cgprimer import takes
from cgprimer.errors import CGPrimerError, GraphError, listing, shorten, unknown
from cgprimer.expr.printed import as_name


def name_list(names: object, keyword: str) -> list[str]:
    """The names that a caller gives as one text or as an iterable of texts."""
    if isinstance(names, str):
        return [as_name(names)]
    items = takes.items(names)
    if items is None:
        raise GraphError(
            f"{keyword}= takes names, such as ['xy'], not {takes.quote(names)}"
        )
    for name in items:
        if not isinstance(name, str):
            raise GraphError(
                f"{keyword}= holds {takes.quote(name)}, which is not a name"
            )
    return [*map(as_name, items)]


def by_plain_name(values: Any, error: type[CGPrimerError] = GraphError) -> Any:
    """A dict by names as equations are read, x₁ as x1; what is no dict as it is.

    `error` where two of them are the same name.
    """
    if not isinstance(values, Mapping) or all(
        not isinstance(name, str) or name.isascii() for name in values
    ):
        return values
    plain = {n: as_name(n) if isinstance(n, str) else n for n in values}
    if twice := [name for name, count in Counter(plain.values()).items() if count > 1]:
        same = " and ".join(repr(n) for n in values if plain[n] == twice[0])
        raise error(f"{same} are one name, {twice[0]!r}: give it once")
    return {plain[name]: value for name, value in values.items()}


def known_names(names: object, keyword: str, known: Collection[str]) -> list[str]:
    """The same of names that are known; GraphError for the first that is not."""
    items = name_list(names, keyword)
    for name in items:
        if name not in known:
            raise GraphError(unknown(f"name {shorten(name)!r}", name, known))
    return items


def in_no_equation(names: Sequence[str], before: str = "") -> str:
    """`b is in no equation`, after `before`; nothing where there are no names."""
    if not names:
        return ""
    return (
        f"{before}{listing(names)} {'is' if len(names) == 1 else 'are'} in no equation"
    )
