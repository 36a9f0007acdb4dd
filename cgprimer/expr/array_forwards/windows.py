"""Windows of images: patches and their adjoint, conv2d with its two adjoints.

    image: channels x rows x columns ─▶ patches: channels x size x places

An image may have a written-out batch in front, and samples before that. size, stride
and padding are whole numbers, or pairs for rows and columns; a stride of None is as
large as the window. Rows of the table `expr.array_ops`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cgprimer.expr.array_forwards.axes import Ranks
from cgprimer.expr.array_forwards.sizes import windows_in
from cgprimer.expr.array_forwards.writing import add_part, is_numpy, zeros
from cgprimer.expr.dims import DimsError, show_dims

Pair = tuple[int, int]


def pairs(size: Any, stride: Any, padding: Any) -> tuple[Pair, Pair, Pair]:
    """size, stride and padding for rows and columns; DimsError for what is none."""
    window = pair_of("size", size, 1)
    step = window if stride is None else pair_of("stride", stride, 1)
    return window, step, pair_of("padding", padding, 0)


def pair_of(key: str, value: Any, least: int) -> Pair:
    """A whole number as a pair, for rows and columns; DimsError for what is none."""
    given = value if isinstance(value, tuple) else (value, value)
    if len(given) != 2:
        raise DimsError(f"{key}={value} is no pair", f"write {key}=2, or {key}=(2, 1)")
    for item in given:
        if isinstance(item, str):
            raise DimsError(f"{key}={item} is no number", f"write {key}=2")
        if item < least:
            raise DimsError(f"{key}={value} is less than {least}")
    return given


def check_image(a: Any) -> None:
    """DimsError unless an array has the axes of an image, or of a batch of them."""
    if len(a) not in (3, 4):
        raise DimsError(
            f"an image is expected, not {show_dims(a)}",
            "declare it as channels x rows x columns, such as 1 x 28 x 28",
        )


def patches_dims(sizing: Any, a: Any, size: Any, stride: Any, padding: Any) -> Any:
    """Dims of all windows: (…, channels, *size, *places)."""
    check_image(a)
    window, step, pad = pairs(size, stride, padding)
    return (*a[:-2], *window, *places(sizing, a, window, step, pad))


def places(sizing: Any, a: Any, window: Any, step: Pair, pad: Pair) -> Any:
    """How many windows fit, along rows and along columns."""
    each = zip(a[-2:], window, step, pad, strict=True)
    return [windows_in(sizing, *of_axis) for of_axis in each]


def unpatches_dims(sizing: Any, a: Any, like: Any, **attrs: Any) -> Any:
    """The dims of `like`, the image that the patches are of."""
    sizing.same_dims(a, tuple(patches_dims(sizing, like, **attrs)))
    return like


def padded(xp: Any, a: Any, pad: Pair, value: float = 0.0) -> Any:
    """An image with a border."""
    if pad == (0, 0):
        return a
    widths = [(0, 0)] * (a.ndim - 2) + [(width, width) for width in pad]
    return xp.pad(a, widths, constant_values=value)


def windows(xp: Any, a: Any, window: Pair, step: Pair, pad: Pair) -> Any:
    """All windows as a view: (…, rows, columns of places, *size)."""
    every = np.lib.stride_tricks.sliding_window_view(
        padded(xp, a, pad), window, axis=(-2, -1)
    )
    return every[..., :: step[0], :: step[1], :, :]


def patches(xp: Any, ranks: Ranks, a: Any, size: Any, stride: Any, padding: Any) -> Any:
    """All windows: (…, channels, *size, *places)."""
    window, step, pad = pairs(size, stride, padding)
    if is_numpy(a):
        return np.moveaxis(windows(xp, a, window, step, pad), (-2, -1), (-4, -3))
    count = windows_along(a, window, step, pad)
    found = [part for _, part in views(padded(xp, a, pad), window, step, count)]
    return xp.stack(found, axis=-3).reshape(*a.shape[:-2], *window, *count)


def unpatches(
    xp: Any, ranks: Ranks, a: Any, like: Any, size: Any, stride: Any, padding: Any
) -> Any:
    """The image that is the sum of the windows, each in its place."""
    lead = a.shape[: a.ndim - ranks[0]]
    return _assembled(xp, a, (*lead, *like), *pairs(size, stride, padding))


def _assembled(xp: Any, a: Any, shape: Any, window: Pair, step: Pair, pad: Pair) -> Any:
    """Windows (…, *size, *places) added up in an image of that shape."""
    *lead, height, width = shape
    made = zeros(xp, (*lead, height + 2 * pad[0], width + 2 * pad[1]), a)
    for (i, j), index in parts(window, step, a.shape[-2:]):
        made = add_part(made, index, a[..., i, j, :, :])
    return made[..., pad[0] : pad[0] + height, pad[1] : pad[1] + width]


def windows_along(a: Any, window: Pair, step: Pair, pad: Pair) -> Pair:
    """How many windows there are in an image, along rows and columns."""
    rows, columns = (
        (dim + 2 * p - k) // s + 1
        for dim, k, s, p in zip(a.shape[-2:], window, step, pad, strict=True)
    )
    return rows, columns


def views(a: Any, window: Pair, step: Pair, count: Any) -> Any:
    """For each entry of a window, the entries of the image that stand there."""
    for place, index in parts(window, step, count):
        yield place, a[index]


def parts(window: Pair, step: Pair, count: Any) -> Any:
    """For each entry of a window, the index of what stands there in an image."""
    for i in range(window[0]):
        for j in range(window[1]):
            rows = slice(i, i + step[0] * count[0], step[0])
            columns = slice(j, j + step[1] * count[1], step[1])
            yield (i, j), (..., rows, columns)


# Convolutions: cross-correlations, as all programs for networks call them so


def conv2d_dims(sizing: Any, a: Any, b: Any, stride: Any, padding: Any) -> Any:
    """Dims of an image seen through kernels: (…, kernels, *places)."""
    check_image(a)
    if len(b) != 4:
        raise DimsError(
            f"kernels are of 4 axes, not {show_dims(b)}",
            "declare kernels x channels x rows x columns, such as 6 x 1 x 5 x 5",
        )
    sizing.same(a[-3], b[1], "channels")
    step, pad = pair_of("stride", stride, 1), pair_of("padding", padding, 0)
    return (*a[:-3], b[0], *places(sizing, a, b[-2:], step, pad))


def conv2d_data_dims(
    sizing: Any, a: Any, b: Any, like: Any, stride: Any, padding: Any
) -> Any:
    """The dims of the image."""
    sizing.same_dims(a, tuple(conv2d_dims(sizing, like, b, stride, padding)))
    return like


def conv2d_kernel_dims(
    sizing: Any, a: Any, b: Any, like: Any, stride: Any, padding: Any
) -> Any:
    """The dims of the kernels."""
    sizing.same_dims(a, tuple(conv2d_dims(sizing, b, like, stride, padding)))
    return like


def _columns(xp: Any, a: Any, window: Any, stride: Any, padding: Any) -> Any:
    """Windows as columns of a matrix: (…, channels*size, places), and their counts."""
    found = patches(xp, (), a, tuple(window), stride, padding)
    *lead, channels, height, width, rows, columns = found.shape
    flat = found.reshape(*lead, channels * height * width, rows * columns)
    return flat, (rows, columns)


def _flat_kernels(b: Any, ranks: Ranks, image: int) -> Any:
    """Kernels as rows of a matrix, with axes that align with those of images."""
    flat = b.reshape(*b.shape[:-3], -1)
    if b.ndim > 4 and ranks[image] > 3:  # samples of kernels, and a batch of images
        flat = flat[:, None]
    return flat


def conv2d(xp: Any, ranks: Ranks, a: Any, b: Any, stride: Any, padding: Any) -> Any:
    """Images through kernels, as one product of matrices for each image."""
    flat, count = _columns(xp, a, b.shape[-2:], stride, padding)
    made = xp.matmul(_flat_kernels(b, ranks, 0), flat)
    return made.reshape(*made.shape[:-1], *count)


def conv2d_data(
    xp: Any, ranks: Ranks, a: Any, b: Any, like: Any, stride: Any, padding: Any
) -> Any:
    """What conv2d hands back to the image: `a` is the adjoint, `b` the kernels."""
    window = tuple(b.shape[-2:])
    kernels = xp.swapaxes(_flat_kernels(b, ranks, 0), -1, -2)
    flat = xp.matmul(kernels, a.reshape(*a.shape[:-2], -1))
    lead = flat.shape[:-2]
    shape = (*lead, like[-3], *window, *a.shape[-2:])
    step, pad = pair_of("stride", stride, 1), pair_of("padding", padding, 0)
    image = (*lead, *like[-3:])
    return _assembled(xp, flat.reshape(shape), image, window, step, pad)


def conv2d_kernel(
    xp: Any, ranks: Ranks, a: Any, b: Any, like: Any, stride: Any, padding: Any
) -> Any:
    """What conv2d hands back to the kernels: `a` is the adjoint, `b` the image."""
    flat, _ = _columns(xp, b, like[-2:], stride, padding)
    outer = a.reshape(*a.shape[:-2], -1)
    if a.ndim == ranks[0] and b.ndim == ranks[1] and ranks[0] == 4:
        return xp.tensordot(outer, flat, axes=((0, 2), (0, 2))).reshape(like)
    made = xp.matmul(outer, xp.swapaxes(flat, -1, -2))
    if ranks[0] == 4:  # over the batch
        made = xp.sum(made, axis=-3)
    return made.reshape(*made.shape[:-2], *like)


def conv2d_kernel_summed(
    xp: Any, ranks: Ranks, a: Any, b: Any, like: Any, stride: Any, padding: Any
) -> Any:
    """Σ over samples of what kernels get: one product of matrices for all images."""
    one = (4, 4, 4)
    a, b = (x.reshape(-1, *x.shape[-3:]) for x in (a, b))
    return conv2d_kernel(xp, one, a, b, like, stride, padding)
