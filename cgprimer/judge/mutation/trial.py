"""One output's gradient tried: what ours and the rules of other tools say of it.

GraphCheck, output ─▶ differences of every tool, taken once ─▶ Trial
partials, one of them mistaken ─▶ the whole gradient ─▶ who objects to which names
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cgprimer.graph.accumulation import totals
from cgprimer.judge.check import report
from cgprimer.judge.claim import Claim
from cgprimer.judge.graph_check import GraphCheck
from cgprimer.judge.mutation.other_tools import RULES, CheckRule, Measured
from cgprimer.judge.mutation.zeros import Zero
from cgprimer.judge.report import CheckReport
from cgprimer.judge.verdict import FAIL, INCONCLUSIVE
from cgprimer.types import Array, Edge


class Trial:
    """One output's gradient by inputs and parameters, and each tool's differences."""

    def __init__(
        self, check: GraphCheck, output: str, rng: np.random.Generator
    ) -> None:
        self.check, self.output = check, output
        ends = (*check.graph.inputs, *check.graph.parameters)
        self.inside = check.below(output)
        self.names = [text for text in ends if text in self.inside]
        self.measured: list[dict[CheckRule, Measured]] = []
        self.zeros: list[Zero] = []
        for i in range(check.width):
            f, x = self._function(i)
            self.measured.append({r: r.measure(f, x, rng) for r in RULES})
            self.zeros.append(Zero(output, tuple(self.names), f, x))

    def _function(self, i: int) -> tuple[Any, Array]:
        graph, values = self.check.graph, self.check.values
        program = graph.program([self.output])
        row = graph.variable_number[self.output]
        ends = (*graph.inputs, *graph.parameters)
        base = np.array([values[text][i] for text in ends])
        rows = [ends.index(text) for text in self.names]
        split = len(graph.inputs)

        def f(columns: Array) -> Array:
            full = np.repeat(base[:, None], columns.shape[1], axis=1)
            full[rows] = columns
            outputs: Array = program.forward(full[:split], full[split:])[row]
            return outputs

        return f, base[rows]

    def gradient(self, edges: Mapping[Edge, Array]) -> dict[str, Array]:
        """The whole gradient that backpropagation over these partials gives."""
        partials = totals(edges, self.output)
        return {text: partials[text] for text in self.names}

    def objections(self, gradient: Mapping[str, Array]) -> dict[str, set[str]]:
        """The names that each tool, and our checks of plain code, object to."""
        by_rule = {rule.name: self._by_rule(rule, gradient) for rule in RULES}
        return self._at_zeros(gradient) | by_rule

    def _by_rule(self, rule: CheckRule, gradient: Mapping[str, Array]) -> set[str]:
        """The names that a rule objects to at some point; all where it cannot tell."""
        names: set[str] = set()
        for i, measured in enumerate(self.measured):
            row = np.array([gradient[text][i] for text in self.names])
            flags = rule.rejects(measured[rule], row)
            if rule.by_component:
                names |= {t for t, bad in zip(self.names, flags, strict=True) if bad}
            elif flags.any():
                # A rule along a direction rejects without a name: that is no edge
                # located.
                names |= {*self.names, ""}
        return names

    def ours(self, gradient: Mapping[str, Array]) -> CheckReport:
        """Our report on the whole gradient alone."""
        edges = {(self.output, text): values for text, values in gradient.items()}
        claims = {edge: _array_claim(edge, values) for edge, values in edges.items()}
        return report(self.check, claims, self.output)

    def _at_zeros(self, gradient: Mapping[str, Array]) -> dict[str, set[str]]:
        """The names that our checks of plain code object to, at the first such point.

        What they cannot decide counts as a name without letters.
        """
        by_rule: dict[str, set[str]] = {}
        for i, zero in enumerate(self.zeros):
            for key, said in zero.judge(gradient, i).items():
                names = {row.wrt for row in said.rows if row.verdict == FAIL}
                doubt = any(row.verdict == INCONCLUSIVE for row in said.rows)
                before = by_rule.get(key, set())
                aside = {""} if doubt else set()
                by_rule[key] = before if before - {""} else names or before or aside
            # Caught by each of the checks: further points change nothing.
            if all(names - {""} for names in by_rule.values()):
                break
        return by_rule


def _array_claim(edge: Edge, values: Array) -> Claim:
    return Claim(edge, "", "", None, lambda at, n: values, everywhere=False)
