"""Losses: what a fit makes small, per sample and output, and its slope.

The loss of a data set is the mean over samples of the sum over outputs, or of what a
joint loss makes of all outputs of a sample together.
"""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from typing import Any, Literal

import numpy as np

from cgprimer import takes
from cgprimer.diff.sweep import partials
from cgprimer.errors import FitError, unknown
from cgprimer.expr.node import Node, substitute
from cgprimer.expr.ops import ONE, OPS, ZERO, name
from cgprimer.expr.syntax import parse_expression
from cgprimer.expr.tidy import tidy
from cgprimer.keeping import Frozen
from cgprimer.types import Array

_P, _T = name("p"), name("t")


@dataclass(frozen=True)
class Loss(Frozen):
    """value and slope are functions of (prediction, target), elementwise.

    joint : for a loss of all outputs of a sample together, the value and its slopes as
        expressions, from those of all predictions and targets. `value` and `slope` then
        see arrays (outputs, n), and the value of a sample is the sum of its column.

    from_logits : the prediction is a logit; an output written as sigmoid(…) is taken
        before its sigmoid, so that nothing saturates.
    robust : scipy's name for it in least squares, where there is one.
    formula : the value as text in our own language, of p and t, for compiled code;
        a loss without one is computed by numpy.
    """

    name: str
    value: Callable[[Array, Array], Array] = field(repr=False)
    slope: Callable[[Array, Array], Array] = field(repr=False)
    from_logits: bool = False
    robust: Literal["linear", "huber"] | None = None
    formula: str = ""
    joint: Callable[[Sequence[Node], Sequence[Node]], Joint] | None = None

    def nodes(
        self,
        values: Sequence[Node],
        targets: Sequence[Node],
        scales: Sequence[Node],
        weight: Node = ONE,
    ) -> Joint:
        """The loss of a sample as an expression, and its slope by each prediction.

        For the engines that compile it.
        """
        if self.joint is not None:
            whole, slopes = self.joint(values, targets)
        else:
            whole, slopes = self._sum(values, targets, scales)
        mul = _tidy("mul")
        return mul(whole, weight), [mul(slope, weight) for slope in slopes]

    def _sum(
        self, values: Sequence[Node], targets: Sequence[Node], scales: Sequence[Node]
    ) -> Joint:
        formula, div = parse_expression(self.formula), _tidy("div")
        both = [formula, partials(formula, [_P])[_P]]
        terms, slopes = [], []
        for value, target, scale in zip(values, targets, scales, strict=True):
            # The loss sees p/σ and t/σ; its slope by p is that by p/σ, once more
            # divided by σ.
            by = {_P: div(value, scale), _T: div(target, scale)}
            term, slope = substitute(both, by)
            terms.append(term)
            slopes.append(div(slope, scale))
        return functools.reduce(_tidy("add"), terms), slopes

    @property
    def is_output(self) -> bool:
        """Whether it is what is predicted itself, see `output_itself`."""
        return self.formula == "p"

    def __reduce__(self) -> tuple[Any, ...]:
        """By its name where it is one of ours, else by what it is made of."""
        with suppress(FitError):
            if find_loss(self.name) is self:
                return find_loss, (self.name,)
        parts = tuple(getattr(self, field.name) for field in fields(self))
        try:
            pickle.dumps(parts)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise TypeError(
                f"the loss {self.name!r} cannot be pickled: {error}\n"
                "  hint: write its functions with def, at the top of a module"
            ) from error
        return Loss, parts


Joint = tuple[Node, list[Node]]


def _huber(p: Array, t: Array, delta: float) -> Array:
    r = np.abs(p - t)
    return np.where(r <= delta, r**2, delta * (2 * r - delta))


def _huber_slope(p: Array, t: Array, delta: float) -> Array:
    slope: Array = 2 * np.clip(p - t, -delta, delta)
    return slope


def huber(delta: float = 1.0) -> Loss:
    """Squared error up to `delta`, linear beyond: r² or δ(2|r| - δ)."""
    if not (takes.is_real(delta) and 0 < delta < np.inf):
        raise FitError(f"huber takes a positive delta, not {takes.quote(delta)}")
    delta = float(delta)
    # With n = min(|r|, δ): n·(2|r| - n) is r² up to δ, and δ(2|r| - δ) beyond.
    near = f"min(abs(p - t), {float(delta)!r})"
    return Loss(
        "huber" if delta == 1.0 else f"huber({delta:g})",
        functools.partial(_huber, delta=delta),
        functools.partial(_huber_slope, delta=delta),
        robust="huber" if delta == 1.0 else None,
        formula=f"{near}*(2*abs(p - t) - {near})",
    )


