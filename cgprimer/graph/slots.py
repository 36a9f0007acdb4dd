"""Slots: the places of a shape that an equation's names and numbers fill.

In the body of a shape a slot is a name: its kind's letter, then a number of its own,
so `p0*x1+c2` has the slots p0, x1 and c2. Only this module reads or makes such names.

    SlotKind, number ⇄ name of a slot, for shapes, tables and whoever runs them
"""

from __future__ import annotations

from enum import StrEnum


class SlotKind(StrEnum):
    """What fills a slot; its value is the letter that names of such slots begin with.

    >>> PARAMETER.slot(0), slot_kind("x1") is VARIABLE
    ('p0', True)
    """

    VARIABLE = "x"
    PARAMETER = "p"
    CONSTANT = "c"

    def slot(self, number: int) -> str:
        """The name of the slot of this kind and number."""
        return f"{self}{number}"


VARIABLE, PARAMETER, CONSTANT = SlotKind

Leaf = tuple[SlotKind, int]  # what is in a slot: its kind, its number among that kind


def slot_kind(slot: object) -> SlotKind:
    """What fills a slot of that name."""
    return SlotKind(str(slot)[0])


def slot_number(slot: str) -> int:
    """The number of a slot, by which those of one shape are ordered."""
    return int(slot[1:])
