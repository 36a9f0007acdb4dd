"""The historic class, on top of the package: same names and order of calls.

Written for scripts that used the class of this name in Avinash Kak's module
ComputationalGraphPrimer (Purdue University); what it computed wrongly is correct here.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cgprimer import takes
from cgprimer.data.dataset import Dataset
from cgprimer.data.generate import check_size, generate
from cgprimer.errors import GraphError, OptionError, unknown
from cgprimer.fitting.objective import objective_of
from cgprimer.fitting.optimisers import SGD
from cgprimer.graph.graph import Graph
from cgprimer.graph.read import parse_graph
from cgprimer.judge.compare import PartialReport, compare_partials
from cgprimer.judge.differences.schemes import EPSILON
from cgprimer.run.losses import LOSSES
from cgprimer.run.objective import Objective
from cgprimer.run.problem import Problem, Steps
from cgprimer.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes


DEFAULTS: dict[str, Any] = {
    "expressions": None,
    "output_vars": None,
    "dataset_size": 1000,
    "learning_rate": 1e-6,
    "grad_delta": 1e-4,
    "display_vals_how_often": None,
    "display_loss_how_often": None,
    "debug": False,
}
"""The constructor's keywords and what they are when left out."""


FILE_BACKENDS = {"agg", "cairo", "pdf", "pgf", "ps", "svg", "template"}


class ComputationalGraphPrimer:
    """Parse expressions, make ground-truth data, train, and look at the result.

    expressions : list of texts such as "xy=ab*xx+ac*xa".
    output_vars : names of the outputs; by default the variables that lead nowhere.
    dataset_size : samples of ground truth.
    learning_rate : step of the training, down the gradient of the squared error.
    grad_delta : step of the finite differences in `check_partials`.
    display_loss_how_often, display_vals_how_often : print a line every so many samples;
        by default nothing is printed.

    Attributes, from `parse_expressions` on: `all_vars`, `independent_vars`,
    `dependent_vars`, `learnable_params` (sets of names), `depends_on`, `leads_to`
    (dicts of sorted lists), `graph`; from `train_on_all_data` on: `LOSS`, the error
    |predicted - true| of each sample, and `vals_for_learnable_params`.
    """

    def __init__(self, **options: Any) -> None:
        for name in options:
            if name not in DEFAULTS:
                every = f"keywords are {', '.join(DEFAULTS)}"
                raise OptionError(unknown(f"keyword {name!r}", name, DEFAULTS, every))
        chosen = DEFAULTS | options
        self.expressions = _expressions(chosen["expressions"])
        self.output_vars = _outputs(chosen["output_vars"])
        self.dataset_size = _whole("dataset_size", chosen["dataset_size"])
        self.learning_rate = _positive("learning_rate", chosen["learning_rate"])
        self.grad_delta = _delta(chosen["grad_delta"])
        every = chosen["display_loss_how_often"]
        every = chosen["display_vals_how_often"] if _is_none(every) else every
        self.display_loss_how_often = _how_often(every)
        self.debug = bool(chosen["debug"])
        self.LOSS: list[float] = []
        self.vals_for_learnable_params: dict[str, float] = {}
        self._graph = parse_graph(self.expressions, self.output_vars or None)
        check_size(self._graph, self.dataset_size)
        self._parsed: Graph | None = None
        self._data: Dataset | None = None

    def parse_expressions(self) -> None:
        """Find the variables and parameters and what depends on what."""
        graph = self._parsed = self._graph
        self.output_vars = list(graph.outputs)
        self.all_vars = set(graph.order)
        self.independent_vars = set(graph.inputs)
        self.dependent_vars = set(graph.dependents)
        self.learnable_params = set(graph.parameters)
        self.depends_on = graph.depends_on
        self.leads_to = graph.leads_to

    parse_general_dag_expressions = parse_expressions

    @property
    def graph(self) -> Graph:
        """The parsed graph."""
        if self._parsed is None:
            raise GraphError("call parse_expressions() first")
        return self._parsed

    def gen_gt_dataset(self, vals_for_learnable_params: Mapping[str, float]) -> None:
        """Draw inputs from U(-1, 1) and compute the outputs at these parameters.

        Randomness comes from Python's `random`, so `random.seed` repeats a run.
        """
        rng = np.random.default_rng(random.getrandbits(64))
        self._data = generate(
            self.graph, vals_for_learnable_params, self.dataset_size, rng=rng
        )

    @property
    def dataset(self) -> Dataset:
        """The ground truth."""
        if self._data is None:
            raise GraphError("call gen_gt_dataset(vals_for_learnable_params=…) first")
        return self._data

    def train_on_all_data(self) -> None:
        """One pass over the data: a step of `learning_rate` down ∇(error²) per sample.

        Starts from parameters drawn uniformly from (0, 1). `LOSS` holds the error of
        every sample, before its step, summed over outputs by absolute value.
        """
        objective = objective_of(self.graph, self.dataset, LOSSES["mse"])
        names = self.graph.parameters
        start = {name: random.uniform(0, 1) for name in sorted(names)}
        params = np.array([start[name] for name in names])
        train = _epoch if len(objective.targets) == 1 else _epoch_by_samples
        self.LOSS, params = train(objective, params, self.learning_rate)
        every = self.display_loss_how_often or len(self.LOSS) + 1
        for last in range(every, len(self.LOSS) + 1, every):
            mean = float(np.mean(self.LOSS[last - every : last]))
            print(f"sample {last}: mean error of the last {every}: {mean:.6g}")
        if not np.isfinite(params).all():
            sample = int(np.isfinite(self.LOSS).sum()) - 1
            raise OptionError(
                f"training diverged at sample {sample}: the parameters are no "
                f"longer finite\n  hint: lower learning_rate={self.learning_rate}"
            )
        self.vals_for_learnable_params = dict(zip(names, params.tolist(), strict=True))

    def check_partials(self, at: Mapping[str, float]) -> PartialReport:
        """Every edge partial symbolically and by differences of step `grad_delta`."""
        return compare_partials(self.graph, at, step=self.grad_delta)

    def display_network2(self) -> Axes:
        """Draw the graph; shown at once where a window can be opened."""
        from cgprimer.draw.network import draw_graph

        return _show(draw_graph(self.graph))

    display_network1 = display_network2
    display_DAG = display_network2

    def plot_loss(self) -> Axes:
        """Draw the error over samples; shown at once where a window can be opened."""
        from cgprimer.draw.curves import plot_loss

        if not self.LOSS:
            raise GraphError("call train_on_all_data() first")
        axes = plot_loss(np.array(self.LOSS))
        axes.set(xlabel="sample", ylabel="|error|")
        return _show(axes)


