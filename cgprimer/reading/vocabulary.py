r"""The names of a derivation while it is read: which are known, and as what.

    v1 = 1/x           x is free, v1 has a body
    g = \bar v_1 + 1   g is derived: made of adjoints, no part of the graph
    \bar z = 1         refused with a caret: nothing is called z

`reader` asks it of every name; what is known in the end goes into the `Script`.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Collection, Mapping, MutableMapping
from typing import Any, NoReturn

from cgprimer.errors import ExpressionError, Mistake, listing, suggest
from cgprimer.expr.node import Node, leaves
from cgprimer.expr.ops import CONST, CONSTANTS, name
from cgprimer.graph.names import name_list
from cgprimer.reading.formula import Stretch
from cgprimer.reading.names import (
    Derivative,
    adjoint_of,
    derivative_like,
    derivative_of,
    plain_name,
)

SEVERAL = 8  # free names of a definition, beyond which it is no function of them


class Vocabulary:
    """The names known so far, and what they stand for.

    free : names that no line defines. bodies, derived : definitions, as in a `Script`.
    functions : what each takes that is defined as `f(x) = …`. depends : the free names
        of every definition. numbers : names that stand for a whole number.
    broken : names that a line may define which is not read, with its number; of them
        `doubtful` are those that it need not define, so that another line may.
    late : definitions that come after their use, found when the text was first read.
    nodes : derivatives whose adjoints the text has, found then, too: `d_y_d_x = 2*x`
        with `bar_d_y_d_x` is a claim, and an equation of the graph of a gradient.
    told : what is a name wherever it stands, such as bar_x where a graph has one.
    fresh : free names that are new since they were last taken, and may be slips.
    """

    def __init__(
        self,
        variables: Collection[str] | None,
        late: Mapping[str, Node] | None = None,
        free: Collection[str] = (),
        functions: Mapping[str, tuple[str, ...]] | None = None,
        nodes: Collection[str] = (),
        told: Collection[str] = (),
    ) -> None:
        given = None if variables is None else name_list(variables, "variables")
        self.declared = None if given is None else [plain_name(v) for v in given]
        self.free: dict[str, None] = dict.fromkeys(self.declared or ())
        self.bodies: dict[str, Node] = dict(late or {})
        self.derived: dict[str, Node] = {}
        self.functions: dict[str, tuple[str, ...]] = dict(functions or {})
        self.depends: dict[str, frozenset[str]] = {}
        self.numbers: dict[str, int] = {}
        self.broken: dict[str, int] = {}
        self.doubtful: set[str] = set()
        self.late = {*self.bodies}
        self.nodes = {*nodes}
        self.told = dict.fromkeys(told)
        # And the names that these are made of.
        used = {text for body in self.bodies.values() for text in leaves(body)}
        self.free |= dict.fromkeys(text for text in free if text in used)
        self.fresh: list[str] = []
        for text, body in self.bodies.items():
            self._remember(text, body)
        # All names that have a meaning by now.
        self.known: MutableMapping[str, Any] = ChainMap[str, Any](
            self.free, self.bodies, self.derived, self.broken
        )

    def define(
        self, defined: str, body: Node, takes: tuple[str, ...] | None = None
    ) -> None:
        """Enter a definition; `takes` are the arguments of a function."""
        # Definitions with adjoints in them are no part of the graph that is
        # differentiated.
        known = self.known
        special = any(
            text in self.derived or _is_special(text, known) for text in leaves(body)
        )
        self.free.pop(defined, None)
        self.broken.pop(defined, None)
        self.doubtful.discard(defined)
        self.late.discard(defined)
        (self.derived if special else self.bodies)[defined] = body
        if takes:
            self.functions[defined] = takes
        self._remember(defined, body)

    def _remember(self, defined: str, body: Node) -> None:
        """On which free names a definition depends, if they are few, and its number."""
        free: set[str] = set()
        for text in leaves(body):
            free |= self.depends.get(text) or {text}
            if len(free) > SEVERAL:
                break
        self.depends[defined] = frozenset(free)
        value = body.value if body.op is CONST else None
        if isinstance(value, float) and value.is_integer():
            self.numbers[defined] = int(value)

    def doubt(self, text: str, number: int, certain: bool) -> None:
        """Note that a line that is not read may define a name, or certainly does."""
        if certain or text not in self.known:
            self.free.pop(text, None)
            self.broken.setdefault(text, number)
            if not certain:
                self.doubtful.add(text)

    def lacks(self, node: Node) -> str:
        """What an expression needs that is not read."""
        for text in leaves(node) if self.broken else ():
            derivative = derivative_of(text, self.known)
            base = adjoint_of(text, self.known)
            parts = derivative[1:] if derivative else (base or text,)
            for part in parts:
                if part in self.broken:
                    return (
                        f"it needs {part!r}, and line {self.broken[part]} is not read"
                    )
        return ""

    def leads_to(self, node: Node, wanted: str) -> bool:
        """Whether an expression depends on a name, through any definitions."""
        waiting, seen = [*leaves(node)], set[str]()
        while waiting:
            text = waiting.pop()
            if text == wanted:
                return True
            if text not in seen:
                seen.add(text)
                body = self.bodies.get(text) or self.derived.get(text)
                parts = [*leaves(body)] if body else []
                base = adjoint_of(text, self.known)
                derivative = derivative_of(text, self.known)
                waiting += [*parts, *([base] if base else []), *(derivative or ())[1:]]
        return False

    def as_node(self, text: str) -> Derivative | None:
        """The derivative that a name is which is to be a node as well."""
        derivative = derivative_of(text, self.known) if text in self.nodes else None
        is_defined = derivative is not None and derivative.of in self.bodies
        return derivative if is_defined and not self.lacks(name(text)) else None

    def is_new(self, piece: Stretch, line: str) -> bool:
        """Whether an equation with this name alone on its left defines it."""
        text, known = piece.text, self.known
        if text in self.late or text in self.doubtful or self.as_node(text):
            return True
        if text in self.told and text not in known:
            return True
        if text in known or text in CONSTANTS or _is_special(text, known):
            return False
        # bar_u for a u that is not known is a slip, and no new name.
        slip = text.startswith("bar_") and known
        return not slip and not derivative_like(piece, line)

    def check(self, piece: Stretch, line: str) -> None:
        """Refuse a name that stands for nothing; note one that is new."""
        text, known = piece.text, self.known
        if text in self.told and text not in known:
            self.free[text] = None
        if text in known or text in CONSTANTS or text == "e":
            return
        derivative = derivative_of(text, known)
        parts = derivative[1:] if derivative else (adjoint_of(text, known),)
        if parts[0] is not None:
            self._check_graph(parts, piece, line)
            return
        if (text.startswith("bar_") and known) or derivative_like(piece, line):
            if derivative_of(text.removeprefix("bar_"), known):
                self.nodes.add(text.removeprefix("bar_"))
            self._refuse_parts(piece, line)
        if self.declared is not None:
            hint = suggest(text, known) or "define it above, or name it in variables="
            _fail(f"unknown name {text!r}", piece, line, hint)
        # Before the first definition every name is an input; later a new one may be a
        # slip.
        if self.bodies:
            self.fresh.append(text)
        self.free[text] = None

    def _refuse_parts(self, piece: Stretch, line: str) -> NoReturn:
        """Name what an adjoint or a derivative is of that is not there."""
        known = self.known
        names = re.split("_(?:d|partial)_|^(?:d|partial|bar)_", piece.text)
        # Of bar_d_y_d_x with names d, x, y every part is known, but not what it is of.
        whole = piece.text.removeprefix("bar_")
        missing = next((part for part in names if part and part not in known), whole)
        every = f"known are {listing(sorted(known))}" if known else ""
        hint = suggest(missing, known) or every
        _fail(f"{missing!r} is not defined above", piece, line, hint)

    def _check_graph(
        self, parts: tuple[str | None, ...], piece: Stretch, line: str
    ) -> None:
        """Adjoints and derivatives are of names in the graph, and by such names."""
        for part in parts:
            if part in self.derived:
                hint = "give the function itself a name, and differentiate that"
                message = f"{part!r} is made of adjoints or derivatives itself"
                _fail(message, piece, line, hint)
        of = parts[0]
        if (len(parts) > 1 or not self.bodies) and of in self.free:
            message = f"no line defines {of!r}, so it has no derivatives"
            _fail(message, piece, line, f"write a line {of} = …")


def _is_special(text: str, known: Collection[str]) -> bool:
    """Whether a name stands for an adjoint or a derivative."""
    return bool(adjoint_of(text, known) or derivative_of(text, known))


def _fail(message: str, piece: Stretch, line: str, hint: str) -> NoReturn:
    raise ExpressionError([Mistake(message, line, piece.start, piece.end, hint)])
