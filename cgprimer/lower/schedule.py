"""Order of evaluation, levels and cycles of numbered equations.

Arcs are pairs of equation numbers: `source[k]` must be known before `target[k]`.
Source: Kahn, Topological sorting of large networks, CACM 5 (1962).
"""

from __future__ import annotations

import heapq

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


def levels(order: Integers, count: int, source: Integers, target: Integers) -> Integers:
    """The length of the longest path that leads to each equation."""
    level = [0] * count
    after = _successors(count, source, target)
    for number in order.tolist():
        reached = level[number] + 1
        for successor in after[number]:
            if level[successor] < reached:
                level[successor] = reached
    return np.array(level, dtype=np.int64)


def _successors(count: int, source: Integers, target: Integers) -> list[list[int]]:
    after: list[list[int]] = [[] for _ in range(count)]
    for s, t in zip(source.tolist(), target.tolist(), strict=True):
        after[s].append(t)
    return after
