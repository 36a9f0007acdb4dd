r"""The e of a text: Euler's number, or a name.

e^{kx}            exp(k*x)
\mathit{e}^{kx}   e to the power of k*x, as `notation.latex` sets a name e
e = 3             a name from there on, as `vocabulary` has it
"""

from __future__ import annotations

from dataclasses import replace

from cgprimer.expr.node import Node, fold, intern, leaves, substitute
from cgprimer.expr.ops import OPS, const, name
from cgprimer.reading.script import Script, Side

_EULER = name("e")
E_AS_NAME = "named_e_by_its_author"
r"""`\mathit{e}`, as long as the e of e^x is read as Euler's number."""


def with_euler(root: Node) -> Node:
    """`e` as Euler's number: e^a is exp(a)."""

    def visit(node: Node, args: list[Node]) -> Node:
        if node is _EULER:
            return OPS["exp"](const(1.0))
        # e^a as exp(a), which has rules of its own; a power of 2.718… would be rounded.
        if node.op is OPS["pow"] and node.args[0] is _EULER:
            return OPS["exp"](args[1])
        return intern(node.op, tuple(args), node.value) if args else node

    return fold([root], visit)[root]


def named_e(script: Script) -> Script:
    """The script with the e that is set as a name under that name."""

    def called(text: str) -> str:
        return text.replace(E_AS_NAME, "e")

    def node(root: Node) -> Node:
        by = {name(t): name(called(t)) for t in leaves(root) if E_AS_NAME in t}
        return substitute([root], by)[0] if by else root

    def side(one: Side) -> Side:
        changed = node(one.node)
        return one if changed is one.node else replace(one, node=changed)

    # A chain goes on from the very side that it has come to.
    sides = {id(s): side(s) for one in script.equalities for s in (one.left, one.right)}
    return replace(
        script,
        equalities=tuple(
            replace(
                one,
                left=sides[id(one.left)],
                right=sides[id(one.right)],
                defines=one.defines and called(one.defines),
            )
            for one in script.equalities
        ),
        bodies={called(text): node(body) for text, body in script.bodies.items()},
        derived={called(text): node(body) for text, body in script.derived.items()},
        free=tuple(map(called, script.free)),
        output=script.output and called(script.output),
        broken={called(text): line for text, line in script.broken.items()},
    )
