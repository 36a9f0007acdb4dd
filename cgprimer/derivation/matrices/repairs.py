"""What a wrong side with matrices should have been: small changes that make it right.

    p + 2αJε  ─ repairs ─▶  "with J^T in place of J both sides are equal"

Each change is one that people forget: a transpose, the order of a product, a sign, a
factor, @ for *. `judging` tries them where a line fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from cgprimer.derivation.matrices.terms import SideTerm

MOST = 160  # changes of one side that are tried


class Repair(NamedTuple):
    """A changed side, what was changed, and the line's text of it where that is short.

    edits : (start, end, new text) in the author's line. way, made : where the change
    is, and what stands there now.
    """

    term: SideTerm
    says: str
    edits: tuple[tuple[int, int, str], ...] = ()
    way: tuple[int, ...] = ()
    made: SideTerm | None = None


def repairs(root: SideTerm, line: str, mark: str) -> Iterator[Repair]:
    """Changes of a side, the likeliest first; `mark` is the author's transpose."""
    singles = [*_transposes(root, line, mark)]
    made = [*singles, *_orders(root, line), *_signs(root), *_entries(root, line)]
    pairs = combinations(singles[:8], 2)
    made += [two for one, other in pairs if (two := _both(root, one, other))]
    yield from made[:MOST]


def _transposes(root: SideTerm, line: str, mark: str) -> Iterator[Repair]:
    """A transpose more, or one less."""
    for way, term in root.walk():
        above = _at(root, way[:-1]) if way else None
        if term.kind == "transpose":
            [inner] = term.args
            edits = ((inner.end, term.end, ""),) if term.end > inner.end else ()
            said = f"without the transpose of {inner.text(line)}"
            yield Repair(root.replaced(way, inner), said, edits, way, inner)
        elif term.kind == "name" and not (above and above.kind == "transpose"):
            turned = SideTerm("transpose", (term,), None, term.start, term.end)
            edits = ((term.end, term.end, mark),) if term.end > term.start else ()
            said = f"with the transpose of {term.text(line)}"
            yield Repair(root.replaced(way, turned), said, edits, way, turned)


def _both(root: SideTerm, one: Repair, other: Repair) -> Repair | None:
    """Two transposes at once, in different places."""
    assert one.made is not None
    assert other.made is not None
    if one.way[: len(other.way)] == other.way or other.way[: len(one.way)] == one.way:
        return None
    made = root.replaced(one.way, one.made).replaced(other.way, other.made)
    joined = other.says.removeprefix("with ")
    return Repair(made, f"{one.says} and {joined}", (*one.edits, *other.edits))


def _at(root: SideTerm, way: tuple[int, ...]) -> SideTerm | None:
    for k in way:
        if k >= len(root.args):
            return None
        root = root.args[k]
    return root


def _orders(root: SideTerm, line: str) -> Iterator[Repair]:
    """The factors of a product the other way round."""
    for way, term in root.walk():
        outer = term.kind == "call" and term.value[0].name == "outer"
        if term.kind not in ("product", "at") and not outer:
            continue
        a, b = term.args
        if term.kind == "product":
            for one, other in ((a, b), (b, a)):
                turned = SideTerm("transpose", (other,), None, term.start, term.end)
                made = SideTerm("product", (one, turned), None, term.start, term.end)
                said = (
                    f"with {one.text(line)} times the transpose of {other.text(line)}"
                )
                yield Repair(root.replaced(way, made), said)
        swapped = SideTerm(term.kind, (b, a), term.value, term.start, term.end)
        said = "with the factors of the product the other way round"
        if term.text(line):
            said = f"with the factors of {term.text(line)} the other way round"
        yield Repair(root.replaced(way, swapped), said)


def _signs(root: SideTerm) -> Iterator[Repair]:
    """Another sign, or a factor."""
    yield Repair(SideTerm("transpose", (root,)), "with the transpose of the whole")
    yield Repair(SideTerm("neg", (root,)), "with the other sign")
    for factor, said in ((2.0, "2"), (0.5, "1/2")):
        number = SideTerm("number", (), factor)
        yield Repair(SideTerm("product", (number, root)), f"{said} times as much")
    for way, term in root.walk():
        if term.kind in ("add", "sub") and way:
            other = "sub" if term.kind == "add" else "add"
            turned = SideTerm(other, term.args, None, term.start, term.end)
            said = f"with {'-' if other == 'sub' else '+'} in place of the other sign"
            yield Repair(root.replaced(way, turned), said)


def _entries(root: SideTerm, line: str) -> Iterator[Repair]:
    """A product of matrices for one by entries, and the other way round."""
    for way, term in root.walk():
        if term.kind in ("entry", "product", "at") and len(term.args) == 2:
            other = "at" if term.kind == "entry" else "entry"
            turned = SideTerm(other, term.args, None, term.start, term.end)
            said = (
                "with the product of matrices, @, in place of * by entries"
                if other == "at"
                else "with the product by entries in place of that of matrices"
            )
            yield Repair(root.replaced(way, turned), said)