def _epoch(
    objective: Objective, params: Array, rate: float
) -> tuple[list[float], Array]:
    """The error of every sample, and the parameters after a step for each."""
    state, order = params[None].copy(), np.arange(len(objective))
    squares = objective.epoch(state, Steps(SGD().rule, np.array([[rate]]), order, 1))
    return np.sqrt(squares).tolist(), state[0]


def _epoch_by_samples(
    objective: Objective, params: Array, rate: float
) -> tuple[list[float], Array]:
    """`_epoch` where an error is a sum over several outputs."""
    problem, errors = objective.problem, []
    assert isinstance(problem, Problem)
    with np.errstate(all="ignore"):
        for sample in range(len(objective)):
            column = params[:, None]
            values = problem.sweeps.forward(problem.inputs[:, [sample]], column)
            misses = values[problem.rows] - problem.targets[:, [sample]]
            seeds = dict(zip(problem.rows, 2 * misses, strict=True))
            _, gradient = problem.sweeps.backward(values, column, seeds, total=True)
            errors.append(float(np.abs(misses).sum()))
            params = params - rate * gradient[:, 0]
    return errors, params


def _expressions(expressions: Any) -> Sequence[str]:
    """The texts as a list; OptionError for none, and for one text alone."""
    if expressions is None:
        raise OptionError("expressions= is missing: a list of texts like 'xy=ab*xx'")
    if isinstance(expressions, str):
        raise OptionError(
            "expressions= is one text; a list of texts is expected\n"
            f"  hint: write expressions=[{expressions.strip()[:40]!r}]"
        )
    return _list_of("texts", "expressions", expressions)


def _outputs(names: Any) -> list[str]:
    """The names as a list, empty where they are left out."""
    if names is None or isinstance(names, str):
        return [] if names is None else [names]
    return _list_of("names", "output_vars", names)


def _list_of(what: str, keyword: str, value: Any) -> list[str]:
    """What an iterable holds; OptionError for what is none."""
    items = takes.items(value)
    if items is None:
        raise OptionError(f"{keyword}= is a list of {what}, not {takes.quote(value)}")
    return items


def _whole(name: str, value: Any) -> int:
    """A whole number from 1; OptionError for others."""
    number = _positive(name, value)
    if number != int(number):
        raise OptionError(f"{name} is a whole number, not {takes.quote(value)}")
    return int(number)


def _is_none(value: Any) -> bool:
    """Whether an interval is left out: None, 0 or False."""
    return value is None or (isinstance(value, int | float) and not value)


def _how_often(every: Any) -> Any:
    """After how many steps the loss is shown; None or 0 for never."""
    return every if _is_none(every) else _whole("display_loss_how_often", every)


def _positive(name: str, value: Any) -> float:
    """A positive number; OptionError for others."""
    number = float(value) if takes.is_real(value) else math.nan
    if not (math.isfinite(number) and number > 0) or isinstance(value, bool):
        raise OptionError(f"{name} is a positive number, not {takes.quote(value)}")
    return number


def _delta(value: Any) -> float:
    """A step that 1 feels; OptionError for a smaller one."""
    delta = _positive("grad_delta", value)
    if 1.0 + delta == 1.0:
        raise OptionError(
            f"grad_delta={value!r} is lost in rounding: 1 + step is 1 again\n"
            f"  hint: take at least {EPSILON:.1g}, better about 1e-6"
        )
    return delta


def _show(axes: Axes) -> Axes:
    """Open a window, unless the backend only writes files."""
    from matplotlib import pyplot

    if pyplot.get_backend().lower() not in FILE_BACKENDS:
        pyplot.show()
    return axes
