"""The best way to write an expression at a point where it goes wrong.

    Rewriter(here, budget).best(root)  →  root, with every operation that is wrong anew

Arguments come first, so that only what is wrong is changed, and a form is taken only
where, computed in doubles, it is right, and the same function: a proposal may be
anything. `regions` makes a Rewriter for each sample, and `remedies` asks it.

At xx = 1e-9, 1/(1 - cos(xx)) divides by 0. The cosine is right, 1 - cos(xx) is not: the
table has 2*sin(xx/2)^2 for it, which gives 5e-19. The quotient made of that is right,
so that nothing else is tried on it.
"""

from __future__ import annotations

from collections.abc import Iterator

from cgprimer.diagnosis.budget import Budget
from cgprimer.diagnosis.evaluation import error
from cgprimer.diagnosis.proposals.expansions import SERIES
from cgprimer.diagnosis.proposals.propose import proposals, whole_forms
from cgprimer.diagnosis.sample import Sample
from cgprimer.diagnosis.verify import GAIN, SHARP, holds
from cgprimer.diagnosis.walks import above, size
from cgprimer.diff.factors import with_arguments
from cgprimer.expr.node import Node, postorder, postorder_above
from cgprimer.keeping import memo
from cgprimer.notation.text import tree_size

Words = tuple[str, ...]

WIDE = 120  # operations of an expression that rules are tried on
DEEP = 8  # operations one after another that stay wrong: a sum, within a logarithm
BULKY = 45  # operations of a form beyond which a shorter one is looked for


class Rewriter:
    """The best form of every node at one point, and words on it."""

    def __init__(self, here: Sample, budget: Budget) -> None:
        self.here, self.budget = here, budget
        self._form: dict[Node, Node] = {}
        self._depth: dict[Node, int] = {}
        self._words: dict[Node, Words] = {}
        self._skipped: set[Node] = set()
        self._nested = False
        self.by_table: set[Node] = set()

    def best(self, root: Node) -> Node:
        """`root` written anew where it is wrong; as it is where nothing better is."""
        self.here.exact(root)  # which makes that of all parts known at once
        for node in postorder_above([root], self._form):
            below = (self._depth.get(arg, 0) for arg in node.args)
            self._depth[node] = 1 + max(below, default=0)
            form = self._form[node] = self._best_of(node)
            # Depth counts operations in a row that stay wrong, from the last that is
            # right.
            if self.error(node, form) < SHARP:
                self._depth[node] = 0
        return self._form[root]

    def is_mended(self, root: Node) -> bool:
        """Whether `best(root)` is right."""
        return self.error(root, self.best(root)) < SHARP

    def retry(self) -> None:
        """Forget what was left alone for want of budget."""
        # With what has been left alone goes all that was made of it.
        if self.budget.left:
            for node in above(self._form, self._skipped.__contains__):
                del self._form[node]
        self._skipped = set()

    def words(self, root: Node) -> str:
        """What is to be said about the forms that are new in `best(root)`."""
        used = self._words_on(root)
        ranges = [word.removeprefix(SERIES) for word in used if SERIES in word]
        others = [word for word in used if word and SERIES not in word]
        return "; ".join([*others, *[SERIES + " and ".join(ranges)] * bool(ranges)])

    def _words_on(self, root: Node) -> Words:
        """The words on `root` and on what is in it, but for what the table replaces."""
        reached = {root}
        for node in reversed(postorder([root])):
            # A form from the table replaces the whole: what was said of its parts is of
            # no matter.
            if node in reached and node not in self.by_table:
                reached.update(node.args)
        order = (node for node in postorder([root]) if node in reached)
        return tuple(dict.fromkeys(w for n in order for w in self._words.get(n, ())))

    def error(self, node: Node, form: Node) -> float:
        """The relative error of `form`, in doubles, as a form of `node`."""
        return error(self.here.double(form), self.here.exact(node))

    def _best_of(self, node: Node) -> Node:
        if not node.args or self.error(node, node) < SHARP:
            return node
        # The table first, on the expression as written: known names for known forms.
        for new, word in whole_forms(node):
            if (
                self._is_better(node, new, float("inf"))
                and self.error(node, new) < SHARP
            ):
                self.by_table.add(node)
                self._words[node] = (word,)
                return new
        # The operation on its better arguments is the form to beat.
        made = with_arguments(node, [self._form[arg] for arg in node.args])
        least, form = self.error(node, made), made
        for new, words in self._others(node, made, least < SHARP):
            # Where a form is right already, only a shorter one counts, if it is right
            # as well.
            shorter = least < SHARP and tree_size(new) < tree_size(form)
            if self._is_better(node, new, SHARP * GAIN if shorter else least):
                self._words[node] = words
                least, form = self.error(node, new), new
            # Right and short: to look on would cost what others need.
            if least < SHARP and tree_size(form) <= BULKY:
                break
        return form

    def _is_better(self, node: Node, new: Node, least: float) -> bool:
        """Whether `new` is nearer by two digits than `least`, and the same function."""
        return self.error(node, new) * GAIN < least and self.holds(node, new)

    @memo
    def holds(self, node: Node, new: Node) -> bool:
        """Whether `new` is the same function, and as good beside the point."""
        return holds(node, new, self.here)

    def _others(
        self, node: Node, made: Node, is_right: bool
    ) -> Iterator[tuple[Node, Words]]:
        """What is `made` of better arguments; then what rules give."""
        if made is not node:
            yield from ((new, (word,)) for new, word in whole_forms(made))
        if is_right:
            yield made, ()
        # There is no hope: what is large, or wrong for long, stays so.
        if self._depth[node] > DEEP or size(node) > WIDE:
            return
        if not self.budget.spend():
            self._skipped.add(node)
            return
        tried = []
        for part in dict.fromkeys((node, made)):
            for new, word in proposals(part, self.here):
                tried.append((new, word))
                yield new, (word,)
        # Only now: a form that is right needs nothing within it written anew.
        for new, word in tried:
            yield from self._again(node, new, word)

    def _again(self, node: Node, new: Node, word: str) -> Iterator[tuple[Node, Words]]:
        """A form that is the same function, with what is wrong in it written anew."""
        # One level deep: forms of forms of forms would never end.
        if self._nested or tree_size(new) > BULKY or not self.holds(node, new):
            return
        self._nested = True
        better = self.best(new)
        self._nested = False
        if better is not new:
            yield better, (word, *self._words_on(new))
