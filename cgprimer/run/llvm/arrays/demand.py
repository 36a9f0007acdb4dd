"""Which values a request needs, and which of them only as means over samples.

Request ─▶ Demand: nodes in order; wanted, averaged; how often each is used
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cgprimer.expr.array_op import ArrayOp
from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import NAME
from cgprimer.run.llvm.arrays.loop_builder import ADD
from cgprimer.run.llvm.arrays.request import Request, written_out

SUMMING = frozenset({"outer", "matmul", "conv2d_kernel"})
LINEAR = {"add": 2, "sub": 2, "neg": 1, "transpose": 1, "reshape_to": 1, "permute": 1}
"""Operations whose mean is that of their first arguments, and how many these are."""


class Demand:
    """What is needed of a request.

    order : nodes whose values count, arguments first. sampled : those with samples.
    summing : those whose mean is a product over samples, or made of such. wanted,
    averaged : those needed for each sample, or as means. uses : by how many others.
    """

    def __init__(self, request: Request) -> None:
        self.given, self.sizing = request, request.sizing
        count = len(request.roots)
        every = written_out([*request.roots, *request.updates.values()])
        self.roots, self.slopes = every[:count], every[count:]
        self.parameters = list(request.updates)
        self.order = self._needed(every)
        self.sampled = self._sampled()
        self.summing = self._summing()
        self.wanted: set[Node] = set()
        self.averaged: set[Node] = set()
        self.uses: Counter[Node] = Counter()
        self.users: dict[Node, list[Node]] = {}
        for user in self.order:
            for arg in user.args:
                self.users.setdefault(arg, []).append(user)
        self._ask()

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
            elif name in ("mul", "div"):
                k = self._factor(node)
                if k is not None and node.args[1 - k] in found:
                    found.add(node)
        return found

    def _sums(self, node: Node) -> bool:
        """Whether one step gives the mean of a node over samples."""
        have = [arg in self.sampled for arg in node.args[:2]]
        if node.op.name == "conv2d_kernel":
            return any(have)
        return node.op.name in SUMMING and all(have)

    def _adds(self, node: Node) -> bool:
        """Whether a term of a slope can be added to its parameter as one product."""
        return self._sums(node) or (node.op.name in SUMMING and self._alone(node))

    def _alone(self, node: Node) -> bool:
        """Whether a value without samples is used by a slope, and by nothing else."""
        users = self.users.get(node, [])
        return (
            node not in self.sampled
            and node not in self.roots
            and all(user.op is ADD and self._alone(user) for user in users)
        )

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
                if self._adds(term):
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
            if node.op is ADD and (node in self.summing or self._alone(node)):
                stack += reversed(node.args)
            else:
                terms.append(node)
        return terms
