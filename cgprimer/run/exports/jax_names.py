"""What JAX calls otherwise than numpy.

jax_functions() ─▶ operation, as copies call it ─▶ forward over `jax.numpy`
"""

from __future__ import annotations

from typing import Any

from cgprimer.expr.array_forwards.windows import conv2d, pair_of
from cgprimer.run.exports.namespace import Functions


def jax_functions() -> Functions:
    """Forwards of operations for which `jax.numpy` has no function of numpy's name."""
    import jax
    import jax.numpy as jnp

    return {
        "sigmoid": jax.nn.sigmoid,
        "softplus": jax.nn.softplus,
        "erf": jax.scipy.special.erf,
        "xlogy": jax.scipy.special.xlogy,
        "step": lambda a: jnp.heaviside(a, 0.0),
        "relu": jax.nn.relu,
        "conv2d[]": _conv2d,
    }


def _conv2d(xp: Any, ranks: Any, a: Any, b: Any, stride: Any, padding: Any) -> Any:
    """Images through kernels; all axes in front of an image are one batch."""
    import jax

    if b.ndim > 4:  # other kernels for each sample
        return conv2d(xp, ranks, a, b, stride, padding)
    made = jax.lax.conv_general_dilated(
        a.reshape(-1, *a.shape[-3:]),
        b,
        pair_of("stride", stride, 1),
        [(width, width) for width in pair_of("padding", padding, 0)],
    )
    return made.reshape(*a.shape[:-3], *made.shape[1:])
