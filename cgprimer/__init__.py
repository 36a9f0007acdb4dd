"""cgprimer: type equations, see the graph, trust the gradients, fit the parameters.

    expr         text ─→ nodes, and the table of operations
     notation     nodes ─→ text, LaTeX, MathML, sympy; reports as text
      diff         nodes ─→ their derivatives, exact and without lost digits
       graph        equations that depend on one another
        reading      what people write, in LaTeX too ─→ equations and claims
        run          … computed over samples: numpy, or machine code in run/llvm
         judge        is a derivative right, and if not, what is wrong?
         data         samples: generated, or read from files
          diagnosis    where nan, inf and lost digits come from
           derivation   written out as a textbook does, and checked
           fitting      samples ─→ parameters with their uncertainties
            draw         networks and loss curves
             commands     the command line: a file for each command

A folder uses those above it that stand further left. Only methods of Node and Graph
reach down, to what prints and computes them, and `graph.read`, to what is in LaTeX
(`tests/test_layers.py` holds it). What all share lies beside the folders: `errors`,
`types`, `takes`, `keeping`, `grouping`, `forks`, `interrupts`,
`replacing`.

Names are loaded when they are first used, so a command loads no more than it needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from cgprimer.data.cifar import read_cifar as read_cifar
    from cgprimer.data.cifar import write_cifar as write_cifar
    from cgprimer.data.dataset import Dataset as Dataset
    from cgprimer.data.generate import generate as generate
    from cgprimer.data.idx import read_idx as read_idx
    from cgprimer.data.idx import write_idx as write_idx
    from cgprimer.derivation.checking.check import check_derivation as check_derivation
    from cgprimer.derivation.checking.report import DerivationReport as DerivationReport
    from cgprimer.derivation.trace import Trace as Trace
    from cgprimer.derivation.trace import trace as trace
    from cgprimer.diagnosis.diagnose import diagnose as diagnose
    from cgprimer.diagnosis.report import Diagnosis as Diagnosis
    from cgprimer.diff.declare import custom_op as custom_op
    from cgprimer.draw.curves import plot_loss as plot_loss
    from cgprimer.draw.network import draw_graph as draw_graph
    from cgprimer.errors import CGPrimerError as CGPrimerError
    from cgprimer.errors import CycleError as CycleError
    from cgprimer.errors import DataError as DataError
    from cgprimer.errors import DifferenceError as DifferenceError
    from cgprimer.errors import ExpressionError as ExpressionError
    from cgprimer.errors import FitError as FitError
    from cgprimer.errors import GraphError as GraphError
    from cgprimer.errors import NonFiniteWarning as NonFiniteWarning
    from cgprimer.errors import OpError as OpError
    from cgprimer.errors import OptionError as OptionError
    from cgprimer.errors import PointError as PointError
    from cgprimer.errors import ReadingWarning as ReadingWarning
    from cgprimer.expr.custom import CustomOp as CustomOp
    from cgprimer.fitting.fit import fit as fit
    from cgprimer.fitting.fit import minimize as minimize
    from cgprimer.fitting.least_squares import LeastSquares as LeastSquares
    from cgprimer.fitting.optimisers import SGD as SGD
    from cgprimer.fitting.optimisers import Adam as Adam
    from cgprimer.fitting.result import FitResult as FitResult
    from cgprimer.graph.constants import FreedConstants as FreedConstants
    from cgprimer.graph.constants import free_constants as free_constants
    from cgprimer.graph.gradient import gradient as gradient
    from cgprimer.graph.graph import Graph as Graph
    from cgprimer.graph.paths import Paths as Paths
    from cgprimer.graph.read import parse_graph as parse_graph
    from cgprimer.graph.steps import steps as steps
    from cgprimer.graph.unrolled import unrolled as unrolled
    from cgprimer.judge.check import check_gradients as check_gradients
    from cgprimer.judge.claims import parse_claims as parse_claims
    from cgprimer.judge.code.foreign import check_function as check_function
    from cgprimer.judge.code.torch_code import check_torch as check_torch
    from cgprimer.judge.compare import PartialReport as PartialReport
    from cgprimer.judge.compare import compare_partials as compare_partials
    from cgprimer.judge.differences.edges import edge_partials as edge_partials
    from cgprimer.judge.mutation.mutation_report import MutationReport as MutationReport
    from cgprimer.judge.mutation.mutations import check_mutations as check_mutations
    from cgprimer.judge.report import CheckReport as CheckReport
    from cgprimer.primer import ComputationalGraphPrimer as ComputationalGraphPrimer
    from cgprimer.reading.from_latex import parse_latex as parse_latex
    from cgprimer.run.exports.to_jax import to_jax as to_jax
    from cgprimer.run.exports.to_torch import to_torch as to_torch
    from cgprimer.run.losses import Loss as Loss
    from cgprimer.run.losses import huber as huber
    from cgprimer.run.objective import Objective as Objective
    from cgprimer.run.program import Program as Program

_HOME = {
    "Adam": "cgprimer.fitting.optimisers",
    "CGPrimerError": "cgprimer.errors",
    "check_derivation": "cgprimer.derivation.checking.check",
    "check_function": "cgprimer.judge.code.foreign",
    "check_gradients": "cgprimer.judge.check",
    "check_mutations": "cgprimer.judge.mutation.mutations",
    "check_torch": "cgprimer.judge.code.torch_code",
    "CheckReport": "cgprimer.judge.report",
    "compare_partials": "cgprimer.judge.compare",
    "ComputationalGraphPrimer": "cgprimer.primer",
    "custom_op": "cgprimer.diff.declare",
    "CustomOp": "cgprimer.expr.custom",
    "CycleError": "cgprimer.errors",
    "DataError": "cgprimer.errors",
    "Dataset": "cgprimer.data.dataset",
    "DerivationReport": "cgprimer.derivation.checking.report",
    "diagnose": "cgprimer.diagnosis.diagnose",
    "Diagnosis": "cgprimer.diagnosis.report",
    "DifferenceError": "cgprimer.errors",
    "draw_graph": "cgprimer.draw.network",
    "edge_partials": "cgprimer.judge.differences.edges",
    "ExpressionError": "cgprimer.errors",
    "fit": "cgprimer.fitting.fit",
    "FitError": "cgprimer.errors",
    "FitResult": "cgprimer.fitting.result",
    "free_constants": "cgprimer.graph.constants",
    "FreedConstants": "cgprimer.graph.constants",
    "generate": "cgprimer.data.generate",
    "gradient": "cgprimer.graph.gradient",
    "Graph": "cgprimer.graph.graph",
    "GraphError": "cgprimer.errors",
    "huber": "cgprimer.run.losses",
    "LeastSquares": "cgprimer.fitting.least_squares",
    "Loss": "cgprimer.run.losses",
    "minimize": "cgprimer.fitting.fit",
    "MutationReport": "cgprimer.judge.mutation.mutation_report",
    "NonFiniteWarning": "cgprimer.errors",
    "Objective": "cgprimer.run.objective",
    "OpError": "cgprimer.errors",
    "OptionError": "cgprimer.errors",
    "parse_claims": "cgprimer.judge.claims",
    "parse_graph": "cgprimer.graph.read",
    "parse_latex": "cgprimer.reading.from_latex",
    "PartialReport": "cgprimer.judge.compare",
    "Paths": "cgprimer.graph.paths",
    "plot_loss": "cgprimer.draw.curves",
    "PointError": "cgprimer.errors",
    "Program": "cgprimer.run.program",
    "read_cifar": "cgprimer.data.cifar",
    "read_idx": "cgprimer.data.idx",
    "ReadingWarning": "cgprimer.errors",
    "SGD": "cgprimer.fitting.optimisers",
    "steps": "cgprimer.graph.steps",
    "trace": "cgprimer.derivation.trace",
    "Trace": "cgprimer.derivation.trace",
    "to_jax": "cgprimer.run.exports.to_jax",
    "to_torch": "cgprimer.run.exports.to_torch",
    "unrolled": "cgprimer.graph.unrolled",
    "write_cifar": "cgprimer.data.cifar",
    "write_idx": "cgprimer.data.idx",
}

__all__ = [
    "SGD",
    "Adam",
    "CGPrimerError",
    "CheckReport",
    "ComputationalGraphPrimer",
    "CustomOp",
    "CycleError",
    "DataError",
    "Dataset",
    "DerivationReport",
    "Diagnosis",
    "DifferenceError",
    "ExpressionError",
    "FitError",
    "FitResult",
    "FreedConstants",
    "Graph",
    "GraphError",
    "LeastSquares",
    "Loss",
    "MutationReport",
    "NonFiniteWarning",
    "Objective",
    "OpError",
    "OptionError",
    "PartialReport",
    "Paths",
    "PointError",
    "Program",
    "ReadingWarning",
    "Trace",
    "check_derivation",
    "check_function",
    "check_gradients",
    "check_mutations",
    "check_torch",
    "compare_partials",
    "custom_op",
    "diagnose",
    "draw_graph",
    "edge_partials",
    "fit",
    "free_constants",
    "generate",
    "gradient",
    "huber",
    "minimize",
    "parse_claims",
    "parse_graph",
    "parse_latex",
    "plot_loss",
    "read_cifar",
    "read_idx",
    "steps",
    "to_jax",
    "to_torch",
    "trace",
    "unrolled",
    "write_cifar",
    "write_idx",
]


def __getattr__(name: str) -> Any:
    if name == "testing":
        return import_module("cgprimer.testing")
    if name not in _HOME:
        raise AttributeError(f"module 'cgprimer' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name[:2] == "__")})
