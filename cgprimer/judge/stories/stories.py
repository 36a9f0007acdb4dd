"""What wrong total derivatives look like: one story for all, for some, or for each.

wrong totals ─▶ edges that explain them by a factor ─▶ the mistake on that edge
            └─▶ other totals, paths, terms, ratios    ─▶ the mistake in that total

First one edge is sought that explains all of them, then edges that explain several;
what is left is explained one by one. Right totals bear witness: an edge that would
have made one of them wrong is innocent. In the example of `mistakes.culprits` two wrong
totals make one story, of the edge through which both go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from cgprimer.expr.ops import ZERO
from cgprimer.judge.mistakes.culprits import Culprit
from cgprimer.judge.mistakes.explain import (
    Cause,
    WrongDerivative,
    explain,
)
from cgprimer.judge.mistakes.terms import sentence
from cgprimer.judge.stories.edge_stories import (
    LOOKED_AT,
    SWAPPED,
    EdgeStories,
    Story,
)

STORIES = 60  # of one check; of further wrong totals only the ratio is looked at


@dataclass(frozen=True)
class TotalStories(EdgeStories):
    """The stories of one output's wrong totals, each of them in exactly one."""

    def __iter__(self) -> Iterator[Story]:
        # Culprits of all wrong totals are found once; each story takes the names it
        # explains.
        left = list(self.totals.bad)
        found = list(self.totals.culprits(left))
        for _ in range(STORIES):
            if not left:
                return
            yield (one := self._common(left, found) or self._single(left[0], found))
            left = [wrt for wrt in left if wrt not in one.names]
        yield from map(self._plain, left)

    def _common(
        self, names: Sequence[str], culprits: Sequence[Culprit]
    ) -> Story | None:
        """One story for as many of several names as possible."""
        if len(names) < 2:
            return None
        found = [c for c in _of_names(culprits, names) if len(c.names) > 1]
        # Single edges before all edges of a node: one lost factor is the simpler story.
        found.sort(key=lambda c: (-len(c.names), len(c.edges) > 1))
        whole = [c for c in found if len(c.names) == len(names)]
        story = self.likeliest([c for c in whole if len(c.edges) == 1])
        # Totals that have changed places are each wrong by a ratio, which some edge may
        # fit by chance: an edge that explains all of them goes first, one that explains
        # a part last.
        swap = self._swap(names) or self._exchange(names)
        story = story or swap or self.likeliest(found)
        return story or self._common_penalty(names, culprits)

    def _common_penalty(
        self, names: Sequence[str], culprits: Sequence[Culprit]
    ) -> Story | None:
        """The names whose totals lack the gradient of one sum of squares."""
        terms = [term for wrt in names[:SWAPPED] if (term := self.totals.term(wrt))]
        for first in terms:
            # lam·w1 missing in one and lam·w2 in another are one penalty ½·lam·(w1² +
            # w2²).
            same = [term for term in terms if sentence([first, term])]
            alone = self.likeliest(list(_of_names(culprits, [first.wrt])))
            whole = alone is None or alone.cause.kind == "missing path"
            if len(same) > 1 and whole:
                cause = Cause("missing term", sentence(same), (np.nan, np.nan))
                edge = alone.edge if alone else self.totals.entry(first.wrt)
                every = tuple(term.wrt for term in same)
                return Story(self.totals.output, every, edge, cause, cause.says, False)
        return None

    def _swap(self, names: Sequence[str]) -> Story | None:
        """One story where all of them are given what belongs to other names."""
        swaps = []
        for wrt in names:
            if (swap := next(self.totals.others(wrt), None)) is None:
                return None
            swaps.append(swap)
        cause = Cause(*swaps[0][:2], (np.nan, np.nan))
        says = "; ".join(dict.fromkeys(says for _, says, _ in swaps))
        entry = self.totals.entry(names[0])
        return Story(self.totals.output, tuple(names), entry, cause, says)

    def _exchange(self, names: Sequence[str]) -> Story | None:
        """The first two of them that have each other's total."""
        has = self.totals.has
        pairs = combinations(names[:SWAPPED], 2)
        pair = next(((a, b) for a, b in pairs if has(a, b) and has(b, a)), None)
        return self._swap(pair) if pair else None

    def _single(self, wrt: str, culprits: Sequence[Culprit]) -> Story:
        """The story of one total."""
        fit = list(_of_names(culprits, [wrt]))
        # For one total, all edges of a node are no simpler than a ratio of the total
        # itself.
        if story := self.likeliest([c for c in fit if len(c.edges) == 1]):
            return story
        cause = self.totals.looks_like(wrt)
        if not cause.is_recognised:
            alone = (self.story(c, only=True) for c in fit[:LOOKED_AT])
            if story := next((s for s in alone if s.is_known), None):
                return story
        return self._plain(wrt, cause)

    def _plain(self, wrt: str, cause: Cause | None = None) -> Story:
        """The story of a total that no edge explains, or that nobody looked into."""
        output, entry = self.totals.output, self.totals.entry(wrt)
        case = WrongDerivative(ZERO, output, wrt, {}, self.totals.wrong(wrt))
        known = cause or explain(case)
        says = known.says
        if cause and known.kind == "unknown":
            says = f"no single edge explains it, {says}"
        return Story(output, (wrt,), entry, known, says, single=False)


def _of_names(culprits: Sequence[Culprit], names: Sequence[str]) -> Iterator[Culprit]:
    """What is left of the culprits when only these totals are looked at."""
    kept = set(names)
    for culprit in culprits:
        own = tuple(wrt for wrt in culprit.names if wrt in kept)
        if own:
            yield replace(culprit, names=own)
