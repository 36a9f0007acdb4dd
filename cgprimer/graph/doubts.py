"""Names that are parameters by the rule and constants to most who write them.

    y = a*e^x  ─ doubts ─▶  "e is a parameter in 'y = a*e^x': write exp(x) for e^x, …"

`graph.read` warns of them, and a fit repeats it. What was declared is in no doubt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from cgprimer.errors import shorten
from cgprimer.expr.spelled import Spelled
from cgprimer.graph.table import Table

# Name, where it stands as the constant would, and the mend. A mere e*x is a product.
_DOUBTFUL = (
    ("e", r"(?<![\w.])e\s*(?:\^|\*\*)", "write exp(x) for e^x"),
    ("E", r"(?<![\w.])E\s*(?:\^|\*\*)", "write exp(x) for E^x"),
    ("Pi", r"(?<![\w.])Pi(?!\w)", "write pi for Pi"),
    ("PI", r"(?<![\w.])PI(?!\w)", "write pi for PI"),
)


def doubts(
    table: Table,
    texts: Sequence[str],
    readings: Mapping[int, Spelled],
    declared: Sequence[str],
) -> Iterator[str]:
    """A sentence for each parameter that stands where a constant would."""
    names = {name for name, _, _ in _DOUBTFUL}.intersection(table.parameters)
    for name, pattern, mend in _DOUBTFUL:
        if name not in names or name in declared:
            continue
        place = re.compile(pattern)
        for number, text in enumerate(texts):
            read = readings[number].text if number in readings else text
            if place.search(read):
                shown = shorten(text.strip(), 60)
                yield (
                    f"{name} is a parameter in {shown!r}: {mend}, or declare it with "
                    f"parameters=[{name!r}]"
                )
                break
