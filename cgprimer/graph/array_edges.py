"""What the names of one equation get of its adjoint, as formulas of matrix calculus.

    xh = tanh(W @ xx + b), adjoint g ─ pulled_shares ─▶ {W: outer(g*(1 - xh^2), xx), …}

By an array a derivative is no factor but a rule: the adjoint goes into it. `derivation`
writes traces of graphs with arrays by it, `graph.array_paths` products along paths.
"""

from __future__ import annotations

from collections.abc import Sequence

from cgprimer.diff.array_rules import fitted
from cgprimer.diff.array_textbook import textbook_arrays
from cgprimer.diff.sweep import partials
from cgprimer.errors import OpError
from cgprimer.expr.dims import Sizing
from cgprimer.expr.node import Node, postorder, substitute
from cgprimer.expr.ops import name
from cgprimer.graph.graph import Graph
from cgprimer.graph.local import LARGE, LITTLE, names_in
from cgprimer.notation.text import tree_size


def has_arrays(graph: Graph, user: str) -> bool:
    """Whether the equation of `user` has a name, or a part, that is an array."""
    if graph.sizing is None:
        return False
    body = graph.equation(user).body
    return any(map(graph.sizing.of, postorder([body])))


def pulled_shares(graph: Graph, user: str, seed: Node) -> dict[str, Node]:
    """Name → what it gets of the adjoint `seed` of `user`, as a textbook writes it.

    seed : a name that is none of the graph's, or an expression over its names.
    """
    names = names_in(graph, user)
    sizing = sizing_with(graph, seed, user)
    shares = raw_shares(graph.equation(user).body, names, seed, sizing, user)
    body = graph.equation(user).body
    if len(postorder([body])) > LITTLE:
        shares = substitute(shares, {body: name(user)})
    return {
        used: short_array_form(share, sizing)
        for used, share in zip(names, shares, strict=True)
    }


def raw_shares(
    body: Node, names: Sequence[str], seed: Node, sizing: Sizing, user: str
) -> list[Node]:
    """The same as the rules have it, in the order of `names`, each with its dims."""
    try:
        found = partials(body, map(name, names), seed, sizing=sizing)
    except OpError as error:
        raise error.within([user]) from error.__cause__
    return [fitted(found[name(used)], name(used), sizing) for used in names]


def sizing_with(graph: Graph, seed: Node, user: str) -> Sizing:
    """The dims of a graph's names, and those of the adjoint of `user`."""
    sizing = graph.sizing.copy() if graph.sizing else Sizing()
    if isinstance(seed.value, str) and not seed.args:
        sizing.names[seed.value] = graph.dims(user)
    return sizing


def short_array_form(formula: Node, sizing: Sizing) -> Node:
    """A derivative as a textbook prints it, unless it is too large to be read."""
    return textbook_arrays(formula, sizing) if tree_size(formula) <= LARGE else formula
