"""What holds for every test."""

import os
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.support.repository import ROOT
from tests.support.unsynced import unsynced

os.environ["PYTHONPATH"] = str(ROOT)  # programs of tests run as `python -m tests.support…` in any folder


@pytest.fixture(scope="session", autouse=True)
def _unsynced() -> Iterator[None]:
    with unsynced():
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves to the soak what the mark `sampled` leaves out."""
    seen: Counter[str] = Counter()
    for item in items:
        mark = item.get_closest_marker("sampled")
        if mark is not None:
            name = item.nodeid.partition("[")[0]
            if seen[name] % mark.kwargs["every"]:
                item.add_marker(pytest.mark.soak)
            seen[name] += 1
