"""Convolutions: images with samples last, whether the text has a batch or not."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cgprimer.run.llvm.arrays.builder import Builder
from cgprimer.run.llvm.arrays.expression import Expr, Leaf, Shape
from cgprimer.run.llvm.arrays.operations.call import Call, NoCode, Operation, Value
from cgprimer.run.llvm.arrays.operations.windows import pair
from cgprimer.run.llvm.arrays.registers import registers
from cgprimer.run.llvm.arrays.steps import Convolution


def _image(b: Builder, value: Value, rank: int) -> Expr:
    """Images (C, H, W, samples), where a written-out batch is one of samples."""
    expr = b.settled(value)
    if rank == 4:
        expr = b.views.permuted(expr, [1, 2, 3, 0, 4])
        packed = b.packed(expr)
        return b.reshaped(packed, (*packed.shape[:3], prod(packed.shape[3:])))
    return b.packed(expr)


def convolution_step(
    b: Builder, kind: str, call: Call, image: Shape, kernel: Shape, result: Shape,
    images: Sequence[tuple[Value, int]], other: Expr | None, to: Expr,
) -> Convolution:  # fmt: skip
    """The step of a convolution or an adjoint of it; the result is at `to`."""
    exprs = [b.settled(value) for value, _ in images]
    n = max(expr.shape[-1] for expr in exprs)
    first, *rest = [
        _image(b, b.views.stretched(expr, (*expr.shape[:-1], n)), rank)
        for expr, (_, rank) in zip(exprs, images, strict=True)
    ]
    second = rest[0] if rest else b.packed(other) if other is not None else first
    return Convolution(
        kind, b.where(first), b.where(second), b.where(to),
        image[-3:], kernel, result[-3:],
        pair(call.attrs.get("stride") or 1), pair(call.attrs.get("padding") or 0),
        first.shape[-1],
    )  # fmt: skip


def _images_out(b: Builder, dims: Shape, samples: int) -> tuple[Expr, Expr]:
    """New images (C, H, W, all samples), and as the text sees them."""
    if len(dims) == 3:
        made = b.new((*dims, samples))
        return made, made
    batch = dims[0]
    made = b.new((*dims[1:], batch * samples))
    seen = b.reshaped(made, (*dims[1:], batch, samples))
    return made, b.views.permuted(seen, [3, 0, 1, 2, 4])


def _unsampled(expr: Expr) -> Expr:
    if expr.shape[-1] != 1:
        raise NoCode("conv2d with a kernel for each sample")
    return expr


def _conv2d(b: Builder, call: Call) -> Value:
    value, kernel = call.args[0], _unsampled(b.settled(call.args[1]))
    samples = b.settled(value).shape[-1]
    made, seen = _images_out(b, call.out, samples)
    b.convolution(
        convolution_step(
            b, "forward", call, call.dims[0], call.dims[1], call.out,
            [(value, call.rank)], kernel, made,
        )
    )  # fmt: skip
    return seen


def _conv2d_data(b: Builder, call: Call) -> Value:
    value, kernel = call.args[0], _unsampled(b.settled(call.args[1]))
    samples = b.settled(value).shape[-1]
    made, seen = _images_out(b, call.dims[2], samples)
    b.convolution(
        convolution_step(
            b, "data", call, call.dims[2], call.dims[1], call.dims[0],
            [(value, call.rank)], kernel, made,
        )
    )  # fmt: skip
    return seen


def _conv2d_kernel(b: Builder, call: Call) -> Value:
    if any(call.sampled[:2]):
        raise NoCode("conv2d_kernel for each sample")
    return kernel_gradient(b, call, 1.0)


def kernel_gradient(b: Builder, call: Call, factor: float) -> Expr:
    """The adjoint of a kernel, summed over samples."""
    made = b.new((*call.dims[2], 1))
    b.convolution(kernel_step(b, call, made)._replace(factor=factor))
    return made


def kernel_step(b: Builder, call: Call, to: Expr) -> Convolution:
    """The step that sums the adjoint of a kernel over samples."""
    adjoint, image = call.args[:2]
    step = convolution_step(
        b, "kernel", call, call.dims[1], call.dims[2], call.dims[0],
        [(image, len(call.dims[1])), (adjoint, call.rank)], None, to,
    )  # fmt: skip
    # A vector of one register for each sum; those of float32 have most lanes.
    sums = b.plan.buffer(prod(call.dims[2]) * registers().bytes // 4)
    return step._replace(scratch=Leaf(sums, 0, (1,)))


CONVOLUTIONS: dict[str, Operation] = {
    "conv2d": _conv2d,
    "conv2d_data": _conv2d_data,
    "conv2d_kernel": _conv2d_kernel,
}
