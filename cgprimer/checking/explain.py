"""From a wrong derivative to the mistake: the ratio claimed / true, and what fits it.

A mistake is recognised when it predicts the claim at every point. First come constant
ratios (a sign, a factor, some per cent), then the wrong derivatives of `suspects`, then
ratios that equal the value of a name, a factor too many or too few, and gaps that are
simple terms.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from cgprimer.checking.suspects import Suspect, suspects
from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import CONST, NAME, OPS
from cgprimer.expr.show import number
from cgprimer.lower.to_numpy import Kernel

Array = NDArray[np.float64]
Candidate = tuple[str, str, Array]

MATCH = 1e-7  # relative; five random points do not agree so well by chance
PERCENT = 0.2  # a ratio this near to 1 is called off by so many per cent
LARGEST = 1_000_000  # whole numbers up to here are seen as such
CLEAR = 1e3  # times the slack: a gap from here on has digits to tell terms apart by
ENOUGH = 4  # points; fewer would fit a term by chance
NAMES_IN_TERMS = 12
VAGUE = frozenset({"unknown", "constant factor"})
SIGNS = (1.0, ""), (-1.0, ", and the sign is flipped")
SWAPS = frozenset({"swapped names", "transposed"})


@dataclass(frozen=True)
class Finding:
    """What a wrong claim looks like: `kind` in a word, `says` in a sentence.

    ratio : claimed / true, lowest and highest over the points.
    """

    kind: str
    says: str
    ratio: tuple[float, float]

    @property
    def recognised(self) -> bool:
        """Whether a mistake was found that predicts the claim."""
        return self.kind not in VAGUE


@dataclass(frozen=True)
class Wrong:
    """A claim beside the truth: arrays (n,), `slack` for what is not known of it.

    where : at which points, for a sentence on a ratio that varies: `over 5 points`.
    """

    claimed: Array
    true: Array
    slack: Array
    where: str = ""

    def agrees(self, candidate: Array) -> bool:
        """Whether a mistake that gives `candidate` predicts the claim everywhere."""
        return bool(self.agreeing(candidate))

    def agreeing(self, candidates: Array) -> NDArray[np.bool_]:
        """The same for every row of an array (…, n); nan agrees with nothing."""
        size = np.maximum(np.abs(self.claimed), np.abs(candidates))
        gap = np.abs(self.claimed - candidates)
        return np.asarray((gap <= MATCH * size + self.slack).all(axis=-1))

    def ratios(self) -> Array:
        """claimed / true where the truth is not zero."""
        kept = np.abs(self.true) > 10 * self.slack + 1e-300
        claimed = np.where(np.abs(self.claimed) <= self.slack, 0.0, self.claimed)
        found: Array = claimed[kept] / self.true[kept]
        return found

    def constant(self) -> float | None:
        """claimed / true where it is the same everywhere."""
        ratios = self.ratios()
        if not len(ratios):
            return None
        middle = float(np.median(ratios))
        return middle if self.agrees(middle * self.true) else None


def explain(
    body: Node,
    node: str,
    wrt: str,
    values: Mapping[str, Array],
    wrong: Wrong,
    extra: Iterable[Candidate] = (),
) -> Finding:
    """What a wrong ∂node/∂wrt looks like; `body` is the right side of its equation."""
    ratios = wrong.ratios()
    span = (float(ratios.min()), float(ratios.max())) if len(ratios) else (np.inf,) * 2
    found = _findings(body, node, wrt, values, wrong, extra)
    for kind, says in found:
        other = next((o for o in found if o[0] != kind), None)
        if other and other[0] in SWAPS and kind not in SWAPS:
            says += f" (or {other[1]})"
        return Finding(kind, says, span)
    return Finding("unknown", f"{varies(wrong)}: no common mistake fits", span)


def varies(wrong: Wrong) -> str:
    """`claimed / true goes from 1.2 to 3 over 5 points`, in digits that differ."""
    ratios = wrong.ratios()
    low, high = float(ratios.min()), float(ratios.max())
    digits = next((d for d in (4, 7, 10) if f"{low:.{d}g}" != f"{high:.{d}g}"), 16)
    where = f" {wrong.where}" if wrong.where else ""
    return f"claimed / true goes from {low:.{digits}g} to {high:.{digits}g}{where}"


def _findings(
    body: Node,
    node: str,
    wrt: str,
    values: Mapping[str, Array],
    wrong: Wrong,
    extra: Iterable[Candidate],
) -> Iterator[tuple[str, str]]:
    if not np.isfinite(wrong.claimed).all():
        yield "not finite", "it is nan or inf where the slope is not"
    if not len(wrong.ratios()):
        yield "should be zero", "the true derivative is zero"
        return
    if (np.abs(wrong.claimed) <= wrong.slack).all():
        yield "zero", "it is zero, so this edge passes nothing back"
    ratio = wrong.constant()
    also = list(_matching(body, node, wrt, values, wrong, extra))
    if ratio is not None:
        found = special(ratio, divisors(body))
        if found:
            kind, says = found
            detail = next((says for _, says in also), "")
            yield kind, f"{says}; {detail}" if detail else says
    terms = list(missing_terms(wrt, values, wrong))
    if terms and also and also[0][0] == "missing path":
        yield terms[0][0], f"{terms[0][1]}; {also[0][1]}"
    yield from also
    if ratio is not None:
        yield "constant factor", f"it is {fraction(ratio)} times the true derivative"
    yield from _named_ratios(values, wrong)
    yield from terms
    if len(wrong.claimed) > 1 and not np.ptp(wrong.claimed):
        yield "a number", "it is one number, but the derivative varies"


def special(
    ratio: float, dividing: Iterable[float] = (), near: float = MATCH
) -> tuple[str, str] | None:
    """(kind, sentence) for a ratio claimed / true that means something.

    dividing : whole numbers that would be those of a mean; near : relative.
    """
    if not ratio:
        return None
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
                text = f"a sum stands where the mean over {whole} belongs"
                return "sum instead of mean", f"{says}: {text}"
            return "factor", says
    return None


def fraction(ratio: float) -> str:
    """`2/3` where it is that, else six digits."""
    near = Fraction(ratio).limit_denominator(12)
    return str(near) if abs(near - ratio) <= MATCH * abs(ratio) else f"{ratio:.6g}"


def divisors(body: Node) -> set[float]:
    """Whole numbers n by which sums of n terms are divided: those of means."""
    found = set()
    for node in postorder([body]):
        if node.op.name == "div" and node.args[1].op is CONST:
            sums = {float(node.args[1].value or 0): node.args[0]}
        elif node.op is OPS["mul"]:
            sizes = [float(a.value or 0) if a.op is CONST else 0.0 for a in node.args]
            sums = {
                round(1 / abs(size)): other
                for size, other in zip(sizes, reversed(node.args), strict=True)
                if 0 < abs(size) < 1
            }
        else:
            continue
        found |= {size for size, total in sums.items() if _count(total) == size}
    return found


def _count(total: Node) -> int:
    """How many terms a sum has."""
    found, stack = 0, [total]
    while stack:
        node = stack.pop()
        if node.op in (OPS["add"], OPS["sub"]):
            stack += node.args
        else:
            found += 1
    return found


def _matching(
    body: Node,
    node: str,
    wrt: str,
    values: Mapping[str, Array],
    wrong: Wrong,
    extra: Iterable[Candidate],
) -> Iterator[tuple[str, str]]:
    for kind, says, candidate in extra:
        if wrong.agrees(candidate):
            yield kind, says
    listed, names, kernel = _tried(body, wrt)
    candidates = np.empty((len(listed), len(wrong.claimed)))
    with np.errstate(all="ignore"):
        for row, value in enumerate(kernel(*(values[text] for text in names))):
            candidates[row] = value
        right = Wrong(wrong.true, wrong.true, wrong.slack).agreeing(candidates)
        for sign, more in SIGNS:
            fits = wrong.agreeing(sign * candidates) & ~right
            for row in np.flatnonzero(fits).tolist():
                yield listed[row].kind, listed[row].says + more


@functools.lru_cache(maxsize=1024)
def _tried(body: Node, wrt: str) -> tuple[tuple[Suspect, ...], list[str], Kernel]:
    """The suspects, the names they need, and code for all of them at once."""
    listed = suspects(body, wrt)
    roots = [suspect.node for suspect in listed]
    names = [str(n.value) for n in postorder(roots) if n.op is NAME]
    return listed, names, Kernel(roots, names)


def _named_ratios(
    values: Mapping[str, Array], wrong: Wrong
) -> Iterator[tuple[str, str]]:
    if len(wrong.claimed) < 2:
        return
    for text, value in values.items():
        for sign, more in SIGNS:
            with np.errstate(all="ignore"):
                if wrong.agrees(sign * wrong.true * value):
                    yield "extra factor", f"there is a factor {text} too many{more}"
                if wrong.agrees(sign * wrong.true / value):
                    yield "missing factor", f"the factor {text} is missing{more}"


def missing_terms(
    wrt: str, values: Mapping[str, Array], wrong: Wrong
) -> Iterator[tuple[str, str]]:
    """Simple terms that are the gap between truth and claim, as of a penalty."""
    gap = wrong.true - wrong.claimed
    clear = np.abs(gap) > CLEAR * wrong.slack
    if len(gap) < ENOUGH or not clear.all():
        return
    for names, size in _monomials(wrt, values):
        with np.errstate(all="ignore"):
            factor = float(np.median(gap / size))
        if np.isfinite(factor) and Wrong(gap, gap, wrong.slack).agrees(factor * size):
            way = "is missing" if factor > 0 else "is too much"
            yield "missing term", f"{_term(abs(factor), names, wrt)} {way}"
            return


def _monomials(
    wrt: str, values: Mapping[str, Array]
) -> Iterator[tuple[tuple[str, ...], Array]]:
    """wrt, wrt·v, 1, v, u·v: names and their product at the points."""
    names = [text for text in values if text != wrt][:NAMES_IN_TERMS]
    x = values.get(wrt)
    if x is not None:
        yield (wrt,), x
        yield from (((text, wrt), values[text] * x) for text in names)
    yield (), np.ones_like(next(iter(values.values())))
    yield from (((text,), values[text]) for text in names)
    for i, a in enumerate(names):
        yield from (((a, b), values[a] * values[b]) for b in names[i:])


def _term(factor: float, names: tuple[str, ...], wrt: str) -> str:
    """`the gradient of ½·lam·w²`, or `the term 3·b`."""
    if wrt in names:
        factor, names = factor / 2, tuple(text for text in names if text != wrt)
        return f"the gradient of {product(factor, (*names, f'{wrt}²'))}"
    return f"the term {product(factor, names)}"


def product(factor: float, names: tuple[str, ...]) -> str:
    """`½·lam·w²`, `3·b`, `b`."""
    size = {"1": "", "1/2": "½"}.get(fraction(factor), fraction(factor))
    return "·".join([*([size] if size or not names else []), *names]) or "1"


def spoken(span: tuple[float, float]) -> str:
    """A ratio for a table: `-1`, `0.5`, or `1.3 … 4.8`."""
    low, high = span
    if not np.isfinite([low, high]).all():
        return "∞"
    if abs(high - low) <= 1e-6 * max(abs(low), abs(high)):
        return number(float(f"{low + 0.0:.6g}") + 0.0)
    return f"{low:.3g} … {high:.3g}"
