"""Every public class, pickled by every protocol and copied both ways.

A graph and what is made of it travel as their definition; code is made anew.
"""

import copy
import inspect
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cgprimer
from cgprimer import Loss, custom_op, edge_partials, huber, parse_graph
from cgprimer.data.reading_error import Pass, ReadingError
from cgprimer.errors import OpError
from cgprimer.expr.node import intern, substitute
from cgprimer.expr.ops import OPS, name
from cgprimer.run.losses import LOSSES

WAYS: dict[str, Callable[[Any], Any]] = {
    **{
        f"protocol {n}": lambda thing, n=n: pickle.loads(pickle.dumps(thing, n))
        for n in range(2, pickle.HIGHEST_PROTOCOL + 1)
    },
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}
by_every_way = pytest.mark.parametrize("way", WAYS)

LINES = ["xx = xa^2", "xy = ab*xx + ac*xa", "xz = bc*xx + xy", "xw = sigmoid(cd*xz)"]
AT = {"xa": 1.5, "ab": 0.8, "ac": -1.1, "bc": 2.0, "cd": 0.5}
DATA = {"xa": np.linspace(-1, 1, 12)}, {"xw": np.linspace(0.1, 0.9, 12)}


def graph():
    return parse_graph(LINES)


def squared(p, t):
    return (p - t) ** 2


def slope(p, t):
    return 2 * (p - t)


def objective(**how):
    return graph().compile().objective(*DATA, **how)


def fitted():
    data = cgprimer.Dataset(*DATA)
    return cgprimer.fit(graph(), data, cgprimer.LeastSquares(), rng=0, progress=False)


def primer():
    found = cgprimer.ComputationalGraphPrimer(
        expressions=["xy = a*xa"], output_vars=["xy"], dataset_size=5
    )
    found.parse_expressions()
    return found


def raised(call: Callable[[], Any]) -> BaseException:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        call()
    return caught.value


def loss_and_gradient(thing: Any) -> list[float]:
    params = np.linspace(0.2, 0.8, len(thing.names))
    value, gradient = thing.value_and_gradient(params)
    return [value, *gradient]


def slopes(loss: Loss) -> list[float]:
    p, t = np.linspace(-3, 3, 9), np.linspace(0, 1, 9)
    return [*np.ravel(loss.value(p, t)), *np.ravel(loss.slope(p, t))]


PUBLIC: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "Graph": (graph, lambda g: (g, g.evaluate(AT))),
    "Program": (lambda: graph().compile(), lambda p: p.values_and_partials(AT)),
    "Objective": (objective, loss_and_gradient),
    "Loss": (lambda: Loss("squared", squared, slope), slopes),
    "Dataset": (lambda: cgprimer.Dataset(*DATA), lambda d: d.targets["xw"].tolist()),
    "FreedConstants": (
        lambda: cgprimer.free_constants(parse_graph(["xy = 0.5*xa + 2.5"])), str
    ),
    "FitResult": (fitted, lambda r: (r.status, r.parameters, str(r))),
    "SGD": (lambda: cgprimer.SGD(0.3), repr),
    "Adam": (lambda: cgprimer.Adam(0.3), repr),
    "LeastSquares": (cgprimer.LeastSquares, repr),
    "CheckReport": (lambda: cgprimer.check_gradients(graph(), at=AT), str),
    "PartialReport": (lambda: cgprimer.compare_partials(graph(), AT), str),
    "MutationReport": (
        lambda: cgprimer.check_mutations(parse_graph(["xy = a*xa"]), rng=0), str
    ),
    "Diagnosis": (lambda: cgprimer.diagnose(graph(), AT), str),
    "DerivationReport": (lambda: cgprimer.check_derivation("f = x^2\nf = x*x"), str),
    "Trace": (lambda: cgprimer.trace(graph(), AT), str),
    "Paths": (lambda: graph().paths("xa", "xw", AT), str),
    "CustomOp": (
        lambda: OP, lambda op: (op.name, op.contract, op.forward(2.0), op.partials)
    ),
    "ComputationalGraphPrimer": (primer, lambda p: p.all_vars),
    "ExpressionError": (lambda: raised(lambda: parse_graph(["xy = sn(xa)"])), str),
    "CycleError": (
        lambda: raised(lambda: parse_graph(["xa = xb", "xb = xa"])),
        lambda e: (str(e), e.args),
    ),
    "PointError": (lambda: raised(lambda: graph().evaluate({})), str),
    "OpError": (
        lambda: raised(lambda: custom_op("wrong(a) = a^2", partials=["a"])), str
    ),
    "OptionError": (lambda: raised(lambda: custom_op("abs(a) = a")), str),
    "GraphError": (lambda: raised(lambda: graph().equation("xa")), str),
    "FitError": (lambda: raised(lambda: objective(loss="most")), str),
    "DifferenceError": (
        lambda: raised(lambda: edge_partials(graph(), AT, method="finite", step=-1)),
        str,
    ),
    **{
        name: (lambda name=name: getattr(cgprimer, name)("a\n  hint: b"), str)
        for name in ("CGPrimerError", "DataError", "NonFiniteWarning", "ReadingWarning")
    },
}  # fmt: skip

