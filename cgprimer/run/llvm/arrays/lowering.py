"""Nodes over arrays to the steps that compute them.

    roots, dims, which names have samples ─▶ Lowered: a Plan, where inputs and results lie

A value that is wanted as a mean over samples is not computed for each sample where a
product over samples gives it: the mean of outer(g, x) is G·X'/n.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cgprimer.expr.array_op import ArrayOp, attrs_of
from cgprimer.expr.array_ops import defined
from cgprimer.expr.definitions import expand
from cgprimer.expr.dims import Sizing
from cgprimer.expr.node import Node, intern, postorder
from cgprimer.expr.ops import CONST, NAME, OPS, Op
from cgprimer.run.llvm.arrays.builder import ADD, MUL, Builder
from cgprimer.run.llvm.arrays.expression import (
    CHEAP,
    Expr,
    Leaf,
    Shape,
    Windows,
    contiguous,
)
from cgprimer.run.llvm.arrays.operations import (
    OPERATIONS,
    Call,
    NoCode,
    kernel_gradient,
    kernel_step,
    lettered,
    multiplied,
    summed_to,
    with_samples,
)
from cgprimer.run.llvm.arrays.steps import Convolution, Loop, Plan, Product
from cgprimer.run.llvm.emit import is_coded

Value = Expr | Windows
SUMMING = frozenset({"outer", "matmul", "conv2d_kernel"})
LINEAR = {"add": 2, "sub": 2, "neg": 1, "transpose": 1, "reshape_to": 1, "permute": 1}
"""Operations whose mean is that of their first arguments, and how many these are."""
PICKING = {"pick": 0, "unpick": 2}
"""Operations that choose by whole numbers, and which argument these count in."""
STEP, MEAN_STEP = 1, 2  # numbers of the factors -rate and -rate/samples
OFTEN = 3  # times a cheap expression is computed again, at most


class Uncoded(Exception):
    """Operations that the engine has no code for."""


@dataclass
class Lowered:
    """What is run, and where its ends lie.

    inputs : name → buffer. results : buffer of each root, and its shape as handed out.
    indices : name of whole numbers → how many entries they count.
    """

    plan: Plan
    inputs: dict[str, int] = field(default_factory=dict)
    results: list[tuple[int, Shape]] = field(default_factory=list)
    indices: dict[str, int] = field(default_factory=dict)


class Request(NamedTuple):
    """What is wanted: roots, those of them that are means over samples, and updates.

    updates : name of a parameter → its slope, by which it is stepped in place.
    """

    roots: Sequence[Node]
    means: Collection[int]
    updates: Mapping[str, Node]
    sizing: Sizing
    sampled: Collection[str]
    samples: int


def uncoded(roots: Sequence[Node]) -> list[str]:
    """The operations below that have no machine code, each once."""
    order = postorder(written_out(roots))
    missing = [
        n.op.name
        for n in order
        if not (
            n.op.name in OPERATIONS if isinstance(n.op, ArrayOp) else is_coded(n.op)
        )
    ]
    return list(dict.fromkeys(missing))


def written_out(roots: Sequence[Node]) -> list[Node]:
    """Roots in operations that have code, where definitions say it all."""
    written = [defined(root) for root in roots]
    return expand(written, _definition)


def _definition(op: Op) -> Node | None:
    if isinstance(op, ArrayOp) or is_coded(op):
        return None
    return op.formula


class Lowering:
    """Makes a plan of a request."""

    def __init__(self, request: Request) -> None:
        self.given = request
        count = len(request.roots)
        every = written_out([*request.roots, *request.updates.values()])
        self.roots, self.slopes = every[:count], every[count:]
        self.parameters = list(request.updates)
        self.sizing = request.sizing
        self.builder = Builder(request.samples)
        self.lowered = Lowered(self.builder.plan)
        self.values: dict[Node, Value] = {}
        self.means: dict[Node, Expr] = {}
        self.order = self._needed(every)
        self.sampled = self._sampled()
        self.summing = self._summing()
        self.wanted: set[Node] = set()
        self.averaged: set[Node] = set()
        self.deferred: list[tuple[Leaf, Node]] = []
        self.uses: Counter[Node] = Counter()

    def run(self) -> Lowered:
        """The plan."""
        self._ask()
        for node in self.order:
            if node in self.wanted:
                self.values[node] = self._kept(node, self._value(node))
            if node in self.averaged:
                self.means[node] = self._mean(node)
        self._finish()
        return self.lowered

    # What is needed, and how

    def _needed(self, roots: Sequence[Node]) -> list[Node]:
        """Nodes whose values are needed, arguments first."""
        order = postorder(roots)
        keep = set(roots)
        for node in reversed(order):
            if node in keep:
                keep.update(self._real(node))
        return [node for node in order if node in keep]

    @staticmethod
    def _real(node: Node) -> list[Node]:
        """Arguments of which more than the dims counts."""
        like = node.op.like if isinstance(node.op, ArrayOp) else ()
        if node.op.name == "count":
            return []
        return [arg for k, arg in enumerate(node.args) if k not in like]

    def _sampled(self) -> set[Node]:
        found: set[Node] = set()
        for node in self.order:
            if node.op is NAME:
                if node.value in self.given.sampled:
                    found.add(node)
            elif any(arg in found for arg in self._real(node)):
                found.add(node)
        return found

    def _summing(self) -> set[Node]:
        """Nodes whose mean over samples is a product, or made of such."""
        found: set[Node] = set()
        for node in self.order:
            name = node.op.name
            both = self._sums(node)
            below = node.args[: LINEAR.get(name, 0)]
            if both or any(arg in found for arg in below):
                found.add(node)
            elif name in ("mul", "div") and (k := self._factor(node)) is not None:
                if node.args[1 - k] in found:
                    found.add(node)
        return found

    def _sums(self, node: Node) -> bool:
        """Whether one step gives the mean of a node over samples."""
        have = [arg in self.sampled for arg in node.args[:2]]
        if node.op.name == "conv2d_kernel":
            return any(have)
        return node.op.name in SUMMING and all(have)

    def _factor(self, node: Node) -> int | None:
        """Which argument of a product is the same for all samples and entries."""
        last = 1 if node.op.name == "mul" else 0
        for k in (1, 0)[: last + 1]:
            arg = node.args[k]
            if arg not in self.sampled and not self.sizing.of(arg):
                return k
        return None

    def _ask(self) -> None:
        """Which values are wanted, and which only as means."""
        self.uses.update(self.roots)
        for k, root in enumerate(self.roots):
            mean = k in self.given.means and root in self.sampled
            (self.averaged if mean else self.wanted).add(root)
        for root in self.slopes:
            for term in self._terms(root):
                if self._sums(term):
                    self._want(term.args[:2])
                elif term in self.sampled:
                    self.averaged.add(term)
                else:
                    self._want([term])
        for node in reversed(self.order):
            if node in self.averaged:
                self._ask_mean(node)
            if node in self.wanted:
                self._want(self._real(node))

    def _want(self, nodes: Sequence[Node]) -> None:
        self.wanted.update(nodes)
        self.uses.update(nodes)

    def _ask_mean(self, node: Node) -> None:
        if node not in self.summing:
            self._want(node.args[:1] if node.op.name == "sum_to" else [node])
        elif self._sums(node):
            self._want(node.args[:2])
        else:
            for arg in self._real(node):
                if arg in self.sampled:
                    self.averaged.add(arg)
                else:
                    self._want([arg])

    def _terms(self, root: Node) -> list[Node]:
        """The terms of a sum of slopes, where some are products over samples."""
        terms, stack = [], [root]
        while stack:
            node = stack.pop()
            if node.op is ADD and node in self.summing:
                stack += reversed(node.args)
            else:
                terms.append(node)
        return terms

    # Values

    def _dims(self, node: Node) -> Shape:
        return tuple(int(dim) for dim in self.sizing.of(node))

    def _call(self, node: Node) -> Call:
        args: list[Value] = []
        sampled = []
        for arg in node.args:
            value = self.values.get(arg)
            if value is None:  # of which only the dims count
                value = self.builder.number(0.0)
            args.append(value)
            sampled.append(arg in self.sampled)
        dims = [self._dims(arg) for arg in node.args]
        return Call(args, dims, self._dims(node), attrs_of(node), sampled)

    def _value(self, node: Node) -> Value:
        if node.op is NAME:
            return self._input(node)
        if node.op is CONST:
            return self.builder.number(float(node.value or 0.0))
        if isinstance(node.op, ArrayOp):
            rule = OPERATIONS.get(node.op.name)
            if rule is None:
                raise NoCode(node.op.name)
            if node.op.name in PICKING:
                self._note_index(node)
            return rule(self.builder, self._call(node))
        args = [self.values[self._same_sign(node, arg)] for arg in node.args]
        return self.builder.entrywise(node.op, *args)

    def _note_index(self, node: Node) -> None:
        """Remember which numbers have to be whole, and below what: callers check."""
        index = node.args[1]
        if index.op is not NAME:
            raise NoCode(f"{node.op.name} by numbers that are computed")
        entries = self._dims(node.args[PICKING[node.op.name]])[-1]
        known = self.lowered.indices
        text = str(index.value)
        known[text] = min(entries, known.get(text, entries))

    def _same_sign(self, node: Node, arg: Node) -> Node:
        """relu(a) in place of a in step(a), where it is there anyhow."""
        if node.op.name == "step":
            relu = intern(OPS["relu"], (arg,))
            if relu in self.values:
                return relu
        return arg

    def _input(self, node: Node) -> Expr:
        """A name's value, samples first as authors have it."""
        text, dims = str(node.value), self._dims(node)
        has = node in self.sampled
        n = self.given.samples if has else 1
        buffer = self._input_buffer(text, dims, n)
        steps = contiguous((n, *dims))
        leaf = Leaf(buffer, 0, (*steps[1:], steps[0]))
        return self.builder.views.stored(leaf, (*dims, n))

    def _input_buffer(self, text: str, dims: Shape, n: int) -> int:
        size = n
        for dim in dims:
            size *= dim
        if text not in self.lowered.inputs:
            self.lowered.inputs[text] = self.builder.plan.buffer(size, "input", text)
        return self.lowered.inputs[text]

    def _kept(self, node: Node, value: Value) -> Value:
        """Stored, where computing it again for every use would cost more."""
        if isinstance(value, Windows):
            return self.builder.settled(value) if self.uses[node] > 1 else value
        uses = self.uses[node] + 2 * sum(
            1 for user in self._users(node) if user.op.name in ("logsumexp", "softmax")
        )
        if uses < 2:
            return value
        cost = self.builder.views.costs(value)
        cheap = node.op.name in CHEAP and cost < 10
        if cost and not (cheap and cost * (uses - 1) <= OFTEN):
            return self.builder.stored(value)
        return value

    def _users(self, node: Node) -> list[Node]:
        if not hasattr(self, "_by"):
            self._by: dict[Node, list[Node]] = {}
            for user in self.order:
                for arg in user.args:
                    self._by.setdefault(arg, []).append(user)
        return self._by.get(node, [])

    # Means over samples

    def _mean(self, node: Node) -> Expr:
        b = self.builder
        if node not in self.summing and node.op.name == "sum_to":
            call = self._call(node)
            samples = [len(call.dims[0])]
            return summed_to(b, call, samples, 1 / self.given.samples)
        if node not in self.summing:
            value = b.settled(self.values[node])
            axes = [len(value.shape) - 1]
            total = b.folded(value, axes, "sum", 1 / self.given.samples)
            return b.views.inserted(total, axes, [1])
        name = node.op.name
        if self._sums(node):
            return self._mean_product(node)
        args: list[Value] = []
        for arg in node.args:
            value = self.means.get(arg)
            args.append(value if value is not None else self.values.get(
                arg, b.number(0.0)))  # fmt: skip
        if isinstance(node.op, ArrayOp):
            dims = [self._dims(arg) for arg in node.args]
            call = Call(args, dims, self._dims(node), attrs_of(node))
            return b.settled(OPERATIONS[name](b, call))
        return b.settled(b.entrywise(node.op, *args))

    def _mean_product(self, node: Node) -> Expr:
        b, factor = self.builder, 1 / self.given.samples
        if node.op.name == "conv2d_kernel":
            return kernel_gradient(b, self._call(node), factor)
        x, y, first, second, out = self._letters(node)
        return multiplied(b, x, y, first, second, out, factor)

    def _letters(self, node: Node) -> tuple[Expr, Expr, str, str, str]:
        """The factors of a product and its letters, with samples summed over."""
        call = self._call(node)
        if node.op.name == "outer":
            x, y = map(self.builder.settled, call.args)
            found = with_samples(self.builder, x, y, "i", "j", "ij")
        else:
            found = lettered(self.builder, call)
        return *found[:4], found[4].removesuffix("s")

    # Results

    def _finish(self) -> None:
        for k, root in enumerate(self.roots):
            mean = k in self.given.means and root in self.sampled
            value = self.means[root] if mean else self.values[root]
            each = root in self.sampled and not mean
            self._hand_out(self.builder.settled(value), self._dims(root), each)
        changed = {name: self._parameter(name) for name in self.parameters}
        own = {self.builder.where(here).buffer for here in changed.values()}
        rests = [
            self._prepared(changed[name], root, own)
            for name, root in zip(self.parameters, self.slopes, strict=True)
        ]
        first = len(self.builder.plan.steps)
        for here, root, rest in zip(changed.values(), self.slopes, rests, strict=True):
            self._update(here, root, rest)
        self._sooner(first)
        _drop_unused(self.builder.plan)

    def _hand_out(self, expr: Expr, dims: Shape, each: bool) -> None:
        """Put a result where its caller wants it: samples first, one after another."""
        b, n = self.builder, expr.shape[-1]
        shape = (n, *dims) if each else dims
        expr = b.stretched(expr, (*dims, n))
        leaf = b.views.leaf(expr)
        want = contiguous((n, *dims))
        strides = (*want[1:], want[0])
        if leaf is None:
            made = b.new(expr.shape, [len(dims), *range(len(dims))])
            b.run(expr, b.where(made))
            expr, leaf = made, b.where(made)
        own = b.plan.buffers[leaf.buffer]
        alike = all(
            s == t or m == 1
            for s, t, m in zip(leaf.strides, strides, expr.shape, strict=True)
        )
        if not (own.kind == "work" and alike and own.size == expr.size):
            made = b.new(expr.shape, [len(dims), *range(len(dims))])
            b.run(expr, b.where(made))
            leaf = b.where(made)
            own = b.plan.buffers[leaf.buffer]
        own.kind = "output"
        self.lowered.results.append((leaf.buffer, shape))

    def _parameter(self, name: str) -> Expr:
        """A parameter that is stepped, where it lies."""
        dims = tuple(int(d) for d in self.sizing.names.get(name, ()))
        buffer = self._input_buffer(name, dims, 1)
        leaf = Leaf(buffer, 0, (*contiguous(dims), 0))
        return self.builder.views.stored(leaf, (*dims, 1))

    def _prepared(self, here: Expr, root: Node, changed: set[int]) -> Expr | None:
        """Compute what a step needs, before any parameter changes.

        Returns what is no product over samples: an expression that reads of parameters
        that change only the entries that it steps.
        """
        b, rest = self.builder, None
        for term in self._terms(root):
            if self._sums(term):
                for arg in term.args[:2]:
                    self.values[arg] = self._safe(self.values[arg], changed)
                continue
            value = b.settled(self.means.get(term) or self.values[term])
            rest = value if rest is None else b.entries(ADD, rest, value)
        if rest is not None:
            rest = b.stretched(rest, here.shape)
            leaves = [b.views.of[node] for node in b.views.leaves(rest)]
            if any(x.buffer in changed and x != b.where(here) for x in leaves):
                rest = self._safe(rest, changed)
        return rest

    def _safe(self, value: Value, changed: set[int]) -> Expr:
        """An array in memory that no step of a parameter changes."""
        expr = self.builder.stored(value)
        inside = self.builder.where(expr).buffer in changed
        return self.builder.copied(expr) if inside else expr

    def _update(self, here: Expr, root: Node, rest: Expr | None) -> None:
        """Step a parameter against its slope."""
        b = self.builder
        to = b.where(here)
        if rest is not None:
            step = b.entries(MUL, rest, self._rate(len(here.shape)))
            b.run(b.entries(ADD, here, step), to)
        for term in self._terms(root):
            if self._sums(term) and not self._product_into(to, term):
                # BLAS cannot add to it: the mean first.
                more = b.entries(
                    MUL, self._mean(term), self._rate(len(here.shape))
                )
                b.run(b.entries(ADD, here, more), to)

    def _product_into(self, to: Leaf, term: Node) -> bool:
        b = self.builder
        if not self._sums(term):
            return False
        if term.op.name == "conv2d_kernel":
            call = self._call(term)
            shape = (*call.dims[2], 1)
            made = b.views.stored(to, shape)
            b.convolution(kernel_step(b, call, made)._replace(given=MEAN_STEP))
            return True
        x, y, first, second, out = self._letters(term)
        into = to._replace(strides=to.strides[:-1])
        return b.product_into(into, MEAN_STEP, x, y, f"{first},{second}->{out}")

    def _rate(self, rank: int) -> Expr:
        """The factor -rate."""
        if "-rate" not in self.lowered.inputs:
            self.lowered.inputs["-rate"] = self.builder.plan.buffer(2, "factor", "")
        leaf = Leaf(self.lowered.inputs["-rate"], STEP - 1, (0,) * rank)
        return self.builder.views.stored(leaf, (1,) * rank)

    def _sooner(self, first: int) -> None:
        """Move steps from `first` on to where all that they need is there.

        A parameter is stepped when nobody reads it any more.
        """
        steps = self.builder.plan.steps
        for k in range(first, len(steps)):
            step = steps[k]
            touched = {leaf.buffer for leaf in step.writes}
            read = {leaf.buffer for leaf in step.reads}
            at = k
            while at > 0 and not _depends(steps[at - 1], touched, read):
                at -= 1
            steps.insert(at, steps.pop(k))


def _depends(
    before: Loop | Product | Convolution, touched: set[int], read: set[int]
) -> bool:
    """Whether a step that writes `touched` and reads `read` must come after another."""
    writes = {leaf.buffer for leaf in before.writes}
    reads = {leaf.buffer for leaf in before.reads}
    return bool(writes & (touched | read) or reads & touched)


def _drop_unused(plan: Plan) -> None:
    """Leave out the steps whose results nobody reads."""
    read = {k for k, buffer in enumerate(plan.buffers) if buffer.kind != "work"}
    kept = []
    for step in reversed(plan.steps):
        if any(leaf.buffer in read for leaf in step.writes):
            read |= {leaf.buffer for leaf in step.reads}
            kept.append(step)
    plan.steps[:] = reversed(kept)
