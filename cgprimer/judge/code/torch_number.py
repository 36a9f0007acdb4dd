"""A torch function as a number: its outputs times weights, and how it computes.

TorchCode, weights ─▶ number, gradient by torch; types met on the way
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from cgprimer.errors import OptionError
from cgprimer.judge.code.subject import index
from cgprimer.judge.code.torch_calls import TorchCode, is_real
from cgprimer.judge.report import CheckReport
from cgprimer.judge.verdict import FAIL
from cgprimer.types import Array, Arrays


@dataclass(frozen=True)
class Weighed:
    """The code as a number: those outputs that require a gradient, times weights.

    silent : how many outputs do not, and are left out. narrow : types of the others
    that are less than double precision, though the inputs are that. graph : whether
    torch must record the code even for its values, as it differentiates something.
    """

    code: TorchCode
    name: str
    weights: tuple[Any, ...]
    kept: tuple[int, ...]
    silent: int
    narrow: frozenset[Any]
    graph: bool

    @classmethod
    def of(
        cls, code: TorchCode, name: str, rng: np.random.Generator
    ) -> Weighed | CheckReport:
        """A report instead, where no output depends on the leaves as torch sees it."""
        made = code.outputs(code.arrays())
        if not made:
            raise OptionError(f"{name} returns no tensor of floating point")
        kept = tuple(i for i, output in enumerate(made) if output.requires_grad)
        if not kept:
            says = f"{name}: no output requires a gradient: backward is never called"
            return CheckReport(FAIL, (), None, says)
        weights = []
        for output in (made[i] for i in kept):
            shape = tuple(output.shape)
            # One number needs no weights, and is shown as it is.
            alone = len(kept) == 1 and output.numel() == 1  # it is a number already
            draw = np.ones(shape) if alone else rng.standard_normal(shape)
            weights.append(code.torch.as_tensor(draw, device=output.device))
        silent, graph = len(made) - len(kept), _needs_graph(code)
        types = {made[i].dtype for i in kept} - {code.torch.float64}
        narrow = frozenset(types if code.wide else ())
        return cls(code, name, tuple(weights), kept, silent, narrow, graph)

    def total(self, outputs: Sequence[Any], weights: Sequence[Any]) -> Any:
        """Σ weight·output over the outputs that are kept, as a tensor of one number."""
        pairs = zip(weights, (outputs[i] for i in self.kept), strict=True)
        return sum((weight * output.double()).sum() for weight, output in pairs)

    def number(self, arrays: Arrays) -> float:
        """The same with these values for the marked leaves."""
        with self.code.torch.set_grad_enabled(self.graph):
            return float(self.total(self.code.outputs(arrays), self.weights).detach())

    def gradient(self, times: float = 1.0, arrays: Arrays | None = None) -> Array:
        """By torch: the gradient of `times` the number, (n,)."""
        outputs, wrt = self.code.run(self.code.arrays() if arrays is None else arrays)
        return self.code.gradient(times * self.total(outputs, self.weights), wrt)

    def labels(self) -> tuple[str, ...]:
        """What the marked leaves are called."""
        return tuple(self.code.labels[i] for i in self.code.marked)


def _needs_graph(code: TorchCode) -> bool:
    try:
        with code.torch.no_grad():
            code.outputs(code.arrays())
    except RuntimeError:
        return True
    return False


def remarks(
    weighed: Weighed, forward: set[Any], both: set[Any]
) -> tuple[list[str], float]:
    """(what is to be said of how the code computes, the precision of its gradient)."""
    code, finfo, both = weighed.code, weighed.code.torch.finfo, both | forward
    says, precision = [], float(np.finfo(np.float64).eps)
    if not code.wide:
        seen = {code.leaves[i].dtype for i in code.marked}
        says.append(f"it runs in {_type_names(seen)} only, and was checked so")
        precision = max(finfo(dtype).eps for dtype in seen)
    elif both:
        which = "forward" if forward else "backward"
        says.append(f"{which} computes in {_type_names(both)}")
        precision = max(finfo(dtype).eps for dtype in both)
    elif code.narrow:
        says.append(f"it is {_type_names(code.narrow)}: a copy in float64 was checked")
    moved = code.changes(code.arrays())
    if moved:
        says.append(f"every call changes {index(moved)} in place")
    if sum(weight.numel() for weight in weighed.weights) > 1:
        says.append("its outputs are added up with random weights: values are of that")
    if weighed.silent:
        says.append(f"left out, as they require no gradient: {weighed.silent} outputs")
    return says, precision


def _type_names(dtypes: Iterable[Any]) -> str:
    return ", ".join(sorted(str(dtype).removeprefix("torch.") for dtype in dtypes))


def in_train_mode(code: TorchCode) -> str:
    """What of a module may be random, by name."""
    random = [
        f"{name or 'the module'} ({type(part).__name__})"
        for name, part in code.module.named_modules()
        if part.training and "Dropout" in type(part).__name__
    ]
    if random:
        return (
            f"; {index(random)} drops out at random in train mode: call .eval() first"
        )
    return "; the module is in train mode" if code.module.training else ""


@contextmanager
def watch_narrowing(torch: Any) -> Iterator[set[Any]]:
    """Yields the types that numbers of double precision are made less than, if any."""
    seen: set[Any] = set()

    def dispatch(
        self: Any, op: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = op(*args, **(kwargs or {}))
        # What takes doubles and gives less has narrowed them; what starts in float32
        # has not.
        if any(getattr(a, "dtype", None) == torch.float64 for a in args):
            outputs = result if isinstance(result, tuple | list) else [result]
            real = {output.dtype for output in outputs if is_real(output)}
            seen.update(real - {torch.float64})
        return result

    mode: Any = import_module("torch.utils._python_dispatch").TorchDispatchMode
    with type("Watch", (mode,), {"__torch_dispatch__": dispatch})():
        yield seen
