"""A plugin that hides llvmlite, as where it is not installed: everything on numpy.

PYTHONPATH=tests python -m pytest -p without_llvmlite tests/test_fit.py …
"""

import sys


def pytest_configure() -> None:  # and not on import, which looking for doctests does
    sys.modules["llvmlite"] = None  # type: ignore[assignment]  # importing it now fails
