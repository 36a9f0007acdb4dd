"""One equality judged: at random points, by sympy, and what is wrong with it told.

    Equality, head of its chain ─ Judging ─▶ DerivationRow

`check` asks for the rows in order, as `x = 3` says at which point later lines are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cgprimer.derivation.checking.case import Case
from cgprimer.derivation.checking.conditions import condition, switch
from cgprimer.derivation.checking.corrections import right_formula
from cgprimer.derivation.checking.counterexamples import suspicious_points
from cgprimer.derivation.checking.digits import noise, slack
from cgprimer.derivation.checking.hints.guess import Guess
from cgprimer.derivation.checking.hints.hint import hint
from cgprimer.derivation.checking.identity import NOT_SHOWN, SHOWN, prove
from cgprimer.derivation.checking.report import (
    DerivationRow,
    one_line,
    row_of,
    unread_row,
)
from cgprimer.derivation.checking.resting import hidden, unknown
from cgprimer.derivation.checking.samples import (
    DIGITS,
    BothSides,
    Point,
    both_sides,
    clearest,
    is_equal,
    same,
    samples,
)
from cgprimer.diagnosis.extended import LAST, decimal, is_finite, values
from cgprimer.errors import Mistake
from cgprimer.expr.node import Node, leaves
from cgprimer.expr.ops import NAME, OPS, name
from cgprimer.judge.verdict import FAIL, INCONCLUSIVE, PASS
from cgprimer.reading.meanings import Meanings
from cgprimer.reading.names import derivative_of
from cgprimer.reading.script import Equality, Side, Unread

FEWEST = 3  # points that vouch for an equality
FEW_DIGITS = 2  # of a decimal that may have been rounded, though nothing says so
GUESSED = 3  # points of each kind at which a guess of what is wrong is tried
DEEP = 2  # points at which sides that agree are subtracted in hundreds of digits
LONGEST = 200  # parts of a side of a condition
_PLAIN = frozenset(OPS[text] for text in ("add", "sub", "mul", "div", "neg", "pow"))
_THROUGH = "∂ is read as d, through every path"


@dataclass(frozen=True)
class Judging:
    """What the equalities of one script are held against.

    points : how many of the pool each of them is compared at.
    symbolic : whether sympy is asked.
    """

    meanings: Meanings
    pool: Sequence[Point]
    points: int
    symbolic: bool

    def take(self, equality: Equality) -> bool:
        """Whether a line gives a free name its value, which it has from here on."""
        node, script = equality.left.node, self.meanings.script
        is_free = node.op is NAME and str(node.value) in script.free
        if not is_free or not equality.right.is_numeric or equality.gap:
            return False
        self.meanings.given[node] = equality.right.node
        return True

    def row(self, equality: Equality, head: Side) -> DerivationRow:
        """What came of one equality; `head` is the first side of its chain."""
        sides = equality.left, equality.right
        why = hidden(sides, self.meanings)
        if why:
            return row_of(equality, INCONCLUSIVE, why)
        if hidden([head], self.meanings) or unknown([head], self.meanings):
            head = equality.left
        row = self._judged_where_told(equality, head)
        if row.verdict == FAIL and (through := self._through_all_paths(equality)):
            return through
        if row.verdict == FAIL and head is equality.left and self._restricts(equality):
            return unread_row(Unread(row.line, _restriction(equality)))
        why = unknown(sides, self.meanings)
        if _differs_by_rounding(row, equality):
            why = why or "equal to the digits written: write '≈' where it is rounded"
        if equality.gap:
            why = f"line {equality.gap}, before it in the chain, is not read"
        if equality.rounded and not why and not any(one.is_numeric for one in sides):
            why = "'≈' between formulas says nothing that can be checked"
        if row.verdict == FAIL and why:
            return row_of(equality, INCONCLUSIVE, why, points=row.points)
        return row

    def _through_all_paths(self, equality: Equality) -> DerivationRow | None:
        """∂p/∂a as dp/da, as most write it, where that is right and ∂ is not."""
        total = self._total(equality.left)
        if total is equality.left:
            return None
        read = replace(equality, left=total, note=_THROUGH)
        row = self._judged_where_told(read, total)
        return row if row.verdict == PASS else None

    def _total(self, side: Side) -> Side:
        """∂p/∂a as dp/da, anything else as it is."""
        asked = derivative_of(str(side.node.value), self.meanings.known)
        if not asked or asked.kind != "partial":
            return side
        return replace(side, node=name(f"d_{asked.of}_d_{asked.wrt}"))

    def _restricts(self, equality: Equality) -> bool:
        """Whether 2x = 6 or r^2 = x^2 + y^2 says for which values something holds.

        No identity can be meant where sides of sums, products and powers share no name,
        and hold each but once; nor a claim about a name that a line defines.
        """
        left, right = equality.left.node, equality.right.node
        free, used = self.meanings.script.free, [*leaves(left), *leaves(right)]
        if not used or left.op is NAME or len(used) > len({*used}):
            return False
        return {*used} <= {*free} and all(map(_is_plain, (left, right)))

    def _judged_where_told(self, equality: Equality, head: Side) -> DerivationRow:
        """Judged at the values that lines above give, but a formula at all values."""
        given = self.meanings.given
        if not (equality.left.is_numeric or equality.right.is_numeric):
            self.meanings.given = {}
        try:
            return self._judged(equality, head)
        finally:
            self.meanings.given = given

    def _judged(self, equality: Equality, head: Side) -> DerivationRow:
        left, right = self._closed(equality)
        names = {*leaves(left), *leaves(right)}
        allowed = slack(equality)
        tried = list(samples(left, right, self.pool, self.points, allowed))
        if not names and not _settled(left, right, tried[0]):
            allowed += noise(equality, left, right)
            tried = [replace(tried[0], slack=allowed)]
        met = [sample for sample in tried if sample.compares]
        if all(sample.agrees for sample in met):
            points = suspicious_points(left, right, list(self.pool[0]))
            strays = [both_sides(left, right, at, allowed) for at in points]
            met += [one for one in strays if one.compares and not one.agrees]
        if not all(sample.agrees for sample in met):
            return self._wrong(equality, head, met, names)
        # 1 + 1 = 2 has one value only.
        if len(met) < (FEWEST if names else 1):
            return row_of(equality, INCONCLUSIVE, _reason(tried), points=len(met))
        return self._right(equality, head, tried, met)

    def _closed(self, equality: Equality) -> tuple[Node, Node]:
        """Both sides over free names."""
        close = self.meanings.close
        return close(equality.left.node), close(equality.right.node)

    def _right(
        self,
        equality: Equality,
        head: Side,
        tried: Sequence[BothSides],
        met: Sequence[BothSides],
    ) -> DerivationRow:
        left, right = self._closed(equality)
        names = {*leaves(left), *leaves(right)}
        tame = sorted(met, key=lambda sample: sample.size(names))[:DEEP]
        rounded = not all(same(s.left, s.right) for s in met)
        if met[0].slack and not rounded:
            rounded = not is_equal(left, right, tame[0].at)
        # A decimal that was rounded is never equal symbolically.
        symbolic = prove(left, right) if self.symbolic and not rounded else ""
        if symbolic != SHOWN and not rounded:
            digits = LAST if symbolic == NOT_SHOWN else DIGITS
            if not all(is_equal(left, right, sample.at, digits) for sample in tame):
                return self._wrong(equality, head, met, names)
        remark = _how_near(equality) if rounded else _aside(tried)
        remark = self._against_head(equality, head, met) or remark
        example = clearest(met, names)
        return row_of(equality, PASS, remark, example, len(met), symbolic)

    def _wrong(
        self,
        equality: Equality,
        head: Side,
        met: Sequence[BothSides],
        names: set[str],
    ) -> DerivationRow:
        left, right = self._closed(equality)
        # sigmoid(60) and 1 agree to 20 digits, and are not equal for all that.
        agreed = [s for s in met if s.agrees and is_equal(left, right, s.at)]
        apart = [s for s in met if s not in agreed]
        # A gap beside 1e30 has too few digits to be recognised.
        apart.sort(key=lambda sample: (not sample.is_telling, sample.size(names)))
        some = [*apart[:GUESSED], *agreed[:GUESSED]]
        at = [sample.at for sample in some]
        case = Case(equality, self.meanings, at, head, self.symbolic)
        where = switch(equality, self.meanings, agreed, apart)
        guess = Guess(where) if where else hint(case)
        remark = guess.says or condition(agreed, apart)
        # abs(z) is z at some points, and may be so at all of those few; but at 1e-1173
        # nothing can be told.
        some = [s for s in (*apart, *agreed) if s.left or s.right]
        every = [sample.at for sample in some if sample.is_telling] or at
        whole = Case(equality, self.meanings, every, head, self.symbolic)
        if guess.mended is not None and not whole.is_right(guess.mended):
            guess = hint(whole)
            remark = guess.says or condition(agreed, apart)
        right_one = right_formula(whole, guess) or right_formula(case, guess)
        example = clearest(apart[:1], names)
        return row_of(equality, FAIL, remark, example, len(met), correct=right_one)

    def _against_head(
        self, equality: Equality, head: Side, met: Sequence[BothSides]
    ) -> str:
        """That a chain agrees with itself and yet not with what it set out from."""
        if head is equality.left:
            return ""
        # A = B wrong and B = C right: C agrees with B and not with A.
        if all(self._differs(side, met) for side in (head, self._total(head))):
            return f"but neither is {one_line(head.text)}"
        return ""

    def _differs(self, side: Side, met: Sequence[BothSides]) -> bool:
        """Whether a side is at some point not what the right one is there."""
        node = self.meanings.close(side.node)
        truths = [(values([node], one.at, decimal)[node], one) for one in met]
        return any(
            is_finite(truth) and not replace(sample, left=truth).agrees
            for truth, sample in truths
        )


def _is_plain(root: Node) -> bool:
    """Whether a side is made of sums, products and powers, with each name once."""
    nodes = [root]
    for node in nodes:  # with what is shared as often as it is written
        nodes += node.args
        if len(nodes) > LONGEST:
            return False
    names = [node for node in nodes if node.op is NAME]
    return len(names) == len({*names}) and all(
        node.op in _PLAIN or not node.args for node in nodes
    )


def _restriction(equality: Equality) -> Mistake:
    """Why it is not read."""
    side = equality.left
    return Mistake(
        "this is no definition that is read, and as a claim holds for some values only",
        side.line, side.start, equality.right.end,
        "a definition has a name alone on its left; a condition goes behind a #",
    )  # fmt: skip


def _differs_by_rounding(row: DerivationRow, equality: Equality) -> bool:
    """Whether two digits that were rounded would be as written, as in 1/3 = 0.33."""
    numeric = equality.left.is_numeric or equality.right.is_numeric
    if not numeric or row.left_value is None or row.right_value is None:
        return False
    return abs(row.left_value - row.right_value) <= slack(equality, fewest=FEW_DIGITS)


def _settled(left: Node, right: Node, sample: BothSides) -> bool:
    """Whether two numbers agree by their digits, or without any rounding."""
    if sample.slack and sample.agrees:
        return True
    return sample.agrees and is_equal(left, right, sample.at)


def _how_near(equality: Equality) -> str:
    if slack(equality):
        return "to the digits written"
    return "up to rounding in double precision"


def _reason(samples: Sequence[BothSides]) -> str:
    """Why there is nothing to compare."""
    sides = {"left": [s.left for s in samples], "right": [s.right for s in samples]}
    for side, column in sides.items():
        if not any(map(is_finite, column)):
            return f"the {side} side has no real finite value at any point tried"
    count = sum(sample.compares for sample in samples)
    return f"both sides are real and finite at only {count} of {len(samples)} points"


def _aside(samples: Sequence[BothSides]) -> str:
    """That one side goes further than the other, where it does."""
    for side, other in (("left", "right"), ("right", "left")):
        if any(
            is_finite(getattr(s, side)) and not is_finite(getattr(s, other))
            for s in samples
        ):
            return f"only where the {other} side is real and finite, too"
    return ""
