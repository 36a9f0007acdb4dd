r"""A derivation checked, equality by equality: does it hold, and where does it part?

    v1 = 1/x
    v2 = \sin x
    v3 = v_1 v_2
    \bar v_1 = \bar v_3 v_2 = \cos x        the second '=' is wrong

Both sides are evaluated at random points to more digits than any coincidence has, and
sympy is asked whether they are equal everywhere.

In the last line \bar v_3 v_2 is 1·sin(x) to `Meanings`, which takes adjoints from the
definitions and not from the author: the first '=' passes. At x = -0.73 the second has
-0.669 on its left and 0.743 on its right: it fails, and of the guesses in `hints`
sin(x) in place of cos(x) makes both sides equal at all points.

A line that is not read is a row of its own, and what rests on it is undecided.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from cgprimer import takes
from cgprimer.derivation.checking.judging import FEWEST, Judging
from cgprimer.derivation.checking.report import (
    DEFINED,
    DerivationReport,
    DerivationRow,
    row_of,
    unread_row,
)
from cgprimer.derivation.checking.samples import draw_points
from cgprimer.derivation.matrices.check import matrix_rows
from cgprimer.derivation.matrices.lines import is_of_matrices
from cgprimer.derivation.to_text import without_notes
from cgprimer.errors import OptionError
from cgprimer.expr.node import Node
from cgprimer.expr.ops import name
from cgprimer.interrupts import contained
from cgprimer.judge.verdict import FAIL
from cgprimer.reading.labels import exercises, is_numbered
from cgprimer.reading.meanings import Meanings
from cgprimer.reading.reader import read_lines, require_claims
from cgprimer.reading.script import Equality, Script

ANEW = "defined anew: line {line} is taken as another exercise"
ONCE = "{name} is defined in line {line}; above another exercise put 'Exercise 2'"
TRIES = 10  # boxes and points tried for each point that is wanted
MOST = 10_000  # points asked for; each is computed to 50 digits


@contained
def check_derivation(
    text: str,
    *,
    variables: Collection[str] | None = None,
    rng: np.random.Generator | int | None = None,
    points: int = 16,
    symbolic: bool = True,
    dims: Mapping[str, Any] | None = None,
) -> DerivationReport:
    r"""Check every '=' of a written derivation, numerically and symbolically.

    text : one chain `A = B = C` a line, plain or in a subset of LaTeX; `#` and `%`
        start comments; a line that begins with '=' goes on from the line before.
        `Exercise 2` (Problem, Question …) on a line begins one, in which names of those
        above may be defined anew; numbers of lines, `(a)` or `2.`, say nothing.
        A fresh single name on the left is a definition, `v1 = 1/x`, and `x = 3` gives
        a name without one its value from there on; all else claims.
    variables : the names that no line defines; by default every such name.
    rng, points : how many random points each claim must hold at, and their source.
    symbolic : whether to ask sympy, too, which may take some seconds for a claim.
    dims : of names that are arrays, as dims, texts or arrays; lines such as `W: 5 x 3`
        or `$x \in \mathbb{R}^3$` declare them, too.

    Adjoints (`\bar v_1`, `\bar{v}_1`, `bar_v1`, `v1_bar`) and derivatives
    (`\frac{\partial v_3}{\partial v_1}`, `∂v3/∂v1`, `dv3/dv1`) are the true ones, from
    the definitions by reverse accumulation. The output, whose adjoint is 1, is the
    name v with a line `\bar v = 1`, or else the last one defined. ∂ is the partial of
    one equation where the name occurs in it, and otherwise, or where that is wrong, the
    same as d. `e` is Euler's number unless it is defined or one of `variables`.

    With arrays, letters side by side are a product of matrices in which a vector is a
    column, `@` one of the language; `'`, `^T` and `^\top` transpose. Both sides are
    compared at random arrays; sizes that have names get distinct numbers. A side that
    does not conform fails with both shapes; derivatives have the dims of their names.

    A claim passes where both sides are equal at every point at which both are real and
    finite. Where a side is made of numbers, decimals of three digits or more in it
    count as rounded. A line that cannot be read is a row NOT READ with its reason, and
    lines that rest on it are inconclusive.
    Raises ExpressionError, with carets, where nothing is left to judge.

    >>> from cgprimer import check_derivation
    >>> report = check_derivation("y = x^2*sin(x)\ndy/dx = 2*x*sin(x) - x^2*cos(x)")
    >>> print(report.first_wrong.remark)
    the term - x^2*cos(x) has the wrong sign on one side
    """
    takes.text(text=text)
    takes.flag(symbolic=symbolic)
    if not takes.is_count(points) or not FEWEST <= points <= MOST:
        said = takes.quote(points)
        raise OptionError(
            f"points is {said}: it must be {FEWEST} or more, and at most {MOST:,}"
        )
    draw = takes.generator(rng)
    if is_of_matrices(text, dims):
        return DerivationReport(tuple(matrix_rows(text, dims, draw, int(points))))

    def judging(script: Script) -> Judging:
        names = dict.fromkeys((*script.free, *script.broken))
        pool = draw_points(names, draw, points * TRIES)
        return Judging(Meanings(script), pool, points, symbolic)

    rows = _page(without_notes(text), variables, judging)
    return DerivationReport(tuple(sorted(rows, key=lambda row: row.line)))


def _page(
    text: str,
    variables: Collection[str] | None,
    judging: Callable[[Script], Judging],
) -> list[DerivationRow]:
    """The rows of every exercise of a page, judged with what stands above it.

    Where that fails because a name is defined anew, by itself: Exercise 2 may have
    another f than Exercise 1, and `f = x^3` in it is then no claim.
    """
    lines, top = text.split("\n"), 0
    rows: list[DerivationRow] = []
    scripts: list[Script] = []
    for begin, end in exercises(text):
        script = _script(lines, top, end, variables)
        lines_of = _definitions(script)
        found = []
        for one in _judged(script, judging(script), begin):
            found.append(_with_note(*one, lines_of, ONCE))
            # The first is enough: what follows rests on another f.
            if one[1].verdict == FAIL and lines_of.get(one[0].left.node, end) <= begin:
                top, script = begin, _script(lines, begin, end, variables)
                again = _judged(script, judging(script), begin)
                above = {n: line for n, line in lines_of.items() if line <= begin}
                found = [_with_note(*each, above, ANEW) for each in again]
                break
        rows += found
        rows += [unread_row(one) for one in script.unread if one.number > begin]
        scripts.append(script)
    require_claims(scripts)
    return rows


def _script(
    lines: list[str], top: int, end: int, variables: Collection[str] | None
) -> Script:
    return read_lines("\n" * top + "\n".join(lines[top:end]), variables)


def _definitions(script: Script) -> dict[Node, int]:
    """The names that lines define, each with the number of its line."""
    return {
        name(one.defines): one.left.number for one in script.equalities if one.defines
    }


def _with_note(
    equality: Equality, row: DerivationRow, lines: dict[Node, int], note: str
) -> DerivationRow:
    """The row, with a note where it is about a name of those."""
    node = equality.left.node
    noted = DEFINED if note == ANEW else FAIL
    if row.verdict != noted or node not in lines:
        return row
    # What a mistake looks like is told alone, but for (d) f = x^3 in a list.
    if row.remark and not is_numbered(row.text):
        return row
    said = note.format(name=row.left, line=lines[node])
    return replace(row, remark="; ".join(filter(None, (row.remark, said))))


def _judged(
    script: Script, judging: Judging, begin: int
) -> Iterator[tuple[Equality, DerivationRow]]:
    """Every equality that was read with its row, below line `begin`."""
    head = last = None
    for equality in script.equalities:
        # A = B = C is one chain, which is also held against its first side.
        begins = equality.left is not last
        if head is None or begins:
            head = equality.left
        last = equality.right
        # In A = x = 2 the second '=' gives x no value, but claims one of A.
        if not equality.claims or (begins and judging.take(equality)):
            row = row_of(equality, DEFINED)
        elif equality.right.number > begin:
            row = judging.row(equality, head)
        if equality.right.number > begin:
            yield equality, row
        # A = B ≈ C = D: what follows from C is not held against A.
        head = None if equality.rounded else head
