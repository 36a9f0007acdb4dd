"""Formulas as operations: read, derived by our sweep, and held against what is claimed.

f(a, b) = …  ─▶  definition over a, b  ─ sweep ─▶ partials  ⇄  the caller's partials
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from cgprimer.diff.kinks import kink_conditions
from cgprimer.diff.op_parts import Interval, Signature
from cgprimer.diff.stable import stable
from cgprimer.diff.sweep import partials as derive
from cgprimer.errors import ExpressionError, Mistake
from cgprimer.expr.custom import CustomOp
from cgprimer.expr.definitions import expand_to_table
from cgprimer.expr.kernel import Kernel
from cgprimer.expr.node import Node, postorder, substitute
from cgprimer.expr.ops import ARGUMENTS, OPS, Contract, name
from cgprimer.notation.text import show

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
    signature, body = _read(text)
    _check_parts(signature, body, contract)
    names = [name(a) for a in ARGUMENTS[: len(signature.arguments)]]
    definition, steps = over_table(signature, body), stable(body)
    derivatives = tuple(derive(steps, names).values())
    domains = signature.intervals(domain)
    follows = partials is None and _is_derived(body, contract)
    rules = derivatives if follows else signature.rules(partials, contract)
    if contract == "exact" and not follows:
        _check_partials(signature, _points(domains, steps), rules, derivatives)
    run = stable(definition)
    kinks = dict.fromkeys(kink_conditions(definition))
    return CustomOp(
        signature.op,
        functools.partial(_evaluate, run),
        # So the value of a result that is known need not be computed again, as for `y`
        # in the rules of the table.
        partials=tuple(substitute(rules, {steps: name("y")} if steps.args else {})),
        domain=domains,
        kinks=functools.reduce(OPS["mul"], kinks) if kinks else "",
        definition=definition,
        contract=contract,
        run=run,
        steps=steps if follows and contract == "exact" else None,
    )


def _read(text: str) -> tuple[Signature, Node]:
    """The name, the arguments as their author calls them, and the body over a, b, …"""
    left = text[: text.index("=")]
    head = _HEAD.fullmatch(left)
    if not head:
        span = (0, max(1, len(left.rstrip())))
        hint = "write f(a) = …, with the arguments that the right side uses"
        problem = "the left side defines no operation"
        raise ExpressionError([Mistake(problem, text, *span, hint)])
    signature = Signature(head[1], tuple(re.split(r"\s*,\s*", head[2])))
    return signature, signature.rule(text, start=len(left) + 1)


def over_table(signature: Signature, body: Node) -> Node:
    """`body` in operations of the table alone; OpError for numpy code in it."""
    # Counted before it is expanded: a definition over definitions over … could double
    # at every step.
    size = 0
    for node in postorder([body]):
        _refuse_code(signature, node)
        formula = node.op.formula if isinstance(node.op, CustomOp) else None
        size += len(postorder([formula])) if formula else 1
    if size > LONGEST:
        raise signature.refused(
            f"its definition would be written out as {size} operations",
            "write it as equations of the graph",
        )
    return expand_to_table([body])[0]


def _is_derived(body: Node, contract: str) -> bool:
    """Whether the sweep gives what the contract promises."""
    return contract == "exact" or any(
        node.op.contract != "exact" for node in postorder([body])
    )


def _evaluate(body: Node, *args: Any) -> Any:
    """The value of a formula over a, b, … for numbers or arrays that broadcast."""
    [value] = _kernel(body)(*args)
    return value


@functools.lru_cache(maxsize=256)
def _kernel(body: Node) -> Kernel:
    return Kernel([body], ARGUMENTS)


def _check_parts(signature: Signature, body: Node, contract: str) -> None:
    """Refuse a formula over numpy code, and one that claims more than its parts."""
    for node in postorder([body]):
        _refuse_code(signature, node)
        if contract == "exact" and node.op.contract != "exact":
            raise signature.refused(
                f"its definition uses {node.op.name!r}, which is declared "
                f"{node.op.contract}, so its derivative is not exact",
                f"pass contract={node.op.contract!r}",
            )


def _refuse_code(signature: Signature, node: Node) -> None:
    if isinstance(node.op, CustomOp) and not node.op.definition:
        raise signature.refused(
            f"its definition uses {node.op.name!r}, which is numpy code: a formula is "
            "made of formulas",
            "write it as an equation of the graph, or in numpy as a whole",
        )


def _points(domain: tuple[Interval, ...], body: Node) -> dict[str, Any]:
    """Random points of the domain: a, b, … (POINTS,), and the result there as y."""
    # The same points for everybody: a definition that is accepted once is accepted
    # always.
    rng = np.random.default_rng(0)
    at = {a: rng.uniform(*d, POINTS) for a, d in zip(ARGUMENTS, domain, strict=False)}
    with np.errstate(all="ignore"):
        return at | {"y": _evaluate(body, *at.values())}


def _check_partials(
    signature: Signature,
    at: dict[str, Any],
    given: tuple[Node, ...],
    derived: tuple[Node, ...],
) -> None:
    """Hold given partials against derived ones at some points."""
    arguments = signature.arguments
    with np.errstate(all="ignore"):
        values = Kernel([*given, *derived], [*at])(*at.values())
        rows = [np.broadcast_to(value, POINTS) for value in values]
        pairs = zip(rows, rows[len(given) :], derived, strict=False)
        for argument, (claimed, true, formula) in zip(arguments, pairs, strict=True):
            # Where the derivative is not finite nothing can be said; somewhere it has
            # to be.
            finite = np.isfinite(true)
            if not finite.any():
                raise signature.refused(
                    f"its partial by {argument!r} cannot be checked: the derivative is "
                    "nowhere finite in the domain",
                    "pass domain=(low, high), where it is smooth",
                )
            size = np.maximum(np.abs(claimed), np.abs(true))
            wrong = finite & ~(np.abs(claimed - true) <= AGREE * size)
            if wrong.any():
                i = int(wrong.argmax())
                point = zip(arguments, at.values(), strict=False)
                told = ", ".join(f"{own} = {x[i]:.4g}" for own, x in point)
                raise signature.refused(
                    f"the partial by {argument!r} is not the derivative: at {told} it "
                    f"is {claimed[i]:.6g}, and the derivative is {true[i]:.6g}",
                    f"the derivative is {show(signature.in_its_names(formula))}; if "
                    "something else is meant, pass contract='surrogate'",
                )
