r"""The definitions of a text, apart from what claims something.

    Script ─ definitions ─▶ name → Definition      y → the sides of `y = \sin x`
           ─ wrong_lines ─▶ mistakes               what makes no equation of a graph

`from_latex` and `among` make equations of them; adjoints and derivatives, which follow
from the definitions, are passed by.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import NamedTuple

from cgprimer.errors import Mistake
from cgprimer.expr.node import Node, leaves, substitute
from cgprimer.expr.ops import NAME, name
from cgprimer.expr.spelled import Edit, Spelled
from cgprimer.notation.text import is_tree, show
from cgprimer.reading.alphabet import matched
from cgprimer.reading.names import adjoint_of, derivative_of
from cgprimer.reading.script import Equality, Script


class Definition(NamedTuple):
    """`name = body`, under the names of a graph, as some equality says it."""

    name: str
    body: Node
    equality: Equality

    @property
    def number(self) -> int:
        """The line that it stands on."""
        return self.equality.left.number

    @property
    def text(self) -> str:
        """The equation in our language."""
        return f"{self.name} = {show(self.body)}"

    @property
    def spelled(self) -> Spelled:
        """The equation in our language, which knows where it was written."""
        left, right = self.equality.left, self.equality.right
        written = Spelled(left.line[left.start : right.end])
        ends = left.end - left.start, right.start - left.start
        return written.rewrite([
            Edit(0, ends[0], self.name),
            Edit(*ends, " = "),
            Edit(ends[1], len(written.text), show(self.body)),
        ])  # fmt: skip


def definitions(script: Script, told: Collection[str] = ()) -> dict[str, Definition]:
    """Name → definition, in the order of the text.

    told : names as others spell them, which what is read here takes where it is one of
        them: x_a is xa, alpha is α.
    """
    found = {
        one.defines or str(one.left.node.value): one
        for one in script.equalities
        if one.defines or _gives_value(one, script)
    }
    used = {text for one in found.values() for text in leaves(one.right.node)}
    called = matched({*found, *used}, told)
    by = {name(text): name(new) for text, new in called.items()}
    return {
        called.get(text, text): Definition(
            called.get(text, text), substitute([one.right.node], by)[0], one
        )
        for text, one in found.items()
    }


def _gives_value(one: Equality, script: Script) -> bool:
    """Whether a line gives a number to a name that lines above it have used."""
    is_free = one.left.node.op is NAME and str(one.left.node.value) in script.free
    return is_free and not leaves(one.right.node)


def wrong_lines(script: Script) -> Iterator[tuple[int, Mistake]]:
    """What is not read or makes no equation of a graph, and the line it stands on."""
    for unread in script.unread:
        said = unread.mistake.message.replace("a line of a derivation", "an equation")
        yield unread.number, replace(unread.mistake, message=said)
    for one in _others(script):
        where = one.left.line, one.left.start, one.left.end
        if one.defines in script.derived:
            message = f"{one.defines!r} is made of adjoints or derivatives"
            hint = "an equation is made of formulas only"
        elif one.defines:
            message = "this is too large, written out"
            hint = "give its parts names, on lines of their own"
        elif _follows(one, script):
            continue
        else:
            text = str(one.left.node.value) if one.left.node.op is NAME else ""
            message = f"{text!r} is defined above" if text else "this defines no name"
            hint = "a name stands alone on the left; check_derivation judges claims"
            if text in script.free:
                message = f"{text!r} is made of what is made of it"
                hint = "break the circle by renaming one side"
        yield one.left.number, Mistake(message, *where, hint)


def passed_by(script: Script) -> Iterator[Equality]:
    """Adjoints and derivatives, which are no definitions."""
    return (one for one in _others(script) if _follows(one, script))


def _others(script: Script) -> Iterator[Equality]:
    """What is no definition of a formula, nor goes on from one."""
    last = None
    for one in script.equalities:
        goes_on, last = one.left is last, one.right
        if one.defines in script.bodies:
            if not is_tree(one.right.node):
                yield one
        elif one.defines or not (goes_on or _gives_value(one, script)):
            yield one


def _follows(one: Equality, script: Script) -> bool:
    """Whether a name on the left stands for an adjoint or a derivative."""
    text = str(one.left.node.value) if one.left.node.op is NAME else ""
    known = {*script.free, *script.bodies, *script.derived}
    is_name = not one.defines and bool(text)
    return is_name and bool(adjoint_of(text, known) or derivative_of(text, known))
