"""What is read by the rules, and by most who write it is meant otherwise.

    y = a*e^x  ─ doubts ─▶  "e is a parameter in 'y = a*e^x': write exp(x) for e^x, …"

`graph.read` warns of it, and a fit repeats it. What was declared is in no doubt.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from cgprimer.errors import shorten
from cgprimer.expr.ops import FUNCTIONS
from cgprimer.expr.spelled import Spelled
from cgprimer.graph.table import Table

_ALONE, _RAISED = r"(?!\w)", r"\s*(?:\^|\*\*)"
# Name, what stands behind it where it is meant otherwise, and the mend. A mere e*x is a
# product.
_DOUBTFUL = (
    ("e", _RAISED, "write exp(x) for e^x"),
    ("E", rf"{_RAISED}(?!\s*\d)", "write exp(x) for E^x"),  # E^2 is of a field
    ("Pi", _ALONE, "write pi for Pi"),
    ("PI", _ALONE, "write pi for PI"),
    ("k_BT", _ALONE, "write k_B*T for a product"),
    ("k_bT", _ALONE, "write k_b*T for a product"),
    ("kBT", _ALONE, "write kB*T for a product"),
    ("kT", _ALONE, "write k*T for a product"),
    ("RT", _ALONE, "write R*T for a product"),
    ("nRT", _ALONE, "write n*R*T for a product"),
)
# In a graph that has no input: ax is a product more likely than a name, unless there is
# an ay beside it.
_RAISED_PRODUCTS = ("mc", "gt", "at")
"""What mc^2 and gt^2 begin with. Not any two letters: Kd^n is in a Hill equation."""
_OF_X = re.compile(r"([^\W\d_d])(x\d?)")  # dx/dt is none
_OF_ONE = "|".join(called for called, op in FUNCTIONS.items() if op.arity == 1)
_CALLED = re.compile(rf"({_OF_ONE})(\d*)(x\d?)")  # sinx and sin2x
_NEGATED_TWICE = re.compile(r"\S\s+--\s+[^\W\d]")


def doubts(
    table: Table,
    texts: Sequence[str],
    readings: Mapping[int, Spelled],
    declared: Sequence[str],
) -> Iterator[str]:
    """A sentence for each parameter, or sign, that most likely means something else."""
    free = {*table.parameters}.difference(declared)
    rows = [row for row in _DOUBTFUL if row[0] in free]
    if not table.input_rows:
        rows += _products([name for name in table.parameters if name in free])
    rows += _calls([n for n in table.parameters if "x" in n and n in free])
    for name, behind, mend in rows:
        pattern = rf"(?<![\w.]){name}{behind}"
        read = (readings[n].text if n in readings else x for n, x in enumerate(texts))
        number = next((n for n, x in enumerate(read) if re.search(pattern, x)), None)
        if number is not None:
            yield (
                f"{name} is a parameter in {_shown(texts[number])}: {mend}, or "
                f"declare it with parameters=[{name!r}]"
            )
    for text in texts:
        if "--" in text and _NEGATED_TWICE.search(text):
            yield (
                f"-- is read as two signs of minus in {_shown(text)}: a comment begins "
                "with #"
            )
            return


def _products(names: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """The rows of names that most likely are products."""
    found = [match for name in names if (match := _OF_X.fullmatch(name))]
    for match in [one for one in found if f"{one[1]}y" not in names][:1]:
        yield match[0], _ALONE, f"write {match[1]}*{match[2]} for a product"
    for name in filter(names.__contains__, _RAISED_PRODUCTS):
        yield name, _RAISED, f"write {name[0]}*{name[1]} for a product"


def _calls(names: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """The rows of names that most likely are calls."""
    for match in filter(None, map(_CALLED.fullmatch, names)):
        argument = "*".join(filter(None, match.groups()[1:]))
        yield match[0], _ALONE, f"write {match[1]}({argument}) for a call"


def _shown(text: str) -> str:
    return repr(shorten(text.strip(), 60))
