"""The gradient of a graph as a graph: the chain rule written out as equations.

For an output y and every variable v on the way, with the sum over the users u of v,

    d_y_d_v = Σ d_y_d_u * (∂u/∂v)

so the result can be drawn, evaluated, and differentiated again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cgprimer import takes
from cgprimer.diff.stable import stable
from cgprimer.diff.sweep import partials
from cgprimer.errors import GraphError, OpError, listing, shorten, suggest
from cgprimer.expr.node import Node, leaves, postorder, substitute
from cgprimer.expr.ops import ONE, OPS, ZERO, name
from cgprimer.expr.tidy import tidy
from cgprimer.graph.graph import Graph, name_list
from cgprimer.graph.rows import graph_of

WORTH_NAMING = 3  # operations in a shared expression that earn it a name of its own


def gradient(graph: Graph, output: str, wrt: Sequence[str] | None = None) -> Graph:
    """d output / d name for every name in `wrt`, as a graph.

    wrt : variables or parameters; by default every input and parameter.

    The outputs of the result are called `d_xw_d_xa`, in the order of `wrt`. It holds
    the equations that `output` needs, and one for each adjoint on the way. Apply it
    again for second derivatives. Whoever has a point of `graph` can evaluate the result
    there, also where names have cancelled. Raises GraphError for unknown names.

    >>> from cgprimer import gradient, parse_graph
    >>> print(gradient(parse_graph(["xy = a*xx^3"]), "xy", ["xx"]))
    xy = a*xx^3
    d_xy_d_xx = a*(3*xx^2)
    """
    wrt = _checked(graph, output, wrt)
    bodies = _ancestors(graph, output)
    # Derivatives come from the equations as they are run, in stable forms. Those
    # bypass some variables, though: by one of these a derivative exists only in the
    # equations as written.
    run = bodies
    if graph.bypassed.isdisjoint(wrt):
        run = _ancestors(graph.running, output)
    adjoints = _adjoints(run, output, wrt, _Namer(graph, output))
    outputs = [adjoints.names[name] for name in wrt]
    everything = bodies | _shared(adjoints.bodies, _Namer(graph, output))
    found = graph_of(everything, outputs, graph.parameters, graph.inputs)
    own = {*found.inputs, *found.parameters}
    # Whoever holds a point of the graph may give it to the gradient too, so the names
    # that have cancelled are accepted there.
    point = {*graph.inputs, *graph.parameters, *graph.spare}
    return Graph(found.table, found.outputs, point - own)


class _Namer:
    """Names that the graph does not have yet."""

    def __init__(self, graph: Graph, output: str) -> None:
        self.output = output
        self.taken = {*graph.variable_number, *graph.parameters, *graph.spare}

    def __call__(self, name: str) -> str:
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def adjoint(self, of: str) -> str:
        return self(f"d_{self.output}_d_{of}")


class _Adjoints:
    """Adjoint equations as they come: their names, bodies, and short forms."""

    def __init__(self, namer: _Namer) -> None:
        self.namer = namer
        self.names: dict[str, str] = {}
        self.bodies: dict[str, Node] = {}
        self.short: dict[str, Node] = {}

    def add(self, of: str, body: Node) -> None:
        """Name the adjoint; one that is a mere name or number is used as such."""
        self.names[of] = self.namer.adjoint(of)
        self.bodies[self.names[of]] = body
        self.short[of] = body if not body.args else name(self.names[of])


def _checked(graph: Graph, output: str, wrt: Sequence[str] | None) -> list[str]:
    takes.kind(Graph, graph=graph)
    graph.checked_outputs([output])
    if wrt is None:
        return [*graph.inputs, *graph.parameters]
    names = list(dict.fromkeys(name_list(wrt, "wrt")))
    known = [*graph.variable_number, *graph.parameters, *graph.spare]
    for text in names:
        if text not in known:
            hint = suggest(text, known) or f"the names are {listing(known)}"
            raise GraphError(f"unknown name {shorten(text)!r}\n  hint: {hint}")
    return names


def _ancestors(graph: Graph, output: str) -> dict[str, Node]:
    """The equations that `output` needs, in topological order."""
    needed = {output}
    for variable in reversed(graph.order):
        if variable in needed:
            needed.update(graph.sources.get(variable, ()))
    return {
        variable: graph.equation(variable).body
        for variable in graph.order
        if variable in needed and variable in graph.sources
    }


def _adjoints(
    bodies: dict[str, Node], output: str, wrt: list[str], namer: _Namer
) -> _Adjoints:
    active = _active(bodies, set(wrt))
    shares: dict[str, Node] = {output: ONE}
    found = _Adjoints(namer)
    for variable, body in reversed(bodies.items()):
        if variable in active and variable in shares:
            found.add(variable, shares[variable])
            _pass_on(variable, body, found.short[variable], active, shares)
    for variable in wrt:
        if variable not in found.names:
            found.add(variable, shares.get(variable, ZERO))
    # An adjoint that is a mere name or number was put into the others as such; its
    # equation is left out unless it is asked for.
    kept = {found.names[variable] for variable in wrt}
    unused = [
        n
        for v, n in found.names.items()
        if n not in kept and found.short[v] is not name(n)
    ]
    for text in unused:
        del found.bodies[text]
    return found


def _active(bodies: dict[str, Node], wrt: set[str]) -> set[str]:
    """Names through which a change of `wrt` can pass."""
    active = set(wrt)
    for variable, body in bodies.items():
        if not active.isdisjoint(leaves(body)):
            active.add(variable)
    return active


def _pass_on(
    variable: str, body: Node, adjoint: Node, active: set[str], shares: dict[str, Node]
) -> None:
    """Add to the adjoint of every name in `body` what it gets from `variable`."""
    body = stable(body)
    names = [text for text in leaves(body) if text in active]
    try:
        found = _shares(body, list(map(name, names)), adjoint)
    except OpError as error:
        raise error.within([variable]) from None
    # The value is there under its name: exp(a*xx) in its own derivative is xy again.
    if body.args:
        found = substitute(found, {body: name(variable)})
    for text, share in zip(names, found, strict=True):
        if text in shares:
            share = tidy(OPS["add"], shares[text], share)
        shares[text] = share


def _shares(body: Node, wrt: list[Node], adjoint: Node) -> list[Node]:
    """adjoint·partial for each of `wrt`; a pullback needs the adjoint on the way."""
    if any(node.op.pullback for node in postorder([body])):
        return list(partials(body, wrt, adjoint).values())
    return [tidy(OPS["mul"], adjoint, d) for d in partials(body, wrt).values()]


def _shared(bodies: dict[str, Node], namer: _Namer) -> dict[str, Node]:
    """`bodies` with every larger expression that several of them use named once."""
    order = postorder(bodies.values())
    uses = Counter([*(arg for node in order for arg in node.args), *bodies.values()])
    by: dict[Node, Node] = {}
    named: dict[str, Node] = {}
    for node in order:
        if uses[node] > 1 and len(postorder([node])) > WORTH_NAMING and node.args:
            text = namer(f"d_{namer.output}_v{len(by) + 1}")
            named[text] = substitute([node], by)[0]
            by[node] = name(text)
    rest = substitute(list(bodies.values()), by)
    return named | dict(zip(bodies, rest, strict=True))
