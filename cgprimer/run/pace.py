"""Long work in parts, so that Ctrl-C is heard in between.

Machine code does not look for signals. How much of it runs at a time is found by the
clock; results do not depend on it, as a part goes on exactly where the last one ended.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

GOAL = 0.1  # seconds of a part
FIRST = 1e6  # operations of the first: 0.1 s where one takes 100 ns, most take 1 ns


class Pace:
    """How many samples at a time, from the operations that one takes."""

    def __init__(self, operations: float) -> None:
        # For 100 operations a sample 9901 samples. If these take 10 ms, ten times as
        # many would take GOAL; the next part has four times as many, 39604, and the one
        # after that 99010.
        self.length = 1 + int(FIRST / (operations + 1))

    def spans(self, low: int, high: int, unit: int = 1) -> Iterator[tuple[int, int]]:
        """`low` … `high` in pieces of whole units, each worked on before the next."""
        while low < high:
            # A unit that is longer than it should be is worked on as a whole, as a
            # batch must be.
            length = max(self.length // unit, 1) * unit
            end = min(low + length, high)
            began = time.perf_counter()
            yield low, end
            self._learn(end - low, time.perf_counter() - began, end - low == length)
            low = end

    def _learn(self, count: int, seconds: float, whole: bool) -> None:
        """At most four times more or less than before: one measurement may be off."""
        right = count * GOAL / max(seconds, 1e-9)
        # A part that is shorter, as at the end, says little of a longer one, as calling
        # costs the same for both; so it may only make the next ones shorter.
        if whole or right < self.length:
            low, high = self.length / 4, self.length * 4
            self.length = int(min(max(right, low, 1), high))
