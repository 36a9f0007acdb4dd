"""Run the suite with the lowest versions that pyproject.toml names.

python tests/lowest.py FOLDER [arguments of pytest]

FOLDER becomes an environment of its own. What was not there when those versions were
made may find them old-fashioned: such a warning is no failure here.
"""

import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

TOP = Path(__file__).parent.parent


def lowest() -> list[str]:
    """`name==version` for every `name>=version` that the suite runs with."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    named = [*project["dependencies"], *extras["jit"], *extras["test"]]
    return [each.replace(">=", "==") for each in named if ">=" in each]


def main(folder: str, *arguments: str) -> int:
    venv.create(folder, with_pip=True)
    python = Path(folder, "Scripts" if sys.platform == "win32" else "bin", "python")
    print("+", *lowest())
    pip = [python, "-m", "pip", "install", "--quiet", "--only-binary", ":all:"]
    subprocess.run([*pip, *lowest()], check=True)
    pytest = [python, "-m", "pytest", "-W", "ignore::DeprecationWarning", *arguments]
    env = os.environ | {"PYTHONPATH": str(TOP)}  # for the processes that tests start
    return subprocess.run(pytest, cwd=TOP, env=env, check=False).returncode


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
