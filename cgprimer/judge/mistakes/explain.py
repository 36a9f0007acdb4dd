"""From a wrong derivative to the mistake: the ratio claimed / true, and what fits it.

A mistake is recognised when it predicts the claim at every point. First come constant
ratios (a sign, a factor, some per cent), then those of `wrong_derivatives`, then
ratios that equal the value of a name, a factor too many or too few, and gaps that are
simple terms.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from cgprimer.expr.kernel import Kernel
from cgprimer.expr.node import Node, fold, leaves, postorder
from cgprimer.expr.ops import CONST, NAME, OPS, name
from cgprimer.judge.mistakes.terms import missing_term
from cgprimer.judge.mistakes.wrong import MATCH, Wrong, fraction
from cgprimer.judge.mistakes.wrong_derivatives import Suspect, derivative, suspects
from cgprimer.notation.numbers import apart, exact
from cgprimer.types import Array

Guess = tuple[str, str]  # the kind of mistake in a word, and a sentence
Candidate = tuple[str, str, Array]  # the same with the derivative it gives, (n,)

PERCENT = 0.2  # a ratio this near to 1 is called off by so many per cent
SINGLE = 2.0**-20  # eight roundings of float32
LARGEST = 1_000_000  # whole numbers up to here are seen as such
VAGUE = frozenset({"unknown", "constant factor"})
SUMS = OPS["add"], OPS["sub"]
SIGNS = (1.0, ""), (-1.0, ", and the sign is flipped")
SWAPS = frozenset({"swapped names", "transposed"})


@dataclass(frozen=True)
class Cause:
    """What a wrong claim looks like: `kind` in a word, `says` in a sentence.

    ratio : claimed / true, lowest and highest over the points.
    """

    kind: str
    says: str
    ratio: tuple[float, float]

    @property
    def is_recognised(self) -> bool:
        """Whether a mistake was found that predicts the claim."""
        return self.kind not in VAGUE


@dataclass(frozen=True)
class WrongDerivative:
    """A wrong ∂node/∂wrt at points; `body` is the right side of its equation.

    values : of the names of the equation and of the node, (n,).
    extra : right derivatives of something else that it may have been taken for.
    inside : names in the right formula, where that does not follow from the body.
    """

    body: Node
    node: str
    wrt: str
    values: Mapping[str, Array]
    wrong: Wrong
    extra: Iterable[Candidate] = ()
    inside: Collection[str] | None = None

    @property
    def is_one_number(self) -> bool:
        """Whether the claim is the same at several points."""
        claimed = self.wrong.claimed
        return len(claimed) > 1 and not np.ptp(claimed)


@np.errstate(all="ignore")  # a claim may be infinite
def explain(case: WrongDerivative) -> Cause:
    """What a wrong derivative looks like."""
    span, findings = case.wrong.span(), _findings(case)
    for kind, says in findings:
        other = next((o for o in findings if o[0] != kind), None)
        if other and other[0] in SWAPS and kind not in SWAPS and other[1] not in says:
            says += f" (or {other[1]})"
        return Cause(kind, says, span)
    return Cause("unknown", f"{varies(case.wrong)}: no common mistake fits", span)


def varies(wrong: Wrong) -> str:
    """`claimed / true goes from 1.2 to 3 over 5 points`, in digits that differ."""
    # `goes from 1.2 to 1.2` would contradict itself.
    least, most = apart(*wrong.span(), (4, 7, 10, 16))
    where = f" {wrong.where}" if wrong.where else ""
    return f"claimed / true goes from {least} to {most}{where}"


def _findings(case: WrongDerivative) -> Iterator[Guess]:
    """All that the claim may have been taken for, the likeliest first."""
    wrong = case.wrong
    yield from _by_size(wrong)
    if not len(wrong.ratios()):
        return
    ratio, also = wrong.constant(), list(_matches(case))
    # A claim that is one number at all points does not use what arrives: to say that
    # what arrives is left out would explain more than is known.
    if case.is_one_number:
        also = [found for found in also if not found[0].startswith("upstream")]
    if ratio is not None:
        yield from _in_proportion(case, ratio, also)
    others = {text: v for text, v in case.values.items() if text != case.node}
    term = missing_term(case.wrt, others, wrong)
    # A loss with ½·lam·w² whose gradient lacks lam·w has lost one path, that through
    # the square. Both are said, the penalty first, as its author knows it by that name.
    if term and term.is_penalty and also and also[0][0] == "missing path":
        yield "missing term", f"{term.says}; {also[0][1]}"
    yield from also
    if ratio is not None:
        yield "constant factor", f"it is {fraction(ratio)} times the true derivative"
    yield from _named_ratios(case)
    if term:
        yield "missing term", term.says
    if case.is_one_number:
        yield "a number", "it is one number, but the derivative varies"


def _by_size(wrong: Wrong) -> Iterator[Guess]:
    """What claim and truth say by being infinite, zero, or nearly the same."""
    if not np.isfinite(wrong.claimed).all():
        yield "not finite", "it is nan or inf where the slope is not"
    # No ratio is taken by zero; any claim but zero is then wrong in one and the same
    # way.
    if not len(wrong.ratios()):
        yield "should be zero", "the true derivative is zero"
        return
    if (np.abs(wrong.claimed) <= wrong.slack).all():
        yield "zero", "it is zero, so this edge passes nothing back"
    # Ratios within 2^-20 of 1: the right formula with few digits, as of single
    # precision.
    if off := _off(wrong):
        how = ", as float32 would be" if off > SINGLE / 128 else ""
        digits = int(0.1 - np.log10(off))
        yield "few digits", f"it is right to {digits} digits only{how}"


def _in_proportion(
    case: WrongDerivative, ratio: float, also: Sequence[Guess]
) -> Iterator[Guess]:
    """A ratio that means something by itself, with the detail that fits it."""
    if found := special(ratio, divisors(case.body)):
        kind, says = found
        # At one point any suspect may have the same ratio: no detail is trusted there.
        several = len(case.wrong.claimed) > 1
        detail = next((says for _, says in also), "") if several else ""
        yield kind, f"{says}; {detail}" if detail else says


def _off(wrong: Wrong) -> float:
    """How far ratios are from 1, where that is no more than single precision is off."""
    off = float(np.abs(wrong.ratios() - 1).max())
    sharp = (wrong.slack < np.abs(wrong.true) * SINGLE / 64).all()
    return off if off < SINGLE and sharp else 0.0


def special(
    ratio: float, dividing: Iterable[float] = (), near: float = MATCH
) -> tuple[str, str] | None:
    """(kind, sentence) for a ratio claimed / true that means something.

    dividing : whole numbers that would be those of a mean; near : relative.
    """
    if not ratio:
        return None
    # In order of plausibility: -1 is a sign, and 1.05 is 5 % and no 21/20.
    if abs(ratio + 1) < near:
        return "sign flipped", "the sign is flipped"
    if abs(ratio - 1) < PERCENT:
        much = abs(ratio - 1) * 100
        way = "large" if ratio > 1 else "small"
        return "percent off", f"it is {much:.3g} % too {way}"
    sign = "" if ratio > 0 else "-"
    for size, inverse in ((abs(ratio), False), (1 / abs(ratio), True)):
        whole = round(size)
        if 2 <= whole <= LARGEST and abs(size - whole) < near * size:
            shown = f"{sign}1/{whole}" if inverse else f"{sign}{whole}"
            says = f"it is {shown} times the true derivative"
            if not inverse and whole in dividing:
                text = f"as if a sum stood where the mean over {whole} belongs"
                return "sum instead of mean", f"{says}, {text}"
            return "factor", says
    return None


def divisors(body: Node) -> set[float]:
    """Whole numbers n by which sums of n terms are divided: those of means."""
    # (a + b + c)/3 is a mean of three, (a + b)/3 is none.
    counts = fold([body], lambda node, args: sum(args) if node.op in SUMS else 1)
    pairs = chain.from_iterable(map(_divided, counts))
    return {size for size, total in pairs if counts[total] == size}


def _divided(node: Node) -> Iterator[tuple[float, Node]]:
    """(number, what it divides), also where that is multiplied by 1/number."""
    for number, other in zip(node.args, reversed(node.args), strict=True):
        size = float(number.value or 0) if number.op is CONST else 0.0
        if node.op is OPS["mul"] and 0 < abs(size) < 1:
            yield round(1 / abs(size)), other
    if node.op is OPS["div"] and node.args[1].op is CONST:
        yield float(node.args[1].value or 0), node.args[0]


def _matches(case: WrongDerivative) -> Iterator[Guess]:
    """The other derivatives, then the suspects, that are claimed instead."""
    wrong, values = case.wrong, case.values
    for kind, says, candidate in case.extra:
        if wrong.agrees(candidate):
            yield kind, says
    listed, names, kernel = _candidates(case.body, case.wrt)
    candidates = np.empty((len(listed), len(wrong.claimed)))
    for row, value in enumerate(kernel(*(values[text] for text in names))):
        candidates[row] = value
    # A suspect that is right at these points too, where w = 1 say, explains no wrong
    # claim.
    right = Wrong(wrong.true, wrong.true, wrong.slack).agreement(candidates)
    for sign, more in SIGNS:
        fits = wrong.agreement(sign * candidates) & ~right
        for row in np.flatnonzero(fits).tolist():
            yield listed[row].kind, listed[row].says + more


@functools.lru_cache(maxsize=1024)
def _candidates(body: Node, wrt: str) -> tuple[tuple[Suspect, ...], list[str], Kernel]:
    """The suspects, the names they need, and code for all of them at once."""
    listed = suspects(body, wrt)
    roots = [suspect.node for suspect in listed]
    names = [str(n.value) for n in postorder(roots) if n.op is NAME]
    return listed, names, Kernel(roots, names)


def _named_ratios(case: WrongDerivative) -> Iterator[Guess]:
    """A ratio that is the value of a name, a factor too many or too few."""
    wrong, inside = case.wrong, case.inside
    # At one point some name nearly always has the value of the ratio.
    if len(wrong.claimed) < 2:
        return
    if inside is None:
        inside = leaves(derivative(case.body, name(case.wrt), {}))
    for text, value in case.values.items():
        lost = f"there is a factor 1/{text} too many"
        if text in inside:
            lost = f"the factor {text} is missing"
        for sign, more in SIGNS:
            if wrong.agrees(sign * wrong.true * value):
                yield "extra factor", f"there is a factor {text} too many{more}"
            if wrong.agrees(sign * wrong.true / value):
                yield "missing factor", lost + more


def ratio_text(span: tuple[float, float]) -> str:
    """A ratio for a table: `-1`, `0.5`, or `1.3 … 4.8`."""
    low, high = span
    if not np.isfinite([low, high]).all():
        return "∞"
    if abs(high - low) <= 1e-6 * max(abs(low), abs(high)):
        return exact(float(f"{low + 0.0:.6g}") + 0.0)
    return f"{low:.3g} … {high:.3g}"
