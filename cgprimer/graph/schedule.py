"""Order of evaluation, levels and cycles of numbered equations.

Arcs are pairs of equation numbers: `source[k]` must be known before `target[k]`.
Source: Kahn, Topological sorting of large networks, CACM 5 (1962).
"""

from __future__ import annotations

import heapq

import numpy as np

from cgprimer.grouping import grouped
from cgprimer.types import Integers


def topological_order(count: int, source: Integers, target: Integers) -> Integers:
    """Equation numbers, sources first, as near the author's order as can be.

    Shorter than `count` where there is a cycle: what is left out lies on or behind it.
    """
    # The order in which the author wrote them works already.
    if not (source >= target).any():
        return np.arange(count)
    after = grouped(zip(source.tolist(), target.tolist(), strict=True))
    missing = np.bincount(target, minlength=count).tolist()
    # A heap, not a queue as in Kahn's paper: of all that is ready the first in the
    # author's order comes next.
    ready = [number for number in range(count) if not missing[number]]
    order = []
    while ready:
        number = heapq.heappop(ready)
        order.append(number)
        for successor in after.get(number, ()):
            missing[successor] -= 1
            if not missing[successor]:
                heapq.heappush(ready, successor)
    return np.array(order, dtype=np.int64)


def find_cycle(left_over: set[int], source: Integers, target: Integers) -> list[int]:
    """Numbers around one cycle among the equations that no order could hold."""
    # What is left over waits for something left over: else it would have become ready.
    # So going back from any of them never ends, and comes round. Any source will do.
    pairs = zip(source.tolist(), target.tolist(), strict=True)
    before = {t: s for s, t in pairs if s in left_over and t in left_over}
    path: dict[int, int] = {}
    at = min(left_over)
    while at not in path:
        path[at] = len(path)
        at = before[at]
    # The way in is cut off. Going back from 5 over 3, 2, 4 to 3 again, the cycle is
    # 3 2 4; in the direction of the arcs 4 2 3; begun with its least number 2 3 4.
    cycle = list(path)[path[at] :][::-1]
    first = cycle.index(min(cycle))
    return cycle[first:] + cycle[:first]


def levels(order: Integers, source: Integers, target: Integers) -> Integers:
    """The length of the longest path that leads to each equation.

    Level by level, by arrays, unless that many levels make going arc by arc faster.
    """
    count = len(order)
    level = np.zeros(count, dtype=np.int64)
    # Arcs by source: those of equation e are `after[start[e]:start[e + 1]]`.
    turn = np.argsort(source, kind="stable")
    after, start = target[turn], np.searchsorted(source[turn], np.arange(count + 1))
    missing = np.bincount(target, minlength=count)
    ready, depth = np.flatnonzero(missing == 0), 0
    while len(ready):
        # Fewer than 64 equations a level: a step of numpy calls costs more than it
        # saves. A chain would need as many steps as it has equations.
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
    # By target in the order of evaluation, so the level of a source is final when it is
    # read.
    turn = np.argsort(place[target], kind="stable")
    level = [0] * len(order)
    for s, t in zip(source[turn].tolist(), target[turn].tolist(), strict=True):
        if level[s] >= level[t]:
            level[t] = level[s] + 1
    return np.array(level, dtype=np.int64)


def ranges(start: Integers, length: Integers) -> Integers:
    """The numbers from each start on, as many as its length, one after another."""
    # start [3, 10], length [2, 3]: shift is [3, 8], each repeated: 3 3 8 8 8, and with
    # 0 1 2 3 4 added: 3 4 10 11 12.
    shift = start - np.cumsum(length) + length
    return np.repeat(shift, length) + np.arange(length.sum())
