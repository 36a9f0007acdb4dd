"""Formulas as operations: read, derived by our sweep, and held against what is claimed.

f(a, b) = …  ─▶  definition over a, b  ─ sweep ─▶ partials  ⇄  the caller's partials
"""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from cgprimer import takes
from cgprimer.diff.kinks import kink_conditions
from cgprimer.diff.stable import stable
from cgprimer.diff.sweep import partials as derive
from cgprimer.errors import (
    ExpressionError,
    Mistake,
    OpError,
    listing,
    shorten,
    suggest,
)
from cgprimer.expr.advice import bad_name
from cgprimer.expr.custom import CustomOp
from cgprimer.expr.definitions import written_out
from cgprimer.expr.node import Node, fold, leaves, postorder, substitute
from cgprimer.expr.ops import ARGUMENTS, CONST, NAME, ONE, OPS, Contract, name
from cgprimer.expr.syntax import parse_expression
from cgprimer.notation.text import show

Interval = tuple[float, float]

LONGEST = 10_000  # operations, which take half a second to be differentiated
POINTS = 25  # at which a given partial is held against the derived one
AGREE = 1e-8  # how well it must agree, relative to the larger
_HEAD = re.compile(r"\s*(\w+)\s*\(\s*(\w+(?:\s*,\s*\w+)*)\s*\)\s*", re.ASCII)


def from_formula(
    text: str,
    partials: Sequence[str] | None,
    contract: Contract,
    domain: Interval | Sequence[Interval],
) -> CustomOp:
    """The operation that `name(a, b) = expression` defines; not yet registered."""
    head = _HEAD.fullmatch(text[: text.index("=")])
    if not head:
        span = (0, max(1, len(text[: text.index("=")].rstrip())))
        hint = "write f(a) = …, with the arguments that the right side uses"
        problem = "the left side defines no operation"
        raise ExpressionError([Mistake(problem, text, *span, hint)])
    op_name = head[1]
    arguments = tuple(re.split(r"\s*,\s*", head[2]))
    check_arguments(op_name, arguments)
    body = rule(op_name, text, arguments, start=text.index("=") + 1)
    _check_parts(op_name, body, contract)
    names = [name(a) for a in ARGUMENTS[: len(arguments)]]
    definition, steps = over_table(op_name, body), stable(body)
    derivatives = tuple(derive(steps, names).values())
    domains = intervals(op_name, domain, len(arguments))
    follows = partials is None and _is_derived(body, contract)
    rules = derivatives
    if not follows:
        rules = given_rules(op_name, partials, arguments, contract)
        if contract == "exact":
            _check_partials(op_name, arguments, steps, rules, derivatives, domains)
    run = stable(definition)
    kinks = dict.fromkeys(kink_conditions(definition))
    return CustomOp(
        op_name,
        functools.partial(_evaluate, run),
        partials=_with_result(rules, steps),
        domain=domains,
        kinks=functools.reduce(OPS["mul"], kinks) if kinks else "",
        definition=definition,
        contract=contract,
        run=run,
        steps=steps if follows and contract == "exact" else None,
    )


def over_table(op_name: str, body: Node) -> Node:
    """`body` in operations of the table alone, which mean the same for ever."""
    # Counted before it is written out: a definition over definitions over … could
    # double at every step.
    size = 0
    for node in postorder([body]):
        if isinstance(node.op, CustomOp):
            _refuse_code(op_name, node)
        formula = node.op.formula if isinstance(node.op, CustomOp) else None
        size += len(postorder([formula])) if formula else 1
    if size > LONGEST:
        raise OpError(
            op_name,
            f"its definition would be written out as {size} operations",
            "write it as equations of the graph",
        )
    [found] = written_out(
        [body], lambda op: op.formula if isinstance(op, CustomOp) else None
    )
    return found


def _is_derived(body: Node, contract: str) -> bool:
    """Whether the sweep gives what the contract promises."""
    return contract == "exact" or any(
        node.op.contract != "exact" for node in postorder([body])
    )


def _with_result(rules: tuple[Node, ...], body: Node) -> tuple[Node, ...]:
    """`rules` with the result, where it occurs whole, as y."""
    # So the value of a result that is known need not be computed again, as for `y` in
    # the rules of the table.
    return tuple(substitute(rules, {body: name("y")})) if body.args else rules


def _evaluate(body: Node, *args: Any) -> Any:
    """The value of a formula over a, b, … for numbers or arrays that broadcast."""
    return _value(body, dict(zip(ARGUMENTS, args, strict=False)))


def _value(root: Node, at: dict[str, Any]) -> Any:
    def visit(node: Node, args: list[Any]) -> Any:
        if node.op is NAME:
            return at[str(node.value)]
        return float(node.value or 0.0) if node.op is CONST else node.op.forward(*args)

    return fold([root], visit)[root]


def _check_parts(op_name: str, body: Node, contract: str) -> None:
    """Refuse a formula over numpy code, and one that claims more than its parts."""
    for node in postorder([body]):
        if isinstance(node.op, CustomOp):
            _refuse_code(op_name, node)
        if contract == "exact" and node.op.contract != "exact":
            raise OpError(
                op_name,
                f"its definition uses {node.op.name!r}, which is declared "
                f"{node.op.contract}, so its derivative is not exact",
                f"pass contract={node.op.contract!r}",
            )


def _refuse_code(op_name: str, node: Node) -> None:
    if not node.op.definition:
        raise OpError(
            op_name,
            f"its definition uses {node.op.name!r}, which is numpy code: a formula is "
            "made of formulas",
            "write it as an equation of the graph, or in numpy as a whole",
        )