MORE = {
    "what to pass": (
        lambda: ReadingError("a\n  hint: pass ", Pass("decimal", ",")),
        lambda e: (str(e), e.told(Pass.as_option)),
    ),
    "equation": (lambda: graph().equation("xw"), str),
    "partial by sympy": (lambda: graph().partial("xw", "xz"), lambda p: (p, p.by)),
    "partial by our own rules": (
        lambda: parse_graph(
            [f"xy = exp({' + '.join(f'a{k}*sigmoid(xa)' for k in range(60))})"]
        ).partial("xy", "xa"),
        lambda p: (p, p.by),
    ),
    "sympy": (lambda: graph().sympy("xw"), str),
    "edge partials": (lambda: edge_partials(graph(), AT), lambda e: (e, e.swept)),
    "explanation": (lambda: graph().compile().explain(), str),
    "program for numpy": (
        lambda: graph().compile(target="numpy"), lambda p: (p.tier, p.values(AT))
    ),
    **{
        f"loss {name}": (lambda name=name: LOSSES[name], lambda loss: (loss, loss.name))
        for name in LOSSES
    },
    "huber(0.7)": (lambda: huber(0.7), slopes),
    **{
        f"objective of {name}": (
            lambda name=name: objective(loss=name, weights=np.arange(1.0, 13.0)),
            loss_and_gradient,
        )
        for name in LOSSES
    },
    "objective with sigma": (
        lambda: objective(sigma={"xw": np.full(12, 0.3)}), loss_and_gradient
    ),
    "objective by numpy": (
        lambda: graph().compile(target="numpy").objective(*DATA),
        lambda o: (type(o.runner), loss_and_gradient(o)),
    ),
}  # fmt: skip

with custom_op("squash(a) = a/(1 + a^2)") as OP:
    pass


def test_the_table_has_every_public_class():
    public = (getattr(cgprimer, name) for name in cgprimer.__all__)
    classes = {thing.__name__ for thing in public if inspect.isclass(thing)}
    assert classes == set(PUBLIC)


@pytest.mark.every(5)
@by_every_way
@pytest.mark.parametrize("name", PUBLIC | MORE)
def test_what_comes_back_is_and_does_the_same(name: str, way: str):
    make, look = (PUBLIC | MORE)[name]
    thing = make()
    back = WAYS[way](thing)
    assert type(back) is type(thing)
    assert look(back) == look(thing)


@pytest.mark.parametrize("way", [way for way in WAYS if "protocol" in way])
def test_what_cannot_be_pickled_says_why(way: str):
    halves = Loss("halves", lambda p, t: p - t, lambda p, t: 1 + 0 * p)
    with pytest.raises(
        TypeError, match=r"^the loss 'halves' cannot be pickled: .*\n  h"
    ):
        WAYS[way](halves)

    def forward(ctx: Any, a: Any) -> Any:
        return a

    with (
        custom_op("asis", forward=forward, partials=["1"]) as op,
        pytest.raises(TypeError, match="'asis' cannot be pickled: it is numpy code"),
    ):
        WAYS[way](op)


def test_what_is_never_pickled_is_still_copied():
    def forward(ctx: Any, a: Any) -> Any:
        return a

    halves = Loss("halves", lambda p, t: p - t, lambda p, t: 1 + 0 * p)
    with custom_op("asis", forward=forward, partials=["1"]) as op:
        code = parse_graph(["xy = asis(xa)"])
    for thing in (halves, op, code, code.equation("xy").body, code.compile()):
        assert copy.copy(thing) is copy.deepcopy(thing) is thing


def test_a_partial_needs_its_operation_where_it_is_loaded():
    with custom_op("bump(a) = exp(-a^2)"):
        partial = parse_graph(["xy = bump(xa)"]).partial("xy", "xa")
        kept = pickle.dumps(partial)
        assert pickle.loads(kept) == partial
    assert copy.deepcopy(partial) == partial
    with pytest.raises(OpError, match="run its custom_op first"):
        pickle.loads(kept)


def test_what_an_operation_is_besides_its_arguments_is_kept():
    # An operation may have a value as well, as attributes of arrays will be.
    nodes = [name("xa"), name("xb"), name("xc")]
    for count in (1, 2, 3):
        args, marked = tuple(nodes[:count]), (("axis", 1), ("size", (2, 3)))
        op = OPS["max"] if count > 1 else OPS["sin"]
        own = intern(op, args, marked)
        assert own is intern(op, args, marked)
        assert len({own, intern(op, args), intern(op, args, (("axis", 2),))}) == 3
        assert all(way(own) is own for way in WAYS.values())
        [moved] = substitute([OPS["neg"](own)], {name("xa"): name("xd")})
        assert moved.args[0] is intern(op, (name("xd"), *args[1:]), marked)
