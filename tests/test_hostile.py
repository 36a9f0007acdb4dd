"""Inputs that a good engine must survive, each within 10 s and 2 GiB.

The file lies beside the repository; where it is absent, these tests are skipped.
"""

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cgprimer import parse_graph
from cgprimer.errors import CGPrimerError, CycleError, NonFiniteWarning

DATA = Path(__file__).parent.parent.parent / "shared" / "data" / "hostile.json"
CASES = json.loads(DATA.read_text()) if DATA.is_file() else []
pytestmark = pytest.mark.skipif(
    not CASES, reason="the hostile inputs are not beside the repository"
)
SECONDS, BYTES = 10, 2 * 2**30


def built(item: Any) -> list[str]:
    """The texts that one entry of `expressions` spells."""
    if isinstance(item, str):
        return [item]
    if "build" in item:
        return ["".join(text * times for text, times in item["build"])]
    rows = range(1, item["build_list"] + 1)
    return [item["first"], *(item["template"].format(i=i, j=i - 1) for i in rows)]


def marked(value: Any, canary: Path) -> Any:
    """`value` with the place of the canary filled in."""
    if isinstance(value, str):
        relative = os.path.relpath(canary)
        return value.replace("{CANARY}", str(canary)).replace("{CANREL}", relative)
    return value


def expressions(case: dict, canary: Path) -> Any:
    if "raw_expressions" in case:
        return case["raw_expressions"]
    texts = [text for item in case["expressions"] for text in built(item)]
    return [marked(text, canary) for text in texts]


def run(case: dict, canary: Path) -> dict[str, Any]:
    """Parse and evaluate; names that the graph does not have are left out."""
    outputs = [marked(name, canary) for name in case["output_vars"]]
    graph = parse_graph(expressions(case, canary), outputs)
    known = {*graph.inputs, *graph.parameters}
    given = case["inputs"] | case["params"]
    at = {k: marked(v, canary) for k, v in given.items() if k in known}
    return graph.evaluate(at)


def judge(case: dict, canary: Path) -> None:
    """Assert what `expect` says; nothing but an error of ours may come out."""
    expect = case["expect"]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            values = run(case, canary)
        except CGPrimerError as error:
            assert expect in ("reject", "either"), f"refused: {error}"  # noqa: PT017
            assert str(error).strip()  # noqa: PT017
            assert len(str(error)) < 4000  # noqa: PT017
            return
    assert expect != "reject", f"accepted: {values}"
    assert all(w.category is NonFiniteWarning for w in caught)
    finite = all(np.isfinite(v).all() for v in values.values())
    assert finite == (not caught), "what is not finite is reported, and nothing else"
    if expect == "nonfinite":
        assert not finite
    if expect == "accept":
        found = values[case["output_vars"][0]]
        assert found == pytest.approx(case["value"], rel=1e-15, abs=0)


READ = {  # signs as papers print them, which mean nothing else
    "unicode-003": 1.0, "unicode-007": 0.75, "unicode-009": 1.0, "unicode-019": 1.0,
    "unicode-021": 1.0, "unicode-023": 0.5**0.5,
}  # fmt: skip


def of(*categories: str) -> list:
    """The cases of some categories, or of all others where none is named."""
    named = {"resource", "config"}
    wanted = [
        case
        for case in CASES
        if (
            case["category"] in categories
            if categories
            else case["category"] not in named
        )
    ]
    return [pytest.param(case, id=case["id"]) for case in wanted]


def test_the_file_is_complete():
    assert len(CASES) == 166


@pytest.mark.parametrize("case", of())
def test_hostile_input(case: dict, tmp_path: Path):
    canary = tmp_path / "canary"
    if case["id"] == "graph-029":  # one text, which is a list of lines to parse_graph
        assert run(case, canary) == {"xa": 0.5, "xy": 1.0}
    elif case["id"] in READ:
        assert run(case, canary)["xy"] == READ[case["id"]]
    else:
        judge(case, canary)
    assert not canary.exists()


LIMITED = f"""
import json, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, ({BYTES}, {BYTES}))
resource.setrlimit(resource.RLIMIT_CPU, ({SECONDS}, {SECONDS}))
sys.path.insert(0, sys.argv[1])
from test_hostile import judge
judge(json.loads(sys.stdin.read()), Path(sys.argv[2]))
"""


BOUNDED = [  # one of them always: a process each
    pytest.param(*case.values, id=case.id, marks=[pytest.mark.slow] * (k > 0))
    for k, case in enumerate(of("resource"))
]


@pytest.mark.parametrize("case", BOUNDED)
def test_resources_stay_bounded(case: dict, tmp_path: Path):
    command = [sys.executable, "-c", LIMITED, str(Path(__file__).parent)]
    done = subprocess.run(
        [*command, str(tmp_path / "canary")],
        input=json.dumps(case), capture_output=True, text=True, timeout=60,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("case", of("config"))
def test_options_of_the_historic_class(case: dict):
    from cgprimer import ComputationalGraphPrimer

    options = {"expressions": case["expressions"], "output_vars": case["output_vars"]}
    with pytest.raises(CGPrimerError):
        ComputationalGraphPrimer(**(options | case["config"]))
    assert ComputationalGraphPrimer(**options).expressions == case["expressions"]


def test_a_misspelt_option_is_told_the_nearest():
    from cgprimer import ComputationalGraphPrimer

    with pytest.raises(CGPrimerError, match="learning_rate"):
        ComputationalGraphPrimer(expressions=["xy=ab*xa"], learning_rte=0.1)


def test_the_historic_class_takes_lists_only():
    from cgprimer import ComputationalGraphPrimer

    with pytest.raises(CGPrimerError):
        ComputationalGraphPrimer(expressions="xy=ab*xa", output_vars=["xy"])


def test_errors_name_what_the_case_is_about(tmp_path: Path):
    """What a few cases ask for beyond being refused."""
    by_id = {case["id"]: case for case in CASES}
    for key, pattern in (
        ("graph-001", "xa -> xb -> xa"),
        ("graph-003", "xp -> xr -> xq -> xp"),  # each leads to the next
        ("graph-019", "no value for the parameter ac"),
        ("graph-021", "no value for the input xa"),
        ("unicode-011", "ARABIC-INDIC DIGIT THREE"),
    ):
        with pytest.raises(CGPrimerError, match=pattern):
            run(by_id[key], tmp_path / "canary")
    with pytest.raises(CycleError) as caught:
        run(by_id["graph-001"], tmp_path / "canary")
    assert caught.value.cycle == ("xa", "xb", "xa")
