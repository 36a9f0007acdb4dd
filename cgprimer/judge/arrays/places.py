"""How entries of derivatives are called: `∂xh[2]/∂W[2,17]`, `d loss/d W[0,3]`.

WorstEntry, node, wrt ─▶ text; asked by `compare`, `rows` and sentences
"""

from __future__ import annotations

from cgprimer.judge.arrays.evidence import WorstEntry


def entry_text(said: WorstEntry, kind: str, node: str, wrt: str) -> str:
    """The entry that a verdict shows at, or `∂xh/∂W along a direction`."""
    node_index, wrt_index = said.place or ((), ())
    sign = "∂" if kind == "edge" else "d "
    node, wrt = f"{node}{_index(node_index)}", f"{wrt}{_index(wrt_index)}"
    entry = f"{sign}{node}/{sign}{wrt}"
    if said.place is None:
        entry = f"{entry} along a direction"
    return entry if said.sample is None else f"{entry}, sample {said.sample}"


def _index(index: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, index))}]" if index else ""
