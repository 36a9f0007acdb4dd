"""What a mistake looks like: wrong derivatives that people write, as expressions.

A derivative by the chain rule is a product of local partials along every path, summed
over the paths. Most mistakes change one of these: a local partial replaced by another
function's, by 1 (left out), by 0 (its path is missing), and so on. Each is tried at
every operation, which gives a list of wrong derivatives to hold a claim against.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cgprimer.diff.rules import fill_rule, local_partial
from cgprimer.diff.sweep import partials, sweep
from cgprimer.expr.node import Node, leaves, substitute
from cgprimer.expr.ops import (
    ARGUMENTS,
    CONST,
    ONE,
    OPS,
    TABLE,
    ZERO,
    Op,
    const,
    name,
)
from cgprimer.expr.syntax import parse_expression
from cgprimer.expr.tidy import tidy
from cgprimer.notation.text import show

Place = tuple[Node, int]
UNARY = tuple(op for op in TABLE if op.arity == 1 and not op.symbol)
FAMOUS = ("sigmoid", "tanh", "relu", "softplus", "sin", "cos", "exp", "log", "sqrt")
BY_RESULT = ("sigmoid", "tanh", "exp")  # whose derivatives are known by the result
NAMES_TO_SWAP = 12


@dataclass(frozen=True)
class Suspect:
    """A wrong derivative: the `kind` of mistake, what it `says`, and the expression."""

    kind: str
    says: str
    node: Node


def derivative(root: Node, wrt: Node, changed: Mapping[Place, Node]) -> Node:
    """d root / d wrt, with the local partials at some places changed."""

    def local(node: Node, position: int) -> Node:
        return changed.get((node, position)) or local_partial(node, position)

    return partials(root, [wrt], local=local)[wrt]


def suspects(body: Node, wrt: str) -> tuple[Suspect, ...]:
    """Wrong derivatives of `body` by the name `wrt`, likelier ones first."""
    x = name(wrt)
    right = derivative(body, x, {})
    # 0 is a kind of its own, and two mistakes may give one expression: the likelier is
    # kept.
    distinct: dict[Node, Suspect | None] = {right: None, ZERO: None}
    # There are as many of these as the table has functions, and one may fit by chance:
    # they go last.
    changes = sorted(_changes(body, x), key=lambda s: s.kind == "other function")
    others = (*_part_by_part(body, x), *_inner(body, x), *_swaps(body, wrt, right))
    for suspect in (*changes, *others):
        distinct.setdefault(suspect.node, suspect)
    return tuple(filter(None, distinct.values()))


def _part_by_part(body: Node, x: Node) -> Iterator[Suspect]:
    """f'·g' for (f·g)', f'/g' for (f/g)', and f'(g') for f(g)'."""
    of = [partials(arg, [x])[x] for arg in body.args]
    words = {"mul": "product", "div": "quotient"}
    if body.op.name in words and ZERO not in of:
        word = words[body.op.name]
        says = f"the derivative of a {word} is not the {word} of the derivatives"
        yield Suspect("part by part", says, tidy(body.op, *of))
    if body.op.arity == 1 and body.op.rules and body.args[0] is not x:
        says = f"{_prime(body.op)} is taken at the derivative of {show(body.args[0])}"
        at = rule_of(body.op, of[0], body.op(of[0]))
        yield Suspect("wrong argument", says, at)


def _inner(body: Node, x: Node) -> Iterator[Suspect]:
    """The chain rule stopped at an inner expression, as if that were the name.

    sin(x^2 + 3*x) gives cos(x^2 + 3*x), where no single local partial is left out.
    """
    t = name(" t")
    for step in sweep(body, [x]):
        if step.node.args and step.node is not body:
            [opened] = substitute([body], {step.node: t})
            stopped = tidy(OPS["add"], *partials(opened, [x, t]).values())
            says = f"the inner derivative, that of {show(step.node)}, is missing"
            yield Suspect(
                "inner derivative", says, substitute([stopped], {t: step.node})[0]
            )


def _swaps(body: Node, wrt: str, right: Node) -> Iterator[Suspect]:
    others = [text for text in leaves(body) if text != wrt][:NAMES_TO_SWAP]
    for text in others:
        says = f"this is the derivative by {text}, not by {wrt}"
        yield Suspect("swapped names", says, derivative(body, name(text), {}))
    inside = leaves(right)[:NAMES_TO_SWAP]
    for a, b in itertools.combinations(dict.fromkeys([*inside, *others]), 2):
        if a in inside:
            [node] = substitute([right], {name(a): name(b), name(b): name(a)})
            yield Suspect("swapped names", f"{a} and {b} are swapped in it", node)


def _changes(body: Node, x: Node) -> Iterator[Suspect]:
    """One local partial changed, at every operation between `x` and `body`."""
    steps = [step for step in sweep(body, [x]) if step.node.args]
    active = {step.node for step in steps} | {x}
    uses = sum(arg in active for step in steps for arg in step.node.args)
    # With one path from x to the result there is none to be forgotten.
    several = uses > len(steps)
    for step in steps:
        for i, arg in enumerate(step.node.args):
            if arg in active:
                wrong = [*_wrong(step.node, i), *_upstream(step.node, i, step.adjoint)]
                if several:
                    wrong += _paths(step.node, i)
                for kind, says, local in wrong:
                    changed = derivative(body, x, {(step.node, i): local})
                    yield Suspect(kind, says, changed)


