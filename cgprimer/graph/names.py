"""Names that callers give, and how messages speak of names.

Whatever takes a name, or names, of a graph asks here: wrt=, outputs=, parameters= …
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cgprimer import takes
from cgprimer.errors import GraphError, listing, shorten, unknown


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
