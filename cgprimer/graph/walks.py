"""Ways from a name to an output over the users of each name: how many, and which.

    users: name → the variables that use it;  source, output ─▶ (source, …, output), …

Paths can be exponentially many, so they are counted before any is followed.
`graph.paths` shows them, `graph.accumulation` multiplies along them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cgprimer.types import Edge

# Every diamond on the way doubles the number of paths, so that in a deep graph it has
# thousands of digits; of 10^300 a float can still be told in a message.
MANY = 10**300  # counts stop here


def count_paths(users: Mapping[str, Sequence[str]], source: str, output: str) -> int:
    """The number of paths, by dynamic programming; no more than 10³⁰⁰."""
    # The output counts 1 before the walk begins, so nothing is looked for behind it. A
    # name waits on the stack until all its users are counted.
    count = {output: 1}
    stack = [source]
    while stack:
        at = stack[-1]
        missing = [user for user in users.get(at, ()) if user not in count]
        stack += missing
        if not missing:
            # A name may be on the stack twice, if two others waited for it.
            count.setdefault(at, min(sum(count[u] for u in users.get(at, ())), MANY))
            stack.pop()
    return count[source]


def walks(
    users: Mapping[str, Sequence[str]], source: str, output: str
) -> Iterator[tuple[str, ...]]:
    """Every path, depth first; all names of `users` lead to the output."""
    # `way` is the path so far, and `choices` what is still to be tried for each place
    # on it and the next. Paths may be as long as the graph, so this is no recursion.
    way: list[str] = []
    choices: list[Iterator[str]] = [iter([source])]
    while choices:
        step = next(choices[-1], None)
        if step is None:
            choices.pop()
            del way[-1:]
            continue
        way.append(step)
        choices.append(iter(() if step == output else users.get(step, ())))
        if step == output:
            yield tuple(way)


def edges_along(path: Sequence[str]) -> list[Edge]:
    """The edges (node, wrt) of a path: of xa, xx, xy they are (xx, xa), (xy, xx)."""
    return list(zip(path[1:], path, strict=False))
