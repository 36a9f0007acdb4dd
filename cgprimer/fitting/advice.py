"""What to change where a fit has not arrived: words that follow from how it moved.

    Trail, names ─▶ Ending: .shortfall for what goes on, .stuck for what does not

`outcome` puts them into its sentences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cgprimer.errors import shorten
from cgprimer.fitting.downhill import FAR
from cgprimer.fitting.stopping import CREEP, PATIENCE, SLIGHT, creeps
from cgprimer.fitting.trail import Trail

TINY = 1e-12  # a share of a parameter that is no move
SHORT = 0.1  # of the way that leads on: a move that cannot jump over its end
RESCALE = "rescale the inputs and targets to about one, or start elsewhere"
UNITS = "write it in units in which numbers are about one, or start elsewhere"


@dataclass(frozen=True, eq=False)
class Ending:
    """Words on a Trail at its end.

    names : of the parameters (p,). exact : whether LeastSquares made it, and no steps
    of a rate.
    """

    trail: Trail
    names: Sequence[str]
    exact: bool

    def shortfall(self, status: str, poor: bool) -> str:
        """How far it still moved, and which change of settings that suggests."""
        trail = self.trail
        if trail.gone:
            return f"; {self.gone()}"
        if status == "stalled":
            return "; " + self._way_on(poor)
        # The way down is long beside the loss, and too gentle for steps of this size.
        great = trail.way > CREEP * abs(trail.loss)
        if great and self._is_far() and creeps(trail):
            return f": {self._last_move()}; {self._too_slow()}"
        up_and_down = (np.diff(trail.overall[-PATIENCE - 1 :]) > 0).any()
        if self.exact:
            elsewhere = ", or start elsewhere" * creeps(trail)
            advice = "allow more, LeastSquares(max_steps=…)" + elsewhere
        elif poor and creeps(trail):
            advice = f"allow many more, {RESCALE}"
        elif up_and_down:
            advice = "allow more, or lower the rate: the loss goes up and down"
        else:
            advice = "allow more" + ", or try a higher rate" * (not poor)
        return f": {self._last_move()}; {advice}"

    def stuck(self) -> list[str]:
        """What is known of why it went no further."""
        trail = self.trail
        if trail.gone:
            return [self.gone().partition(". ")[0]]
        if trail.dead:
            return ["Every slope is zero here: units are dead or saturated"]
        if trail.status == "stalled" and self.exact:
            return [capital(self._edge())]
        if trail.status == "max_steps":
            return [capital(self._last_move())]
        return []

    def _way_on(self, poor: bool) -> str:
        """What leads on from where steps no longer count."""
        trail = self.trail
        if self.exact:
            rescale = "" if trail.border else ", rescale or centre the inputs"
            return f"{self._edge()}. Start elsewhere{rescale}, or change the model"
        # A start at 0 has no factor to have grown by: 1 stands for it.
        first = np.where(trail.origin != 0, np.abs(trail.origin), 1.0)
        size = np.abs(trail.best) / first
        if poor and size.max() > FAR:
            most = int(size.argmax())
            where = f"{shorten(self.names[most])} to {trail.best[most]:.3g}"
            return f"a step led far off, {where}: lower the rate, or start elsewhere"
        if self._is_far():
            return self._too_slow()
        moved = 0.0 if trail.moved is None else float(trail.moved.max())
        # Steps as long as the way itself jump over its end.
        if moved > TINY and not moved < SHORT * trail.length:
            return "it jumps to and fro: lower the rate"
        if trail.slope < SLIGHT:
            return f"slopes are next to nothing: {RESCALE}"
        return "the steps are too small to count: the rate is too low"

    def gone(self) -> str:
        """`b has run off to -6.5e+168, where it has no effect`, and what to do."""
        trail = self.trail
        most = trail.gone[0]
        others = f" (and {len(trail.gone) - 1} more)" * (len(trail.gone) > 1)
        first = "Start elsewhere, or change the model"
        advice = first if self.exact else "Lower the rate, or start elsewhere"
        name = shorten(self.names[most])
        where = f"{name}{others} has run off to {trail.best[most]:.3g}"
        return f"{where}, where it has no effect. {advice}"

    def _edge(self) -> str:
        """Where LeastSquares stands, though some slope is not zero."""
        if self.trail.border:
            beyond = "beyond which the loss or its slope is not finite"
            return f"it stands at an edge, {beyond}"
        if self.trail.creeps:
            return "it creeps on, along a valley or to where there is no minimum"
        return "it stands at an edge or a kink, or rounding hides the way down"

    def _last_move(self) -> str:
        """`the last epoch changed w by 3 % and the loss by 0.2 %`."""
        trail = self.trail
        if trail.moved is None or len(trail.overall) < 2:
            return "there was none"
        most = int(np.argmax(trail.moved))
        before, after = trail.overall[-2:]
        size = max(abs(before), abs(after)) or 1.0
        return (
            f"the last {trail.unit} changed {shorten(self.names[most])} by "
            f"{_percent(float(trail.moved[most]))} and the loss by "
            f"{_percent(abs(after - before) / size)}"
        )

    def _is_far(self) -> bool:
        """Whether a way leads on downhill, for which slopes by themselves are small."""
        return self.trail.way > 0 and self.trail.slope * abs(self.trail.loss) < SLIGHT

    def _too_slow(self) -> str:
        """What to do where the minimum is far for steps of this size."""
        trail = self.trail
        return (
            f"slopes are next to nothing, yet the loss can fall by {trail.way:.2g} "
            f"from {trail.loss:.4g}: {RESCALE if trail.unit == 'epoch' else UNITS}"
        )


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"


def capital(text: str) -> str:
    """The text, its first letter a capital."""
    return text[:1].upper() + text[1:]
