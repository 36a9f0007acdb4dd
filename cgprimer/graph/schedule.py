"""Order of evaluation, levels and cycles of numbered equations.

Arcs are pairs of equation numbers: `source[k]` must be known before `target[k]`.
Source: Kahn, Topological sorting of large networks, CACM 5 (1962).
"""

from __future__ import annotations

import heapq
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.integer]


def topological_order(count: int, source: Integers, target: Integers) -> Integers:
    """Equation numbers, sources first, as near the author's order as can be.

    Shorter than `count` where there is a cycle: what is left out lies on or behind it.
    """
    if not (source >= target).any():
        return np.arange(count)
    after = _successors(count, source, target)
    missing = np.bincount(target, minlength=count).tolist()
    ready = [number for number in range(count) if not missing[number]]
    order = []
    while ready:
        number = heapq.heappop(ready)
        order.append(number)
        for successor in after[number]:
            missing[successor] -= 1
            if not missing[successor]:
                heapq.heappush(ready, successor)
    return np.array(order, dtype=np.int64)


def find_cycle(left_over: set[int], source: Integers, target: Integers) -> list[int]:
    """Numbers around one cycle among the equations that no order could hold."""
    before = {}
    for s, t in zip(source.tolist(), target.tolist(), strict=True):
        if s in left_over and t in left_over:
            before[t] = s
    path: dict[int, int] = {}
    at = min(left_over)
    while at not in path:
        path[at] = len(path)
        at = before[at]
    cycle = list(path)[path[at] :][::-1]
    first = cycle.index(min(cycle))
    return cycle[first:] + cycle[:first]


def levels(order: Integers, source: Integers, target: Integers) -> Integers:
    """The length of the longest path that leads to each equation.

    Level by level, by arrays, unless that many levels make going arc by arc faster.
    """
    count = len(order)
    level = np.zeros(count, dtype=np.int64)
    turn = np.argsort(source, kind="stable")
    after, start = target[turn], np.searchsorted(source[turn], np.arange(count + 1))
    missing = np.bincount(target, minlength=count)
    ready, depth = np.flatnonzero(missing == 0), 0
    while len(ready):
        if 64 * depth > count:
            return _levels_by_arc(order, source, target)
        level[ready] = depth
        reached = after[ranges(start[ready], start[ready + 1] - start[ready])]
        np.subtract.at(missing, reached, 1)
        ready, depth = np.unique(reached[missing[reached] == 0]), depth + 1
    return level


def _levels_by_arc(order: Integers, source: Integers, target: Integers) -> Integers:
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    turn = np.argsort(place[target], kind="stable")
    level = [0] * len(order)
    for s, t in zip(source[turn].tolist(), target[turn].tolist(), strict=True):
        if level[s] >= level[t]:
            level[t] = level[s] + 1
    return np.array(level, dtype=np.int64)


def ancestors(
    wanted: Integers, level: Integers, source: Integers, target: Integers
) -> NDArray[np.bool_]:
    """Which equations are wanted, or lead to one that is."""
    needed = np.zeros(len(level), dtype=bool)
    needed[wanted] = True
    turn = np.argsort(level[target], kind="stable")
    source, target = source[turn], target[turn]
    bounds = np.flatnonzero(np.diff(level[target], prepend=-1, append=-1)).tolist()
    for first, last in reversed([*pairwise(bounds)]):
        needed[source[first:last][needed[target[first:last]]]] = True
    return needed


def ranges(start: Integers, length: Integers) -> Integers:
    """The numbers from each start on, as many as its length, one after another."""
    shift = start - np.cumsum(length) + length
    return np.repeat(shift, length) + np.arange(length.sum())


def _successors(count: int, source: Integers, target: Integers) -> list[list[int]]:
    after: list[list[int]] = [[] for _ in range(count)]
    for s, t in zip(source.tolist(), target.tolist(), strict=True):
        after[s].append(t)
    return after
