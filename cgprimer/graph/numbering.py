"""The names of a graph while it is made: numbered, and of one kind each.

    name ─▶ (VARIABLE or PARAMETER, number among that kind)

`graph.from_texts` and `graph.rows` make tables by it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cgprimer.errors import GraphError, listing
from cgprimer.graph.slots import PARAMETER, VARIABLE, Leaf, SlotKind
from cgprimer.keeping import lazy

_X = ("x", "ẋ", "ẍ")  # with an accent it is an x still; χ and х are none


class Names:
    """The names met so far, numbered by first appearance, and their kinds."""

    def __init__(
        self,
        defined: Collection[str],
        parameters: Sequence[str],
        variables: Sequence[str],
    ) -> None:
        self.variables: dict[str, int] = {}
        self.parameters: dict[str, int] = {}
        self.known: dict[str, Leaf] = {}
        self.defined, self.given = defined, (*parameters, *variables)
        self.declared_parameters = frozenset(parameters)
        both = parameters and self.declared_parameters & {*variables, *defined}
        if both:
            raise GraphError(
                f"{listing(sorted(both))}: declared a parameter, and also a variable "
                "or on the left of '='"
            )

    @lazy
    def declared(self) -> frozenset[str]:
        """Names that are names whatever they spell."""
        return frozenset((*self.given, *self.defined))

    def kind(self, name: str) -> SlotKind:
        """What is defined or declared decides, else the first letter."""
        if name in self.declared:
            return PARAMETER if name in self.declared_parameters else VARIABLE
        return VARIABLE if name.startswith(_X) else PARAMETER

    def enter(self, name: str) -> Leaf:
        """(kind, number among its kind) of a name, numbered now if it is new."""
        leaf = self.known.get(name)
        if leaf is None:
            kind = self.kind(name)
            table = self.variables if kind is VARIABLE else self.parameters
            number = table.setdefault(name, len(table))
            leaf = self.known[name] = (kind, number)
        return leaf
