"""What a program is made of, in words: `Program.explain` returns it."""

from __future__ import annotations

from dataclasses import dataclass

from cgprimer.errors import counted, listing
from cgprimer.notation.report import Report, Said


@dataclass(frozen=True, repr=False)
class Explanation(Report):
    """What a program is made of.

    tier : "fused", "by shape" or "numpy"; `reason` says why it is that one.
    equations, shapes : how many it computes. instructions : operations of one sample.
    layers : dense products that BLAS runs, in the objectives made so far.
    size : bytes of object code built so far. seconds : what building it took.
    cached : how many of `functions` came from the cache on disk.
    written_out : operations of formulas that are run as what defines them.
    """

    tier: str
    reason: str
    equations: int
    shapes: int
    instructions: int
    layers: int
    functions: int
    cached: int
    size: int
    seconds: float
    written_out: tuple[str, ...] = ()

    def _parts(self) -> list[Said]:
        lines = [
            f"tier          {self.tier}: {self.reason}",
            f"equations     {self.equations} of {counted(self.shapes, 'shape')}",
            f"instructions  {self.instructions} per sample, values alone",
            f"dense layers  {self.layers} found in objectives so far",
            f"machine code  {counted(self.functions, 'function')}, {self.cached} from "
            f"the cache, {self.size} bytes, {1000 * self.seconds:.1f} ms to build",
        ]
        lines = lines if self.functions else lines[:4]
        if self.written_out:
            names = listing(self.written_out)
            lines.append(f"written out   {names}: run as the formulas that define them")
        return [Said("\n".join(lines))]
