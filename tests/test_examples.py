"""Every example runs without a warning, stays short, and ends in a check."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "examples"
EXAMPLES = sorted(FOLDER.glob("[0-9]*.py"))


def test_examples_are_numbered_without_a_gap():
    numbers = [int(path.name[:2]) for path in EXAMPLES]
    assert numbers == list(range(1, len(EXAMPLES) + 1))


@pytest.mark.every(6)
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path, tmp_path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 100
    tree = ast.parse(text)
    assert ast.get_docstring(tree)
    assert isinstance(tree.body[-1], ast.Assert)
    small = {"CGPRIMER_EQUATIONS": "2000"}
    environment = os.environ | {"MPLBACKEND": "Agg", "PYTHONWARNINGS": "error"} | small
    run = subprocess.run(
        [sys.executable, str(path)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout


def test_readme_names_every_example():
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    assert [p.name for p in EXAMPLES if f"(examples/{p.name})" not in readme] == []