Mistaken = tuple[str, str, Node]
"""The kind of a mistake, what it says, and the local partial that it gives."""


# Of an operation by one argument: the kind, what it says, and the local partial that is
# mistaken for the right one; a and b are the arguments, y is the result.
INFIX = {
    ("sub", 1): [("sign", "the minus before {b} is lost", "1")],
    ("neg", 0): [("sign", "the minus of {y} is lost", "1")],
    ("mul", 0): [
        ("missing factor", "the factor {b} is missing", "1"),
        ("swapped factors", "{a} stands where {b} belongs", "a"),
    ],
    ("mul", 1): [
        ("missing factor", "the factor {a} is missing", "1"),
        ("swapped factors", "{b} stands where {a} belongs", "b"),
    ],
    ("div", 0): [
        ("missing factor", "the division by {b} is missing", "1"),
        ("inverted factor", "multiplied by {b} instead of divided", "b"),
    ],
    ("div", 1): [
        ("missing factor", "the denominator {b} is not squared in the quotient rule",
         "-(a/b)"),
        ("missing factor", "the factor {a} is missing in the quotient rule",
         "-(1/b^2)"),
        ("sign", "the minus sign of the quotient rule is lost", "a/b^2"),
    ],
    ("pow", 0): [
        ("missing factor", "the exponent {b} is missing as a factor", "a^(b - 1)"),
        ("exponent", "the exponent of {y} is not lowered by 1", "b*y"),
        ("exponent", "the exponent of {y} is lowered by 2, not by 1",
         "b*a^(b - 1 - 1)"),
    ],
    ("pow", 1): [("missing factor", "the factor ln({a}) is missing", "y")],
}  # fmt: skip


@functools.cache
def _rule(text: str) -> Node:
    return parse_expression(text)


def _wrong(node: Node, i: int) -> Iterator[Mistaken]:
    """Local partials that are mistaken for the right one."""
    if node.op.arity == 1 and not node.op.symbol:
        yield from _of_function(node)
    every = dict(zip(ARGUMENTS, node.args, strict=False), y=node)
    for kind, says, rule in INFIX.get((node.op.name, i), ()):
        texts = {k: show(part) for k, part in every.items() if f"{{{k}}}" in says}
        local = fill_rule(_rule(rule), node.args, node)
        yield kind, says.format_map(texts), local


def _of_function(node: Node) -> Iterator[Mistaken]:
    op, [arg] = node.op, node.args
    yield "left out", f"the derivative of {op.name}, {_prime(op)}, is left out", ONE
    says = f"{op.name} itself stands where its derivative {_prime(op)} belongs"
    yield "function for derivative", says, node
    # σ′(σ(x)) for σ′(x): code that has kept the result and takes the derivative there.
    if op.rules:
        says = f"{_prime(op)} is taken at {show(node)} instead of at {show(arg)}"
        yield "wrong argument", says, rule_of(op, node, op(node))
    for other in sorted(UNARY, key=lambda op: op.name not in FAMOUS):
        if other is not op:
            says = f"you used {_prime(other)}, the node is {op.name}"
            yield "other function", says, rule_of(other, arg, other(arg))
            # y·(1 - y) with y = tanh(x): the rule of the sigmoid, applied to the result
            # of tanh.
            if other.name in BY_RESULT:
                yield "other function", says, rule_of(other, arg, node)


def _prime(op: Op) -> str:
    return f"{'σ' if op.name == 'sigmoid' else op.name}′"


def rule_of(op: Op, a: Node, y: Node) -> Node:
    """The derivative rule of a function of one argument, filled in."""
    return fill_rule(op.rules[0], [a], y)


def _upstream(node: Node, i: int, adjoint: Node) -> Iterator[Mistaken]:
    """The adjoint that arrives from above used twice, or not at all."""
    # A constant that arrives is a factor, which `special` tells.
    if adjoint.op is CONST:
        return
    right, text = local_partial(node, i), f"what arrives from above at {show(node)}"
    yield "upstream twice", f"{text} is counted twice", tidy(OPS["mul"], right, adjoint)
    yield "upstream missing", f"{text} is left out", tidy(OPS["div"], right, adjoint)


def _paths(node: Node, i: int) -> list[Mistaken]:
    """A path forgotten, counted twice, or with its sign lost."""
    text = f"through {show(node.args[i])} in {show(node)}"
    local = local_partial(node, i)
    twice, other = tidy(OPS["mul"], const(2.0), local), tidy(OPS["neg"], local)
    return [
        ("missing path", f"the path {text} is missing", ZERO),
        ("path twice", f"the path {text} is counted twice", twice),
        ("sign", f"the path {text} has the wrong sign", other),
    ]
