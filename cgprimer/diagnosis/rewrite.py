"""What to write for an expression that goes wrong at a point: proposals, and the pick.

    Rewriter(here).best(root)  →  root, with every operation that is wrong written anew

Arguments come first, so that only what is wrong is changed, and a form is taken only
where, computed in doubles, it is right: a proposal may be anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from math import isfinite

from cgprimer.diagnosis.differences import Differences
from cgprimer.diagnosis.here import Here
from cgprimer.diagnosis.operations import error
from cgprimer.diagnosis.ranges import in_range
from cgprimer.diagnosis.series import NoSeriesError, Series, series
from cgprimer.diagnosis.squares import squares
from cgprimer.diagnosis.stable_forms import forms_of
from cgprimer.diagnosis.terms import (
    UNIT,
    Terms,
    atom,
    common,
    multiplied,
    node_of,
    number,
    terms,
)
from cgprimer.diagnosis.verify import GAIN, SHARP, holds
from cgprimer.diff.match import filled, is_sum, negative
from cgprimer.diff.stable import stable
from cgprimer.expr.node import Node, intern, postorder, postorder_above, substitute
from cgprimer.expr.ops import NAME, OPS, name, tidy
from cgprimer.expr.show import show, tree_size
from cgprimer.expr.syntax import parse_expression

SERIES = "its series, for "
SHORT = 40  # operations of an expression that has a short series
TRIED = 6  # things that a series is tried in
SMALL, LARGE = 0.5, 4.0  # what a series may be in
SHORTEST, LONGEST = 3, 8  # terms of a series
ROUND = 2.0**-54  # half a unit in the last place
FUEL = 40  # nodes that rules are tried on, some hundredths of a second each
EACH = 10  # of them for one finding
WIDE = 120  # operations of an expression that rules are tried on
DEEP = 8  # operations one after another that stay wrong: a sum, within a logarithm
BULKY = 45  # operations of a form beyond which a shorter one is looked for
PERIODS = 1e3  # an argument beyond this many times π has its periods taken off
Proposal = tuple[Node, str]


class Fuel:
    """For how many more nodes rules are tried, beyond the table of forms."""

    def __init__(self, total: int = FUEL, each: int = EACH) -> None:
        self.left, self._each, self._reserve = total, each, max(total - each, 0)

    def refill(self) -> None:
        """Allow some of them for the next finding, as long as there are any."""
        self._reserve = max(self.left - self._each, 0)

    def burn(self) -> bool:
        """Whether there was some left, which is gone now."""
        if self.left <= self._reserve:
            return False
        self.left -= 1
        return True


class Rewriter:
    """The best form of every node at one point, and words on it."""

    def __init__(self, here: Here, fuel: Fuel) -> None:
        self.here, self.fuel = here, fuel
        self._form: dict[Node, Node] = {}
        self._depth: dict[Node, int] = {}
        self._held: dict[tuple[Node, Node], bool] = {}
        self._words: dict[Node, str] = {}
        self._skipped: set[Node] = set()
        self.by_table: set[Node] = set()

    def best(self, root: Node) -> Node:
        """`root` written anew where it is wrong; as it is where nothing better is."""
        self.here.exact(root)  # which makes that of all parts known at once
        for node in postorder_above([root], self._form):
            below = (self._depth.get(arg, 0) for arg in node.args)
            self._depth[node] = 1 + max(below, default=0)
            form = self._form[node] = self._best_of(node)
            if self.error(node, form) < SHARP:
                self._depth[node] = 0
        return self._form[root]

    def is_mended(self, root: Node) -> bool:
        """Whether `best(root)` is right."""
        return self.error(root, self.best(root)) < SHARP

    def retry(self) -> None:
        """Forget what was left alone for want of fuel."""
        left = self._skipped if self.fuel.left else set[Node]()
        for node in list(self._form) if left else ():  # arguments come first
            if node in left or not left.isdisjoint(node.args):
                left.add(node)
                del self._form[node]
        self._skipped = set()

    def words(self, root: Node) -> str:
        """What is to be said about the forms that are new in `best(root)`."""
        used = dict.fromkeys(self._words.get(node, "") for node in postorder([root]))
        ranges = [word.removeprefix(SERIES) for word in used if SERIES in word]
        others = [word for word in used if word and SERIES not in word]
        return "; ".join([*others, *_joined(SERIES, ranges)])

    def error(self, node: Node, form: Node) -> float:
        """The relative error of `form`, in doubles, as a form of `node`."""
        return error(self.here.double(form), self.here.exact(node))

    def _best_of(self, node: Node) -> Node:
        if not node.args or self.error(node, node) < SHARP:
            return node
        for new, word in whole_forms(node):
            if (
                self._is_better(node, new, float("inf"))
                and self.error(node, new) < SHARP
            ):
                self.by_table.add(node)
                self._words[node] = word
                return new
        made = _made(node, [self._form[arg] for arg in node.args])
        least, form = self.error(node, made), made
        for new, word in self._others(node, made, least < SHARP):
            shorter = least < SHARP and tree_size(new) < tree_size(form)
            if self._is_better(node, new, SHARP * GAIN if shorter else least):
                self._words[node] = word
                least, form = self.error(node, new), new
            if least < SHARP and tree_size(form) <= BULKY:
                break
        return form

    def _is_better(self, node: Node, new: Node, least: float) -> bool:
        """Whether `new` is nearer by two digits than `least`, and the same function."""
        return self.error(node, new) * GAIN < least and self.holds(node, new)

    def holds(self, node: Node, new: Node) -> bool:
        """Whether `new` is the same function as `node`, and as good nearby."""
        if (node, new) not in self._held:
            self._held[node, new] = holds(node, new, self.here)
        return self._held[node, new]

    def _others(self, node: Node, made: Node, is_right: bool) -> Iterator[Proposal]:
        """What is `made` of better arguments; then what rules give."""
        if made is not node:
            yield from whole_forms(made)
        if is_right:
            yield made, ""
        if not self._is_worth(node):
            return
        if not self.fuel.burn():
            self._skipped.add(node)
            return
        for part in dict.fromkeys((node, made)):
            yield from proposals(part, self.here)

    def _is_worth(self, node: Node) -> bool:
        """Whether there is hope: what is large, or wrong for long, stays so."""
        return self._depth[node] <= DEEP and len(postorder([node])) <= WIDE


def _made(node: Node, args: list[Node]) -> Node:
    """The operation on other arguments."""
    if node.op.name == "neg":
        return negative(args[0])
    return intern(node.op, tuple(args), node.value)


def _joined(start: str, parts: list[str]) -> list[str]:
    return [start + " and ".join(parts)] if parts else []


def whole_forms(node: Node) -> Iterator[Proposal]:
    """Forms of `node` that are in the table, for what is written and what is run."""
    own = stable(node)
    for part in dict.fromkeys((node, own)):
        yield from _from_table(part)
        yield from _scaled_from_table(part)
    if own is not _made(node, [stable(arg) for arg in node.args]):
        yield own, ""  # the engine has a rule for this operation itself


def _from_table(node: Node) -> Iterator[Proposal]:
    for found in forms_of(node):
        yield found.written(), found.word()


def _scaled_from_table(node: Node) -> Iterator[Proposal]:
    """Forms in the table for a sum without what divides all its terms."""
    found = terms(node) if is_sum(node) else []
    front = common(found) if found else UNIT
    if front.powers:
        rest = node_of([term * front**-1 for term in found], in_order=True)
        for made, word in _from_table(rest):
            yield node_of(multiplied([front], [atom(made)])), word


def proposals(node: Node, here: Here) -> Iterator[Proposal]:
    """Other ways to write `node`, with a word on each."""
    kind = node.op.name
    if is_sum(node):
        yield from _of_sum(node, here)
    elif kind in ("log", "pow", "arccos"):
        yield from _near_one(node, here)
    elif kind in ("sin", "cos", "tan"):
        yield from _within_a_period(node, here)
    yield from in_range(node, here)
    yield from by_series(node, here)


def _of_sum(node: Node, here: Here) -> Iterator[Proposal]:
    square = squares(node, postorder([node]))
    if square is not None:
        yield square, ""
    found: dict[Node, str] = {}
    for turned in _turns(node):
        for part in (terms(node), terms(node, multiply=True), _halved(node)):
            by = Differences(here, turned)
            if part:
                found.setdefault(by.total(part), _where(by))
                found.update(dict.fromkeys(by.against_root(part), _where(by)))
    yield from sorted(found.items(), key=lambda pair: tree_size(pair[0]))
    yield _largest_first(terms(node), here), "those that cancel first"


def _turns(node: Node) -> tuple[bool, ...]:
    """Which ways round differences of exponentials, if any, are to be written."""
    has = any(part.op.name.startswith("exp") for part in postorder([node]))
    return (False, True) if has else (False,)


def _halved(node: Node) -> Terms:
    """The terms with 1 - 2·sin(a/2)^2 for every cos(a), multiplied out."""
    cosines = [part for part in postorder([node]) if part.op.name == "cos"]
    by = {c: filled(_HALF_ANGLE, {name("a"): c.args[0]}) for c in cosines}
    return terms(substitute([node], by)[0], multiply=True) if by else []


_HALF_ANGLE = parse_expression("1 - 2*sin(a/2)^2")


def _where(by: Differences) -> str:
    return " and ".join(f"where {text} > 0" for text in by.conditions)


def _largest_first(found: Terms, here: Here) -> Node:
    """The sum in an order in which large terms cancel first, and exactly."""
    left = [(abs(here.double(term.node())), term) for term in found]
    if not all(isfinite(size) for size, _ in left):
        return node_of(found)
    ordered = sorted(left, key=lambda pair: -pair[0])
    made = ordered[0][1].node()
    for _, term in ordered[1:]:
        sign = OPS["sub"] if term.number < 0 else OPS["add"]
        made = sign(made, (-term if term.number < 0 else term).node())
    return made


def _near_one(node: Node, here: Here) -> Iterator[Proposal]:
    """log, a power or arccos of something near 1, by its distance from 1."""
    for turned in _turns(node):
        by = Differences(here, turned)
        away = by.near_one(node.args[0])
        logarithm = tidy(OPS["log1p"], away)
        if node.op.name == "log":
            yield logarithm, _where(by)
        elif node.op.name == "pow":
            yield OPS["exp"](tidy(OPS["mul"], node.args[1], logarithm)), _where(by)
        else:
            half = node_of([number(-1) * t * number(1) ** 1 for t in terms(away)])
            root = OPS["sqrt"](tidy(OPS["div"], half, number(2).node()))
            yield node_of([number(2) * atom(OPS["arcsin"](root))]), _where(by)


def _within_a_period(node: Node, here: Here) -> Iterator[Proposal]:
    """sin(2·pi·(x - n)) for sin(2·pi·x), n a whole number."""
    found = terms(node.args[0])
    turn = OPS["pi"]()
    if len(found) != 1 or (turn, 1) not in found[0].powers:
        return
    [term] = found
    rest = term * atom(turn) ** -1 * number(term.number) ** -1
    period = 2 / abs(term.number)
    value = here.double(rest.node())
    if not PERIODS < abs(value) < 2.0**53:
        return
    whole = number(round(value / float(period)) * period)
    away = OPS["sub"](rest.node(), whole.node())
    inner = number(term.number) * atom(turn) * atom(away)
    yield (
        node.op(inner.node()),
        "take whole periods off before the argument is rounded",
    )


def by_series(node: Node, here: Here) -> Iterator[Proposal]:
    """The first terms of its series in whatever is small or large here."""
    if len(postorder([node])) > SHORT:
        return
    for small, large in islice(_candidates(node, here), TRIED):
        try:
            found = series(node, small, large=large)
            yield _first_terms(found, small, large, here)
        except NoSeriesError:
            continue


def _candidates(node: Node, here: Here) -> Iterator[tuple[Node, bool]]:
    """Arguments of functions, and names, that are small or large here."""
    order = postorder([node])
    called = (p.args[0] for p in order if p.args and not p.op.symbol)
    names = (part for part in order if part.op is NAME)
    for part in dict.fromkeys((*called, *names)):
        size = abs(here.double(part))
        if size < SMALL:
            yield part, False
        elif size > LARGE and part.op is NAME:
            yield part, True


def _first_terms(found: Series, small: Node, large: bool, here: Here) -> Proposal:
    """As many terms as give all digits here, and how far they do."""
    value = abs(here.double(small))
    at = 1 / value if large else value
    kept = [(k, c) for k, c in enumerate(found.c) if c]
    for count in range(min(SHORTEST, max(len(kept) - 1, 1)), LONGEST):
        if count >= len(kept):
            raise NoSeriesError
        (lead, first), (after, rest) = kept[0], kept[count]
        sizes = [abs(here.double(node_of(c))) for c in (first, rest)]
        if not all(isfinite(s) and s for s in sizes):
            raise NoSeriesError
        reach = (ROUND * sizes[0] / sizes[1]) ** (1 / (after - lead))
        if at <= reach:
            break
    else:
        raise NoSeriesError
    power = -1 if large else 1
    made = [
        (c[0] if len(c) == 1 else atom(node_of(c)))
        * atom(small) ** (power * (found.first + k))
        for k, c in kept[:count]
    ]
    word = f"{SERIES}{_range(small, large, reach)}"
    return node_of(made, in_order=True), word


def _range(small: Node, large: bool, reach: float) -> str:
    """`abs(xx) < 0.01`, one digit, rounded to the safe side."""
    reach = min(reach, SMALL)
    if large:
        return f"abs({show(small)}) > {_one_digit(1 / reach, up=True)}"
    return f"abs({show(small)}) < {_one_digit(reach, up=False)}"


def _one_digit(value: float, *, up: bool) -> str:
    digit, exponent = f"{value:.15e}".split("e")
    whole = int(float(digit)) + (1 if up and float(digit) % 1 else 0)
    return f"{float(f'{whole}e{exponent}'):g}"
