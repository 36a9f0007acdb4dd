"""What the names of a derivation stand for, as expressions over its free names.

Definitions are substituted with sharing kept. Adjoints and total derivatives come from
reverse accumulation over the definitions, edge partials from the rules of the op table:
the author's own claims about them are never used.
"""

from __future__ import annotations

from collections.abc import Iterator

from cgprimer.diff.sweep import partials
from cgprimer.expr.node import Node, leaves, substitute
from cgprimer.expr.ops import ONE, OPS, ZERO, name
from cgprimer.expr.tidy import tidy
from cgprimer.graph.gradient import gradient
from cgprimer.graph.graph import Graph
from cgprimer.graph.rows import graph_of
from cgprimer.keeping import lazy, memo
from cgprimer.reading.names import Derivative, adjoint_of, derivative_of
from cgprimer.reading.script import Script


class Meanings:
    """The true meaning of every name of a script.

    given : free names that a line has given a number, as `x = 3`.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.known = {*script.free, *script.bodies, *script.derived, *script.broken}
        self.done: dict[str, Node] = {}
        self.given: dict[Node, Node] = {}

    def close(self, root: Node) -> Node:
        """`root` over the free names only, those left out that are given."""
        # Numbers last: what is derived at x = 3 is derived first.
        return substitute([self.open(root)], self.given)[0]

    def open(self, root: Node) -> Node:
        """`root` over all free names."""
        # A stack, since definitions may follow from one another thousands of times.
        waiting = leaves(root)
        while waiting:
            text = waiting[-1]
            formula = self._formula(text)
            missing = [
                part
                for part in leaves(formula)
                if part != text and part not in self.done
            ]
            # Once more when what it is made of is there.
            if missing and text not in self.done:
                waiting.extend(missing)
            else:
                self.done.setdefault(text, self._substitute(formula))
                waiting.pop()
        return self._substitute(root)

    def _substitute(self, root: Node) -> Node:
        by = {name(text): self.done[text] for text in leaves(root) if text in self.done}
        return substitute([root], by)[0] if by else root

    @memo
    def _formula(self, text: str) -> Node:
        """What a name stands for, over other names; itself where it is free."""
        script = self.script
        if text in script.bodies or text in script.derived:
            return script.bodies.get(text) or script.derived[text]
        base = adjoint_of(text, self.known)
        if base and script.output:
            return self.total(script.output, base)
        derivative = derivative_of(text, self.known)
        return self.derivative(derivative) if derivative else name(text)

    def derivative(self, asked: Derivative) -> Node:
        """A total derivative, or an edge partial where there is such an edge."""
        body = self.script.bodies.get(asked.of, ZERO)
        # ∂v3/∂x of v3 = v1·v2, which has no x: what is meant is the total derivative.
        if asked.kind == "partial" and asked.wrt in leaves(body):
            return partials(body, [name(asked.wrt)])[name(asked.wrt)]
        return self.total(asked.of, asked.wrt)

    def total(self, of: str, wrt: str) -> Node:
        """d of / d wrt through every path, over the names of the definitions."""
        if of == wrt:
            return ONE
        graph = self.graph
        if wrt not in graph.variable_number or of not in graph.dependents:
            return ZERO
        derivatives = gradient(graph, of, [wrt])
        closed: dict[Node, Node] = {}
        for equation in derivatives.equations:
            # The equations of a gradient are those of the author and new ones for
            # adjoints; only the latter are put in, so that the formula has the author's
            # names.
            if equation.name not in self.script.bodies:
                closed[name(equation.name)] = substitute([equation.body], closed)[0]
        [output] = derivatives.outputs
        return closed[name(output)]

    @lazy
    def graph(self) -> Graph:
        """The definitions as a graph."""
        script = self.script
        output = [script.output] if script.output else []
        inputs = list(dict.fromkeys([*script.free, *script.broken]))
        return graph_of(script.bodies, output, (), inputs)

    def shares(self, of: str) -> Iterator[tuple[str, Node]]:
        """For each user u of a name `bar_u * ∂u/∂of`, which add up to its adjoint."""
        for user, body in self.script.bodies.items():
            if of in leaves(body):
                partial = partials(body, [name(of)])[name(of)]
                yield user, tidy(OPS["mul"], name(f"bar_{user}"), partial)
