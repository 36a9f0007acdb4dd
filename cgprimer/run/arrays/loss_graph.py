"""The loss of data as one more equation of a graph with arrays.

    graph, targets, Loss ─▶ LossGraph: xl_ = share*sum((xo - met)^2), and its gradient

Targets, their sigma and the weights are inputs of it; `share` is one over the number of
samples. A loss without a formula is an operation of its own there.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cgprimer.diff.stable import stable_arrays
from cgprimer.errors import FitError
from cgprimer.expr.array_ops import ARRAY_OPS
from cgprimer.expr.dims import Dims, Sizing, count, show_dims
from cgprimer.expr.node import Node, leaves, postorder, substitute
from cgprimer.expr.ops import NAME, OPS, ZERO, Op, name
from cgprimer.expr.syntax import parse_expression
from cgprimer.graph.array_point import Sizes
from cgprimer.graph.graph import Graph
from cgprimer.graph.local import equations_for
from cgprimer.graph.rows import graph_of
from cgprimer.keeping import lazy, memo
from cgprimer.run.arrays.evaluation import concrete, derived_graph
from cgprimer.run.losses import SOFTMAX, Loss

_P, _T = name("p"), name("t")
BACK = 3  # times as much as the values alone: a sweep there and back


@dataclass(frozen=True, eq=False)
class LossGraph:
    """A graph with the loss of its targets.

    graph : whose output is `loss`. predicted : target → the variable that the loss
        sees, which is a logit where it asks for logits. met, deviations : target → the
        input that holds its data, or its sigma. weight, share : names of inputs;
        `weight` is empty where nothing is weighed.
    """

    graph: Graph
    loss: str
    predicted: Mapping[str, str]
    met: Mapping[str, str]
    deviations: Mapping[str, str]
    weight: str
    share: str

    @lazy
    def gradient(self) -> Graph:
        """The gradient of the loss by the parameters, in their order."""
        return derived_graph(self.graph, self.loss, self.graph.parameters)

    @memo
    def seeded(self, target: str) -> tuple[Graph, str]:
        """The gradient of Σ seed·target by the parameters, and the name of the seed."""
        graph, sizing = self.graph, _copy(self.graph)
        seed, total = _unused(graph, "seed"), _unused(graph, "total")
        own = self.predicted[target]
        sizing.names[seed] = graph.dims(own)
        bodies = {v: graph.equation(v).body for v in equations_for(graph, own)}
        bodies[total] = _summed(OPS["mul"](name(seed), name(own)), graph.dims(own))
        sizing.names[total] = ()
        seeded = _made(bodies, [total], graph, (seed,), sizing)
        return derived_graph(seeded, total, graph.parameters), seed

    def operations(self, sizes: Sizes) -> int:
        """About how many multiplications and calls a sweep there and back takes."""
        bodies, sizing = concrete(self.graph, sizes)
        return BACK * sum(_work(node, sizing) for node in postorder(bodies.values()))

    def numbers(self, sizes: Sizes) -> int:
        """About how many numbers a sweep there and back has of a sample at once."""
        bodies, sizing = concrete(self.graph, sizes)
        nodes = [node for node in postorder(bodies.values()) if node.args]
        return BACK * sum(count(sizing.of(node)) for node in nodes)


def loss_graph(
    graph: Graph, targets: Sequence[str], loss: Loss, *, sigma: bool, weights: bool
) -> LossGraph:
    """The graph with the loss of its targets; FitError where it cannot have that loss.

    sigma, weights : whether the data have some.
    """
    sizing = _copy(graph)
    bodies = {
        v: graph.equation(v).body for t in targets for v in equations_for(graph, t)
    }
    bodies = {v: bodies[v] for v in graph.order if v in bodies}
    more: dict[str, Dims] = {}

    def enter(text: str, dims: Dims) -> str:
        """A further input."""
        made = _unused(graph, text)
        more[made] = sizing.names[made] = dims
        return made

    predicted, met, deviations = dict[str, str](), dict[str, str](), dict[str, str]()
    terms = []
    for target in targets:
        dims = graph.dims(target)
        logit = _logit(graph, target, loss, sizing)
        predicted[target] = target
        if logit is not None:
            predicted[target] = _unused(graph, f"{target}_logit")
            bodies[predicted[target]], sizing.names[predicted[target]] = logit, dims
        met[target] = enter(f"{target} of the data", dims)
        if sigma:
            deviations[target] = enter(f"sigma of {target}", dims)
        pair = name(predicted[target]), name(met[target])
        scale = name(deviations[target]) if sigma else None
        terms.append(_loss_of(loss, *pair, scale, target, dims))
    weight = enter("weight", ()) if weights else ""
    share = enter("share", ())
    total = functools.reduce(OPS["add"], terms)
    for factor in filter(None, (weight, share)):
        total = OPS["mul"](total, name(factor))
    output = _unused(graph, "loss")
    bodies[output], sizing.names[output] = total, ()
    made = _made(bodies, [output, *predicted.values()], graph, more, sizing)
    return LossGraph(made, output, predicted, met, deviations, weight, share)


def _made(
    bodies: Mapping[str, Node],
    outputs: Sequence[str],
    graph: Graph,
    more: Iterable[str],
    sizing: Sizing,
) -> Graph:
    """A graph with all parameters of another one, and more inputs."""
    used = {text for body in bodies.values() for text in leaves(body)}
    # Parameters that no target needs stay, to have slopes of 0.
    spare = [text for text in graph.parameters if text not in used]
    inputs = [text for text in (*graph.inputs, *more) if text in used]
    return graph_of(bodies, outputs, graph.parameters, inputs, spare, sizing)


def _copy(graph: Graph) -> Sizing:
    assert graph.sizing is not None
    return graph.sizing.copy()


def _unused(graph: Graph, text: str) -> str:
    """A name that the graph does not have."""
    while text in graph.names or text in graph.spare:
        text += "_"
    return text


def _loss_of(
    loss: Loss, p: Node, t: Node, scale: Node | None, target: str, dims: Dims
) -> Node:
    """The loss of one target of a sample, a number."""
    if loss.is_output:
        return p
    if scale is not None:
        p, t = OPS["div"](p, scale), OPS["div"](t, scale)
    if loss is SOFTMAX:
        return _softmax(p, t, target, dims)
    if loss.joint is not None:
        raise FitError(
            f"{loss.name!r} is a loss of all targets together, which arrays do not have"
            "\n  hint: write it as an equation, and let it be the loss: loss='xl'"
        )
    if not loss.formula:
        return _summed(_as_op(loss)(p, t), dims)
    [term] = substitute([parse_expression(loss.formula)], {_P: p, _T: t})
    return _summed(term, dims)


def _softmax(z: Node, t: Node, target: str, dims: Dims) -> Node:
    """Σ t·(ln Σ exp z - z), over the last axis and all others."""
    if not dims:
        raise FitError(
            f"{SOFTMAX.name} needs a target for every class, and {target!r} is a number"
            "\n  hint: let the target be an array of logits, such as xo: 10"
        )
    total = ARRAY_OPS["logsumexp"](z, axis=-1)
    # The targets of a sample add up to 1.
    every = _summed(total, dims[:-1])
    return OPS["sub"](every, _summed(OPS["mul"](t, z), dims))


def _summed(node: Node, dims: Dims) -> Node:
    """The sum of all entries."""
    return ARRAY_OPS["sum"](node) if dims else node


def _as_op(loss: Loss) -> Op:
    """A loss of a caller's own functions as an operation on numbers."""
    slope = Op(f"slope of {loss.name}", loss.slope, ("0", "0"))
    by_p = slope(name("a"), name("b"))
    return Op(loss.name, loss.value, (by_p, ZERO))


