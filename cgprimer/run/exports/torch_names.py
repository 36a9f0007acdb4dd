"""Torch under numpy's names.

TorchNames()       ─▶ what forwards call `xp`
torch_functions()  ─▶ operation, as copies call it ─▶ forward over it
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from cgprimer.expr.array_forwards.windows import conv2d, pair_of
from cgprimer.run.exports.namespace import Functions


class TorchNames:
    """Torch's functions by numpy's names and keywords; others are torch's own."""

    def __init__(self) -> None:
        import torch

        self.torch = torch
        self.linalg = SimpleNamespace(
            inv=_or_nan(torch.linalg.inv_ex),
            solve=_or_nan(torch.linalg.solve_ex),
            cholesky=_or_nan(torch.linalg.cholesky_ex),
            det=torch.linalg.det,
            slogdet=torch.linalg.slogdet,
        )

    def __getattr__(self, text: str) -> Any:
        return getattr(self.torch, text)

    # along axes

    def sum(self, a: Any, axis: Any, keepdims: bool = False) -> Any:
        """Torch sums over all axes where none are named; numpy over none."""
        return self.torch.sum(a, dim=axis, keepdim=keepdims) if axis != () else a

    def mean(self, a: Any, axis: Any) -> Any:
        """The mean along axes."""
        return self.torch.mean(a, dim=axis) if axis != () else a

    def max(self, a: Any, axis: Any, keepdims: bool = False) -> Any:
        """`torch.max` gives a tie all to one entry; amax shares evenly, as we do."""
        return self.torch.amax(a, dim=axis, keepdim=keepdims) if axis != () else a

    def min(self, a: Any, axis: Any) -> Any:
        """The least entry along axes."""
        return self.torch.amin(a, dim=axis) if axis != () else a

    def prod(self, a: Any, axis: Any) -> Any:
        """The product along axes, one after the other."""
        for k in sorted(axis):  # from the end: those behind stay where they are
            a = self.torch.prod(a, dim=k, keepdim=True)
        return self.squeeze(a, axis)

    def cumsum(self, a: Any, axis: int) -> Any:
        """Sums of all entries so far."""
        return self.torch.cumsum(a, dim=axis)

    def flip(self, a: Any, axis: int) -> Any:
        """The entries in the other order."""
        return self.torch.flip(a, dims=(axis,))

    def argsort(self, a: Any, axis: int, kind: str) -> Any:
        """The order of the entries."""
        return self.torch.argsort(a, dim=axis, stable=kind == "stable")

    def sort(self, a: Any, axis: int) -> Any:
        """The entries in order."""
        return self.torch.sort(a, dim=axis).values

    def argmax(self, a: Any, axis: int) -> Any:
        """The index of the largest entry."""
        return self.torch.argmax(a, dim=axis)

    # entries in other places

    def transpose(self, a: Any, axes: Any) -> Any:
        """The axes in another order."""
        return self.torch.permute(a, axes)

    def squeeze(self, a: Any, axis: Any) -> Any:
        """Without axes of 1."""
        return self.torch.squeeze(a, dim=axis) if axis != () else a

    def expand_dims(self, a: Any, axis: int) -> Any:
        """With an axis of 1 more."""
        return self.torch.unsqueeze(a, dim=axis)

    def concatenate(self, given: Any, axis: int) -> Any:
        """Arrays behind one another."""
        return self.torch.cat(list(given), dim=axis)

    def stack(self, given: Any, axis: int) -> Any:
        """Arrays along a new axis."""
        return self.torch.stack(list(given), dim=axis)

    def pad(self, a: Any, widths: Any, constant_values: float = 0.0) -> Any:
        """A border; torch names widths from the last axis on."""
        flat = [width for pair in reversed([*widths]) for width in pair]
        return self.torch.nn.functional.pad(a, flat, value=constant_values)

    def take(self, a: Any, numbers: Any, axis: int) -> Any:
        """Entries along an axis by their numbers."""
        return a[(*(slice(None),) * (axis % a.ndim), numbers)]

    def take_along_axis(self, a: Any, numbers: Any, axis: int) -> Any:
        """Entries along an axis by numbers that differ along the others."""
        return self.torch.take_along_dim(a, numbers, dim=axis)

    def zeros_like(self, a: Any, shape: Any = None) -> Any:
        """Zeros with the type of `a`; under vmap as many as there are of it."""
        return self.torch.zeros_like(a) if shape is None else a.new_zeros(shape)

    # products and matrices

    def tensordot(self, a: Any, b: Any, axes: Any) -> Any:
        """The sum of products along axes of both."""
        return self.torch.tensordot(a, b, dims=axes)

    def diagonal(self, a: Any, axis1: int, axis2: int) -> Any:
        """The entries (i, i)."""
        return self.torch.diagonal(a, dim1=axis1, dim2=axis2)

    def trace(self, a: Any, axis1: int, axis2: int) -> Any:
        """The sum of the diagonal."""
        return self.diagonal(a, axis1, axis2).sum(-1)


def _or_nan(function: Any) -> Any:
    """A function of matrices that tells by a number which have no result: nan there."""

    def forward(*args: Any) -> Any:
        made, info = function(*args)
        return made.where((info == 0)[..., None, None], made.new_tensor(float("nan")))

    return forward


def torch_functions() -> Functions:
    """Forwards of operations for which torch has no function of numpy's name."""
    import torch

    return {
        # `nn.functional.softplus` is a itself from 20 on, which is off by 2e-9.
        "softplus": lambda a: torch.logaddexp(a, torch.zeros_like(a)),
        "pow": torch.pow,
        "step": lambda a: (a > 0).to(a.dtype),
        "erf": torch.erf,
        "sigmoid": torch.sigmoid,
        "relu": torch.relu,
        "xlogy": torch.xlogy,
        "eye[]": _eye,
        "conv2d[]": _conv2d,
    }


def _eye(xp: Any, ranks: Any, a: Any) -> Any:
    """The identity, on the device of `a`."""
    return xp.broadcast_to(xp.eye(a.shape[-1], dtype=a.dtype, device=a.device), a.shape)


def _conv2d(xp: Any, ranks: Any, a: Any, b: Any, stride: Any, padding: Any) -> Any:
    """Images through kernels; all axes in front of an image are one batch."""
    if b.ndim > 4:  # other kernels for each sample
        return conv2d(xp, ranks, a, b, stride, padding)
    made = xp.nn.functional.conv2d(
        a.reshape(-1, *a.shape[-3:]),
        b,
        stride=pair_of("stride", stride, 1),
        padding=pair_of("padding", padding, 0),
    )
    return made.reshape(*a.shape[:-3], *made.shape[1:])
