"""Numpy code as an operation: a forward, and a backward that knows what it saved.

    forward(ctx, a, …)   → result              ctx.save(error=…)
    backward(ctx, grad)  → a share of grad for each argument

The code sees arrays (n,) and answers in arrays (n,), element by element. A context
lives for one call: a sweep runs the forward again, and hands its context to the
backward. So nothing is kept between calls, and the same arguments must give the same
result. In a fit the adjoint that arrives is that of a sample's own loss; the mean over
samples is taken afterwards, which a backward that is not linear can tell.

`diff.declare` makes operations of it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

import numpy as np

from cgprimer.errors import OpError, counted, listing, suggest, visible
from cgprimer.expr.custom import Calls
from cgprimer.expr.node import Node
from cgprimer.expr.ops import Contract, Op
from cgprimer.types import Array

# Every check runs the forward once more, so a long fit does not go on checking.
TRIED = 10  # backward calls in which the forward must repeat itself
REAL_KINDS = "biuf"


class Context:
    """What a forward saves for its backward: `ctx.save(error=…)`, then `ctx.error`."""

    def __init__(self) -> None:
        # Past `__setattr__`, which refuses: `ctx.error = …` would look saved and be a
        # mistake.
        self.__dict__["_saved"] = {}
        self.__dict__["_open"] = True

    def save(self, **values: Any) -> None:
        """Keep values by name; for the forward only."""
        if not self.__dict__["_open"]:
            raise AttributeError("ctx.save is for the forward: the backward only reads")
        self.__dict__["_saved"].update(values)

    def __getattr__(self, name: str) -> Any:
        saved = self.__dict__.get("_saved", {})
        if name in saved:
            return saved[name]
        had = f"it saved {listing(saved)}" if saved else "it saved nothing"
        near = suggest(name, saved) or f"write ctx.save({name}=…) in the forward"
        raise AttributeError(f"the forward did not save {name!r}: {had}; {near}")

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"write ctx.save({name}=…) to keep a value")

    def close(self) -> None:
        """From now on only read."""
        self.__dict__["_open"] = False


@dataclass(frozen=True)
class UserCode:
    """A caller's forward and backward, run on flat arrays, with every answer checked.

    arguments : their names; `calls` is counted up.
    """

    name: str
    arguments: tuple[str, ...]
    forward: Callable[..., Any]
    backward: Callable[..., Any] | None
    calls: Calls

    def value(self, *args: Any) -> Any:
        """The operation's result: the forward on arguments of any one shape."""
        flat, shape = _flat(args)
        return self._forward(Context(), flat).reshape(shape)[()]

    def share(self, position: int, *args: Any) -> Any:
        """What argument `position` gets; `args` are the arguments and the adjoint."""
        flat, shape = _flat(args)
        context = Context()
        # The forward runs again although its value is known: what it saved is not kept,
        # so that no array of a sweep outlives it and threads share nothing.
        result = self._forward(context, flat[:-1])
        if self.calls.backward < TRIED:
            self._check_repeats(result, flat[:-1])
        context.close()
        return self._backward(context, flat[-1])[position].reshape(shape)[()]

    def _forward(self, context: Context, args: Sequence[Array]) -> Array:
        self.calls.count("forward")
        value = self._run("forward", self.forward, context, *args)
        return self._check("forward", value, "a value", args[0])

    def _backward(self, context: Context, adjoint: Array) -> list[Array]:
        assert self.backward is not None
        self.calls.count("backward")
        answer = self._run("backward", self.backward, context, adjoint)
        shares = list(answer) if isinstance(answer, tuple | list) else [answer]
        if len(shares) != len(self.arguments):
            self._fail(
                f"backward returned {counted(len(shares), 'share')} for "
                f"{counted(len(self.arguments), 'argument')} "
                f"({', '.join(self.arguments)})",
                "return one share of the gradient for each argument of the forward",
            )
        # A backward of one argument that returns None has most likely forgotten its
        # `return`, so None is refused there, by `_check`.
        if len(shares) > 1:  # None says that an argument gets nothing
            shares = [np.zeros_like(adjoint) if s is None else s for s in shares]
        return [
            self._check("backward", share, f"the share of {argument!r}", adjoint)
            for share, argument in zip(shares, self.arguments, strict=True)
        ]

    def _run(self, what: str, code: Callable[..., Any], *args: Any) -> Any:
        try:
            with np.errstate(all="ignore"):
                return code(*args)
        except Exception as error:
            said = f"its {what} raised {type(error).__name__}: {visible(str(error))}"
            raise OpError(self.name, said) from error

    def _check(self, what: str, answer: Any, role: str, like: Array) -> Array:
        """An answer as float64 of the shape of `like`; OpError for anything else."""
        if answer is None:
            self._fail(f"{what} returned None", f"return {role} for every element")
        if np.ma.is_masked(answer):
            self._fail(f"{what} returned {role} with masked elements", "fill them")
        array = np.asarray(answer)
        if array.dtype.kind not in REAL_KINDS:
            self._fail(
                f"{what} returned {role} of type {array.dtype}, not real numbers"
            )
        if array.shape != like.shape:
            self._fail(
                f"{what} returned {role} of shape {array.shape} where "
                f"{like.shape} is expected",
                "an operation acts element by element on arrays (n,)",
            )
        return array.astype(np.float64)

    def _check_repeats(self, result: Array, args: Sequence[Array]) -> None:
        again = self._forward(Context(), args)
        if not np.allclose(result, again, rtol=1e-9, atol=0.0, equal_nan=True):
            self._fail(
                "forward gives another result each time it is called with the same "
                "arguments, so its backward cannot know which one was meant",
                "draw random numbers outside, and pass them in as an argument",
            )

    def _fail(self, problem: str, hint: str = "") -> NoReturn:
        raise OpError(self.name, problem, hint)


