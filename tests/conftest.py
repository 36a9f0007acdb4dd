"""Settings that every test shares."""

import sys
from collections.abc import Iterator
from zlib import crc32

import pytest
from hypothesis import settings
from invariants import watched

settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.load_profile("steady")


@pytest.fixture(scope="session", autouse=True)
def _made_things_are_checked() -> Iterator[None]:
    """Whatever graph, shape or point a test makes is as it should be."""
    with watched():
        yield


@pytest.fixture(autouse=True)
def _figures_are_closed() -> Iterator[None]:
    """No test sees the figures that another one has left open."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of a table that is marked `every(k)`, one row in k runs by default.

    Which one follows from its name alone; `pytest -m slow` runs the others.
    """
    for item in items:
        mark = item.get_closest_marker("every")
        if mark and crc32(item.nodeid.encode()) % mark.args[0]:
            item.add_marker(pytest.mark.slow)
