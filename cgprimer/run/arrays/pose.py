"""Data of arrays as a caller gives them, checked and packed: a problem for a fit.

    graph, name → array, loss ─ pose ─▶ ArrayProblem, or a FitError

`ArrayProgram.objective` calls it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cgprimer.errors import FitError, counted, listing
from cgprimer.expr.array_forwards.choices import BadIndex, whole
from cgprimer.expr.array_ops import ARRAY_OPS
from cgprimer.expr.dims import is_unknown, show_dims
from cgprimer.expr.node import postorder
from cgprimer.graph.array_point import bind
from cgprimer.graph.arrays import as_numbers
from cgprimer.graph.graph import Graph
from cgprimer.notation.text import show
from cgprimer.run.arrays.entries import Entries
from cgprimer.run.arrays.loss_graph import loss_graph
from cgprimer.run.arrays.model import ArrayModel
from cgprimer.run.arrays.posed import ArrayProblem, in_numbers
from cgprimer.run.fit_data import check_targets, weights_of_mean_one
from cgprimer.run.losses import Loss
from cgprimer.types import Array

_BY_NUMBER = {ARRAY_OPS["pick"], ARRAY_OPS["take"]}
SUM = 1e-6  # how far from 1 the targets of a sample may add up to: rounding of float32
ALWAYS = 1e-8  # how far from 1 outputs that are probabilities add up to, in doubles


def pose(
    graph: Graph,
    inputs: Mapping[str, ArrayLike],
    targets: Mapping[str, ArrayLike],
    loss: Loss,
    sigma: Mapping[str, ArrayLike] | None,
    weights: ArrayLike | None,
    threads: int,
) -> ArrayProblem:
    """The problem; FitError for names, shapes or values that do not fit."""
    check_targets(graph, inputs, targets)
    check_loss(graph, targets, loss)
    given = {n: as_numbers(f"the value of {n!r}", v) for n, v in inputs.items()}
    met = {n: as_numbers(f"the target {n!r}", v) for n, v in targets.items()}
    bound = bind(graph, {name: array.shape for name, array in (given | met).items()})
    samples, sizes = bound.samples, tuple(bound.sizes.items())
    full = {
        name: _of_all(array, in_numbers(graph.dims(name), sizes), samples)
        for name, array in met.items()
    }
    problem = ArrayProblem(
        graph,
        loss_graph(
            graph,
            tuple(met),
            loss,
            sigma=sigma is not None,
            weights=weights is not None,
        ),
        sizes,
        entries_of(graph, given | met),
        given,
        bound.sampled & frozenset(given),
        full,
        None if sigma is None else _deviations(sigma, full, samples),
        None,
        samples,
        loss,
        threads,
    )
    if weights is not None:
        if samples is None:
            raise FitError("the data are one sample, which needs no weights")
        scaled = weights_of_mean_one(weights, samples)
        problem = replace(problem, weights=scaled)
    _check_probabilities(problem)
    _check_indexes(problem)
    return problem


def check_loss(graph: Graph, targets: Mapping[str, Any], loss: Loss) -> None:
    """FitError where a loss cannot be that of such targets.

    An output that is made small is no number, or classes are given by number.
    """
    for name, values in targets.items():
        dims = graph.dims(name) if name in graph.names else ()
        if loss.joint and len(dims) == 1 and np.ndim(values) == 1:
            raise FitError(
                f"{loss.name} needs {show_dims(dims)} numbers of {name!r} in every "
                "sample, which are 1 for its class and 0 else, or probabilities\n"
                "  hint: of numbers of classes make them: np.eye(10)[labels]"
            )
        if dims and loss.is_output:
            raise FitError(
                f"{name!r} is {show_dims(dims)}, and what is made small is one number\n"
                f"  hint: add an equation such as xl = sum({name}^2)"
            )


def entries_of(graph: Graph, data: Mapping[str, ArrayLike]) -> Entries:
    """The entries of the parameters; FitError where no data tell a size of one."""
    shapes = {name: np.shape(value) for name, value in data.items()}
    known = set(graph.names)
    shapes = {name: shape for name, shape in shapes.items() if name in known}
    _check_sizes(graph, [*shapes])
    sizes = tuple(bind(graph, shapes).sizes.items())
    return Entries({n: in_numbers(graph.dims(n), sizes) for n in graph.parameters})


def _check_sizes(graph: Graph, told: Sequence[str]) -> None:
    """FitError for a parameter whose size nothing tells; `told` are names of data."""
    known = {dim for name in told for dim in graph.dims(name)}
    for name in graph.parameters:
        for dim in graph.dims(name):
            if isinstance(dim, str) and dim not in known:
                said = "a size" if is_unknown(dim) else f"the size {dim}"
                raise FitError(
                    f"nothing in the data tells {said} of {name!r}, which is "
                    f"{show_dims(graph.dims(name))}\n"
                    f"  hint: declare it in numbers, such as {name}: "
                    f"{' x '.join('3' * len(graph.dims(name)))}"
                )


def _of_all(array: Array, dims: Sequence[int], samples: int | None) -> Array:
    """Values for every sample, contiguous."""
    if samples is None:
        return array
    return np.ascontiguousarray(np.broadcast_to(array, (samples, *dims)))


def _deviations(
    sigma: Mapping[str, ArrayLike], met: Mapping[str, Array], samples: int | None
) -> dict[str, Array]:
    """Standard deviations of the targets, in their shapes."""
    if missing := [name for name in met if name not in sigma]:
        raise FitError(f"sigma lacks {listing(missing)}")
    full = {}
    for name, target in met.items():
        given = as_numbers(f"the value of {name!r}", sigma[name])
        if samples is not None and given.shape == (samples,):
            given = given.reshape(samples, *(1,) * (target.ndim - 1))
        if given.ndim and given.shape[:1] != target.shape[:1] and samples is not None:
            raise FitError(
                f"sigma of {name!r} has {counted(len(given), 'sample')}, "
                f"the data have {samples}"
            )
        try:
            full[name] = np.ascontiguousarray(np.broadcast_to(given, target.shape))
        except ValueError:
            raise FitError(
                f"sigma of {name!r} has shape {given.shape}; expected {target.shape}, "
                "or a number for each sample"
            ) from None
        if not (np.isfinite(given).all() and (given > 0).all()):
            raise FitError(f"sigma of {name!r} is not positive and finite everywhere")
    return full


def _check_probabilities(problem: ArrayProblem) -> None:
    """Refuse targets that are no probabilities, and outputs that already are."""
    loss = problem.loss
    if not loss.from_logits:
        return
    for name, target in problem.met.items():
        if not ((target >= 0) & (target <= 1)).all():
            raise FitError(f"{loss.name} needs targets between 0 and 1")
        if loss.joint is None:
            continue
        total = target.sum(axis=-1)
        wrong = np.argwhere(np.abs(total - 1) > SUM)
        if len(wrong):
            place = tuple(wrong[0].tolist())
            raise FitError(
                f"{loss.name} needs targets of {name!r} that add up to 1 along the last"
                f" axis; at {list(place)} they add up to {total[place]:.8g}\n"
                "  hint: of whole numbers make one-hot rows: np.eye(10)[labels]"
            )
    if loss.joint is not None and _add_up(problem):
        raise FitError(
            f"{loss.name} takes logits, but {listing(problem.met)} adds up to 1 "
            "whatever the parameters are: it is probabilities already\n"
            "  hint: let the target be what is before the softmax"
        )


def _check_indexes(problem: ArrayProblem) -> None:
    """FitError for an input that numbers entries, and has one that is not there."""
    graph = problem.graph
    bodies = [graph.equation(name).body for name in graph.dependents]
    for node in postorder(bodies):
        index = node.args[1] if node.op in _BY_NUMBER else None
        if index is None or str(index.value) not in problem.given:
            continue
        of, text = node.args[0], str(index.value)
        assert graph.sizing is not None
        dims = in_numbers(graph.sizing.copy().of(of), problem.sizes)
        axis = dict(node.value or ()).get("axis", -1)
        try:
            whole(problem.given[text], dims[axis])
        except BadIndex as error:
            raise FitError(str(error.named(text, show(of)))) from None


def _add_up(problem: ArrayProblem) -> bool:
    """Whether predictions add up to 1 at parameters taken at random."""
    few = problem.take(slice(8))
    params = np.random.default_rng(0).uniform(0.3, 0.9, len(problem.entries))
    found = ArrayModel(few).predictions(params)
    return bool((np.abs(found.sum(axis=0) - 1) < ALWAYS).all())
