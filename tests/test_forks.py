"""Forks beside threads that parse and compile: the child is never left waiting."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FORKS = """
import os, sys, threading, time
from cgprimer import parse_graph

def work(k):
    graph = parse_graph([f"xb = p*sin({k + 1}*xa) + q", f"xc = xb*{k + 3} + xa^{k}"])
    program = graph.compile()
    graph.gradient_at("xc", {"xa": 0.5, "p": 1, "q": 2})
    objective = program.objective({"xa": [0.5, 1.0]}, {"xc": [1.0, 2.0]})
    return objective.value_and_gradient([0.3, 0.4])[0]

def on_and_on(k):
    while True:
        work(k)
        k += 1

work(0)  # what a thread is importing, Python itself keeps locked in a child
for k in (1000, 2000):
    threading.Thread(target=on_and_on, args=(k,), daemon=True).start()
for n in range(int(sys.argv[1])):
    time.sleep(0.01)
    child = os.fork()
    if not child:
        work(n)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    work(n)
print("done", flush=True)
os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.parametrize("forks", [6, pytest.param(200, marks=pytest.mark.slow)])
def test_children_of_a_process_that_compiles_come_to_an_end(forks: int):
    run = [sys.executable, "-c", FORKS, str(forks)]
    environment = {**os.environ, "CGPRIMER_CACHE": ""}
    found = subprocess.run(
        run, env=environment, capture_output=True, text=True, timeout=30 + 3 * forks
    )
    assert found.stdout == "done\n", found.stderr


BROKEN = {
    "missing": ("raise ModuleNotFoundError('no llvmlite')", "pip install"),
    "another libc": ("raise OSError('libllvmlite.so: GLIBC_2.38 not found')", "GLIBC"),
    "no memory": ("raise MemoryError('cannot map')", "cannot map"),
    "old": ("", "no attribute"),
    "broken": ("raise ValueError('bad marshal data')", "bad marshal"),
}


SLOW = {"missing", "no memory", "old", "another libc"}


@pytest.mark.parametrize(
    "how",
    [pytest.param(k, marks=pytest.mark.slow) if k in SLOW else k for k in BROKEN],
)
def test_numpy_serves_where_llvmlite_does_not_load(tmp_path: Path, how: str):
    code, told = BROKEN[how]
    package = tmp_path / "llvmlite"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "binding.py").write_text(code)
    run = (
        "from cgprimer import *\n"
        "graph = parse_graph(['xb = p*xa'])\n"
        "data = generate(graph, {'p': 2}, 20, rng=0)\n"
        "print(graph.compile().explain())\n"
        "print(fit(graph, data, LeastSquares()).parameters)\n"
        "try: graph.compile(target='jit')\n"
        "except OptionError as error: print(error)\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", run],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path.cwd()}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.count(told) == 2  # by explain and by the refusal
    assert found.stderr.count(told) == 1  # by the fit, once
    assert "'p': 2.0" in found.stdout or "'p': 1.99999" in found.stdout
