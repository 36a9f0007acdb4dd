"""How much is looked for: a number of tries for all findings, a share for each.

Some hundredths of a second pass for each expression on which the rules of `proposals`
are tried, so there is an end to it, however many findings there are.
"""

from __future__ import annotations

TRIES = 40  # expressions that rules are tried on
EACH = 10  # of them for one finding


class Budget:
    """For how many more expressions rules are tried, beyond the table of forms."""

    def __init__(self, total: int = TRIES, each: int = EACH) -> None:
        self.left, self._each, self._reserve = total, each, max(total - each, 0)

    def renew(self) -> None:
        """Allow some of them for the next finding, as long as there are any."""
        # What later findings are promised: the first one may not use up all.
        self._reserve = max(self.left - self._each, 0)

    def spend(self) -> bool:
        """Whether there was one left, which is gone now."""
        if self.left <= self._reserve:
            return False
        self.left -= 1
        return True
