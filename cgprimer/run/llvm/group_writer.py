"""Groups of equations that are run together, as records and as their code sees them.

A group has two functions, whatever they are made of (`shape_text` compiles a shape,
`tape_text` interprets one, `dense` calls BLAS):

    forward(group, work)    values of what the equations define
    reverse(group, work)    adjoints of what they use, gradients of their parameters

One record describes the group and another one what is being worked on. Lanes are
samples, or where there is but one sample, equations.
"""

from __future__ import annotations

from typing import NamedTuple

from cgprimer.run.llvm.emit import Emitter
from cgprimer.run.llvm.module import FunctionText
from cgprimer.run.llvm.records import Int, Pointer

# Words from one record to the next of either kind: a power of two, so that the number
# of a record is shifted, not multiplied; and room for fields to come.
WORDS = 16


class GroupRecord(NamedTuple):
    """A group.

    count : its equations. first : the row of the first variable that they define.
    slots : for each slot the rows or numbers that fill it, i32, `width` apart.
    code : of a tape or a dense product, its own record.
    """

    count: Int
    first: Int
    slots: Pointer
    width: Int
    code: Pointer
    forward: Pointer
    reverse: Pointer


class WorkRecord(NamedTuple):
    """What is being worked on.

    values, adjoints : rows of variables, `stride` apart. numbers : parameters, then
    constants. gradient : as parameters. scratch : room for registers. The driver sets
    lanes : samples in whole vectors, of which `samples` count.
    """

    values: Pointer
    numbers: Pointer
    adjoints: Pointer
    gradient: Pointer
    stride: Int
    scratch: Pointer
    lanes: Int = 0
    samples: Int = 0


class GroupWriter(Emitter):
    """The body of a function of a group, which has read both of its records."""

    def __init__(self, width: int, *, contract: bool = False) -> None:
        super().__init__(width, contract=contract)
        self.group = self.record("%group", GroupRecord)
        self.work = self.record("%work", WorkRecord)

    def row(self, base: str, number: str) -> str:
        """Where a row begins."""
        return self.place(base, self.times(number, self.work.stride))

    def function(self, title: str) -> FunctionText:
        """The function that has this body."""
        return FunctionText(title, self, "ptr %group, ptr %work")
