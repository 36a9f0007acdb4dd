"""The check of plain code checked where f is 0: the same mistakes, in a gradient alone.

    output of a graph - its value at the point ─▶ plain numpy, and an autograd function
    mistaken gradient ─▶ what check_function and check_torch say of it

An allowance relative to f(x) would let everything by there. Differences are taken once
for all mistakes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cgprimer.judge.code.component_sentences import Judged
from cgprimer.judge.code.components import Block, measure
from cgprimer.judge.code.examined import LARGE, Examined
from cgprimer.judge.code.findings import judge_components
from cgprimer.judge.code.lines import slopes
from cgprimer.judge.code.subject import ClaimedGradient, Subject
from cgprimer.judge.code.torch_calls import TorchCode
from cgprimer.judge.code.torch_number import Weighed
from cgprimer.judge.differences.schemes import EPSILON
from cgprimer.judge.mutation.mutation_report import OURS_FUNCTION, OURS_TORCH
from cgprimer.keeping import lazy
from cgprimer.types import Array

Columns = Callable[[Array], Array]  # columns (p, m) to values (m,)


@dataclass(frozen=True)
class Zero:
    """One output as plain code that is 0 at the point `x` (p,) of the names."""

    output: str
    names: tuple[str, ...]
    f: Columns
    x: Array

    def judge(self, gradient: Mapping[str, Array], i: int) -> dict[str, Judged]:
        """What each check finds of the gradient at the point, which is number `i`.

        Nothing where there are so many names that they would only be sampled.
        """
        if len(self.names) > LARGE:
            return {}
        values = np.array([gradient[text][i] for text in self.names])
        claims = ClaimedGradient(values, EPSILON)
        judged = {OURS_FUNCTION: judge_components(self._plain, claims)}
        if self._torch is not None:
            judged[OURS_TORCH] = self._torch.judge(values)
        return judged

    def value(self, arrays: list[NDArray[Any]]) -> float:
        """The output at one point, shifted."""
        return float(self.f(arrays[0][:, None])[0] - self._here)

    @lazy
    def _here(self) -> float:
        return float(self.f(self.x[:, None])[0])

    @lazy
    def _plain(self) -> Examined:
        subject = Subject(self.output, self.value, (self.x,), ("x",), self.names)

        def each(values: Array) -> Array:
            columns = np.repeat(self.x[:, None], len(values), axis=1)
            np.fill_diagonal(columns, values)
            return self.f(columns) - self._here

        slope = slopes(each, self.x, subject.scale)
        return Examined(subject, (Block(np.arange(len(self.x)), slope),), None)

    @lazy
    def _torch(self) -> _Torch | None:
        return _Torch(self) if find_spec("torch") else None


class _Torch:
    """The same as an autograd function, whose backward gives what it is told."""

    def __init__(self, zero: Zero) -> None:
        torch: Any = import_module("torch")
        self.gradient = np.zeros(len(zero.x))

        def forward(ctx: Any, x: Any) -> Any:
            return torch.tensor(zero.value([x.detach().numpy()]), dtype=torch.float64)

        def backward(ctx: Any, arrived: Any) -> Any:
            return arrived * torch.from_numpy(self.gradient)

        methods = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
        op = type(zero.output, (torch.autograd.Function,), methods)
        code = TorchCode.of(torch, op, (torch.from_numpy(zero.x.copy()),))
        weighed = Weighed.of(code, zero.output, np.random.default_rng(0))
        assert isinstance(weighed, Weighed)
        self.weighed = weighed
        subject = Subject(
            zero.output, weighed.number, (zero.x,), ("x",), zero.names, told=True
        )
        blocks = tuple(measure(subject, np.arange(len(zero.x))))
        self.known = Examined(subject, blocks, None)

    def judge(self, claimed: Array) -> Judged:
        """What is found of a backward that gives these numbers."""
        self.gradient = claimed
        claims = ClaimedGradient(self.weighed.gradient(), EPSILON)
        return judge_components(self.known, claims)
