"""Operations of a caller's own, which come and go: their names in the language.

    made ─ register ─▶ OPS, FUNCTIONS ─▶ parsed, evaluated, differentiated, drawn
                                      ◀─ unregister ─

A graph holds the operations themselves, not their names, so it outlives them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from cgprimer import takes
from cgprimer.errors import OptionError
from cgprimer.expr.node import Node, postorder
from cgprimer.expr.ops import CONSTANTS, FORGET, FUNCTIONS, OPS, Op, name
from cgprimer.expr.tokens import RESERVED
from cgprimer.forks import forkable

CONTRACTS = ("exact", "straight-through", "surrogate")
_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)
_lock = forkable()


@dataclass
class Calls:
    """How often the code of an operation ran: `forward` and `backward`."""

    forward: int = 0
    backward: int = 0

    def count(self, which: str) -> None:
        """One more call, from whatever thread."""
        with _lock:
            setattr(self, which, getattr(self, which) + 1)


@dataclass(frozen=True, eq=False, repr=False)
class CustomOp(Op):
    """An operation that `custom_op` made.

    In a `with` statement it is in the language for the length of the block.

    calls : how often its numpy code ran; None for an operation of formulas.
    helpers : operations that come and go with it, such as its backward.
    run : its definition in stable form, over a, b, …, in operations that have code.
    steps : what is differentiated in its place; None for an operation that declares a
        derivative of its own. Numpy code has neither.
    """

    calls: Calls | None = None
    helpers: tuple[Op, ...] = ()
    run: Node | None = None
    steps: Node | None = None

    @property
    def analytic(self) -> bool:
        """Whether a complex step through it gives the derivative; not through code."""
        return bool(self.definition) and not self.kinks

    def register(self, *, replace: bool = False) -> None:
        """Put the name into the language; OptionError where it is taken.

        replace : whether to take the place of an earlier custom operation.
        """
        takes.flag(replace=replace)
        with _lock:
            # Only a caller's own operation can be replaced, never one of the table: the
            # library's rules are written in those.
            earlier = OPS.get(self.name) if replace else None
            if isinstance(earlier, CustomOp):
                _remove(earlier)
            try:
                for op in (self, *self.helpers):
                    check_identifier(op.name)
                    _check_free(op.name)
            except OptionError:
                # All or nothing: where a helper's name is taken, the operation that was
                # to be replaced comes back.
                if isinstance(earlier, CustomOp):
                    _insert(earlier)
                raise
            _insert(self)

    def unregister(self) -> None:
        """Take the name out of the language; graphs that use it go on working."""
        with _lock:
            _remove(self)

    def __reduce__(self) -> tuple[Any, ...]:
        if self.calls is not None:
            raise TypeError(
                f"the operation {self.name!r} cannot be pickled: it is numpy code, "
                "which is loaded by running its custom_op again"
            )
        return CustomOp, tuple(getattr(self, field.name) for field in fields(self))

    def __enter__(self) -> CustomOp:
        return self

    def __exit__(self, *error: object) -> None:
        self.unregister()

    def __repr__(self) -> str:
        if self.calls is None:
            return f"CustomOp({self.name}: {self.contract})"
        told = f"forward {_times(self.calls.forward)}"
        if self.pullback:
            told += f", backward {_times(self.calls.backward)}"
        return f"CustomOp({self.name}: {self.contract}; called: {told})"


def _times(count: int) -> str:
    return {0: "never", 1: "once"}.get(count, f"{count} times")


def _insert(op: CustomOp) -> None:
    for each in (op, *op.helpers):
        OPS[each.name] = FUNCTIONS[each.name] = each


def _remove(op: CustomOp) -> None:
    """Take out what is there; nothing that has the same name and is another."""
    for each in (op, *op.helpers):
        if OPS.get(each.name) is each:
            del OPS[each.name], FUNCTIONS[each.name]
    # Whoever keeps results by text must drop them: the same text may soon mean another
    # operation, or none.
    for forget in FORGET:
        forget()


def check_identifier(text: object) -> None:
    """Refuse what is no name of the language."""
    if not isinstance(text, str) or not _NAME.fullmatch(text):
        raise OptionError(
            f"{takes.quote(text)} cannot name an operation",
            "a name is a letter followed by letters a-z, A-Z, digits and underscores",
        )
    if text in RESERVED:
        raise OptionError(f"{text!r} is a keyword of Python: choose another name")


def _check_free(text: str) -> None:
    taken = OPS.get(text) or FUNCTIONS.get(text) or CONSTANTS.get(text)
    if isinstance(taken, CustomOp):
        raise OptionError(
            f"there is a custom operation {text!r} already",
            "pass replace=True, or end the first one by its unregister()",
        )
    if taken is not None:
        raise OptionError(
            f"there is an operation {text!r} already: choose another name"
        )


def inexact_ops(root: Node, wrt: str) -> tuple[Op, ...]:
    """The operations from the name `wrt` to `root` that declare to be no derivative.

    Each once; empty where the partial of `root` by `wrt` claims to be exact.
    """
    leaf = name(wrt)

    def between() -> Iterator[Op]:
        for node in postorder([root]):
            if node.op.contract != "exact" and leaf in postorder([node]):
                yield node.op

    # A dict, not a set: the order is that of the equation, so messages do not vary.
    return tuple(dict.fromkeys(between()))
