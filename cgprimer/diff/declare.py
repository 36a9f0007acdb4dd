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
from dataclasses import dataclass
from dataclasses import replace as with_changes
from typing import Any, NoReturn

from cgprimer import takes
from cgprimer.diff.formula_op import from_formula, over_table
from cgprimer.diff.op_parts import Interval, Signature
from cgprimer.errors import OptionError, shorten, suggest, visible
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
    given = {"forward": forward, "backward": backward}
    takes.function(**{part: code for part, code in given.items() if code is not None})
    if contract not in CONTRACTS:
        hint = suggest(contract, CONTRACTS) or f"it is {', '.join(CONTRACTS)}"
        raise OptionError(f"unknown contract {contract!r}\n  hint: {hint}")
    said = _Declaration(partials, contract, domain, kinks, latex, replace)
    # A text with = in it is a formula; without, it is a name for numpy code.
    if isinstance(definition, str) and "=" in definition:
        if name or forward or backward or kinks:
            _refuse_mixture(definition)
        return said.of_formula(definition)
    if isinstance(definition, str):
        name = name or definition
        check_identifier(name)
    elif definition is not None:
        return said.of_class(definition, name)
    if forward is None:
        if backward is not None:
            raise OptionError("a backward needs the forward that saves its context")
        return lambda code: said.of_class(code, name)
    if name is None:
        raise OptionError("name= is needed: how the operation is called in equations")
    return said.of_code(name, forward, backward)


def _refuse_mixture(definition: str) -> NoReturn:
    raise OptionError(
        f"{shorten(definition)!r} is a whole definition: name=, forward=, backward= "
        "and kinks= are for numpy code\n  hint: a surrogate derivative of a formula is "
        "given by partials="
    )


@dataclass(frozen=True)
class _Declaration:
    """What `custom_op` is told beside the definition itself; makes the operation."""

    partials: Sequence[str] | None
    contract: Contract
    domain: Interval | Sequence[Interval]
    kinks: str
    latex: str
    replace: bool

    def of_formula(self, text: str) -> CustomOp:
        """The operation that `f(a) = …` defines."""
        return self._register(
            from_formula(text, self.partials, self.contract, self.domain)
        )

    def of_class(self, code: Any, op_name: str | None) -> CustomOp:
        """The operation of a class that has a forward, and perhaps a backward."""
        if not isinstance(code, type) or not hasattr(code, "forward"):
            raise OptionError(
                f"{takes.quote(code)} is no class with a forward\n  hint: write a "
                "class with def forward(ctx, a): … and def backward(ctx, grad): …"
            )
        op_name = op_name or code.__name__.lower()
        return self.of_code(op_name, code.forward, getattr(code, "backward", None))

    def of_code(
        self,
        op_name: str,
        forward: Callable[..., Any],
        backward: Callable[..., Any] | None,
    ) -> CustomOp:
        """The operation of numpy code, with its backward or with formulas for it."""
        check_identifier(op_name)
        of = Signature(op_name, arguments_of(op_name, forward))
        code = UserCode(op_name, of.arguments, forward, backward, Calls())
        made = CustomOp(
            op_name,
            code.value,
            domain=of.intervals(self.domain),
            kinks=self.kinks and over_table(of, of.rule(self.kinks)),
            contract=self.contract,
            calls=code.calls,
        )
        return self._register(self._with_derivative(made, code, of))

    def _with_derivative(self, op: CustomOp, code: UserCode, of: Signature) -> CustomOp:
        if code.backward is None:
            return with_changes(op, partials=of.rules(self.partials, self.contract))
        if self.partials is not None:
            raise of.refused("backward and partials= say the same thing: give one")
        # The backward becomes operations of its own, one for each argument, so that a
        # gradient through it is an expression that can be printed, kept and evaluated
        # like any other.
        helpers = backward_ops(code, self.contract)
        pullback = functools.partial(_pull, helpers)
        return with_changes(op, helpers=helpers, pullback=pullback)

    def _register(self, op: CustomOp) -> CustomOp:
        if self.latex:
            try:
                # Tried now: a template that is wrong would fail much later, when a
                # graph is printed.
                self.latex.format(*["a"] * op.arity)
            except (LookupError, ValueError, AttributeError, TypeError) as error:
                raise OptionError(
                    f"latex={self.latex!r} is no template\n  hint: {{0}} stands for "
                    "the first argument, and other braces are doubled: {{{{ }}}}"
                ) from error
        latex = visible(self.latex) or call_latex(op.name, op.arity)
        op = with_changes(op, latex=latex)
        op.register(replace=self.replace)
        return op


def _pull(
    helpers: Iterable[Callable[..., Node]],
    args: tuple[Node, ...],
    result: Node,
    adjoint: Node,
) -> tuple[Node, ...]:
    """The pullback of numpy code: its backward as operations on the adjoint."""
    return tuple(helper(*args, adjoint) for helper in helpers)