def _logit(graph: Graph, target: str, loss: Loss, sizing: Sizing) -> Node | None:
    """What stands before the sigmoid or softmax of a target; None where there is none.

    Raises FitError where a softmax is not over the last axis, whose entries are the
    classes.
    """
    if not loss.from_logits:
        return None
    body = _resolved(graph, name(target), sizing)
    if loss.joint is None:
        return body.args[0] if body.op is OPS["sigmoid"] else None
    if body.op is not ARRAY_OPS["softmax"]:
        return _by_hand(graph, body, sizing)
    axis = dict(body.value or ()).get("axis")
    dims = graph.dims(target)
    if axis not in (-1, len(dims) - 1) and not (axis is None and len(dims) == 1):
        raise FitError(
            f"{loss.name} takes the last axis for the classes, and {target!r}, "
            f"{show_dims(dims)}, is a softmax over axis {axis}"
        )
    return body.args[0]


def _resolved(graph: Graph, node: Node, sizing: Sizing) -> Node:
    """The node itself, or what the name of a variable stands for."""
    while node.op is NAME and str(node.value) in graph.sources:
        node = stable_arrays(graph.equation(str(node.value)).body, sizing)
    return node


def _by_hand(graph: Graph, body: Node, sizing: Sizing) -> Node | None:
    """The z of exp(z)/sum(exp(z)), a vector; None where it is something else."""
    if body.op is not OPS["div"] or len(sizing.of(body)) != 1:
        return None
    above = _resolved(graph, body.args[0], sizing)
    total = _resolved(graph, body.args[1], sizing)
    same = total.op is ARRAY_OPS["sum"] and total.args[0] in (above, body.args[0])
    return above.args[0] if same and above.op is OPS["exp"] else None


def _work(node: Node, sizing: Sizing) -> int:
    """About how many multiplications a node takes, and a call."""
    if not node.args:
        return 0
    size = count(sizing.of(node))
    if node.op.name in _PRODUCTS:
        # An entry of a product is a sum along what its arguments share.
        both = math.prod(count(sizing.of(arg)) for arg in node.args[:2])
        size = max(size, math.isqrt(both * size))
    return size + 1


# n·m·k is the square root of (n·m)·(m·k)·(n·k).
_PRODUCTS = {"matmul", "outer", "einsum", "conv2d", "solve"}
