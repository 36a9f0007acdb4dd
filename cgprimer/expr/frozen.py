"""What never changes: a copy of it is the thing itself."""

from __future__ import annotations

from typing import Any, Self


class Frozen:
    """An object whose copies, shallow or deep, are the object."""

    __slots__ = ()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self
