"""A torch function or module, called with values for its leaves.

    fn, inputs ─▶ TorchCode: leaves (tensors with names), run(values) ─▶ outputs

Leaves are the tensors of floating point among the inputs, however nested, and the
parameters of a module. Everything is copied and made double precision; a module is
copied whole, so that its own state stays as it is. What cannot run in double precision
is run as it came.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cgprimer.errors import OptionError
from cgprimer.judge.code.structure import leaves, rebuild
from cgprimer.keeping import lazy
from cgprimer.types import Array, Arrays


def flat(arrays: Arrays) -> Array:
    """Arrays one after another, as one of float64 (n,)."""
    return np.concatenate([np.ravel(array) for array in arrays]).astype(np.float64)


def is_tree(value: Any) -> bool:
    """Whether it is no tensor but holds some."""
    return isinstance(value, Mapping | tuple | list)


def is_real(value: Any) -> bool:
    """Whether it is a tensor of floating point."""
    return bool(getattr(getattr(value, "dtype", None), "is_floating_point", False))


def is_complex(value: Any) -> bool:
    """Whether it is a tensor of complex numbers."""
    return bool(getattr(getattr(value, "dtype", None), "is_complex", False))


@dataclass(frozen=True)
class TorchCode:
    """Code of torch with its leaves.

    inputs : nested as they came, with their other tensors and options. module : a copy,
    empty where `fn` is none, with the buffers it came with. leaves : the values of the
    tensors, those of the inputs first; `marked` are those to differentiate by. wide :
    whether all of it runs in double precision. narrow : what a module's parameters
    were, if not that.
    """

    torch: Any
    call: Callable[..., Any]
    inputs: tuple[Any, ...]
    module: Any
    buffers: dict[str, Any]
    leaves: tuple[Any, ...]
    labels: tuple[str, ...]
    marked: tuple[int, ...]
    wide: bool
    narrow: frozenset[Any]

    @classmethod
    def of(cls, torch: Any, fn: Any, inputs: tuple[Any, ...]) -> TorchCode:
        """The code in double precision, or as it came where it cannot run so."""
        native = cls._native(torch, fn, inputs)
        wide = native._widen()
        # Some operations refuse double precision in the forward, some in the backward
        # only.
        try:
            if not native.wide:
                wide._try_out()
        except (RuntimeError, TypeError, ValueError):
            return native
        return wide

    def _try_out(self) -> None:
        """Run it and its backward, which may refuse what the forward lets by."""
        with self.torch.random.fork_rng():
            outputs, wrt = self.run(self.arrays())
            kept = [output.sum() for output in outputs if output.requires_grad]
            if kept:
                self.torch.autograd.grad(sum(kept), wrt, allow_unused=True)

    @classmethod
    def _native(cls, torch: Any, fn: Any, inputs: tuple[Any, ...]) -> TorchCode:
        if isinstance(fn, type) and issubclass(fn, torch.nn.Module):
            raise OptionError(
                f"{fn.__name__} is a class of modules\n  hint: give a module of it: "
                f"check_torch({fn.__name__}(…), …)"
            )
        pairs = [
            pair
            for i, tree in enumerate(inputs)
            for pair in leaves(tree, f"input {i}", is_tree)
        ]
        for label, leaf in pairs:
            if is_complex(leaf):
                raise OptionError(
                    f"{label} is {leaf.dtype}, where real numbers are expected\n"
                    "  hint: give the real and the imaginary part as two inputs"
                )
        real = [(label, leaf) for label, leaf in pairs if is_real(leaf)]
        marked = [i for i, (_, leaf) in enumerate(real) if leaf.requires_grad]
        marked = marked or list(range(len(real)))
        is_module = isinstance(fn, torch.nn.Module)
        # A module that holds nothing stands for none.
        module = _copy(fn) if is_module else torch.nn.Module().eval()
        for name, parameter in module.named_parameters():
            if parameter.requires_grad:
                marked.append(len(real))
            real.append((name, parameter))
        if not marked:
            raise OptionError("there is no tensor of floating point among the inputs")
        is_op = isinstance(fn, type) and issubclass(fn, torch.autograd.Function)
        return cls(
            torch,
            fn.apply if is_op else module if is_module else fn,
            inputs,
            module,
            _buffers(module),
            tuple(leaf.detach().clone() for _, leaf in real),
            tuple(label for label, _ in real),
            tuple(marked),
            all(leaf.dtype == torch.float64 for _, leaf in real),
            frozenset(p.dtype for p in module.parameters()) - {torch.float64},
        )

    def _widen(self) -> TorchCode:
        module = copy.deepcopy(self.module).double()
        call = module if self.call is self.module else self.call
        leaves = tuple(leaf.double() for leaf in self.leaves)
        own = {"module": module, "buffers": _buffers(module), "leaves": leaves}
        return replace(self, call=call, wide=True, **own)

    @lazy
    def parameters(self) -> list[Any]:
        """Those of the module's copy, in the order of the leaves."""
        return list(self.module.parameters())

    @lazy
    def _buffer_pairs(self) -> list[tuple[Any, Any]]:
        """The buffers of the module's copy, each with the value that it came with."""
        named = self.module.named_buffers()
        return [(buffer, self.buffers[name]) for name, buffer in named]

    def arrays(self) -> list[NDArray[Any]]:
        """The marked leaves as arrays, copied; half precision as single."""
        return [self.array(self.leaves[i]) for i in self.marked]

    def array(self, tensor: Any) -> NDArray[Any]:
        """A tensor as an array, copied."""
        small = tensor.dtype not in (self.torch.float32, self.torch.float64)
        plain = tensor.detach().cpu()
        array: NDArray[Any] = (plain.float() if small else plain).numpy().copy()
        return array

    def run(self, arrays: Arrays) -> tuple[list[Any], list[Any]]:
        """(the outputs, the marked leaves), with these values for the marked leaves."""
        result, given, _ = self._call(arrays)
        wrt = [*given, *self.parameters]
        return list(self._real(result)), [wrt[i] for i in self.marked]

    def outputs(self, arrays: Arrays) -> list[Any]:
        """The outputs of floating point."""
        return self.run(arrays)[0]

    def gradient(self, number: Any, wrt: Sequence[Any]) -> Array:
        """The gradient of a tensor of one number, one leaf after another: (n,).

        Zero where torch has none.
        """
        parts = [None] * len(wrt)
        if number.requires_grad:
            parts = self.torch.autograd.grad(number, wrt, allow_unused=True)
        pairs = zip(parts, wrt, strict=True)
        return flat([self.array(w.detach() * 0 if g is None else g) for g, w in pairs])

    def changes(self, arrays: Arrays) -> list[str]:
        """What one call changes in place, of the inputs and of the module, by name."""
        _, given, passed = self._call(arrays)
        before = {
            f"its argument {k}": v for k, v in zip(self.labels, given, strict=False)
        }
        after = dict(zip(before, passed, strict=True))
        for name, value in _buffers(self.module).items():
            before[name], after[name] = self.buffers[name], value
        return [k for k, v in before.items() if not self.torch.equal(v, after[k])]

    def _call(self, arrays: Arrays) -> tuple[Any, list[Any], list[Any]]:
        """(what the call returns, the inputs' leaves, what was passed for them).

        Copies are passed, so that a call may change its arguments in place.
        """
        values = list(self.leaves)
        for i, array in zip(self.marked, arrays, strict=True):
            values[i] = self.torch.from_numpy(np.array(array)).to(values[i])
        count = len(values) - len(self.parameters)
        given = [value.clone() for value in values[:count]]
        for i in self.marked:
            if i < count:
                given[i].requires_grad_()
        self._reset(values[count:])
        passed = [value.clone() for value in given]
        return self.call(*self._fill(iter(passed))), given, passed

    def _fill(self, values: Iterator[Any]) -> Any:
        """The inputs with these values for the leaves, and with copies of the rest."""
        parts = (leaf for _, leaf in leaves(self.inputs, "", is_tree))
        is_tensor = self.torch.is_tensor
        new = (
            next(values) if is_real(v) else v.clone() if is_tensor(v) else v
            for v in parts
        )
        return rebuild(self.inputs, new, is_tree)

    def _real(self, result: Any) -> Iterator[Any]:
        for _, output in leaves(result, "", is_tree):
            if is_complex(output):
                yield self.torch.view_as_real(output)
            elif is_real(output):
                yield output

    def _reset(self, values: Sequence[Any]) -> None:
        """The module's copy as it was, with these values for its parameters."""
        with self.torch.no_grad():
            for parameter, value in zip(self.parameters, values, strict=True):
                parameter.copy_(value)
            for buffer, first in self._buffer_pairs:
                buffer.copy_(first)


def _buffers(module: Any) -> dict[str, Any]:
    """Copies of a module's buffers, by name."""
    return {name: buffer.detach().clone() for name, buffer in module.named_buffers()}


def _copy(module: Any) -> Any:
    try:
        return copy.deepcopy(module)
    except (RuntimeError, TypeError) as error:
        raise OptionError(
            f"{type(module).__name__} cannot be copied: {error}\n"
            "  hint: check a function: check_torch(lambda x: module(x), x)"
        ) from error
