"""Dims of everything in a text, from what is declared and from its equations.

    name → Node, Declared ─▶ Inference: bodies, sizing, a Mistake for all that misfits

`graph.declared` calls it. A name that nobody declared is a scalar, except directly
beside '@', and then it must not meet an array: a bias that is silently a scalar is
the mistake that nobody sees. What only follows from a mistake is not told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cgprimer.errors import Mistake, shorten
from cgprimer.expr.array_advice import is_inverse
from cgprimer.expr.array_op import attrs_of
from cgprimer.expr.dims import Dims, DimsError, Sizing
from cgprimer.expr.node import Node, intern, leaves, postorder
from cgprimer.expr.ops import NAME
from cgprimer.expr.ops import name as name_node
from cgprimer.graph.attributes import resolved
from cgprimer.graph.declarations import Declared
from cgprimer.graph.fitting_shapes import is_entrywise
from cgprimer.graph.shape_errors import EquationText, Needed, Teller
from cgprimer.grouping import grouped
from cgprimer.notation.text import show

INDICES = frozenset(["pick", "take"])
"""Operations whose scalars are indices, and need no declaration."""


class Inference:
    """Bodies with their attributes in numbers, a Sizing, and mistakes by equation.

    bodies : name → node; None for an equation that has no body, being wrong.
    places : name → its text, and where each operation stands in it.
    """

    def __init__(
        self,
        bodies: Mapping[str, Node | None],
        places: Mapping[str, EquationText],
        declared: Declared,
    ) -> None:
        self.given, self.places, self.declared = bodies, places, declared
        self.bodies: dict[str, Node] = {}
        self.sizing = Sizing(
            {n: d for n, d in declared.dims.items() if n not in declared.broken}
        )
        self.problems: dict[str, list[Mistake]] = {}
        self.made: dict[Node, Node] = {}
        self.unclear: set[Node] = set()  # what depends on a mistake
        self.lost = declared.broken | {n for n, b in bodies.items() if b is None}
        self.lost -= {*self.sizing.names}
        self.undeclared: dict[Node, str] = {}  # scalars → the name that makes them so
        self.told: set[str] = set()
        self.teller = Teller(self.sizing, places, declared)
        self._ranks_beside_products()

    def run(self, order: Sequence[str]) -> None:
        """Infer the dims of equations, each after those that it uses."""
        for name in order:
            if self.given[name] is not None:
                self._equation(name)
        self.sizing.names = {
            name: self.sizing.settled(dims) for name, dims in self.sizing.names.items()
        }

    def _ranks_beside_products(self) -> None:
        """Names beside '@' that nobody declared: capitals are matrices."""
        sizing = self.sizing
        for body in filter(None, self.given.values()):
            for node in postorder([body]):
                if node.op.name != "matmul":
                    continue
                for arg in node.args:
                    while arg.op.name == "transpose":
                        arg = arg.args[0]
                    called = str(arg.value)
                    if arg.op is not NAME or called in self.given:
                        continue
                    if called in sizing.names or called in self.lost:
                        continue
                    rank = 2 if called[0].isupper() else 1
                    sizing.names[called] = tuple(sizing.fresh() for _ in range(rank))

    def _equation(self, name: str) -> None:
        body = self.given[name]
        assert body is not None
        for node in postorder([body]):
            if node not in self.made:
                self._visit(name, node)
        made = self.bodies[name] = self.made[body]
        self._define(name, body, made)

    def _visit(self, name: str, node: Node) -> None:
        """The dims of a node, those of its arguments being known."""
        args = tuple(self.made[arg] for arg in node.args)
        try:
            new = self._filled(node, args)
            self.made[node] = new
            if self._is_unclear(new):
                self.unclear.add(new)
            elif new not in self.sizing.known:
                dims = self._dims(new)
                self._check_undeclared(name, node, new, dims)
                self._check_inverse(name, node, new)
                self.sizing.known[new] = dims
        except DimsError as error:
            self.made[node] = intern(node.op, args, node.value)
            self.unclear.add(self.made[node])
            self._tell(name, self._mistake(name, node, args, error))

    def _filled(self, node: Node, args: tuple[Node, ...]) -> Node:
        """The node with names of axes and of sizes in its attributes as numbers."""
        if not args:
            return node
        value = node.value
        if isinstance(value, tuple) and not self.unclear.intersection(args):
            given = [self.sizing.of(arg) for arg in args]
            value = resolved(attrs_of(node), given, self.declared)
        return intern(node.op, args, value)

    def _is_unclear(self, node: Node) -> bool:
        if node.op is NAME:
            return node.value in self.lost
        return not self.unclear.isdisjoint(node.args)

    def _dims(self, node: Node) -> Dims:
        """The dims; a scalar that comes from a name without any is noted as such."""
        dims = self.sizing.of_operation(node)
        if node.op is NAME:
            called = str(node.value)
            if called not in self.sizing.names:
                self.undeclared[node] = called
            return dims
        given = [self.sizing.of(arg) for arg in node.args]
        if node.args and not is_entrywise(node.op) and not any(given) and not dims:
            raise DimsError("an array is expected, not a scalar")
        if not dims and is_entrywise(node.op):
            for arg in node.args:
                if arg in self.undeclared:
                    self.undeclared.setdefault(node, self.undeclared[arg])
        return dims

    def _check_undeclared(self, name: str, node: Node, new: Node, dims: Dims) -> None:
        """Tell where a scalar that nobody declared meets an array."""
        if new.op.name in INDICES or new.op is NAME:
            return
        given = [self.sizing.of(arg) for arg in new.args]
        if not any(given):
            return
        for before, arg in zip(node.args, new.args, strict=True):
            if arg in self.undeclared and not self.sizing.of(arg):
                self._tell_undeclared(name, node, before, arg, dims)

    def _check_inverse(self, name: str, node: Node, new: Node) -> None:
        """Refuse A^-1 of a matrix, which is 1/A here and the inverse in books."""
        if is_inverse(new) and len(self.sizing.of(new.args[0])) > 1:
            place = self.places[name]
            shown = shorten(show(new.args[0]), 24)
            message = f"{shown!r} to the power -1 may be either of two"
            hint = "write inv(A) for the inverse, 1/A for one entry by entry"
            span = self.teller.span(place, node)
            self._tell(name, Mistake(message, place.text, *span, hint))

    def _tell_undeclared(
        self, name: str, node: Node, before: Node, arg: Node, dims: Dims
    ) -> None:
        called = self.undeclared[arg]
        if called not in self.told:
            self.told.add(called)
            needed = Needed(dims, dims, may_be_scalar=True)
            problem = self.teller.undeclared(name, node, before, called, needed)
            self._tell(name, problem)

    def _mistake(
        self, name: str, node: Node, args: tuple[Node, ...], error: DimsError
    ) -> Mistake | None:
        for k, arg in enumerate(args):
            if arg in self.undeclared and not self.sizing.of(arg):
                called = self.undeclared[arg]
                if called in self.told:
                    return None
                self.told.add(called)
                needed = self.teller.needed(node, args, k)
                return self.teller.undeclared(name, node, node.args[k], called, needed)
        return self.teller.misfit(name, node, args, error)

    def _tell(self, name: str, problem: Mistake | None) -> None:
        if problem is not None:
            self.problems.setdefault(name, []).append(problem)

    def _define(self, name: str, body: Node, made: Node) -> None:
        """What an equation gives to its name, which may be declared."""
        declared = self.sizing.names.get(name)
        if made in self.unclear:
            if declared is None:
                self.lost.add(name)
            return
        found = self.sizing.of(made)
        if declared is None:
            if name in self.lost:
                return
            self.sizing.names[name] = found
            self.teller.defined.add(name)
            if made in self.undeclared and not found:
                leaf = name_node(name)
                self.undeclared[leaf] = self.undeclared[made]
            return
        try:
            self.sizing.same_dims(declared, found)
        except DimsError:
            # A size that is defined as well has no declaration; that is told elsewhere.
            if name in self.declared.origins:
                self._tell(name, self.teller.declared_otherwise(name, declared, found))


def order_of(bodies: Mapping[str, Node | None]) -> list[str]:
    """Names, each after those that its equation uses; fewer where there is a cycle."""
    uses = {
        name: {n for n in leaves(body) if n in bodies} if body is not None else set()
        for name, body in bodies.items()
    }
    users = grouped((used, name) for name, some in uses.items() for used in some)
    waiting = {name: len(some) for name, some in uses.items()}
    ready = [name for name, count in waiting.items() if not count]
    order: list[str] = []
    for name in ready:  # which grows
        order.append(name)
        for user in users.get(name, ()):
            waiting[user] -= 1
            if not waiting[user]:
                ready.append(user)
    return order
