"""Groups of equations that are run together, as records and as their code sees them.

A group has two functions, whatever they are made of (`shape_text` compiles a shape,
`tape_text` interprets one, `dense` calls BLAS):

    forward(group, work)    values of what the equations define
    reverse(group, work)    adjoints of what they use, gradients of their parameters

One record describes the group and another one what is being worked on. Lanes are
samples, or where there is but one sample, equations.
"""

from __future__ import annotations

from cgprimer.run.llvm.emit import Emitter
from cgprimer.run.llvm.module import FunctionText
from cgprimer.run.llvm.records import INT, POINTER, Field

# Words from one record to the next of either kind: a power of two, so that the number
# of a record is shifted, not multiplied; and room for fields to come.
WORDS = 16


class GroupField(Field):
    """Fields of the record of a group.

    COUNT : its equations. FIRST : the row of the first variable that they define.
    SLOTS : for each slot the rows or numbers that fill it, i32, WIDTH apart.
    CODE : of a tape or a dense product, its own record.
    """

    COUNT = INT
    FIRST = INT
    SLOTS = POINTER
    WIDTH = INT
    CODE = POINTER
    FORWARD = POINTER
    REVERSE = POINTER


class WorkField(Field):
    """Fields of the record of what is being worked on.

    VALUES, ADJOINTS : rows of variables, STRIDE apart. NUMBERS : parameters, then
    constants. GRADIENT : as parameters. LANES : samples in whole vectors, of which
    SAMPLES count. SCRATCH : room for registers.
    """

    VALUES = POINTER
    NUMBERS = POINTER
    ADJOINTS = POINTER
    GRADIENT = POINTER
    LANES = INT
    SAMPLES = INT
    STRIDE = INT
    SCRATCH = POINTER


class GroupWriter(Emitter):
    """The body of a function of a group, which has read what all of them need.

    count, first, table, apart : of the group, as `GroupField` says. values, numbers,
    stride, lanes, samples : of the work.
    """

    def __init__(self, width: int, *, contract: bool = False) -> None:
        super().__init__(width, contract=contract)
        self.count, self.first = map(self.group, (GroupField.COUNT, GroupField.FIRST))
        self.table, self.apart = map(self.group, (GroupField.SLOTS, GroupField.WIDTH))
        self.values = self.work(WorkField.VALUES)
        self.numbers = self.work(WorkField.NUMBERS)
        self.stride = self.work(WorkField.STRIDE)
        self.lanes, self.samples = map(self.work, (WorkField.LANES, WorkField.SAMPLES))

    def group(self, field: GroupField) -> str:
        """A field of the record of the group."""
        return self.field("%group", field)

    def work(self, field: WorkField) -> str:
        """A field of the record of the work."""
        return self.field("%work", field)

    def row(self, base: str, number: str) -> str:
        """Where a row begins."""
        return self.place(base, self.times(number, self.stride))

    def function(self, title: str) -> FunctionText:
        """The function that has this body."""
        return FunctionText(title, self, "ptr %group, ptr %work")
