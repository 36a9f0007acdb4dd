"""Nodes over arrays to the steps that compute them.

    Demand ─▶ Lowering: the value of each node that is wanted, its mean where that is

A value that is wanted as a mean over samples is not computed for each sample where a
product over samples gives it: the mean of outer(g, x) is G·X'/n. `planner` puts results
and steps of parameters behind it.
"""

from __future__ import annotations

from cgprimer.expr.array_op import ArrayOp, attrs_of
from cgprimer.expr.node import Node, intern
from cgprimer.expr.ops import CONST, NAME, OPS
from cgprimer.run.llvm.arrays.builder import Builder
from cgprimer.run.llvm.arrays.demand import Demand
from cgprimer.run.llvm.arrays.expression import (
    CHEAP,
    Expr,
    Leaf,
    Shape,
    Windows,
    contiguous,
)
from cgprimer.run.llvm.arrays.operations import OPERATIONS
from cgprimer.run.llvm.arrays.operations.call import Call, NoCode, Value
from cgprimer.run.llvm.arrays.operations.convolutions import kernel_gradient
from cgprimer.run.llvm.arrays.operations.products import (
    lettered,
    multiplied,
    with_samples,
)
from cgprimer.run.llvm.arrays.operations.reductions import summed_to
from cgprimer.run.llvm.arrays.request import Lowered, Request

PICKING = {"pick": 0, "unpick": 2}
"""Operations that choose by whole numbers, and which argument these count in."""
IN_MEMORY = frozenset({"matmul", "transpose", "outer", "conv2d", "conv2d_kernel"})
"""Operations for which values are stored anyhow."""
OFTEN = 3  # times a cheap expression is computed again, at most


class Lowering(Demand):
    """Makes the steps of all values that are needed."""

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self.builder = Builder()
        self.lowered = Lowered(self.builder.plan)
        self.values: dict[Node, Value] = {}
        self.means: dict[Node, Expr] = {}
        for node in self.order:
            if node in self.wanted:
                self.values[node] = self._kept(node, self._value(node))
            if node in self.averaged:
                self.means[node] = self._mean(node)

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
            1
            for user in self.users.get(node, ())
            if user.op.name in ("logsumexp", "softmax")
        )
        if uses < 2:
            return value
        cost = self.builder.views.costs(value)
        cheap = node.op.name in CHEAP and cost < 10
        users = self.users.get(node, ())
        multiplied = any(user.op.name in IN_MEMORY for user in users)
        if cost and (multiplied or not (cheap and cost * (uses - 1) <= OFTEN)):
            return self.builder.stored(value)
        return value

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
        zero = b.number(0.0)  # of which only the dims count
        args = [self.means.get(arg) or self.values.get(arg, zero) for arg in node.args]
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
