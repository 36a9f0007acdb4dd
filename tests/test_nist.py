"""NIST's nonlinear regression problems: certified parameters and deviations.

Source: NIST StRD, https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml
"""

import json
from pathlib import Path

import numpy as np
import pytest

from cgprimer import Dataset, LeastSquares, fit, parse_graph

FILE = Path(__file__).parents[2] / "shared" / "data" / "nist_strd.json"
PROBLEMS = json.loads(FILE.read_text()) if FILE.exists() else []

pytestmark = pytest.mark.skipif(not PROBLEMS, reason=f"{FILE} is not there")


def digits(found, certified):
    """How many digits agree: NIST's log relative error."""
    error = abs(found - certified) / abs(certified)
    return -np.log10(max(error, 1e-16))


def data_of(problem):
    response = np.array(problem["data"][problem["response"]])
    if problem["response_transform"] == "log":
        response = np.log(response)
    inputs = {f"x{name}": problem["data"][name] for name in problem["predictors"]}
    return Dataset(inputs, {"xy": response})


@pytest.mark.every(3)
@pytest.mark.parametrize("start", ["start1", "start2"])
@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p["name"])
def test_certified_values_are_met_from_both_starts(problem, start):
    graph = parse_graph([problem["formula_cgp_style"]])
    data = data_of(problem)
    result = fit(graph, data, LeastSquares(), start=problem[start], progress=False)
    assert result.converged
    assert result.rank == problem["n_params"]
    assert result.dof == problem["n_obs"] - problem["n_params"]  # Rat43's file says 9
    for name, certified in problem["certified"].items():
        assert digits(result.parameters[name], certified) >= 6
    for name, certified in problem["certified_sd"].items():
        assert digits(result.standard_errors[name], certified) >= 4
    assert result.loss * len(data) == pytest.approx(problem["rss"], rel=1e-5)


def test_all_thirteen_are_there():
    assert len(PROBLEMS) == 13
