"""The plan of a request: its values, where its results go, and steps of parameters.

Request ─▶ Planner(request).run() ─▶ Lowered
"""

from __future__ import annotations

from cgprimer.expr.node import Node
from cgprimer.run.llvm.arrays.expression import Expr, Leaf, Shape, contiguous
from cgprimer.run.llvm.arrays.loop_builder import ADD, MUL
from cgprimer.run.llvm.arrays.lowering import Lowering
from cgprimer.run.llvm.arrays.operations import OPERATIONS
from cgprimer.run.llvm.arrays.operations.call import Value
from cgprimer.run.llvm.arrays.operations.convolutions import kernel_step
from cgprimer.run.llvm.arrays.request import Lowered
from cgprimer.run.llvm.arrays.steps import Convolution, Loop, MatrixProduct, Plan

STEP, MEAN_STEP = 1, 2  # numbers of the factors -rate and -rate/samples


class Planner(Lowering):
    """Makes the plan of a request."""

    def run(self) -> Lowered:
        """The plan."""
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
        return self.lowered

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
            if self._adds(term):
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
            if self._adds(term) and not self._product_into(to, term):
                # BLAS cannot add to it: the value first.
                more = b.entries(MUL, self._whole(term), self._rate(len(here.shape)))
                b.run(b.entries(ADD, here, more), to)

    def _whole(self, term: Node) -> Expr:
        """The slope that a term is."""
        if self._sums(term):
            return self._mean(term)
        rule = OPERATIONS[term.op.name]
        return self.builder.settled(rule(self.builder, self._call(term)))

    def _product_into(self, to: Leaf, term: Node) -> bool:
        b = self.builder
        given = MEAN_STEP if self._sums(term) else STEP
        if term.op.name == "conv2d_kernel":
            call = self._call(term)
            shape = (*call.dims[2], 1)
            made = b.views.stored(to, shape)
            b.convolution(kernel_step(b, call, made)._replace(given=given))
            return True
        x, y, first, second, out = self._letters(term)
        into = to._replace(strides=to.strides[:-1])
        return b.product_into(into, given, x, y, f"{first},{second}->{out}")

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
    before: Loop | MatrixProduct | Convolution, touched: set[int], read: set[int]
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
