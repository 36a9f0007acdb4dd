"""Whose fault it is: what wrong rows look like, and the edge behind wrong totals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cgprimer.checking.claims import Claim, Edge
from cgprimer.checking.explain import Candidate, Finding, Wrong, explain, spoken
from cgprimer.checking.totals import below, culprits, totals
from cgprimer.diff.sweep import partials
from cgprimer.expr.node import Node, leaves, postorder
from cgprimer.expr.ops import ARGUMENTS, name
from cgprimer.lower.to_numpy import Kernel
from cgprimer.numeric.verdict import FAIL, judge, slope

if TYPE_CHECKING:
    from cgprimer.checking.report import CheckRow
    from cgprimer.checking.witness import Evidence, Witness

Array = NDArray[np.float64]
SLACK = 1e-9  # relative; what two formulas for one number may differ by


def blame_edge(witness: Witness, row: CheckRow, claim: Claim | None) -> CheckRow:
    """The row with what its claim looks like."""
    node, wrt = row.edge
    if claim is None or claim.everywhere:
        witness = witness.wide
    first = witness.edge(row.edge, claim)[0]
    true, slack = _truth(witness, row.edge, first)
    finding = explain(
        witness.body(node),
        node,
        wrt,
        witness.sites[node].values,
        Wrong(first.claimed, true, slack),
        _elsewhere(witness, row.edge),
    )
    says = finding.says
    if claim is None:
        says = f"{_faulty(witness, row.edge)}: {says}"
    return replace(row, ratio=finding.ratio, mistake=finding.kind, looks_like=says)


def _faulty(witness: Witness, edge: Edge) -> str:
    """Which operation between an edge's name and its node has a wrong derivative."""
    body, leaf = witness.body(edge[0]), name(edge[1])
    values = witness.sites[edge[0]].values
    for node in postorder([body]):
        if node.args and leaf in postorder([node]) and _is_wrong(node, values):
            return f"the derivative that {node.op.name} declares is wrong"
    return "a rule of ours is wrong"


def _is_wrong(node: Node, values: Mapping[str, Array]) -> bool:
    """Whether the operation's own derivative disagrees with its differences."""
    arguments = [name(text) for text in ARGUMENTS[: len(node.args)]]
    names = leaves(node)
    with np.errstate(all="ignore"):
        at = Kernel(node.args, names)(*(values[text] for text in names))
        at = [np.broadcast_to(v, np.shape(values[names[0]])) for v in at]
        local = partials(node.op(*arguments), arguments)
        rows = Kernel(list(local.values()), ARGUMENTS[: len(at)])(*at)
    for i, row in enumerate(rows):
        found = slope(_one_moved(node, at, i), at[i])
        row = np.broadcast_to(row, at[i].shape)
        judged = [judge(row[k], found, k, 8 * abs(row[k])) for k in range(len(row))]
        if any(one.verdict == FAIL for one in judged):
            return True
    return False


def _one_moved(node: Node, at: list[Array], i: int) -> Callable[[Any], Any]:
    return lambda value: node.op.forward(*at[:i], value, *at[i + 1 :])


def _truth(witness: Witness, edge: Edge, evidence: Evidence) -> tuple[Array, Array]:
    """Our own partial where differences confirm it, else the differences themselves."""
    own, found = witness.own[edge], evidence.found
    gap = np.abs(own - found.value)
    if (gap <= 2 * found.bound + SLACK * np.abs(own)).all():
        return own, SLACK * np.abs(own)
    return found.value, 2 * found.bound + SLACK * np.abs(found.value)


def _elsewhere(witness: Witness, edge: Edge) -> Iterator[Candidate]:
    """Right derivatives of something else that are taken for ∂node/∂wrt."""
    node, wrt = edge
    own = witness.own
    through = totals(own, node).get(wrt, own[edge])
    if not np.array_equal(through, own[edge]):
        says = f"this is the total derivative of {node} by {wrt}, along all paths"
        yield "total for partial", says, through
    for output in witness.graph.outputs:
        upstream = totals(own, output).get(node)
        if upstream is not None and output != node:
            says = f"d {output}/d {node} is multiplied in already"
            yield "upstream included", says, upstream * own[edge]
    for other in witness.edges:
        if other != edge and transposed(wrt, other[1]):
            says = f"transposed: this is ∂{other[0]}/∂{other[1]}"
            yield "transposed", says, own[other]


def transposed(a: str, b: str) -> bool:
    """Whether two names are w12 and w21."""
    return (
        a[:-2] == b[:-2]
        and a[-2:].isdigit()
        and a[-2:] == b[-2:][::-1]
        and a[-1] != a[-2]
    )


