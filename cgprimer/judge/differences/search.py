"""The length on which f changes: several are tried, and the best result is kept.

The size of x says little about that length (x near 0, or f fast). A result's bound has
three parts: truncation, from the change between steps; rounding, over the step; and
disagreement with shorter steps. Beside the edge of a domain, where differences to both
sides meet nan or inf, they are taken to one side.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import NamedTuple

import numpy as np

from cgprimer.judge.differences import probe, ridders
from cgprimer.judge.differences.schemes import (
    ASIDE,
    FIRST,
    SECOND,
    Function,
    Noise,
    Scheme,
    apply,
    step_taken,
    values,
)
from cgprimer.types import Array, Mask

PLAIN = {1: FIRST["central"], 2: SECOND["three-point"]}
CREDIBLE = 0.5  # a bound this small beside a disagreement is to be reckoned with
# Ridders' steps go down 1.4⁹ = 20-fold from each length on. So lengths that are nearer
# than 10 to one another would try the same steps again, and between two that are more
# than a thousand apart there is room for a third.
ANOTHER, BETWEEN = 10, 1e3
# The change of a difference with one halving of the step, beside that with the one
# before: 1.414 for √x at 0, whose slope is endless, and about 1 for x·log(x). Less than
# a millionth of the difference itself is no growth, but what rounding leaves.
ENDLESS, NO_GROWTH = 1.2, 1e-6
# A difference at a step 1000 times as short, beside it: 1000 for a jump, 32 for √|x| at
# 0, 1 for any smooth f.
WILD = 10
# With these the shortest plain steps are 6e-9 and 6e-12 at x = 1. They stay within one
# wave of sin(1e5·x), where steps from 0.1 on span thousands of waves.
SHORTER = (1e-3, 1e-6)  # lengths to try below both |x| and the typical x


class Found(NamedTuple):
    """What one length gave: `value` ± `bound` at step `h`, elementwise.

    rounding : the part of the bound that is due to rounding.
    noise : what rounding does to one value of f.
    flat : where neighbours have the same value, so that noise is not known for sure.
    """

    value: Array
    bound: Array
    h: Array
    rounding: Array
    noise: Array
    flat: Mask


def best(
    f: Function,
    x: Array,
    scheme: Scheme,
    noise: Noise,
    typical: Array | float,
    stacks: bool,
) -> Found:
    """The scheme over the length that suits it best, elementwise.

    stacks : whether f takes all lengths at once, as an array (k, *x.shape).
    """
    scales = _lengths(x, typical)
    # All lengths go to f in one call as rows of one array, which costs little more than
    # one of them: most of the time of a small array is in the call.
    each = np.broadcast_to(x, scales.shape)

    every = f if stacks else _row_by_row(f)
    if noise and not stacks:
        noise = replace(noise, at=_row_by_row(noise.at))
    plain = PLAIN[scheme.order]
    # What is told of rounding grows with the reach of a step, so that it is asked for
    # each scheme by itself; a noise that is probed is the same for both.
    known, near = _noise(every, each[:1], scales, noise, scheme, plain)
    tried = _over(every, each, scheme, scales, *known)
    # Ridders starts at 0.1 of a length, five-point at 7e-4; the plain scheme needs
    # 6e-6. Its rows are less exact, but they are witnesses against the longer ones.
    if scheme.step > 10 * plain.step:  # even the shortest may reach over a kink
        short = _over(every, each, plain, scales, *near)
        tried = Found._make(map(np.concatenate, zip(tried, short, strict=True)))
    return _choose(tried)


def at_step(f: Function, x: Array, scheme: Scheme, h: Array, noise: Noise) -> Found:
    """The scheme at a step that the caller wants."""
    scale = h / scheme.step
    [known] = _noise(f, x, scale, noise, scheme)
    return _over(f, x, scheme, scale, *known)


def _row_by_row(f: Function) -> Function:
    return lambda at: np.array([values(f, row) for row in at])


def _lengths(x: Array, typical: Array | float) -> Array:
    """Lengths (k, …) on which f may change, long to short; nan for repetitions."""
    # For x = 1e4 and a usual size of 1: 1e4, 100, 1, 1e-3 and 1e-6. For x = 0 or 1 only
    # 1, 1e-3 and 1e-6: the others would repeat the first.
    usual = np.broadcast_to(np.abs(typical), x.shape)
    size = np.where(x == 0, usual, np.abs(x))
    large, small = np.maximum(size, usual), np.minimum(size, usual)
    lengths = [
        large,
        np.where(large > BETWEEN * small, np.sqrt(large * small), np.nan),
        np.where(large > ANOTHER * small, small, np.nan),
        *(part * small for part in SHORTER),
    ]
    kept = [length for length in lengths if not np.isnan(length).all()]
    return np.array(kept or lengths)  # x may be nan itself


def _noise(
    f: Function, x: Array, scale: Array, told: Noise, *schemes: Scheme
) -> list[tuple[Array, Mask]]:
    """For each scheme the noise of f, and where f stands still, so that it is unsure.

    Where it is told for any x it counts over a whole step, in between by a straight
    line: a·1e8 - a·(1e8 - 1) has no rounding at a = 0, and much beside it.
    """
    probed, still = np.zeros(scale.shape), np.zeros(scale.shape, dtype=bool)
    if told is None or not told.complete:
        probed, still = probe.noise(f, x, scale)
    if told is None:
        return [(probed, still)] * len(schemes)
    longest = max(scheme.step for scheme in schemes)
    # The straight line between x and the longest reach stands for what lies between, so
    # that `told.at` is evaluated three times and not at every point of every scheme.
    far = np.fmax(*(values(told.at, x + k * longest * scale) for k in (-1, 1)))
    here = np.where(np.isnan(here := values(told.at, x)), far, here)
    more = np.fmax(far - here, 0.0)
    each = (here + s.step / longest * more for s in schemes)
    return [(np.fmax(known, probed), still) for known in each]


def _over(
    f: Function, x: Array, scheme: Scheme, scale: Array, noise: Array, flat: Mask
) -> Found:
    """The scheme over one length; where it meets nan or inf, a one-sided one."""
    parts = _steps(f, x, scheme, scale * scheme.step, noise)
    # To the right first, then to the left: what is still outside after both keeps its
    # nan.
    aside = ASIDE[scheme.order]
    for side in (aside, aside.mirror()):
        outside = ~np.isfinite(parts[0])
        if not outside.any():
            break
        other = _one_sided_slopes(f, x, side, scale * aside.step, noise)
        pairs = zip(other, parts, strict=True)
        parts = tuple(np.where(outside, new, old) for new, old in pairs)
    return Found._make((*parts, noise, flat))


def _steps(
    f: Function, x: Array, scheme: Scheme, h: Array, noise: Array
) -> tuple[Array, ...]:
    """(value, bound, step, rounding) from step h on, by how it changes with h."""
    if scheme.rows > 1:
        return ridders.extrapolate(scheme, f, x, h, noise)
    h = step_taken(x, h)
    value, rounding = apply(scheme, f, x, h, noise)
    far, _ = apply(scheme, f, x, 2 * h, noise)
    # For central differences trust is 1: the error at h is a third of the change from
    # 2h to h, and the margin is 3.
    change = scheme.trust * np.abs(far - value)
    # The step 2h has left the domain, but h/2 is inside. The error at h/2 is 2^-power
    # of the one at h, hence the factor.
    if np.isnan(change).any():  # an edge of the domain between the two steps
        near, _ = apply(scheme, f, x, h / 2, noise)
        shrunk = scheme.trust * 2.0**scheme.power * np.abs(value - near)
        change = np.where(np.isnan(change), shrunk, change)
    return value, change + rounding, h, rounding


def _one_sided_slopes(
    f: Function, x: Array, scheme: Scheme, h: Array, noise: Array
) -> tuple[Array, ...]:
    """The same to one side, bounded by Aitken's limit of three steps.

    At the edge of a domain f is seldom smooth: √x³ has differences that go to 0 as √h,
    and the change from one step to the next is less than what is still to come. Those
    of √x grow without end.
    """
    h = step_taken(x, h)
    (near, rounding), (mid, _), (far, _) = (
        apply(scheme, f, x, k * h, noise) for k in (1, 2, 4)
    )
    # √x³ at 0, in units of its difference at h: near, mid, far = 1, 1.414, 2. The
    # changes are -0.414 and -0.586, Aitken's rest is 0.414²/0.172 = 1, and near is off
    # by just that. The bound is twice the rest. The change alone, 0.414, would be too
    # small.
    change, before = near - mid, mid - far
    rest = change**2 / (change - before)
    ahead = np.fmax(np.abs(change), 2 * np.abs(rest))
    # √x at 0: 1, 0.707, 0.5, so that changes grow by 1.414 with each halving of the
    # step. x·log(x) is between: its changes stay alike, and the rest divides by 0,
    # which is inf.
    endless = np.abs(change) > ENDLESS * np.abs(before) + NO_GROWTH * np.abs(near)
    return near, np.where(endless, np.inf, ahead) + rounding, h, rounding


def _choose(tried: Found) -> Found:
    """Of the rows, the one with the smallest bound, elementwise; nan loses to any.

    A step too long for f can look certain by chance. A shorter one must then agree
    with it, within its own bound; where it does not, the bound is widened to the gap.
    So is that of the shorter one where f stands still: x + 10⁸ - 10⁸ does, looked at
    closely.
    """
    # sin(1e5·x) at x = 1 has the slope -99936.08. By Ridders from 0.1 on it is -1.8 ±
    # 67: |f| ≤ 1 keeps differences over many waves small, whatever the slope. By plain
    # steps of 6e-9 it is -99936.076 ± 0.020. The gap of 99934 is more than both bounds
    # together, so the long row is given it as its bound. Left is Ridders' row from 1e-7
    # on: -99936.081 ± 0.007.
    #
    # (x + 1e8) - 1e8 at x = 1 is the reverse. Rounding is not seen between neighbours
    # of one value, so that Ridders from 1e-7 on gives 1.043 ± 1.1e-8, which would
    # condemn the right claim of 1. Ridders from 0.1 on gives 1 ± 1.5e-14, far less than
    # half the gap of 0.043 between them: the short row is widened to that gap, and says
    # no more than that.
    bounds = np.where(np.isnan(tried.value), np.inf, tried.bound)
    for long, short in permutations(range(len(bounds)), 2):
        shorter = tried.h[short] < tried.h[long]
        gap = np.abs(tried.value[long] - tried.value[short])
        apart = shorter & (gap > bounds[long] + tried.bound[short])
        unsure = shorter & tried.flat[short] & (tried.bound[long] < CREDIBLE * gap)
        widened = np.fmax(bounds[short], gap + tried.bound[long])
        bounds[short] = np.where(unsure, widened, bounds[short])
        bounds[long] = np.where(apart, gap, bounds[long])
    # argmin would choose nan before any number.
    bounds = np.where(np.isnan(bounds), np.inf, bounds)
    pick = bounds.argmin(axis=0)[None]
    parts = tried._replace(bound=bounds)
    best_row = Found(*(np.take_along_axis(part, pick, 0)[0] for part in parts))
    return best_row._replace(bound=np.where(_is_wild(tried), np.inf, best_row.bound))


def _is_wild(tried: Found) -> Mask:
    """Whether differences grow as steps shrink: f changes faster than any step."""
    # The last two rows are the plain scheme at lengths a thousand apart. Between them
    # the differences of a jump grow 1000-fold, those of √|x| at 0 32-fold; those of a
    # smooth f agree up to rounding, which is allowed for.
    growth = np.abs(tried.value[-1] - tried.value[-2]) - tried.rounding[-1]
    size = np.abs(tried.value[-2]) + tried.rounding[-2]
    wild: Mask = growth > WILD * size
    return wild
