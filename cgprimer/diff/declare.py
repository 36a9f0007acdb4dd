"""Operations of your own: from a formula, or from numpy code with a saved context.

    custom_op("softsign(a) = a/(1 + abs(a))")

    @custom_op(name="quantise", contract="surrogate")
    class Quantise:
        def forward(ctx, a): …
        def backward(ctx, grad): …

A formula is derived by our sweep, and what the caller says of its derivative is held
against that. What numpy code passes back is its own affair: the `contract` says whether
it claims to be the derivative.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace as with_changes
from typing import Any, NoReturn

from cgprimer import takes
from cgprimer.diff.formula_op import (
    Interval,
    check_arguments,
    from_formula,
    given_rules,
    intervals,
    over_table,
    rule,
)
from cgprimer.errors import OpError, OptionError, shorten, suggest, visible
from cgprimer.expr.custom import CONTRACTS, Calls, CustomOp, check_identifier
from cgprimer.expr.node import Node
from cgprimer.expr.numpy_op import UserCode, arguments_of, backward_ops, call_latex
from cgprimer.expr.ops import REAL, Contract
from cgprimer.interrupts import contained


@contained
def custom_op(
    definition: Any = None,
    /,
    *,
    name: str | None = None,
    forward: Callable[..., Any] | None = None,
    backward: Callable[..., Any] | None = None,
    partials: Sequence[str] | None = None,
    contract: Contract = "exact",
    domain: Interval | Sequence[Interval] = REAL,
    kinks: str = "",
    latex: str = "",
    replace: bool = False,
) -> Any:
    """Put an operation of your own into the language, and return it as a `CustomOp`.

    definition : `"f(a, b) = …"`, a formula; or a name, as `name`. As a decorator of a
        class that has `forward`, and `backward` unless there are `partials`.
    forward : `forward(ctx, a, …)`, numpy code: from arrays (n,) one array (n,), element
        by element, always the same for the same arguments. `ctx.save(error=…)` keeps
        a value for the backward, which reads it as `ctx.error`.
    backward : `backward(ctx, grad)`: from the arriving adjoint (n,) one share (n,) for
        each argument, as a tuple if there are several; not necessarily linear in it.
    partials : formulas for the derivative by each argument, in the arguments and y, the
        result. Derived from the definition where left out.
    contract : "exact", a derivative, to be judged as one; "straight-through", passes
        the adjoint on as it is, if nothing else is said; "surrogate", other on purpose.
    domain : interval where it is smooth, for all arguments or for each.
    kinks : formula in the arguments that is zero where the slope jumps; for code.
    latex : template with {0}, {1} for the arguments.
    replace : whether to take the place of an earlier custom operation of that name.

    It stays until its `unregister()`, or to the end of a `with` statement. Raises
    ExpressionError for a formula that cannot be read, OptionError for a name that is
    taken, OpError where the parts do not fit or partials are not the derivative.

    >>> from cgprimer import parse_graph
    >>> with custom_op("softsign(a) = a/(1 + abs(a))"):
    ...     parse_graph(["xy = softsign(w*xx)"]).evaluate({"w": 2, "xx": 1.5})["xy"]
    0.75
    """
    takes.text(contract=contract, kinks=kinks, latex=latex)
    takes.flag(replace=replace)
    if name is not None:
        check_identifier(name)
    for part in (forward, backward):
        if part is not None:
            takes.function(**{"forward" if part is forward else "backward": part})
    if contract not in CONTRACTS:
        hint = suggest(contract, CONTRACTS) or f"it is {', '.join(CONTRACTS)}"
        raise OptionError(f"unknown contract {contract!r}\n  hint: {hint}")
    # A text with = in it is a formula; without, it is a name for numpy code.
    if isinstance(definition, str) and "=" in definition:
        if name or forward or backward or kinks:
            _refuse_mixture(definition)
        made = from_formula(definition, partials, contract, domain)
        return _registered(made, latex, replace)

    def from_code(forward: Any, backward: Any, name: str) -> CustomOp:
        check_identifier(name)
        made = _from_code(name, forward, backward, partials, contract, domain, kinks)
        return _registered(made, latex, replace)

    def from_class(found: Any) -> CustomOp:
        if not isinstance(found, type) or not hasattr(found, "forward"):
            raise OptionError(
                f"{takes.shown(found)} is no class with a forward\n  hint: write a "
                "class with def forward(ctx, a): … and def backward(ctx, grad): …"
            )
        called = name or found.__name__.lower()
        return from_code(found.forward, getattr(found, "backward", None), called)

    if isinstance(definition, str):
        name = name or definition
        check_identifier(name)
    elif definition is not None:
        return from_class(definition)
    if forward is None:
        if backward is not None:
            raise OptionError("a backward needs the forward that saves its context")
        return from_class
    if name is None:
        raise OptionError("name= is needed: how the operation is called in equations")
    return from_code(forward, backward, name)


def _refuse_mixture(definition: str) -> NoReturn:
    raise OptionError(
        f"{shorten(definition)!r} is a whole definition: name=, forward=, backward= "
        "and kinks= are for numpy code\n  hint: a surrogate derivative of a formula is "
        "given by partials="
    )


def _registered(op: CustomOp, latex: str, replace: bool) -> CustomOp:
    if latex:
        try:
            # Tried now: a template that is wrong would fail much later, when a graph is
            # printed.
            latex.format(*["a"] * op.arity)
        except (LookupError, ValueError, AttributeError, TypeError) as error:
            raise OptionError(
                f"latex={latex!r} is no template\n  hint: {{0}} stands for the first "
                "argument, and other braces are doubled: {{{{ }}}}"
            ) from error
    op = with_changes(op, latex=visible(latex) or call_latex(op.name, op.arity))
    op.register(replace=replace)
    return op


# From numpy code.


def _from_code(
    op_name: str,
    forward: Callable[..., Any],
    backward: Callable[..., Any] | None,
    partials: Sequence[str] | None,
    contract: Contract,
    domain: Interval | Sequence[Interval],
    kinks: str,
) -> CustomOp:
    arguments = arguments_of(op_name, forward)
    check_arguments(op_name, arguments)
    code = UserCode(op_name, arguments, forward, backward, Calls())
    made = CustomOp(
        op_name,
        code.value,
        domain=intervals(op_name, domain, len(arguments)),
        kinks=over_table(op_name, rule(op_name, kinks, arguments)) if kinks else "",
        contract=contract,
        calls=code.calls,
    )
    if backward is None:
        return with_changes(
            made, partials=given_rules(op_name, partials, arguments, contract)
        )
    if partials is not None:
        raise OpError(op_name, "backward and partials= say the same thing: give one")
    # The backward becomes operations of its own, one for each argument, so that a
    # gradient through it is an expression that can be printed, kept and evaluated like
    # any other.
    helpers = backward_ops(code, contract)
    return with_changes(
        made, helpers=helpers, pullback=functools.partial(_pull, helpers)
    )


def _pull(
    helpers: Iterable[Callable[..., Node]],
    args: tuple[Node, ...],
    result: Node,
    adjoint: Node,
) -> tuple[Node, ...]:
    """The pullback of numpy code: its backward as operations on the adjoint."""
    return tuple(helper(*args, adjoint) for helper in helpers)
