"""Calls of functions of arrays: arguments, keywords behind them, and the node made.

    sum(x, axis=0)   max(x)   einsum("ij,jk->ik", A, B)

`expr.array_syntax` reads what stands between calls, `array_attributes` what a keyword
takes.
"""

from __future__ import annotations

from typing import Any

from cgprimer.errors import shorten
from cgprimer.expr.array_advice import about_keyword
from cgprimer.expr.array_attributes import (
    Unreadable,
    about_form,
    about_value,
    read_value,
)
from cgprimer.expr.array_complaints import BEHIND, REDUCED, ArrayComplaints
from cgprimer.expr.array_op import REQUIRED, ArrayOp
from cgprimer.expr.array_ops import op_called
from cgprimer.expr.node import Node
from cgprimer.expr.ops import name

Span = tuple[int, int]


class ArrayCalls(ArrayComplaints):
    """A parser of calls with keywords.

    `marks` are the tokens of each operation and of each name, where it stands first.
    """

    marks: dict[Node, Span]

    def operand(self, at: int) -> int:
        call = self.call()
        if call and self.tokens[at + 1 : at + 2] == ["="] and self.tokens[at] != "(":
            return self.keyword(at)
        if call and self.tokens[at - 1] == "," and self.given.get(call.token):
            hint = f"write the arguments first: {call.op and call.op.name}(…, …=…)"
            self.note(BEHIND, at, hint)
        return super().operand(at)

    def keyword(self, at: int) -> int:
        """Read a keyword and its value; what follows is a comma or a bracket."""
        frame, key = self.frames[-1], self.tokens[at]
        op = frame.op
        assert op is not None
        keys = self.keys(op)
        given = self.given.setdefault(frame.token, {})
        if key not in keys:
            if self.functions.get(op.name):
                message = f"{op.name!r} has no keyword '{shorten(key, 16)}='"
                self.note(message, at, about_keyword(op, key, keys))
            self.give_up()
        if key in given:
            self.note(f"'{key}=' is given twice", at)
        given[key], after = self.value(key, at + 2)
        if given[key] is None and keys[key] is not None:
            self.note(f"{op.name!r} needs a value of '{key}='", at, about_value(key))
        return after

    def value(self, key: str, at: int) -> tuple[Any, int]:
        """The value of a keyword, and what follows it."""
        try:
            value, after = read_value(self.tokens, at, key)
        except Unreadable as error:
            self.fail(error.message, error.at, error.hint, error.to)
        if not self.tokens[after]:
            self.fail("'(' is never closed", self.frames[-1].token)
        if self.tokens[after] not in (",", ")"):
            message = f"'{key}=' takes one value"
            self.fail(message, after, about_value(key))
        return value, after

    def close(self, at: int) -> None:
        frame = self.frames[-1] if self.frames else None
        op = frame.op if frame else None
        if frame is None or op is None:
            super().close(at)
            return
        attrs = self.given.pop(frame.token, {})
        if frame.token in self.forms:
            attrs = {"form": self.forms.pop(frame.token)} | attrs
        count = len(self.operands) - frame.base
        if op.name in REDUCED and (count == 1 or attrs):
            op = op_called(REDUCED[op.name])
        if not isinstance(op, ArrayOp):
            if not count:
                self.wrong_count(op, 0, frame.token - 1, at)
                self.give_up()
            super().close(at)
            return
        self.frames.pop()
        args = tuple(self.operands[frame.base :])
        del self.operands[frame.base :]
        self.operands.append(self.make(op, args, attrs, frame.token - 1, at))

    def make(
        self,
        op: ArrayOp,
        args: tuple[Node, ...],
        attrs: dict[str, Any],
        at: int,
        to: int,
    ) -> Node:
        """The node of a call with its keywords, or what is wrong with it."""
        if len(args) < max(op.arity, 1) or len(args) > op.arity >= 0:
            self.wrong_count(op, len(args), at, to)
        missing = [k for k, d in op.attrs.items() if d is REQUIRED and k not in attrs]
        if "form" in attrs and (wrong := about_form(attrs["form"])):
            self.note(wrong, at + 2)
        if missing and not self.problems:
            hint = about_value(missing[0])
            self.note(f"{self.tokens[at]!r} needs '{missing[0]}='", at, hint, to)
        if self.problems:
            return args[0] if args else name(self.tokens[at])
        node = op(*args, **attrs)
        self.marks.setdefault(node, (at, at))
        return node
