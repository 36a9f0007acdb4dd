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


# ax of a graph that has no input is a product more likely than a name, unless there is
# an ay beside it.
_PRODUCT = re.compile(r"([^\W\d_])(x\d?)")


def doubts(
    table: Table,
    texts: Sequence[str],
    readings: Mapping[int, Spelled],
    declared: Sequence[str],
) -> Iterator[str]:
    """A sentence for each parameter that most likely means something else."""
    free = [name for name in table.parameters if name not in declared]
    rows = [row for row in _DOUBTFUL if row[0] in free]
    if not table.input_rows:
        rows += [
            (
                name,
                rf"(?<![\w.]){name}(?!\w)",
                f"write {match[1]}*{match[2]} for a product",
            )
            for name in free
            if (match := _PRODUCT.fullmatch(name)) and f"{match[1]}y" not in free
        ][:1]
    for name, pattern, mend in rows:
        read = (readings[n].text if n in readings else x for n, x in enumerate(texts))
        number = next((n for n, x in enumerate(read) if re.search(pattern, x)), None)
        if number is not None:
            shown = shorten(texts[number].strip(), 60)
            yield (
                f"{name} is a parameter in {shown!r}: {mend}, or declare it with "
                f"parameters=[{name!r}]"
            )