def blame_totals(
    witness: Witness, wrong: Sequence[CheckRow], claims: Mapping[str, Claim]
) -> tuple[Edge, str]:
    """The edge behind wrong total derivatives, and a sentence about it."""
    output = wrong[0].node
    if all(claim.everywhere for claim in claims.values()):
        witness = witness.wide
    claimed = {
        wrt: claim.values(witness.values, witness.width)[0]
        for wrt, claim in claims.items()
        if wrt in below(witness.own, output)
    }
    bad = [row.wrt for row in wrong]
    first, says = _reason(witness, output, bad, claimed) or (
        _entry(witness, output, bad[0]),
        f"no single edge explains it; d {output}/d {bad[0]} should be "
        f"{wrong[0].difference:.7g} where {wrong[0].claimed:.7g} is claimed",
    )
    names = ", ".join(f"d {output}/d {wrt}" for wrt in bad[:6])
    names += f" and {len(bad) - 6} more" if len(bad) > 6 else ""
    verb = "is" if len(bad) == 1 else "are"
    return first, f"{names} {verb} wrong: {says}.{_places(claims, bad)}"


def _reason(
    witness: Witness, output: str, bad: Sequence[str], claimed: Mapping[str, Array]
) -> tuple[Edge, str] | None:
    """The likeliest story: one edge, names mixed up, one node, an edge unexplained."""
    found = _stories(witness, output, claimed)
    for size in (1, 2):
        known = [s for s in found if s.finding.recognised and s.size == size]
        if known:
            return known[0].edge, known[0].told(known[1:])
        mixed = _mixed_up(witness, output, bad, claimed)
        if mixed:
            return _entry(witness, output, bad[0]), mixed
    return (found[0].edge, found[0].told(found[1:])) if found else None


@dataclass(frozen=True)
class Story:
    """A culprit with what it looks like; `size` is 1 for an edge, 2 for a node."""

    edge: Edge
    size: int
    finding: Finding
    right: str

    def told(self, others: Sequence[Story]) -> str:
        """The story as a clause, with the edges that would explain as much."""
        node, wrt = self.edge
        ratio = spoken(self.finding.ratio)
        if self.size > 1:
            where = f"as if in the equation of {node}, whatever the name,"
            return f"{where} {self.finding.says} (claimed / true {ratio})"
        text = f"as if on the edge ∂{node}/∂{wrt} = {self.right} "
        text += f"{self.finding.says} (claimed / true {ratio})"
        alike = [f"∂{u}/∂{v}" for u, v in (s.edge for s in others if s.size == 1)]
        if alike:
            text += f"; the same could have happened on {', '.join(alike[:4])}"
        return text


def _stories(
    witness: Witness, output: str, claimed: Mapping[str, Array]
) -> list[Story]:
    if not claimed:
        return []
    found = []
    for culprit in culprits(witness.own, output, claimed, 1e-9):
        edge = culprit.edges[0]
        finding = _finding(witness, output, edge, culprit.wrong(witness.own, edge))
        right = witness.formula(edge)
        found.append(Story(edge, min(2, len(culprit.edges)), finding, right))
    return found


def _finding(witness: Witness, output: str, edge: Edge, wrong: Wrong) -> Finding:
    node, wrt = edge
    upstream = totals(witness.own, output)[node]
    own = witness.own[edge]
    extra: list[Candidate] = list(_elsewhere(witness, edge))
    if not (upstream == 1).all():
        says = f"what arrives from above, d {output}/d {node}, "
        extra.append(("upstream twice", says + "is counted twice", own * upstream))
        with np.errstate(all="ignore"):
            extra.append(("upstream missing", says + "is left out", own / upstream))
    values = witness.sites[node].values
    finding = explain(witness.body(node), node, wrt, values, wrong, extra)
    if finding.kind == "zero":
        says = f"nothing is passed: the way from {wrt} through {node} is missing"
        return replace(finding, kind="missing path", says=says)
    return finding


def _places(claims: Mapping[str, Claim], bad: Sequence[str]) -> str:
    places = [f"{claims[w].text} ({claims[w].where})" for w in bad if w in claims]
    return f" Look at {'; '.join(places[:3])}." if places else ""


def _mixed_up(
    witness: Witness, output: str, bad: Sequence[str], claimed: Mapping[str, Array]
) -> str:
    """Claims that belong to other names, or nothing."""
    true = witness.totals(output)
    for wrt in bad:
        if wrt not in claimed:
            return ""
        wrong = Wrong(claimed[wrt], true[wrt], SLACK * np.abs(true[wrt]))
        defined = witness.graph.depends_on
        others = [t for t in true if t != wrt and (t in defined) == (wrt in defined)]
        same = [text for text in others if wrong.agrees(true[text])]
        same.sort(key=lambda text: (not transposed(wrt, text), text not in bad))
        if same:
            word = "transposed" if transposed(wrt, same[0]) else "swapped names"
            return f"{word}: d {output}/d {wrt} is given what belongs to {same[0]}"
    return ""


def _entry(witness: Witness, output: str, wrt: str) -> Edge:
    """The first edge by which `wrt` enters, in topological order."""
    inside = below(witness.own, output)
    return next(e for e in witness.edges if e[1] == wrt and e[0] in inside)
