"""Values at one sample: of the operations of a graph, and of new forms for them.

    names' values ─→ Sample ─ double, exact ─→ any expression's, computed once

Whoever judges a form asks here: `rewrite`, `verify`, and the rules of `proposals`.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import isfinite

import numpy as np

from cgprimer.diagnosis.evaluation import exactly
from cgprimer.diagnosis.extended import Number, context, is_finite
from cgprimer.diagnosis.walks import apply
from cgprimer.expr.node import Node, postorder_above

HAIR = Fraction(1, 10**30)
VANISHING = 1e-20  # what is smaller, a hair's breadth beside 0/0, is 0 there


class Sample:
    """Values of expressions over names, whose own values are `at`.

    exact : expression → number in extended precision, for those known already.
    """

    def __init__(
        self, at: Mapping[str, float], exact: Mapping[Node, Number] | None = None
    ) -> None:
        self.at = at
        self._doubles: dict[Node, float] = {}
        self._known = dict(exact or {})
        self._exact: dict[Node, Number] = {}

    def double(self, root: Node) -> float:
        """`root` in doubles, one operation after another."""
        done = self._doubles
        with np.errstate(all="ignore"):
            for node in postorder_above([root], done):
                args = (np.float64(done[arg]) for arg in node.args)
                done[node] = float(apply(node, args, self.at))
        return done[root]

    def exact(self, root: Node) -> Number:
        """`root` in extended precision; for 0/0, the value a hair's breadth beside."""
        if root not in self._exact:
            if root not in self._known:
                for node, number in exactly([root], self.at).items():
                    self._known.setdefault(node, number)
            self._exact[root] = self._limit(root, self._known[root])
        return self._exact[root]

    def _limit(self, root: Node, number: Number) -> Number:
        """`number`; where it is nan, the value of `root` a hair's breadth beside."""
        mp = context()
        if not mp.isnan(number) or not all(map(isfinite, self.at.values())):
            return number
        # sin(x)/x at 0: computed at 1e-30 its limit is 1 to sixty digits.
        beside = {key: Fraction(value) + HAIR for key, value in self.at.items()}
        limit = exactly([root], beside)[root]
        return mp.zero if is_finite(limit) and abs(limit) < VANISHING else limit
