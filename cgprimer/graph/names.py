"""Names that callers give, and how messages speak of names.

Whatever takes a name, or names, of a graph asks here: wrt=, outputs=, parameters= …
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cgprimer import takes
from cgprimer.errors import GraphError, listing, shorten, suggest


def name_list(names: object, keyword: str) -> list[str]:
    """The names that a caller gives as one text or as an iterable of texts."""
    if isinstance(names, str):
        return [names]
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
    return items


def in_no_equation(names: Sequence[str], before: str = "") -> str:
    """`b is in no equation`, after `before`; nothing where there are no names."""
    if not names:
        return ""
    return (
        f"{before}{listing(names)} {'is' if len(names) == 1 else 'are'} in no equation"
    )


def unknown_name(name: str, known: Collection[str]) -> GraphError:
    """The error for a name that is none of those that are `known`."""
    hint = suggest(name, known) or f"the names are {listing(known)}"
    return GraphError(f"unknown name {shorten(name)!r}\n  hint: {hint}")