def _flat(args: Sequence[Any]) -> tuple[list[Array], tuple[int, ...]]:
    """The arguments as read-only arrays (n,), and the shape they have together."""
    arrays = np.broadcast_arrays(*(np.asarray(arg, dtype=np.float64) for arg in args))
    # Views that are read-only: ravel may return the sweep's own values, and code that
    # changes its argument in place would change them for everybody.
    flat = [np.ravel(array).view() for array in arrays]
    for array in flat:
        array.flags.writeable = False
    return flat, arrays[0].shape


def backward_ops(code: UserCode, contract: Contract) -> tuple[Op, ...]:
    """For each argument the operation (arguments, adjoint) → share of the adjoint.

    They make a gradient an expression like any other; it cannot be derived once more.
    """
    count = len(code.arguments)
    endings = [""] if count == 1 else [str(i + 1) for i in range(count)]
    return tuple(
        Op(
            f"{code.name}_backward{ending}",
            partial(code.share, position),
            latex=call_latex(f"{code.name}_backward{ending}", count + 1),
            # An operation with a pullback has no partials to count, so its arity is the
            # length of `domain`: the arguments and the adjoint.
            domain=((-3.0, 3.0),) * (count + 1),
            contract=contract,
            pullback=_second_order(code.name),
        )
        for position, ending in enumerate(endings)
    )


def _second_order(op_name: str) -> Callable[..., NoReturn]:
    def refuse(args: tuple[Node, ...], result: Node, adjoint: Node) -> NoReturn:
        raise OpError(
            op_name,
            "its backward is numpy code and cannot be differentiated again: there is "
            "no second order through it",
            "give formulas for its derivative with partials=, or take finite "
            "differences of the gradient",
        )

    return refuse


def call_latex(op_name: str, count: int) -> str:
    """The template of a call: an upright name and its arguments."""
    shown = op_name.replace("_", r"\_")
    slots = ", ".join(f"{{{i}}}" for i in range(count))
    return rf"\operatorname{{{{{shown}}}}}\left({slots}\right)"


def arguments_of(op_name: str, forward: Callable[..., Any]) -> tuple[str, ...]:
    """The names of a forward's arguments after `ctx`; OpError if they are unclear."""
    parameters = list(inspect.signature(forward).parameters.values())
    if parameters and parameters[0].name in ("self", "cls"):
        raise OpError(
            op_name,
            f"forward takes {parameters[0].name!r}, but no object is made of the class",
            "write def forward(ctx, a): …",
        )
    # `*args` or a default would leave open how many arguments a call in an equation
    # has.
    plain = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.POSITIONAL_ONLY)
    for parameter in parameters:
        if parameter.kind not in plain or parameter.default is not parameter.empty:
            raise OpError(
                op_name,
                f"forward takes {str(parameter)!r}, so its arguments cannot be counted",
                "name every argument, without a default: def forward(ctx, a): …",
            )
    if len(parameters) < 2:
        raise OpError(
            op_name,
            f"forward takes {counted(len(parameters), 'argument')}",
            "write def forward(ctx, a): …",
        )
    return tuple(parameter.name for parameter in parameters[1:])
