"""The Score of some targets: their verdict beside constants, and the figures for it.

`group` makes it, `baseline` gathers them; `compared` and `outcome` say it in words.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Score:
    """How some targets are met, beside the constants that meet them best.

    verdict : "better"; "worse" or "by chance" or "with a pattern" where a constant does
        about as well; "constant" where the targets do not vary; "fixed" where no input
        that varies reaches them, "given" where no parameter does.
    loss, constant : the mean loss of the fit and of the best constant.
    chance : how often a gain as large comes by luck where the truth is a constant; nan
        where `samples` are too few for the `parameters` to tell.
    pattern : whether what is left over is no noise. told : whether the losses say more
        than R² does. near : where a loss is robust and samples lie far off fit and
        constant alike, how many, and both losses without them; the gain is theirs.
        apart : where squares are trivial, samples far off the others, and by how much.
    """

    names: tuple[str, ...]
    verdict: str
    loss: float
    constant: float
    samples: int
    parameters: int
    told: bool
    chance: float = math.nan
    pattern: bool = False
    near: tuple[int, float, float] | None = None
    apart: tuple[tuple[int, float], ...] = ()

    @property
    def losses(self) -> tuple[float, float]:
        """The losses of the fit and of the constant that say what was gained."""
        return self.near[1:] if self.near else (self.loss, self.constant)

    @property
    def gain(self) -> float:
        """The share of the constant's loss that the fit takes away."""
        left, constant = self.losses
        return 1 - left / constant if constant > 0 else np.nan

    @property
    def trivial(self) -> bool:
        """Whether a constant does about as well."""
        return self.verdict in ("worse", "by chance", "with a pattern")
