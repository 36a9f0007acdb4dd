"""A whole graph in one function: for graphs of some dozens of equations.

Every function takes one pointer, to a list of 64-bit arguments, so that a call from
Python costs as little as can be. Rows of data are padded to whole vectors; what the
padding yields is masked out of every sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import CONST, NAME, ZERO, name
from cgprimer.run.llvm.emit import Emitter
from cgprimer.run.llvm.vector_math import definitions
from cgprimer.run.update_rules import UpdateRule

LANES = 8
FEW_CALLS = 8  # of functions, up to which they are written out in place


def module(e: Emitter) -> str:
    """The module whose one function `run` has the body that `e` holds."""
    calls = sum(" @v_" in line for line in e.lines)
    needed = definitions(sorted(e.functions), e.width, inline=calls <= FEW_CALLS)
    declared = (f"declare {text}" for text in sorted(e.declared))
    own = [line for line in declared if line not in needed]
    return "\n".join([*own, needed, "define void @run(ptr %args) {", *e.lines, "}", ""])


def names_in(roots: Sequence[Node]) -> set[str]:
    """The inputs, parameters and data that expressions need."""
    return {str(node.value) for node in postorder(roots) if node.op is NAME}


def is_leaf(node: Node) -> bool:
    """Whether an expression is a name or a number: nothing to compute."""
    return node.op is NAME or node.op is CONST


def rows_text(
    roots: Sequence[Node], watched: Sequence[Node], leaves: Sequence[str]
) -> str:
    """Store each of `roots` as a row of samples.

    Arguments: the number of samples, in whole vectors; the rows and the distance
    between them; where to store a number that is nan where one of `watched` is nan or
    infinite; for each leaf its address and 1, or that of a number in every lane and 0.
    """
    e = Emitter(LANES)
    count, out, stride = e.argument("i64"), e.argument("ptr"), e.argument("i64")
    alarm = e.argument("ptr")
    rows = [(e.argument("ptr"), e.argument("i64")) for _ in leaves]
    starts = [e.place(out, e.times(stride, k)) for k in range(len(roots))]
    needed = names_in([*roots, *watched])

    def body(i: str, bad: list[str]) -> list[str]:
        known = {
            name(leaf): e.load(base, e.times(i, step))
            for leaf, (base, step) in zip(leaves, rows, strict=True)
            if leaf in needed
        }
        values = e.emit([*roots, *watched], known)
        for value, start in zip(values, starts, strict=False):
            e.store(value, start, i)
        sign = bad[0]
        # value·0 + so far: 0 for finite values, nan for nan and infinite ones, and once
        # nan it stays nan. One number at the end says whether any sample was odd.
        for value in values[len(roots) :]:
            sign = e.intrinsic("fma", value, e.const(0.0), sign)
        return [sign]

    [bad] = e.loop(0, count, e.width, body, [(e.type, e.const(0.0))])
    e.do(f"store double {e.lane_sum(bad)}, ptr {alarm}")
    e.do("ret void")
    return module(e)


class SummedExpressions:
    """Expressions to be summed over samples, each once however often it is wanted."""

    def __init__(self, roots: Sequence[Node]) -> None:
        self.roots = roots
        # In a model of sums, y = a*x + b + c, the slopes by b and c are one node,
        # summed once.
        self.summed = list(dict.fromkeys(r for r in roots if r is not ZERO))

    def carried(self, e: Emitter) -> list[tuple[str, str]]:
        """The sums before the first sample."""
        return [(e.type, e.const(0.0))] * len(self.summed)

    def add(
        self, e: Emitter, sums: list[str], known: Mapping[Node, str], mask: str
    ) -> list[str]:
        """The sums with one more vector of samples; without sums, the vector itself."""
        # A choice, not a product with 0: a lane that does not count may hold nan.
        values = [e.masked(mask, value) for value in e.emit(self.summed, known)]
        return list(map(e.fadd, sums, values)) if sums else values

    def totals(self, e: Emitter, sums: list[str]) -> list[str]:
        """One number per root, in the order of the roots."""
        found = dict(zip(self.summed, map(e.lane_sum, sums), strict=True))
        return [found.get(root, "0.0") for root in self.roots]


def sums_text(
    roots: Sequence[Node], data: Sequence[str], parameters: Sequence[str]
) -> str:
    """Sum each of `roots` over samples, times a factor.

    Arguments: rows of data and the distance between them; the first sample, a multiple
    of the lanes, and the end; parameters; where the sums go; the factor.
    """
    e = Emitter(LANES, contract=True)
    rows, stride = e.argument("ptr"), e.argument("i64")
    first, end = e.argument("i64"), e.argument("i64")
    given, out, factor = e.argument("ptr"), e.argument("ptr"), e.argument("double")
    needed, sums = names_in(roots), SummedExpressions(roots)
    fixed = {
        name(text): e.splat(e.number(given, k))
        for k, text in enumerate(parameters)
        if text in needed
    }
    starts = _row_starts(e, rows, stride, data, needed)

    def body(i: str, so_far: list[str]) -> list[str]:
        known = fixed | {name(text): e.load(row, i) for text, row in starts.items()}
        return sums.add(e, so_far, known, e.lanes_below(i, end))

    found = e.loop(first, end, e.width, body, sums.carried(e))
    for k, total in enumerate(sums.totals(e, found)):
        scaled = e.new(f"fmul double {total}, {factor}")
        e.do(f"store double {scaled}, ptr {e.place(out, k)}")
    e.do("ret void")
    return module(e)


def epoch_text(
    roots: Sequence[Node],
    data: Sequence[str],
    parameters: Sequence[str],
    rule: UpdateRule,
    batch: int,
) -> str:
    """Walk through batches of samples, with a step of `rule` after each.

    roots : the loss of a sample, and its derivative by each parameter.

    Arguments: rows of data, the distance between them and their length; the order of
    samples and their number; samples per batch; settings of the rule, and how far apart
    those of two steps are; where the loss of each batch goes; parameters and then
    what the rule remembers, in rows, changed in place; where to store the largest
    number in the order. A number beyond the data is read as 0.
    """
    # With one sample a step there is nothing to put into lanes.
    e = Emitter(1 if batch == 1 else LANES, contract=True)
    rows, stride, length = e.argument("ptr"), e.argument("i64"), e.argument("i64")
    order, end, size = e.argument("ptr"), e.argument("i64"), e.argument("i64")
    settings, apart = e.argument("ptr"), e.argument("i64")
    losses, state, largest = (e.argument("ptr") for _ in range(3))
    sums, needed = SummedExpressions(roots), names_in(roots)
    moved = [k for k, node in enumerate(roots[1:]) if node is not ZERO]
    starts = _row_starts(e, rows, stride, data, needed)
    still = {
        text: e.number(state, k)
        for k, text in enumerate(parameters)
        if text in needed and k not in moved
    }
    kinds = range(1 + len(rule.memory))
    # What is carried from step to step in registers: the parameters that move, and what
    # the rule remembers of them. For parameters a b c, of which b has no slope, and a
    # rule with one memory, the rows of `state` are a b c and their memories, so
    #
    #     moved 0 2     kinds 0 1     places 0 2 3 5: a, c, memory of a, memory of c
    #
    # and `values[k :: len(moved)]` is a parameter with its memory. In each step
    #
    #     which    numbers of samples from `order`; past its end, the last one
    #     known    data at these, a sample a lane; a and c in every lane
    #     found    sums of the loss and of both slopes, masked to the batch
    #     after    rule(settings of the step, mean slope, [a, memory of a]); so for c
    #
    # and the next step carries `after` by kinds again: a, c, then memories.
    places = [j * len(parameters) + k for j in kinds for k in moved]

    def step(low: str, carried: list[str]) -> list[str]:
        number, values = carried[0], carried[1:]
        high = e.smaller(e.plus(low, size), end)
        own = dict(zip((parameters[k] for k in moved), values, strict=False))
        fixed = {name(text): e.splat(x) for text, x in (own | still).items()}

        def samples(i: str, so_far: list[str]) -> list[str]:
            which = [_checked(e, n, length, largest) for n in e.lanes_at(order, i, end)]
            mask = e.lanes_below(i, high)
            known = {name(text): e.gather(row, which) for text, row in starts.items()}
            return sums.add(e, so_far, fixed | known, mask)

        # A batch that fits into one vector needs no loop: its values are the sums.
        if batch <= e.width:
            found = samples(low, [])
        else:
            found = e.loop(low, high, e.width, samples, sums.carried(e))
        totals = sums.totals(e, found)
        if batch > 1:
            share = e.new(f"fdiv double 1.0, {e.real(e.minus(high, low))}")
            totals = [e.new(f"fmul double {total}, {share}") for total in totals]
        e.do(f"store double {totals[0]}, ptr {e.place(losses, number)}")
        slopes = [totals[k + 1] for k in moved]
        # The rule moves one number at a time, not vectors.
        with e.scalar():
            row = e.times(number, apart)
            now = {
                name(text): e.number(settings, e.plus(row, j))
                for j, text in enumerate(rule.settings)
            }
            after = [
                rule.emit(e, now, slope, values[k :: len(moved)])
                for k, slope in enumerate(slopes)
            ]
        return [e.plus(number, 1), *(new[j] for j in kinds for new in after)]

    carried = [("i64", "0"), *(("double", e.number(state, at)) for at in places)]
    _, *final = e.loop(0, end, size, step, carried)
    for at, value in zip(places, final, strict=True):
        e.do(f"store double {value}, ptr {e.place(state, at)}")
    e.do("ret void")
    return module(e)


def _checked(e: Emitter, number: str, length: str, largest: str) -> str:
    """A number below `length`: itself, or 0; the largest is kept in memory."""
    before = e.new(f"load i64, ptr {largest}")
    larger = e.new(f"icmp ugt i64 {number}, {before}")
    e.do(f"store i64 {e.choose(larger, number, before)}, ptr {largest}")
    return e.choose(e.new(f"icmp ult i64 {number}, {length}"), number, "0")


def _row_starts(
    e: Emitter, rows: str, stride: str, data: Sequence[str], needed: set[str]
) -> dict[str, str]:
    """Where the row of each name begins, for those that are needed."""
    return {
        text: e.place(rows, e.times(stride, k))
        for k, text in enumerate(data)
        if text in needed
    }