def _itself(p: Array, t: Array) -> Array:
    return p + 0.0 * t


def _one(p: Array, t: Array) -> Array:
    return np.ones_like(p + t)


def output_itself(name: str) -> Loss:
    """An output that is the loss of a sample: its mean is made small, with no target.

    name : of the output, which is what reports call the loss.
    """
    return Loss(name, _itself, _one, formula="p")


def _sigmoid(z: Any) -> Any:
    return OPS["sigmoid"].forward(z)


LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (
        Loss(
            "mse",
            lambda p, t: (p - t) ** 2,
            lambda p, t: 2 * (p - t),
            robust="linear",
            formula="(p - t)^2",
        ),
        Loss(
            "mae",
            lambda p, t: np.abs(p - t),
            lambda p, t: np.sign(p - t),
            formula="abs(p - t)",
        ),
        huber(),
        Loss(
            "cross-entropy",
            lambda z, t: np.logaddexp(z, 0.0) - t * z,
            lambda z, t: _sigmoid(z) - t,
            from_logits=True,
            formula="softplus(p) - t*p",
        ),
    )
}


def _softmax_parts(z: Array) -> tuple[Array, Array, Array]:
    """max z, the exponentials of z - max z, and their sum less the greatest, 1.

    Leaving out the greatest keeps the digits of a loss near 0 (log1p of a small sum).
    """
    top = z.max(axis=0)
    shares = np.exp(z - top)
    rest = shares.copy()
    np.put_along_axis(rest, z.argmax(axis=0)[None], 0.0, axis=0)
    return top, shares, rest.sum(axis=0)


def _softmax_value(z: Array, t: Array) -> Array:
    """Σ t·(ln Σ exp z - z)."""
    top, _, rest = _softmax_parts(z)
    value: Array = t * ((top - z) + np.log1p(rest))
    return value


def _softmax_slope(z: Array, t: Array) -> Array:
    """softmax z - t, for targets whose sum is 1."""
    _, shares, rest = _softmax_parts(z)
    slope: Array = shares / (1 + rest) - t
    return slope


def _softmax_joint(logits: Sequence[Node], targets: Sequence[Node]) -> Joint:
    """`_softmax_value` and `_softmax_slope` as expressions.

    The maximum and the sum are gathered in one walk. As in `_softmax_parts` the sum
    leaves out the greatest: r ← exp(-|m - z|) + r·exp(min(m - z, 0)), m ← max(m, z).
    """
    add, sub, mul, exp = (_tidy(op) for op in ("add", "sub", "mul", "exp"))
    # z = 1, 3, 2: after 1 m = 1 and r = 0; after 3 m = 3 and r = e^-2, the share of 1;
    # after 2 m = 3 and r = e^-2 + e^-1. The slopes are written down as softmax z - t:
    # derived from the value they would hold the signs that max and abs compare by.
    top, rest = logits[0], ZERO
    for z in logits[1:]:
        gap = sub(top, z)
        shrunk = mul(rest, exp(OPS["min"](gap, ZERO)))
        rest = add(exp(OPS["neg"](OPS["abs"](gap))), shrunk)
        top = OPS["max"](top, z)
    log, value = OPS["log1p"](rest), ZERO
    for z, t in zip(logits, targets, strict=True):
        value = add(value, mul(t, add(sub(top, z), log)))
    shares = [OPS["div"](exp(sub(z, top)), add(ONE, rest)) for z in logits]
    return value, [sub(p, t) for p, t in zip(shares, targets, strict=True)]


def _tidy(op: str) -> Callable[..., Node]:
    return functools.partial(tidy, OPS[op])


SOFTMAX = Loss(
    "softmax-cross-entropy",
    _softmax_value,
    _softmax_slope,
    from_logits=True,
    joint=_softmax_joint,
)
"""Cross-entropy of K logits' softmax; targets are one-hot or probabilities."""


def every_loss() -> dict[str, Loss]:
    """All losses by name."""
    return {**LOSSES, SOFTMAX.name: SOFTMAX}


def find_loss(loss: str | Loss) -> Loss:
    """The loss of that name; FitError with the nearest name where there is none."""
    if isinstance(loss, Loss):
        return loss
    known = every_loss()
    if not isinstance(loss, str) or loss not in known:
        said, every = takes.quote(loss), f"losses are {', '.join(known)}"
        raise FitError(unknown(f"loss {said}", said.strip("'"), known, every))
    return known[loss]