def _check_partials(
    op_name: str,
    arguments: tuple[str, ...],
    body: Node,
    given: tuple[Node, ...],
    derived: tuple[Node, ...],
    domain: tuple[Interval, ...],
) -> None:
    """Hold given partials against derived ones at random points of the domain."""
    # The same points for everybody: a definition that is accepted once is accepted
    # always.
    rng = np.random.default_rng(0)
    at = {a: rng.uniform(*d, POINTS) for a, d in zip(ARGUMENTS, domain, strict=False)}
    with np.errstate(all="ignore"):
        at["y"] = _value(body, at)
        for argument, claim, truth in zip(arguments, given, derived, strict=True):
            claimed, true = (
                np.broadcast_to(_value(rule, at), POINTS) for rule in (claim, truth)
            )
            size = np.maximum(np.abs(claimed), np.abs(true))
            wrong = ~(np.abs(claimed - true) <= AGREE * size)
            # Where the derivative is not finite nothing can be said; somewhere it has
            # to be.
            if not np.isfinite(true).any():
                raise OpError(
                    op_name,
                    f"its partial by {argument!r} cannot be checked: the derivative is "
                    "nowhere finite in the domain",
                    "pass domain=(low, high), where it is smooth",
                )
            wrong &= np.isfinite(true)
            if wrong.any():
                _refuse_partial(
                    op_name, arguments, argument, truth, at, int(wrong.argmax()),
                    claimed, true,
                )  # fmt: skip


def _refuse_partial(
    op_name: str,
    arguments: tuple[str, ...],
    argument: str,
    truth: Node,
    at: dict[str, Any],
    i: int,
    claimed: Any,
    true: Any,
) -> NoReturn:
    where = ", ".join(
        f"{own} = {at[a][i]:.4g}" for own, a in zip(arguments, ARGUMENTS, strict=False)
    )
    by = {name(a): name(own) for a, own in zip(ARGUMENTS, arguments, strict=False)}
    [formula] = substitute([truth], by)
    raise OpError(
        op_name,
        f"the partial by {argument!r} is not the derivative: at {where} it is "
        f"{claimed[i]:.6g}, and the derivative is {true[i]:.6g}",
        f"the derivative is {show(formula)}; if something else is meant, pass "
        "contract='surrogate'",
    )


# What operations of numpy code need as well.


def given_rules(
    op_name: str,
    partials: Sequence[str] | None,
    arguments: tuple[str, ...],
    contract: str,
) -> tuple[Node, ...]:
    """The caller's partials as nodes; those of a plain straight-through are one."""
    if partials is None:
        # One argument gets the adjoint as it arrives, a factor of one. Which of several
        # should get it is not for us to say.
        if contract == "straight-through" and len(arguments) == 1:
            return (ONE,)
        raise OpError(
            op_name,
            "nothing says how it is differentiated",
            "give a backward, or formulas in partials=",
        )
    partials = takes.texts("partials", partials)
    if len(partials) != len(arguments):
        raise OpError(
            op_name,
            f"partials= has {len(partials)} for {len(arguments)} arguments "
            f"({', '.join(arguments)})",
            "give the derivative by each argument, in their order",
        )
    return tuple(rule(op_name, text, arguments, result=True) for text in partials)


def check_arguments(op_name: str, arguments: tuple[str, ...]) -> None:
    """Refuse too many arguments, and two of one name."""
    if len(arguments) > len(ARGUMENTS):
        most = len(ARGUMENTS)
        raise OpError(op_name, f"it has {len(arguments)} arguments; {most} are allowed")
    for argument in arguments:
        if arguments.count(argument) > 1:
            raise OpError(op_name, f"two of its arguments are called {argument!r}")
        if argument == "pi" or argument[0].isdigit() or bad_name(argument):
            raise OpError(op_name, f"{argument!r} cannot be the name of an argument")


def intervals(
    op_name: str, domain: Interval | Sequence[Interval], count: int
) -> tuple[Interval, ...]:
    """One interval for each argument."""
    # np.array asks masked elements for a number, and wide ones overflow, with a warning
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error", UserWarning)
        try:
            given = np.asarray(domain)
        except (ValueError, UserWarning):  # ragged or masked
            given = np.empty(0)
        given = given.astype(float) if given.dtype.kind in "iuf" else np.empty(0)
    given = np.broadcast_to(given, (count, 2)) if given.shape == (2,) else given
    if given.shape != (count, 2) or not (given[:, 0] < given[:, 1]).all():
        raise OpError(
            op_name,
            f"domain={takes.shown(domain)} is not an interval (low, high) for each "
            "argument",
        )
    return tuple((float(low), float(high)) for low, high in given)


def rule(
    op_name: str,
    text: str,
    arguments: tuple[str, ...],
    *,
    start: int = 0,
    result: bool = False,
) -> Node:
    """A formula in the caller's names for the arguments, over a, b, … instead."""
    root = parse_expression(text, start)
    known = {*arguments, "y"} if result else set(arguments)
    for leaf in leaves(root):
        if leaf not in known:
            # Not inside a longer name, nor in a number such as 1.e3.
            found = re.compile(rf"(?<![\w.]){leaf}\b").search(text, start)
            span = found.span() if found else (start, len(text))
            hint = suggest(leaf, known) or f"the arguments are {listing(arguments)}"
            problem = f"{shorten(leaf)!r} is no argument of {op_name!r}"
            raise ExpressionError([Mistake(problem, text, *span, hint)])
    by = {name(own): name(a) for own, a in zip(arguments, ARGUMENTS, strict=False)}
    return substitute([root], by)[0]
