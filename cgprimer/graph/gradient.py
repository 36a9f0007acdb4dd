"""The gradient of a graph as a graph: the chain rule written out as equations.

For an output y and every variable v on the way, with the sum over the users u of v,

    d_y_d_v = Σ d_y_d_u * (∂u/∂v)

so the result can be drawn, evaluated, and differentiated again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from cgprimer import takes
from cgprimer.diff.array_rules import fitted
from cgprimer.diff.array_textbook import textbook_arrays
from cgprimer.diff.chain_rule import accumulate, plus, times
from cgprimer.diff.stable import stable, stable_arrays
from cgprimer.diff.sweep import has_pullback, partials
from cgprimer.errors import GraphError, OpError
from cgprimer.expr.dims import Sizing, show_dims
from cgprimer.expr.node import Node, leaves, postorder, substitute
from cgprimer.expr.ops import ONE, ZERO, name
from cgprimer.graph.graph import Graph
from cgprimer.graph.local import equations_for
from cgprimer.graph.names import known_names
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
    takes.kind(Graph, graph=graph)
    [output] = graph.checked_outputs([output])
    check_scalar(graph, output)
    wrt = _known_names(graph, wrt)
    bodies = bodies_for(graph, output)
    sizing = graph.sizing.copy() if graph.sizing else None
    # Derivatives come from the equations as they are run, in stable forms. Those
    # bypass some variables, though: by one of these a derivative exists only in the
    # equations as written.
    run = bodies
    if graph.bypassed.isdisjoint(wrt):
        run = bodies_for(graph.running, output)
    namer = _Namer(graph, output)
    outputs, adjoints = _adjoints(run, output, wrt, namer, sizing)
    everything = bodies | _name_shared(adjoints, _Namer(graph, output), sizing)
    derived = graph_of(
        everything, outputs, graph.parameters, graph.inputs, sizing=sizing
    )
    own = {*derived.inputs, *derived.parameters}
    # Whoever holds a point of the graph may give it to the gradient too, so the names
    # that have cancelled are accepted there.
    point = {*graph.inputs, *graph.parameters, *graph.spare}
    return Graph(derived.table, derived.outputs, point - own, sizing=sizing)


def check_scalar(graph: Graph, output: str) -> None:
    """GraphError where the output of a gradient is an array."""
    if dims := graph.dims(output):
        raise GraphError(
            f"{output!r} is an array of {show_dims(dims)}: a gradient is of one number",
            f"add an equation for one, such as xl = sum({output}^2)",
        )


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


def _known_names(graph: Graph, wrt: Sequence[str] | None) -> list[str]:
    """`wrt`, each name once; GraphError for one that the graph does not have."""
    if wrt is None:
        return [*graph.inputs, *graph.parameters]
    known = dict.fromkeys((*graph.names, *graph.spare))
    return list(dict.fromkeys(known_names(wrt, "wrt", known)))


def bodies_for(graph: Graph, output: str) -> dict[str, Node]:
    """The right sides that `output` needs: variable → body, in topological order."""
    return {v: graph.equation(v).body for v in equations_for(graph, output)}


def _adjoints(
    bodies: dict[str, Node],
    output: str,
    wrt: list[str],
    namer: _Namer,
    sizing: Sizing | None = None,
) -> tuple[list[str], dict[str, Node]]:
    """The names of the adjoints of `wrt`, and the equations of all: name → body."""
    active = _active(bodies, set(wrt))
    called: dict[str, str] = {}
    equations: dict[str, Node] = {}

    def add(of: str, body: Node) -> Node:
        """Name the adjoint; one that is a mere name or number is used as such."""
        called[of] = namer(f"d_{output}_d_{of}")
        if sizing is not None:
            body = fitted(body, name(of), sizing)
            body = textbook_arrays(body, sizing, printed=False)
            sizing.names[called[of]] = sizing.of(body)
        equations[called[of]] = body
        return name(called[of]) if body.args else body

    def pass_on(variable: str, adjoint: Node) -> Iterator[tuple[str, Node]]:
        short = add(variable, adjoint)
        return _name_shares(variable, bodies[variable], short, active, sizing)

    # An adjoint gets its equation when it is complete, and stands in those of the names
    # below as a name: written out, a chain of n equations would have n² operations.
    backwards = (variable for variable in reversed(bodies) if variable in active)
    sums = accumulate(backwards, {output: ONE}, pass_on, plus)
    for text in wrt:
        if text not in called:
            add(text, sums.get(text, ZERO))
    asked = dict.fromkeys(called[text] for text in wrt)
    # Nothing reads the equation of an adjoint that was put into the others as such.
    kept = {k: body for k, body in equations.items() if body.args or k in asked}
    return list(asked), kept


def _active(bodies: dict[str, Node], wrt: set[str]) -> set[str]:
    """Names through which a change of `wrt` can pass."""
    active = set(wrt)
    for variable, body in bodies.items():
        if not active.isdisjoint(leaves(body)):
            active.add(variable)
    return active


def _name_shares(
    variable: str,
    body: Node,
    adjoint: Node,
    active: set[str],
    sizing: Sizing | None = None,
) -> Iterator[tuple[str, Node]]:
    """What every name in `body` gets of the adjoint of `variable`."""
    body = stable(body) if sizing is None else stable_arrays(body, sizing)
    names = [text for text in leaves(body) if text in active]
    try:
        shares = _shares(body, list(map(name, names)), adjoint, sizing)
    except OpError as error:
        raise error.within([variable]) from None
    # The value is there under its name: exp(a*xx) in its own derivative is xy again.
    if body.args:
        shares = substitute(shares, {body: name(variable)})
    return zip(names, shares, strict=True)


def _shares(
    body: Node, wrt: list[Node], adjoint: Node, sizing: Sizing | None = None
) -> list[Node]:
    """adjoint·partial for each of `wrt`; a pullback needs the adjoint on the way."""
    if sizing is not None or has_pullback(body):
        return list(partials(body, wrt, adjoint, sizing=sizing).values())
    return [times(adjoint, partial) for partial in partials(body, wrt).values()]


def _name_shared(
    bodies: dict[str, Node], namer: _Namer, sizing: Sizing | None = None
) -> dict[str, Node]:
    """`bodies` with every larger expression that several of them use named once."""
    order = postorder(bodies.values())
    uses = Counter([*(arg for node in order for arg in node.args), *bodies.values()])
    by: dict[Node, Node] = {}
    named: dict[str, Node] = {}
    for node in order:
        if uses[node] > 1 and len(postorder([node])) > WORTH_NAMING and node.args:
            text = namer(f"d_{namer.output}_v{len(by) + 1}")
            if sizing is not None:
                sizing.names[text] = sizing.of(node)
            named[text] = substitute([node], by)[0]
            by[node] = name(text)
    rest = substitute(list(bodies.values()), by)
    return named | dict(zip(bodies, rest, strict=True))
